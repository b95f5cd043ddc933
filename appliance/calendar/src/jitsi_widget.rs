//! Element's Jitsi widgets: a Matrix room's state says which conference it meets in.
//!
//! Content as Element writes it: `type` "jitsi", `data` with `domain`, `conferenceId` and, where
//! the installation asks for one, `auth` "openidtoken-jwt".

use saal_meeting::{Destination, MeetingLink};
use serde_json::Value;

use crate::problem::{Problem, quoted};

/// Prosody's `prosody-mod-auth-matrix-user-verification` takes the room's OpenID token.
const OPENID: &str = "openidtoken-jwt";

/// Where the widget's conference is.
///
/// # Errors
/// What is missing or can't be an address.
pub(crate) fn read(content: &Value, room_id: &str) -> Result<Destination, Problem> {
    let data = &content["data"];
    let text = |key: &str| {
        let value = data[key].as_str().map(str::trim).filter(|s| !s.is_empty());
        value.ok_or_else(|| Problem::at(&format!("widget.data.{key}"), "is missing"))
    };
    let (domain, conference) = (text("domain")?, text("conferenceId")?);
    let address_like = |c: char| c.is_ascii_alphanumeric() || "-.:[]".contains(c);
    if !domain.chars().all(address_like) {
        let what = format!("{} is no host", quoted(domain));
        return Err(Problem::at("widget.data.domain", what));
    }
    let mut link = url::Url::parse(&format!("https://{domain}/"))
        .map_err(|e| Problem::at("widget.data.domain", e))?;
    link.path_segments_mut()
        .map_err(|()| Problem::at("widget.data.domain", "is no host"))?
        .pop_if_empty()
        .push(conference);
    let proves_itself = data["auth"] == OPENID;
    Ok(Destination::Jitsi {
        link: MeetingLink::new(link),
        password: None,
        matrix_room: proves_itself.then(|| room_id.to_owned()),
    })
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
    fn what_is_missing_or_no_host_is_said() {
        let of = |data: Value| read(&json!({ "data": data }), "!r:hs").unwrap_err().0;
        assert!(of(json!({ "domain": "a.example" })).contains("conferenceId: is missing"));
        let evil = json!({ "domain": "a.example/x?y#", "conferenceId": "z" });
        assert!(of(evil).contains("is no host"));
    }
}
