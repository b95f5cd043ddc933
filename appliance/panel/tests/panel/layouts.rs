//! Every screen on every size of panel: nothing outside, nothing too small, nothing ambiguous.

use std::{cell::RefCell, collections::BTreeSet, sync::LazyLock};

use saal_core::{Intent, Muted, Onlooker, ViewerId};
use saal_fleet_protocol::config::{Language, ScalePercent};
use saal_hal::{Touch, TouchPhase};
use saal_media_protocol::{RoomPicture, SourceKind};
use saal_panel::{Damage, Element, Layout, Renderer, Role, Screen, TouchTracker, View};

use crate::{examples, rules, scenes};

pub(crate) const SIZES: [(u32, u32); 6] = [
    (1280, 800),
    (800, 480),
    (1024, 600),
    (1920, 1080),
    (800, 1280),
    (480, 800),
];

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
    for example in examples::all() {
        for (width, height) in SIZES {
            for language in [Language::De, Language::En] {
                for troubled in ["", ", troubled"] {
                    let mut view = example.view(language);
                    (view.width, view.height) = (width, height);
                    view.troubles = match troubled {
                        "" => view.troubles,
                        _ => scenes::all_troubles(),
                    };
                    let name = example.name;
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
            let close = ["key:", "tone:", "show:"]
                .iter()
                .any(|id| e.id.starts_with(id));
            let key = close || e.id == "enter";
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
        "home" | "home-full" => &["clock", "date", "status", "join:0"],
        "home-free" => &["clock", "date"],
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
        "type-link" => &["password", "prompt", "enter", "cancel", "key:erase"],
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
        "call" | "call-muted" | "call-alone" | "call-reconnecting" => &[
            "title",
            "participants",
            "elapsed",
            "microphone",
            "camera",
            "leave",
        ],
        // Where there is little room, somebody who asks goes before what can be turned to.
        "call-view-asks" | "call-help-asks" | "home-help-asks" => {
            &["view-asks", "allow-view", "refuse-view"]
        }
        "call-seen" | "call-helped" => &["seen", "end-view"],
        name if name.starts_with("call-") => &["title", "more", "microphone", "leave"],
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

/// Nobody is looked at without being asked and knowing, whatever else the panel shows.
#[test]
fn every_screen_asks_about_somebody_who_wants_to_look_and_lets_people_end_it() {
    let mut renderer = Renderer::new();
    let (viewer, of) = (ViewerId(1), RoomPicture::Camera);
    let cases = [
        (Onlooker::Asks { viewer, of }, "allow-view"),
        (Onlooker::Asks { viewer, of }, "refuse-view"),
        (Onlooker::Looks(of), "end-view"),
        (scenes::asks_to_help(true), "allow-view"),
        (scenes::asks_to_help(true), "refuse-view"),
        (scenes::helps(true), "end-view"),
    ];
    for example in examples::all() {
        let name = example.name;
        for (width, height) in SIZES {
            for (onlooker, button) in &cases {
                let mut view = example.view(Language::De);
                (view.width, view.height) = (width, height);
                view.onlooker.clone_from(onlooker);
                let layout = renderer.lay_out(&view, None);
                let found = layout.elements().iter().find(|e| e.id == *button);
                let Some(Element { rect, .. }) = found else {
                    panic!("{name} {width}x{height} has no {button}");
                };
                let right = rect.x.saturating_add_unsigned(rect.width);
                let bottom = rect.y.saturating_add_unsigned(rect.height);
                let ends = (
                    u32::try_from(right).unwrap(),
                    u32::try_from(bottom).unwrap(),
                );
                let inside = ends.0 <= width && ends.1 <= height;
                assert!(inside, "{name} {width}x{height}: {button} at {rect:?}");
            }
        }
    }
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

/// Whatever was there before: what changed is drawn anew, and the rest is right as it is.
#[test]
fn a_part_that_is_drawn_again_looks_as_if_all_were() {
    let mut parts = Renderer::new();
    let mut whole = Renderer::new();
    for example in examples::all() {
        let view = example.view(Language::De);
        let touchable = parts.lay_out(&view, None);
        let touchable = touchable.elements().iter().find(|e| e.is_touchable());
        let pressed = touchable.map(|e| e.id.clone());
        for pressed in [None, pressed.as_deref()] {
            let layout = parts.lay_out(&view, pressed);
            parts.draw(&layout);
            // Another size in between leaves nothing to build on.
            let mut small = view.clone();
            (small.width, small.height, small.screen) = (480, 800, Screen::Starting);
            let small = whole.lay_out(&small, None);
            whole.draw(&small);
            whole.draw(&layout);
            assert!(parts.picture() == whole.picture(), "{}", example.name);
        }
    }
}

/// Where there is room, a name is there to its end.
#[test]
fn a_long_name_has_a_second_line_in_the_list_of_people() {
    let mut renderer = Renderer::new();
    let mut view = scenes::view(Language::En, scenes::call(Muted::default()));
    view.navigation = scenes::at_sheet(saal_panel::Sheet::People);
    for (width, height) in SIZES {
        (view.width, view.height) = (width, height);
        for page in crate::examples::pages(&mut renderer, &view) {
            let of_people = |within: &Option<String>| {
                within
                    .as_deref()
                    .is_some_and(|id| id.starts_with("person:"))
            };
            let mut cut = page.shortened().iter().filter(|s| of_people(&s.within));
            assert_eq!(cut.next(), None, "{width}x{height}");
        }
    }
}

/// What somebody asks who wants to look is read whole, and so is all beside it, where larger words leave the least room.
#[test]
fn with_a_question_above_it_nothing_of_a_screen_is_broken() {
    let mut renderer = Renderer::new();
    let viewer = ViewerId(1);
    let emoji = (0..64_u8).step_by(7).map(|first| {
        let emoji = std::array::from_fn(|at| (first + u8::try_from(at).unwrap_or(0)) % 64);
        let of = saal_meeting::Verification::Compare { emoji };
        examples::Example::plain("emoji", Screen::Verification(of))
    });
    let mut found = Vec::new();
    for (at, example) in examples::all().into_iter().chain(emoji).enumerate() {
        for (width, height) in [(800, 480), (1024, 600)] {
            let scale = ScalePercent::ALL[1 + at % (ScalePercent::ALL.len() - 1)];
            for (language, of) in [
                (Language::De, RoomPicture::Camera),
                (Language::En, RoomPicture::Television),
            ] {
                let mut view = example.view(language);
                (view.width, view.height) = (width, height);
                view.comfort.scale = scale;
                view.onlooker = Onlooker::Asks { viewer, of };
                let layout = renderer.lay_out(&view, None);
                let what = rules::fit(&view, &layout);
                let (name, scale) = (example.name, scale.get());
                let told = format!("{name} {width}x{height} {scale} {language:?}: {what:?}");
                found.extend((!what.is_empty()).then_some(told));
            }
        }
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

/// A word that is longer than a line is written smaller; none is cut or goes on in the next line. Each emoji's name comes up in
/// each column.
#[test]
fn the_longest_words_stand_in_one_line() {
    let mut renderer = Renderer::new();
    let (viewer, of) = (ViewerId(1), RoomPicture::Camera);
    let access = examples::all().into_iter().filter(|e| e.name == "access");
    let emoji = (0..64_u8).step_by(2).map(|first| {
        let emoji = std::array::from_fn(|at| (first + u8::try_from(at).unwrap_or(0)) % 64);
        let of = saal_meeting::Verification::Compare { emoji };
        examples::Example::plain("emoji", Screen::Verification(of))
    });
    let mut found = Vec::new();
    for example in emoji.chain(access) {
        for (width, height) in [(480, 800), (800, 480), (1024, 600), (600, 1024)] {
            for (at, scale) in ScalePercent::ALL.into_iter().enumerate() {
                for asks in [false, true] {
                    let mut view = example.view(Language::De);
                    (view.width, view.height) = (width, height);
                    view.comfort.scale = scale;
                    view.comfort.left_handed = at % 2 == 0;
                    if asks {
                        view.onlooker = Onlooker::Asks { viewer, of };
                    }
                    for page in crate::examples::pages(&mut renderer, &view) {
                        let what = rules::fit(&view, &page);
                        let (name, scale) = (example.name, scale.get());
                        let told = format!("{name} {width}x{height} {scale} {asks}: {what:?}");
                        found.extend((!what.is_empty()).then_some(told));
                    }
                }
            }
        }
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}
