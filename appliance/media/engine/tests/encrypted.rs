//! Two engines in an encrypted call: who has the key sees and hears, and nobody else.

#![allow(clippy::unwrap_used, reason = "tests and what only they call")]

mod support;

use saal_media_protocol::{
    KeyOwner, MediaEvent, MediaKey, SourceKind, TransportCommand, TransportEvent, TransportId,
    TransportRole,
};
use support::{
    DEADLINE, Daemon, assign, encrypt, luma_of, negotiate, open, publish, set_key, simulated, tile,
};
use tokio::time::timeout;

const CALL: TransportId = TransportId(1);
const SCREEN: (i32, i32, u32, u32) = (0, 0, 1280, 720);

fn ada() -> KeyOwner {
    KeyOwner::Participant {
        participant: "ada".to_owned(),
    }
}

/// Ada, who sends in an encrypted call, and a room that receives and shows her; without keys.
async fn call() -> (Daemon, Daemon) {
    call_of(true).await
}

/// The same, where ada may not know that it is encrypted.
async fn call_of(sender_encrypts: bool) -> (Daemon, Daemon) {
    let mut sender = Daemon::engine(simulated()).await;
    let mut receiver = Daemon::engine(simulated()).await;
    sender.transport(open(CALL, TransportRole::Publisher)).await;
    if sender_encrypts {
        encrypt(&mut sender, CALL).await;
    }
    let role = TransportRole::Subscriber;
    receiver.transport(open(CALL, role)).await;
    encrypt(&mut receiver, CALL).await;
    let sources = [("cam", SourceKind::Camera), ("mic", SourceKind::Microphone)];
    for (track, source) in sources {
        sender.transport(publish(CALL, track, source)).await;
        negotiate(&mut sender, &mut receiver, CALL).await;
        receiver.transport(assign(CALL, track, "ada", source)).await;
    }
    receiver.connected(CALL).await;
    receiver.show(vec![tile("ada", SCREEN)]).await;
    (sender, receiver)
}

/// A call in which both have the key with index 0.
async fn call_with_key() -> (Daemon, Daemon) {
    let (mut sender, mut receiver) = call().await;
    set_key(&mut receiver, ada(), 0, b"the key").await;
    set_key(&mut sender, KeyOwner::Own, 0, b"the key").await;
    told(&mut receiver, true).await;
    seen_and_heard(&mut receiver).await;
    (sender, receiver)
}

/// The room is told whether ada's media can be decrypted.
async fn told(receiver: &mut Daemon, wanted: bool) {
    receiver
        .until(|event| match event {
            MediaEvent::Transport(TransportEvent::Decrypts {
                participant,
                decrypts,
                ..
            }) if participant == "ada" => {
                assert_eq!(*decrypts, wanted);
                Some(())
            }
            _ => None,
        })
        .await;
}

fn was_told(receiver: &Daemon) -> usize {
    let told = receiver.log.iter().filter(|event| {
        matches!(
            event,
            MediaEvent::Transport(TransportEvent::Decrypts { .. })
        )
    });
    told.count()
}

/// Newer pictures than those of before are decoded, and somebody is heard.
async fn seen_and_heard(receiver: &mut Daemon) {
    let decoded = |stats: &saal_media_protocol::MediaStats| {
        stats.received_video.first().map_or(0, |v| v.frames_decoded)
    };
    let before = decoded(&receiver.stats_until(|_| true).await);
    receiver
        .stats_until(|stats| {
            decoded(stats) > before + 15 && stats.loudspeaker_dbfs.is_some_and(|l| l > -40.0)
        })
        .await;
    let newer = async {
        let mut first = None;
        loop {
            if let Some(frame) = receiver.frame_number((0, 0, 1280, 720)).await
                && frame > *first.get_or_insert(frame)
            {
                return;
            }
        }
    };
    timeout(DEADLINE, newer).await.expect("the picture moves");
}

/// The tile is calm, and stays so for a second; nothing is heard.
async fn neither_seen_nor_heard(receiver: &mut Daemon) {
    let calm = async { while !is_calm(&receiver.picture().await) {} };
    timeout(DEADLINE, calm).await.expect("a calm tile");
    for _ in 0..10 {
        assert!(is_calm(&receiver.picture().await));
    }
    receiver
        .stats_until(|stats| stats.loudspeaker_dbfs.is_some_and(|level| level < -60.0))
        .await;
}

/// Of one colour but for what JPEG makes of it.
fn is_calm(picture: &[u8]) -> bool {
    let (luma, ..) = luma_of(picture);
    let (least, most) = (luma.iter().min().unwrap(), luma.iter().max().unwrap());
    most - least < 8
}

