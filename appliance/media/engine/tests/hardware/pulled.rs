//! Webcam and speakerphone on a USB bus, pulled out of a call and put back, as the other end sees and hears it.
//!
//! What is promised (issue 6): another picture within 0.5 s and sound untouched, the camera's picture within 1.5 s of the time
//! when it is back, and sound that is away for no more than a second longer than its device.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicU32, Ordering},
    },
    time::Instant,
};

use saal_hal_sim::{I420Picture, pattern, tone};
use saal_media_protocol::Notices;

use super::{
    far_end::{FarEnd, Seen, begins, lasts, seconds, silences},
    support::{self, Daemon, clip},
    usb::{RATE, RAW, UsbSpeakerphone},
    *,
};

const SPEAKERPHONE: &str = "Speakerphone of the room";
/// Who speaks in the room, and at the other end.
const VOICE: u8 = 5;
const FAR_VOICE: u8 = 9;
/// Pictures of what is put back are numbered from here, so that they are told from those before.
const AGAIN: u32 = 100_000;
/// The other end says so many seconds, and then begins anew.
const SAID: usize = 20;

const PLACEHOLDER_WITHIN: Duration = Duration::from_millis(500);
const PICTURE_WITHIN: Duration = Duration::from_millis(1_500);
const SOUND_WITHIN: Duration = Duration::from_secs(1);

/// A webcam that is plugged in, and how many pictures were asked of it.
struct Webcam {
    webcam: UsbCamera,
    shown: Arc<AtomicU32>,
    plugged: Instant,
}

impl Webcam {
    /// Its pictures are numbered from this one on.
    async fn plug(first: u32) -> Self {
        let shown = Arc::new(AtomicU32::new(0));
        let count = Arc::clone(&shown);
        let picture = move |number| {
            count.store(number + 1, Ordering::Relaxed);
            let mut picture = I420Picture::new(RAW.0.into(), RAW.1.into());
            let code = pattern::Code {
                frame: first + number,
                time_ms: number * 66,
            };
            pattern::draw(code, 3, &mut picture.as_mut());
            picture.to_yuy2()
        };
        // The kernel may free the socket only when the engine in this process has let go of what was there.
        let plug = tokio::task::spawn_blocking(move || {
            let webcam = UsbCamera::plug_raw(0, "A1", picture);
            (webcam, Instant::now())
        });
        let (webcam, plugged) = plug.await.unwrap();
        Self {
            webcam,
            shown,
            plugged,
        }
    }

    fn shown(&self) -> u32 {
        self.shown.load(Ordering::Relaxed)
    }

    /// The number of its last picture.
    fn pull(self) -> u32 {
        drop(self.webcam);
        self.shown.load(Ordering::Relaxed) - 1
    }
}

/// A speakerphone that is plugged in, in front of which somebody says numbered seconds.
struct Speakerphone {
    phone: UsbSpeakerphone,
    /// What it played since it was plugged in.
    played: Mutex<Vec<i16>>,
    plugged: Instant,
}

impl Speakerphone {
    async fn plug() -> Self {
        let says = |at, samples: &mut [i16]| tone::generate(at, VOICE.into(), samples);
        let plug = tokio::task::spawn_blocking(move || {
            let phone = UsbSpeakerphone::plug(1, SPEAKERPHONE, "B2", says);
            (phone, Instant::now())
        });
        let (phone, plugged) = plug.await.unwrap();
        Self {
            phone,
            played: Mutex::default(),
            plugged,
        }
    }

    /// What it played so far.
    fn played(&self) -> Vec<i16> {
        let mut played = self.played.lock().unwrap();
        played.extend(self.phone.heard());
        played.clone()
    }

    /// Whether it has played so many seconds of sound.
    fn has_played(&self, seconds: usize) -> bool {
        let played = self.played();
        begins(&played).is_some_and(|begins| played.len() > begins + seconds * RATE)
    }
}

