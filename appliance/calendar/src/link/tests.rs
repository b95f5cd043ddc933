use saal_meeting::NoWay;

use super::{Field, Found, JitsiHosts, find};

fn place_of(found: &Found) -> String {
    let places: Vec<String> = found.destinations.iter().map(|d| d.place()).collect();
    places.join(" ; ")
}

fn in_text(text: &str) -> Found {
    find([(Field::Description, text)], &JitsiHosts::Any)
}

fn only(hosts: &[&str]) -> JitsiHosts {
    JitsiHosts::Only(hosts.iter().map(|host| (*host).to_owned()).collect())
}

#[test]
fn what_was_made_for_the_link_is_believed_before_the_text() {
    let text = "Protocol of last time: https://meet.example.org/Old";
    let fields = [
        (Field::Description, text),
        (Field::Location, "Room 4, https://meet.example.org/Planning"),
        (
            Field::Conference,
            "https://call.example.org/room/#/Board?roomId=!b:example.org",
        ),
    ];
    assert_eq!(
        place_of(&find(fields, &JitsiHosts::Any)),
        "!b:example.org ; https://meet.example.org/Planning ; https://meet.example.org/Old"
    );
}

#[test]
fn links_end_where_people_end_them() {
    for text in [
        "Join (https://meet.example.org/Weekly).",
        "<https://meet.example.org/Weekly>",
        "\"https://meet.example.org/Weekly\"",
        "„https://meet.example.org/Weekly“",
        "[https://meet.example.org/Weekly]",
        "https://meet.example.org/Weekly, then lunch",
        "Link:https://meet.example.org/Weekly",
    ] {
        assert_eq!(
            place_of(&in_text(text)),
            "https://meet.example.org/Weekly",
            "{text}"
        );
    }
}

#[test]
fn gateways_are_looked_through() {
    for (gateway, link) in [
        (
            "Safe Links",
            "https://eur01.safelinks.protection.outlook.com/?url=https%3A%2F%2Fmeet.example.org%2FWeekly&data=05%7C02&reserved=0",
        ),
        (
            "Proofpoint 1",
            "https://urldefense.proofpoint.com/v1/url?u=https://meet.example.org/Weekly&k=p4Ly7qpE",
        ),
        (
            "Proofpoint 2",
            "https://urldefense.proofpoint.com/v2/url?u=https-3A__meet.example.org_Weekly&d=DwMF&c=x",
        ),
        (
            "Proofpoint 3",
            "https://urldefense.com/v3/__https://meet.example.org/Weekly__;!!AbCd!xyz$",
        ),
        (
            "Proofpoint 3, one slash",
            "https://urldefense.com/v3/__https:/meet.example.org/Weekly__;!!AbCd!xyz$",
        ),
        (
            "Barracuda",
            "https://linkprotect.cudasvc.com/url?a=https%3a%2f%2fmeet.example.org%2fWeekly&c=E,1,x&typo=1",
        ),
        (
            "Cisco",
            "https://secure-web.cisco.com/1AbC_dE/https%3A%2F%2Fmeet.example.org%2FWeekly",
        ),
        (
            "Trend Micro",
            "https://imsva91-ctp.trendmicro.com/wis/clicktime/v1/query?url=https%3a%2f%2fmeet.example.org%2fWeekly&umid=1",
        ),
        (
            "Sophos",
            "https://eu-central-1.protection.sophos.com/?d=meet.example.org&u=aHR0cHM6Ly9tZWV0LmV4YW1wbGUub3JnL1dlZWtseQ==&i=x",
        ),
        (
            "Safe Links of Proofpoint",
            "https://eur01.safelinks.protection.outlook.com/?url=https%3A%2F%2Furldefense.proofpoint.com%2Fv2%2Furl%3Fu%3Dhttps-3A__meet.example.org_Weekly%26d%3DDwMF&data=1",
        ),
    ] {
        assert_eq!(
            place_of(&in_text(link)),
            "https://meet.example.org/Weekly",
            "{gateway}"
        );
    }
}

/// Letters that Proofpoint replaces are put back, single and several.
#[test]
fn proofpoint_puts_letters_back() {
    let one = "https://urldefense.com/v3/__https://call.example.org/room/*/B?roomId=!b:example.org__;Iw!!A!x$";
    assert_eq!(place_of(&in_text(one)), "!b:example.org");
    let two = "https://urldefense.com/v3/__https://meet.example.org/**A__;w7zDpA!!A!x$";
    assert_eq!(place_of(&in_text(two)), "https://meet.example.org/üä");
}

