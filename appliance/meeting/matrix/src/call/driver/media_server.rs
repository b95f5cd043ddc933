//! Media servers, by their call services: a token, then a socket.

use tokio::sync::mpsc;

use super::{Environment, Input, keeping::CallRoom};
use crate::{
    call::{links::ConnectionId, machine::ConnectFailure},
    livekit::{
        socket,
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
        let stream = socket::connect(&grant).await;
        stream.map_err(|error| ConnectFailure {
            refused: false,
            reason: error.to_string(),
        })
    };
    match Box::pin(opened).await {
        Ok(stream) => {
            let (requests, receiver) = mpsc::unbounded_channel();
            let _ = inputs.send(Input::Connected(connection, requests));
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
                refused: error.is_forbidden(),
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
                let refused = matches!(error, TokenError::Refused { .. });
                return Err(ConnectFailure {
                    refused,
                    reason: error.to_string(),
                });
            }
        }
    }
}
