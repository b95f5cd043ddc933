//! What a NATS server says, from the bytes of its connection.
//!
//! Of NATS' client protocol (<https://docs.nats.io/reference/reference-protocols/nats-protocol>) nodes need its core: nothing that is said
//! has to outlive a connection, as the database knows it better.

use serde::Deserialize;

/// A server's first line has its whole cluster in it.
const LONGEST_LINE: usize = 64 * 1024;
/// What a server takes unless it is told otherwise.
const LARGEST: usize = 1024 * 1024;

/// What of a server's first words counts.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub(super) struct Info {
    /// TLS begins right after it.
    #[serde(default)]
    pub(super) tls_required: bool,
    /// TLS may begin right after it.
    #[serde(default)]
    pub(super) tls_available: bool,
}

/// One thing that it says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Frame {
    Info(Info),
    Message(Vec<u8>),
    Ping,
    Pong,
    Done,
    Refused(String),
}

/// Bytes that came and make no frame yet.
#[derive(Debug, Default)]
pub(super) struct Incoming(Vec<u8>);

impl Incoming {
    pub(super) fn take(&mut self, bytes: &[u8]) {
        self.0.extend_from_slice(bytes);
    }

    /// The next whole frame.
    ///
    /// # Errors
    /// What is wrong with what came; nothing more can be read.
    pub(super) fn next(&mut self) -> Result<Option<Frame>, String> {
        let Some(end) = self.0.windows(2).position(|pair| pair == b"\r\n") else {
            return if self.0.len() > LONGEST_LINE {
                Err("a line has no end".to_owned())
            } else {
                Ok(None)
            };
        };
        let line = std::str::from_utf8(&self.0[..end]).map_err(|e| e.to_string())?;
        let (word, rest) = line.split_once([' ', '\t']).unwrap_or((line, ""));
        let mut used = end + 2;
        let frame = match word.to_ascii_uppercase().as_str() {
            "INFO" => Frame::Info(serde_json::from_str(rest).map_err(|e| e.to_string())?),
            "MSG" => {
                let length = rest.split_ascii_whitespace().next_back();
                let length = length.and_then(|text| text.parse::<usize>().ok());
                let length = length.filter(|length| *length <= LARGEST);
                let length = length.ok_or_else(|| format!("no message: {line}"))?;
                let Some(body) = self.0.get(used..used + length + 2) else {
                    return Ok(None);
                };
                used += length + 2;
                let body = body.strip_suffix(b"\r\n");
                Frame::Message(body.ok_or("a message is longer than it says")?.to_vec())
            }
            "PING" => Frame::Ping,
            "PONG" => Frame::Pong,
            "+OK" => Frame::Done,
            "-ERR" => Frame::Refused(rest.trim().trim_matches('\'').to_owned()),
            other => return Err(format!("\"{other}\" is no word of NATS")),
        };
        self.0.drain(..used);
        Ok(Some(frame))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SAID: &[u8] = b"INFO {\"server_id\":\"x\",\"tls_required\":true,\"max_payload\":1048576} \r\n+OK\r\nPING\r\n\
        MSG saal.1 7 4\r\n\r\n\r\n\r\nmsg saal.1 7 reply.to 2\r\n{}\r\nPONG\r\n-ERR 'Authorization Violation'\r\n";

    #[test]
    fn however_the_bytes_come_the_frames_are_the_same() {
        let expected = [
            Frame::Info(Info {
                tls_required: true,
                tls_available: false,
            }),
            Frame::Done,
            Frame::Ping,
            Frame::Message(b"\r\n\r\n".to_vec()),
            Frame::Message(b"{}".to_vec()),
            Frame::Pong,
            Frame::Refused("Authorization Violation".to_owned()),
        ];
        for pieces in 1..SAID.len() {
            let (mut incoming, mut frames) = (Incoming::default(), Vec::new());
            for piece in SAID.chunks(pieces) {
                incoming.take(piece);
                while let Some(frame) = incoming.next().unwrap() {
                    frames.push(frame);
                }
            }
            assert_eq!(frames, expected, "in pieces of {pieces}");
        }
    }

    #[test]
    fn what_is_no_nats_is_an_error() {
        for wrong in [
            "HTTP/1.1 400 Bad Request\r\n",
            "INFO nothing\r\n",
            "MSG a 1 x\r\n",
            "MSG a 1 99999999999\r\n",
            "MSG a 1 2\r\nabcd\r\n",
        ] {
            let mut incoming = Incoming::default();
            incoming.take(wrong.as_bytes());
            assert!(incoming.next().is_err(), "{wrong}");
        }
        let mut incoming = Incoming::default();
        incoming.take(&vec![b'x'; LONGEST_LINE + 1]);
        assert!(incoming.next().is_err());
    }
}