#[test]
fn a_gateway_that_keeps_the_target_is_told() {
    let link = "https://protect-eu.mimecast.com/s/AbCdE?domain=meet.example.org";
    let found = in_text(link);
    let why = NoWay::Rewritten {
        gateway: "Mimecast".to_owned(),
        host: Some("meet.example.org".to_owned()),
    };
    assert_eq!((found.destinations.len(), found.no_way), (0, vec![why]));
}

#[test]
fn other_services_are_told_by_their_names() {
    for (link, name) in [
        (
            "https://teams.microsoft.com/l/meetup-join/19%3ameeting_x/0",
            "Microsoft Teams",
        ),
        ("https://example.zoom.us/j/123456789?pwd=x", "Zoom"),
        ("https://meet.google.com/abc-defg-hij", "Google Meet"),
        ("https://example.webex.com/meet/ada", "Webex"),
        (
            "https://bbb.example.org/rooms/ada-x1y/join",
            "BigBlueButton",
        ),
        ("https://cloud.example.org/call/x8y7z6w5", "Nextcloud Talk"),
    ] {
        let found = find([(Field::Location, link)], &JitsiHosts::Any);
        assert_eq!(
            found.no_way,
            [NoWay::OtherService {
                name: name.to_owned()
            }],
            "{link}"
        );
        assert!(found.destinations.is_empty(), "{link}");
    }
}

#[test]
fn only_allowed_hosts_are_gone_to() {
    let hosts = only(&["meet.example.org", "*.rooms.example"]);
    let at = |link: &str| find([(Field::Location, link)], &hosts);
    assert_eq!(
        place_of(&at("https://meet.example.org/A")),
        "https://meet.example.org/A"
    );
    assert_eq!(
        place_of(&at("https://a.rooms.example/B")),
        "https://a.rooms.example/B"
    );
    for (link, host) in [
        ("https://meet.elsewhere.example/A", "meet.elsewhere.example"),
        ("https://jitsi.badrooms.example/A", "jitsi.badrooms.example"),
    ] {
        let found = at(link);
        let host = host.to_owned();
        assert_eq!(found.no_way, [NoWay::NotAllowed { host }], "{link}");
        assert!(found.destinations.is_empty(), "{link}");
    }
}

#[test]
fn pages_of_the_web_are_no_meetings() {
    let text = "Agenda: https://www.example.org/agenda.pdf\nHelp: https://meet.example.org/static/help.html\n\
                https://meet.example.org/ mailto:ada@example.org https://wiki.example.org/Weekly";
    assert_eq!(in_text(text), Found::default());
}

#[test]
fn a_password_beside_the_link_comes_along() {
    let secret = |text: &str| match in_text(text).destinations.first() {
        Some(saal_meeting::Destination::Jitsi { password, .. }) => {
            password.as_ref().map(|word| word.reveal().to_owned())
        }
        _ => None,
    };
    let link = "https://meet.example.org/Weekly";
    assert_eq!(
        secret(&format!("{link}\nPasswort: Blau7")).as_deref(),
        Some("Blau7")
    );
    assert_eq!(
        secret(&format!("Password (if asked): x-1\n{link}")).as_deref(),
        Some("x-1")
    );
    assert_eq!(
        secret(&format!("{link}\nPIN: 4711")).as_deref(),
        Some("4711")
    );
    let telephone = format!("{link}\nDial-in: +1.512.555.0100\nPIN: 123456789#");
    assert_eq!(secret(&telephone), None);
    assert_eq!(
        secret(&format!("{link}\nThe password is told on the day.")),
        None
    );
}

#[test]
fn producers_have_their_ways_to_write_a_password() {
    let link = "https://meet.example.org/Weekly";
    let secret = |text: &str| match in_text(&format!("{link}\n{text}")).destinations.first() {
        Some(saal_meeting::Destination::Jitsi { password, .. }) => {
            password.as_ref().map(|word| word.reveal().to_owned())
        }
        _ => None,
    };
    for (text, wanted) in [
        ("Kenncode: 483921", Some("483921")),
        ("Kenncode 483921", Some("483921")),
        ("Besprechungskennwort: Linde7", Some("Linde7")),
        ("Meeting-Passwort:\tLinde7", Some("Linde7")),
        ("Kennwort\tLinde7", Some("Linde7")),
        ("Passcode – Ap4d", Some("Ap4d")),
        ("PIN 4711", Some("4711")),
        ("PIN-Code: 4711", Some("4711")),
        ("Raum-PIN = 4711", Some("4711")),
        ("Zutrittscode: 90210", Some("90210")),
        ("The passcode is 483921.", Some("483921")),
        ("Das Passwort lautet 483921, bis bald", Some("483921")),
        ("Access code: Ap4d", Some("Ap4d")),
        ("Security code: 12-34", Some("12-34")),
        // What is none of the meeting's, or of those who lead it.
        ("Host-PIN: 9999", None),
        ("Moderatorenkennwort: Chef1", None),
        ("Moderator password: Chef1", None),
        ("Pinnwand: Halle", None),
        ("Das Passwort lautet wie immer", None),
        ("Passwort 2 Tage vorher erfragen", None),
        ("Call in: 030 5550100, access code: 123456", None),
        ("PIN: 123456#", None),
    ] {
        assert_eq!(secret(text).as_deref(), wanted, "{text}");
    }
}

