//! Media servers, by their call services: a token, then a socket.

use saal_meeting::EndReason;
use tokio::sync::mpsc;
use url::Url;

use super::{Environment, Input, keeping::CallRoom};
use crate::{
    call::{links::ConnectionId, machine::ConnectFailure},
    livekit::{
        socket::{self, SocketError},
        token::{self, Entry, Grant, Leave, TokenError},
    },
};

/// A media server, by its call service.
#[derive(Clone, Copy)]
pub(super) struct Target<'a> {
    pub(super) focus: &'a str,
    /// Others look for us there.
    pub(super) publishes: bool,
}

/// Token, socket, then messages until one side closes.
pub(super) async fn connect(
    environment: Environment,
    room: &CallRoom,
    to: Target<'_>,
    connection: ConnectionId,
    inputs: mpsc::UnboundedSender<Input>,
) {
    let opened = async {
        let grant = Box::pin(grant(&environment, room, to, None)).await?;
        let http = environment.homeserver.http();
        let stream = Box::pin(socket::connect(http, &grant)).await;
        stream
            .map(|stream| (stream, grant))
            .map_err(ConnectFailure::from)
    };
    let opened = Box::pin(opened).await;
    Box::pin(carry(opened, connection, inputs)).await;
}

/// Another socket for the stay with this id, then as above.
pub(super) async fn resume(
    grant: Grant,
    stay: &str,
    connection: ConnectionId,
    inputs: mpsc::UnboundedSender<Input>,
) {
    let stream = Box::pin(socket::take_up(&grant, stay)).await;
    let opened = stream.map(|stream| (stream, grant));
    Box::pin(carry(
        opened.map_err(ConnectFailure::from),
        connection,
        inputs,
    ))
    .await;
}

async fn carry(
    opened: Result<(socket::Stream, Grant), ConnectFailure>,
    connection: ConnectionId,
    inputs: mpsc::UnboundedSender<Input>,
) {
    match opened {
        Ok((stream, grant)) => {
            let (requests, receiver) = mpsc::unbounded_channel();
            let _ = inputs.send(Input::Connected(connection, requests, grant));
            let tell = |event| {
                let _ = inputs.send(Input::Socket(connection, event));
            };
            Box::pin(socket::carry(stream, receiver, tell)).await;
        }
        Err(failure) => {
            let _ = inputs.send(Input::ConnectFailed(connection, failure));
        }
    }
}

impl From<SocketError> for ConnectFailure {
    fn from(error: SocketError) -> Self {
        Self {
            reason: error.to_string(),
            refused: matches!(error, SocketError::Refused { .. }),
            blocked: match &error {
                SocketError::Blocked { server, .. } => Some(server.clone()),
                _ => None,
            },
            ends: unconnected(error),
        }
    }
}

pub(super) async fn grant(
    environment: &Environment,
    room: &CallRoom,
    to: Target<'_>,
    leave: Option<Leave<'_>>,
) -> Result<Grant, ConnectFailure> {
    let homeserver = &environment.homeserver;
    let mut fresh = false;
    loop {
        let openid = environment
            .prefetch
            .openid(homeserver, &room.own)
            .await
            .map_err(|error| ConnectFailure {
                ends: error.is_forbidden().then(|| EndReason::NotAllowed {
                    reason: error.to_string(),
                }),
                refused: false,
                blocked: None,
                reason: error.to_string(),
            })?;
        let entry = Entry {
            room_id: &room.room_id,
            own: &room.own,
            openid_token: &openid,
            mode: &room.mode,
            publishes: to.publishes,
            leave,
        };
        let fetched = token::fetch(homeserver.http(), to.focus, &entry);
        match Box::pin(fetched).await {
            Ok(grant) => return Ok(grant),
            // The token may have been thrown away by a restarted homeserver.
            Err(TokenError::Refused { .. }) if !fresh => {
                environment.prefetch.forget_openid().await;
                fresh = true;
            }
            Err(error) => {
                return Err(ConnectFailure {
                    reason: error.to_string(),
                    refused: false,
                    blocked: None,
                    ends: no_token(&error),
                });
            }
        }
    }
}

/// How a call ends whose service gives no token; `None`: by and by it may.
fn no_token(error: &TokenError) -> Option<EndReason> {
    let reason = error.to_string();
    let server = |service: &str| {
        let url = Url::parse(service).ok();
        let host = url.as_ref().and_then(Url::host_str);
        host.unwrap_or(service).to_owned()
    };
    match error {
        TokenError::Refused { .. } => Some(EndReason::NotAllowed { reason }),
        TokenError::Untrusted { service, .. } => Some(EndReason::Untrusted {
            server: server(service),
            reason,
        }),
        TokenError::WrongCall { service, .. } => Some(EndReason::WrongCall {
            server: server(service),
            reason,
        }),
        TokenError::Unavailable { .. } | TokenError::Missing { .. } => None,
    }
}

/// The same where the media server's socket can't be opened.
fn unconnected(error: SocketError) -> Option<EndReason> {
    match error {
        SocketError::Untrusted { server, reason } => Some(EndReason::Untrusted { server, reason }),
        SocketError::Address(_)
        | SocketError::Connect { .. }
        | SocketError::Refused { .. }
        | SocketError::Blocked { .. } => None,
    }
}
