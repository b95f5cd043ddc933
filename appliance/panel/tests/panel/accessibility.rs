//! Every screen for everybody: on every size of panel, in both languages, at all sizes of text, in all themes.
//! Nothing is cut, nothing is too small, everything has a name, there is always a way out, and contrast holds.

use std::{collections::BTreeMap, time::Duration};

use saal_core::{Event, Now, Room};
use saal_fleet_protocol::config::{Language, ScalePercent, Theme, parse};
use saal_panel::{
    Console, Damage, Element, Layout, Renderer, Role, Screen, Sheet, Shortened, Step, View,
};

use crate::{
    examples::{self, pages},
    layouts::SIZES,
    rules, scenes, still_scenes,
};

/// What contrast text has at least (WCAG 2.2, 1.4.6 and 1.4.3).
const THEMES: [(Theme, f64); 3] = [
    (Theme::Contrast, 7.0),
    (Theme::Light, 4.5),
    (Theme::Dark, 4.5),
];

/// What people read and do on all pages, buttons that turn them left out.
fn all(pages: &[Layout]) -> Vec<Element> {
    let mut all: BTreeMap<String, Element> = BTreeMap::new();
    for layout in pages {
        let inner = layout.elements().iter();
        for element in inner.filter(|e| !e.id.starts_with("screen-")) {
            all.entry(element.id.clone())
                .or_insert_with(|| element.clone());
        }
    }
    all.into_values().collect()
}

/// Every scene in a size, a language and a scale that follow from its number, so that all pairs of them come up over
/// the scenes, and the largest text on the smallest panels always.
fn sample() -> Vec<(String, View)> {
    let mut views = Vec::new();
    for (number, example) in examples::all().into_iter().enumerate() {
        for turn in 0..5 {
            let at = number * 5 + turn;
            let (width, height) = SIZES[at % SIZES.len()];
            let scale = match turn {
                0 | 1 => ScalePercent::ALL[4],
                4 => ScalePercent::ALL[0],
                _ => ScalePercent::ALL[1 + at % 3],
            };
            let language = [Language::De, Language::En][(at / 2) % 2];
            let mut view = example.view(language);
            (view.width, view.height) = (width, height);
            view.comfort.scale = scale;
            view.comfort.left_handed = turn % 2 == 1;
            view.comfort.theme = [Theme::Light, Theme::Dark, Theme::Contrast][at % 3];
            if turn == 3 {
                view.troubles = scenes::all_troubles();
            }
            let (name, percent) = (example.name, scale.get());
            let name = format!("{name} {width}x{height} {language:?} {percent} %");
            views.push((name, view));
        }
    }
    views
}

fn everywhere(check: impl Fn(&View, &[Layout]) -> Vec<String>) {
    let mut renderer = Renderer::new();
    let mut failures = Vec::new();
    for (name, view) in sample() {
        let pages = pages(&mut renderer, &view);
        let found = check(&view, &pages);
        failures.extend(found.into_iter().map(|what| format!("{name}: {what}")));
    }
    assert!(
        failures.is_empty(),
        "{}\n{} failures",
        failures.join("\n"),
        failures.len()
    );
}

#[test]
fn at_every_size_of_text_nothing_is_cut_or_left_out() {
    everywhere(|view, pages| {
        let mut found: Vec<String> = pages
            .iter()
            .flat_map(|page| rules::fit(view, page))
            .collect();
        found.dedup();
        found
    });
}

/// Nothing flashes, and nothing moves that nobody started: within a minute of the clock all pixels stay.
#[test]
fn nothing_moves_or_flashes_by_itself() {
    let mut renderer = Renderer::new();
    for example in examples::all() {
        let mut view = example.view(Language::De);
        let layout = renderer.lay_out(&view, None);
        renderer.draw(&layout);
        // A third of a second at most, as often as anything could flash (WCAG 2.1, 2.3.1).
        for _ in 0..6 {
            view.now += Duration::from_millis(160);
            let layout = renderer.lay_out(&view, None);
            let damage = renderer.draw(&layout);
            assert_eq!(damage, Damage::Unchanged, "{}", example.name);
        }
    }
}

