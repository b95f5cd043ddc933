//! What meeting services ask for: connections and their tracks.

use saal_media_protocol::{
    MediaEvent, SourceKind, TransportCommand, TransportEvent, TransportId, VideoSend,
};

use super::{Engine, sending::Outlet};
use crate::{
    graph::TrackKey,
    transport::{Reach, ToTransport, Transport, probe, sendable},
};

impl Engine {
    /// Carries out a meeting service's command; the caller reconciles the graph.
    pub(super) fn transport(&mut self, command: TransportCommand) {
        let command = match command {
            TransportCommand::SetKey { owner, index, key } => {
                return self.set_key(owner, index, key);
            }
            TransportCommand::ForgetKeys => return self.forget_keys(),
            command => command,
        };
        if let Err((transport, reason)) = self.follow(&command) {
            return self.refuse(transport, reason);
        }
        if let Some((transport, order)) = ToTransport::from_command(command) {
            self.order(transport, order);
        }
    }

    /// What a command means for the engine's own parts; where it can't be, nothing is ordered.
    fn follow(&mut self, command: &TransportCommand) -> Result<(), (TransportId, String)> {
        let key = |transport: &TransportId, track: &String| TrackKey {
            transport: *transport,
            track: track.clone(),
        };
        match command {
            TransportCommand::Publish {
                transport,
                track,
                source,
                video,
            } => self.publish(key(transport, track), *source, video.clone(), false)?,
            // Bridges choose among temporal layers of what is declared to them.
            TransportCommand::Send {
                transport,
                track,
                source,
                video,
                ..
            } => self.publish(key(transport, track), *source, video.clone(), true)?,
            TransportCommand::Unpublish { transport, track } => {
                self.sending.remove(&key(transport, track));
            }
            TransportCommand::SetActiveLayers {
                transport,
                track,
                active,
            } => self
                .sending
                .set_active(&key(transport, track), active.clone()),
            TransportCommand::Assign {
                transport,
                track,
                participant,
                source,
            } => self.assign(&key(transport, track), participant, *source),
            TransportCommand::Unassign { transport, track } => {
                self.unassign(&key(transport, track));
            }
            opens => self.open_or_close(opens)?,
        }
        Ok(())
    }

    fn open_or_close(&mut self, command: &TransportCommand) -> Result<(), (TransportId, String)> {
        let started = self.graph.started();
        match command {
            TransportCommand::Open {
                transport,
                role,
                ice_servers,
            } => {
                let (network, proxy) = (self.network.clone(), self.proxy.as_ref());
                let servers = ice_servers;
                let reach = Reach { servers, proxy };
                let opened = Transport::open(*transport, *role, reach, started, network);
                self.transports.insert(*transport, opened);
            }
            TransportCommand::OpenDeclared {
                transport,
                declared,
            } => {
                let (network, proxy) = (self.network.clone(), self.proxy.as_ref());
                let opened =
                    Transport::open_declared(*transport, declared, proxy, started, network);
                let opened = opened.map_err(|refusal| (*transport, refusal.to_string()))?;
                self.transports.insert(*transport, opened);
            }
            TransportCommand::Probe {
                transport,
                ice_servers,
            } => {
                let (network, proxy) = (self.network.clone(), self.proxy.as_ref());
                probe(*transport, ice_servers, proxy, network);
            }
            TransportCommand::Close { transport } => {
                self.sending.close(*transport);
                self.receiving.close(*transport, self.devices.sound());
                self.transports.remove(transport);
                self.encryption.close(*transport);
                self.connections.remove(transport);
            }
            TransportCommand::Encrypt {
                transport,
                server_trailer,
            } => self.encrypt(*transport, server_trailer)?,
            // Orders to the connection alone.
            _ => {}
        }
        Ok(())
    }

    fn publish(
        &mut self,
        key: TrackKey,
        source: SourceKind,
        video: Option<VideoSend>,
        temporal: bool,
    ) -> Result<(), (TransportId, String)> {
        let transport = key.transport;
        sendable(source, video.as_ref(), &self.sending.codecs())
            .map_err(|refusal| (transport, refusal.to_string()))?;
        if let Some(open) = self.transports.get(&transport) {
            let outlet = Outlet::new(open.frames(), self.encryption.own(transport));
            self.sending.add(key, source, video, temporal, outlet);
        }
        Ok(())
    }

    fn order(&self, transport: TransportId, order: ToTransport) {
        match self.transports.get(&transport) {
            Some(open) => open.order(order),
            // What is gone has nothing to forget.
            None if matches!(order, ToTransport::Forget { .. }) => {}
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
