//! Microphones and loudspeakers: what one plays the other captures, in use, pulled, replaced, late.

use saal_media_protocol::{
    AudioChoice, CameraChoice, DeviceChoice, DeviceUse, MediaCommand, MediaEvent, MediaStats,
    MediaTrouble, MicrophoneCheck, SourceKind, TransportRole,
};

use super::{
    IN, OUT, Pulled, connect, encodes_on, loop_of_sound, missing, nothing_is_wrong, recovered,
    support::{Daemon, open, publish, simulated, start_process},
    trouble, with_loudspeaker, with_microphone,
};

async fn use_microphone(daemon: &mut Daemon) {
    daemon.transport(open(OUT, TransportRole::Publisher)).await;
    daemon
        .transport(publish(OUT, "mic", SourceKind::Microphone))
        .await;
}

fn heard(stats: &MediaStats) -> bool {
    stats
        .received_audio
        .first()
        .is_some_and(|sound| sound.level_dbfs > -40.0)
}

#[tokio::test]
#[ignore = "needs snd-aloop"]
async fn what_the_loudspeaker_plays_the_microphone_captures() {
    let (microphone, loudspeaker) = loop_of_sound();
    let mut devices = with_loudspeaker(&loudspeaker.name);
    devices.microphone = AudioChoice::Device(microphone.name);
    let mut room = Daemon::engine(devices).await;
    let mut far_end = Daemon::engine(simulated()).await;
    connect(&mut far_end, &mut room, IN, SourceKind::Microphone).await;
    connect(&mut room, &mut far_end, OUT, SourceKind::Microphone).await;
    // The far end hears itself: its tone through the network, our loudspeaker, the card, our microphone and back.
    far_end.stats_until(heard).await;
    let muted = |muted| MediaCommand::SetMuted {
        source: SourceKind::Microphone,
        muted,
    };
    far_end.send(muted(true)).await;
    let silent = |stats: &MediaStats| {
        let level = stats.received_audio.first().map(|sound| sound.level_dbfs);
        level.is_some_and(|level| level < -70.0)
    };
    far_end.stats_until(silent).await;
    far_end.send(muted(false)).await;
    far_end.stats_until(heard).await;
    nothing_is_wrong(&room);
}

/// As before each meeting, on real sound: nothing but the chirp is on the card, so that without one the microphone is silent.
#[tokio::test]
#[ignore = "needs snd-aloop"]
async fn a_microphone_hears_the_chirp_of_the_loudspeaker_and_is_silent_without() {
    let (microphone, loudspeaker) = loop_of_sound();
    let mut room = Daemon::engine(DeviceChoice {
        camera: CameraChoice::None,
        microphone: AudioChoice::Device(microphone.name),
        loudspeaker: AudioChoice::Device(loudspeaker.name),
        ..simulated()
    })
    .await;
    for (chirp, heard) in [
        (true, MicrophoneCheck::Hears),
        (false, MicrophoneCheck::Silent),
        (true, MicrophoneCheck::Hears),
    ] {
        room.send(MediaCommand::Check { chirp }).await;
        let report = room
            .until(|event| match event {
                MediaEvent::Checked(report) => Some(*report),
                _ => None,
            })
            .await;
        assert_eq!(report.microphone, heard, "chirp: {chirp}");
    }
}

#[tokio::test]
#[ignore = "needs snd-aloop with one subdevice"]
async fn a_microphone_in_use_is_called_busy_and_used_once_it_is_free() {
    let (microphone, _) = loop_of_sound();
    let (mut other, mut its_daemon) = start_process();
    its_daemon.greet(with_microphone(&microphone.name)).await;
    use_microphone(&mut its_daemon).await;
    its_daemon
        .stats_until(|stats| stats.microphone_dbfs.is_some())
        .await;

    let mut room = Daemon::engine(with_microphone(&microphone.name)).await;
    use_microphone(&mut room).await;
    let busy = MediaTrouble::Busy {
        source: DeviceUse::Microphone,
        device: microphone.name.clone(),
    };
    assert_eq!(trouble(&mut room, DeviceUse::Microphone).await, busy);
    its_daemon
        .stats_until(|stats| stats.microphone_dbfs.is_some())
        .await;

    other.kill().await.unwrap();
    recovered(&mut room, DeviceUse::Microphone).await;
    room.stats_until(|stats| stats.microphone_dbfs.is_some())
        .await;
}

#[tokio::test]
#[ignore = "needs snd-aloop with one subdevice"]
async fn a_loudspeaker_in_use_is_called_busy_and_used_once_it_is_free() {
    let (microphone, loudspeaker) = loop_of_sound();
    let mut far_end = Daemon::engine(simulated()).await;
    let (mut other, mut its_daemon) = start_process();
    its_daemon.greet(with_loudspeaker(&loudspeaker.name)).await;
    connect(&mut far_end, &mut its_daemon, OUT, SourceKind::Microphone).await;
    its_daemon
        .stats_until(|stats| stats.loudspeaker_dbfs.is_some_and(|level| level > -40.0))
        .await;

    let mut room = Daemon::engine(with_loudspeaker(&loudspeaker.name)).await;
    connect(&mut far_end, &mut room, IN, SourceKind::Microphone).await;
    let busy = MediaTrouble::Busy {
        source: DeviceUse::Loudspeaker,
        device: loudspeaker.name.clone(),
    };
    assert_eq!(trouble(&mut room, DeviceUse::Loudspeaker).await, busy);
    // The call goes on unheard.
    room.stats_until(heard).await;

    other.kill().await.unwrap();
    recovered(&mut room, DeviceUse::Loudspeaker).await;
    let mut listener = Daemon::engine(with_microphone(&microphone.name)).await;
    use_microphone(&mut listener).await;
    listener
        .stats_until(|stats| stats.microphone_dbfs.is_some_and(|level| level > -40.0))
        .await;
}