/// Whoever does not hear the panel reads what it says by itself.
#[test]
fn what_is_said_by_itself_is_written_too() {
    let mut renderer = Renderer::new();
    let mut said = 0;
    for example in examples::all() {
        let mut view = example.view(Language::De);
        view.comfort.spoken = true;
        let layout = renderer.lay_out(&view, None);
        let elements = layout.elements().iter();
        let written: String = elements
            .map(|e| format!("{}\n{}\n", e.label, e.description))
            .collect();
        for utterance in spoken_of(&view, &layout) {
            // Sentences and parts are put together, and told apart again.
            for part in utterance.split(". ").flat_map(|part| part.split(", ")) {
                let part = part.trim_end_matches('.');
                assert!(written.contains(part), "{}: {part:?}", example.name);
                said += 1;
            }
        }
    }
    assert!(said > 200, "{said}");
}

/// What a spoken panel says when this comes up.
fn spoken_of(view: &View, layout: &Layout) -> Vec<String> {
    let mut room = Room::new();
    let config = "version = 1\n[room]\nname = \"Raum Lahn\"\ntime_zone = \"Europe/Berlin\"\n[[meetings]]\ntitle = \"Weekly\"\nlink = \"https://meet.example.org/weekly\"\n[panel]\nspoken = true\n";
    let config = Event::Config(Box::new(parse(config).unwrap()));
    let now = Now {
        wall: view.now,
        mono: Duration::from_secs(60),
    };
    room.handle(now, config);
    let mut console = Console::default();
    console.follow(&room, now.mono);
    // That it speaks, and how that goes.
    while console.next_utterance().is_some() {}
    console.shown(view, layout);
    std::iter::from_fn(|| console.next_utterance())
        .map(|utterance| utterance.text)
        .collect()
}

/// Who is in a meeting is read whole at every size of text, in a line of the chip unless many are there.
#[test]
fn names_in_a_meeting_have_a_line_of_their_own() {
    let mut renderer = Renderer::new();
    for scale in ScalePercent::ALL {
        for count in [1, 4, 5, 9] {
            let mut people = scenes::people().into_iter().cycle();
            let screen = scenes::call_with(|call| {
                call.participants = (0..count).filter_map(|_| people.next()).collect();
            });
            let mut view = scenes::view(Language::De, screen);
            view.comfort.scale = scale;
            for page in pages(&mut renderer, &view) {
                let chips = page.elements().iter();
                for chip in chips.filter(|e| e.id.starts_with("participant:")) {
                    let cut = |s: &&Shortened| s.within.as_deref() == Some(&chip.id);
                    let short = page.shortened().iter().find(cut);
                    assert_eq!(short, None, "{count} people at {} %", scale.get());
                    // Its picture is 60 pixels high, and a second line makes a chip higher.
                    let high = chip.rect.height <= 32 + 64 * scale.get() / 100;
                    assert!(high || count > 5, "{} at {} %", chip.label, scale.get());
                }
            }
        }
    }
}

/// However large the text: who wants out of a meeting finds the way without turning pages.
#[test]
fn the_way_out_of_a_meeting_is_on_every_page() {
    everywhere(|view, pages| {
        let way_out = match view.screen {
            Screen::Call(_) => "leave",
            Screen::Joining { .. } => "cancel",
            _ => return Vec::new(),
        };
        let password = |layout: &Layout| layout.element("password").is_some();
        let first = pages.iter().take(1);
        let lacking = |layout: &&Layout| layout.element(way_out).is_none();
        let all = pages.iter().any(password);
        let missing = if all {
            first.filter(lacking).count()
        } else {
            pages.iter().filter(lacking).count()
        };
        (missing > 0)
            .then(|| format!("{missing} of {} pages have no {way_out}", pages.len()))
            .into_iter()
            .collect()
    });
}

/// What people get at 100 % they get at every size, if need be on another page.
#[test]
fn larger_text_leaves_nothing_out() {
    let mut renderer = Renderer::new();
    let mut failures = Vec::new();
    for (name, view) in sample() {
        let mut normal = view.clone();
        normal.comfort.scale = ScalePercent::default();
        let before = all(&pages(&mut renderer, &normal));
        let after = all(&pages(&mut renderer, &view));
        let lost = |e: &&Element| {
            let there = after.iter().any(|other| other.id == e.id);
            !(there || divides(e) || is_elsewhere(e, &after))
        };
        let lost = before.iter().filter(lost);
        failures.extend(lost.map(|e| format!("{name} lacks {}", e.id)));
    }
    assert!(
        failures.is_empty(),
        "{}\n{} failures",
        failures.join("\n"),
        failures.len()
    );
}

