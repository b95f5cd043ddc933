//! Whom to call, where people can't mend what is wrong.

use jiff::tz::TimeZone;
use saal_core::Trouble;
use saal_fleet_protocol::config::{Language, Support};
use saal_panel::{Renderer, describe};

use crate::scenes;

const WHO: &str = "IT-Servicezentrum, +49 641 309-1234, it@example.org";

fn advice(language: Language, trouble: &Trouble, support: Option<&Support>) -> String {
    let now = scenes::at("14:05");
    describe(language, trouble, support, now, &TimeZone::UTC).advice
}

/// Words that send people to whoever looks after the room.
fn sends_to_it(advice: &str) -> bool {
    let mut words = advice.split(|c: char| !c.is_alphanumeric());
    words.any(|word| word == "IT")
}

#[test]
fn whoever_is_sent_to_it_reads_how_to_reach_it() {
    let support = scenes::support();
    let mut sent = 0;
    for trouble in scenes::all_troubles() {
        for (language, help) in [(Language::De, "Hilfe: "), (Language::En, "Help: ")] {
            let before = advice(language, &trouble, None);
            let with = advice(language, &trouble, Some(&support));
            let called = with.strip_prefix(before.as_str()).unwrap();
            let called = called.trim_start_matches('.').trim_start();
            assert!(
                called.is_empty() || called == format!("{help}{WHO}"),
                "{with}"
            );
            if sends_to_it(&before) {
                assert!(!called.is_empty(), "{with}");
                sent += 1;
            }
        }
    }
    assert!(sent > 20, "{sent}");
}

#[test]
fn nobody_is_called_for_what_people_mend_themselves() {
    let support = scenes::support();
    for trouble in [
        scenes::camera_covered(),
        scenes::other_rooms(),
        scenes::join_failed(saal_meeting::EndReason::EndedForAll),
    ] {
        let before = advice(Language::En, &trouble, None);
        assert_eq!(advice(Language::En, &trouble, Some(&support)), before);
    }
}

#[test]
fn a_name_as_an_attacker_writes_it_hides_no_number() {
    let marks = format!("x{}", "\u{301}".repeat(59));
    for name in [
        "\u{202e}\u{2067}gnitteem",
        &marks,
        "\u{1b}[31m\u{7}",
        "ﷺﷺﷺ מרחבא",
    ] {
        let support = Support {
            name: name.to_owned().try_into().unwrap(),
            ..scenes::support()
        };
        let mut view = scenes::view(Language::En, scenes::free());
        view.troubles = vec![scenes::unreachable()];
        view.support = Some(support);
        let layout = Renderer::new().lay_out(&view, None);
        assert!(!layout.overflows(), "{name:?}");
        let trouble = layout.element("trouble:homeserver_unreachable").unwrap();
        let told = &trouble.description;
        assert!(
            told.ends_with(", +49 641 309-1234, it@example.org"),
            "{told:?}"
        );
        assert!(
            !told.contains(['\u{202e}', '\u{2067}', '\u{1b}']),
            "{told:?}"
        );
    }
}
