//! Every screen on every size of panel: nothing outside, nothing too small, nothing ambiguous.

use std::{cell::RefCell, collections::BTreeSet, sync::LazyLock};

use saal_core::{Intent, Muted};
use saal_fleet_protocol::config::Language;
use saal_hal::{Touch, TouchPhase};
use saal_media_protocol::SourceKind;
use saal_meeting::JoinStage;
use saal_panel::{Damage, Element, Layout, Navigation, Renderer, Role, Screen, TouchTracker, View};

use crate::{
    meeting_scenes::{self, Scene},
    scenes,
};

const SIZES: [(u32, u32); 6] = [
    (1280, 800),
    (800, 480),
    (1024, 600),
    (1920, 1080),
    (800, 1280),
    (480, 800),
];

fn screens() -> Vec<Scene> {
    let plain = vec![
        ("starting", Screen::Starting),
        ("home", scenes::home()),
        ("free", scenes::free()),
        ("full", scenes::full()),
        ("joining", scenes::joining(JoinStage::Connecting)),
        ("call", scenes::call(Muted::default())),
        ("alone", scenes::alone()),
        ("reconnecting", scenes::reconnecting()),
        ("leaving", scenes::leaving()),
    ];
    let nowhere = |(name, screen)| (name, screen, Navigation::default());
    let plain = plain.into_iter().map(nowhere);
    plain.chain(meeting_scenes::all()).collect()
}

/// A screen on a panel and how it was laid out.
struct Case {
    name: String,
    view: View,
    layout: Layout,
}

/// All screens on all sizes, in all languages, with and without troubles; laid out once.
static CASES: LazyLock<Vec<Case>> = LazyLock::new(|| {
    let mut renderer = Renderer::new();
    let mut cases = Vec::new();
    for (name, screen, navigation) in screens() {
        for (width, height) in SIZES {
            for language in [Language::De, Language::En] {
                for troubles in [Vec::new(), scenes::all_troubles()] {
                    let mut view = scenes::view(language, screen.clone());
                    (view.width, view.height, view.troubles) = (width, height, troubles);
                    view.navigation = navigation.clone();
                    let troubled = if view.troubles.is_empty() {
                        ""
                    } else {
                        ", troubled"
                    };
                    cases.push(Case {
                        name: format!("{name} {width}x{height} {language:?}{troubled}"),
                        layout: renderer.lay_out(&view, None),
                        view,
                    });
                }
            }
        }
    }
    cases
});

/// Runs a check on all of them.
fn everywhere(check: impl Fn(&str, &View, &Layout)) {
    for case in CASES.iter() {
        check(&case.name, &case.view, &case.layout);
    }
}

