//! Sources of others: which stream is whose, in each of the forms that servers tell it.

use std::collections::BTreeMap;

use saal_media_protocol::{SourceKind, StreamSsrc};
use serde::Deserialize;
use serde_json::Value;

use super::{ids, xml::Element};

/// More than a conference that can be shown has; what is beyond is not received.
const MAX_SOURCES: usize = 512;

/// The bridge's own sources: it probes the way with them.
pub(crate) const BRIDGE: &str = "jvb";

/// A source that can be received.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Source {
    /// Such as `1a2b3c4d-v0`.
    pub(crate) name: String,
    /// Endpoint.
    pub(crate) owner: String,
    pub(crate) stream: StreamSsrc,
    pub(crate) kind: SourceKind,
}

impl Source {
    pub(crate) fn is_picture(&self) -> bool {
        matches!(self.kind, SourceKind::Camera | SourceKind::Content)
    }
}

/// An entry of the bridge's source maps (SSRC rewriting).
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Mapped {
    pub(crate) source: String,
    #[serde(default)]
    pub(crate) owner: Option<String>,
    pub(crate) ssrc: u32,
    #[serde(default)]
    pub(crate) rtx: Option<u32>,
    #[serde(default)]
    pub(crate) video_type: Option<String>,
    /// With mid demux. The SSRC stands beside it and is what the engine goes by.
    #[serde(default)]
    pub(crate) mid: Option<String>,
}

impl Mapped {
    pub(crate) fn into_source(self, picture: bool) -> Source {
        let owner = self.owner.unwrap_or_else(|| owner_of(&self.source));
        Source {
            kind: kind(picture, self.video_type.as_deref(), &self.source),
            name: self.source,
            owner,
            stream: StreamSsrc {
                ssrc: self.ssrc,
                rtx: self.rtx.filter(|rtx| *rtx != 0),
            },
        }
    }
}

/// `1a2b3c4d-v0` is of `1a2b3c4d`.
pub(crate) fn owner_of(name: &str) -> String {
    name.rsplit_once('-')
        .map_or(name, |(owner, _)| owner)
        .to_owned()
}

fn kind(picture: bool, video_type: Option<&str>, name: &str) -> SourceKind {
    let desktop = video_type.is_some_and(|t| t.eq_ignore_ascii_case("desktop") || t == "d");
    match (picture, desktop) {
        (true, true) => SourceKind::Content,
        (true, false) => SourceKind::Camera,
        // A second microphone is what a presentation sounds like.
        (false, _) if name.ends_with("-a1") => SourceKind::ContentAudio,
        (false, _) => SourceKind::Microphone,
    }
}

/// Reads the sources in a `<jingle/>`, in compact JSON or in XEP-0339.
pub(crate) fn read(jingle: &Element) -> Vec<Source> {
    let mut sources = Vec::new();
    for message in jingle.all("json-message") {
        if let Ok(json) = serde_json::from_str::<Value>(&message.text()) {
            read_json(&json, &mut sources);
        }
    }
    for content in jingle.all("content") {
        for description in content.all("description") {
            let name = description.attr("media").or(content.attr("name"));
            read_xml(description, name == Some("video"), &mut sources);
        }
    }
    sources.truncate(MAX_SOURCES);
    sources
}

/// A source's numbers before they are sorted into sources.
#[derive(Clone, Debug)]
struct Numbered {
    ssrc: u32,
    name: String,
    owner: String,
    video_type: Option<String>,
}

