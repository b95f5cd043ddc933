use proptest::{prelude::*, test_runner::RngSeed};

use super::*;

fn of(link: &str) -> Result<LinkTarget, LinkError> {
    LinkTarget::of(&MeetingLink::new(link))
}

/// Room, servers, password and title of a link to a Matrix room.
fn room(link: &str) -> (String, Vec<String>, Option<String>, String) {
    let target = of(link).unwrap_or_else(|error| panic!("{link}: {error}"));
    let Destination::Matrix {
        room,
        via,
        password,
        ..
    } = target.destination
    else {
        panic!("{link} is taken for {target:?}")
    };
    let password = password.map(|word| word.reveal().to_owned());
    (room.to_string(), via, password, target.title)
}

fn leads_to(link: &str, id: &str, via: &[&str]) {
    let (room, servers, password, _) = room(link);
    assert_eq!((room.as_str(), password), (id, None), "{link}");
    assert_eq!(servers, via, "{link}");
}

fn is_jitsi(link: &str, title: &str) {
    let target = of(link).unwrap();
    assert_eq!(target.title, title, "{link}");
    let Destination::Jitsi { link: kept, .. } = &target.destination else {
        panic!("{link} is taken for {target:?}")
    };
    assert_eq!(kept.reveal(), link);
}

#[test]
fn element_calls_links_name_room_password_and_servers() {
    let link = "https://call.element.io/room/#/weekly-sync?roomId=!x:example.org&password=s3%20cret\
                &perParticipantE2EE=true&viaServers=a.example&viaServers=b.example:8448";
    let (id, via, password, title) = room(link);
    assert_eq!(
        (id.as_str(), title.as_str()),
        ("!x:example.org", "weekly-sync")
    );
    assert_eq!(via, ["a.example", "b.example:8448", "example.org"]);
    assert_eq!(password.as_deref(), Some("s3 cret"));
}

#[test]
fn own_hosts_and_every_form_of_element_calls_paths_are_known() {
    for path in [
        "room/#/R%C3%A4ume?roomId=!x:hs",
        "room/#R%C3%A4ume?roomId=%21x%3Ahs",
        "R%C3%A4ume?roomId=!x:hs",
        "room/R%C3%A4ume?roomId=!x:hs",
        "#/R%C3%A4ume?roomId=!x:hs",
        "room/#/R%C3%A4ume?roomId=!x:hs%E2%80%8B",
    ] {
        let (id, via, password, title) = room(&format!("https://call.example.org/{path}"));
        assert_eq!((id.as_str(), title.as_str()), ("!x:hs", "Räume"), "{path}");
        assert_eq!((via, password), (vec!["hs".to_owned()], None), "{path}");
    }
    let alias = "https://call.example.org/room/#/weekly:example.org";
    leads_to(alias, "#weekly:example.org", &["example.org"]);
    leads_to("https://call.element.io/weekly:hs", "#weekly:hs", &["hs"]);
}

#[test]
fn the_fragment_wins_over_the_query() {
    let link = "https://c.example/room/?roomId=!old:hs&password=old#/n?roomId=!new:hs&password=new";
    let (id, _, password, _) = room(link);
    assert_eq!((id.as_str(), password.as_deref()), ("!new:hs", Some("new")));
}

#[test]
fn a_word_without_a_server_is_outdated() {
    for link in [
        "https://call.element.io/weekly",
        "https://call.example.org/room/#/weekly",
    ] {
        assert_eq!(of(link), Err(LinkError::Outdated), "{link}");
    }
    assert_eq!(of("https://call.element.io/"), Err(LinkError::NoRoom));
}

#[test]
fn matrix_to_and_element_web_lead_to_their_rooms() {
    leads_to("https://matrix.to/#/#weekly:hs", "#weekly:hs", &["hs"]);
    leads_to("https://matrix.to/#/%23weekly%3Ahs", "#weekly:hs", &["hs"]);
    let id = "https://matrix.to/#/!x:hs/$event?via=a.example&via=b.example";
    leads_to(id, "!x:hs", &["a.example", "b.example", "hs"]);
    // Room version 12: the id is a hash.
    let opaque = "https://matrix.to/#/!31hneApxJ_1o-63DmFrpeqnkFfWppnzWso1JvH3ogLM?via=hs";
    leads_to(
        opaque,
        "!31hneApxJ_1o-63DmFrpeqnkFfWppnzWso1JvH3ogLM",
        &["hs"],
    );
    leads_to(
        "https://app.element.io/#/room/#weekly:hs",
        "#weekly:hs",
        &["hs"],
    );
    leads_to(
        "https://chat.example.org/#/room/!x:hs?via=a",
        "!x:hs",
        &["a", "hs"],
    );
}

