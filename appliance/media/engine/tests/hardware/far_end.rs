//! The other end of a call, which writes down what comes and looks at it later: an emulated processor has enough to do
//! meanwhile. Times are those of the media, which their sender gave them.

use std::time::{Duration, Instant};

use saal_hal_sim::{Luma, pattern, tone};
use saal_media_protocol::{SourceKind, StreamSsrc, TransportCommand};
use str0m::{
    Event,
    media::{MediaData, Mid},
};

use super::{
    support::{
        self, Daemon,
        bridge::{Bridge, numbers, receive},
        clip,
    },
    *,
};

const CALL: TransportId = OUT;
/// Numbers of the streams: the room's picture and voice, and the voice of the other end.
const PICTURE: u32 = 1_000;
const VOICE: StreamSsrc = one(2_000);
const OTHER_VOICE: StreamSsrc = one(20);
/// What is louder is no silence: the voices of tones are four times as loud even in their quiet seconds.
const LOUD: u16 = 500;
/// A silence is looked for in pieces of so many samples; a tone has none of its own that lasts half as long.
const PIECE: usize = tone::SAMPLE_RATE as usize / 50;
/// Pixels of the room's picture.
pub(crate) const SIZE: (u32, u32) = (320, 180);

const fn one(ssrc: u32) -> StreamSsrc {
    StreamSsrc { ssrc, rtx: None }
}

/// One piece of what came: a picture, or 20 ms of sound.
struct Came {
    /// By the sender's clock, since it was zero.
    time: Duration,
    /// By the clock of whoever looks at it.
    at: Instant,
    data: Vec<u8>,
}

impl Came {
    fn new(data: &MediaData) -> Self {
        Self {
            time: data.time.into(),
            at: data.network_time,
            data: data.data.to_vec(),
        }
    }
}

/// The other end, with all that came so far.
pub(crate) struct FarEnd {
    bridge: Box<Bridge>,
    mids: [Mid; 2],
    pictures: Vec<Came>,
    voice: Vec<Came>,
}

/// A picture of the room, as it was seen.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Seen {
    /// When it was made, by the room's clock.
    pub(crate) time: Duration,
    /// When it was here.
    pub(crate) at: Instant,
    /// The number that its camera gave it; none on words that stand in its place.
    pub(crate) number: Option<u32>,
}

impl FarEnd {
    /// Calls a room, which sends camera and microphone, and plays a voice to it.
    pub(crate) async fn call(room: &mut Daemon, voice: clip::Clip) -> Self {
        let mut bridge = Box::pin(async { Box::new(Bridge::join(room, CALL).await) }).await;
        let mids = [
            bridge.expect(numbers(PICTURE), true),
            bridge.expect(VOICE, false),
        ];
        bridge.show(OTHER_VOICE, Some(voice));
        room.transport(receive(CALL, "ada-a0", OTHER_VOICE, false))
            .await;
        room.transport(support::assign(
            CALL,
            "ada-a0",
            "ada",
            SourceKind::Microphone,
        ))
        .await;
        let mut video = support::one_layer(SIZE.0, SIZE.1);
        // As many as an emulated processor takes, encodes and sends beside sound both ways.
        video.frames_per_second = 15;
        for (track, source, video, stream) in [
            ("mic", SourceKind::Microphone, None, VOICE),
            ("cam", SourceKind::Camera, Some(video), numbers(PICTURE)),
        ] {
            room.transport(TransportCommand::Send {
                transport: CALL,
                track: track.to_owned(),
                source,
                video,
                streams: vec![stream],
            })
            .await;
        }
        Self {
            bridge,
            mids,
            pictures: Vec::new(),
            voice: Vec::new(),
        }
    }

    /// Waits until so many more pictures and seconds of sound came, and `also` is so.
    pub(crate) async fn takes(
        &mut self,
        room: &mut Daemon,
        (pictures, seconds): (usize, usize),
        mut also: impl FnMut() -> bool,
    ) {
        let Self {
            bridge,
            mids,
            pictures: seen,
            voice: heard,
        } = self;
        let enough = (seen.len() + pictures, heard.len() + seconds * 50);
        let came = bridge.until(|event| {
            note(event, *mids, seen, heard);
            let all = seen.len() >= enough.0 && heard.len() >= enough.1 && also();
            all.then_some(())
        });
        let in_time = tokio::select! {
            () = came => true,
            () = async { while room.next().await.is_some() {} } => false,
            () = tokio::time::sleep(DEADLINE / 2) => false,
        };
        if !in_time {
            let stats = |event: &&MediaEvent| !matches!(event, MediaEvent::Stats(_));
            let said: Vec<_> = room.log.iter().filter(stats).collect();
            let got = (self.pictures.len(), self.voice.len());
            panic!("{got:?} in place of {enough:?}, or what else was waited for: {said:#?}");
        }
    }

    /// Goes on until something else is done.
    pub(crate) async fn during<T>(&mut self, done: impl Future<Output = T>) -> T {
        let Self {
            bridge,
            mids,
            pictures,
            voice,
        } = self;
        let goes_on = bridge.until(|event| {
            note(event, *mids, pictures, voice);
            None::<()>
        });
        tokio::select! {
            done = done => done,
            () = goes_on => unreachable!("nothing is waited for"),
        }
    }

