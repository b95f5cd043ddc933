//! Raised hands and signs as Element Call sends them: reactions to somebody's own membership event.
//! A hand is an `m.reaction` that stands until it is redacted, a sign is an
//! `io.element.call.reaction` that passes.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use unicode_segmentation::UnicodeSegmentation;

use crate::rtc::Member;

/// What a raised hand looks like.
const HAND: &str = "🖐️";
/// A sign that passes.
pub(crate) const SIGN_TYPE: &str = "io.element.call.reaction";
/// A hand.
pub(crate) const HAND_TYPE: &str = "m.reaction";
/// More hands than that are not counted.
const MOST_HANDS: usize = 500;

/// Of Element Call's signs those that the panel offers too; its clients play a sound by the name,
/// and show another emoji for names that they know.
const NAMES: [(&str, &str); 2] = [("👍", "thumbsup"), ("👏", "clapping")];

/// A hand that was raised.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Hand {
    /// User id.
    sender: String,
    /// The membership event that it is a reaction to.
    membership: String,
}

/// All hands of a room, by the reaction's event id.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Hands(BTreeMap<String, Hand>);

/// A sign that somebody gave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Sign {
    /// User id.
    pub sender: String,
    /// The membership event that it is about.
    pub membership: String,
    pub emoji: String,
}

impl Hands {
    /// Takes in an event of the timeline; true when it may have changed a hand.
    pub(crate) fn hear(&mut self, event: &Value) -> bool {
        let read = |value: &Value| value.as_str().map(str::to_owned);
        match event["type"].as_str() {
            Some(HAND_TYPE) => {
                let relation = &event["content"]["m.relates_to"];
                let (Some(id), Some(sender), Some(membership)) = (
                    read(&event["event_id"]),
                    read(&event["sender"]),
                    read(&relation["event_id"]),
                ) else {
                    return false;
                };
                if relation["key"] != HAND || self.0.len() >= MOST_HANDS {
                    return false;
                }
                self.0.insert(id, Hand { sender, membership });
                true
            }
            Some("m.room.redaction") => {
                let redacts = event["redacts"].as_str();
                redacts
                    .or_else(|| event["content"]["redacts"].as_str())
                    .is_some_and(|id| self.0.remove(id).is_some())
            }
            _ => false,
        }
    }

    /// The member asks for the floor: nobody else can for it.
    pub(crate) fn is_raised(&self, member: &Member) -> bool {
        self.reaction(member).is_some()
    }

    /// The event that says so.
    pub(crate) fn reaction(&self, member: &Member) -> Option<&str> {
        let of_member =
            |hand: &Hand| hand.membership == member.event_id && hand.sender == member.device.user;
        let mut hands = self.0.iter();
        hands
            .find(|(_, hand)| of_member(hand))
            .map(|(id, _)| id.as_str())
    }
}

/// The sign that an event is; only its first character counts, as in Element Call.
pub(crate) fn sign(event: &Value) -> Option<Sign> {
    if event["type"] != SIGN_TYPE {
        return None;
    }
    let content = &event["content"];
    let emoji = content["emoji"].as_str()?.graphemes(true).next()?;
    Some(Sign {
        sender: event["sender"].as_str()?.to_owned(),
        membership: content["m.relates_to"]["event_id"].as_str()?.to_owned(),
        emoji: Some(emoji)
            .filter(|emoji| !emoji.trim().is_empty())?
            .to_owned(),
    })
}

/// Content of our hand.
pub(crate) fn hand_content(membership: &str) -> Value {
    json!({ "m.relates_to": { "rel_type": "m.annotation", "event_id": membership, "key": HAND } })
}

/// Content of our sign.
pub(crate) fn sign_content(membership: &str, emoji: &str) -> Value {
    let name = NAMES.iter().find(|(of, _)| *of == emoji);
    json!({
        "m.relates_to": { "rel_type": "m.reference", "event_id": membership },
        "emoji": emoji,
        "name": name.map_or("generic", |(_, name)| name),
    })
}

/// What this room's own hand is to be, and what of it the others know.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct OwnHand {
    /// It is to be up.
    pub wanted: bool,
    /// The reaction that stands, and the membership event that it belongs to.
    standing: Option<(String, String)>,
    asked: Option<Asked>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Asked {
    Up { membership: String },
    Down,
}

/// What to ask the homeserver.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Ask {
    Raise { membership: String },
    Lower { reaction: String },
}

impl OwnHand {
    /// What has to be done so that the others see it as it is wanted. `membership`: our membership
    /// event; a hand belongs to one event and falls with it.
    pub(crate) fn settle(&mut self, membership: Option<&str>) -> Option<Ask> {
        let membership = membership?;
        if self.asked.is_some() {
            return None;
        }
        self.standing.take_if(|(_, of)| of != membership);
        match (&self.standing, self.wanted) {
            (None, true) => {
                let membership = membership.to_owned();
                self.asked = Some(Asked::Up {
                    membership: membership.clone(),
                });
                Some(Ask::Raise { membership })
            }
            (Some((reaction, _)), false) => {
                let reaction = reaction.clone();
                self.asked = Some(Asked::Down);
                Some(Ask::Lower { reaction })
            }
            _ => None,
        }
    }