/// Meetings and people that a button here leads to, and signs, which pass.
fn is_elsewhere(element: &Element, there: &[Element]) -> bool {
    let opens = |sheet: &Sheet| {
        there
            .iter()
            .any(|e| e.step == Some(Step::Open(sheet.clone())))
    };
    let one_of = |ids: &[&str]| ids.iter().any(|id| element.id.starts_with(id));
    let meeting =
        one_of(&["meeting:", "join:", "ways:", "joinable:", "day:"]) && opens(&Sheet::Day);
    let person = one_of(&["participant:"]) && (opens(&Sheet::People) || opens(&Sheet::More));
    meeting || person || one_of(&["sign:"])
}

/// What only says how a list or a panel is divided, and leads to the rest of it.
fn divides(element: &Element) -> bool {
    const DIVIDES: [&str; 7] = [
        "page",
        "page-before",
        "page-behind",
        "others",
        "more",
        "more-troubles",
        "people",
    ];
    DIVIDES.contains(&element.id.as_str()) || element.id.starts_with("show:")
}

#[test]
fn what_is_touched_is_large_named_and_apart_from_its_neighbours() {
    everywhere(|_, pages| pages.iter().flat_map(rules::touchable).collect());
}

#[test]
fn every_element_says_what_it_is() {
    everywhere(|_, pages| {
        let mut found = Vec::new();
        for layout in pages {
            let elements = layout.elements();
            for e in elements {
                let known = e
                    .within
                    .as_ref()
                    .is_none_or(|id| elements.iter().any(|other| other.id == *id));
                found.extend(
                    (!known).then(|| format!("{} is in something that is not there", e.id)),
                );
                let toggles = matches!(e.role, Role::Switch | Role::Radio);
                let stated = e.state.pressed.is_some() == toggles;
                found.extend((!stated).then(|| format!("{} ({:?}) and its state", e.id, e.role)));
            }
            let rows = elements.iter().filter(|e| e.role == Role::ListItem);
            for e in rows {
                let around = e.within.as_deref().and_then(|id| layout.element(id));
                let listed = around.is_some_and(|list| list.role == Role::List);
                found.extend((!listed).then(|| format!("{} is in no list", e.id)));
            }
        }
        let headings = pages
            .iter()
            .flat_map(Layout::elements)
            .filter(|e| e.role == Role::Heading);
        let status = pages
            .iter()
            .flat_map(Layout::elements)
            .filter(|e| e.role == Role::Status);
        found.extend((headings.count() + status.count() == 0).then(|| "no heading".to_owned()));
        found
    });
}

#[test]
fn every_screen_has_a_labelled_way_out() {
    everywhere(|view, pages| {
        // There is nothing to leave yet, or it is being left.
        let nowhere = matches!(
            view.screen,
            Screen::Starting | Screen::Leaving { .. } | Screen::GoingDown(_)
        );
        let out = pages
            .iter()
            .flat_map(Layout::elements)
            .any(rules::leads_out);
        (!nowhere && !out)
            .then(|| "no way out".to_owned())
            .into_iter()
            .collect()
    });
}

