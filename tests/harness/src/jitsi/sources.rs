//! The sources of a participant: what Jingle says about them, and the forms in which the focus tells others.

use minidom::Element;
use serde_json::{Map, Value, json};

use super::xmpp::{child, escape};

/// XEP-0339.
const SSMA: &str = "urn:xmpp:jingle:apps:rtp:ssma:0";

/// Audio or video.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Medium {
    Audio,
    Video,
}

impl Medium {
    pub(super) const BOTH: [Self; 2] = [Self::Audio, Self::Video];

    /// As Jingle and SDP name it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Audio => "audio",
            Self::Video => "video",
        }
    }
}

/// One SSRC.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Source {
    pub(super) medium: Medium,
    pub(super) ssrc: u32,
    /// `ENDPOINT-v0`.
    pub(super) name: String,
    /// Stream and track.
    pub(super) msid: String,
    /// `camera` or `desktop`.
    pub(super) video_type: Option<String>,
}

/// SSRCs that belong together: `FID` (a stream and its retransmissions) or `SIM` (layers from low to high).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Group {
    pub(super) medium: Medium,
    pub(super) semantics: String,
    pub(super) ssrcs: Vec<u32>,
}

/// What one participant sends.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Sources {
    pub(super) sources: Vec<Source>,
    pub(super) groups: Vec<Group>,
}

/// A source as the bridge forwards it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Track {
    pub(super) name: String,
    pub(super) medium: Medium,
    pub(super) desktop: bool,
    /// SSRC and the SSRC of its retransmissions, layers from low to high.
    pub(super) layers: Vec<(u32, Option<u32>)>,
}

impl Sources {
    /// Reads `session-accept`, `source-add` or `source-remove` of an endpoint. Sources of old clients have no names.
    pub(super) fn parse(jingle: &Element, endpoint: &str) -> Self {
        let mut all = Self::default();
        for content in jingle.children().filter(|child| child.name() == "content") {
            let Some(description) = child(content, "description") else {
                continue;
            };
            let medium = match description.attr("media").or(content.attr("name")) {
                Some("audio") => Medium::Audio,
                Some("video") => Medium::Video,
                _ => continue,
            };
            for element in description.children().filter(|child| child.has_ns(SSMA)) {
                match element.name() {
                    "source" => all.sources.extend(source(element, medium, endpoint)),
                    "ssrc-group" => all.groups.push(group(element, medium)),
                    _ => {}
                }
            }
        }
        all
    }

