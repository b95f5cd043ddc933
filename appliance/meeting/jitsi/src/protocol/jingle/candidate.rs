//! Candidates (RFC 8839) as Jingle writes them (XEP-0176) and as SDP does.

use saal_media_protocol::Candidate;

use crate::protocol::{ns, xml::Element};

/// Reads a `<candidate/>`; `None` where a part is missing or not what it must be.
pub(crate) fn read(element: &Element) -> Option<Candidate> {
    let word = |name| element.attr(name).filter(|text| is_word(text));
    let number = |name| element.attr(name)?.parse::<u32>().ok();
    let port = u16::try_from(number("port")?).ok()?;
    let mut line = format!(
        "candidate:{} {} {} {} {} {port} typ {}",
        word("foundation")?,
        number("component").unwrap_or(1),
        word("protocol")?.to_ascii_lowercase(),
        number("priority")?,
        word("ip")?,
        word("type")?,
    );
    if let Some((address, port)) = word("rel-addr").zip(number("rel-port")) {
        line.push_str(&format!(" raddr {address} rport {port}"));
    }
    if let Some(kind) = word("tcptype") {
        line.push_str(&format!(" tcptype {kind}"));
    }
    line.push_str(&format!(
        " generation {}",
        number("generation").unwrap_or(0)
    ));
    Some(Candidate {
        candidate: line,
        mid: None,
    })
}

/// Nothing in it can begin another field.
fn is_word(text: &str) -> bool {
    !text.is_empty() && text.len() < 256 && !text.contains(|c: char| c.is_whitespace())
}

/// Writes an engine's candidate; `None` where it is not one.
pub(crate) fn write(candidate: &Candidate, id: &str) -> Option<Element> {
    let line = candidate.candidate.strip_prefix("candidate:")?;
    let fields: Vec<&str> = line.split_whitespace().collect();
    let [
        foundation,
        component,
        protocol,
        priority,
        ip,
        port,
        "typ",
        kind,
        ..,
    ] = fields[..]
    else {
        return None;
    };
    let extra = |name: &str| {
        let pairs = fields[8..].chunks_exact(2);
        pairs
            .filter(|pair| pair[0] == name)
            .map(|pair| pair[1].to_owned())
            .next()
    };
    let element = Element::new("candidate", ns::ICE_UDP)
        .with("id", id)
        .with("foundation", foundation)
        .with("component", component)
        .with("protocol", protocol.to_ascii_lowercase())
        .with("priority", priority)
        .with("ip", ip)
        .with("port", port)
        .with("type", kind)
        .with("generation", "0")
        .with("network", "1")
        .with_some("rel-addr", extra("raddr"))
        .with_some("rel-port", extra("rport"))
        .with_some("tcptype", extra("tcptype"));
    Some(element)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_candidate_survives_both_ways() {
        let line = "candidate:7 1 udp 1685987071 203.0.113.9 40001 typ srflx raddr 10.0.0.4 rport 9 generation 0";
        let candidate = Candidate {
            candidate: line.into(),
            mid: None,
        };
        let element = write(&candidate, "x").unwrap();
        assert_eq!(read(&element), Some(candidate));
    }

    #[test]
    fn what_is_no_candidate_is_left_out() {
        let bad = Element::new("candidate", ns::ICE_UDP)
            .with("ip", "1.2.3.4 typ relay")
            .with("port", "1");
        assert_eq!(read(&bad), None);
        let text = Candidate {
            candidate: "candidate:1 1 udp".into(),
            mid: None,
        };
        assert_eq!(write(&text, "x"), None);
    }
}
