//! A mail server of a test's own (RFC 5321, 3207, 4954), as strict as real ones are with who signs in.

use std::{
    net::Ipv4Addr,
    sync::{Arc, Mutex},
};

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::{
    ServerConfig,
    crypto::aws_lc_rs,
    pki_types::{PrivateKeyDer, pem::PemObject},
};
use saal_fleet_protocol::fleet::{api::MailSecurity, wire::from_text};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncRead, AsyncWrite, AsyncWriteExt as _, BufReader},
    net::{TcpListener, TcpStream},
    sync::mpsc,
    task::JoinHandle,
};
use tokio_rustls::TlsAcceptor;

pub(super) const PASSWORD: &str = "not a secret";

/// A mail that came.
#[derive(Debug)]
pub(super) struct Mail {
    pub(super) to: Vec<String>,
    pub(super) text: String,
    pub(super) encrypted: bool,
}

pub(super) struct MailServer {
    pub(super) port: u16,
    /// PEM.
    pub(super) authority: String,
    pub(super) mails: mpsc::UnboundedReceiver<Mail>,
    inner: Arc<Inner>,
    serving: JoinHandle<()>,
}

struct Inner {
    security: MailSecurity,
    tls: TlsAcceptor,
    came: mpsc::UnboundedSender<Mail>,
    /// All that was said to it.
    heard: Mutex<String>,
}

trait Ends: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Ends for T {}

/// Its certificate, of an authority of its own.
fn certificate() -> (String, TlsAcceptor) {
    let key = KeyPair::generate().unwrap();
    let mut ca = CertificateParams::default();
    ca.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = ca.self_signed(&key).unwrap().pem();
    let issuer = Issuer::new(ca, key);
    let key = KeyPair::generate().unwrap();
    let own = CertificateParams::new(["localhost".to_owned()]).unwrap();
    let own = own.signed_by(&key, &issuer).unwrap();
    let key = PrivateKeyDer::from_pem_slice(key.serialize_pem().as_bytes()).unwrap();
    let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![own.der().clone()], key)
        .unwrap();
    (authority, TlsAcceptor::from(Arc::new(config)))
}

/// It is away; its port stays its own.
pub(super) struct Gone {
    server: MailServer,
}

impl Gone {
    pub(super) async fn comes_back(self) -> MailServer {
        let mut server = self.server;
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, server.port))
            .await
            .unwrap();
        server.serving = tokio::spawn(serve(listener, server.inner.clone()));
        server
    }
}

impl MailServer {
    /// With [`MailSecurity::None`] it offers no STARTTLS, but a sign-in.
    pub(super) async fn start(security: MailSecurity) -> Self {
        let (authority, tls) = certificate();
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (came, mails) = mpsc::unbounded_channel();
        let inner = Arc::new(Inner {
            security,
            tls,
            came,
            heard: Mutex::default(),
        });
        let serving = tokio::spawn(serve(listener, inner.clone()));
        Self {
            port,
            authority,
            mails,
            inner,
            serving,
        }
    }

    pub(super) async fn goes(mut self) -> Gone {
        self.serving.abort();
        let _ = (&mut self.serving).await;
        Gone { server: self }
    }

    pub(super) fn heard(&self) -> String {
        self.inner.heard.lock().unwrap().clone()
    }
}

async fn serve(listener: TcpListener, inner: Arc<Inner>) {
    while let Ok((tcp, _)) = listener.accept().await {
        let inner = inner.clone();
        tokio::spawn(async move {
            // A client that goes away is none of the server's troubles.
            let _ = talk(tcp, &inner).await;
        });
    }
}

async fn talk(tcp: TcpStream, inner: &Inner) -> std::io::Result<()> {
    let mut encrypted = inner.security == MailSecurity::Tls;
    let mut stream: BufReader<Box<dyn Ends>> = if encrypted {
        BufReader::new(Box::new(inner.tls.accept(tcp).await?))
    } else {
        BufReader::new(Box::new(tcp))
    };
    stream.write_all(b"220 mail.example.org ESMTP\r\n").await?;
    let (mut signed_in, mut to) = (false, Vec::new());
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).await? == 0 {
            return Ok(());
        }
        inner.heard.lock().unwrap().push_str(&line);
        let line = line.trim_end();
        let answer = match line.split(' ').next().unwrap_or_default() {
            "EHLO" if inner.security == MailSecurity::StartTls && !encrypted => {
                "250-mail.example.org\r\n250 STARTTLS"
            }
            "EHLO" => "250-mail.example.org\r\n250-SIZE 1000000\r\n250 AUTH LOGIN PLAIN",
            "STARTTLS" => {
                stream.write_all(b"220 go\r\n").await?;
                let plain = stream.into_inner();
                stream = BufReader::new(Box::new(inner.tls.accept(plain).await?));
                encrypted = true;
                continue;
            }
            "AUTH" => {
                let proof = line.strip_prefix("AUTH PLAIN ").and_then(from_text);
                signed_in = encrypted && proof == Some(format!("\0saal\0{PASSWORD}").into_bytes());
                if signed_in { "235 welcome" } else { "535 no" }
            }
            "MAIL" if signed_in => "250 ok",
            "RCPT" if line.contains("<gone@") => "550 nobody of that name",
            "RCPT" if signed_in => {
                to.push(line[9..line.len() - 1].to_owned());
                "250 ok"
            }
            "DATA" if signed_in => {
                stream.write_all(b"354 go\r\n").await?;
                let text = mail(&mut stream).await?;
                let _ = inner.came.send(Mail {
                    to: std::mem::take(&mut to),
                    text,
                    encrypted,
                });
                "250 queued"
            }
            "QUIT" => "221 bye",
            _ => "530 sign in first",
        };
        stream.write_all(format!("{answer}\r\n").as_bytes()).await?;
    }
}

async fn mail(stream: &mut BufReader<Box<dyn Ends>>) -> std::io::Result<String> {
    let mut text = String::new();
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).await? == 0 || line == ".\r\n" {
            return Ok(text);
        }
        text.push_str(line.strip_prefix('.').unwrap_or(&line));
    }
}
