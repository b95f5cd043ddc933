//! What meeting services ask for: connections and their tracks.

use saal_media_protocol::{
    MediaEvent, SourceKind, TransportCommand, TransportEvent, TransportId, VideoSend,
};

use super::Engine;
use crate::{
    graph::TrackKey,
    transport::{ToTransport, Transport},
};

impl Engine {
    /// Carries out a meeting service's command; the caller reconciles the graph.
    pub(super) fn transport(&mut self, command: TransportCommand) {
        match command {
            TransportCommand::Describe {
                transport,
                kind,
                sdp,
            } => {
                self.order(transport, ToTransport::Describe { kind, sdp });
            }
            TransportCommand::AddCandidate {
                transport,
                candidate,
            } => {
                self.order(transport, ToTransport::AddCandidate(candidate));
            }
            TransportCommand::Publish {
                transport,
                track,
                source,
                video,
            } => {
                self.publish(transport, track, source, video);
            }
            TransportCommand::SetActiveLayers {
                transport,
                track,
                active,
            } => {
                self.sending
                    .set_active(&TrackKey { transport, track }, active);
            }
            TransportCommand::Assign {
                transport,
                track,
                participant,
                source,
            } => {
                let key = TrackKey { transport, track };
                if let Some(event) = self.receiving.assign(&key, participant, source) {
                    self.say(event);
                }
            }
            ends => self.end(ends),
        }
    }

    fn end(&mut self, command: TransportCommand) {
        match command {
            TransportCommand::Unpublish { transport, track } => {
                let key = TrackKey { transport, track };
                self.sending.remove(&key);
                self.order(transport, ToTransport::Unpublish { track: key.track });
            }
            TransportCommand::Unassign { transport, track } => {
                let key = TrackKey { transport, track };
                self.receiving.unassign(&key, self.devices.sound());
            }
            TransportCommand::Close { transport } => {
                self.sending.close(transport);
                self.receiving.close(transport, self.devices.sound());
                self.transports.remove(&transport);
            }
            begins => self.begin(begins),
        }
    }

    fn begin(&mut self, command: TransportCommand) {
        let TransportCommand::Open {
            transport,
            role,
            ice_servers,
        } = command
        else {
            return;
        };
        if !ice_servers.is_empty() {
            tracing::info!(
                transport = transport.0,
                "STUN and TURN servers are not used yet"
            );
        }
        let started = self.graph.started();
        let opened = Transport::open(transport, role, started, self.network.clone());
        self.transports.insert(transport, opened);
    }

    fn publish(
        &mut self,
        transport: TransportId,
        track: String,
        source: SourceKind,
        video: Option<VideoSend>,
    ) {
        if let Some(open) = self.transports.get(&transport) {
            let key = TrackKey {
                transport,
                track: track.clone(),
            };
            self.sending.add(key, source, video.clone(), open.frames());
        }
        self.order(
            transport,
            ToTransport::Publish {
                track,
                source,
                video,
            },
        );
    }

    fn order(&self, transport: TransportId, order: ToTransport) {
        match self.transports.get(&transport) {
            Some(open) => open.order(order),
            None => {
                let reason = format!("transport {} is not open", transport.0);
                self.say(MediaEvent::Transport(TransportEvent::Refused {
                    transport,
                    reason,
                }));
            }
        }
    }
}
