//! An HTTP proxy on the way to TURN servers over TCP and TLS (RFC 9110 section 9.3.6, CONNECT): in
//! some companies nothing else leads out.

use std::io;

use base64::{Engine as _, prelude::BASE64_STANDARD};
use percent_encoding::percent_decode_str;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};
use url::Url;

/// A proxy's answer is a few lines, in bytes.
const ANSWER: usize = 8 * 1024;
/// Of `http:` addresses without one.
const PORT: u16 = 80;
/// As curl and browsers call it.
const NAMES: [&str; 4] = ["https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"];

/// A proxy and what we say to it.
#[derive(Clone, PartialEq, Eq)]
pub struct Proxy {
    host: String,
    port: u16,
    /// A whole line, or nothing.
    login: String,
}

/// Without the login, which belongs into no log.
impl std::fmt::Debug for Proxy {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "proxy {}:{}", self.host, self.port)
    }
}

impl Proxy {
    /// The one that the environment names, as for the room's other connections.
    #[must_use]
    pub fn of_the_environment() -> Option<Self> {
        let set = |name| std::env::var(name).ok().filter(|value| !value.is_empty());
        let proxy = Self::read(&NAMES.into_iter().find_map(set)?);
        if proxy.is_none() {
            tracing::error!(
                "the proxy of the environment is no http:// address; relays go without"
            );
        }
        proxy
    }

    /// `http://user:password@host:port`, user and port as needed.
    fn read(address: &str) -> Option<Self> {
        let url = Url::parse(address)
            .ok()
            .filter(|url| url.scheme() == "http")?;
        let plain = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
        let login = if url.username().is_empty() {
            String::new()
        } else {
            let (user, password) = (
                plain(url.username()),
                plain(url.password().unwrap_or_default()),
            );
            let login = BASE64_STANDARD.encode(format!("{user}:{password}"));
            format!("Proxy-Authorization: Basic {login}\r\n")
        };
        let host = url.host_str()?.trim_matches(['[', ']']).to_owned();
        Some(Self {
            host,
            port: url.port().unwrap_or(PORT),
            login,
        })
    }

    /// A stream to this host, which the proxy looks up.
    pub(super) async fn connect(&self, host: &str, port: u16) -> io::Result<TcpStream> {
        let target = if host.contains(':') {
            format!("[{host}]:{port}")
        } else {
            format!("{host}:{port}")
        };
        let mut stream = TcpStream::connect((self.host.as_str(), self.port)).await?;
        let request = format!(
            "CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n{}\r\n",
            self.login
        );
        stream.write_all(request.as_bytes()).await?;
        let answer = answer(&mut stream).await?;
        match answer.split(' ').nth(1) {
            Some(status) if status.starts_with('2') => Ok(stream),
            _ => Err(io::Error::other(format!("the proxy answers: {answer}"))),
        }
    }
}

/// The first line of the answer. Read byte by byte: what follows belongs to the tunnel.
async fn answer(stream: &mut TcpStream) -> io::Result<String> {
    let mut bytes = Vec::new();
    while !bytes.ends_with(b"\r\n\r\n") {
        if bytes.len() > ANSWER {
            return Err(io::Error::other("the proxy's answer has no end"));
        }
        bytes.push(stream.read_u8().await?);
    }
    let text = String::from_utf8_lossy(&bytes);
    Ok(text.lines().next().unwrap_or_default().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_with_their_login() {
        let proxy = Proxy::read("http://lahn:se%3Acret@proxy.example.org:3128").unwrap();
        assert_eq!(
            (proxy.host.as_str(), proxy.port),
            ("proxy.example.org", 3128)
        );
        let login = BASE64_STANDARD.encode("lahn:se:cret");
        assert_eq!(
            proxy.login,
            format!("Proxy-Authorization: Basic {login}\r\n")
        );
        assert_eq!(format!("{proxy:?}"), "proxy proxy.example.org:3128");
        let plain = Proxy::read("http://[2001:db8::1]/").unwrap();
        assert_eq!(
            (plain.host.as_str(), plain.port, plain.login.as_str()),
            ("2001:db8::1", 80, "")
        );
        for bad in [
            "",
            "proxy:3128",
            "socks5://proxy:1080",
            "https://proxy:3128",
        ] {
            assert_eq!(Proxy::read(bad), None, "{bad}");
        }
    }
}
