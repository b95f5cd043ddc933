//! IPv4 packets (RFC 791) with UDP (RFC 768), as far as a line looks into them.

/// UDP in the protocol field.
const UDP: u8 = 17;
/// Without options.
const SHORTEST: usize = 20;

/// Which end of a datagram.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Port {
    Source,
    Destination,
}

/// Whether it is a whole datagram of UDP.
pub(crate) fn is_datagram(packet: &[u8]) -> bool {
    udp(packet).is_some()
}

/// Where UDP begins.
fn udp(packet: &[u8]) -> Option<usize> {
    let first = *packet.first()?;
    let header = usize::from(first & 0x0f) * 4;
    let whole = header >= SHORTEST && packet.len() >= header + 8;
    (first >> 4 == 4 && whole && packet[9] == UDP).then_some(header)
}

/// Moves a port, as an address translation does; what is no datagram stays as it is. The checksum is left out, which UDP
/// allows over IPv4.
pub(crate) fn move_port(packet: &mut [u8], which: Port, by: u16) {
    let Some(udp) = udp(packet) else { return };
    let at = match which {
        Port::Source => udp,
        Port::Destination => udp + 2,
    };
    let port = u16::from_be_bytes([packet[at], packet[at + 1]]).wrapping_add(by);
    packet[at..at + 2].copy_from_slice(&port.to_be_bytes());
    packet[udp + 6..udp + 8].fill(0);
}

#[cfg(test)]
mod tests {
    use super::*;

    /// From port 40,000 to 7,882, one byte.
    fn datagram() -> Vec<u8> {
        let mut packet = vec![0; 29];
        (packet[0], packet[9]) = (0x45, UDP);
        packet[20..22].copy_from_slice(&40_000_u16.to_be_bytes());
        packet[22..24].copy_from_slice(&7_882_u16.to_be_bytes());
        packet[26..28].copy_from_slice(&[1, 2]);
        packet
    }

    fn ports(packet: &[u8]) -> [u16; 2] {
        [20, 22].map(|at| u16::from_be_bytes([packet[at], packet[at + 1]]))
    }

    #[test]
    fn datagrams_are_known_by_their_headers() {
        assert!(is_datagram(&datagram()));
        for (at, other) in [(0, 0x65), (0, 0x44), (9, 6)] {
            let mut packet = datagram();
            packet[at] = other;
            assert!(!is_datagram(&packet), "{at}: {other:#x}");
        }
        assert!((0..28).all(|length| !is_datagram(&datagram()[..length])));
    }

    #[test]
    fn ports_move_there_and_back_without_a_checksum() {
        let mut packet = datagram();
        move_port(&mut packet, Port::Source, 500);
        move_port(&mut packet, Port::Destination, 0_u16.wrapping_sub(82));
        assert_eq!(
            (ports(&packet), &packet[26..28]),
            ([40_500, 7_800], &[0, 0][..])
        );
        let mut stream = datagram();
        stream[9] = 6;
        let before = stream.clone();
        move_port(&mut stream, Port::Source, 500);
        assert_eq!(stream, before);
    }
}
