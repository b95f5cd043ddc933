//! What people at both ends see and hear, by the codes that pictures and sounds carry.

use std::time::Duration;

use saal_harness::{Caller, JitsiCaller, PanelTree, Picture, Room, Sound, Telephone, until};

use crate::{PATIENCE, Result};

/// Two seconds of sound hold one code.
const ONE_CODE: Duration = Duration::from_millis(2_200);
/// Less than this is silence.
const SILENCE: f32 = 0.001;
/// Less than this is no voice, in dB below full scale.
const VOICE_DBFS: f64 = -50.0;

/// Somebody in the browser, whichever client it is.
#[derive(Clone, Copy, Debug)]
pub enum Onlooker<'a> {
    /// In Element Call.
    ElementCall(&'a Caller),
    /// In Jitsi.
    Jitsi(&'a JitsiCaller),
    /// At the telephone.
    Telephone(&'a Telephone),
}

impl<'a> From<&'a Caller> for Onlooker<'a> {
    fn from(caller: &'a Caller) -> Self {
        Self::ElementCall(caller)
    }
}

impl<'a> From<&'a JitsiCaller> for Onlooker<'a> {
    fn from(caller: &'a JitsiCaller) -> Self {
        Self::Jitsi(caller)
    }
}

impl<'a> From<&'a Telephone> for Onlooker<'a> {
    fn from(telephone: &'a Telephone) -> Self {
        Self::Telephone(telephone)
    }
}

impl Onlooker<'_> {
    async fn pictures(self) -> Result<Vec<Picture>> {
        match self {
            Self::ElementCall(caller) => caller.pictures().await,
            Self::Jitsi(caller) => caller.pictures().await,
            Self::Telephone(telephone) => telephone.pictures().await,
        }
    }

    async fn listen(self, length: Duration) -> Result<Vec<Sound>> {
        match self {
            Self::ElementCall(caller) => caller.listen(length).await,
            Self::Jitsi(caller) => caller.listen(length).await,
            Self::Telephone(telephone) => telephone.listen(length).await,
        }
    }
}

/// Waits until a far end decodes a picture of the room with a newer frame number than the first.
///
/// # Errors
/// With what the far end showed.
pub async fn far_end_sees_frames<'a>(caller: impl Into<Onlooker<'a>>) -> Result<()> {
    let caller = caller.into();
    let frame = async || {
        let pictures = caller.pictures().await?;
        let codes = pictures.iter().filter_map(Picture::code);
        Result::<_>::Ok(codes.map(|code| code.frame).max())
    };
    let first = until(
        "the room's picture at the far end",
        PATIENCE,
        frame,
        Option::is_some,
    )
    .await?;
    let newer = |now: &Option<u32>| now.is_some() && *now > first;
    until("the room's picture to move", PATIENCE, frame, newer)
        .await
        .map(drop)
}

/// Waits until a far end sees nobody.
///
/// # Errors
/// With what it saw.
pub async fn far_end_sees_nobody<'a>(caller: impl Into<Onlooker<'a>>) -> Result<()> {
    let caller = caller.into();
    let look = async || caller.pictures().await;
    let nobody = |pictures: &Vec<Picture>| pictures.iter().all(|one| one.code().is_none());
    until("nobody at the far end", PATIENCE, look, nobody)
        .await
        .map(drop)
}

/// Seconds that a busy machine may let pass between two times that it listens.
const MOST_BETWEEN: u32 = 15;

/// Waits until a far end hears the room's tone count on.
///
/// # Errors
/// With what the far end heard.
pub async fn far_end_hears_seconds<'a>(caller: impl Into<Onlooker<'a>>) -> Result<()> {
    let caller = caller.into();
    let second = async || {
        let sounds = caller.listen(ONE_CODE).await?;
        let code = sounds.iter().find_map(Sound::code);
        Result::<_>::Ok(code.map(|reading| reading.second))
    };
    // A tone that is put together from pieces, as after an interruption, may read as any number: two in a row tell that it counts.
    let mut before = None;
    let counts = |now: &Option<u32>| {
        let next = before
            .zip(*now)
            .is_some_and(|(before, now)| (before + 1..=before + MOST_BETWEEN).contains(&now));
        before = now.or(before);
        next
    };
    until("the room's tone to count on", PATIENCE, second, counts)
        .await
        .map(drop)
}

/// Waits until a far end hears nothing.
///
/// # Errors
/// With how loud it was.
pub async fn far_end_hears_nothing<'a>(caller: impl Into<Onlooker<'a>>) -> Result<()> {
    let caller = caller.into();
    let loudest = async || {
        let sounds = caller.listen(Duration::from_millis(300)).await?;
        Result::<_>::Ok(sounds.iter().map(Sound::level).fold(0., f32::max))
    };
    until("silence at the far end", PATIENCE, loudest, |level| {
        *level < SILENCE
    })
    .await
    .map(drop)
}