#[test]
fn nothing_is_outside_of_the_panel_or_of_its_parent() {
    let failures = RefCell::new(Vec::new());
    everywhere(|case, view, layout| {
        if layout.overflows() {
            failures.borrow_mut().push(case.to_owned());
        }
        let fits =
            |at: i32, length: u32, limit: u32| at >= 0 && at.unsigned_abs() + length <= limit;
        for e in layout.elements() {
            let across = fits(e.rect.x, e.rect.width, view.width);
            if !across || !fits(e.rect.y, e.rect.height, view.height) {
                failures
                    .borrow_mut()
                    .push(format!("{case}: {} at {:?}", e.id, e.rect));
            }
        }
    });
    let failures = failures.into_inner();
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn elements_have_names_and_identities_of_their_own() {
    everywhere(|case, _, layout| {
        let ids: BTreeSet<&str> = layout.elements().iter().map(|e| e.id.as_str()).collect();
        assert_eq!(
            ids.len(),
            layout.elements().len(),
            "{case}: an id stands twice"
        );
        for e in layout.elements() {
            let nameless = e.label.is_empty() && !(case.starts_with("starting") && e.id == "room");
            assert!(!nameless || e.id == "room", "{case}: {} has no label", e.id);
        }
    });
}

#[test]
fn buttons_are_large_and_are_hit_in_their_middle() {
    everywhere(|case, _, layout| {
        for e in layout.elements().iter().filter(|e| e.is_touchable()) {
            assert!(
                matches!(e.role, Role::Button | Role::Switch | Role::Radio),
                "{case}: {}",
                e.id
            );
            // Keys stand in tens on the narrowest panel.
            let key = e.id.starts_with("key:") || e.id.starts_with("tone:") || e.id == "enter";
            let least = if key { 48 } else { 64 };
            assert!(
                e.rect.width >= least && e.rect.height >= least,
                "{case}: {} {:?}",
                e.id,
                e.rect
            );
            let (x, y) = e.rect.middle();
            assert_eq!(layout.hit(x, y).map(|hit| &hit.id), Some(&e.id), "{case}");
        }
    });
}

/// What people can't do without on this screen.
#[allow(clippy::too_many_lines, reason = "a table: one line for each screen")]
fn needed_on(screen: &str) -> &'static [&'static str] {
    match screen {
        "home" | "full" => &["clock", "date", "status", "join:0"],
        "free" => &["clock", "date"],
        "joining" => &["joining", "cancel"],
        "waiting-host" => &["waiting-host", "cancel"],
        "waiting-server" => &["waiting-server", "cancel"],
        "lobby" | "lobby-sending" | "lobby-sent" => &["waiting-lobby", "message:0", "cancel"],
        "lobby-answered" => &["waiting-lobby", "answer:0", "answer:1", "cancel"],
        "consent" => &["question", "agree", "leave", "microphone", "recording"],
        "consent-stream" => &["question", "agree", "leave", "microphone", "live-stream"],
        "verify-question" => &["verify-question", "close-verification", "verify"],
        "verify-question-user" => &["verify-question", "close-verification", "verify"],
        "verify-scan" => &["title", "code", "compare-emoji", "close-verification"],
        "verify-scanned" => &["verify-scanned", "scan-denied", "scan-confirmed"],
        "verify-waiting" => &["verify-waiting", "close-verification"],
        "verify-compare" => &["emoji:0", "emoji:6", "emoji-differ", "emoji-match"],
        "verified" => &["verified", "close-verification"],
        "not-verified" => &["not-verified", "close-verification"],
        "sign-in-code" => &[
            "code",
            "address",
            "user-code",
            "until",
            "whose",
            "new-code",
            "by-device",
            "cancel",
        ],
        "sign-in-scan" => &["code", "title", "by-code", "cancel"],
        "sign-in-digits" => &["title", "digits", "key:0", "key:erase", "enter", "cancel"],
        "sign-in-allow" => &["sign-in-allow", "user-code", "cancel"],
        "sign-in-problem" => &["sign-in-problem", "sign-in", "cancel"],
        "remove" => &["question", "remove", "back", "leave"],
        "end-for-all" => &["question", "end-for-all", "back", "leave"],
        name if name.starts_with("password") || name.starts_with("recovery-key") => &[
            "password",
            "prompt",
            "reveal",
            "enter",
            "cancel",
            "key:erase",
        ],
        "more" | "more-all" | "more-no-chat" | "people" | "people-moderator" | "people-page"
        | "person" | "chat" | "chat-empty" | "polls" | "keypad" => {
            &["sheet", "back", "microphone", "camera", "leave"]
        }
        name if name.starts_with("call-") => &["title", "more", "microphone", "leave"],
        "call" | "alone" | "reconnecting" => &[
            "title",
            "participants",
            "elapsed",
            "microphone",
            "camera",
            "leave",
        ],
        _ => &["clock"],
    }
}

#[test]
fn every_screen_has_what_it_is_for() {
    everywhere(|case, _, layout| {
        let has = |id: &str| layout.elements().iter().any(|e| e.id == id);
        let wanted = needed_on(case.split(' ').next().unwrap());
        for id in wanted {
            assert!(has(id), "{case} lacks {id}");
        }
        if case.ends_with("troubled") {
            let alert = layout.elements().iter().find(|e| e.role == Role::Alert);
            assert!(alert.is_some(), "{case}: no word about the troubles");
        }
    });
}

fn of(screen: Screen) -> (Renderer, Layout) {
    let mut renderer = Renderer::new();
    let layout = renderer.lay_out(&scenes::view(Language::De, screen), None);
    (renderer, layout)
}

fn find<'a>(layout: &'a Layout, id: &str) -> &'a Element {
    let found = layout.elements().iter().find(|e| e.id == id);
    found.unwrap_or_else(|| panic!("no {id}"))
}

fn touch(element: &Element, phase: TouchPhase) -> Touch {
    let (x, y) = element.rect.middle();
    Touch { x, y, phase }
}

