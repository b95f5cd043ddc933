//! A connection's statistics: what str0m counts, in the terms of webrtc-stats.

use std::time::{Duration, Instant};

use saal_media_protocol::{CandidateProtocol, ConnectionStats, StreamStats, TransportId};
use str0m::{
    Event,
    net::Protocol,
    stats::{MediaEgressStats, MediaIngressStats, PeerStats},
};

use super::nat::Nat;

/// As often as the engine reports; str0m is asked more often, for its estimate.
const EVERY: Duration = Duration::from_secs(1);

/// What was counted last.
#[derive(Debug, Default)]
pub(super) struct Statistics {
    streams: Vec<StreamStats>,
    told: Option<Instant>,
}

impl Statistics {
    /// Takes in an event; gives the whole once a second. Streams are those of the look before,
    /// since they are told after the connection's own figures.
    pub(super) fn understand(
        &mut self,
        transport: TransportId,
        nat: &Nat,
        event: &Event,
    ) -> Option<ConnectionStats> {
        match event {
            Event::MediaIngressStats(stats) => self.streams.push(inbound(stats)),
            Event::MediaEgressStats(stats) => self.streams.push(outbound(stats)),
            Event::PeerStats(stats) => {
                let mut streams = std::mem::take(&mut self.streams);
                if self.told.is_some_and(|told| stats.timestamp < told + EVERY) {
                    return None;
                }
                self.told = Some(stats.timestamp);
                streams.sort_by(|a, b| {
                    (a.outbound, &a.mid, &a.rid).cmp(&(b.outbound, &b.mid, &b.rid))
                });
                return Some(connection(transport, nat, stats, streams));
            }
            _ => {}
        }
        None
    }
}

fn connection(
    transport: TransportId,
    nat: &Nat,
    stats: &PeerStats,
    streams: Vec<StreamStats>,
) -> ConnectionStats {
    let pair = stats.selected_candidate_pair.as_ref();
    let round_trip = pair
        .and_then(|pair| pair.current_round_trip_time)
        .or(stats.rtt);
    ConnectionStats {
        transport,
        current_round_trip_time_ms: round_trip.map(|time| time.as_secs_f64() * 1e3),
        available_outgoing_bitrate: stats.bwe_tx.map(|rate| rate.as_u64()),
        protocol: pair.map(|pair| protocol(pair.protocol)),
        relay_protocol: pair.and_then(|pair| nat.relay_protocol(pair.local.addr)),
        bytes_sent: stats.peer_bytes_tx,
        bytes_received: stats.peer_bytes_rx,
        streams,
    }
}

fn protocol(protocol: Protocol) -> CandidateProtocol {
    match protocol {
        Protocol::Udp => CandidateProtocol::Udp,
        Protocol::Tcp | Protocol::SslTcp | Protocol::Tls => CandidateProtocol::Tcp,
    }
}

fn inbound(stats: &MediaIngressStats) -> StreamStats {
    StreamStats {
        mid: stats.mid.to_string(),
        rid: stats.rid.map(|rid| rid.to_string()),
        outbound: false,
        packets: stats.packets,
        bytes: stats.bytes,
        fraction_lost: stats.loss.map(f64::from),
        nack_count: stats.nacks,
        pli_count: stats.plis,
    }
}

fn outbound(stats: &MediaEgressStats) -> StreamStats {
    StreamStats {
        mid: stats.mid.to_string(),
        rid: stats.rid.map(|rid| rid.to_string()),
        outbound: true,
        packets: stats.packets,
        bytes: stats.bytes,
        fraction_lost: stats.loss.map(f64::from),
        nack_count: stats.nacks,
        pli_count: stats.plis,
    }
}
