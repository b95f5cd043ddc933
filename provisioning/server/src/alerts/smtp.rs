//! What is said to a mail server (RFC 5321), as far as a mail to a few people needs it.

use rustls::pki_types::ServerName;
use saal_fleet_protocol::fleet::{api::MailSecurity, wire::to_text};
use tokio::{
    io::{
        AsyncBufReadExt as _, AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _,
        BufReader,
    },
    net::TcpStream,
};
use tokio_rustls::TlsConnector;

/// RFC 5321, section 4.5.3.1.5, says 512; some say more.
const LONGEST_LINE: u64 = 4096;
/// Of one answer.
const MOST_LINES: usize = 100;
/// What we are called: a mail server of IT's own wants no more of its client.
const OURSELVES: &str = "[127.0.0.1]";

/// Where it is.
pub(super) struct Server<'a> {
    pub(super) name: &'a str,
    pub(super) port: u16,
    pub(super) security: MailSecurity,
    /// PEM.
    pub(super) authority: Option<&'a str>,
}

/// Who signs in.
pub(super) struct Login<'a> {
    pub(super) user: &'a str,
    pub(super) password: &'a str,
}

/// Either end of a connection, encrypted or not.
trait Ends: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Ends for T {}

/// What a server answers: three digits and some lines (RFC 5321, section 4.2).
struct Answer {
    code: u16,
    lines: Vec<String>,
}

impl Answer {
    fn is_good(&self) -> bool {
        (200..300).contains(&self.code)
    }

    fn text(&self) -> String {
        let text: String = self
            .lines
            .join(" ")
            .chars()
            .filter(|c| !c.is_control())
            .collect();
        format!("{} {text}", self.code)
    }
}

/// A connection that has been greeted.
pub(super) struct Session {
    stream: BufReader<Box<dyn Ends>>,
    /// What the server says that it can do, in capitals.
    offers: Vec<String>,
}

impl Session {
    /// Connects and greets; encrypted, as the server's settings say.
    ///
    /// # Errors
    /// What is wrong, for people.
    pub(super) async fn open(server: &Server<'_>) -> Result<Self, String> {
        let place = format!("{}, port {}", server.name, server.port);
        let tcp = TcpStream::connect((server.name, server.port)).await;
        let tcp = tcp.map_err(|e| format!("{place} is not reached: {e}"))?;
        let mut session = match server.security {
            MailSecurity::Tls => Self::over(secured(server, Box::new(tcp)).await?),
            MailSecurity::StartTls | MailSecurity::None => Self::over(Box::new(tcp)),
        };
        session.heard("its greeting").await?;
        session.greet().await?;
        if server.security == MailSecurity::StartTls {
            session = session.start_tls(server).await?;
            session.greet().await?;
        }
        Ok(session)
    }

    fn over(stream: Box<dyn Ends>) -> Self {
        Self {
            stream: BufReader::new(stream),
            offers: Vec::new(),
        }
    }

    async fn greet(&mut self) -> Result<(), String> {
        let answer = self.ask(&format!("EHLO {OURSELVES}"), "EHLO").await?;
        let offers = answer.lines.iter().skip(1);
        self.offers = offers.map(|line| line.to_ascii_uppercase()).collect();
        Ok(())
    }

    /// RFC 3207. What came before TLS is forgotten.
    async fn start_tls(mut self, server: &Server<'_>) -> Result<Self, String> {
        if !self.offers.iter().any(|offer| offer == "STARTTLS") {
            return Err("the mail server offers no STARTTLS, and nothing is said to it".to_owned());
        }
        self.ask("STARTTLS", "STARTTLS").await?;
        // Whoever stands between could have put answers there (CVE-2011-0411).
        if !self.stream.buffer().is_empty() {
            return Err("the mail server speaks before its encryption begins".to_owned());
        }
        let stream = self.stream.into_inner();
        Ok(Self::over(secured(server, stream).await?))
    }

    /// RFC 4954, by PLAIN (RFC 4616), or LOGIN where a server knows only that.
    pub(super) async fn sign_in(&mut self, login: &Login<'_>) -> Result<(), String> {
        let Login { user, password } = login;
        let offer = self
            .offers
            .iter()
            .find_map(|offer| offer.strip_prefix("AUTH "));
        let ways: Vec<&str> = offer.unwrap_or_default().split(' ').collect();
        if ways.contains(&"PLAIN") {
            let proof = to_text(format!("\0{user}\0{password}").as_bytes());
            self.ask(&format!("AUTH PLAIN {proof}"), "the sign-in")
                .await?;
            return Ok(());
        }
        if !ways.contains(&"LOGIN") {
            return Err(
                "the mail server offers no sign-in by a password (AUTH PLAIN or LOGIN)".to_owned(),
            );
        }
        self.say("AUTH LOGIN").await?;
        for part in [user, password] {
            let answer = self.answer().await?;
            if answer.code != 334 {
                return Err(format!(
                    "the mail server refuses the sign-in: {}",
                    answer.text()
                ));
            }
            self.say(&to_text(part.as_bytes())).await?;
        }
        self.heard("the sign-in").await
    }