/// `{"sources":{"OWNER":[[video],[video groups],[audio],[audio groups]]}}`
fn read_json(json: &Value, into: &mut Vec<Source>) {
    let Some(owners) = json["sources"].as_object() else {
        return;
    };
    for (owner, lists) in owners {
        for (index, picture) in [(0, true), (2, false)] {
            let numbered = list(&lists[index]).filter_map(|entry| compact(entry, owner));
            let numbered: Vec<Numbered> = numbered.take(MAX_SOURCES).collect();
            let groups: Vec<Group> = list(&lists[index + 1]).filter_map(compact_group).collect();
            collect(&numbered, &groups, picture, into);
        }
    }
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn compact(entry: &Value, owner: &str) -> Option<Numbered> {
    let text = |name: &str| entry[name].as_str().map(str::to_owned);
    Some(Numbered {
        ssrc: number(&entry["s"])?,
        name: text("n").or_else(|| text("m")).unwrap_or_default(),
        owner: owner.to_owned(),
        video_type: text("v"),
    })
}

fn number(value: &Value) -> Option<u32> {
    u32::try_from(value.as_u64()?).ok()
}

/// Streams that belong together.
struct Group {
    simulcast: bool,
    ssrcs: Vec<u32>,
}

/// `["f", 1, 2]` for FID, `["s", 1, 2, 3]` for SIM.
fn compact_group(entry: &Value) -> Option<Group> {
    let mut parts = list(entry);
    let simulcast = match parts.next()?.as_str()? {
        "s" => true,
        "f" => false,
        _ => return None,
    };
    let ssrcs = parts.filter_map(number).take(MAX_SOURCES).collect();
    Some(Group { simulcast, ssrcs })
}

fn read_xml(description: &Element, picture: bool, into: &mut Vec<Source>) {
    let numbered = description.all("source").filter_map(numbered);
    let numbered: Vec<Numbered> = numbered.take(MAX_SOURCES).collect();
    let groups: Vec<Group> = description.all("ssrc-group").filter_map(group).collect();
    collect(&numbered, &groups, picture, into);
}

fn numbered(element: &Element) -> Option<Numbered> {
    let text = |name| element.attr(name).map(str::to_owned);
    let mut parameters = element.all("parameter");
    let msid = parameters.find(|p| p.attr("name") == Some("msid"));
    let msid = msid.and_then(|p| p.attr("value")).map(str::to_owned);
    let name = text("name").or(msid).unwrap_or_default();
    // Where the owner stands beside, it is a JID in the room.
    let info = element.find("ssrc-info").and_then(|i| i.attr("owner"));
    let owner = info.map(|jid| match ids::resource(jid) {
        "" => jid.to_owned(),
        endpoint => endpoint.to_owned(),
    });
    Some(Numbered {
        ssrc: element.attr("ssrc")?.parse().ok()?,
        owner: owner.unwrap_or_else(|| owner_of(&name)),
        name,
        video_type: text("videoType"),
    })
}

fn group(element: &Element) -> Option<Group> {
    let simulcast = match element.attr("semantics")? {
        "SIM" => true,
        "FID" => false,
        _ => return None,
    };
    let members = element.all("source");
    let ssrcs = members.filter_map(|source| source.attr("ssrc")?.parse().ok());
    Some(Group {
        simulcast,
        ssrcs: ssrcs.take(MAX_SOURCES).collect(),
    })
}

/// One source for each name: its first stream that is neither a retransmission nor a higher layer.
fn collect(numbered: &[Numbered], groups: &[Group], picture: bool, into: &mut Vec<Source>) {
    let secondary = |ssrc: u32| {
        let mut groups = groups.iter();
        groups.any(|group| group.ssrcs.iter().skip(1).any(|member| *member == ssrc))
    };
    for one in numbered {
        let known = into.iter().any(|source| source.name == one.name);
        if one.name.is_empty() || known || secondary(one.ssrc) {
            continue;
        }
        let retransmitted = groups
            .iter()
            .find(|group| !group.simulcast && group.ssrcs.first() == Some(&one.ssrc));
        into.push(Source {
            name: one.name.clone(),
            owner: one.owner.clone(),
            stream: StreamSsrc {
                ssrc: one.ssrc,
                rtx: retransmitted.and_then(|group| group.ssrcs.get(1).copied()),
            },
            kind: kind(picture, one.video_type.as_deref(), &one.name),
        });
    }
}

/// What changes for the engine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Change {
    /// Expect this stream, or expect it elsewhere; the flag says that the source is new.
    Receive(Source, bool),
    /// The source is gone.
    Gone(String),
}

/// What is received on one connection.
#[derive(Clone, Debug, Default)]
pub(crate) struct Received {
    by_name: BTreeMap<String, Source>,
}

impl Received {
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Source> {
        self.by_name.values()
    }

    /// Takes a source in. A stream that was another source's is that one's no longer.
    pub(crate) fn put(&mut self, source: Source) -> Vec<Change> {
        let known = self.by_name.get(&source.name);
        if known == Some(&source) || (known.is_none() && self.by_name.len() >= MAX_SOURCES) {
            return Vec::new();
        }
        let new =
            known.is_none_or(|known| known.kind != source.kind || known.owner != source.owner);
        let losers = self
            .by_name
            .values()
            .filter(|other| other.name != source.name && other.stream.ssrc == source.stream.ssrc);
        let losers: Vec<String> = losers.map(|other| other.name.clone()).collect();
        let mut changes = Vec::new();
        for name in losers {
            self.by_name.remove(&name);
            changes.push(Change::Gone(name));
        }
        self.by_name.insert(source.name.clone(), source.clone());
        changes.push(Change::Receive(source, new));
        changes
    }

    pub(crate) fn remove(&mut self, name: &str) -> Option<Change> {
        let removed = self.by_name.remove(name)?;
        Some(Change::Gone(removed.name))
    }

    /// Somebody left.
    pub(crate) fn remove_owner(&mut self, owner: &str) -> Vec<Change> {
        let of_owner = self.by_name.values().filter(|s| s.owner == owner);
        let names: Vec<String> = of_owner.map(|s| s.name.clone()).collect();
        names.iter().filter_map(|name| self.remove(name)).collect()
    }
}

#[cfg(test)]
mod tests;
