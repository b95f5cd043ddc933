//! A TCP connection, straight or through an HTTP proxy (RFC 9110, section 9.3.6 CONNECT).

use std::io;

use base64::{Engine as _, prelude::BASE64_STANDARD};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};
use url::Url;

/// A proxy's answer is a few lines, in bytes.
const MAX_ANSWER: usize = 8 * 1024;

/// Connects to the host and port of an address.
///
/// # Errors
/// When host or proxy can't be reached, or the proxy refuses.
pub(crate) async fn connect(url: &Url, proxy: Option<&Url>) -> io::Result<TcpStream> {
    let stream = match proxy {
        None => TcpStream::connect(target(url)?).await?,
        Some(proxy) => through(proxy, &target(url)?).await?,
    };
    // Signalling is small messages that people wait for.
    stream.set_nodelay(true)?;
    Ok(stream)
}

/// `host:port`, IPv6 in brackets.
fn target(url: &Url) -> io::Result<String> {
    let port = url.port_or_known_default();
    match (url.host_str(), port) {
        (Some(host), Some(port)) => Ok(format!("{host}:{port}")),
        _ => Err(io::Error::other("the address names no host")),
    }
}

async fn through(proxy: &Url, target: &str) -> io::Result<TcpStream> {
    let mut stream = TcpStream::connect(self::target(proxy)?).await?;
    stream.write_all(request(proxy, target).as_bytes()).await?;
    let mut answer = Vec::new();
    while !answer.ends_with(b"\r\n\r\n") {
        if answer.len() > MAX_ANSWER {
            return Err(io::Error::other("the proxy's answer has no end"));
        }
        // Byte by byte: what follows the answer belongs to the tunnel.
        answer.push(stream.read_u8().await?);
    }
    let answer = String::from_utf8_lossy(&answer);
    let status = answer.split_whitespace().nth(1).unwrap_or_default();
    if status.starts_with('2') {
        Ok(stream)
    } else {
        let line = answer.lines().next().unwrap_or_default();
        Err(io::Error::other(format!("the proxy answers: {line}")))
    }
}

fn request(proxy: &Url, target: &str) -> String {
    let mut request = format!("CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n");
    if !proxy.username().is_empty() {
        let plain = |text: &str| {
            percent_encoding::percent_decode_str(text)
                .decode_utf8_lossy()
                .into_owned()
        };
        let password = proxy.password().unwrap_or_default();
        let login = format!("{}:{}", plain(proxy.username()), plain(password));
        let login = BASE64_STANDARD.encode(login);
        request.push_str(&format!("Proxy-Authorization: Basic {login}\r\n"));
    }
    request.push_str("\r\n");
    request
}

#[cfg(test)]
mod tests {
    use tokio::{io::AsyncBufReadExt, net::TcpListener};

    use super::*;

    #[test]
    fn a_login_is_told_to_the_proxy() {
        let proxy = Url::parse("http://lahn:se%3Acret@proxy.example.org:3128").unwrap();
        let request = request(&proxy, "meet.example.org:443");
        assert!(request.starts_with("CONNECT meet.example.org:443 HTTP/1.1\r\n"));
        let login = BASE64_STANDARD.encode("lahn:se:cret");
        assert!(request.contains(&format!("Proxy-Authorization: Basic {login}\r\n")));
    }

    async fn proxy_that_answers(answer: &'static str) -> Url {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move {
            let (stream, _) = listener.accept().await.unwrap();
            let mut stream = tokio::io::BufReader::new(stream);
            let mut line = String::new();
            while stream.read_line(&mut line).await.unwrap() > 2 {
                line.clear();
            }
            stream.write_all(answer.as_bytes()).await.unwrap();
        });
        Url::parse(&format!("http://{address}")).unwrap()
    }

    #[tokio::test]
    async fn what_follows_the_answer_belongs_to_the_tunnel() {
        let proxy = proxy_that_answers("HTTP/1.1 200 OK\r\nX: y\r\n\r\nhello").await;
        let url = Url::parse("https://meet.example.org/").unwrap();
        let mut stream = connect(&url, Some(&proxy)).await.unwrap();
        let mut text = String::new();
        stream.read_to_string(&mut text).await.unwrap();
        assert_eq!(text, "hello");
    }

    #[tokio::test]
    async fn a_proxys_refusal_is_told_in_its_words() {
        let proxy = proxy_that_answers("HTTP/1.1 407 Login needed\r\n\r\n").await;
        let url = Url::parse("https://meet.example.org/").unwrap();
        let error = connect(&url, Some(&proxy)).await.unwrap_err();
        assert!(error.to_string().contains("407 Login needed"));
    }
}
