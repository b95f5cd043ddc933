//! How a call's membership is kept: requests to the homeserver and to the call service.

use std::{collections::BTreeSet, time::Duration};

use serde_json::{Value, json};
use tokio::sync::Mutex;

use super::{
    Environment,
    media_server::{Target, grant},
};
use crate::{
    account::{Place, SessionError, StateSession},
    call::machine::CallSetup,
    homeserver::{DelayedAction, RequestError},
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
    /// What stands in its state is encrypted.
    pub(super) encrypts_state: bool,
    /// What our state is encrypted with.
    session: Mutex<Sealing>,
    /// For whom it was said again.
    newcomers: Mutex<BTreeSet<String>>,
}

/// Of our state in the call's room.
enum Sealing {
    /// A session is to be made, by saying this.
    Wanted(Value),
    /// The room does not let us.
    Forbidden,
    By {
        session: StateSession,
        /// What was said last.
        said: Value,
    },
}

fn left(mode: &Mode) -> Value {
    match mode {
        Mode::Compatibility => json!({}),
        Mode::Sticky { member_id } => sticky::left(member_id),
    }
}

/// An event for a room's state: type, key, content.
type StateToSend = (&'static str, String, Value);

impl CallRoom {
    pub(super) fn of(setup: &CallSetup) -> Self {
        Self {
            own: setup.own.clone(),
            room_id: setup.room_id.clone(),
            mode: setup.mode.clone(),
            encrypts_state: setup.encrypts_state,
            session: Mutex::new(Sealing::Wanted(left(&setup.mode))),
            newcomers: Mutex::default(),
        }
    }

    /// Users who have come into the room, or devices in its call, may not be able to read that we are in
    /// the call, nor that we leave it: true when it has to be said again, which another session then
    /// encrypts. Once for each of them: some devices can read nothing.
    pub(super) async fn is_to_say_again(&self, who: &BTreeSet<String>) -> bool {
        let mut sealing = self.session.lock().await;
        let Sealing::By { session, said } = &*sealing else {
            return false;
        };
        let mut newcomers = self.newcomers.lock().await;
        let before = newcomers.len();
        newcomers.extend(who.iter().filter(|one| !session.is_told(one)).cloned());
        if newcomers.len() == before {
            return false;
        }
        *sealing = Sealing::Wanted(said.clone());
        true
    }

    /// Our membership as it goes into the room's state, `now` or later.
    async fn state(
        &self,
        environment: &Environment,
        content: &Value,
        now: bool,
    ) -> Result<StateToSend, RequestError> {
        let key = self.own.state_key();
        if self.encrypts_state {
            let sealed = Box::pin(self.sealed(environment, &key, content, now)).await;
            let sealed = sealed.map_err(|error| RequestError::Unreachable {
                what: "encrypting the call membership",
                reason: error.to_string(),
            })?;
            if let Some(sealed) = sealed {
                return Ok(sealed);
            }
        }
        Ok((EVENT_TYPE, key, content.clone()))
    }

    /// `None` where the room does not let us send encrypted state. Who is in a call is no secret to
    /// the server, so there it is said in clear words, as by clients that don't know MSC4362.
    async fn sealed(
        &self,
        environment: &Environment,
        key: &str,
        content: &Value,
        now: bool,
    ) -> Result<Option<StateToSend>, SessionError> {
        let place = Place {
            kind: EVENT_TYPE,
            key,
        };
        let mut sealing = self.session.lock().await;
        if let Sealing::Wanted(first) = &*sealing {
            *sealing = Box::pin(self.begin(environment, place, first)).await?;
        }
        match &mut *sealing {
            Sealing::By { session, said } => {
                // What the server is to say later is not said yet.
                if now {
                    said.clone_from(content);
                }
                session.seal(place, content).await.map(Some)
            }
            Sealing::Wanted(_) | Sealing::Forbidden => Ok(None),
        }
    }

    async fn begin(
        &self,
        environment: &Environment,
        place: Place<'_>,
        first: &Value,
    ) -> Result<Sealing, SessionError> {
        let client = environment.client.borrow().clone();
        let store = environment.sessions.borrow().clone();
        let Some((client, store)) = client.zip(store) else {
            let reason = "the account is not there yet";
            return Err(SessionError::Failed(reason.to_owned()));
        };
        let begun = StateSession::begin(&client, &store, &self.room_id, place, first);
        match Box::pin(begun).await {
            Ok(session) => Ok(Sealing::By {
                session,
                said: first.clone(),
            }),
            Err(SessionError::Forbidden) => {
                tracing::warn!(room = %self.room_id, "only moderators can encrypt state here; the room says in clear words that it is in the call");
                Ok(Sealing::Forbidden)
            }
            Err(error) => Err(error),
        }
    }

    /// Content that says "left".
    pub(super) fn left(&self) -> Value {
        left(&self.mode)
    }

    /// Says what our membership is from now on; the event's id.
    async fn put(
        &self,
        environment: &Environment,
        content: &Value,
    ) -> Result<String, RequestError> {
        let (homeserver, room) = (&environment.homeserver, &self.room_id);
        match &self.mode {
            Mode::Compatibility => {
                let (kind, key, content) = Box::pin(self.state(environment, content, true)).await?;
                Box::pin(homeserver.put_state(room, kind, &key, &content)).await
            }
            Mode::Sticky { .. } => Box::pin(homeserver.send_sticky(room, content)).await,
        }
    }

    /// The same after a delay; the delay's id.
    async fn delay(
        &self,
        environment: &Environment,
        content: &Value,
        after: Duration,
    ) -> Result<String, RequestError> {
        let (homeserver, room) = (&environment.homeserver, &self.room_id);
        match &self.mode {
            Mode::Compatibility => {
                let (kind, key, content) =
                    Box::pin(self.state(environment, content, false)).await?;
                Box::pin(homeserver.delay_state(room, kind, &key, &content, after)).await
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
    content: &Value,
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
            let delayed = room.delay(environment, content, after).await;
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
            Outcome::MemberPut(room.put(environment, content).await.map_err(firm))
        }
        Action::SendLeave { delay_id } => {
            Outcome::LeaveSent(update(&delay_id, DelayedAction::Send).await)
        }
        Action::ClearMember => {
            let cleared = room.put(environment, content).await;
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
