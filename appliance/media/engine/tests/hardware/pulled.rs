//! Webcam and speakerphone on a USB bus, pulled out of a call and put back, as the other end sees and hears it.
//!
//! What is promised (issue 6): another picture within 0.5 s and sound untouched, the camera's picture within 1.5 s of the time
//! when it is back, and sound that is away for no more than a second longer than its device.

use std::{
    sync::{
        Arc, Mutex, MutexGuard,
        atomic::{AtomicU32, Ordering},
    },
    time::{Duration, Instant},
};

use saal_hal::{AudioDevices, Direction};
use saal_hal_linux::{AlsaDevices, Priorities};
use saal_hal_sim::{I420Picture, pattern, tone};
use saal_media_protocol::{
    AudioChoice, DeviceChoice, DeviceUse, MediaCommand, MediaEvent, MediaTrouble, Notices,
    VideoSend,
};
use tokio::process::Child;

use super::{
    OUT, loop_of_sound, missing, recovered,
    support::{
        self, DEADLINE, Daemon, clip,
        far_end::{BACK_WITHIN, Came, FarEnd, PICTURE_MS, Shown, WORDS_WITHIN, longest},
        one_layer, start_process,
    },
    usb::{self, RATE, RAW, UsbCamera, UsbSpeakerphone},
    voice::{begins, lasts, most_missing, seconds, silences},
    with_camera,
};

const SPEAKERPHONE: &str = "Speakerphone of the room";
/// Who speaks in the room, and at the other end.
const VOICE: u8 = 5;
const FAR_VOICE: u8 = 9;
/// Pictures of what is put back are numbered from here, so that they are told from those before.
const AGAIN: u32 = 100_000;
/// The other end says so many seconds, and then begins anew.
const SAID: usize = 20;

/// Packets of sound before a webcam is pulled: more than what follows lasts.
const BEFORE: usize = 400;
/// A packet of sound that is missing is made up for, and nobody notices.
const UNNOTICED: Duration = Duration::from_millis(20);
/// What may be missing of any second: five packets, where a voice of which every second one is missing lacks 25.
const MISSING: Duration = Duration::from_millis(100);
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
    async fn pull(self) -> u32 {
        pull(self.webcam).await;
        self.shown.load(Ordering::Relaxed) - 1
    }
}

/// Pulls the plug. The kernel takes its time, in which the other end goes on.
async fn pull(device: impl Send + 'static) {
    let pull = tokio::task::spawn_blocking(move || drop(device));
    pull.await.unwrap();
}

/// A speakerphone that is plugged in, in front of which somebody says numbered seconds.
struct Speakerphone {
    phone: UsbSpeakerphone,
    played: Mutex<Played>,
    plugged: Instant,
}

/// What a speakerphone played since it was plugged in.
#[derive(Default)]
struct Played {
    samples: Vec<i16>,
    /// Where somebody begins to speak in it; looked for in what is new, for an emulated processor has no time for more.
    begins: Option<usize>,
}

impl Played {
    fn add(&mut self, new: &[i16]) {
        let before = self.samples.len();
        self.samples.extend(new);
        self.begins = self.begins.or_else(|| begins(new).map(|at| before + at));
    }
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
    fn played(&self) -> MutexGuard<'_, Played> {
        let mut played = self.played.lock().unwrap();
        played.add(&self.phone.heard());
        played
    }

    /// Whether it has played so many seconds of sound.
    fn has_played(&self, seconds: usize) -> bool {
        let played = self.played();
        let enough = |begins| played.samples.len() > begins + seconds * RATE;
        played.begins.is_some_and(enough)
    }
}

