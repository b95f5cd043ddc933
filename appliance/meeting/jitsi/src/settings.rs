//! What the service has to be told.

use std::{fmt, future::Future, pin::Pin, sync::Arc};

use saal_meeting::Secret;
use url::Url;

/// How the room reaches Jitsi installations and proves who it is.
#[derive(Clone, Debug, Default)]
pub struct JitsiSettings {
    /// Installations that want a login; all others are entered as a guest.
    pub servers: Vec<ServerLogin>,
    /// The same for all stays of this device, 32 hexadecimal digits.
    pub machine_uid: String,
    /// An HTTP proxy for everything (`http://user:password@host:port`).
    pub proxy: Option<Url>,
    /// Proves to conferences of a Matrix room that the room is its member.
    pub matrix: Option<MatrixProof>,
}

/// The room's login at an installation.
#[derive(Clone, Debug)]
pub struct ServerLogin {
    /// Host of its links.
    pub host: String,
    /// How the room logs in.
    pub login: Login,
}

/// How the room logs in.
#[derive(Clone, Debug)]
pub enum Login {
    /// By a token (JWT) that was given to it.
    Token(Secret),
    /// By tokens that it makes itself, signed with a secret shared with the installation (HS256).
    Key {
        /// Who the installation thinks makes the token (`iss`).
        app_id: String,
        /// The secret.
        key: Secret,
    },
}

/// What a Matrix home server says about its user, for an hour (`openid/request_token`).
#[derive(Clone, Debug)]
pub struct OpenIdToken {
    /// The token.
    pub access_token: Secret,
    /// The home server that answers for it.
    pub server_name: String,
}

type Asking = Pin<Box<dyn Future<Output = Result<OpenIdToken, String>> + Send>>;

/// Asks the room's home server for a token.
#[derive(Clone)]
pub struct MatrixProof(Arc<dyn Fn() -> Asking + Send + Sync>);

impl MatrixProof {
    /// By this means.
    pub fn new<F>(ask: impl Fn() -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Result<OpenIdToken, String>> + Send + 'static,
    {
        Self(Arc::new(move || Box::pin(ask())))
    }

    /// Asks now.
    pub(crate) async fn ask(&self) -> Result<OpenIdToken, String> {
        (self.0)().await
    }
}

impl fmt::Debug for MatrixProof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MatrixProof")
    }
}
