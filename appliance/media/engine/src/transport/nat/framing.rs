//! Messages on a stream to a TURN server (RFC 8656 section 12.5).
//!
//! Over a stream the data of a channel is padded to a multiple of four bytes, which its length
//! does not count. `turn-client-proto` 0.7 neither pads what it sends nor skips what servers pad:
//! here it is done for it.

/// The header of a STUN message (RFC 8489 section 5).
const MESSAGE_HEADER: usize = 20;
/// The header of a channel's data (RFC 8656 section 12.4).
const CHANNEL_HEADER: usize = 4;

/// Makes a piece one that a stream carries. STUN messages are that long anyway.
pub(super) fn pad(piece: &mut Vec<u8>) {
    piece.resize(piece.len().next_multiple_of(4), 0);
}

/// The stream says something that is no TURN.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the server sends something that is no TURN")]
pub(super) struct Garbled;

/// What came on a stream and was not taken yet.
#[derive(Debug, Default)]
pub(super) struct Frames {
    bytes: Vec<u8>,
}

impl Frames {
    pub(super) fn add(&mut self, piece: &[u8]) {
        self.bytes.extend_from_slice(piece);
    }

    /// The next whole message, without padding.
    pub(super) fn next(&mut self) -> Result<Option<Vec<u8>>, Garbled> {
        let &[kind, _, high, low, ..] = self.bytes.as_slice() else {
            return Ok(None);
        };
        let length = usize::from(u16::from_be_bytes([high, low]));
        // The first two bits (RFC 8656 section 12).
        let length = match kind >> 6 {
            0 => MESSAGE_HEADER + length,
            1 => CHANNEL_HEADER + length,
            _ => return Err(Garbled),
        };
        let padded = length.next_multiple_of(4);
        if self.bytes.len() < padded {
            return Ok(None);
        }
        let mut message: Vec<u8> = self.bytes.drain(..padded).collect();
        message.truncate(length);
        Ok(Some(message))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn channel(data: &[u8]) -> Vec<u8> {
        let length = u16::try_from(data.len())
            .expect("a short one")
            .to_be_bytes();
        [&[0x40, 0x01], length.as_slice(), data].concat()
    }

    fn message() -> Vec<u8> {
        let mut message = vec![0; 28];
        message[3] = 8;
        message
    }

    #[test]
    fn messages_come_out_as_they_went_in_however_they_are_cut() {
        let sent = [
            channel(&[7; 5]),
            message(),
            channel(&[]),
            channel(&[8; 4]),
            channel(&[9; 1_201]),
            message(),
        ];
        let mut stream = Vec::new();
        for piece in &sent {
            let mut piece = piece.clone();
            pad(&mut piece);
            stream.extend(piece);
        }
        for cut in 1..40 {
            let (mut frames, mut received) = (Frames::default(), Vec::new());
            for piece in stream.chunks(cut) {
                frames.add(piece);
                while let Some(message) = frames.next().expect("TURN") {
                    received.push(message);
                }
            }
            assert_eq!(received, sent, "cut every {cut} bytes");
        }
    }

    #[test]
    fn anything_else_is_noticed() {
        let mut frames = Frames::default();
        frames.add(&[0x96, 3, 3, 0]);
        assert_eq!(frames.next(), Err(Garbled));
    }
}
