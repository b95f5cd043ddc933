//! Whatever happens to a test, its servers and its browser end with it.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "what fails to come fails the test"
)]

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::time::Duration;

use saal_harness::{
    Error, FarEnd, FarEndOptions, JitsiOptions, JitsiServers, JoinOptions, Servers, run, until,
};

/// Set in the victim's environment, and by inheritance in that of all its processes.
const MARK: &str = "SAAL_TEST_VICTIM";

#[test]
fn servers_and_browser_end_with_a_harness_that_is_killed() {
    if std::env::var_os(MARK).is_some() {
        return be_the_victim();
    }
    let mark = format!("{}", std::process::id());
    let name = "servers_and_browser_end_with_a_harness_that_is_killed";
    let mut victim = Command::new(std::env::current_exe().unwrap())
        .args([name, "--exact", "--nocapture"])
        .env(MARK, &mark)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(victim.stdout.take().unwrap()).lines();
    assert!(
        lines.any(|line| line.unwrap().contains("the victim is up")),
        "it never came up"
    );
    let before = marked(&mark);
    for program in [
        "livekit-server",
        "synapse",
        "prosody",
        "chromium",
        "main.mjs",
    ] {
        assert!(
            before.iter().any(|command| command.contains(program)),
            "{program} in {before:#?}"
        );
    }

    victim.kill().unwrap();
    victim.wait().unwrap();
    let left = async || Ok::<_, Error>(marked(&mark));
    run(until(
        "the end of all",
        Duration::from_secs(20),
        left,
        Vec::is_empty,
    ))
    .unwrap();
}

fn be_the_victim() {
    run(async {
        let servers = Servers::start().await.unwrap();
        let anna = servers.create_user("anna").await.unwrap();
        let room = anna.create_room("Weekly", &[]).await.unwrap();
        let browser = FarEnd::start(&servers, &FarEndOptions::default())
            .await
            .unwrap();
        let _caller = browser
            .join(&anna, &room, &JoinOptions::default())
            .await
            .unwrap();
        let _jitsi = JitsiServers::start(JitsiOptions::default()).await.unwrap();
        println!("the victim is up");
        std::future::pending::<()>().await;
    });
}

/// The command lines of all processes that have this mark in their environment.
fn marked(mark: &str) -> Vec<String> {
    let wanted = format!("{MARK}={mark}").into_bytes();
    let processes = std::fs::read_dir("/proc")
        .unwrap()
        .flatten()
        .map(|entry| entry.path());
    let of_ours = processes.filter(|path| {
        let environment = std::fs::read(path.join("environ")).unwrap_or_default();
        environment
            .split(|byte| *byte == 0)
            .any(|variable| variable == wanted)
    });
    let commands = of_ours.filter_map(|path| std::fs::read(path.join("cmdline")).ok());
    let commands = commands.map(|line| String::from_utf8_lossy(&line).replace('\0', " "));
    commands.filter(|line| !line.is_empty()).collect()
}
