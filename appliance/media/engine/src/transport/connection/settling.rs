//! What follows every change of a connection: all that str0m has to say is taken, and what is due at once is done.

use std::time::Instant;

use str0m::{
    Input, Output, RtcError,
    net::{Protocol, Transmit},
};

use super::{Connection, Fatal};
use crate::transport::FromTransport;

/// How often str0m is told the time in a row before others have their turn. Each time lets one frame of a track become
/// packets, or one packet go: a key frame of 1080p is some 150.
const AT_ONCE: usize = 256;

impl Connection {
    /// Ends every change; returns when str0m, the peer or something else here wants to be woken.
    ///
    /// What str0m is given to send waits in it until it is told the time. That is done here and not by a timer: one is a
    /// millisecond late, tens of them on a busy machine, and so long each frame and each packet would wait for the one before
    /// it; where more frames came than timers went off, str0m would refuse them in the end.
    pub(super) fn settle(&mut self) -> Result<Instant, Fatal> {
        let mut deadline = self.drain()?;
        for _ in 0..AT_ONCE {
            let now = Instant::now();
            if deadline > now {
                break;
            }
            deadline = self.pass_time(now)?;
        }
        let ours = [self.peer.due(), self.nat.due(), self.pulse.due()];
        Ok(ours.into_iter().flatten().fold(deadline, Instant::min))
    }

    /// Has str0m do what is due; returns when it wants to be told the time again.
    pub(super) fn pass_time(&mut self, now: Instant) -> Result<Instant, Fatal> {
        self.change(|peer| peer.rtc().handle_input(Input::Timeout(now)))?
            .map_err(Fatal::Rtc)?;
        self.drain()
    }

    /// Takes all outputs; returns when str0m wants to be told the time.
    pub(super) fn drain(&mut self) -> Result<Instant, Fatal> {
        loop {
            match self.change(|peer| peer.rtc().poll_output())? {
                Ok(Output::Timeout(deadline)) => return Ok(deadline),
                Ok(Output::Transmit(t)) => {
                    self.note_source(t.source, &t.contents);
                    self.nat.sent(t.source, t.destination, &t.contents);
                    self.send(&t);
                }
                Ok(Output::Event(event)) => {
                    let counted = self
                        .statistics
                        .understand(self.peer.id(), &self.nat, &event);
                    if let Some(counted) = counted {
                        let _ = self
                            .events
                            .send(FromTransport::Statistics(Box::new(counted)));
                    }
                    if let Some(event) = self.change(|peer| peer.understand(event))? {
                        self.tell(event);
                    }
                }
                // What one participant garbles is no reason to end the others' connection.
                Err(RtcError::Packet(mid, _, error)) => {
                    tracing::debug!(%mid, %error, "packets could not be put together");
                    self.change(|peer| peer.broken(mid))?;
                }
                Err(error) => return Err(Fatal::Rtc(error)),
            }
        }
    }

    /// Sends a packet over the way that it names.
    fn send(&self, packet: &Transmit) {
        let (source, destination) = (packet.source, packet.destination);
        if packet.proto != Protocol::Udp {
            self.nat.streams.send(source, destination, &packet.contents);
        } else if !self.nat.relay(source, destination, &packet.contents) {
            self.sockets.send(source, destination, &packet.contents);
        }
    }
}
