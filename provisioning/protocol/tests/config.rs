//! What somebody who writes a configuration is told.

use proptest::prelude::*;
use saal_fleet_protocol::config::{self, ConfigError, Language, Theme};

const GOLDEN: &str = include_str!("golden/v1.toml");
const SMALL: &str = "version = 1
[room]
name = \"Lahn\"
time_zone = \"Europe/Berlin\"
[matrix]
homeserver = \"http://127.0.0.1:8008\"
access_token_file = \"token\"
allowed_servers = [\"example.org\"]
";

fn refused(text: &str) -> ConfigError {
    config::parse(text).expect_err("this must be refused")
}

/// The golden document with one line replaced.
fn with(line: &str, other: &str) -> String {
    assert!(GOLDEN.contains(line), "the golden file has {line}");
    GOLDEN.replace(line, other)
}

#[test]
fn the_golden_document_of_version_1_is_understood() {
    let config = config::parse(GOLDEN).unwrap();
    assert_eq!(config.room.name.as_str(), "Raum Lahn");
    assert_eq!(
        (config.room.language, config.panel.theme),
        (Language::De, Theme::Dark)
    );
    assert_eq!(config.television.height.get(), 1080);
    assert_eq!(config.devices.loudspeaker.as_str(), "none");
}

#[test]
fn what_is_written_again_reads_the_same() {
    let config = config::parse(GOLDEN).unwrap();
    let again = toml::to_string(&config).unwrap();
    assert_eq!(config::parse(&again).unwrap(), config);
}

#[test]
fn a_short_document_gets_the_documented_defaults() {
    let config = config::parse(SMALL).unwrap();
    assert_eq!(config.web.listen.address().to_string(), "127.0.0.1:8480");
    assert_eq!(config.devices.camera.as_str(), "simulated");
    assert_eq!(
        (config.panel.width.get(), config.panel.height.get()),
        (1280, 800)
    );
}

/// Found by fuzzing: it was a line behind the last one.
#[test]
fn what_is_missing_at_the_end_is_missing_in_the_last_line() {
    assert_eq!(refused("version = 1\nroom = '''\nLahn\n").line, 3);
    assert_eq!(refused("").line, 1);
}

#[test]
fn a_wrong_key_is_named_with_its_line_and_the_right_ones() {
    let error = refused(&with("language = \"de\"", "langage = \"de\""));
    assert_eq!((error.line, error.key.as_str()), (5, "room.langage"));
    assert!(
        error.problem.contains("language") && error.problem.contains("time_zone"),
        "{error}"
    );
}

/// Words of the golden document, what replaces them, and the beginning of the line, the key and the hint to be told.
#[rustfmt::skip]
const WRONG_VALUES: [(&str, &str, &str, &str, &str); 18] = [
    ("language = \"de\"", "language = \"fr\"", "language =", "room.language", "en"),
    ("\"Europe/Berlin\"", "\"Europe/Wetzlar\"", "time_zone =", "room.time_zone", "Europe/Berlin"),
    ("\"https://matrix", "\"http://matrix", "homeserver =", "matrix.homeserver", "https"),
    ("\"https://matrix", "\"matrix_", "homeserver =", "matrix.homeserver", "no server name"),
    ("[\"example.org\"]", "[]", "allowed_servers =", "matrix.allowed_servers", "at least one"),
    ("[\"example.org\"]", "[\"a b\"]", "allowed_servers =", "matrix.allowed_servers[0]", "example.org"),
    ("[\"@it:example.org\"]", "[\"it\"]", "verifiers =", "matrix.verifiers[0]", "@it:example.org"),
    ("[\"@it:example.org\"]", "[\"@it:a b\"]", "verifiers =", "matrix.verifiers[0]", "@it:example.org"),
    ("mains_hertz = 60", "mains_hertz = 16", "mains_hertz =", "devices.mains_hertz", "50 and 60"),
    ("width = 1280", "width = 5", "width =", "panel.width", "160 to 7680"),
    ("theme = \"dark\"", "theme = \"pink\"", "theme =", "panel.theme", "light"),
    ("\"0.0.0.0:8480\"", "\"8480\"", "listen =", "web.listen", "127.0.0.1:8480"),
    ("token_file = \"web-token\"", "", "listen =", "web.listen", "token_file"),
    ("\"IT-Servicezentrum\"", "\"\"", "name =", "support.name", "1 to 60"),
    ("\"IT-Servicezentrum\"", "\"IT\\nevil\"", "name =", "support.name", "one line"),
    ("\"+49 641 309-1234\"", "\"\u{202e}110\"", "telephone =", "support.telephone", "+49 641"),
    ("\"it@example.org\"", "\"it at example\"", "mail =", "support.mail", "it@example.org"),
    ("name = \"Raum Lahn\"", "name = \" \"", "name =", "room.name", "1 to 100"),
];

#[test]
fn a_wrong_value_is_named_with_its_line_and_what_is_allowed() {
    for (line, other, start, key, hint) in WRONG_VALUES {
        let document = with(line, other);
        let section = format!("[{}]", key.split('.').next().unwrap());
        let mut lines = document.lines().enumerate();
        lines.find(|(_, line)| *line == section).unwrap();
        let at = lines.find(|(_, line)| line.starts_with(start)).unwrap().0 + 1;
        let error = refused(&document);
        assert_eq!((error.line, error.key.as_str()), (at, key), "{error}");
        assert!(
            error.problem.contains(hint),
            "{error} should mention {hint}"
        );
    }
}

#[test]
fn a_room_presents_from_another_device_than_its_camera() {
    let error = refused(&with(
        "content = \"USB Video\"",
        "content = \"Logitech Rally\"",
    ));
    assert_eq!(error.key, "devices.content", "{error}");
    let none = with("content = \"USB Video\"", "");
    assert_eq!(
        config::parse(&none).unwrap().devices.content.as_str(),
        "none"
    );
    for same in ["simulated", "none"] {
        let both = with("content = \"USB Video\"", &format!("content = \"{same}\""))
            .replace("Logitech Rally", same);
        config::parse(&both).unwrap();
    }
}

#[test]
fn another_version_is_refused_before_anything_else() {
    let error = refused("version = 2\n[quantum]\n");
    assert_eq!((error.line, error.key.as_str()), (1, "version"));
    assert!(error.problem.contains("version = 1"), "{error}");
    assert!(refused("[room]\n").problem.contains("missing"));
}

#[test]
fn a_document_that_is_no_toml_says_where() {
    let error = refused("version = 1\n[room\n");
    assert_eq!(error.line, 2, "{error}");
}

proptest! {
    #[test]
    fn any_damage_is_an_error_or_a_config_and_never_a_panic(at in 0..GOLDEN.len(), with in "\\PC{0,3}") {
        if GOLDEN.is_char_boundary(at) {
            let text = format!("{}{with}{}", &GOLDEN[..at], &GOLDEN[at + 1..]);
            if let Err(error) = config::parse(&text) {
                prop_assert!(error.line >= 1 && error.line <= text.lines().count() + 1);
                prop_assert!(!error.problem.is_empty());
            }
        }
    }
}

/// A room without a Matrix account.
const LINKS_ONLY: &str = "version = 1
[room]
name = \"Lahn\"
time_zone = \"Europe/Berlin\"
[[meetings]]
title = \"Open office\"
link = \"https://meet.example.org/office\"
";

#[test]
fn a_room_may_have_links_only_but_needs_a_meeting() {
    let config = config::parse(LINKS_ONLY).unwrap();
    assert_eq!(config.meetings[0].title.as_str(), "Open office");
    let bare = LINKS_ONLY.split("[[meetings]]").next().unwrap();
    assert!(refused(bare).problem.contains("[[meetings]]"));
}

#[test]
fn a_link_shows_no_token_to_the_network() {
    let error = refused(&LINKS_ONLY.replace("https://", "http://"));
    assert_eq!((error.line, error.key.as_str()), (7, "meetings[0].link"));
    assert!(error.problem.contains("https://"), "{error}");
}

#[test]
fn a_jitsi_login_is_a_token_or_the_means_to_make_one() {
    let with = |keys: &str| format!("{LINKS_ONLY}[[jitsi]]\nhost = \"meet.example.org\"\n{keys}");
    assert!(config::parse(&with("token_file = \"t\"")).is_ok());
    assert!(config::parse(&with("app_id = \"a\"\nkey_file = \"k\"")).is_ok());
    for wrong in [
        "",
        "app_id = \"a\"",
        "token_file = \"t\"\napp_id = \"a\"\nkey_file = \"k\"",
    ] {
        assert!(
            refused(&with(wrong)).problem.contains("meet.example.org"),
            "{wrong}"
        );
    }
}

#[test]
fn a_room_logs_in_in_one_way() {
    let with = |keys: &str| SMALL.replace("access_token_file = \"token\"\n", keys);
    for right in [
        "password_file = \"p\"\nuser = \"lahn\"\n",
        "login_token_file = \"t\"\n",
        "registration_token_file = \"t\"\nuser = \"@lahn:example.org\"\n",
        "oauth = true\nuser = \"lahn\"\n",
        "oauth = true\noauth_client_id = \"room\"\nuser = \"lahn\"\n",
    ] {
        config::parse(&with(right)).unwrap();
    }
    for (wrong, hint) in [
        ("", "0 of access_token_file"),
        (
            "access_token_file = \"t\"\nlogin_token_file = \"t\"\n",
            "2 of",
        ),
        ("password_file = \"p\"\n", "need user"),
        // Whoever stands at the panel could make the room theirs.
        ("oauth = true\n", "need user"),
        (
            "oauth = true\npassword_file = \"p\"\nuser = \"lahn\"\n",
            "2 of",
        ),
        (
            "login_token_file = \"t\"\noauth_client_id = \"room\"\n",
            "oauth = true",
        ),
        (
            "login_token_file = \"t\"\nuser = \"lahn\"\n",
            "leave user out",
        ),
    ] {
        let error = refused(&with(wrong));
        assert!(error.problem.contains(hint), "{error}");
    }
}

#[test]
fn a_calendar_has_one_place_and_its_address_no_password() {
    let with = |keys: &str| format!("{LINKS_ONLY}[[calendars]]\nname = \"Room\"\n{keys}");
    for right in [
        "feed = \"webcal://example.org/room.ics\"",
        "feed_file = \"room-address\"",
        "feed_file = \"room-address\"\nuser = \"lahn\"\npassword_file = \"p\"",
    ] {
        config::parse(&with(right)).unwrap();
    }
    for two in [
        "feed = \"https://example.org/\"\nfeed_file = \"f\"",
        "user = \"lahn\"",
    ] {
        let error = refused(&with(two));
        assert!(error.problem.contains("exactly one of"), "{error}");
    }
    for secret in [
        "caldav = \"https://lahn:s3cret@example.org/\"",
        "feed = \"https://s3cret@example.org/\"",
        "feed = \"http://example.org/s3cret.ics\"",
        "feed = \"ftp://example.org/s3cret.ics\"",
        "feed = \"example.org:s3cret\"",
        "feed = \"//s3cret\"",
    ] {
        let error = refused(&with(secret));
        assert!(error.key.starts_with("calendars"), "{error}");
        assert!(!error.to_string().contains("s3cret"), "{error}");
    }
}
