//! What people say and show beside sound and picture: hands, signs, the chat, names. And whom the
//! account ignores, who is neither seen nor heard nor read.

use std::collections::{BTreeMap, BTreeSet};

use saal_meeting::{CallEvent, ChatLine, MeetingAction};
use serde_json::Value;

use super::{Effect, Machine, Now};
use crate::{
    call::{
        chat::{Change, Chat, Written},
        links::Link,
        names::Names,
        people,
        reactions::{self, Ask, Hands, OwnHand},
    },
    rtc::{Member, membership},
};

/// What to ask the homeserver; each is answered with a [`Talked`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Talk {
    /// To be answered with `HandUp`.
    RaiseHand { membership: String },
    /// To be answered with `HandDown`.
    LowerHand { reaction: String },
    /// Needs no answer.
    React { membership: String, emoji: String },
    /// To be answered with `Heard`.
    LearnHands { membership: String },
    /// To be answered with `Members`.
    LearnMembers,
    /// To be answered with `History`.
    LearnHistory,
}

/// What the homeserver said, asked or not.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Talked {
    /// The reaction's id; `None`: it did not work.
    HandUp(Option<String>),
    /// Whether it worked.
    HandDown(bool),
    /// Who is in the Matrix room, and what they call themselves.
    Members(BTreeMap<String, Option<String>>),
    /// The last events of the room, oldest first.
    History(Vec<Value>),
    /// What happens in the room now.
    Heard(Vec<Value>),
    /// Whom the account ignores.
    Ignored(BTreeSet<String>),
}

/// What was said so far.
#[derive(Debug, Default)]
pub(super) struct Said {
    hands: Hands,
    own_hand: OwnHand,
    /// Our membership event.
    own_event: Option<String>,
    chat: Chat,
    /// What was said before was told.
    looked_back: bool,
    names: Names,
    ignored: BTreeSet<String>,
    /// Membership events whose hands were asked for.
    asked_hands: BTreeSet<String>,
}

impl Said {
    pub(super) fn names(&self) -> &Names {
        &self.names
    }

    pub(super) fn names_mut(&mut self) -> &mut Names {
        &mut self.names
    }

    pub(super) fn is_hand_raised(&self) -> bool {
        self.own_hand.wanted
    }

    pub(super) fn is_ignored(&self, user: &str) -> bool {
        self.ignored.contains(user)
    }

    pub(super) fn has_hand_up(&self, member: &Member) -> bool {
        self.hands.is_raised(member)
    }
}

impl Machine {
    /// What people in the room do in the meeting.
    pub(crate) fn act(&mut self, now: Now, action: MeetingAction) {
        match action {
            MeetingAction::RaiseHand { raised } => self.said.own_hand.wanted = raised,
            MeetingAction::React { emoji } => {
                if let Some(membership) = self.said.own_event.clone() {
                    self.talk(Talk::React { membership, emoji });
                }
            }
            // Element Call has no lobby, no moderators, no telephone; presenting has its own way.
            _ => return,
        }
        self.settle(now);
    }

    pub(crate) fn handle_talk(&mut self, now: Now, talked: Talked) {
        match talked {
            Talked::HandUp(reaction) => self.hand_is_up(reaction),
            Talked::HandDown(done) => self.said.own_hand.lowered(done),
            Talked::Members(members) => {
                for (user, name) in &members {
                    self.said.names.learn(user, name.as_deref());
                }
                self.tell_chat_again(None);
            }
            Talked::History(events) => self.look_back(now, &events),
            Talked::Heard(events) => self.hear(now, &events),
            Talked::Ignored(users) => self.ignore(users),
        }
        self.settle(now);
    }

    fn talk(&mut self, talk: Talk) {
        self.effects.push_back(Effect::Talk(talk));
    }

    /// Our membership event: others look for our hand there.
    pub(super) fn own_event(&mut self, event: &str) {
        if self.said.own_event.as_deref() != Some(event) {
            self.said.own_event = Some(event.to_owned());
        }
    }

    fn hand_is_up(&mut self, reaction: Option<String>) {
        // It counts before a sync brings it: what comes in between must not lower it.
        if let (Some(reaction), Some(membership)) = (&reaction, &self.said.own_event) {
            let event = serde_json::json!({
                "type": reactions::HAND_TYPE, "event_id": reaction, "sender": self.setup.own.user,
                "content": reactions::hand_content(membership),
            });
            self.said.hands.hear(&event);
        }
        self.said.own_hand.raised(reaction);
    }

    /// What follows for hands from who is in the call.
    pub(super) fn settle_hands(&mut self, now: Now) {
        let active = membership::active(&self.members, now.unix_ms);
        let events: Vec<String> = active
            .iter()
            .map(|member| member.event_id.clone())
            .filter(|event| !event.is_empty() && !self.said.asked_hands.contains(event))
            .collect();
        for membership in events {
            self.said.asked_hands.insert(membership.clone());
            self.talk(Talk::LearnHands { membership });
        }
        let own_event = self.said.own_event.clone();
        match self.said.own_hand.settle(own_event.as_deref()) {
            Some(Ask::Raise { membership }) => self.talk(Talk::RaiseHand { membership }),
            Some(Ask::Lower { reaction }) => self.talk(Talk::LowerHand { reaction }),
            None => {}
        }
    }

