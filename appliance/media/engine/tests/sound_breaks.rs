//! Sound cards whose threads came too late: sound is back within a second of what would have been heard, at the far end and in the
//! room. And cards that are pulled in a call and put back.

#![allow(clippy::unwrap_used, reason = "tests and what only they call")]

mod support;

use std::time::Duration;

use saal_media::{control::House, engine::Machine};
use saal_media_protocol::{
    AudioChoice, Codec, DeviceChoice, MediaEvent, MediaTrouble, TransportId,
};
use support::{
    Daemon,
    cards::{self, CARD, Sounds},
    clip::spoken,
    far_end::{FarEnd, Heard, PACKET, PICTURE_MS, SOUND_MS, longest},
    simulated,
};
use tokio::sync::{Mutex, MutexGuard, mpsc};

const CALL: TransportId = TransportId(1);
const UNIT: &str = "usb-1";
/// More than the card keeps, in either direction.
const LATE: Duration = Duration::from_millis(400);
/// In samples. Sound may be away for a second in all; the card itself was without it for [`LATE`], and longer where this
/// machine was busy.
const SPARE: u64 = (1_000 - LATE.as_millis() as u64) * SOUND_MS;
/// dB below full scale: the card's tone is at 12 and 24.
const AUDIBLE: i8 = -40;
/// Packets that are heard before and after.
const SOME: usize = 50;

/// The card is one.
static ONE_AT_A_TIME: Mutex<()> = Mutex::const_new(());

struct Room {
    daemon: Daemon,
    far_end: FarEnd,
    sounds: Sounds,
    plug: mpsc::UnboundedSender<()>,
    _alone: MutexGuard<'static, ()>,
}

impl Room {
    /// In a call, with a speakerphone; the far end hears it, and is heard in it.
    async fn in_a_call() -> Self {
        let alone = ONE_AT_A_TIME.lock().await;
        cards::install();
        CARD.plug(true);
        let sounds = Sounds::default();
        let (plug, plugs) = mpsc::unbounded_channel();
        let house = House {
            machine: Machine {
                sounds: std::sync::Arc::new(sounds.clone()),
                ..Machine::real()
            },
            plugs: Some(plugs),
            ..support::house()
        };
        let speakerphone = AudioChoice::Device("Speak".to_owned());
        let devices = DeviceChoice {
            microphone: speakerphone.clone(),
            loudspeaker: speakerphone,
            // The tone is no voice.
            sound_processing: false,
            ..simulated()
        };
        sounds.0.lock().unwrap().plug_speakerphone(UNIT, "Speak");
        let mut daemon = Daemon::engine_in(house, devices).await;
        let far_end = FarEnd::of(&mut daemon, CALL, Codec::Vp8).await;
        let mut room = Self {
            daemon,
            far_end,
            sounds,
            plug,
            _alone: alone,
        };
        room.hears_ada().await;
        room
    }

    async fn hears_ada(&mut self) {
        self.far_end.speaks(&mut self.daemon, spoken()).await;
        CARD.listen();
        self.far_end.until(|_, heard| audible(heard) >= SOME).await;
        self.plays().await;
    }

    /// Until as much was played as [`SOME`] packets.
    async fn plays(&mut self) {
        let wanted = CARD.heard() + SOME as u64 * PACKET;
        self.far_end.until(|_, _| CARD.heard() >= wanted).await;
    }

    /// Until the engine has noticed that neither half of the speakerphone is there: what fails later is what was put back.
    async fn misses_both(&mut self) {
        let mut missing = 0;
        let told = self.daemon.until(|event| {
            missing += u32::from(matches!(
                event,
                MediaEvent::Trouble(MediaTrouble::Missing { .. })
            ));
            (missing == 2).then_some(())
        });
        self.far_end.beside(told).await;
    }

    /// What the daemon was told of sound devices.
    async fn told(&mut self) -> Vec<String> {
        let heard = self.far_end.beside(self.daemon.heard_so_far()).await;
        let news = heard.iter().filter_map(|event| match event {
            MediaEvent::Trouble(MediaTrouble::Missing { source, .. }) => {
                Some(format!("{source:?} missing"))
            }
            MediaEvent::Trouble(other) => Some(format!("{other:?}")),
            MediaEvent::Recovered { source } => Some(format!("{source:?} recovered")),
            _ => None,
        });
        news.collect()
    }
}

