//! What we read in the other side's descriptions beside what str0m does with them (RFC 8866).

use std::net::IpAddr;

use saal_media_protocol::RemoteTrack;
use str0m::Candidate;

use super::nat::Listener;

/// The tracks that a description sends to us, in its order.
pub(super) fn tracks(sdp: &str) -> Vec<RemoteTrack> {
    sections(sdp).filter_map(track).collect()
}

/// Whether one of its candidates is on this very machine.
pub(super) fn has_loopback_candidate(sdp: &str) -> bool {
    candidates(sdp).any(is_loopback)
}

/// Its candidates, as they are told alone.
fn candidates(sdp: &str) -> impl Iterator<Item = &str> {
    let lines = sdp.lines().map(str::trim_end);
    lines
        .filter_map(|line| line.strip_prefix("a="))
        .filter(|line| line.starts_with("candidate:"))
}

/// What the other side calls itself (RFC 8839 section 5.4); another name is said with new passwords alone.
pub(super) fn ufrag(sdp: &str) -> Option<&str> {
    let mut lines = sdp.lines().map(str::trim_end);
    lines.find_map(|line| line.strip_prefix("a=ice-ufrag:"))
}

/// Where it waits for connections over TCP.
pub(super) fn listeners(sdp: &str) -> Vec<Listener> {
    candidates(sdp).filter_map(listener).collect()
}

/// The same of a candidate alone. One for RTCP is none for us (RFC 8839 section 5.1: the second field).
pub(super) fn listener(candidate: &str) -> Option<Listener> {
    let component = candidate.split_whitespace().nth(1)?;
    let read = Candidate::from_sdp_string(candidate).ok()?;
    Listener::of(&read).filter(|_| component == "1")
}

/// Whether a candidate's address, the fifth field (RFC 8839), is a loopback address.
pub(super) fn is_loopback(candidate: &str) -> bool {
    let address = candidate
        .split_whitespace()
        .nth(4)
        .and_then(|a| a.parse::<IpAddr>().ok());
    address.is_some_and(|address| address.is_loopback())
}

/// The media sections, each from its `m=` line.
fn sections(sdp: &str) -> impl Iterator<Item = Vec<&str>> {
    let mut all: Vec<Vec<&str>> = Vec::new();
    for line in sdp.lines().map(str::trim_end) {
        match all.last_mut() {
            _ if line.starts_with("m=") => all.push(vec![line]),
            Some(section) => section.push(line),
            None => {}
        }
    }
    all.into_iter()
}

fn track(section: Vec<&str>) -> Option<RemoteTrack> {
    let media = section.first()?.strip_prefix("m=")?;
    let mut fields = media.split(' ');
    let kind = fields.next()?;
    // Port 0 rejects a section (RFC 8829); its mid may come back for another track.
    let gone = fields.next()? == "0" && !section.contains(&"a=bundle-only");
    let sends = !section.contains(&"a=inactive") && !section.contains(&"a=recvonly");
    let attribute = |name| section.iter().find_map(move |line| line.strip_prefix(name));
    let mid = attribute("a=mid:")?;
    if gone || !sends || !matches!(kind, "audio" | "video") {
        return None;
    }
    let (stream, track) = attribute("a=msid:")
        .or_else(|| ssrc_msid(&section))?
        .split_once(' ')?;
    Some(RemoteTrack {
        mid: mid.to_owned(),
        stream: stream.to_owned(),
        track: track.to_owned(),
        picture: kind == "video",
    })
}

/// The older place of the same thing: `a=ssrc:1 msid:stream track`.
fn ssrc_msid<'a>(section: &[&'a str]) -> Option<&'a str> {
    section
        .iter()
        .find_map(|line| Some(line.strip_prefix("a=ssrc:")?.split_once(" msid:")?.1))
}

#[cfg(test)]
mod tests {
    use super::*;

    const OFFER: &str = "v=0\r\no=- 1 2 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0 1 2\r\n\
        m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\na=mid:0\r\n\
        m=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=mid:1\r\na=sendonly\r\na=msid:PA_a TR_mic\r\n\
        m=video 9 UDP/TLS/RTP/SAVPF 96\r\na=mid:2\r\na=sendrecv\r\na=ssrc:7 cname:x\r\na=ssrc:7 msid:PA_a TR_cam\r\n\
        m=video 9 UDP/TLS/RTP/SAVPF 96\r\na=mid:3\r\na=inactive\r\na=msid:PA_b TR_gone\r\n\
        m=video 0 UDP/TLS/RTP/SAVPF 96\r\na=mid:4\r\na=sendonly\r\na=msid:PA_b TR_rejected\r\n\
        a=candidate:1 1 udp 2130706431 127.0.0.1 7882 typ host\r\n";

    #[test]
    fn names_the_tracks_that_are_sent_to_us() {
        let found: Vec<_> = tracks(OFFER)
            .into_iter()
            .map(|t| (t.mid, t.stream, t.track))
            .collect();
        let own = |mid: &str, track: &str| (mid.to_owned(), "PA_a".to_owned(), track.to_owned());
        assert_eq!(found, [own("1", "TR_mic"), own("2", "TR_cam")]);
    }

    #[test]
    fn nonsense_has_no_tracks() {
        for sdp in [
            "",
            "m=",
            "m=video",
            "a=mid:0\nm=video 9\na=msid:x",
            "\u{0}\r\nm=audio 9 x\r\na=mid:",
        ] {
            assert_eq!(tracks(sdp), [], "{sdp:?}");
        }
    }

    #[test]
    fn knows_where_the_other_side_waits() {
        let sdp = format!(
            "a=ice-ufrag:abcd\r\n{OFFER}\
             a=candidate:2 1 tcp 1671430143 192.0.2.1 7881 typ host tcptype passive\r\n\
             a=candidate:2 2 tcp 1671430142 192.0.2.1 7881 typ host tcptype passive\r\n\
             a=candidate:3 1 tcp 1671430143 192.0.2.1 9 typ host tcptype active\r\n\
             a=candidate:4 1 tcp x\r\n"
        );
        assert_eq!(ufrag(&sdp), Some("abcd"));
        let at: Vec<_> = listeners(&sdp).iter().map(|l| l.at.to_string()).collect();
        assert_eq!(at, ["192.0.2.1:7881"]);
        assert_eq!((ufrag(OFFER), listeners(OFFER)), (None, vec![]));
    }

    #[test]
    fn knows_candidates_of_this_machine() {
        assert!(has_loopback_candidate(OFFER));
        assert!(is_loopback("candidate:1 1 udp 1 ::1 7882 typ host"));
        assert!(!is_loopback("candidate:1 1 udp 1 192.0.2.1 7882 typ host"));
        assert!(!is_loopback("candidate:"));
    }
}