    /// Somebody else lowered our hand, or we raised it in an earlier life.
    fn see_own_hand(&mut self, now: Now) {
        let active = membership::active(&self.members, now.unix_ms);
        let mut own = active.into_iter();
        let own = own.find(|member| self.setup.mode.is_own(&self.setup.own, member));
        if let Some(own) = own.filter(|own| Some(&own.event_id) == self.said.own_event.as_ref()) {
            let reaction = self.said.hands.reaction(own);
            self.said.own_hand.seen(&own.event_id, reaction);
        }
    }

    fn hear(&mut self, now: Now, events: &[Value]) {
        for event in events {
            if self.said.hands.hear(event) {
                self.see_own_hand(now);
            }
            if self.said.names.hear(event) {
                let user = event["state_key"].as_str().unwrap_or_default();
                self.tell_chat_again(Some(user));
            }
            if let Some(change) = self.said.chat.hear(event) {
                self.tell_change(change);
            }
            self.see_sign(now, event);
        }
    }

    /// The first look back is what was said before; later ones fill gaps.
    fn look_back(&mut self, now: Now, events: &[Value]) {
        if std::mem::replace(&mut self.said.looked_back, true) {
            let passed = |event: &&Value| event["type"] != reactions::SIGN_TYPE;
            let events: Vec<Value> = events.iter().filter(passed).cloned().collect();
            return self.hear(now, &events);
        }
        let already: Vec<String> = self.said.chat.lines().map(|line| line.id).collect();
        for event in events {
            self.said.hands.hear(event);
            self.said.chat.hear(event);
        }
        self.see_own_hand(now);
        let before = self.said.chat.lines();
        let before = before.filter(|line| !already.contains(&line.id) && self.may_read(line));
        let before: Vec<ChatLine> = before.map(|line| self.chat_line(line)).collect();
        if !before.is_empty() {
            self.emit(CallEvent::ChatBefore(before));
        }
    }

    fn see_sign(&mut self, now: Now, event: &Value) {
        let Some(sign) = reactions::sign(event) else {
            return;
        };
        let active = membership::active(&self.members, now.unix_ms);
        let given = active
            .iter()
            .any(|member| member.event_id == sign.membership && member.device.user == sign.sender);
        // People see on the panel that theirs was given.
        if given && sign.sender != self.setup.own.user && !self.said.is_ignored(&sign.sender) {
            let from = self.called(&sign.sender);
            let emoji = sign.emoji;
            self.emit(CallEvent::Reaction { from, emoji });
        }
    }

    fn called(&self, user: &str) -> String {
        let name = self.said.names.called(user);
        name.unwrap_or_else(|| people::short(user))
    }

    fn may_read(&self, line: &Written) -> bool {
        !self.said.is_ignored(&line.sender)
    }

    fn chat_line(&self, line: Written) -> ChatLine {
        ChatLine {
            author: self.called(&line.sender),
            id: line.id,
            text: line.text,
            private: false,
        }
    }

    fn tell_change(&mut self, change: Change) {
        match change {
            Change::Line(line) if self.may_read(&line) => {
                let line = self.chat_line(line);
                self.emit(CallEvent::Chat(line));
            }
            Change::Line(_) => {}
            Change::Removed { id } => self.emit(CallEvent::ChatRemoved { id }),
        }
    }

    /// Somebody (`None`: everybody) is called otherwise now.
    fn tell_chat_again(&mut self, user: Option<&str>) {
        let lines = self.said.chat.lines();
        let lines = lines.filter(|line| user.is_none_or(|user| line.sender == user));
        for line in lines.collect::<Vec<_>>() {
            self.tell_change(Change::Line(line));
        }
    }

    /// Who is ignored is not seen, not heard and not read; who is not any more is.
    fn ignore(&mut self, users: BTreeSet<String>) {
        let before = std::mem::replace(&mut self.said.ignored, users);
        let lines: Vec<Written> = self.said.chat.lines().collect();
        for line in lines {
            match (before.contains(&line.sender), self.may_read(&line)) {
                (false, false) => self.tell_change(Change::Removed { id: line.id }),
                (true, true) => self.tell_change(Change::Line(line)),
                _ => {}
            }
        }
        self.hush();
    }

    /// Tells each media server whom nobody is to see or hear.
    pub(super) fn hush(&mut self) {
        let ignored: BTreeSet<String> = self
            .links
            .iter()
            .filter_map(Link::session)
            .flat_map(|session| session.roster().iter())
            .map(|(identity, _)| identity.clone())
            .filter(|identity| {
                let device = people::device(&self.members, identity);
                device.is_some_and(|device| self.said.is_ignored(&device.user))
            })
            .collect();
        for session in self.links.iter_mut().filter_map(Link::session_mut) {
            session.ignore(&ignored);
        }
    }
}

#[cfg(test)]
mod tests;
