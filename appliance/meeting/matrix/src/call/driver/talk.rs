//! Hands, signs, names and the chat: what the machine wants said and known.

use std::{collections::BTreeSet, mem};

use serde_json::Value;
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

    /// Whoever comes into the Matrix room during the call is to see us in it.
    pub(super) fn meet_joiners(&mut self, events: &[Value]) {
        let joined = |event: &&Value| {
            event["type"] == "m.room.member" && event["content"]["membership"] == "join"
        };
        let joined = events.iter().filter(joined);
        let users = joined.filter_map(|event| event["state_key"].as_str().map(str::to_owned));
        self.meet(users.collect());
    }

    /// Users, or devices in the call, that may be new.
    pub(super) fn meet(&mut self, who: BTreeSet<String>) {
        if !self.call_room.encrypts_state || who.is_empty() {
            return;
        }
        let (room, inputs) = (self.call_room.clone(), self.inputs.clone());
        self.tasks.spawn(async move {
            if room.is_to_say_again(&who).await {
                tracing::info!(
                    room = room.room_id,
                    "somebody new is told of the membership"
                );
                let _ = inputs.send(Input::SayAgain);
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
