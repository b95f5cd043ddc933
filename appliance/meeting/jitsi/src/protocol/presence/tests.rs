use super::*;

fn read(xml: &str) -> Presence {
    Presence::read(&Element::parse(xml).unwrap())
}

fn refused(inner: &str) -> Refusal {
    let xml = format!(
        "<presence xmlns='jabber:client' from='r@conference.x/me' type='error'>{inner}</presence>"
    );
    match read(&xml) {
        Presence::Refused(refusal) => refusal,
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_is_written_reads_back() {
    let source = |muted, video_type: Option<&str>| SourceInfo {
        muted,
        video_type: video_type.map(str::to_owned),
    };
    let own = OwnPresence {
        to: "r@conference.x/me".into(),
        name: "Raum <Süd>".into(),
        codecs: vec![Codec::Vp8, Codec::Av1],
        sources: Sources::from([
            ("me-a0".into(), source(true, None)),
            ("me-v1".into(), source(false, Some("desktop"))),
        ]),
        hand_raised: Some(1),
    };
    let stanza = Element::parse(&own.update().to_xml()).unwrap();
    let occupant = Occupant::read("me", &stanza);
    assert_eq!(occupant.name, own.name);
    assert_eq!(occupant.sources, own.sources);
    assert_eq!(occupant.codecs, ["vp8", "av1"]);
    assert!(occupant.hand_raised);
    let enter = own.enter(Some("sesame"));
    let x = enter.get("x", ns::MUC).unwrap();
    assert_eq!(x.text_of("password").as_deref(), Some("sesame"));
}

#[test]
fn every_refusal_is_told_apart() {
    let stanzas = "xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'";
    let error = |inner: &str| refused(&format!("<error type='cancel'>{inner}</error>"));
    assert_eq!(
        error(&format!("<not-authorized {stanzas}/>")),
        Refusal::Password
    );
    assert_eq!(error("<service-unavailable/>"), Refusal::Full);
    assert_eq!(error("<conflict/>"), Refusal::Conflict);
    let restricted = "<not-allowed/><text>Room creation is restricted</text>";
    assert_eq!(error(restricted), Refusal::RoomGone);
    let banned = Refusal::NotAllowed { text: "no".into() };
    assert_eq!(error("<forbidden/><text>no</text>"), banned);
    let login = "<not-allowed/><authentication-required xmlns='http://jitsi.org/jitmeet'/>";
    assert!(matches!(error(login), Refusal::LoginNeeded { .. }));
    assert!(matches!(error("<gone/>"), Refusal::Other { .. }));
    assert!(matches!(refused(""), Refusal::Other { .. }));
}

#[test]
fn the_lobby_is_named_inside_or_beside_the_error() {
    let inner = "<error code='407' type='auth'><registration-required/>\
        <lobbyroom xmlns='http://jitsi.org/jitmeet'>r@lobby.x</lobbyroom></error>";
    let beside = "<error type='auth'><registration-required/><waiting-for-host/></error>\
        <lobbyroom>r@lobby.x</lobbyroom>";
    for (xml, waiting_for_host) in [(inner, false), (beside, true)] {
        let expected = Refusal::Lobby {
            lobby: Some("r@lobby.x".into()),
            waiting_for_host,
        };
        assert_eq!(refused(xml), expected);
    }
}

#[test]
fn old_clients_say_muted_in_elements_of_their_own() {
    let xml = "<presence xmlns='jabber:client' from='r@conference.x/old'>\
        <audiomuted>true</audiomuted><videomuted>false</videomuted></presence>";
    let Presence::Here(occupant) = read(xml) else {
        panic!("not here");
    };
    assert!(occupant.sources["old-a0"].muted);
    assert!(!occupant.sources["old-v0"].muted);
}
