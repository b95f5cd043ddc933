//! Every screen on every panel: all sizes, sizes of text and languages, also some that nobody speaks, and all pages of each,
//! by turns for either hand, with everything that can be wrong, and with somebody who looks or asks to.

use std::{
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

use saal_core::{Onlooker, ViewerId};
use saal_fleet_protocol::config::{Language, ScalePercent};
use saal_media_protocol::RoomPicture;
use saal_panel::{LanguageFile, Layout, Renderer, Screen, View};

use crate::{
    examples::{self, Example, pages},
    pseudo, rules, scenes,
};

/// Panels of 7 to 15 inch, hung either way.
const PANELS: [(u32, u32); 10] = [
    (800, 480),
    (480, 800),
    (1024, 600),
    (600, 1024),
    (1280, 800),
    (800, 1280),
    (1366, 768),
    (768, 1366),
    (1920, 1080),
    (1080, 1920),
];

/// One of so many is looked at by everybody. It shares no factor with how many panels, sizes of text, languages and
/// disturbances there are, so that each of them comes up with each other.
const SELECTED: usize = 31;

/// A language, and the file that it is read from.
type Spoken<'a> = (&'a str, Language, Option<&'a LanguageFile>);

/// What is looked at, counted from 0: the panel changes first, the screen last.
struct All<'a> {
    examples: Vec<Example>,
    languages: [Spoken<'a>; 4],
}

impl All<'_> {
    fn len(&self) -> usize {
        self.examples.len() * PANELS.len() * ScalePercent::ALL.len() * self.languages.len()
    }

    /// Its name and what is shown.
    fn view(&self, number: usize) -> (String, View) {
        let (rest, panel) = (number / PANELS.len(), number % PANELS.len());
        let scales = ScalePercent::ALL;
        let (rest, scale) = (rest / scales.len(), scales[rest % scales.len()]);
        let spoken = self.languages[rest % self.languages.len()];
        let example = &self.examples[rest / self.languages.len()];
        let (name, language, file) = spoken;
        let mut view = example.view(language);
        let (width, height) = PANELS[panel];
        (view.width, view.height) = (width, height);
        view.comfort.scale = scale;
        view.file = file.cloned();
        // Each time that a panel, a size and a language meet, something else.
        disturb(&mut view, number + number / PANELS.len() + rest);
        let (of, scale) = (example.name, scale.get());
        (format!("{of} {width}x{height} {scale} {name}"), view)
    }
}

/// What stands there beside the screen, by turns.
fn disturb(view: &mut View, turn: usize) {
    let viewer = ViewerId(1);
    let of = RoomPicture::Camera;
    view.comfort.left_handed = turn % 2 == 1;
    match turn % 5 {
        1 => view.troubles = scenes::all_troubles(),
        2 => view.onlooker = Onlooker::Asks { viewer, of },
        3 => view.onlooker = scenes::helps(true),
        4 => view.onlooker = scenes::asks_to_help(true),
        _ => {}
    }
}

/// Nothing is cut, broken or outside, everything can be touched, and one of the pages leads out.
fn wrong(view: &View, pages: &[Layout]) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for page in pages {
        found.extend(rules::fit(view, page));
        found.extend(rules::touchable(page));
    }
    let nowhere = matches!(
        view.screen,
        Screen::Starting | Screen::Leaving { .. } | Screen::GoingDown(_)
    );
    let mut elements = pages.iter().flat_map(Layout::elements);
    let out = nowhere || elements.any(rules::leads_out);
    found.extend((!out).then(|| "no way out".to_owned()));
    found.sort();
    found.dedup();
    found
}

/// One of `every` so many.
fn look(every: usize) {
    let (long, turned) = (pseudo::long(), pseudo::turned_around());
    let all = All {
        examples: examples::all(),
        languages: [
            ("de", Language::De, None),
            ("en", Language::En, None),
            ("long", Language::En, Some(&long)),
            ("rtl", Language::En, Some(&turned)),
        ],
    };
    let (next, failures) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    let look = || {
        let mut renderer = Renderer::new();
        loop {
            let number = next.fetch_add(every, Ordering::Relaxed);
            if number >= all.len() {
                return;
            }
            let (name, view) = all.view(number);
            let found = wrong(&view, &pages(&mut renderer, &view));
            if !found.is_empty() {
                failures.lock().unwrap().push(format!("{name}: {found:?}"));
            }
        }
    };
    let threads = thread::available_parallelism().map_or(1, usize::from);
    thread::scope(|scope| (0..threads).for_each(|_| drop(scope.spawn(look))));
    let failures = failures.into_inner().unwrap();
    let (count, list) = (failures.len(), failures.join("\n"));
    assert!(failures.is_empty(), "{list}\n{count} failures");
}

#[test]
fn on_every_panel_screens_are_whole() {
    look(SELECTED);
}

#[test]
#[ignore = "minutes; part of ./dev test deep"]
fn on_every_panel_every_screen_is_whole() {
    look(1);
}