/// A room that has nothing for sound but what is plugged into its USB bus.
async fn room() -> Daemon {
    let speakerphone = || AudioChoice::Device(SPEAKERPHONE.to_owned());
    let mut room = Daemon::engine(DeviceChoice {
        microphone: speakerphone(),
        loudspeaker: speakerphone(),
        // A tone is no speech: it would be taken out.
        sound_processing: false,
        ..with_camera(usb::CAMERA)
    })
    .await;
    let words = Notices {
        unplugged: "Unplugged".to_owned(),
        ..Notices::default()
    };
    room.send(MediaCommand::SetNotices(words)).await;
    room
}

fn camera_of(room: &Daemon) -> Option<String> {
    let told = |event: &MediaEvent| match event {
        MediaEvent::Camera { state: Some(state) } => Some(state.id.clone()),
        _ => None,
    };
    room.log.iter().rev().find_map(told)
}

fn say(what: &str, took: Duration, by_the_wall: Duration) {
    let (took, here) = (took.as_millis(), by_the_wall.as_millis());
    support::say(&format!(
        "pulled: {what}: {took} ms of media, {here} ms until it was here"
    ));
}

#[tokio::test]
#[ignore = "needs vhci-hcd, uvcvideo, snd-usb-audio, no other sound card, and root"]
async fn on_usb_a_webcam_is_pulled_out_of_a_call_and_put_back() {
    let (webcam, phone) = (Webcam::plug(0).await, Speakerphone::plug().await);
    let mut room = room().await;
    let mut far_end = FarEnd::call(&mut room, clip::voice(FAR_VOICE, SAID)).await;
    far_end
        .takes(&mut room, (15, 2), || phone.has_played(2))
        .await;
    let chosen = camera_of(&room);
    assert!(chosen.is_some());

    let (pulled, pulled_at) = (Instant::now(), phone.played().len());
    let last = webcam.pull();
    far_end.during(missing(&mut room, DeviceUse::Camera)).await;
    far_end.takes(&mut room, (3, 1), || true).await;
    let webcam = far_end.during(Webcam::plug(AGAIN)).await;
    far_end
        .during(recovered(&mut room, DeviceUse::Camera))
        .await;
    far_end
        .takes(&mut room, (10, 1), || webcam.shown() > 20)
        .await;
    assert_eq!(camera_of(&room), chosen, "the same one again");
    let (seen, back) = (far_end.pictures(), webcam.plugged);
    drop(webcam);

    let words = a_notice_comes_soon(&seen, last);
    let first = seen.iter().find(|seen| seen.number >= Some(AGAIN));
    let first = first.expect("it is seen again");
    assert!(first.time > words.time);
    let made = far_end.instant(first.time) - back;
    say("picture of a webcam that is back", made, first.at - back);
    assert!(made <= PICTURE_WITHIN, "{made:?}");

    // A second before it was pulled, to the end. That sound goes on untouched is held to in simulation (camera_pulls): an
    // emulated processor is late for a sound card's transfers at any time, and what it drops can't be told from what a pull does.
    let from = |sound: Vec<i16>, at: usize| sound[at.saturating_sub(RATE)..].to_vec();
    let heard = from(far_end.sound(), far_end.sample_at(pulled));
    pauses("the room", &heard, VOICE);
    pauses("the other end", &from(phone.played(), pulled_at), FAR_VOICE);
}

/// What of a voice is heard, and its longest pause.
fn pauses(who: &str, sound: &[i16], voice: u8) {
    let pause = silences(sound).first().map_or(0, |(_, length)| *length);
    let (pause, said) = (lasts(pause), seconds(sound, voice));
    say(
        &format!("the longest pause of {who}, who says {said:?}"),
        pause,
        pause,
    );
}

