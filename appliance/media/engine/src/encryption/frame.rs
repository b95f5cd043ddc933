//! How one frame is encrypted.

use std::{borrow::Cow, fmt, sync::Arc};

use aws_lc_rs::aead::{AES_128_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use saal_media_protocol::Codec;

use super::{Unreadable, nal};
use crate::vp8;

/// Bytes of an IV.
pub(super) const IV_LENGTH: usize = 12;
const TAG: usize = 16;
/// Length of the IV and index of the key.
const TRAILER: usize = 2;
const KEY: usize = 16;

/// Bytes that stay clear.
const VP8_KEY_FRAME: usize = 10;
const VP8_OTHER: usize = 3;
const OPUS: usize = 1;

/// What servers put in the place of a picture is this small at most, in pixels.
const BLANK: u16 = 16;
/// What they put in the place of sound begins like this; zeros follow.
const SILENCE: [u8; 3] = [0xF8, 0xFF, 0xFE];

/// The key of one or more frames.
#[derive(Clone)]
pub(super) struct FrameKey(Arc<LessSafeKey>);

impl FrameKey {
    /// Of the first 16 bytes.
    pub(super) fn new(bytes: &[u8]) -> Self {
        let key = UnboundKey::new(&AES_128_GCM, &bytes[..KEY]);
        let key = key.expect("AES-128 has keys of 16 bytes");
        Self(Arc::new(LessSafeKey::new(key)))
    }
}

impl fmt::Debug for FrameKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FrameKey")
    }
}

/// A frame that is not sent, as it can't be encrypted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Unencryptable {
    /// No client knows how.
    #[error("{0:?} can't be encrypted")]
    Codec(Codec),
    /// Shorter than what stays clear, or H.264 without a picture.
    #[error("this is no frame of {0:?}")]
    Frame(Codec),
}

/// Encrypts a frame. The same IV must never be used twice with a key.
///
/// # Errors
/// When there is no way to encrypt it.
pub(super) fn seal(
    key: &FrameKey,
    index: u8,
    iv: [u8; IV_LENGTH],
    codec: Codec,
    data: &[u8],
) -> Result<Arc<[u8]>, Unencryptable> {
    if data.is_empty() {
        return Ok(data.into());
    }
    if codec == Codec::Av1 {
        return Err(Unencryptable::Codec(codec));
    }
    // Receivers put H.264 together in their own way, and what is clear has to be the same there.
    let data = match codec {
        Codec::H264 => Cow::Owned(nal::as_received(data)),
        _ => Cow::Borrowed(data),
    };
    let clear = clear_bytes(codec, &data).ok_or(Unencryptable::Frame(codec))?;
    let sealed = seal_after(key, index, iv, &data, clear);
    if codec == Codec::H264 {
        let (clear, rest) = sealed.split_at(clear);
        return Ok(nal::escape(clear, rest).into());
    }
    Ok(sealed)
}

fn seal_after(
    key: &FrameKey,
    index: u8,
    iv: [u8; IV_LENGTH],
    data: &[u8],
    clear: usize,
) -> Arc<[u8]> {
    let length = data.len() + TAG + IV_LENGTH + TRAILER;
    let mut sealed: Arc<[u8]> = std::iter::repeat_n(0, length).collect();
    let out = Arc::get_mut(&mut sealed).expect("nobody else has it yet");
    let (frame, rest) = out.split_at_mut(data.len());
    frame.copy_from_slice(data);
    let (header, body) = frame.split_at_mut(clear);
    let nonce = Nonce::assume_unique_for_key(iv);
    let tag = key
        .0
        .seal_in_place_separate_tag(nonce, Aad::from(&*header), body);
    let tag = tag.expect("no frame is as long as GCM allows");
    rest[..TAG].copy_from_slice(tag.as_ref());
    rest[TAG..][..IV_LENGTH].copy_from_slice(&iv);
    rest[TAG + IV_LENGTH..].copy_from_slice(&[IV_LENGTH as u8, index]);
    sealed
}

/// An encrypted frame, taken apart.
pub(super) struct Sealed<'a> {
    clear: &'a [u8],
    /// Ciphertext with its tag, IV, and trailer.
    rest: Cow<'a, [u8]>,
}

impl<'a> Sealed<'a> {
    /// # Errors
    /// When the bytes can't be an encrypted frame of this codec.
    pub(super) fn read(codec: Codec, data: &'a [u8]) -> Result<Self, Unreadable> {
        if codec == Codec::Av1 {
            return Err(Unreadable::Codec(codec));
        }
        let clear = clear_bytes(codec, data).ok_or(Unreadable::Malformed)?;
        let (clear, rest) = data.split_at(clear);
        let rest = match codec {
            Codec::H264 => nal::unescape(rest),
            _ => Cow::Borrowed(rest),
        };
        match *rest {
            [.., length, _]
                if usize::from(length) == IV_LENGTH && rest.len() >= TAG + IV_LENGTH + TRAILER =>
            {
                Ok(Self { clear, rest })
            }
            _ => Err(Unreadable::Malformed),
        }
    }

    pub(super) fn index(&self) -> u8 {
        self.rest[self.rest.len() - 1]
    }

    /// The frame; `None` when it was encrypted with another key.
    pub(super) fn open(&self, key: &FrameKey) -> Option<Arc<[u8]>> {
        let (encrypted, trailer) = self.rest.split_at(self.rest.len() - IV_LENGTH - TRAILER);
        let (ciphertext, tag) = encrypted.split_at(encrypted.len() - TAG);
        let nonce = Nonce::try_assume_unique_for_key(&trailer[..IV_LENGTH]).ok()?;
        let length = self.clear.len() + ciphertext.len();
        let mut opened: Arc<[u8]> = std::iter::repeat_n(0, length).collect();
        let out = Arc::get_mut(&mut opened).expect("nobody else has it yet");
        let (header, body) = out.split_at_mut(self.clear.len());
        header.copy_from_slice(self.clear);
        let clear = Aad::from(self.clear);
        let fits = key
            .0
            .open_separate_gather(nonce, clear, ciphertext, tag, body);
        fits.is_ok().then_some(opened)
    }
}

/// How many bytes of a frame stay clear; `None`: it is none.
fn clear_bytes(codec: Codec, data: &[u8]) -> Option<usize> {
    let clear = match codec {
        // Bit 0 is clear in key frames (RFC 6386 section 9.1).
        Codec::Vp8 if data.first()? & 1 == 0 => VP8_KEY_FRAME,
        Codec::Vp8 => VP8_OTHER,
        Codec::Vp9 => 0,
        Codec::Opus => OPUS,
        Codec::H264 => nal::until_first_slice(data)?,
        Codec::Av1 => return None,
    };
    (clear <= data.len()).then_some(clear)
}

/// A frame that the media server made, without the trailer that says so.
#[must_use]
pub fn injected<'a>(data: &'a [u8], trailer: &[u8]) -> Option<&'a [u8]> {
    (!trailer.is_empty())
        .then(|| data.strip_suffix(trailer))
        .flatten()
}

/// Whether this is what servers have to say for themselves: silence, or a picture too small to
/// show anything. A server that injects more would put pictures and words into people's mouths.
#[must_use]
pub fn is_blank(codec: Codec, data: &[u8]) -> bool {
    match codec {
        Codec::Vp8 => vp8::size(data).is_some_and(|(w, h)| w <= BLANK && h <= BLANK),
        Codec::Opus => data
            .strip_prefix(&SILENCE)
            .is_some_and(|rest| rest.iter().all(|byte| *byte == 0)),
        Codec::Vp9 | Codec::Av1 | Codec::H264 => false,
    }
}
