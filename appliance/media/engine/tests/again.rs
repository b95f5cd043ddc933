//! An engine that is called again and again holds afterwards what it held before. One of these tests runs at a time, since all that
//! this process holds is counted.

#![allow(clippy::unwrap_used, reason = "tests and what only they call")]

mod support;

use std::{fs, ops::Range};

use saal_hal_linux::memory;
use saal_media_protocol::{
    MediaCommand, MediaEvent, SourceKind, Television, TransportCommand, TransportId, TransportRole,
};
use support::{Daemon, assign, negotiate, open, publish, simulated, tile};

/// Caches of GStreamer and of TLS are full by then, and threads that waited ten seconds for more to do are gone.
const WARM_UP: usize = 16;
/// So many of the last calls are looked at: now and then something of one is still on its way out.
const LOOKS: usize = 5;
const CALLS: usize = 20;
/// In the deep tests. What one call in hundreds leaves behind shows here alone.
const MANY_CALLS: usize = 1_000;
/// One part of a call that is left now and then is more than this in so many calls. The television may or may not hold a picture
/// that it showed.
const MOST_GROWTH: usize = 64 * 1024;
/// So small that its pictures hide nothing.
const TELEVISION: Television = Television {
    width: 160,
    height: 90,
    frames_per_second: 30,
    reduced_motion: false,
};

async fn engine() -> Daemon {
    let mut daemon = Daemon::engine(simulated()).await;
    let configure = MediaCommand::Configure {
        devices: simulated(),
        television: TELEVISION,
    };
    daemon.send(configure).await;
    daemon
}

/// One sees and hears the other, and both leave.
async fn call_and_leave(sender: &mut Daemon, receiver: &mut Daemon, call: TransportId) {
    sender.log.clear();
    receiver.log.clear();
    sender.transport(open(call, TransportRole::Publisher)).await;
    receiver
        .transport(open(call, TransportRole::Subscriber))
        .await;
    for (track, source) in [("cam", SourceKind::Camera), ("mic", SourceKind::Microphone)] {
        sender.transport(publish(call, track, source)).await;
        negotiate(sender, receiver, call).await;
        receiver.transport(assign(call, track, "ada", source)).await;
    }
    receiver.show(vec![tile("ada", (0, 0, 160, 90))]).await;
    receiver
        .until(|event| matches!(event, MediaEvent::FirstPicture { .. }).then_some(()))
        .await;
    receiver.picture().await;
    for daemon in [&mut *sender, &mut *receiver] {
        daemon
            .transport(TransportCommand::Close { transport: call })
            .await;
        daemon
            .send(MediaCommand::SetTiles { tiles: Vec::new() })
            .await;
        let nobody_looks = MediaCommand::SetPreview {
            pictures_per_second: 0,
        };
        daemon.send(nobody_looks).await;
    }
    for daemon in [sender, receiver] {
        // Said a second later: what the call had is gone by then.
        daemon
            .stats_until(|stats| stats.connections.is_empty() && stats.loudspeaker_dbfs.is_none())
            .await;
    }
}

/// Bytes in use, threads, handles.
#[derive(Clone, Copy, Debug)]
struct Held {
    bytes: usize,
    threads: usize,
    handles: usize,
}

fn held() -> Held {
    let count = |folder| fs::read_dir(folder).unwrap().count();
    Held {
        bytes: memory::allocated(),
        threads: count("/proc/self/task"),
        handles: count("/proc/self/fd"),
    }
}

/// The least of each that is held after the last of some calls.
async fn least(sender: &mut Daemon, receiver: &mut Daemon, calls: Range<usize>) -> Held {
    let mut all = Vec::new();
    for call in calls {
        call_and_leave(sender, receiver, TransportId(call as u64)).await;
        all.push(held());
        if all.len() % 50 == 0 {
            eprintln!("{:?} after {} calls", all.last(), all.len());
        }
    }
    let last = &all[all.len() - LOOKS..];
    let least = |of: fn(&Held) -> usize| last.iter().map(of).min().unwrap();
    Held {
        bytes: least(|held| held.bytes),
        threads: least(|held| held.threads),
        handles: least(|held| held.handles),
    }
}

/// What the calls between the first and the last ones leave behind.
async fn leave_nothing_behind(calls: usize) {
    let mut sender = engine().await;
    let mut receiver = engine().await;
    let last = WARM_UP + calls;
    let before = least(&mut sender, &mut receiver, 0..WARM_UP).await;
    let after = least(&mut sender, &mut receiver, WARM_UP..last).await;
    eprintln!("{before:?} after {WARM_UP} calls, {after:?} after {last}");
    assert!(
        after.bytes <= before.bytes + MOST_GROWTH,
        "{before:?} {after:?}"
    );
    assert!(after.threads <= before.threads, "{before:?} {after:?}");
    assert!(after.handles <= before.handles, "{before:?} {after:?}");
}

#[tokio::test]
async fn calls_leave_nothing_behind() {
    leave_nothing_behind(CALLS).await;
}

#[tokio::test]
#[ignore = "takes twenty minutes"]
async fn a_thousand_calls_leave_nothing_behind() {
    leave_nothing_behind(MANY_CALLS).await;
}
