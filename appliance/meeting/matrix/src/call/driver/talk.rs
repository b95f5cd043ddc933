//! Hands, signs, names and the chat: what the machine wants said and known.

use std::mem;

use tokio::sync::mpsc;

use super::{Driver, Input};
use crate::{
    account,
    call::{
        Environment,
        machine::{Talk, Talked},
        reactions,
    },
    ring::notification,
    rtc::keeper::Outcome,
    unix_ms,
};

impl Driver {
    /// Whoever comes first into a call tells the room so.
    pub(super) fn tell_begun(&mut self, outcome: &Outcome) {
        let Outcome::MemberPut(Ok(member)) = outcome else {
            return;
        };
        if !mem::take(&mut self.begins) {
            return;
        }
        let (kind, content) = notification::begun(member, unix_ms());
        let (client, room) = (self.environment.client.clone(), self.call_room.clone());
        self.tasks.spawn(async move {
            let said = account::say(&client, &room.room_id, kind, content);
            if let Err(reason) = Box::pin(said).await {
                tracing::warn!(reason, "the room is not told that its call has begun");
            }
        });
    }

    pub(super) fn talk(&mut self, talk: Talk) {
        let environment = self.environment.clone();
        let room = self.call_room.clone();
        let inputs = self.inputs.clone();
        self.tasks.spawn(async move {
            Box::pin(perform(&environment, &room.room_id, talk, inputs)).await;
        });
    }
}

/// What can't be learnt is missing on the screens, and said in the log.
async fn perform(
    environment: &Environment,
    room: &str,
    talk: Talk,
    inputs: mpsc::UnboundedSender<Input>,
) {
    let homeserver = &environment.homeserver;
    let warn = |error: &dyn std::fmt::Display| tracing::warn!(%error, "talking in a call");
    let said = match talk {
        Talk::RaiseHand { membership } => {
            let content = reactions::hand_content(&membership);
            let sent = homeserver.send_event(room, reactions::HAND_TYPE, &content);
            let sent = Box::pin(sent).await.inspect_err(|error| warn(error));
            Some(Talked::HandUp(sent.ok()))
        }
        Talk::LowerHand { reaction } => {
            let sent = Box::pin(homeserver.redact(room, &reaction)).await;
            Some(Talked::HandDown(
                sent.inspect_err(|error| warn(error)).is_ok(),
            ))
        }
        Talk::React { membership, emoji } => {
            let content = reactions::sign_content(&membership, &emoji);
            let client = &environment.client;
            let sent = account::say(client, room, reactions::SIGN_TYPE, content);
            if let Err(reason) = Box::pin(sent).await {
                warn(&reason);
            }
            None
        }
        Talk::LearnHands { membership } => {
            let hands = Box::pin(homeserver.reactions(room, &membership)).await;
            hands
                .inspect_err(|error| warn(error))
                .ok()
                .map(Talked::Heard)
        }
        Talk::LearnMembers => {
            let members = Box::pin(homeserver.joined_members(room)).await;
            let members = members.inspect_err(|error| warn(error)).ok();
            members.map(Talked::Members)
        }
        Talk::LearnHistory => {
            let client = environment.client.borrow().clone();
            let history = match &client {
                Some(client) => Box::pin(account::history(client, room)).await,
                None => Err("the account is not there yet".to_owned()),
            };
            history
                .inspect_err(|error| warn(error))
                .ok()
                .map(Talked::History)
        }
    };
    if let Some(said) = said {
        let _ = inputs.send(Input::Talked(said));
    }
}
