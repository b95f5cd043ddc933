//! What people at both ends see and hear, by the codes that pictures and sounds carry.

use std::time::Duration;

use saal_harness::{Caller, JitsiCaller, Picture, Room, Sound, Telephone, until};

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
    let first = until(
        "the room's tone at the far end",
        PATIENCE,
        second,
        Option::is_some,
    )
    .await?;
    let later = |now: &Option<u32>| now.is_some() && *now > first;
    until("the room's tone to count on", PATIENCE, second, later)
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
    let look = async || room.television().await;
    let both = |picture: &Picture| {
        let (width, height) = (picture.width / 2, picture.height / 2);
        let half = |x| picture.code_in(x, height / 2, width, height);
        half(0).is_some() && half(width).is_some()
    };
    until("both far ends on the television", PATIENCE, look, both)
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