#[test]
fn meetings_can_be_joined_from_ten_minutes_before() {
    let (_, layout) = of(scenes::home());
    assert_eq!(find(&layout, "join:0").label, "Teilnehmen");
    assert_eq!(
        find(&layout, "join:1").description,
        "Angebotsbesprechung Nordwind, 14:10 – 14:45, beginnt in 5 Minuten"
    );
    assert!(
        !layout.elements().iter().any(|e| e.id == "join:2"),
        "that one is in two hours"
    );
    assert_eq!(find(&layout, "joinable:2").label, "Beitritt ab 15:50");
}

#[test]
fn a_long_day_says_how_many_meetings_are_not_shown() {
    let (_, layout) = of(scenes::full());
    let shown = layout
        .elements()
        .iter()
        .filter(|e| e.id.starts_with("meeting:"))
        .count();
    assert!(shown >= 4, "{shown} of ten are few");
    assert_eq!(
        find(&layout, "more").label,
        format!("und {} weitere", 10 - shown)
    );
}

#[test]
fn a_touch_counts_when_it_ends_where_it_began() {
    let (_, layout) = of(scenes::call(Muted::default()));
    let (microphone, leave) = (find(&layout, "microphone"), find(&layout, "leave"));
    let mut tracker = TouchTracker::default();
    let down = tracker.touch(&layout, touch(microphone, TouchPhase::Down));
    assert!(
        down.intent.is_none() && down.redraw,
        "the button is highlighted"
    );
    assert_eq!(tracker.pressed(), Some("microphone"));
    let up = tracker.touch(&layout, touch(microphone, TouchPhase::Up));
    assert_eq!(up.intent, Some(Intent::Toggle(SourceKind::Microphone)));
    assert!(up.redraw && tracker.pressed().is_none());

    tracker.touch(&layout, touch(leave, TouchPhase::Down));
    let moved = tracker.touch(&layout, touch(microphone, TouchPhase::Move));
    assert!(
        moved.redraw && tracker.pressed().is_none(),
        "no longer highlighted"
    );
    let up = tracker.touch(&layout, touch(microphone, TouchPhase::Up));
    assert_eq!(up.intent, None, "moved off");

    tracker.touch(&layout, touch(leave, TouchPhase::Down));
    tracker.touch(&layout, touch(leave, TouchPhase::Cancel));
    let up = tracker.touch(&layout, touch(leave, TouchPhase::Up));
    assert_eq!(up.intent, None, "taken back");
}

#[test]
fn a_button_that_came_to_mean_something_else_does_nothing() {
    let (mut renderer, before) = of(scenes::home());
    let mut tracker = TouchTracker::default();
    tracker.touch(&before, touch(find(&before, "join:0"), TouchPhase::Down));
    let Screen::Home {
        mut under_way,
        next,
        sharing,
    } = scenes::home()
    else {
        panic!("home is home");
    };
    under_way[0].id.0.push_str("-moved");
    let screen = Screen::Home {
        under_way,
        next,
        sharing,
    };
    let after = renderer.lay_out(&scenes::view(Language::De, screen), None);
    let up = tracker.touch(&after, touch(find(&after, "join:0"), TouchPhase::Up));
    assert_eq!(up.intent, None);
}

#[test]
fn drawing_says_what_changed() {
    let mut renderer = Renderer::new();
    let view = scenes::view(Language::De, scenes::call(Muted::default()));
    let layout = renderer.lay_out(&view, None);
    assert!(matches!(renderer.draw(&layout), Damage::Within(_)));
    assert_eq!(renderer.draw(&layout), Damage::Unchanged);
    let layout = renderer.lay_out(&view, Some("microphone"));
    let Damage::Within(damage) = renderer.draw(&layout) else {
        panic!("the highlight is visible");
    };
    let button = find(&layout, "microphone").rect;
    assert!(
        damage.top_left.x >= button.x
            && damage.size.width <= button.width
            && damage.top_left.y >= button.y
            && damage.size.height <= button.height,
        "only the button changed: {damage:?}"
    );
}

#[test]
fn two_renderers_draw_the_same_pixels() {
    let view = scenes::view(Language::En, scenes::home());
    let draw = || {
        let mut renderer = Renderer::new();
        let layout = renderer.lay_out(&view, None);
        renderer.draw(&layout);
        renderer.picture().clone()
    };
    assert!(draw() == draw());
}