#[tokio::test]
#[ignore = "needs snd-aloop and root"]
async fn a_microphone_that_is_pulled_is_missing_and_is_used_again_when_it_is_back() {
    let (microphone, _) = loop_of_sound();
    let _no_other = Pulled::out("snd_dummy", "snd_dummy.0").await;
    let mut room = Daemon::engine(with_microphone(&microphone.name)).await;
    use_microphone(&mut room).await;
    use_camera_too(&mut room).await;
    room.stats_until(|stats| stats.microphone_dbfs.is_some())
        .await;
    let pulled = Pulled::out("snd_aloop", "snd_aloop.0").await;
    missing(&mut room, DeviceUse::Microphone).await;
    // The picture goes on.
    encodes_on(&mut room).await;
    drop(pulled);
    recovered(&mut room, DeviceUse::Microphone).await;
    room.stats_until(|stats| stats.microphone_dbfs.is_some())
        .await;
}

#[tokio::test]
#[ignore = "needs snd-aloop and root"]
async fn a_loudspeaker_that_is_pulled_is_missing_and_is_used_again_when_it_is_back() {
    let (_, loudspeaker) = loop_of_sound();
    let _no_other = Pulled::out("snd_dummy", "snd_dummy.0").await;
    let mut room = Daemon::engine(with_loudspeaker(&loudspeaker.name)).await;
    let mut far_end = Daemon::engine(simulated()).await;
    connect(&mut far_end, &mut room, IN, SourceKind::Microphone).await;
    room.stats_until(plays).await;
    let pulled = Pulled::out("snd_aloop", "snd_aloop.0").await;
    missing(&mut room, DeviceUse::Loudspeaker).await;
    // The call goes on unheard.
    room.stats_until(heard).await;
    drop(pulled);
    recovered(&mut room, DeviceUse::Loudspeaker).await;
    room.stats_until(plays).await;
}

async fn replaced(daemon: &mut Daemon, source: DeviceUse, by: &str) {
    daemon
        .until(|event| match event {
            MediaEvent::Trouble(MediaTrouble::Replaced {
                source: of,
                instead,
                ..
            }) => (*of == source && instead.contains(by)).then_some(()),
            _ => None,
        })
        .await;
}

#[tokio::test]
#[ignore = "needs snd-aloop, snd-dummy and root"]
async fn another_microphone_does_the_work_of_one_that_is_pulled_until_it_is_back() {
    let (microphone, _) = loop_of_sound();
    let mut room = Daemon::engine(with_microphone(&microphone.name)).await;
    use_microphone(&mut room).await;
    use_camera_too(&mut room).await;
    room.stats_until(|stats| stats.microphone_dbfs.is_some())
        .await;
    let pulled = Pulled::out("snd_aloop", "snd_aloop.0").await;
    replaced(&mut room, DeviceUse::Microphone, "Dummy").await;
    room.stats_until(|stats| stats.microphone_dbfs.is_some())
        .await;
    encodes_on(&mut room).await;
    drop(pulled);
    recovered(&mut room, DeviceUse::Microphone).await;
    room.stats_until(|stats| stats.microphone_dbfs.is_some())
        .await;
}

#[tokio::test]
#[ignore = "needs snd-aloop"]
async fn an_engine_that_stood_still_captures_and_plays_on() {
    let (microphone, loudspeaker) = loop_of_sound();
    let mut devices = with_loudspeaker(&loudspeaker.name);
    devices.microphone = AudioChoice::Device(microphone.name);
    let (process, mut room) = start_process();
    room.greet(devices).await;
    let mut far_end = Daemon::engine(simulated()).await;
    connect(&mut far_end, &mut room, IN, SourceKind::Microphone).await;
    connect(&mut room, &mut far_end, OUT, SourceKind::Microphone).await;
    far_end.stats_until(heard).await;
    let id = i32::try_from(process.id().unwrap()).unwrap();
    let tell = |signal| nix::sys::signal::kill(nix::unistd::Pid::from_raw(id), signal).unwrap();
    tell(nix::sys::signal::Signal::SIGSTOP);
    // Both cards run out of room meanwhile.
    let packets = |stats: &MediaStats| stats.received_audio.first().map_or(0, |s| s.packets);
    let (mut before, mut stuck) = (None, 0);
    far_end
        .stats_until(|stats| {
            stuck = packets(stats);
            before.replace(stuck) == Some(stuck)
        })
        .await;
    tell(nix::sys::signal::Signal::SIGCONT);
    far_end
        .stats_until(|stats| packets(stats) > stuck + 100 && heard(stats))
        .await;
    nothing_is_wrong(&room);
}

fn plays(stats: &MediaStats) -> bool {
    stats.loudspeaker_dbfs.is_some_and(|level| level > -40.0)
}

async fn use_camera_too(daemon: &mut Daemon) {
    daemon
        .transport(publish(OUT, "cam", SourceKind::Camera))
        .await;
}
