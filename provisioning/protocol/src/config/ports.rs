//! What of a room the network may reach: what its configuration opens, and nothing else.

use std::{fmt, ops::RangeInclusive};

use super::Config;

/// What a port is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Protocol {
    /// Pages and what they load.
    Tcp,
    /// Pictures.
    Udp,
}

/// Ports that others may reach; as text what nftables takes: `tcp 8443`, `udp 1024-65535`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenPorts {
    /// Of what.
    pub protocol: Protocol,
    /// Which.
    pub ports: RangeInclusive<u16>,
}

impl fmt::Display for OpenPorts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let protocol = match self.protocol {
            Protocol::Tcp => "tcp",
            Protocol::Udp => "udp",
        };
        let (first, last) = (self.ports.start(), self.ports.end());
        match first == last {
            true => write!(f, "{protocol} {first}"),
            false => write!(f, "{protocol} {first}-{last}"),
        }
    }
}

impl Config {
    /// What a firewall of the room has to let in. A port 0 is one that nobody knows beforehand, and stays shut.
    #[must_use]
    pub fn open_ports(&self) -> Vec<OpenPorts> {
        let web = Some(self.web.listen);
        let browsers = self.browsers.as_ref().map(|browsers| browsers.listen);
        let listening = [web, browsers].into_iter().flatten();
        let reached = listening
            .map(super::Listen::address)
            .filter(|address| !address.ip().is_loopback() && address.port() != 0);
        let mut open: Vec<OpenPorts> = reached
            .map(|address| OpenPorts {
                protocol: Protocol::Tcp,
                ports: address.port()..=address.port(),
            })
            .collect();
        if self.browsers.is_some() {
            // A laptop's or onlooker's pictures come to a port that the kernel chooses (docs/configuration.md).
            open.push(OpenPorts {
                protocol: Protocol::Udp,
                ports: 1024..=u16::MAX,
            });
        }
        open
    }
}

#[cfg(test)]
mod tests {
    use crate::config::parse;

    fn open(sections: &str) -> Vec<String> {
        let text = format!(
            "version = 1\n[room]\nname = \"Lahn\"\ntime_zone = \"Etc/UTC\"\n\
             [[meetings]]\ntitle = \"Daily\"\nlink = \"https://meet.example.org/daily\"\n{sections}"
        );
        let config = parse(&text).unwrap();
        config
            .open_ports()
            .iter()
            .map(ToString::to_string)
            .collect()
    }

    #[test]
    fn a_room_opens_nothing_by_itself() {
        assert_eq!(open(""), [""; 0]);
        assert_eq!(open("[web]\nlisten = \"[::1]:80\"\n"), [""; 0]);
    }

    #[test]
    fn what_the_configuration_lets_in_is_open() {
        let web = "[web]\nlisten = \"0.0.0.0:8480\"\ntoken_file = \"token\"\n";
        assert_eq!(open(web), ["tcp 8480"]);
        let browsers = "[browsers]\nlisten = \"[::]:8443\"\n";
        assert_eq!(open(browsers), ["tcp 8443", "udp 1024-65535"]);
    }
}
