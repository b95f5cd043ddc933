//! What a DHCP server said: systemd-networkd keeps it in a file for each interface, `OPTION_224` with the bytes in hexadecimal.

use std::path::Path;

use saal_fleet_protocol::fleet::discovery::DHCP_OPTION;

use crate::settings::Server;

/// Larger is none of networkd's.
const LARGEST: u64 = 64 * 1024;

/// What counts of a lease.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Lease {
    pub(super) server: Option<Server>,
    /// Of the network.
    pub(super) domains: Vec<String>,
}

/// Of all interfaces; none where networkd does not run.
pub(super) async fn read(folder: &Path) -> Vec<Lease> {
    let mut leases = Vec::new();
    let Ok(mut files) = tokio::fs::read_dir(folder).await else {
        return Vec::new();
    };
    while let Ok(Some(file)) = files.next_entry().await {
        let short = file.metadata().await.is_ok_and(|m| m.len() <= LARGEST);
        if short && let Ok(text) = tokio::fs::read_to_string(file.path()).await {
            leases.push((file.file_name(), parse(&text)));
        }
    }
    // The order of a folder is nobody's word.
    leases.sort_by(|(one, _), (other, _)| one.cmp(other));
    leases.into_iter().map(|(_, lease)| lease).collect()
}

fn parse(text: &str) -> Lease {
    let option = format!("OPTION_{DHCP_OPTION}");
    let mut lease = Lease::default();
    for (key, value) in text.lines().filter_map(|line| line.split_once('=')) {
        match key {
            _ if key == option => match server(value) {
                Ok(server) => lease.server = Some(server),
                Err(problem) => tracing::warn!(problem, "DHCP option {DHCP_OPTION}"),
            },
            "DOMAINNAME" | "DOMAIN_SEARCH_LIST" => {
                let names = value.split_ascii_whitespace().map(str::to_owned);
                lease.domains.extend(names);
            }
            _ => {}
        }
    }
    lease
}

/// DHCP servers may end a text with a zero (RFC 2132, section 2).
fn server(hexadecimal: &str) -> Result<Server, String> {
    let digit = |byte: u8| {
        char::from(byte)
            .to_digit(16)
            .and_then(|d| u8::try_from(d).ok())
    };
    let bytes = hexadecimal.as_bytes().chunks(2).map(|pair| match pair {
        [high, low] => Some((digit(*high)? << 4) | digit(*low)?),
        _ => None,
    });
    let bytes: Option<Vec<u8>> = bytes.collect();
    let text = bytes.and_then(|bytes| String::from_utf8(bytes).ok());
    let text = text.ok_or_else(|| format!("\"{hexadecimal}\" is no text"))?;
    let url = url::Url::parse(text.trim_matches(['\0', '\n', ' ']));
    url.map_err(|e| format!("{text:?}: {e}"))?.try_into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hexadecimal(text: &str) -> String {
        text.bytes().map(|byte| format!("{byte:02x}")).collect()
    }

    #[test]
    fn the_option_names_the_server_and_the_lease_the_domains() {
        let text = format!(
            "# This is private data. Do not parse.\nADDRESS=10.9.0.7\nDOMAINNAME=rooms.example.org\n\
             DOMAIN_SEARCH_LIST=example.org example.net\nOPTION_224={}\nOPTION_252=00\n",
            hexadecimal("https://fleet.example.org:8443\0")
        );
        let lease = parse(&text);
        assert_eq!(
            lease.server.unwrap().url().as_str(),
            "https://fleet.example.org:8443/"
        );
        assert_eq!(
            lease.domains,
            ["rooms.example.org", "example.org", "example.net"]
        );
    }

    #[test]
    fn what_is_no_server_is_none() {
        for bad in ["", "0", "zz", "ff", &hexadecimal("fleet.example.org")] {
            let lease = parse(&format!("OPTION_224={bad}\nDOMAINNAME=example.org"));
            assert_eq!(lease.server, None, "{bad}");
            assert_eq!(lease.domains, ["example.org"]);
        }
        let plain = hexadecimal("http://fleet.example.org");
        assert!(server(&plain).unwrap_err().contains("https://"));
    }
}
