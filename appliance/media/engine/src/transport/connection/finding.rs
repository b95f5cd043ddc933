//! What servers for connectivity gave, and streams to where the other side waits for them.

use std::time::Instant;

use str0m::net::Protocol;

use super::{Connection, Fatal};
use crate::transport::{
    description,
    local_address::LocalAddress,
    nat::{Found, Open},
    sockets::Datagram,
};

impl Connection {
    pub(super) fn take(&mut self, found: Found) -> Result<(), Fatal> {
        match found {
            Found::Server(address) => self.nat.add_server(Instant::now(), address),
            Found::Relayed {
                relayed,
                local,
                way,
                outlet,
            } => {
                self.nat.add_relay(relayed, way, outlet);
                let at = relayed;
                self.add_local(LocalAddress::Relayed { at, local, way })?;
            }
            Found::Lost { relayed } => {
                let gone = LocalAddress::relayed(relayed);
                self.nat.drop_relay(relayed);
                self.change(|peer| peer.link_mut().drop_local(gone))?;
                self.say_moved(&[relayed]);
            }
            Found::Datagram {
                relayed,
                peer,
                data,
            } => {
                let datagram = Datagram {
                    length: data.len(),
                    source: peer,
                    destination: relayed,
                    protocol: Protocol::Udp,
                };
                self.receive(datagram, &data)?;
            }
            Found::Connected {
                number,
                local,
                outlet,
            } => {
                if let Some(open) = self.nat.streams.opened(number, local, outlet) {
                    self.use_stream(open)?;
                }
            }
            Found::Closed { number } => {
                if let Some(open) = self.nat.streams.closed(number) {
                    self.drop_stream(open)?;
                    self.say_moved(&[open.local]);
                }
            }
            Found::Packet { number, data } => self.take_packet(number, &data)?,
        }
        Ok(())
    }

    /// The other side is not told: it waits, and sees by our first check who came. What we are told of such addresses of its own is
    /// of no use to us either (RFC 6544 section 4.5 has them without a port).
    fn use_stream(&mut self, open: Open) -> Result<(), Fatal> {
        tracing::info!(local = %open.local, listener = ?open.listener, "a way over TCP");
        let address = LocalAddress::of_stream(open);
        self.change(|peer| peer.link_mut().add_local(address))?;
        self.drain().map(drop)
    }

    fn drop_stream(&mut self, open: Open) -> Result<(), Fatal> {
        let gone = LocalAddress::of_stream(open);
        self.change(|peer| peer.link_mut().drop_local(gone))?;
        self.drain().map(drop)
    }

    fn take_packet(&mut self, number: u64, data: &[u8]) -> Result<(), Fatal> {
        let Some(open) = self.nat.streams.get(number) else {
            return Ok(());
        };
        let packet = Datagram {
            length: data.len(),
            source: open.listener.at,
            destination: open.local,
            protocol: open.listener.protocol,
        };
        self.receive(packet, data)
    }

    /// Connects to where a description says that the other side waits, and to nowhere that its last one said where it is another side
    /// since.
    pub(super) fn reach_all(&mut self, sdp: &str) -> Result<(), Fatal> {
        if let Some(ufrag) = description::ufrag(sdp) {
            for open in self.nat.streams.belong_to(ufrag) {
                self.drop_stream(open)?;
            }
        }
        for listener in description::listeners(sdp) {
            self.nat.reach(listener);
        }
        Ok(())
    }
}