/// Words take the place of the last picture that the webcam gave, or of the last one that came.
fn a_notice_comes_soon(seen: &[Seen], last: u32) -> Seen {
    let of_it = |seen: &&Seen| seen.number.is_some_and(|number| number <= last);
    let before = seen.iter().rfind(of_it).expect("it was seen");
    let words = seen
        .iter()
        .find(|seen| seen.time > before.time && seen.number.is_none());
    let words = *words.expect("words stand in its place");
    let froze = words.time - before.time;
    say("words in place of a webcam", froze, words.at - before.at);
    assert!(froze <= PLACEHOLDER_WITHIN, "{froze:?}");
    words
}

/// Waits until the kernel has both halves of the speakerphone, and says when.
fn is_there() -> Instant {
    let events = saal_hal_linux::PlugEvents::open().unwrap();
    let deadline = Instant::now() + DEADLINE;
    let found = |direction| AlsaDevices.find(SPEAKERPHONE, direction).is_ok();
    while ![Direction::Capture, Direction::Playback]
        .into_iter()
        .all(found)
    {
        assert!(
            Instant::now() < deadline,
            "the kernel finds no speakerphone"
        );
        let _ = events.wait(Duration::from_millis(50));
    }
    Instant::now()
}

/// Waits until this was said of both halves of the speakerphone, whichever comes first.
async fn both(room: &mut Daemon, said: fn(&MediaEvent, DeviceUse) -> bool) {
    for source in [DeviceUse::Microphone, DeviceUse::Loudspeaker] {
        if !room.log.iter().any(|event| said(event, source)) {
            room.until(|event| said(event, source).then_some(())).await;
        }
    }
}

fn is_missing(event: &MediaEvent, source: DeviceUse) -> bool {
    matches!(event, MediaEvent::Trouble(trouble @ MediaTrouble::Missing { .. }) if trouble.source() == source)
}

fn is_back(event: &MediaEvent, of: DeviceUse) -> bool {
    matches!(event, MediaEvent::Recovered { source } if *source == of)
}

#[tokio::test]
#[ignore = "needs vhci-hcd, uvcvideo, snd-usb-audio, no other sound card, and root"]
async fn on_usb_a_speakerphone_is_pulled_out_of_a_call_and_put_back() {
    let (webcam, phone) = (Webcam::plug(0).await, Speakerphone::plug().await);
    let mut room = room().await;
    let mut far_end = FarEnd::call(&mut room, clip::voice(FAR_VOICE, SAID)).await;
    far_end
        .takes(&mut room, (15, 2), || phone.has_played(2))
        .await;

    room.log.clear();
    let pulled = Instant::now();
    drop(phone);
    far_end.during(both(&mut room, is_missing)).await;
    // The picture goes on.
    far_end.takes(&mut room, (10, 0), || true).await;
    let phone = far_end.during(Speakerphone::plug()).await;
    // From here on the computer could have it.
    let there = far_end
        .during(tokio::task::spawn_blocking(is_there))
        .await
        .unwrap();
    let (away, listed) = (there - pulled, there - phone.plugged);
    far_end.during(both(&mut room, is_back)).await;
    far_end
        .takes(&mut room, (10, 2), || phone.has_played(2))
        .await;
    drop(webcam);

    let sound = far_end.sound();
    let heard = &sound[begins(&sound).unwrap()..];
    let pauses = silences(heard);
    let longer = lasts(pauses[0].1).saturating_sub(away);
    say("the room's voice is away longer", longer, longer);
    assert!(longer <= SOUND_WITHIN, "{longer:?} beyond {away:?}");
    let played = phone.played();
    let begins = lasts(begins(&played).unwrap());
    let longer = begins.saturating_sub(listed);
    say("the other end's voice is away longer", longer, begins);
    assert!(longer <= SOUND_WITHIN, "{longer:?} beyond {listed:?}");
    let seen = far_end.pictures();
    let froze = seen.windows(2).map(|pair| pair[1].time - pair[0].time);
    let froze = froze.max().unwrap();
    assert!(
        froze <= PLACEHOLDER_WITHIN,
        "the picture stood still for {froze:?}"
    );
}
