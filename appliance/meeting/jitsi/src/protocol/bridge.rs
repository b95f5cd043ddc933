//! Messages of the bridge's channel, over a WebSocket or a data channel: JSON with `colibriClass`.

use serde::Deserialize;
use serde_json::{Value, json};

use super::{receiving::Constraints, sources::Mapped};

/// A message larger than this is not read, in bytes.
const MAX_BYTES: usize = 1 << 20;

/// From the bridge.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum FromBridge {
    /// The channel works.
    Hello,
    /// Which picture is on which stream.
    VideoSources(Vec<Mapped>),
    /// Which sound is on which stream.
    AudioSources(Vec<Mapped>),
    /// Pictures that are sent to us now.
    Forwarded(Vec<String>),
    /// Who speaks, or spoke last and is silent now.
    Dominant { endpoint: String, silence: bool },
    /// How high anybody needs a picture of ours, in pixels.
    SenderConstraints { source: String, max_height: u32 },
    /// Somebody's message to us or to all.
    Endpoint { from: String, payload: Value },
    /// Of no consequence here: statistics, connectivity, last-n.
    Notice,
    /// Not known.
    Unknown(String),
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct SourcesMap {
    #[serde(default)]
    mapped_sources: Vec<Mapped>,
}

impl FromBridge {
    /// Reads a message; anything that is none is `Unknown`.
    pub(crate) fn read(text: &str) -> Self {
        if text.len() > MAX_BYTES {
            return Self::Unknown("a message too long".to_owned());
        }
        let Ok(json) = serde_json::from_str::<Value>(text) else {
            return Self::Unknown("no JSON".to_owned());
        };
        let class = json["colibriClass"].as_str().unwrap_or_default();
        Self::of_class(class, &json).unwrap_or_else(|| Self::Unknown(class.to_owned()))
    }

    fn of_class(class: &str, json: &Value) -> Option<Self> {
        let text = |name: &str| json[name].as_str().map(str::to_owned);
        let message = match class {
            "ServerHello" => Self::Hello,
            "VideoSourcesMap" => Self::VideoSources(mapped(json)?),
            "AudioSourcesMap" => Self::AudioSources(mapped(json)?),
            "ForwardedSources" => {
                let names = json["forwardedSources"].as_array()?;
                let names = names.iter().filter_map(Value::as_str);
                Self::Forwarded(names.map(str::to_owned).collect())
            }
            "DominantSpeakerEndpointChangeEvent" => Self::Dominant {
                endpoint: text("dominantSpeakerEndpoint").unwrap_or_default(),
                silence: json["silence"].as_bool() == Some(true),
            },
            "SenderSourceConstraints" => Self::SenderConstraints {
                source: text("sourceName")?,
                max_height: height(&json["maxHeight"]),
            },
            "EndpointMessage" => Self::Endpoint {
                from: text("from").unwrap_or_default(),
                payload: json["msgPayload"].clone(),
            },
            "EndpointStats"
            | "ConnectionStats"
            | "EndpointConnectivityStatusChangeEvent"
            | "LastN"
            | "LastNChangedEvent"
            | "SenderVideoConstraints"
            | "LastNEndpointsChangeEvent"
            | "SyntheticSourceSendingChangeEvent"
            | "ClientHello" => Self::Notice,
            _ => return None,
        };
        Some(message)
    }
}

/// -1 stands for "as high as can be".
fn height(value: &Value) -> u32 {
    match value.as_i64() {
        Some(height) if height < 0 => u32::MAX,
        Some(height) => u32::try_from(height).unwrap_or(u32::MAX),
        None => 0,
    }
}

fn mapped(json: &Value) -> Option<Vec<Mapped>> {
    let map: SourcesMap = serde_json::from_value(json.clone()).ok()?;
    Some(map.mapped_sources)
}

/// Which pictures we want, and how high.
pub(crate) fn receiver_constraints(constraints: &Constraints) -> String {
    let each = constraints.by_source.iter();
    let each: serde_json::Map<String, Value> = each
        .map(|(source, height)| (source.clone(), json!({ "maxHeight": height })))
        .collect();
    json!({
        "colibriClass": "ReceiverVideoConstraints",
        "lastN": -1,
        "selectedSources": [],
        "onStageSources": constraints.on_stage,
        "defaultConstraints": { "maxHeight": constraints.default_height },
        "constraints": each,
    })
    .to_string()
}

/// What a source of ours shows: `camera`, `desktop` or `none`.
pub(crate) fn source_video_type(source: &str, video_type: &str) -> String {
    json!({
        "colibriClass": "SourceVideoTypeMessage",
        "sourceName": source,
        "videoType": video_type,
    })
    .to_string()
}

/// A message to somebody; to all where `to` is empty.
pub(crate) fn endpoint_message(to: &str, payload: &Value) -> String {
    json!({ "colibriClass": "EndpointMessage", "to": to, "msgPayload": payload }).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_constraints_and_maps() {
        let read = FromBridge::read(
            r#"{"colibriClass":"SenderSourceConstraints","sourceName":"a-v0","maxHeight":-1}"#,
        );
        let expected = FromBridge::SenderConstraints {
            source: "a-v0".into(),
            max_height: u32::MAX,
        };
        assert_eq!(read, expected);
        let read = FromBridge::read(
            r#"{"colibriClass":"VideoSourcesMap","mappedSources":[{"source":"a-v1","ssrc":1,"rtx":2,"videoType":"DESKTOP","mid":"v0"}]}"#,
        );
        let FromBridge::VideoSources(mapped) = read else {
            panic!("{read:?}");
        };
        let source = mapped[0].clone().into_source(true);
        assert_eq!(source.owner, "a");
        assert_eq!(source.kind, saal_media_protocol::SourceKind::Content);
    }

    #[test]
    fn what_is_not_known_is_named() {
        assert_eq!(
            FromBridge::read(r#"{"colibriClass":"New"}"#),
            FromBridge::Unknown("New".into())
        );
        for text in [
            "",
            "[]",
            "null",
            r#"{"colibriClass":"VideoSourcesMap","mappedSources":7}"#,
        ] {
            assert!(matches!(FromBridge::read(text), FromBridge::Unknown(_)));
        }
    }
}
