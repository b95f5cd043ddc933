//! What meeting services ask for: connections and their tracks.

use saal_media_protocol::{
    Declared, IceServer, MediaEvent, SourceKind, TransportCommand, TransportEvent, TransportId,
    VideoSend,
};

use super::Engine;
use crate::{
    graph::TrackKey,
    transport::{ToTransport, Transport, sendable},
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
                let order = ToTransport::Publish {
                    track: track.clone(),
                    source,
                    video: video.clone(),
                };
                self.publish(TrackKey { transport, track }, source, video, false, order);
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
                if let Some(open) = self.transports.get(&transport) {
                    open.order(ToTransport::Forget { track: key.track });
                }
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
        match command {
            TransportCommand::Open {
                transport,
                role,
                ice_servers,
            } => {
                servers_unused(transport, &ice_servers);
                let started = self.graph.started();
                let opened = Transport::open(transport, role, started, self.network.clone());
                self.transports.insert(transport, opened);
            }
            TransportCommand::OpenDeclared {
                transport,
                declared,
            } => {
                servers_unused(transport, &declared.ice_servers);
                self.open_declared(transport, &declared);
            }
            declared => self.declared(declared),
        }
    }

    fn open_declared(&mut self, transport: TransportId, declared: &Declared) {
        let started = self.graph.started();
        match Transport::open_declared(transport, declared, started, self.network.clone()) {
            Ok(opened) => drop(self.transports.insert(transport, opened)),
            Err(refusal) => self.refuse(transport, refusal.to_string()),
        }
    }

    /// Carries out a command that only connections with declared streams take.
    fn declared(&mut self, command: TransportCommand) {
        match command {
            TransportCommand::Connect { transport, remote } => {
                self.order(transport, ToTransport::Connect(remote));
            }
            TransportCommand::Receive {
                transport,
                track,
                stream,
                picture,
            } => {
                let order = ToTransport::Receive {
                    track,
                    stream,
                    picture,
                };
                self.order(transport, order);
            }
            TransportCommand::Send {
                transport,
                track,
                source,
                video,
                streams,
            } => {
                let order = ToTransport::Send {
                    track: track.clone(),
                    source,
                    video: video.clone(),
                    streams,
                };
                // Bridges choose among temporal layers of what is declared to them.
                self.publish(TrackKey { transport, track }, source, video, true, order);
            }
            TransportCommand::ChannelSend { transport, text } => {
                self.order(transport, ToTransport::ChannelSend { text });
            }
            // All others are carried out before.
            _ => {}
        }
    }

    fn publish(
        &mut self,
        key: TrackKey,
        source: SourceKind,
        video: Option<VideoSend>,
        temporal: bool,
        order: ToTransport,
    ) {
        let transport = key.transport;
        if let Err(refusal) = sendable(source, video.as_ref()) {
            return self.refuse(transport, refusal.to_string());
        }
        if let Some(open) = self.transports.get(&transport) {
            self.sending
                .add(key, source, video, temporal, open.frames());
        }
        self.order(transport, order);
    }

    fn order(&self, transport: TransportId, order: ToTransport) {
        match self.transports.get(&transport) {
            Some(open) => open.order(order),
            None => {
                self.refuse(transport, format!("transport {} is not open", transport.0));
            }
        }
    }

    fn refuse(&self, transport: TransportId, reason: String) {
        self.say(MediaEvent::Transport(TransportEvent::Refused {
            transport,
            reason,
        }));
    }
}

fn servers_unused(transport: TransportId, servers: &[IceServer]) {
    if !servers.is_empty() {
        tracing::info!(
            transport = transport.0,
            "STUN and TURN servers are not used yet"
        );
    }
}
