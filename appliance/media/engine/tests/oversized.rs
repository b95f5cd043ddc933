//! Somebody whose pictures claim to be enormous, or are of another size each time: nothing is kept for them, their tile says that
//! nothing is shown, and everybody else goes on.

#![allow(clippy::unwrap_used, reason = "tests and what only they call")]

mod support;

use saal_hal_linux::memory;
use saal_media_protocol::{Codec, MediaStats, SourceKind, TransportId};
use support::{
    DEADLINE, Daemon, assign,
    bridge::{Bridge, numbers, receive},
    clip::{Clip, clip},
    luma_of, simulated, tile,
};
use tokio::sync::Mutex;

const CALL: TransportId = TransportId(1);
const ADA: u32 = 10;
const BOB: u32 = 20;
/// Bytes. The smallest of the enormous pictures here has twelve times as much, the largest that is decoded a fifth.
const MOST: usize = 64 * 1024 * 1024;
/// The television of these tests: two tiles.
const LEFT: (i32, i32, u32, u32) = (0, 0, 640, 720);
const RIGHT: (i32, i32, u32, u32) = (640, 0, 640, 720);

/// What the process holds is counted.
static ONE_AT_A_TIME: Mutex<()> = Mutex::const_new(());

struct Room {
    daemon: Daemon,
    bridge: Box<Bridge>,
    held: usize,
}

impl Room {
    /// Ada shows something proper in this codec, and so does Bob in VP8.
    async fn with(codec: Codec) -> Self {
        let mut daemon = Daemon::engine(simulated()).await;
        let mut bridge = Box::new(Bridge::join(&mut daemon, CALL).await);
        for (ssrc, who, codec) in [(ADA, "ada", codec), (BOB, "bob", Codec::Vp8)] {
            let stream = numbers(ssrc);
            daemon.transport(receive(CALL, who, stream, true)).await;
            let camera = assign(CALL, who, who, SourceKind::Camera);
            daemon.transport(camera).await;
            bridge.show(stream, Some(clip(codec, 320, 180, 30)));
        }
        daemon
            .show(vec![tile("ada", LEFT), tile("bob", RIGHT)])
            .await;
        let mut room = Self {
            daemon,
            bridge,
            held: 0,
        };
        room.goes_on("ada").await;
        room.goes_on("bob").await;
        room.held = memory::allocated();
        room
    }

    /// Until the engine says this of a second.
    async fn until(&mut self, wanted: impl FnMut(&MediaStats) -> bool) {
        let said = self.daemon.stats_until(wanted);
        self.bridge.until_daemon(said).await;
    }

    /// Somebody's pictures are decoded, and nothing is wrong with them.
    async fn goes_on(&mut self, who: &str) {
        let mut first = None;
        let goes_on = move |stats: &MediaStats| {
            let video = stats.received_video.iter().find(|v| v.participant == who);
            let Some(video) = video else { return false };
            let before = *first.get_or_insert(video.frames_decoded);
            !video.too_large && video.frames_decoded > before + 20
        };
        self.until(goes_on).await;
    }

    async fn says_too_large(&mut self) {
        let too_large = |stats: &MediaStats| {
            let ada = stats.received_video.iter().find(|v| v.participant == "ada");
            ada.is_some_and(|ada| ada.too_large)
        };
        self.until(too_large).await;
    }

    /// Until a tile shows nothing but its calm ground, or something.
    async fn shows(&mut self, rect: (i32, i32, u32, u32), something: bool) {
        let shown = tokio::time::timeout(DEADLINE, self.shown(rect, something));
        assert!(shown.await.is_ok(), "{rect:?}, something: {something}");
    }

    async fn shown(&mut self, (left, _, width, height): (i32, i32, u32, u32), something: bool) {
        loop {
            let picture = self.bridge.until_daemon(self.daemon.picture()).await;
            let (luma, across, _) = luma_of(&picture);
            let stride = (across as usize).next_multiple_of(4);
            let rows = luma.chunks(stride).take(height as usize);
            let left = left as usize;
            let pixels = rows.flat_map(|row| &row[left + 8..left + width as usize - 8]);
            let (least, most) = pixels.fold((255, 0), |(least, most), luma| {
                (*luma.min(&least), *luma.max(&most))
            });
            if (most - least > 40) == something {
                return;
            }
        }
    }

    fn holds_no_more(&self) {
        let grown = memory::allocated().saturating_sub(self.held);
        assert!(grown < MOST, "{grown} bytes");
    }
}

/// A key frame that claims this size (RFC 6386 section 9.1), over and over.
fn claims(sizes: &[(u16, u16)]) -> Clip {
    let key = clip(Codec::Vp8, 320, 180, 1).frames.remove(0);
    let frames = sizes.iter().map(|(width, height)| {
        let mut frame = key.clone();
        frame[6..8].copy_from_slice(&width.to_le_bytes());
        frame[8..10].copy_from_slice(&height.to_le_bytes());
        frame
    });
    Clip {
        codec: Codec::Vp8,
        frames: frames.collect(),
    }
}