    /// Sends a mail; for which receivers the server refused it, if it took it for others.
    ///
    /// # Errors
    /// It took it for nobody.
    pub(super) async fn send(
        &mut self,
        from: &str,
        to: &[String],
        mail: &[u8],
    ) -> Result<Vec<String>, String> {
        self.ask(&format!("MAIL FROM:<{from}>"), "the sender")
            .await?;
        let mut refused = Vec::new();
        for one in to {
            self.say(&format!("RCPT TO:<{one}>")).await?;
            let answer = self.answer().await?;
            if !answer.is_good() {
                refused.push(format!("{one} was refused: {}", answer.text()));
            }
        }
        if refused.len() == to.len() {
            return Err(refused.join("; "));
        }
        self.say("DATA").await?;
        let answer = self.answer().await?;
        if answer.code != 354 {
            return Err(format!("the mail server takes no mail: {}", answer.text()));
        }
        self.write(&stuffed(mail)).await?;
        self.heard("the mail").await?;
        Ok(refused)
    }

    /// Says good-bye; what comes of that no longer matters.
    pub(super) async fn close(mut self) {
        let _ = self.ask("QUIT", "QUIT").await;
    }

    async fn ask(&mut self, line: &str, what: &str) -> Result<Answer, String> {
        self.say(line).await?;
        let answer = self.answer().await?;
        if answer.is_good() {
            return Ok(answer);
        }
        Err(format!("the mail server refuses {what}: {}", answer.text()))
    }

    async fn heard(&mut self, what: &str) -> Result<(), String> {
        let answer = self.answer().await?;
        if answer.is_good() {
            return Ok(());
        }
        Err(format!("the mail server refuses {what}: {}", answer.text()))
    }

    async fn say(&mut self, line: &str) -> Result<(), String> {
        self.write(format!("{line}\r\n").as_bytes()).await
    }

    async fn write(&mut self, bytes: &[u8]) -> Result<(), String> {
        let gone = |e: std::io::Error| format!("the mail server is gone: {e}");
        self.stream.write_all(bytes).await.map_err(gone)?;
        self.stream.flush().await.map_err(gone)
    }

    async fn answer(&mut self) -> Result<Answer, String> {
        let mut lines = Vec::new();
        loop {
            let line = self.line().await?;
            let parts = line.split_at_checked(3);
            let code = parts.and_then(|(code, _)| code.parse().ok());
            let (Some(code), Some((_, rest))) = (code, parts) else {
                return Err(format!(
                    "\"{}\" is no answer of a mail server",
                    line.escape_debug()
                ));
            };
            lines.push(rest.get(1..).unwrap_or_default().to_owned());
            if !rest.starts_with('-') {
                return Ok(Answer { code, lines });
            }
            if lines.len() >= MOST_LINES {
                return Err("the mail server's answer has no end".to_owned());
            }
        }
    }

    async fn line(&mut self) -> Result<String, String> {
        let mut line = Vec::new();
        let mut stream = (&mut self.stream).take(LONGEST_LINE);
        let read = stream.read_until(b'\n', &mut line).await;
        read.map_err(|e| format!("the mail server is gone: {e}"))?;
        if line.last() != Some(&b'\n') {
            return Err("the mail server went away in the middle of an answer".to_owned());
        }
        Ok(String::from_utf8_lossy(&line).trim_end().to_owned())
    }
}

async fn secured(server: &Server<'_>, stream: Box<dyn Ends>) -> Result<Box<dyn Ends>, String> {
    let config = crate::tls::client(server.authority)?;
    let name = ServerName::try_from(server.name.to_owned()).map_err(|e| e.to_string())?;
    let connected = TlsConnector::from(config).connect(name, stream).await;
    let failed = |e: std::io::Error| format!("no encrypted way to {}: {e}", server.name);
    Ok(Box::new(connected.map_err(failed)?))
}

/// A mail as it goes over the line, with its end (RFC 5321, section 4.5.2): a line's own dot is doubled.
fn stuffed(mail: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(mail.len() + 8);
    let body = mail.strip_suffix(b"\r\n").unwrap_or(mail);
    for line in body.split(|byte| *byte == b'\n') {
        if line.first() == Some(&b'.') {
            out.push(b'.');
        }
        out.extend_from_slice(line.strip_suffix(b"\r").unwrap_or(line));
        out.extend_from_slice(b"\r\n");
    }
    out.extend_from_slice(b".\r\n");
    out
}

#[cfg(test)]
mod unit {
    use super::*;

    #[test]
    fn no_line_of_a_mail_is_its_end() {
        assert_eq!(stuffed(b"a\r\n.\r\n.b\r\n"), b"a\r\n..\r\n..b\r\n.\r\n");
        assert_eq!(stuffed(b"a\nb"), b"a\r\nb\r\n.\r\n");
        assert_eq!(stuffed(b""), b"\r\n.\r\n");
    }
}