    /// To [`Ask::Raise`]; `None`: it did not work, and people see that the hand is down.
    pub(crate) fn raised(&mut self, reaction: Option<String>) {
        if let Some(Asked::Up { membership }) = self.asked.take() {
            self.wanted &= reaction.is_some();
            self.standing = reaction.map(|reaction| (reaction, membership));
        }
    }

    /// To [`Ask::Lower`]; when it did not work, people see that the hand is still up.
    pub(crate) fn lowered(&mut self, done: bool) {
        if self.asked.take() == Some(Asked::Down) {
            if done {
                self.standing = None;
            } else {
                self.wanted = true;
            }
        }
    }

    /// Somebody else, or this room in an earlier life, changed it.
    pub(crate) fn seen(&mut self, membership: &str, reaction: Option<&str>) {
        if self.asked.is_some() {
            return;
        }
        match (reaction, &self.standing) {
            (Some(reaction), None) => {
                self.standing = Some((reaction.to_owned(), membership.to_owned()));
                self.wanted = true;
            }
            (None, Some((_, of))) if of == membership => {
                self.standing = None;
                self.wanted = false;
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rtc::{StateEvent, membership};

    fn anna() -> Member {
        let event: StateEvent = serde_json::from_value(json!({
            "type": membership::EVENT_TYPE, "sender": "@anna:hs", "state_key": "", "event_id": "$m1",
            "content": { "application": "m.call", "device_id": "A" },
        }))
        .unwrap();
        membership::parse(&event).unwrap().remove(0)
    }

    /// As Element Call 0.26.1 sends it.
    fn hand(id: &str, sender: &str, membership: &str) -> Value {
        json!({ "type": "m.reaction", "event_id": id, "sender": sender, "content": hand_content(membership) })
    }

    #[test]
    fn a_hand_is_up_until_it_is_redacted_and_nobody_raises_anothers() {
        let mut hands = Hands::default();
        assert!(hands.hear(&hand("$1", "@eve:hs", "$m1")));
        assert!(hands.hear(&hand("$2", "@anna:hs", "$other")));
        assert!(!hands.is_raised(&anna()));
        assert!(hands.hear(&hand("$3", "@anna:hs", "$m1")));
        assert!(hands.is_raised(&anna()));
        let lowered = json!({ "type": "m.room.redaction", "redacts": "$3", "content": {} });
        assert!(hands.hear(&lowered));
        assert!(!hands.is_raised(&anna()));
    }

    #[test]
    fn other_reactions_are_no_hands() {
        let mut hands = Hands::default();
        let mut thumb = hand("$1", "@anna:hs", "$m1");
        thumb["content"]["m.relates_to"]["key"] = "👍".into();
        assert!(!hands.hear(&thumb));
        assert!(!hands.hear(&json!({ "type": "m.reaction", "content": {} })));
        assert!(!hands.hear(&json!(7)));
    }

    #[test]
    fn signs_are_read_up_to_their_first_character() {
        let event = |emoji: Value| {
            json!({
                "type": SIGN_TYPE, "sender": "@anna:hs",
                "content": { "emoji": emoji, "name": "x", "m.relates_to": { "rel_type": "m.reference", "event_id": "$m1" } },
            })
        };
        assert_eq!(sign(&event("👨‍👩‍👧!!".into())).unwrap().emoji, "👨‍👩‍👧");
        for bad in [json!(""), json!("  "), json!(7), Value::Null] {
            assert_eq!(sign(&event(bad)), None);
        }
        assert_eq!(sign_content("$m1", "👍")["name"], "thumbsup");
        // Element Call has another picture for the name "heart".
        assert_eq!(sign_content("$m1", "❤️")["name"], "generic");
    }

    #[test]
    fn our_hand_goes_up_and_down_one_request_at_a_time() {
        let mut own = OwnHand {
            wanted: true,
            ..OwnHand::default()
        };
        assert_eq!(own.settle(None), None, "nobody sees us yet");
        let membership = "$m1".to_owned();
        assert_eq!(own.settle(Some("$m1")), Some(Ask::Raise { membership }));
        own.wanted = false;
        assert_eq!(own.settle(Some("$m1")), None, "one at a time");
        own.raised(Some("$h".into()));
        let reaction = "$h".to_owned();
        assert_eq!(own.settle(Some("$m1")), Some(Ask::Lower { reaction }));
        own.lowered(true);
        assert_eq!(own.settle(Some("$m1")), None);
    }

    #[test]
    fn a_hand_that_fell_with_its_membership_is_raised_again() {
        let mut own = OwnHand {
            wanted: true,
            ..OwnHand::default()
        };
        own.settle(Some("$m1"));
        own.raised(Some("$h".into()));
        let membership = "$m2".to_owned();
        assert_eq!(own.settle(Some("$m2")), Some(Ask::Raise { membership }));
    }

    #[test]
    fn what_fails_is_shown_as_it_is_and_others_may_lower_it() {
        let mut own = OwnHand {
            wanted: true,
            ..OwnHand::default()
        };
        own.settle(Some("$m1"));
        own.raised(None);
        assert!(!own.wanted);
        own.seen("$m1", Some("$earlier"));
        assert!(own.wanted, "from an earlier life");
        own.seen("$m1", None);
        assert!(!own.wanted, "a moderator lowered it");
        assert_eq!(own.settle(Some("$m1")), None);
    }
}