#[tokio::test]
async fn nothing_is_sent_before_the_own_key_and_nothing_shown_before_the_senders() {
    let (mut sender, mut receiver) = call().await;
    let captured = sender
        .stats_until(|stats| {
            stats
                .sent_video
                .first()
                .is_some_and(|v| v.frames_encoded > 60)
        })
        .await;
    assert!(captured.microphone_dbfs.is_some_and(|level| level > -40.0));
    let stats = receiver.stats_until(|_| true).await;
    assert_eq!((stats.undecryptable, was_told(&receiver)), (0, 0));

    set_key(&mut sender, KeyOwner::Own, 0, b"the key").await;
    told(&mut receiver, false).await;
    let stats = receiver.stats_until(|stats| stats.undecryptable > 50).await;
    assert!(stats.received_video.is_empty(), "never reached a decoder");
    assert!(stats.received_audio.is_empty());
    assert!(is_calm(&receiver.picture().await));

    set_key(&mut receiver, ada(), 0, b"the key").await;
    told(&mut receiver, true).await;
    seen_and_heard(&mut receiver).await;
}

#[tokio::test]
async fn a_call_goes_on_when_keys_change() {
    let (mut sender, mut receiver) = call_with_key().await;
    let said = was_told(&receiver);
    let dropped = receiver.stats_until(|_| true).await.undecryptable;
    for index in [1, 200, 0] {
        let key = [7, index];
        set_key(&mut receiver, ada(), index, &key).await;
        set_key(&mut receiver, KeyOwner::Own, index, b"of no matter").await;
        set_key(&mut sender, KeyOwner::Own, index, &key).await;
        seen_and_heard(&mut receiver).await;
    }
    assert_eq!(was_told(&receiver), said, "nobody noticed");
    let stats = receiver.stats_until(|_| true).await;
    // Frames that were under way when the first key was replaced.
    assert!(
        stats.undecryptable - dropped < 40,
        "{}",
        stats.undecryptable
    );
}

#[tokio::test]
async fn a_key_that_becomes_wrong_makes_the_tile_calm_until_the_right_one_comes() {
    let (_sender, mut receiver) = call_with_key().await;
    set_key(&mut receiver, ada(), 0, b"another key").await;
    told(&mut receiver, false).await;
    neither_seen_nor_heard(&mut receiver).await;
    set_key(&mut receiver, ada(), 0, b"the key").await;
    told(&mut receiver, true).await;
    seen_and_heard(&mut receiver).await;
}

#[tokio::test]
async fn keys_that_are_forgotten_end_both_ways() {
    let (mut sender, mut receiver) = call_with_key().await;
    receiver.transport(TransportCommand::ForgetKeys).await;
    told(&mut receiver, false).await;
    neither_seen_nor_heard(&mut receiver).await;
    sender.transport(TransportCommand::ForgetKeys).await;
    // Two seconds without anything new.
    let mut last = (u64::MAX, 0);
    receiver
        .stats_until(|stats| {
            let same = stats.undecryptable == last.0;
            last = (stats.undecryptable, if same { last.1 + 1 } else { 0 });
            last.1 == 2
        })
        .await;
    set_key(&mut receiver, ada(), 3, b"next").await;
    set_key(&mut sender, KeyOwner::Own, 3, b"next").await;
    told(&mut receiver, true).await;
    seen_and_heard(&mut receiver).await;
}

#[tokio::test]
async fn a_password_is_enough_for_everybody() {
    let (mut sender, mut receiver) = call().await;
    for daemon in [&mut sender, &mut receiver] {
        let text = "from the link".to_owned();
        let set = TransportCommand::SetKey {
            owner: KeyOwner::Everybody,
            index: 0,
            key: MediaKey::Password { text },
        };
        daemon.transport(set).await;
    }
    told(&mut receiver, true).await;
    seen_and_heard(&mut receiver).await;
}

#[tokio::test]
async fn what_comes_in_clear_is_not_played() {
    let (_sender, mut receiver) = call_of(false).await;
    set_key(&mut receiver, ada(), 0, b"the key").await;
    told(&mut receiver, false).await;
    let stats = receiver
        .stats_until(|stats| stats.undecryptable > 100)
        .await;
    assert!(stats.received_video.is_empty() && stats.received_audio.is_empty());
    neither_seen_nor_heard(&mut receiver).await;
}

#[tokio::test]
async fn what_is_sent_already_is_not_sent_on_in_clear() {
    let mut sender = Daemon::engine(simulated()).await;
    sender.transport(open(CALL, TransportRole::Publisher)).await;
    let camera = publish(CALL, "cam", SourceKind::Camera);
    sender.transport(camera).await;
    encrypt(&mut sender, CALL).await;
    let refused = sender
        .until(|event| match event {
            MediaEvent::Transport(TransportEvent::Refused { reason, .. }) => Some(reason.clone()),
            _ => None,
        })
        .await;
    assert!(refused.contains("before it was encrypted"), "{refused}");
    sender
        .stats_until(|stats| stats.sent_video.is_empty())
        .await;
}
