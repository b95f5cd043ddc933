//! Which media server a member publishes on: what the homeserver's endpoint names, else its
//! well-known file, else the configuration (MSC4143, MSC4195).

use serde_json::Value;

/// The service URL of a transport or focus, if it is a LiveKit one; without a trailing slash, so
/// that two spellings of one service are one.
pub(crate) fn livekit_service_url(transport: &Value) -> Option<String> {
    if transport.get("type")?.as_str()? != "livekit" {
        return None;
    }
    let url = transport.get("livekit_service_url")?.as_str()?;
    url::Url::parse(url)
        .is_ok()
        .then(|| url.trim_end_matches('/').to_owned())
}

/// From the answer of `…/org.matrix.msc4143/rtc/transports`.
pub(crate) fn from_endpoint(answer: &Value) -> Option<String> {
    first(answer.get("rtc_transports")?)
}

/// From `/.well-known/matrix/client`.
pub(crate) fn from_well_known(answer: &Value) -> Option<String> {
    first(answer.get("org.matrix.msc4143.rtc_foci")?)
}

fn first(list: &Value) -> Option<String> {
    list.as_array()?.iter().find_map(livekit_service_url)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_first_livekit_transport_counts_whatever_else_is_listed() {
        let answer = json!({ "rtc_transports": [
            { "type": "carrier-pigeon" },
            { "type": "livekit" },
            { "type": "livekit", "livekit_service_url": "not a url" },
            { "type": "livekit", "livekit_service_url": "https://rtc.example.org/" },
            { "type": "livekit", "livekit_service_url": "https://second.example.org" },
        ]});
        assert_eq!(
            from_endpoint(&answer).as_deref(),
            Some("https://rtc.example.org")
        );
    }

    #[test]
    fn malformed_answers_name_none() {
        for answer in [
            json!(null),
            json!([]),
            json!({ "rtc_transports": 7 }),
            json!({}),
        ] {
            assert_eq!(from_endpoint(&answer), None);
            assert_eq!(from_well_known(&answer), None);
        }
    }

    #[test]
    fn well_known_of_older_servers_is_read() {
        let answer = json!({
            "m.homeserver": { "base_url": "http://127.0.0.1:18008/" },
            "org.matrix.msc4143.rtc_foci": [
                { "type": "livekit", "livekit_service_url": "http://127.0.0.1:18080" },
            ],
        });
        assert_eq!(
            from_well_known(&answer).as_deref(),
            Some("http://127.0.0.1:18080")
        );
    }
}
