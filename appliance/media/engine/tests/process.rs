//! The engine as the process that the daemon starts.

#![allow(clippy::unwrap_used, reason = "tests and what only they call")]

mod support;

use saal_media_protocol::MediaCommand;
use support::{DEADLINE, simulated, start_process, tile};
use tokio::{process::Command, time::timeout};

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
    let status = timeout(DEADLINE, child.wait())
        .await
        .expect("it ends")
        .unwrap();
    assert!(status.success(), "{status}");
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
