//! How a call's membership is kept: requests to the homeserver and to the call service.

use std::time::Duration;

use serde_json::json;

use super::{
    Environment,
    media_server::{Target, grant},
};
use crate::{
    homeserver::{DelayedAction, Homeserver, RequestError},
    livekit::token::Leave,
    rtc::{
        Device, Mode,
        keeper::{Action, DELEGATED_DELAY, Failure, Outcome},
        membership::EVENT_TYPE,
        sticky,
    },
};

pub(super) struct CallRoom {
    pub(super) own: Device,
    pub(super) room_id: String,
    pub(super) mode: Mode,
}

impl CallRoom {
    /// Content that says "left".
    pub(super) fn left(&self) -> serde_json::Value {
        match &self.mode {
            Mode::Compatibility => json!({}),
            Mode::Sticky { member_id } => sticky::left(member_id),
        }
    }

    /// Says what our membership is from now on; the event's id.
    async fn put(
        &self,
        homeserver: &Homeserver,
        content: &serde_json::Value,
    ) -> Result<String, RequestError> {
        match &self.mode {
            Mode::Compatibility => {
                let key = self.own.state_key();
                let put = homeserver.put_state(&self.room_id, EVENT_TYPE, &key, content);
                Box::pin(put).await
            }
            Mode::Sticky { .. } => Box::pin(homeserver.send_sticky(&self.room_id, content)).await,
        }
    }

    /// The same after a delay; the delay's id.
    async fn delay(
        &self,
        homeserver: &Homeserver,
        content: &serde_json::Value,
        after: Duration,
    ) -> Result<String, RequestError> {
        let room = &self.room_id;
        match &self.mode {
            Mode::Compatibility => {
                let key = self.own.state_key();
                let delayed = homeserver.delay_state(room, EVENT_TYPE, &key, content, after);
                Box::pin(delayed).await
            }
            Mode::Sticky { .. } => Box::pin(homeserver.delay_sticky(room, content, after)).await,
        }
    }
}

/// Asks the homeserver or the call service.
pub(super) async fn ask(
    environment: &Environment,
    room: &CallRoom,
    focus: &str,
    action: Action,
    content: &serde_json::Value,
) -> Outcome {
    let homeserver = &environment.homeserver;
    let firm = |error| failure(&error, false);
    let update = async |delay_id: &str, action| {
        Box::pin(homeserver.update_delayed(delay_id, action))
            .await
            .map_err(firm)
    };
    match action {
        Action::DelayLeave { after } => {
            let delayed = room.delay(homeserver, content, after).await;
            Outcome::Delayed(delayed.map_err(|error| failure(&error, true)))
        }
        Action::DelegateLeave { delay_id } => {
            Outcome::Delegated(Box::pin(delegate(environment, room, focus, &delay_id)).await)
        }
        Action::CancelLeave { delay_id } => {
            let _ = update(&delay_id, DelayedAction::Cancel).await;
            Outcome::Cancelled
        }
        Action::RestartLeave { delay_id } => {
            Outcome::Restarted(update(&delay_id, DelayedAction::Restart).await)
        }
        Action::PutMember { .. } => {
            Outcome::MemberPut(room.put(homeserver, content).await.map_err(firm))
        }
        Action::SendLeave { delay_id } => {
            Outcome::LeaveSent(update(&delay_id, DelayedAction::Send).await)
        }
        Action::ClearMember => {
            let cleared = room.put(homeserver, content).await;
            Outcome::Cleared(cleared.map(drop).map_err(firm))
        }
    }
}

/// Has the call service watch over us: it takes a delayed leave with a request for a token.
async fn delegate(
    environment: &Environment,
    room: &CallRoom,
    focus: &str,
    delay_id: &str,
) -> Result<(), Failure> {
    let base = environment.homeserver.base().to_string();
    let leave = Leave {
        delay_id,
        delay: DELEGATED_DELAY,
        homeserver: &base,
    };
    let to = Target {
        focus,
        publishes: true,
    };
    match Box::pin(grant(environment, room, to, Some(leave))).await {
        Ok(_) => Ok(()),
        Err(error) => {
            let reason = &error.reason;
            tracing::warn!(reason, "the call service does not watch over the room");
            Err(Failure::Temporary(error.reason))
        }
    }
}

/// `optional`: servers without the feature answer in several ways.
fn failure(error: &RequestError, optional: bool) -> Failure {
    tracing::warn!(%error, "keeping the call membership");
    match error {
        _ if error.is_forbidden() => Failure::Forbidden(error.to_string()),
        _ if error.is_not_found() => Failure::Gone,
        RequestError::Refused { status, .. } if optional && !matches!(status, 401 | 429) => {
            Failure::Gone
        }
        _ => Failure::Temporary(error.to_string()),
    }
}