    /// The sources that the bridge itself announces, which carry nothing that can be decoded.
    pub(super) fn of_bridge(audio: u32, video: u32) -> Self {
        let source = |medium: Medium, ssrc, letter| Source {
            medium,
            ssrc,
            name: format!("jvb-{letter}0"),
            msid: format!("mixedmslabel mixedlabel{}0", medium.name()),
            video_type: None,
        };
        Self {
            sources: vec![
                source(Medium::Video, video, 'v'),
                source(Medium::Audio, audio, 'a'),
            ],
            groups: Vec::new(),
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.sources.is_empty()
    }

    pub(super) fn add(&mut self, more: Self) {
        self.remove(&more);
        self.sources.extend(more.sources);
        self.groups.extend(more.groups);
    }

    /// Takes away by SSRC; a group goes with its first member.
    pub(super) fn remove(&mut self, gone: &Self) {
        let is_gone = |ssrc: u32| gone.sources.iter().any(|source| source.ssrc == ssrc);
        self.sources.retain(|source| !is_gone(source.ssrc));
        self.groups
            .retain(|group| !group.ssrcs.first().is_some_and(|first| is_gone(*first)));
    }

    /// What the bridge needs: one track for each name.
    pub(super) fn tracks(&self) -> Vec<Track> {
        let mut tracks: Vec<Track> = Vec::new();
        for source in &self.sources {
            if !tracks.iter().any(|track| track.name == source.name) {
                tracks.push(self.track(source));
            }
        }
        tracks
    }

    fn track(&self, first: &Source) -> Track {
        let of_track = |ssrc: &u32| {
            self.sources
                .iter()
                .any(|other| other.ssrc == *ssrc && other.name == first.name)
        };
        let simulcast = self
            .groups
            .iter()
            .find(|group| group.semantics == "SIM" && group.ssrcs.iter().any(of_track));
        let layers = match simulcast {
            Some(group) => group.ssrcs.clone(),
            None => vec![first.ssrc],
        };
        let layers = layers.into_iter().map(|ssrc| (ssrc, self.repair_of(ssrc)));
        Track {
            name: first.name.clone(),
            medium: first.medium,
            desktop: first.video_type.as_deref() == Some("desktop"),
            layers: layers.collect(),
        }
    }

    fn repair_of(&self, ssrc: u32) -> Option<u32> {
        let pairs = self.groups.iter().filter(|group| group.semantics == "FID");
        pairs
            .filter(|group| group.ssrcs.first() == Some(&ssrc))
            .find_map(|group| group.ssrcs.get(1).copied())
    }

    /// What receivers are told: of the layers only the first, on which the bridge sends whichever it chooses.
    pub(super) fn without_simulcast(&self) -> Self {
        let kept: Vec<u32> = self
            .tracks()
            .iter()
            .filter_map(|track| track.layers.first())
            .flat_map(|(ssrc, repair)| std::iter::once(*ssrc).chain(*repair))
            .collect();
        let find = |ssrc: &u32| self.sources.iter().find(|source| source.ssrc == *ssrc);
        let sources = kept.iter().filter_map(find);
        let groups = self.groups.iter().filter(|group| {
            group.semantics == "FID" && group.ssrcs.iter().all(|ssrc| kept.contains(ssrc))
        });
        Self {
            sources: sources.cloned().collect(),
            groups: groups.cloned().collect(),
        }
    }

    /// Compact JSON: video sources, video groups, audio sources, audio groups; empty lists at the end are left out.
    pub(super) fn compact(&self) -> Value {
        let sources = |medium| {
            let of_medium = self.sources.iter().filter(move |one| one.medium == medium);
            of_medium.map(compact_source).collect::<Vec<_>>()
        };
        let groups = |medium| {
            let of_medium = self.groups.iter().filter(move |one| one.medium == medium);
            of_medium.map(compact_group).collect::<Vec<_>>()
        };
        let mut lists = vec![
            sources(Medium::Video),
            groups(Medium::Video),
            sources(Medium::Audio),
            groups(Medium::Audio),
        ];
        while lists.last().is_some_and(Vec::is_empty) {
            lists.pop();
        }
        json!(lists)
    }

    /// Jingle's own form, for clients that do not read JSON: the children of a medium's description.
    pub(super) fn xml(&self, medium: Medium, owner: &str) -> String {
        let sources = self.sources.iter().filter(|one| one.medium == medium);
        let sources = sources.map(|source| {
            format!(
                "<source xmlns='{SSMA}' ssrc='{}' name='{}'><parameter name='msid' value='{}'/>\
                 <ssrc-info xmlns='http://jitsi.org/jitmeet' owner='{}'/></source>",
                source.ssrc,
                escape(&source.name),
                escape(&source.msid),
                escape(owner)
            )
        });
        let groups = self.groups.iter().filter(|one| one.medium == medium);
        let groups = groups.map(|group| {
            let members = group
                .ssrcs
                .iter()
                .map(|ssrc| format!("<source ssrc='{ssrc}'/>"));
            let members: String = members.collect();
            format!(
                "<ssrc-group xmlns='{SSMA}' semantics='{}'>{members}</ssrc-group>",
                group.semantics
            )
        });
        sources.chain(groups).collect()
    }
}

/// The message beside (or instead of) a Jingle description: `{"sources": {ENDPOINT: …}}`.
pub(super) fn json_message<'a>(all: impl IntoIterator<Item = (&'a str, &'a Sources)>) -> String {
    let sources: Map<String, Value> = all
        .into_iter()
        .map(|(owner, sources)| (owner.to_owned(), sources.compact()))
        .collect();
    let text = json!({ "sources": sources }).to_string();
    format!(
        "<json-message xmlns='http://jitsi.org/jitmeet'>{}</json-message>",
        escape(&text)
    )
}

fn source(element: &Element, medium: Medium, endpoint: &str) -> Option<Source> {
    let msid = element
        .children()
        .find(|child| child.name() == "parameter" && child.attr("name") == Some("msid"));
    let msid = msid.and_then(|one| one.attr("value")).unwrap_or_default();
    let name = element.attr("name").map(str::to_owned);
    Some(Source {
        medium,
        ssrc: element.attr("ssrc")?.parse().ok()?,
        name: name_by_msid(msid, medium, endpoint)
            .or(name)
            .unwrap_or_else(|| source_name(endpoint, medium, 0)),
        msid: msid.to_owned(),
        video_type: element.attr("videoType").map(str::to_owned),
    })
}

