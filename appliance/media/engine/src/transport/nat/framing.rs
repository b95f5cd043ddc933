//! Messages that follow each other on a stream: TURN (RFC 8656 section 12.5), and packets of any kind, each after its
//! length (RFC 4571), as ICE over TCP has them (RFC 6544).
//!
//! Over a stream the data of a TURN channel is padded to a multiple of four bytes, which its length
//! does not count. `turn-client-proto` 0.7 neither pads what it sends nor skips what servers pad:
//! here it is done for it.

use std::ops::Range;

/// The header of a STUN message (RFC 8489 section 5).
const MESSAGE_HEADER: usize = 20;
/// The header of a channel's data (RFC 8656 section 12.4).
const CHANNEL_HEADER: usize = 4;
/// The length before a packet (RFC 4571 section 2).
const LENGTH: usize = 2;
/// No packet of a call is larger. Who says so speaks something else: HTTP's first letters would be 18 KiB, those of TLS 5.6.
const PACKET: usize = 4 * 1024;

/// The stream says something else than was agreed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Garbled {
    #[error("the server sends something that is no TURN")]
    NoTurn,
    #[error("the other side sends something that is no ICE over TCP: a packet of {0} bytes")]
    NoPacket(usize),
}

/// What is on a stream.
#[derive(Clone, Copy, Debug)]
pub(super) enum Framing {
    Turn,
    Packets,
}

impl Framing {
    /// A message as the stream carries it; `None` for one that it can't carry.
    pub(super) fn frame(self, message: &[u8]) -> Option<Vec<u8>> {
        match self {
            // STUN messages are a multiple of four anyway.
            Self::Turn => {
                let mut piece = message.to_vec();
                piece.resize(piece.len().next_multiple_of(4), 0);
                Some(piece)
            }
            Self::Packets => {
                let length = u16::try_from(message.len()).ok()?.to_be_bytes();
                Some([&length, message].concat())
            }
        }
    }

    /// Where in these bytes the first message is, and how much of them it takes.
    fn measure(self, bytes: &[u8]) -> Result<Option<(Range<usize>, usize)>, Garbled> {
        match (self, bytes) {
            (Self::Turn, &[kind, _, high, low, ..]) => {
                let length = usize::from(u16::from_be_bytes([high, low]));
                // The first two bits (RFC 8656 section 12).
                let length = match kind >> 6 {
                    0 => MESSAGE_HEADER + length,
                    1 => CHANNEL_HEADER + length,
                    _ => return Err(Garbled::NoTurn),
                };
                Ok(Some((0..length, length.next_multiple_of(4))))
            }
            (Self::Packets, &[high, low, ..]) => {
                let length = usize::from(u16::from_be_bytes([high, low]));
                if length > PACKET {
                    return Err(Garbled::NoPacket(length));
                }
                Ok(Some((LENGTH..LENGTH + length, LENGTH + length)))
            }
            _ => Ok(None),
        }
    }
}

/// What came on a stream and was not taken yet.
#[derive(Debug)]
pub(super) struct Frames {
    framing: Framing,
    bytes: Vec<u8>,
}

impl Frames {
    pub(super) fn new(framing: Framing) -> Self {
        let bytes = Vec::new();
        Self { framing, bytes }
    }

    pub(super) fn add(&mut self, piece: &[u8]) {
        self.bytes.extend_from_slice(piece);
    }

    /// The next whole message, without what frames it.
    pub(super) fn next(&mut self) -> Result<Option<Vec<u8>>, Garbled> {
        let Some((message, taken)) = self.framing.measure(&self.bytes)? else {
            return Ok(None);
        };
        if self.bytes.len() < taken {
            return Ok(None);
        }
        let mut piece: Vec<u8> = self.bytes.drain(..taken).collect();
        piece.truncate(message.end);
        Ok(Some(piece.split_off(message.start)))
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

    /// Sends these in one stream, cuts it every so many bytes, and gives what comes out.
    fn cut(framing: Framing, sent: &[Vec<u8>], every: usize) -> Vec<Vec<u8>> {
        let framed = sent.iter().flat_map(|piece| framing.frame(piece));
        let stream: Vec<u8> = framed.flatten().collect();
        let (mut frames, mut received) = (Frames::new(framing), Vec::new());
        for piece in stream.chunks(every) {
            frames.add(piece);
            while let Some(message) = frames.next().expect("as agreed") {
                received.push(message);
            }
        }
        received
    }

    #[test]
    fn messages_come_out_as_they_went_in_however_they_are_cut() {
        let turn = [
            channel(&[7; 5]),
            message(),
            channel(&[]),
            channel(&[8; 4]),
            channel(&[9; 1_201]),
            message(),
        ];
        let packets = [vec![], vec![1], vec![2; PACKET], vec![], vec![3; 1_201]];
        for every in 1..40 {
            assert_eq!(cut(Framing::Turn, &turn, every), turn, "{every}");
            assert_eq!(cut(Framing::Packets, &packets, every), packets, "{every}");
        }
    }

    #[test]
    fn anything_else_is_noticed() {
        let read = |framing, bytes: &[u8]| {
            let mut frames = Frames::new(framing);
            frames.add(bytes);
            frames.next()
        };
        assert_eq!(read(Framing::Turn, &[0x96, 3, 3, 0]), Err(Garbled::NoTurn));
        for other in [b"HTTP/1.1 400 Bad Request", b"SSH-2.0-OpenSSH_10.0p2xx"] {
            let said = read(Framing::Packets, other);
            assert!(matches!(said, Err(Garbled::NoPacket(_))), "{said:?}");
        }
        assert_eq!(
            read(Framing::Packets, &[0x16, 3, 1, 0]),
            Err(Garbled::NoPacket(0x1603))
        );
        assert_eq!(Framing::Packets.frame(&[0; 65_536]), None);
    }
}
