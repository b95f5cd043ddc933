use super::*;

fn read(xml: &str) -> Action {
    Action::read(&Element::parse(xml).unwrap())
}

fn offer(xml: &str) -> Offer {
    match read(xml) {
        Action::Initiate(offer) => *offer,
        other => panic!("{other:?}"),
    }
}

const VIDEO: &str = "<jingle xmlns='urn:xmpp:jingle:1' action='session-initiate' sid='s'>\
    <content name='video'><description media='video'>\
    <payload-type id='107' name='H264' clockrate='90000'>\
    <parameter name='profile-level-id' value='42e01f;level-asymmetry-allowed=1;packetization-mode=1;'/>\
    <rtcp-fb type='nack' subtype='pli'/><rtcp-fb type='transport-cc'/></payload-type>\
    <payload-type id='108' name='H264' clockrate='90000'><parameter name='packetization-mode' value='0'/></payload-type>\
    <payload-type id='99' name='rtx' clockrate='90000'><parameter name='apt' value='107'/></payload-type>\
    <payload-type id='98' name='rtx' clockrate='90000'><parameter name='apt' value='108'/></payload-type>\
    <payload-type id='300' name='VP8' clockrate='90000'/><payload-type id='63' name='red' clockrate='90000'/>\
    <rtp-hdrext id='5' uri='http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01'/>\
    <rtp-hdrext id='6' uri='urn:unheard-of'/><rtp-hdrext id='15' uri='urn:ietf:params:rtp-hdrext:sdes:mid'/>\
    </description></content></jingle>";

#[test]
fn what_the_engine_decodes_is_accepted_with_its_retransmissions() {
    let offer = offer(VIDEO);
    let accepted: Vec<u8> = offer.contents[0].accepted().iter().map(|p| p.id).collect();
    assert_eq!(accepted, [107, 99]);
    let types = offer.payload_types();
    assert_eq!(types.len(), 1);
    assert_eq!((types[0].codec, types[0].rtx), (Codec::H264, Some(99)));
    assert_eq!(types[0].feedback, ["nack pli", "transport-cc"]);
    let parameter = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let expected = [
        parameter("profile-level-id", "42e01f"),
        parameter("level-asymmetry-allowed", "1"),
        parameter("packetization-mode", "1"),
    ];
    assert_eq!(types[0].parameters, expected);
    let extensions: Vec<u8> = offer.extensions().iter().map(|e| e.id).collect();
    assert_eq!(extensions, [5]);
}

#[test]
fn an_offer_without_a_certificate_leads_nowhere() {
    let transport = "<transport ufrag='u' pwd='p'/>";
    let open = VIDEO.replace("</content>", &format!("{transport}</content>"));
    assert_eq!(offer(&open).transport.remote(), None);
    let print =
        "<transport ufrag='u' pwd='p'><fingerprint hash='SHA-256'>ab:cd</fingerprint></transport>";
    let signed = VIDEO.replace("</content>", &format!("{print}</content>"));
    let remote = offer(&signed).transport.remote().unwrap();
    assert_eq!(remote.fingerprints[0].value, "AB:CD");
    assert_eq!(remote.fingerprints[0].hash, "sha-256");
    assert_eq!(remote.setup, DtlsSetup::Actpass);
}

#[test]
fn actions_are_told_apart() {
    let action = |name: &str| {
        read(&format!(
            "<jingle xmlns='urn:xmpp:jingle:1' action='{name}'/>"
        ))
    };
    assert!(matches!(
        action("transport-replace"),
        Action::TransportReplace(_)
    ));
    assert!(matches!(action("source-remove"), Action::SourceRemove(_)));
    assert_eq!(action("session-info"), Action::Info);
    assert_eq!(action("new"), Action::Other("new".into()));
    let end = read(
        "<jingle xmlns='urn:xmpp:jingle:1' action='session-terminate'><reason><text>why</text><gone/></reason></jingle>",
    );
    let expected = Termination {
        condition: "gone".into(),
        text: "why".into(),
    };
    assert_eq!(end, Action::Terminate(expected));
}
