//! What an encrypted call needs of a far end: its keys, and which connections they are for.

use std::{
    collections::HashMap,
    hash::{BuildHasher, RandomState},
};

use saal_media::{
    encryption::{Keys, Sealer, injected},
    transport::Frame,
};
use saal_media_protocol::{TransportCommand, TransportId};

#[derive(Default)]
pub(super) struct Encryption {
    keys: Keys,
    /// With what the server's own frames end.
    connections: HashMap<TransportId, Vec<u8>>,
}

impl Encryption {
    /// Takes in what is about encryption; true when this room has another key now.
    ///
    /// # Panics
    /// When a service gives a key of no bytes.
    pub(super) fn perform(&mut self, command: &TransportCommand) -> bool {
        match command {
            TransportCommand::Encrypt {
                transport,
                server_trailer,
            } => {
                self.connections.insert(*transport, server_trailer.clone());
            }
            TransportCommand::SetKey { owner, index, key } => {
                let set = self.keys.set(owner.clone(), *index, key.clone());
                set.expect("services check keys");
                return true;
            }
            TransportCommand::ForgetKeys => self.keys.forget(),
            TransportCommand::Close { transport } => {
                self.connections.remove(transport);
            }
            _ => {}
        }
        false
    }

    /// Encrypts a new track; `None` where the connection is a plain one.
    pub(super) fn sealer(&self, transport: TransportId) -> Option<Sealer> {
        let stream = RandomState::new().hash_one(transport.0).to_be_bytes();
        let encrypted = self.connections.contains_key(&transport);
        encrypted.then(|| Sealer::new(self.keys.own(), stream))
    }

    /// Whether a frame of this participant can be played.
    pub(super) fn opens(&mut self, transport: TransportId, owner: &str, frame: &Frame) -> bool {
        let Some(trailer) = self.connections.get(&transport) else {
            return true;
        };
        if injected(&frame.data, trailer).is_some() {
            return false;
        }
        let Frame {
            codec,
            data,
            layers,
            ..
        } = frame;
        self.keys.open(Some(owner), *codec, data, layers).is_ok()
    }
}
