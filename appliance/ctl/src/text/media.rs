//! Figures of a call.

use saal_media_protocol::{
    CandidateProtocol, ConnectionStats, MediaStats, ReceivedVideo, RelayProtocol,
};

use super::{line, plain};

/// What the engine sends, shows and plays, and over which connections.
pub(super) fn media(stats: &MediaStats) -> String {
    let mut text = String::new();
    for sent in &stats.sent_video {
        let (source, encoder) = (format!("{:?}", sent.source).to_lowercase(), &sent.encoder);
        let frames = sent.frames_encoded;
        text += &line(
            "Sends",
            &format!("{source}, {frames} pictures by {}", plain(encoder)),
        );
    }
    for received in &stats.received_video {
        let (width, height) = (received.width, received.height);
        let (who, frames) = (plain(&received.participant), received.frames_decoded);
        text += &line(
            "Receives",
            &format!(
                "{width}x{height}, {frames} pictures of {who}{}{}",
                held(
                    received.jitter_buffer_delay_ms,
                    received.jitter_buffer_emitted_count
                ),
                stood(received)
            ),
        );
    }
    for heard in &stats.received_audio {
        let (who, level) = (plain(&heard.participant), heard.level_dbfs);
        let held = held(
            heard.jitter_buffer_delay_ms,
            heard.jitter_buffer_emitted_count,
        );
        text += &line("Hears", &format!("{level:.0} dBFS of {who}{held}"));
    }
    for connection in &stats.connections {
        text += &line("Connection", &network(connection));
    }
    if stats.undecryptable > 0 {
        let frames = format!("{} frames that can't be decrypted", stats.undecryptable);
        text += &line("Dropped", &frames);
    }
    text
}

/// How long what is received waits to be played, on average.
fn held(delay_ms: u64, count: u64) -> String {
    delay_ms
        .checked_div(count)
        .map_or_else(String::new, |each| format!(", held for {each} ms each"))
}

/// Where a picture stood still: how often and how long.
fn stood(received: &ReceivedVideo) -> String {
    if received.too_large {
        return ", more pixels than the room decodes".to_owned();
    }
    match received.freeze_count {
        0 => String::new(),
        count => {
            let seconds = received.total_freezes_duration_ms as f64 / 1e3;
            format!(", stood still {count} times, {seconds:.1} s")
        }
    }
}

/// What a connection's network is like, at worst.
fn network(connection: &ConnectionStats) -> String {
    let lost = |outbound| {
        let streams = connection.streams.iter().filter(|s| s.outbound == outbound);
        streams.filter_map(|s| s.fraction_lost).reduce(f64::max)
    };
    let parts = [
        connection
            .protocol
            .map(|protocol| way(protocol, connection.relay_protocol).to_owned()),
        connection
            .current_round_trip_time_ms
            .map(|ms| format!("{ms:.0} ms there and back")),
        connection.available_outgoing_bitrate.map(|rate| {
            let rate = rate as f64 / 1e6;
            format!("carries {rate:.1} Mbit/s")
        }),
        lost(true).map(|part| format!("{:.1} % of what is sent is lost", part * 100.0)),
        lost(false).map(|part| format!("{:.1} % of what comes is lost", part * 100.0)),
    ];
    let parts: Vec<_> = parts.into_iter().flatten().collect();
    if parts.is_empty() {
        return "nothing measured yet".to_owned();
    }
    parts.join(", ")
}

/// How packets travel.
fn way(protocol: CandidateProtocol, relay: Option<RelayProtocol>) -> &'static str {
    match (relay, protocol) {
        (Some(RelayProtocol::Udp), _) => "by a relay over UDP",
        (Some(RelayProtocol::Tcp), _) => "by a relay over TCP",
        (Some(RelayProtocol::Tls), _) => "by a relay over TLS",
        (None, CandidateProtocol::Udp) => "UDP",
        (None, CandidateProtocol::Tcp) => "TCP",
    }
}