fn source_name(endpoint: &str, medium: Medium, number: u32) -> String {
    format!("{endpoint}-{}{number}", &medium.name()[..1])
}

/// `ENDPOINT-video-1-1 …` is the second video source; clients of 2022 number it in the stream's id only.
fn name_by_msid(msid: &str, medium: Medium, endpoint: &str) -> Option<String> {
    let rest = msid.strip_prefix(&format!("{endpoint}-{}-", medium.name()))?;
    let (number, _) = rest.split_once(' ')?.0.split_once('-')?;
    Some(source_name(endpoint, medium, number.parse().ok()?))
}

fn group(element: &Element, medium: Medium) -> Group {
    let members = element
        .children()
        .filter_map(|child| child.attr("ssrc")?.parse().ok());
    Group {
        medium,
        semantics: element.attr("semantics").unwrap_or_default().to_owned(),
        ssrcs: members.collect(),
    }
}

fn compact_source(source: &Source) -> Value {
    let mut entry = json!({ "s": source.ssrc, "n": source.name, "m": source.msid });
    if source.video_type.as_deref() == Some("desktop") {
        entry["v"] = json!("d");
    }
    entry
}

fn compact_group(group: &Group) -> Value {
    let kind = if group.semantics == "SIM" { "s" } else { "f" };
    let members = group.ssrcs.iter().map(|ssrc| json!(ssrc));
    Value::Array(std::iter::once(json!(kind)).chain(members).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn three_layers() -> Sources {
        let names = [1, 2, 3, 11, 12, 13].map(|ssrc| {
            format!("<source xmlns='{SSMA}' ssrc='{ssrc}' name='ab-v0' videoType='camera'><parameter name='msid' value='s t'/></source>")
        });
        let pairs = [[1, 2, 3, 0], [1, 11, 0, 0], [2, 12, 0, 0], [3, 13, 0, 0]];
        let groups = pairs.map(|ssrcs| {
            let semantics = if ssrcs[2] == 0 { "FID" } else { "SIM" };
            let members = ssrcs.iter().filter(|ssrc| **ssrc > 0);
            let members: String = members
                .map(|ssrc| format!("<source ssrc='{ssrc}'/>"))
                .collect();
            format!("<ssrc-group xmlns='{SSMA}' semantics='{semantics}'>{members}</ssrc-group>")
        });
        let text = format!(
            "<jingle xmlns='urn:xmpp:jingle:1'><content name='video'><description xmlns='urn:xmpp:jingle:apps:rtp:1' media='video'>{}{}</description></content></jingle>",
            names.concat(),
            groups.concat()
        );
        Sources::parse(&text.parse().unwrap(), "ab")
    }

    #[test]
    fn layers_come_with_their_repair() {
        let tracks = three_layers().tracks();
        assert_eq!(tracks.len(), 1);
        assert_eq!(
            tracks[0].layers,
            [(1, Some(11)), (2, Some(12)), (3, Some(13))]
        );
    }

    #[test]
    fn receivers_hear_of_the_first_layer_only() {
        let compact = three_layers().without_simulcast().compact();
        let source = |ssrc: u32| json!({ "s": ssrc, "n": "ab-v0", "m": "s t" });
        assert_eq!(compact, json!([[source(1), source(11)], [["f", 1, 11]]]));
    }

    #[test]
    fn old_clients_number_their_second_source_in_the_streams_id() {
        let name = |msid| name_by_msid(msid, Medium::Video, "ab");
        assert_eq!(name("ab-video-1-1 track").as_deref(), Some("ab-v1"));
        assert_eq!(name("ab-video-1 track"), None, "no number of a source");
        assert_eq!(name("mixedmslabel track"), None);
    }

    #[test]
    fn what_is_removed_is_gone_with_its_groups() {
        let mut all = three_layers();
        all.remove(&three_layers());
        assert_eq!(all, Sources::default());
    }

    #[test]
    fn the_bridge_announces_sources_that_nobody_owns() {
        let message = json_message([("jvb", &Sources::of_bridge(7, 8))]);
        assert!(
            message.contains(
                "&quot;jvb&quot;:[[{&quot;m&quot;:&quot;mixedmslabel mixedlabelvideo0&quot;"
            ),
            "{message}"
        );
    }
}