/// From the pixels as they are drawn: each text and each icon with what it stands on, in each theme.
#[test]
fn contrast_holds_in_every_theme() {
    let mut renderer = Renderer::new();
    let mut failures = Vec::new();
    for example in examples::all() {
        for (theme, least) in THEMES {
            let mut view = example.view(Language::De);
            view.comfort.theme = theme;
            let layout = renderer.lay_out(&view, None);
            let drawn = rules::Drawn::of(&mut renderer, &layout);
            let faint = rules::faint(&layout, &drawn, least).into_iter();
            failures.extend(faint.map(|what| format!("{}, {theme:?}: {what}", example.name)));
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

/// The same of what the television shows between meetings.
#[test]
fn contrast_holds_on_the_television() {
    let mut renderer = Renderer::new();
    let mut failures = Vec::new();
    for example in still_scenes::all() {
        for (theme, least) in THEMES {
            let still = example.view(Language::De, theme, still_scenes::SIZE);
            let layout = renderer.lay_out_still(&still);
            let drawn = rules::Drawn::of(&mut renderer, &layout);
            let faint = rules::faint(&layout, &drawn, least).into_iter();
            failures.extend(faint.map(|what| format!("{}, {theme:?}: {what}", example.name)));
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

/// Whoever wants larger text finds it on every screen that people stay at.
#[test]
fn display_and_accessibility_is_two_touches_away() {
    let mut renderer = Renderer::new();
    let home = renderer.lay_out(&scenes::view(Language::En, scenes::home()), None);
    let open = home.element("access").and_then(|e| e.step.clone());
    assert_eq!(open, Some(Step::Open(Sheet::Access)));
    let mut view = scenes::view(Language::En, scenes::home());
    view.navigation.take(open.unwrap());
    let sheet = renderer.lay_out(&view, None);
    let larger = sheet
        .element("text-larger")
        .and_then(|e| e.step.clone())
        .unwrap();
    view.navigation.take(larger);
    assert_eq!(view.navigation.comfort().unwrap().scale.get(), 125);
    let back = sheet.element("back").unwrap();
    assert_eq!(
        (back.label.as_str(), &back.step),
        ("Back to the start", &Some(Step::Close))
    );
    let mut more = scenes::view(Language::En, scenes::call(saal_core::Muted::default()));
    more.navigation = scenes::at_sheet(Sheet::More);
    let more = pages(&mut renderer, &more);
    assert!(more.iter().any(|page| page.element("access").is_some()));
}

/// A bar of buttons, from left to right for the right hand.
struct Bar {
    view: View,
    ids: &'static [&'static str],
}

impl Bar {
    fn new(mut view: View, size: (u32, u32), percent: u32, ids: &'static [&'static str]) -> Self {
        (view.width, view.height) = size;
        view.comfort.scale = ScalePercent::try_from(percent).unwrap();
        Self { view, ids }
    }
}

fn bars() -> [Bar; 5] {
    let call = || scenes::view(Language::En, scenes::call(saal_core::Muted::default()));
    let mut asked = examples::all().into_iter();
    let asked = asked.find(|e| e.name == "verify-question").unwrap();
    let (large, small) = (SIZES[0], (480, 800));
    let turned = &["screen-before", "screen-behind", "leave"];
    [
        Bar::new(
            call(),
            large,
            100,
            &["microphone", "camera", "more", "leave"],
        ),
        Bar::new(call(), small, 100, &["microphone", "camera"]),
        Bar::new(call(), small, 100, &["more", "leave"]),
        Bar::new(call(), small, 200, turned),
        Bar::new(
            asked.view(Language::En),
            large,
            100,
            &["close-verification", "verify"],
        ),
    ]
}

/// What people reach for stands on the side of their hand: each bar is the other way round, and is read as before.
#[test]
fn for_the_left_hand_bars_are_the_other_way_round() {
    let mut renderer = Renderer::new();
    for Bar { mut view, ids } in bars() {
        let mut places = |left_handed| {
            view.comfort.left_handed = left_handed;
            let layout = renderer.lay_out(&view, None);
            let of = |id: &&str| layout.element(id).map(|e| e.rect);
            let places: Option<Vec<_>> = ids.iter().map(of).collect();
            let order: Vec<_> = layout.elements().iter().map(|e| e.id.clone()).collect();
            (
                places.unwrap_or_else(|| panic!("{ids:?} of {order:?}")),
                order,
            )
        };
        let ((right, read), (left, read_left)) = (places(false), places(true));
        assert!(right.is_sorted_by_key(|place| place.x), "{ids:?} {right:?}");
        for (right, left) in right.iter().zip(&left) {
            let mirrored = view.width as i32 - right.x - right.width as i32;
            assert!(
                (mirrored - left.x).abs() <= 1,
                "{ids:?}: {right:?} {left:?}"
            );
            assert_eq!((right.y, right.height), (left.y, left.height));
        }
        assert_eq!(read, read_left);
    }
}
