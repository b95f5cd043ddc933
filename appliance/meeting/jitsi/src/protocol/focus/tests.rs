use super::*;

fn iq(xml: &str) -> FocusAnswer {
    FocusAnswer::from_iq(&Element::parse(xml).unwrap())
}

fn conference(attributes: &str, properties: &str) -> FocusAnswer {
    iq(&format!(
        "<iq xmlns='jabber:client' type='result'><conference xmlns='{}' {attributes}>{properties}</conference></iq>",
        ns::FOCUS
    ))
}

fn error(inner: &str) -> FocusAnswer {
    iq(&format!(
        "<iq xmlns='jabber:client' type='error'><error type='cancel'>{inner}</error></iq>"
    ))
}

#[test]
fn reads_every_answer_of_the_focus() {
    let ready = conference("ready='true' focusjid='focus@auth.x' session-id='s'", "");
    let expected = Ready {
        focus: Some("focus@auth.x".into()),
        session_id: Some("s".into()),
    };
    assert_eq!(ready, FocusAnswer::Ready(expected));
    let login = "<property name='authentication' value='true'/>";
    let not_ready = FocusAnswer::NotReady {
        authentication: true,
    };
    assert_eq!(conference("ready='false'", login), not_ready);
    let not_live = "<property name='live' value='false'/>";
    assert_eq!(conference("ready='false'", not_live), FocusAnswer::NotLive);
    let redirect = FocusAnswer::Redirect {
        vnode: "v1".into(),
        focus: "focus@auth.v1".into(),
    };
    assert_eq!(
        conference("ready='true' vnode='v1' focusjid='focus@auth.v1'", ""),
        redirect
    );
}

#[test]
fn reads_every_refusal_of_the_focus() {
    let not_authorized = "<not-authorized xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/>";
    assert_eq!(error(not_authorized), FocusAnswer::NotAuthorized);
    let session = "<session-invalid xmlns='http://jitsi.org/protocol/focus'/>";
    assert_eq!(error(session), FocusAnswer::SessionInvalid);
    let reservation = "<reservation-error xmlns='http://jitsi.org/protocol/focus' error-code='409'/>\
        <text>taken</text>";
    let expected = FocusAnswer::Reservation {
        code: "409".into(),
        text: "taken".into(),
    };
    assert_eq!(error(reservation), expected);
    assert!(matches!(error("<gone/>"), FocusAnswer::Failed { .. }));
    assert!(matches!(
        iq("<iq xmlns='jabber:client'/>"),
        FocusAnswer::Failed { .. }
    ));
}

#[test]
fn http_says_the_same() {
    let body =
        r#"{"ready":true,"focusJid":"focus@auth.x","properties":{"authentication":"false"}}"#;
    let FocusAnswer::Ready(ready) = FocusAnswer::from_http(200, body) else {
        panic!("not ready");
    };
    assert_eq!(ready.focus.as_deref(), Some("focus@auth.x"));
    assert_eq!(FocusAnswer::from_http(403, ""), FocusAnswer::NotAuthorized);
    assert_eq!(
        FocusAnswer::from_http(400, "HTTP ERROR 400 invalid-session"),
        FocusAnswer::SessionInvalid
    );
    for (status, body) in [(200, "<html>"), (502, "{}")] {
        let failed = FocusAnswer::from_http(status, body);
        assert!(matches!(failed, FocusAnswer::Failed { .. }));
    }
}

#[test]
fn both_forms_ask_the_same() {
    let request = ConferenceRequest {
        room: "r@conference.x".into(),
        machine_uid: "m".into(),
        session_id: Some("s".into()),
        token: Some("t".into()),
        visitor: true,
    };
    let element = request.to_element();
    assert_eq!(element.attr("token"), Some("t"));
    let json: Value = serde_json::from_str(&request.to_json()).unwrap();
    assert_eq!(json["room"], element.attr("room").unwrap());
    assert_eq!(json["machineUid"], element.attr("machine-uid").unwrap());
    assert_eq!(json["sessionId"], element.attr("session-id").unwrap());
    for property in element.all("property") {
        let name = property.attr("name").unwrap();
        assert_eq!(
            json["properties"][name].to_string(),
            property.attr("value").unwrap()
        );
    }
}
