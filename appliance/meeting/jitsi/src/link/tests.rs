use super::*;

fn link(text: &str) -> ConferenceLink {
    ConferenceLink::read(text).unwrap_or_else(|e| panic!("{text}: {e}"))
}

#[test]
fn server_tenant_and_room_are_told_apart() {
    let plain = link("https://meet.example.org/WeeklySync");
    assert_eq!(plain.base.as_str(), "https://meet.example.org/");
    assert_eq!((plain.tenant, plain.room.as_str()), (None, "weeklysync"));
    assert_eq!(plain.title, "WeeklySync");
    let tenant = link("https://meet.example.org:8443/Acme/sub/Room");
    assert_eq!(
        tenant.base.as_str(),
        "https://meet.example.org:8443/Acme/sub/"
    );
    assert_eq!(tenant.tenant.as_deref(), Some("acme/sub"));
    assert_eq!(tenant.room, "room");
}

#[test]
fn rooms_of_any_script_are_named_as_the_web_application_does() {
    let names = [
        ("Gr\u{fc}ner%20Raum", "gr%c3%bcner%20raum"),
        ("Gr%C3%BCner%20Raum", "gr%c3%bcner%20raum"),
        // Full-width letters are letters (NFKC), and a ligature is two.
        ("\u{ff32}oom\u{fb01}", "roomfi"),
        ("\u{5bfe}\u{8a71}", "%e5%af%be%e8%a9%b1"),
        ("\u{130}stanbul", "i%cc%87stanbul"),
        ("a:b!c(d)e", "abcde"),
        ("100%", "100%25"),
        ("b%26c", "b%26c"),
    ];
    for (name, expected) in names {
        assert_eq!(
            link(&format!("https://m.example/{name}")).room,
            expected,
            "{name}"
        );
    }
}

#[test]
fn tokens_and_overrides_are_read_from_query_and_fragment() {
    let text = "https://m.example/r?jwt=abc.def.ghi&x=1#config.startWithAudioMuted=true\
        &config.p2p.enabled=false&userInfo.displayName=%22Room%204%22&config.bad=%7B&interfaceConfig.x=1";
    let link = link(text);
    assert_eq!(link.token.as_ref().map(Secret::reveal), Some("abc.def.ghi"));
    assert_eq!(link.overrides["startWithAudioMuted"], Value::Bool(true));
    assert_eq!(link.overrides["p2p.enabled"], Value::Bool(false));
    assert_eq!(link.overrides.len(), 2);
    assert_eq!(link.display_name.as_deref(), Some("Room 4"));
    assert!(!format!("{link:?}").contains("abc.def"));
    let fragment = super::ConferenceLink::read("https://m.example/r#jwt=%22t%22").unwrap();
    assert_eq!(fragment.token.as_ref().map(Secret::reveal), Some("t"));
}

#[test]
fn schemes_of_applications_and_none_at_all_are_understood() {
    for text in [
        "org.jitsi.meet://m.example/Room",
        "org.jitsi.meet:https://m.example/Room",
        "https://user:pass@m.example/Room",
        " https://m.example/ Room\n",
        "m.example/Room",
        "HTTPS://m.example/Room",
    ] {
        assert_eq!(link(text).base.as_str(), "https://m.example/", "{text}");
        assert_eq!(link(text).room, "room", "{text}");
    }
    assert_eq!(link("http://127.0.0.1:8000/r").base.scheme(), "http");
}

#[test]
fn what_is_no_link_says_why() {
    let refused = [
        ("", LinkError::NotAnAddress),
        ("room", LinkError::NotAnAddress),
        ("mailto:somebody@example.org", LinkError::NotAnAddress),
        ("https://", LinkError::NotAnAddress),
        ("https://m.example", LinkError::NoRoom),
        ("https://m.example/", LinkError::NoRoom),
        ("https://m.example/tenant/", LinkError::NoRoom),
        ("https://m.example/?jwt=x", LinkError::NoRoom),
        ("https://m.example/()", LinkError::NoRoom),
    ];
    for (text, expected) in refused {
        assert_eq!(ConferenceLink::read(text), Err(expected), "{text}");
    }
    let long = format!("https://m.example/{}", "x".repeat(MAX_BYTES));
    assert_eq!(ConferenceLink::read(&long), Err(LinkError::TooLong));
}
