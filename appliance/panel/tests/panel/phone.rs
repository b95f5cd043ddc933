//! The panel's screens as HTML, as a visitor's phone has them.
//!
//! `SAAL_PAGES=FOLDER` leaves each page there, to be looked at with the style sheet in a browser.

use std::{collections::BTreeSet, fs, path::Path, time::Duration};

use saal_core::{Event, Intent, Muted, Now, PhoneAction, PhoneTicket, Room};
use saal_fleet_protocol::config::{Language, parse};
use saal_media_protocol::SourceKind;
use saal_meeting::{MeetingAction, Secret};
use saal_panel::{
    Comfort, Screen, Sheet, Step, View, phone, phone_at_home, phone_over, pressed, pressed_from,
};

use crate::{meeting_scenes, scenes};

fn on_a_phone(language: Language, screen: &Screen, sheet: Option<Sheet>) -> View {
    let mut view = scenes::view(language, screen.clone());
    if let Some(sheet) = sheet {
        view.navigation = scenes::at_sheet(sheet);
    }
    (view.width, view.height, view.comfort) = (400, 800, Comfort::default());
    view
}

/// Every call that there is a picture of.
fn calls() -> impl Iterator<Item = (&'static str, View)> {
    meeting_scenes::all().into_iter().filter_map(|scene| {
        let (name, screen, navigation) = scene;
        let mut view = on_a_phone(Language::De, &screen, None);
        scenes::stand(&mut view, &navigation);
        matches!(screen, Screen::Call(_)).then_some((name, view))
    })
}

fn values(html: &str) -> Vec<String> {
    let buttons = html.split("value=\"").skip(1);
    let values = buttons.filter_map(|rest| rest.split('"').next());
    values
        .map(|value| value.replace("&#39;", "'").replace("&amp;", "&"))
        .collect()
}

fn leave(name: &str, html: &str) {
    if let Some(folder) = std::env::var_os("SAAL_PAGES") {
        fs::write(Path::new(&folder).join(format!("{name}.html")), html).unwrap();
    }
}

#[test]
fn each_button_of_each_page_means_something_a_visitor_may_do() {
    let mut pages = 0;
    for (name, view) in calls() {
        let page = phone(&view);
        leave(name, &page.main);
        pages += 1;
        let html = page.main;
        let ids: Vec<&str> = html
            .split(" id=\"")
            .skip(1)
            .filter_map(|rest| rest.split('"').next())
            .collect();
        let different: BTreeSet<&str> = ids.iter().copied().collect();
        assert_eq!(ids.len(), different.len(), "{name}: {ids:?}");
        assert_eq!(html.matches("<h1").count(), 1, "{name}: {html}");
        for value in values(&html) {
            let disabled = html.contains(&format!("value=\"{value}\" disabled"));
            let (id, on) = pressed_from(&value).unwrap();
            let meant = pressed(&view, id, on);
            assert!(
                meant.is_some() || html.contains("disabled"),
                "{name}: {value}"
            );
            assert!(!disabled || meant.is_none(), "{name}: {value}");
            let (intent, step) = meant.unwrap_or_default();
            assert!(intent.is_none_or(|intent| intent.is_for_visitors()));
            assert!(!matches!(
                step,
                Some(Step::Open(Sheet::Access | Sheet::Phone))
            ));
        }
    }
    assert!(pages > 40, "{pages}");
}

#[test]
fn who_saw_a_button_that_is_another_by_now_does_nothing() {
    let call = |microphone| {
        scenes::call_with(|call| {
            call.muted = Muted {
                microphone,
                ..Muted::default()
            };
        })
    };
    let open = on_a_phone(Language::En, &call(false), None);
    let html = phone(&open).main;
    assert!(values(&html).contains(&"+microphone".to_owned()), "{html}");
    let (intent, _) = pressed(&open, "microphone", Some(true)).unwrap();
    assert_eq!(intent, Some(Intent::Toggle(SourceKind::Microphone)));
    let muted = on_a_phone(Language::En, &call(true), None);
    assert_eq!(pressed(&muted, "microphone", Some(true)), None);
    assert!(pressed(&muted, "microphone", Some(false)).is_some());
}