#[test]
fn matrix_uris_and_bare_addresses_are_read() {
    leads_to(
        "matrix:r/weekly:example.org",
        "#weekly:example.org",
        &["example.org"],
    );
    leads_to(
        "matrix:roomid/x:hs?action=join&via=a.example",
        "!x:hs",
        &["a.example", "hs"],
    );
    leads_to("matrix:roomid/x:hs/e/event", "!x:hs", &["hs"]);
    leads_to("matrix://hs.example/r/weekly:hs", "#weekly:hs", &["hs"]);
    leads_to(
        "#weekly:127.0.0.1:8448",
        "#weekly:127.0.0.1:8448",
        &["127.0.0.1:8448"],
    );
    leads_to("\u{200b}!x:hs?via=a ", "!x:hs", &["a", "hs"]);
    leads_to(
        "io.element.call:/?url=https%3A%2F%2Fc.example%2Froom%2F%23%2Fn%3FroomId%3D!x%3Ahs",
        "!x:hs",
        &["hs"],
    );
}

#[test]
fn aliases_are_what_people_call_the_meeting() {
    assert_eq!(room("matrix:r/R%C3%A4ume:hs").3, "Räume");
    assert_eq!(room("matrix:roomid/x:hs").3, "");
}

#[test]
fn what_leads_to_no_room_says_so() {
    for link in [
        "https://matrix.to/#/@anna:hs",
        "matrix:u/anna:hs",
        "https://matrix.to/",
        "io.element.call:/",
    ] {
        assert_eq!(of(link), Err(LinkError::NoRoom), "{link}");
    }
    for link in [
        "#weekly",
        "#:hs",
        "!",
        "!x:",
        "#a b:hs",
        "!x:h s",
        "matrix:r/weekly",
        "https://matrix.to/#/weekly",
    ] {
        assert!(
            matches!(of(link), Err(LinkError::BadRoom(_))),
            "{link}: {:?}",
            of(link)
        );
    }
    for link in ["", "weekly", "mailto:anna@example.org", "Weekly: plan"] {
        assert_eq!(of(link), Err(LinkError::NotAnAddress), "{link}");
    }
    assert_eq!(
        of(&format!("#{}:hs", "a".repeat(20_000))),
        Err(LinkError::TooLong)
    );
    assert!(matches!(
        of(&format!("#{}:hs", "a".repeat(260))),
        Err(LinkError::BadRoom(_))
    ));
}

#[test]
fn every_other_web_address_is_jitsis() {
    is_jitsi(
        "https://meet.example.org/Some%20Room?jwt=x#config.a=1",
        "Some Room",
    );
    is_jitsi("https://meet.example.org/room#config.a=1", "room");
    is_jitsi("https://meet.example.org/acme/room", "room");
    is_jitsi("org.jitsi.meet://meet.example.org/Weekly", "Weekly");
    is_jitsi("meet.example.org/Weekly", "Weekly");
    // No room id, so no Element Call.
    is_jitsi("https://meet.example.org/Weekly?roomId=7", "Weekly");
}

#[test]
fn servers_are_few_and_named_once() {
    let many: String = (0..50).map(|i| format!("&via=s{i}.example")).collect();
    let (_, via, ..) = room(&format!(
        "matrix:roomid/x:hs?via=a&via=a&via=%20bad%20&via={many}"
    ));
    assert_eq!(via.len(), MAX_VIA);
    assert_eq!(via[..2], ["a", "s0.example"]);
}

#[test]
fn a_password_is_in_no_output() {
    let target = of("https://c.example/room/#/n?roomId=!x:hs&password=s3cret").unwrap();
    assert!(!format!("{target:?}").contains("s3cret"));
}

fn piece() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("https://"),
        Just("call.element.io"),
        Just("matrix.to"),
        Just("matrix:"),
        Just("/room/"),
        Just("#"),
        Just("/"),
        Just("!x:hs"),
        Just("#a:hs"),
        Just("?"),
        Just("&"),
        Just("roomId="),
        Just("%23"),
        Just("%"),
        Just("via="),
        Just("password="),
        Just("r/"),
        Just("roomid/"),
        Just("ä"),
        Just("\u{200b}"),
        Just(":"),
        Just("io.element.call:/?url="),
    ]
    .prop_map(str::to_owned)
    .boxed()
    .prop_union(".{0,4}".boxed())
}

proptest! {
    #![proptest_config(ProptestConfig { rng_seed: RngSeed::Fixed(1), failure_persistence: None, ..Default::default() })]

    #[test]
    fn any_text_is_a_meeting_or_says_why_not(pieces in prop::collection::vec(piece(), 0..12)) {
        let text = pieces.concat();
        if let Ok(LinkTarget { destination: Destination::Matrix { room, via, .. }, .. }) = of(&text) {
            prop_assert_eq!(MatrixRoom::parse(room.as_str()), Some(room.clone()));
            prop_assert!(via.iter().all(|server| is_server_name(server)));
            // The address alone leads to the same room.
            let again = of(room.as_str()).map(|target| target.destination.place());
            prop_assert_eq!(again, Ok(room.to_string()));
        }
    }
}