fn audible(heard: &[Heard]) -> usize {
    heard.iter().filter(|one| one.level > AUDIBLE).count()
}

fn times(heard: &[Heard]) -> impl Iterator<Item = u64> {
    let audible = heard.iter().filter(|one| one.level > AUDIBLE);
    audible.map(|one| one.time)
}

#[tokio::test]
async fn a_microphone_whose_thread_came_too_late_is_heard_again_within_a_second() {
    let mut room = Room::in_a_call().await;
    let before = CARD.capture.missed();
    CARD.capture.come_late(LATE);
    let ran_over = || CARD.capture.missed() > before;
    room.far_end.until(|_, _| ran_over()).await;
    let so_far = audible(&room.far_end.came.heard);
    let again = |heard: &[Heard]| audible(heard) >= so_far + 2 * SOME;
    room.far_end.until(|_, heard| again(heard)).await;
    let missed = CARD.capture.missed() - before;
    assert!(missed >= LATE.as_millis() as u64 * SOUND_MS, "{missed}");
    let silent = longest(times(&room.far_end.came.heard)) - PACKET;
    eprintln!(
        "{} ms lost, silent for {} ms",
        missed / SOUND_MS,
        silent / SOUND_MS
    );
    assert!(
        silent <= missed + SPARE,
        "silent for {silent}, {missed} lost"
    );
    assert_eq!(room.told().await, [""; 0], "nobody needs to know");
}

#[tokio::test]
async fn a_loudspeaker_whose_thread_came_too_late_plays_again_within_a_second() {
    let mut room = Room::in_a_call().await;
    CARD.listen();
    room.plays().await;
    let before = CARD.playback.missed();
    CARD.playback.come_late(LATE);
    room.far_end
        .until(|_, _| CARD.playback.missed() > before)
        .await;
    room.plays().await;
    room.plays().await;
    let missed = CARD.playback.missed() - before;
    let silent = CARD.longest_silence();
    eprintln!(
        "{} ms dry, silent for {} ms",
        missed / SOUND_MS,
        silent / SOUND_MS
    );
    assert!(
        silent <= missed + SPARE,
        "silent for {silent}, {missed} dry"
    );
    assert_eq!(room.told().await, [""; 0], "nobody needs to know");
}

#[tokio::test]
async fn a_speakerphone_that_is_put_back_is_heard_and_plays_again() {
    let mut room = Room::in_a_call().await;
    for _ in 0..3 {
        CARD.plug(false);
        room.sounds.0.lock().unwrap().unplug(&format!("{UNIT}/0"));
        room.plug.send(()).unwrap();
        room.misses_both().await;
        room.far_end.forget();
        // Pictures go on, and are the clock.
        room.far_end.until(|shown, _| shown.len() > 10).await;
        CARD.plug(true);
        room.sounds
            .0
            .lock()
            .unwrap()
            .plug_speakerphone(UNIT, "Speak");
        CARD.listen();
        room.far_end.forget();
        room.far_end.until(|shown, _| !shown.is_empty()).await;
        let back = room.far_end.came.shown[0].time / PICTURE_MS;
        room.plug.send(()).unwrap();
        room.far_end.until(|_, heard| audible(heard) > 0).await;
        let first = times(&room.far_end.came.heard).next().unwrap() / SOUND_MS;
        // A card is opened in the time of this machine, so that a busy one would fail here for nothing.
        eprintln!("heard after {} ms", first - back);
        room.far_end.until(|_, heard| audible(heard) >= SOME).await;
        room.plays().await;
    }
    let once = [
        "Loudspeaker missing",
        "Microphone missing",
        "Loudspeaker recovered",
        "Microphone recovered",
    ];
    let mut told = room.told().await;
    // Which of the two notices it first is up to their threads.
    for both in told.chunks_mut(2) {
        both.sort();
    }
    assert_eq!(told, [once; 3].concat());
}