#[test]
fn a_token_beside_the_link_opens_it() {
    const TOKEN: &str = "eyJhbGciOiJIUzI1NiJ9.eyJyb29tIjoiVGVzdCJ9.c2lnbmF0dXIx";
    let opened = |text: &str| match in_text(text).destinations.first() {
        Some(saal_meeting::Destination::Jitsi { link, .. }) => link.reveal().to_owned(),
        other => panic!("{other:?}"),
    };
    let link = "https://meet.example.org/Weekly";
    let with = format!("{link}?jwt={TOKEN}");
    for text in [
        format!("{link}\nToken: {TOKEN}"),
        format!("jwt={TOKEN}\n{link}"),
        format!("Hier: {link} (Token {TOKEN})."),
    ] {
        assert_eq!(opened(&text), with, "{text}");
    }
    let own = format!("{link}?jwt=a.b.c\nToken: {TOKEN}");
    assert_eq!(opened(&own), format!("{link}?jwt=a.b.c"), "the link's own");
    let config = format!("{link}#config.startSilent=true\n{TOKEN}");
    let wanted = format!("{link}?jwt={TOKEN}#config.startSilent=true");
    assert_eq!(opened(&config), wanted);
    for text in [
        "eyJhbGciOi.short.x",
        "eyJhbGciOiJIUzI1NiJ9.eyJyb29tIjoiVGVzdCJ9",
    ] {
        assert_eq!(opened(&format!("{link}\n{text}")), link, "{text} is none");
    }
}

#[test]
fn what_was_answered_to_counts_least() {
    let text = "We meet here: https://meet.example.org/New\n\n-----Original Message-----\n\
                From: Ada\nhttps://call.example.org/room/#/Old?roomId=!old:example.org";
    assert_eq!(
        place_of(&in_text(text)),
        "https://meet.example.org/New ; !old:example.org"
    );
}

#[test]
fn html_is_read_by_its_anchors_and_its_words() {
    let page = "<html><body><p>Join <a HREF='https://meet.example.org/Weekly?jwt=a.b.c&amp;x=1'>here</a>,\
                <br>password: Blau7</p></body></html>";
    let found = find([(Field::Html, page)], &JitsiHosts::Any);
    let Some(saal_meeting::Destination::Jitsi { link, password, .. }) = found.destinations.first()
    else {
        panic!("{found:?}");
    };
    assert_eq!(
        link.reveal(),
        "https://meet.example.org/Weekly?jwt=a.b.c&x=1"
    );
    assert_eq!(password.as_ref().map(|word| word.reveal()), Some("Blau7"));
}

#[test]
fn the_link_that_carries_more_is_taken() {
    let fields = [
        (Field::Location, "https://meet.example.org/Weekly"),
        (
            Field::Description,
            "https://meet.example.org/Weekly?jwt=a.b.c",
        ),
    ];
    let found = find(fields, &JitsiHosts::Any);
    assert_eq!(found.destinations.len(), 1);
    let Some(saal_meeting::Destination::Jitsi { link, .. }) = found.destinations.first() else {
        panic!("{found:?}");
    };
    assert!(link.reveal().ends_with("?jwt=a.b.c"));
}

#[test]
fn rooms_of_matrix_are_found_in_all_their_forms() {
    for (text, place) in [
        ("#weekly:example.org", "#weekly:example.org"),
        ("in #weekly:example.org, as ever", "#weekly:example.org"),
        (
            "https://matrix.to/#/%23weekly%3Aexample.org",
            "#weekly:example.org",
        ),
        ("matrix:r/weekly:example.org", "#weekly:example.org"),
        (
            "https://app.element.example/#/room/!w:example.org?via=example.org",
            "!w:example.org",
        ),
        (
            "https://call.example.org/room/#/Weekly?roomId=!w:example.org&password=x",
            "!w:example.org",
        ),
    ] {
        assert_eq!(place_of(&in_text(text)), place, "{text}");
    }
    assert_eq!(
        in_text("C# and issue #12: see https://matrix.to/#/@ada:example.org"),
        Found::default()
    );
}