#[test]
fn consent_is_given_by_those_in_the_room() {
    let consent = scenes::call_with(|call| {
        (call.meeting.consent_asked, call.meeting.recording) = (true, true);
    });
    let view = on_a_phone(Language::En, &consent, None);
    let html = phone(&view).main;
    assert!(html.contains("Please answer on the touch panel"), "{html}");
    assert!(!html.contains("id=\"agree\""), "{html}");
    assert_eq!(pressed(&view, "agree", None), None);
}

#[test]
fn what_others_wrote_is_words() {
    let evil = "<script>alert(\"1\")</script> & 'co'";
    let screen = scenes::call_with(|call| evil.clone_into(&mut call.title));
    let html = phone(&on_a_phone(Language::En, &screen, None)).main;
    assert!(!html.contains("<script"), "{html}");
    assert!(html.contains("&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt; &amp; &#39;co&#39;"));
}

#[test]
fn a_sheet_opens_and_its_buttons_act() {
    let screen = scenes::call_with(|_| {});
    let view = on_a_phone(Language::De, &screen, None);
    let (intent, step) = pressed(&view, "more", None).unwrap();
    assert_eq!((intent, step), (None, Some(Step::Open(Sheet::More))));
    let more = on_a_phone(Language::De, &screen, Some(Sheet::More));
    let (intent, _) = pressed(&more, "hand", Some(false)).unwrap();
    let raise = MeetingAction::RaiseHand { raised: true };
    assert_eq!(intent, Some(Intent::Act(raise)));
    // The panel's own looks are no visitor's business.
    assert_eq!(pressed(&more, "access", None), None);
}

#[test]
fn what_is_over_says_so_in_both_languages() {
    assert!(phone_over(Language::De).main.contains("Das ist beendet"));
    assert!(phone_over(Language::En).main.contains("This has ended"));
    assert_eq!(phone_over(Language::De).language, "de");
}

/// A room at home that a phone was let in to.
fn room_at_home() -> Room {
    let text = "version = 1\n[room]\nname = \"Raum <Lahn>\"\ntime_zone = \"UTC\"\n\
                [[meetings]]\ntitle = \"Weekly\"\nlink = \"https://meet.example.org/weekly\"\n\
                [browsers]\nlisten = \"0.0.0.0:8443\"\nphone = true\n";
    let mut room = Room::new();
    room.handle(now(), Event::Config(Box::new(parse(text).unwrap())));
    let invite = Intent::Phone(PhoneAction::Invite);
    room.handle(now(), Event::Intent(invite));
    let ticket = PhoneTicket {
        address: Secret::new("https://192.0.2.7:8443/phone/token"),
        token: Secret::new("token"),
        fingerprint: None,
    };
    room.handle(now(), Event::PhoneTicket(Some(ticket)));
    room
}

fn now() -> Now {
    Now {
        wall: scenes::NOW.parse().unwrap(),
        mono: Duration::from_secs(60),
    }
}

fn at_home(room: &Room, wrong: Option<&str>) -> String {
    let elsewhere = room.elsewhere(now());
    let page = phone_at_home(room, elsewhere.as_ref(), Some(Language::En), wrong);
    let html = page.unwrap().main;
    leave(&format!("at-home-{}", html.len()), &html);
    html
}

#[test]
fn a_phone_at_home_has_a_field_for_where_to_go() {
    let mut room = room_at_home();
    let html = at_home(&room, None);
    assert!(
        html.contains("<h1 id=\"room\">Raum &lt;Lahn&gt;</h1>"),
        "{html}"
    );
    assert!(html.contains("<label id=\"where\" for=\"link\">"), "{html}");
    assert!(html.contains("name=\"do\" value=\"=offer\""), "{html}");
    let wrong = at_home(&room, Some("\"><script>"));
    assert!(wrong.contains("role=\"alert\"") && wrong.contains("aria-invalid"));
    assert!(!wrong.contains("<script>"), "{wrong}");
    let offer = PhoneAction::Offer(Secret::new("https://meet.example.org/Jour%20fixe?jwt=x"));
    room.handle(now(), Event::Intent(Intent::Phone(offer)));
    let shown = at_home(&room, None);
    assert!(
        shown.contains("The room shows: meet.example.org/Jour fixe. Touch"),
        "{shown}"
    );
    room.handle(now(), Event::Intent(Intent::Phone(PhoneAction::Dismiss)));
    let elsewhere = room.elsewhere(now());
    assert_eq!(phone_at_home(&room, elsewhere.as_ref(), None, None), None);
}