/// A room with a webcam and these for sound: an engine in a process of its own, as it is on an appliance. This process is what is
/// around the room, and has the processor before it.
async fn room(microphone: &str, loudspeaker: &str) -> (Child, Daemon) {
    Priorities::of_this_process().prefer_in_part();
    let (engine, mut room) = start_process();
    room.greet(DeviceChoice {
        microphone: AudioChoice::Device(microphone.to_owned()),
        loudspeaker: AudioChoice::Device(loudspeaker.to_owned()),
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
    (engine, room)
}

/// Sees and hears it, and says numbered seconds.
async fn far_end(room: &mut Daemon) -> FarEnd {
    let video = VideoSend {
        // As many as an emulated processor takes, encodes and sends beside sound both ways.
        frames_per_second: 10,
        ..one_layer(RAW.0.into(), RAW.1.into())
    };
    let mut far_end = Box::pin(FarEnd::sees(room, OUT, video)).await;
    far_end.speaks(room, clip::voice(FAR_VOICE, SAID)).await;
    far_end
}

fn camera_of(room: &Daemon) -> Option<String> {
    let told = |event: &MediaEvent| match event {
        MediaEvent::Camera { state: Some(state) } => Some(state.id.clone()),
        _ => None,
    };
    room.log.iter().rev().find_map(told)
}

/// What the clock of pictures says.
fn media(steps: u64) -> Duration {
    Duration::from_millis(steps / PICTURE_MS)
}

fn say(what: &str, took: Duration, by_the_wall: Duration) {
    let (took, here) = (took.as_millis(), by_the_wall.as_millis());
    support::say(&format!(
        "pulled: {what}: {took} ms of media, {here} ms until it was here"
    ));
}

#[tokio::test]
#[ignore = "needs vhci-hcd, uvcvideo, snd-aloop, and root"]
async fn a_webcam_is_pulled_out_of_a_call_and_put_back_beside_real_sound() {
    let webcam = Webcam::plug(0).await;
    let (microphone, loudspeaker) = loop_of_sound();
    let (_engine, mut room) = room(&microphone.name, &loudspeaker.name).await;
    let mut far_end = far_end(&mut room).await;
    far_end.takes(&mut room, (15, BEFORE), || true).await;
    let chosen = camera_of(&room);
    assert!(chosen.is_some());

    let pulled = Instant::now();
    let last = far_end.beside(webcam.pull()).await;
    far_end.beside(missing(&mut room, DeviceUse::Camera)).await;
    far_end.takes(&mut room, (3, 50), || true).await;
    let webcam = far_end.beside(Webcam::plug(AGAIN)).await;
    far_end
        .beside(recovered(&mut room, DeviceUse::Camera))
        .await;
    far_end
        .takes(&mut room, (10, 50), || webcam.shown() > 20)
        .await;
    assert_eq!(camera_of(&room), chosen, "the same one again");
    let back = webcam.plugged;
    drop(webcam);

    far_end.came.look();
    let words = a_notice_comes_soon(&far_end.came.shown, last);
    the_camera_is_soon_seen_again(&far_end.came, words, back);
    sound_is_untouched(&far_end.came, pulled);
}

/// The number that its camera gave it; none on words that stand in its place.
fn number(shown: &Shown) -> Option<u32> {
    shown.code.map(|code| code.frame)
}

/// Words take the place of the last picture that the webcam gave, or of the last one that came. Their time.
fn a_notice_comes_soon(shown: &[Shown], last: u32) -> u64 {
    let of_it = |shown: &&Shown| number(shown).is_some_and(|number| number <= last);
    let before = shown.iter().rfind(of_it).expect("it was seen");
    let words = shown
        .iter()
        .find(|shown| shown.time > before.time && shown.code.is_none());
    let words = words.expect("words stand in its place");
    let froze = words.time - before.time;
    say(
        "words in place of a webcam",
        media(froze),
        words.at - before.at,
    );
    assert!(froze <= WORDS_WITHIN, "{:?}", media(froze));
    words.time
}

/// The camera's picture comes after the words, and soon after it was put back.
fn the_camera_is_soon_seen_again(came: &Came, words: u64, back: Instant) {
    let again = |shown: &&Shown| number(shown) >= Some(AGAIN);
    let first = came.shown.iter().find(again).expect("it is seen again");
    assert!(first.time > words);
    let made = came.instant(first.time) - back;
    say("picture of a webcam that is back", made, first.at - back);
    assert!(made <= media(BACK_WITHIN), "{made:?}");
}

/// The other end hears itself, by way of the room's loudspeaker and microphone, and notices nothing of the pull: no pause is longer
/// than one in a call that is as long and in which nothing happens, but for a packet's length, no second is missing, and none is
/// choppy, before the pull or after it (docs/adr/0081).
fn sound_is_untouched(came: &Came, pulled: Instant) {
    let sound = came.sound();
    let (begins, pulled) = (
        begins(&sound).expect("it hears itself"),
        came.sample_at(pulled),
    );
    let length = sound.len() - pulled;
    let from = pulled.checked_sub(length).filter(|from| *from >= begins);
    let from = from.expect("the call is as long before");
    let [without, with] = [&sound[from..pulled], &sound[pulled..]].map(|part| {
        let pauses = silences(part);
        let all = pauses.iter().map(|(_, length)| *length).sum();
        (
            lasts(pauses.first().map_or(0, |(_, longest)| *longest)),
            lasts(all),
        )
    });
    let both = format!(
        "{with:?} in {:?}, without a pull {without:?}",
        lasts(length)
    );
    support::say(&format!(
        "pulled: the longest pause in a voice beside it, and all together: {both}"
    ));
    assert!(with.0 <= without.0 + UNNOTICED, "{both}");
    let choppy = lasts(most_missing(&sound[from..]));
    support::say(&format!("pulled: missing in the worst second: {choppy:?}"));
    assert!(choppy <= MISSING, "{choppy:?} of a second are missing");
    let heard = seconds(&sound[from..], FAR_VOICE);
    support::say(&format!("pulled: heard {heard:?}"));
    let follow = |pair: &[u32]| pair[1] == pair[0] + 1;
    assert!(heard.len() > 2 && heard.windows(2).all(follow), "{heard:?}");
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
    let (_engine, mut room) = room(SPEAKERPHONE, SPEAKERPHONE).await;
    let mut far_end = far_end(&mut room).await;
    far_end
        .takes(&mut room, (15, 100), || phone.has_played(2))
        .await;

    room.log.clear();
    let pulled = Instant::now();
    far_end.beside(pull(phone.phone)).await;
    far_end.beside(both(&mut room, is_missing)).await;
    // The picture goes on.
    far_end.takes(&mut room, (10, 0), || true).await;
    let phone = far_end.beside(Speakerphone::plug()).await;
    // From here on the computer could have it.
    let there = far_end
        .beside(tokio::task::spawn_blocking(is_there))
        .await
        .unwrap();
    let (away, listed) = (there - pulled, there - phone.plugged);
    far_end.beside(both(&mut room, is_back)).await;
    far_end
        .takes(&mut room, (10, 100), || phone.has_played(2))
        .await;
    drop(webcam);

    let sound = far_end.came.sound();
    let heard = &sound[begins(&sound).unwrap()..];
    let pauses = silences(heard);
    let longer = lasts(pauses[0].1).saturating_sub(away);
    say("the room's voice is away longer", longer, longer);
    assert!(longer <= SOUND_WITHIN, "{longer:?} beyond {away:?}");
    let begins = lasts(phone.played().begins.unwrap());
    let longer = begins.saturating_sub(listed);
    say("the other end's voice is away longer", longer, begins);
    assert!(longer <= SOUND_WITHIN, "{longer:?} beyond {listed:?}");
    far_end.came.look();
    let froze = longest(far_end.came.shown.iter().map(|shown| shown.time));
    support::say(&format!(
        "pulled: the longest time without a picture beside it: {:?}",
        media(froze)
    ));
    assert!(
        froze <= WORDS_WITHIN,
        "the picture stood still for {:?}",
        media(froze)
    );
}
