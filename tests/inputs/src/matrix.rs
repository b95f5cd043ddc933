//! What comes from home servers, call services, media servers and other members.

use saal_matrix::fuzzing;

use crate::{Target, json};

const MEMBER_EVENTS: &str = include_str!("seeds/members.json");
const KEY_EVENTS: &str = include_str!("seeds/keys.json");
const TALK_EVENTS: &str = include_str!("seeds/talk.json");
const CALL_EVENTS: &str = include_str!("seeds/calls.json");
const ANSWERS: &str = include_str!("seeds/answers.json");

pub(crate) const MEMBERS: Target = Target {
    name: "matrix_members",
    read: |data| fuzzing::members(&json::documents(MEMBER_EVENTS, data)),
    seeds: || json::seeds(MEMBER_EVENTS),
};

pub(crate) const KEYS: Target = Target {
    name: "matrix_keys",
    read: |data| fuzzing::keys(&json::documents(KEY_EVENTS, data)),
    seeds: || json::seeds(KEY_EVENTS),
};

pub(crate) const TALK: Target = Target {
    name: "matrix_talk",
    read: |data| fuzzing::talk(&json::documents(TALK_EVENTS, data)),
    seeds: || json::seeds(TALK_EVENTS),
};

pub(crate) const CALLS: Target = Target {
    name: "matrix_calls",
    read: |data| fuzzing::calls(&json::documents(CALL_EVENTS, data)),
    seeds: || json::seeds(CALL_EVENTS),
};

pub(crate) const ANSWER: Target = Target {
    name: "matrix_answer",
    read: |data| {
        json::documents(ANSWERS, data)
            .iter()
            .for_each(fuzzing::answer);
    },
    seeds: || json::seeds(ANSWERS),
};

pub(crate) const SIGNALLING: Target = Target {
    name: "matrix_signalling",
    read: fuzzing::signalling,
    seeds: || vec![fuzzing::signalling_seed()],
};
