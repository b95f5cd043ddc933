//! Addresses of this machine that come and go in a call.

use std::net::SocketAddr;

use saal_media_protocol::{TransportEvent, TransportState};

use super::{Connection, Fatal, LOOPBACK, addresses};
use crate::transport::{FromTransport, local_address::LocalAddress};

/// The first byte of what is no connectivity check (RFC 7983).
const NOT_STUN: u8 = 20;

impl Connection {
    /// Opens sockets at all addresses that there are; at the loopback address where there are none.
    pub(super) fn settle_in(&mut self) -> Result<(), Fatal> {
        let present = addresses::present();
        if present.is_empty() {
            return self.add_address(LOOPBACK);
        }
        present
            .into_iter()
            .try_for_each(|address| self.add_address(address))
    }

    /// The machine's addresses changed: sockets at those that are new, and no more of those that
    /// are gone. While there is none at all nothing changes: the last ones are likely to come back,
    /// and their sockets then go on as if nothing had been.
    pub(super) fn move_along(&mut self) -> Result<(), Fatal> {
        let present = addresses::present();
        if present.is_empty() {
            return Ok(());
        }
        for address in self.sockets.without(&present) {
            self.add_address(address)?;
        }
        let gone = self.sockets.close_others(&present);
        for base in &gone {
            tracing::info!(%base, "an address of this machine is gone");
            self.nat.drop_base(*base);
            self.change(|peer| peer.link_mut().drop_local(LocalAddress::Host(*base)))?;
            self.drain()?;
        }
        self.say_moved(&gone);
        Ok(())
    }

    /// Notes which address of ours is in use.
    pub(super) fn note_source(&mut self, source: SocketAddr, contents: &[u8]) {
        if contents.first().is_some_and(|first| *first >= NOT_STUN) {
            let before = self.speaks_from.replace(source);
            // ICE calls itself connected again before the new way is in use.
            if before != Some(source) && self.state == TransportState::Connected {
                let transport = self.peer.id();
                let _ = self.events.send(FromTransport::Rerouted { transport });
                self.say_route();
            }
        }
    }

    /// Tells the service which way media take.
    pub(super) fn say_route(&self) {
        if let Some(source) = self.speaks_from {
            let transport = self.peer.id();
            let in_stream = self.nat.is_in_stream(source);
            self.say(TransportEvent::Route {
                transport,
                in_stream,
            });
        }
    }

    /// Tells the service when the address in use is among those that are gone, or is seen elsewhere now.
    pub(super) fn say_moved(&mut self, gone: &[SocketAddr]) {
        if self
            .speaks_from
            .is_some_and(|source| gone.contains(&source))
        {
            self.speaks_from = None;
            self.enter(TransportState::Disconnected);
            let transport = self.peer.id();
            self.say(TransportEvent::Moved { transport });
        }
    }
}
