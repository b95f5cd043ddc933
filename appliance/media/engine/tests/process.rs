//! The engine as the process that the daemon starts.

#![allow(clippy::unwrap_used, reason = "tests and what only they call")]

mod support;

use std::path::{Path, PathBuf};

use saal_media::graph::{SIMULATED_ENCODER, SMALL_SIZE, TRY_ENCODER};
use saal_media_protocol::MediaCommand;
use support::{DEADLINE, simulated, start_process, tile};
use tokio::{
    process::{Child, Command},
    time::timeout,
};

/// It can't gain rights, leaves no copy of its memory, and all of its threads follow the rules.
fn assert_confined(pid: u32) {
    let threads = std::fs::read_dir(format!("/proc/{pid}/task")).unwrap();
    for thread in threads {
        let status = std::fs::read_to_string(thread.unwrap().path().join("status")).unwrap();
        assert!(status.contains("NoNewPrivs:\t1"), "{status}");
    }
    let limits = std::fs::read_to_string(format!("/proc/{pid}/limits")).unwrap();
    let core = limits.lines().find(|line| line.contains("core file"));
    let values: Vec<&str> = core.unwrap().split_whitespace().collect();
    assert_eq!(values[4..6], ["0", "0"], "{limits}");
}

#[tokio::test]
async fn serves_until_its_daemon_is_gone() {
    let (mut child, mut daemon) = start_process();
    daemon.greet(simulated()).await;
    daemon
        .send(MediaCommand::SetTiles {
            tiles: vec![tile("ada", (0, 0, 640, 360))],
        })
        .await;
    daemon
        .send(MediaCommand::SetPreview {
            pictures_per_second: 5,
        })
        .await;
    let (_, width, height) = support::luma_of(&daemon.picture().await);
    assert_eq!((width, height), (1280, 720));
    daemon.stats_until(|_| true).await;
    assert_confined(child.id().unwrap());
    drop(daemon);
    assert_ends_well(&mut child).await;
}

async fn assert_ends_well(child: &mut Child) {
    let status = timeout(DEADLINE, child.wait())
        .await
        .expect("it ends")
        .unwrap();
    assert!(status.success(), "{status}");
}

/// A daemon that dies has rarely read everything.
#[tokio::test]
async fn ends_alike_when_its_daemon_left_something_unread() {
    let (mut child, mut daemon) = start_process();
    daemon
        .send(MediaCommand::Hello {
            version: saal_media_protocol::VERSION,
        })
        .await;
    daemon.has_news().await;
    drop(daemon);
    assert_ends_well(&mut child).await;
}

#[tokio::test]
async fn refuses_a_daemon_of_another_version() {
    let (mut child, mut daemon) = start_process();
    daemon
        .send(MediaCommand::Hello {
            version: saal_media_protocol::VERSION + 1,
        })
        .await;
    let status = timeout(DEADLINE, child.wait())
        .await
        .expect("it ends")
        .unwrap();
    assert_eq!(status.code(), Some(1));
}

#[tokio::test]
async fn says_who_starts_it_when_a_person_does() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_saal-media"));
    let output = timeout(DEADLINE, command.output())
        .await
        .expect("it ends")
        .unwrap();
    let message = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(
        !output.status.success() && message.contains("saald starts this program"),
        "{message}"
    );
}

/// A library that crashes when it is taken down at the end of an engine's process, as drivers do whose threads still run.
fn stumbles_at_the_end(folder: &Path) -> PathBuf {
    let (source, library) = (folder.join("stumbles.c"), folder.join("stumbles.so"));
    let text = "#define _GNU_SOURCE\n#include <errno.h>\n#include <signal.h>\n#include <string.h>\n\
        __attribute__((destructor)) static void end(void) {\n\
        if (!strcmp(program_invocation_short_name, \"saal-media\")) raise(SIGSEGV);\n}\n";
    std::fs::write(&source, text).unwrap();
    let mut compiler = std::process::Command::new("cc");
    compiler.args(["-shared", "-fPIC", "-o"]);
    let made = compiler.arg(&library).arg(&source).status().unwrap();
    assert!(made.success(), "{made}");
    library
}

/// The trial of an encoder beside such a library.
async fn tried(folder: &Path, encoder: &str) -> std::process::Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_saal-media"));
    let (width, height) = SMALL_SIZE;
    command.args([TRY_ENCODER, encoder, &format!("{width}x{height}")]);
    command.env("LD_PRELOAD", stumbles_at_the_end(folder));
    let output = timeout(DEADLINE, command.output()).await;
    output.expect("it ends").unwrap()
}

#[tokio::test]
async fn a_trial_tells_what_the_encoder_does_and_not_how_its_libraries_end() {
    let folder = tempfile::tempdir().unwrap();
    let good = tried(folder.path(), SIMULATED_ENCODER).await;
    let said = String::from_utf8_lossy(&good.stdout).into_owned();
    assert!(good.status.success(), "{}: {said}", good.status);
    let bad = tried(folder.path(), "v4l2h264encoder").await;
    let said = String::from_utf8_lossy(&bad.stdout).into_owned();
    assert_eq!(bad.status.code(), Some(1), "{}", bad.status);
    assert!(said.contains("v4l2h264encoder"), "{said}");
}
