//! The bridge channel's messages: JSON objects whose class stands in `colibriClass`.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Value, json};

/// What a client says.
#[derive(Debug, Deserialize)]
#[serde(tag = "colibriClass")]
pub(super) enum FromClient {
    ReceiverVideoConstraints(Constraints),
    #[serde(rename_all = "camelCase")]
    SourceVideoTypeMessage {
        source_name: String,
        video_type: String,
    },
    LastNChangedEvent {
        #[serde(rename = "lastN")]
        last_n: i64,
    },
    EndpointMessage(Value),
    EndpointStats(Value),
    ClientHello,
    #[serde(other)]
    Other,
}

/// What a receiver wants to see. Without any the bridge sends no picture at all.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Constraints {
    /// How many sources at most; -1 for all.
    #[serde(rename = "lastN")]
    pub(super) last_n: Option<i64>,
    #[serde(alias = "selectedEndpoints")]
    pub(super) selected_sources: Vec<String>,
    #[serde(alias = "onStageEndpoints")]
    pub(super) on_stage_sources: Vec<String>,
    pub(super) default_constraints: Option<Height>,
    pub(super) constraints: BTreeMap<String, Height>,
}

/// Pixels; -1 for whatever there is.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Height {
    pub(super) max_height: i32,
}

impl Height {
    fn pixels(self) -> u32 {
        u32::try_from(self.max_height).unwrap_or(u32::MAX)
    }
}

impl Constraints {
    /// The height wanted of a source, 0 for none of it. Old clients name the endpoint instead.
    pub(super) fn height(&self, source: &str, owner: &str) -> u32 {
        let own = self.constraints.get(source).or(self.constraints.get(owner));
        let height = own
            .copied()
            .or(self.default_constraints)
            .unwrap_or_default();
        height.pixels()
    }

    /// Whether a source is among the chosen ones: 0 on stage, 1 selected, 2 neither.
    pub(super) fn rank(&self, source: &str, owner: &str) -> u8 {
        let names = |list: &[String]| list.iter().any(|name| name == source || name == owner);
        match () {
            () if names(&self.on_stage_sources) => 0,
            () if names(&self.selected_sources) => 1,
            () => 2,
        }
    }

    /// How many sources may be sent.
    pub(super) fn count(&self) -> usize {
        usize::try_from(self.last_n.unwrap_or(-1)).unwrap_or(usize::MAX)
    }

    /// Takes what a message says; what it leaves out stays as it was.
    pub(super) fn update(&mut self, new: Self) {
        let (last_n, default) = (self.last_n, self.default_constraints);
        *self = new;
        self.last_n = self.last_n.or(last_n);
        self.default_constraints = self.default_constraints.or(default);
    }
}

/// A line of a source map.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Mapping {
    pub(super) source: String,
    pub(super) owner: String,
    pub(super) ssrc: u32,
    pub(super) repair: Option<u32>,
    pub(super) desktop: bool,
    pub(super) mid: Option<String>,
}

pub(super) fn server_hello() -> Value {
    json!({ "colibriClass": "ServerHello" })
}

pub(super) fn forwarded_sources(sources: &[String]) -> Value {
    json!({ "colibriClass": "ForwardedSources", "forwardedSources": sources })
}

pub(super) fn sender_constraints(source: &str, height: u32) -> Value {
    json!({ "colibriClass": "SenderSourceConstraints", "sourceName": source, "maxHeight": height })
}

pub(super) fn dominant_speaker(speaker: &str, previous: &[String]) -> Value {
    json!({
        "colibriClass": "DominantSpeakerEndpointChangeEvent", "dominantSpeakerEndpoint": speaker,
        "previousSpeakers": previous, "silence": false,
    })
}

pub(super) fn connectivity(endpoint: &str, active: bool) -> Value {
    json!({ "colibriClass": "EndpointConnectivityStatusChangeEvent", "endpoint": endpoint, "active": active.to_string() })
}

pub(super) fn connection_stats(bits_per_second: u64) -> Value {
    json!({ "colibriClass": "ConnectionStats", "estimatedDownlinkBandwidth": bits_per_second })
}

pub(super) fn video_sources(mappings: &[Mapping]) -> Value {
    let mapped = mappings.iter().map(|mapping| {
        let kind = if mapping.desktop { "DESKTOP" } else { "CAMERA" };
        let mut line = line(mapping);
        line["rtx"] = json!(mapping.repair);
        line["videoType"] = json!(kind);
        line
    });
    json!({ "colibriClass": "VideoSourcesMap", "mappedSources": mapped.collect::<Vec<_>>() })
}

pub(super) fn audio_sources(mappings: &[Mapping]) -> Value {
    json!({ "colibriClass": "AudioSourcesMap", "mappedSources": mappings.iter().map(line).collect::<Vec<_>>() })
}

fn line(mapping: &Mapping) -> Value {
    let mut line =
        json!({ "source": mapping.source, "owner": mapping.owner, "ssrc": mapping.ssrc });
    if let Some(mid) = &mapping.mid {
        line["mid"] = json!(mid);
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_constraints_nothing_is_wanted() {
        assert_eq!(Constraints::default().height("ab-v0", "ab"), 0);
    }

    #[test]
    fn the_traced_constraints_are_understood() {
        let text = r#"{"colibriClass":"ReceiverVideoConstraints","lastN":-1,"selectedSources":[],"onStageSources":["ab-v0"],
            "defaultConstraints":{"maxHeight":360},"constraints":{"ab-v0":{"maxHeight":720}}}"#;
        let Ok(FromClient::ReceiverVideoConstraints(wanted)) = serde_json::from_str(text) else {
            panic!("not understood");
        };
        assert_eq!(wanted.height("ab-v0", "ab"), 720);
        assert_eq!(wanted.height("cd-v0", "cd"), 360);
        assert_eq!(wanted.rank("ab-v0", "ab"), 0);
        assert_eq!(wanted.count(), usize::MAX);
    }

    #[test]
    fn maps_look_as_traced() {
        let mapping = Mapping {
            source: "ab-v0".to_owned(),
            owner: "ab".to_owned(),
            ssrc: 4,
            repair: Some(5),
            desktop: false,
            mid: Some("v0".to_owned()),
        };
        let expected = json!({"colibriClass":"VideoSourcesMap","mappedSources":[
            {"source":"ab-v0","owner":"ab","ssrc":4,"rtx":5,"videoType":"CAMERA","mid":"v0"}]});
        assert_eq!(video_sources(&[mapping]), expected);
    }
}
