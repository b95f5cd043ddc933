//! Whether a connection failed because of the server's certificate.

use std::error::Error;

use saal_meeting::has_cause;

/// Looks for the verdict on the certificate through an error and its causes.
pub(crate) fn distrusts(error: &(dyn Error + 'static)) -> bool {
    has_cause(error, &|error: &rustls::Error| {
        matches!(error, rustls::Error::InvalidCertificate(_))
    })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
    use tokio::net::TcpListener;
    use tokio_rustls::TlsAcceptor;
    use url::Url;

    use crate::transport::{http, socket};

    /// A server with a certificate that it made itself.
    async fn self_signed() -> u16 {
        let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        let key = PrivatePkcs8KeyDer::from(made.signing_key.serialize_der());
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = rustls::ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![made.cert.der().clone()], PrivateKeyDer::from(key))
            .unwrap();
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let _ = acceptor.accept(stream).await;
            }
        });
        port
    }

    /// A server that knows no TLS.
    async fn plain() -> u16 {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let answer = b"HTTP/1.1 400 Bad Request\r\n\r\n";
                let _ = tokio::io::AsyncWriteExt::write_all(&mut stream, answer).await;
            }
        });
        port
    }

    async fn page_is_untrusted(port: u16) -> bool {
        let client = http::client(None).unwrap();
        let url = Url::parse(&format!("https://localhost:{port}/config.js")).unwrap();
        http::get(&client, url).await.unwrap_err().untrusted
    }

    async fn socket_is_untrusted(port: u16) -> bool {
        let url = Url::parse(&format!("wss://localhost:{port}/xmpp-websocket")).unwrap();
        let closed = socket::connect(&url, None, None, None).await.unwrap_err();
        closed.untrusted.as_deref() == Some("localhost")
    }

    #[tokio::test]
    async fn a_certificate_that_nobody_vouches_for_is_told_from_other_faults() {
        let (ours, plain) = (self_signed().await, plain().await);
        assert!(page_is_untrusted(ours).await);
        assert!(socket_is_untrusted(ours).await);
        for port in [plain, 9] {
            assert!(!page_is_untrusted(port).await, "{port}");
            assert!(!socket_is_untrusted(port).await, "{port}");
        }
    }
}
