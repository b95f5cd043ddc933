//! Which codec the room's picture goes out in: H.264 where the room's hardware encodes it and
//! everybody decodes it, VP8 otherwise, as web clients choose theirs.

use saal_media_protocol::Codec;

use super::{Conference, ConferenceSetup};
use crate::protocol::{presence::OwnPresence, session::MediaSession};

/// The level of 720p at 30 frames a second (H.264 table A-1).
const LEVEL: u8 = 31;

/// What the room decodes, what it encodes in hardware first: others read their own preference
/// from their own list, but people who look for faults read ours.
fn ranked(decodes: &[Codec], encodes: &[Codec]) -> Vec<Codec> {
    let mut ranked = decodes.to_vec();
    let hardware = encodes.contains(&Codec::H264);
    ranked.sort_by_key(|codec| !(hardware && *codec == Codec::H264));
    ranked
}

/// How the room presents itself at first.
pub(super) fn presence(setup: &ConferenceSetup) -> OwnPresence {
    OwnPresence {
        name: setup.name.clone(),
        codecs: ranked(&setup.codecs, &setup.encodes),
        ..OwnPresence::default()
    }
}

impl Conference {
    /// The engine can encode other codecs now.
    pub(super) fn encodes(&mut self, codecs: Vec<Codec>) {
        self.setup.encodes = codecs;
        let ranked = ranked(&self.setup.codecs, &self.setup.encodes);
        if self.own.codecs != ranked {
            self.own.codecs = ranked;
            self.tell_presence();
        }
    }

    /// Has every session send in the codec that fits who is there now.
    pub(super) fn choose_codec(&mut self) {
        let everybody = self.setup.encodes.contains(&Codec::H264) && self.all_decode("h264");
        let peer = self.peer.as_mut().map(|peer| &mut peer.session);
        for session in self.bridge.iter_mut().chain(peer) {
            let codec = if everybody && takes_h264(session) {
                Codec::H264
            } else {
                Codec::Vp8
            };
            session.use_codec(codec);
        }
    }

    /// Somebody is there, and all have this on their list. Who has no list knows VP8.
    fn all_decode(&self, codec: &str) -> bool {
        let has = |codecs: &[String]| codecs.iter().any(|name| name == codec);
        !self.occupants.is_empty() && self.occupants.values().all(|o| has(&o.codecs))
    }
}

fn takes_h264(session: &MediaSession) -> bool {
    let offered = session.offer.payload_types();
    let levels = offered
        .iter()
        .filter_map(|payload| payload.baseline_level());
    levels.max().is_some_and(|level| level >= LEVEL)
}