/// Proper key frames, each of another size.
fn changing(codec: Codec) -> Clip {
    let sizes = (0..12).map(|n| (160 + 64 * n, 90 + 36 * n));
    let frames = sizes.map(|(width, height)| clip(codec, width, height, 1).frames.remove(0));
    Clip {
        codec,
        frames: frames.collect(),
    }
}

/// The same with another sequence parameter set before each picture (ITU-T H.264, section 7.3.2.1.1): so many macroblocks across
/// and down, of 16 pixels.
fn with_parameters(proper: &Clip, across: u32, down: u32) -> Clip {
    let frames = proper.frames.iter().map(|frame| {
        let units = nal_units(frame);
        let units = units.into_iter().map(|unit| match unit[0] & 0x1F {
            7 => parameters(across, down),
            _ => unit.to_vec(),
        });
        units
            .flat_map(|unit| [vec![0, 0, 0, 1], unit].concat())
            .collect()
    });
    Clip {
        codec: Codec::H264,
        frames: frames.collect(),
    }
}

/// Split at start codes (annex B).
fn nal_units(frame: &[u8]) -> Vec<&[u8]> {
    let starts: Vec<usize> = (0..frame.len().saturating_sub(3))
        .filter(|at| frame[*at..*at + 3] == [0, 0, 1])
        .map(|at| at + 3)
        .collect();
    let ends = starts
        .iter()
        .skip(1)
        .map(|next| next - 3)
        .chain([frame.len()]);
    let units = starts
        .iter()
        .zip(ends)
        .map(|(start, end)| &frame[*start..end]);
    // The first byte of a longer start code belongs to it.
    units
        .map(|unit| unit.strip_suffix(&[0]).unwrap_or(unit))
        .collect()
}

/// Baseline, level 5.2, one reference, no cropping.
fn parameters(across: u32, down: u32) -> Vec<u8> {
    let mut bits = String::new();
    // Its number, bits of the frame number, kind of picture order, references.
    for value in [0, 0, 2, 1] {
        bits += &exp_golomb(value);
    }
    bits += "0";
    bits += &exp_golomb(across - 1);
    bits += &exp_golomb(down - 1);
    // Whole frames, direct inference, no cropping, nothing more to say; the end.
    bits += "11001";
    bits += &"0".repeat(bits.len().next_multiple_of(8) - bits.len());
    let bytes = bits.as_bytes().chunks(8);
    let bytes =
        bytes.map(|byte| u8::from_str_radix(std::str::from_utf8(byte).unwrap(), 2).unwrap());
    [0x67, 66, 0xC0, 52].into_iter().chain(bytes).collect()
}

/// Section 9.1.
fn exp_golomb(value: u32) -> String {
    let binary = format!("{:b}", value + 1);
    format!("{}{binary}", "0".repeat(binary.len() - 1))
}

#[tokio::test]
async fn pictures_that_claim_to_be_enormous_are_not_decoded_and_said() {
    let _alone = ONE_AT_A_TIME.lock().await;
    let mut room = Room::with(Codec::Vp8).await;
    room.bridge.switch(
        ADA,
        claims(&[(16_383, 16_383), (16_383, 64), (4_096, 4_096)]),
    );
    room.says_too_large().await;
    room.shows(LEFT, false).await;
    room.goes_on("bob").await;
    room.holds_no_more();
    room.shows(RIGHT, true).await;
    room.bridge.switch(ADA, clip(Codec::Vp8, 320, 180, 30));
    room.goes_on("ada").await;
    room.shows(LEFT, true).await;
}

#[tokio::test]
async fn h264_that_claims_to_be_enormous_is_not_decoded_and_said() {
    let _alone = ONE_AT_A_TIME.lock().await;
    let proper = clip(Codec::H264, 320, 180, 30);
    let mut room = Room::with(Codec::H264).await;
    for (across, down) in [(1_024, 1_024), (256, 256)] {
        room.bridge
            .switch(ADA, with_parameters(&proper, across, down));
        room.says_too_large().await;
        room.shows(LEFT, false).await;
        room.goes_on("bob").await;
        room.holds_no_more();
        room.bridge.switch(ADA, proper.clone());
        room.goes_on("ada").await;
        room.shows(LEFT, true).await;
    }
}

#[tokio::test]
async fn pictures_of_another_size_each_time_are_shown_and_nothing_is_left_of_them() {
    let _alone = ONE_AT_A_TIME.lock().await;
    let mut room = Room::with(Codec::Vp8).await;
    room.bridge.switch(ADA, changing(Codec::Vp8));
    for _ in 0..3 {
        room.goes_on("ada").await;
        room.goes_on("bob").await;
        room.holds_no_more();
    }
    room.shows(LEFT, true).await;
}