    /// All pictures, in order.
    pub(crate) fn pictures(&self) -> Vec<Seen> {
        let decoded = clip::run(
            "appsrc name=in format=time max-bytes=0 caps=video/x-vp8 ! vp8dec threads=1",
            self.pictures.iter().map(buffer).collect(),
        );
        let seen = decoded.iter().map(|picture| {
            let time = time_of(picture);
            let came = self.pictures.iter().find(|came| same(came.time, time));
            let luma = picture.map_readable().unwrap();
            let (width, height) = SIZE;
            let luma = Luma {
                data: &luma,
                stride: width as usize,
                width,
                height,
            };
            Seen {
                time,
                at: came.expect("it came before it was decoded").at,
                number: pattern::read(&luma).map(|code| code.frame),
            }
        });
        seen.collect()
    }

    /// All sound from the time of the first one on, with silence where none came.
    pub(crate) fn sound(&self) -> Vec<i16> {
        let decoded = clip::run(
            "appsrc name=in format=time max-bytes=0 caps=audio/x-opus,channel-mapping-family=0,channels=1,rate=48000
             ! opusdec ! audioconvert ! audio/x-raw,format=S16LE,channels=1,rate=48000",
            self.voice.iter().map(buffer).collect(),
        );
        let first = self.voice.first().expect("sound came").time;
        let mut samples: Vec<i16> = Vec::new();
        for piece in &decoded {
            let bytes = piece.map_readable().unwrap();
            let (words, _) = bytes.as_chunks::<2>();
            let start = samples_in(time_of(piece).saturating_sub(first));
            samples.resize(samples.len().max(start + words.len()), 0);
            for (to, from) in samples[start..].iter_mut().zip(words) {
                *to = i16::from_le_bytes(*from);
            }
        }
        samples
    }

    /// The place in [`Self::sound`] of what the room heard at this instant.
    pub(crate) fn sample_at(&self, instant: Instant) -> usize {
        let start = self.start(&self.voice, self.voice[0].time);
        samples_in(instant.saturating_duration_since(start))
    }

    /// When the sender's clock was at this time, as far as is known from what came soonest.
    pub(crate) fn instant(&self, time: Duration) -> Instant {
        self.start(&self.pictures, time)
    }

    fn start(&self, came: &[Came], time: Duration) -> Instant {
        let zero = came.iter().map(|one| one.at - one.time).min();
        zero.expect("something came") + time
    }
}

fn note(
    event: &Event,
    [picture, voice]: [Mid; 2],
    pictures: &mut Vec<Came>,
    sound: &mut Vec<Came>,
) {
    let Event::MediaData(data) = event else {
        return;
    };
    if data.mid == picture {
        pictures.push(Came::new(data));
    } else if data.mid == voice {
        sound.push(Came::new(data));
    }
}

fn buffer(came: &Came) -> gstreamer::Buffer {
    let mut buffer = gstreamer::Buffer::from_slice(came.data.clone());
    let time = gstreamer::ClockTime::try_from(came.time).unwrap();
    buffer.get_mut().unwrap().set_pts(time);
    buffer
}

fn time_of(buffer: &gstreamer::Buffer) -> Duration {
    buffer
        .pts()
        .expect("what goes in with a time comes out with it")
        .into()
}

/// Decoders count in another unit.
fn same(one: Duration, other: Duration) -> bool {
    one.abs_diff(other) < Duration::from_millis(1)
}

fn samples_in(time: Duration) -> usize {
    usize::try_from(time.as_nanos() * u128::from(tone::SAMPLE_RATE) / 1_000_000_000).unwrap()
}

/// How long this many samples last.
pub(crate) fn lasts(samples: usize) -> Duration {
    Duration::from_secs(1) * u32::try_from(samples).unwrap() / tone::SAMPLE_RATE
}

/// The silences between sounds, longest first: where each begins, and how many samples it lasts.
pub(crate) fn silences(samples: &[i16]) -> Vec<(usize, usize)> {
    let loud = |piece: &[i16]| piece.iter().any(|sample| sample.unsigned_abs() > LOUD);
    let pieces: Vec<bool> = samples.chunks(PIECE).map(loud).collect();
    let mut found = Vec::new();
    let mut last = None;
    for (index, _) in pieces.iter().enumerate().filter(|(_, loud)| **loud) {
        if let Some(last) = last
            && index > last + 1
        {
            found.push(((last + 1) * PIECE, (index - last - 1) * PIECE));
        }
        last = Some(index);
    }
    found.sort_by_key(|(_, length)| std::cmp::Reverse(*length));
    found
}

/// Where sound begins; `None` without any.
pub(crate) fn begins(samples: &[i16]) -> Option<usize> {
    let loud = samples
        .iter()
        .position(|sample| sample.unsigned_abs() > LOUD);
    loud.map(|at| at / PIECE * PIECE)
}

/// The numbers of all seconds of a voice, in the order in which they are heard.
pub(crate) fn seconds(samples: &[i16], voice: u8) -> Vec<u32> {
    let second = tone::SAMPLE_RATE as usize;
    let mut rest = samples;
    let mut heard = Vec::new();
    while let Some(reading) = tone::read(&rest[..rest.len().min(2 * second)]) {
        assert_eq!(reading.voice, voice, "somebody else speaks");
        heard.push(reading.second);
        // The next one is looked for a little early, for where one starts is known to 10 ms.
        rest = &rest[(reading.start + second * 9 / 10).min(rest.len())..];
    }
    heard
}
