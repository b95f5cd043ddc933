//! Element's Jitsi widgets: a Matrix room's state says which conference it meets in.
//!
//! Content as Element writes it: `type` "jitsi", `data` with `domain`, `conferenceId` and, where
//! the installation asks for one, `auth` "openidtoken-jwt"; `isAudioOnly` for voice conferences.
//! Its first widgets had no `data`: the conference stands in `url` as `confId`.

use saal_meeting::{Destination, MeetingLink};
use serde_json::Value;

use crate::problem::{Problem, quoted};

/// Prosody's `prosody-mod-auth-matrix-user-verification` takes the room's OpenID token.
const OPENID: &str = "openidtoken-jwt";

/// Where widgets without a domain meet, as Element has it.
const FIRST_DOMAIN: &str = "meet.element.io";

/// Where the widget's conference is.
///
/// # Errors
/// What is missing or can't be an address.
pub(crate) fn read(content: &Value, room_id: &str) -> Result<Destination, Problem> {
    let data = &content["data"];
    let text = |key: &str| {
        let value = data[key].as_str().map(str::trim).filter(|s| !s.is_empty());
        value.map(str::to_owned)
    };
    let (domain, conference) = match (text("domain"), text("conferenceId")) {
        (Some(domain), Some(conference)) => (domain, conference),
        (None, Some(_)) => return Err(Problem::at("widget.data.domain", "is missing")),
        (domain, None) => {
            let conference = of_url(&content["url"]);
            let missing = || Problem::at("widget.data.conferenceId", "is missing");
            let domain = domain.unwrap_or_else(|| FIRST_DOMAIN.to_owned());
            (domain, conference.ok_or_else(missing)?)
        }
    };
    let address_like = |c: char| c.is_ascii_alphanumeric() || "-.:[]".contains(c);
    if !domain.chars().all(address_like) {
        let what = format!("{} is no host", quoted(&domain));
        return Err(Problem::at("widget.data.domain", what));
    }
    let mut link = url::Url::parse(&format!("https://{domain}/"))
        .map_err(|e| Problem::at("widget.data.domain", e))?;
    link.path_segments_mut()
        .map_err(|()| Problem::at("widget.data.domain", "is no host"))?
        .pop_if_empty()
        .push(&conference);
    let proves_itself = data["auth"] == OPENID;
    Ok(Destination::Jitsi {
        link: MeetingLink::new(link),
        password: None,
        matrix_room: proves_itself.then(|| room_id.to_owned()),
        // Templates make words of it.
        audio_only: data["isAudioOnly"] == true || data["isAudioOnly"] == "true",
    })
}

fn of_url(url: &Value) -> Option<String> {
    let url = url::Url::parse(url.as_str()?).ok()?;
    let mut query = url.query_pairs();
    let (_, conference) = query.find(|(name, _)| name == "confId")?;
    Some(conference.into_owned()).filter(|conference| !conference.is_empty())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn elements_widget_leads_to_its_conference() {
        let widget = json!({
            "type": "jitsi",
            "url": "https://app.example.org/jitsi.html#conferenceId=$conferenceId",
            "data": { "domain": "meet.example.org", "conferenceId": "Räume/Lahn", "isAudioOnly": false },
        });
        let Ok(Destination::Jitsi {
            link, matrix_room, ..
        }) = read(&widget, "!r:hs")
        else {
            panic!("a conference")
        };
        assert_eq!(link.reveal(), "https://meet.example.org/R%C3%A4ume%2FLahn");
        assert_eq!(matrix_room, None);
    }

    #[test]
    fn a_room_that_proves_its_members_is_named() {
        let widget = json!({ "data": {
            "domain": "meet.example.org", "conferenceId": "JBSWY", "auth": "openidtoken-jwt",
        }});
        let Ok(Destination::Jitsi { matrix_room, .. }) = read(&widget, "!r:hs") else {
            panic!("a conference")
        };
        assert_eq!(matrix_room.as_deref(), Some("!r:hs"));
    }

    #[test]
    fn a_voice_conference_is_entered_without_the_camera() {
        let widget = |audio_only: Value| {
            json!({ "data": {
                "domain": "meet.example.org", "conferenceId": "JBSWY", "isAudioOnly": audio_only,
            }})
        };
        let audio_only = |value| read(&widget(value), "!r:hs").unwrap().is_audio_only();
        assert!(audio_only(json!(true)) && audio_only(json!("true")));
        assert!(!audio_only(json!(false)) && !audio_only(json!(null)) && !audio_only(json!(7)));
    }

    #[test]
    fn the_first_widgets_name_the_conference_in_their_address() {
        let widget = json!({
            "type": "jitsi",
            "url": "https://scalar.example.org/api/widgets/jitsi.html?confId=JitsiAbc&isConference=true",
            "data": {},
        });
        let place = read(&widget, "!r:hs").unwrap().place();
        assert_eq!(place, "https://meet.element.io/JitsiAbc");
    }

    #[test]
    fn what_is_missing_or_no_host_is_said() {
        let of = |data: Value| read(&json!({ "data": data }), "!r:hs").unwrap_err().0;
        assert!(of(json!({ "domain": "a.example" })).contains("conferenceId: is missing"));
        let evil = json!({ "domain": "a.example/x?y#", "conferenceId": "z" });
        assert!(of(evil).contains("is no host"));
    }
}