/// Waits until the television shows a far end moving: two codes, the later one another.
///
/// # Errors
/// With what the television showed.
pub async fn television_moves(room: &Room) -> Result<()> {
    let look = async || room.television().await;
    let has_code = |picture: &Picture| picture.code().is_some();
    let first = until(
        "a far end's picture on the television",
        PATIENCE,
        look,
        has_code,
    )
    .await?;
    let first = first.code();
    // The far end's clip is a loop, so another number is what a moving picture shows.
    let moved = |picture: &Picture| picture.code().is_some() && picture.code() != first;
    until("another picture on the television", PATIENCE, look, moved)
        .await
        .map(drop)
}

/// Waits until the television shows two people side by side, each in the middle of its half.
///
/// # Errors
/// With what the television showed.
pub async fn television_shows_two(room: &Room) -> Result<()> {
    let halves = async || {
        let picture = room.television().await?;
        let (width, height) = (picture.width / 2, picture.height / 2);
        let half = |x| picture.code_in(x, height / 2, width, height);
        Result::<_>::Ok((half(0), half(width)))
    };
    until(
        "both far ends on the television",
        PATIENCE,
        halves,
        |(left, right)| left.is_some() && right.is_some(),
    )
    .await
    .map(drop)
}

/// Waits until nobody's picture is on the television.
///
/// # Errors
/// With what the television showed.
pub async fn television_is_idle(room: &Room) -> Result<()> {
    let look = async || room.television().await;
    let idle = |picture: &Picture| picture.code().is_none();
    until("an idle television", PATIENCE, look, idle)
        .await
        .map(drop)
}

/// Waits until the far end is heard in the loudspeaker.
///
/// # Errors
/// With the room's last status.
pub async fn loudspeaker_sounds(room: &Room) -> Result<()> {
    let loud = |dbfs: Option<f64>| dbfs.is_some_and(|level| level > VOICE_DBFS);
    room.status_is(
        "the far end's tone in the loudspeaker",
        PATIENCE,
        |status| {
            let media = status.media.as_ref();
            media.is_some_and(|media| loud(media.loudspeaker_dbfs))
        },
    )
    .await
    .map(drop)
}

/// What the QR code on the panel says, as a phone's camera reads it.
///
/// # Errors
/// When there is none with this identity.
///
/// # Panics
/// When it can't be read.
pub async fn scanned(room: &Room, id: &str) -> Result<Vec<u8>> {
    let there = |tree: &PanelTree| tree.elements.iter().any(|element| element.id == id);
    let tree = room.panel_shows("a code", PATIENCE, there).await?;
    let found = tree.elements.iter().find(|element| element.id == id);
    let place = found.expect("it was there").rect;
    let png = room.panel_picture().await?;
    let decoder = png::Decoder::new(std::io::Cursor::new(png));
    let mut reader = decoder.read_info().expect("the panel's picture is a PNG");
    let mut rgb = vec![0; reader.output_buffer_size().expect("a picture has a size")];
    let info = reader.next_frame(&mut rgb).expect("it has one picture");
    let channels = info.color_type.samples();
    let (width, left, top) = (info.width as usize, place.x as usize, place.y as usize);
    let grey = |x, y| rgb[((top + y) * width + left + x) * channels];
    let (across, down) = (place.width as usize, place.height as usize);
    let mut codes = codes_of(across, down, grey);
    assert_eq!(codes.len(), 1, "codes on the panel that can be read");
    Ok(codes.swap_remove(0))
}

/// What the one QR code on the television says, once there is one.
///
/// # Errors
/// When none comes.
pub async fn scanned_on_television(room: &Room) -> Result<Vec<u8>> {
    let look = async || {
        let Picture {
            width,
            height,
            plane,
            ..
        } = room.television().await?;
        let (width, height) = (width as usize, height as usize);
        let codes = codes_of(width, height, |x, y| plane[y * width + x]);
        Result::<_>::Ok(codes)
    };
    let one = |codes: &Vec<Vec<u8>>| codes.len() == 1;
    let mut codes = until("a code on the television", PATIENCE, look, one).await?;
    Ok(codes.swap_remove(0))
}

/// What the QR codes of a picture say, those that can be read.
fn codes_of(width: usize, height: usize, grey: impl FnMut(usize, usize) -> u8) -> Vec<Vec<u8>> {
    let mut image = rqrr::PreparedImage::prepare_from_greyscale(width, height, grey);
    let codes = image.detect_grids().into_iter();
    let read = codes.filter_map(|code| {
        let mut said = Vec::new();
        code.decode_to(&mut said).ok().map(|_| said)
    });
    read.collect()
}
