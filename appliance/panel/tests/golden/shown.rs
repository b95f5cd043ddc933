//! Which pictures are kept for people: one of each kind of screen, and some of how differently one may look.

use std::{collections::BTreeSet, fmt::Debug};

use saal_core::Trouble;
use saal_fleet_protocol::config::{Language, ScalePercent, Theme};
use saal_panel::{Screen, Sheet, View};

use crate::{
    drawing::{Gallery, Row, row_name},
    looks::Look,
};

/// A picture in the tree.
pub(crate) struct Shown<'a> {
    /// Where people are: `Call`.
    pub(crate) part: String,
    /// What they look at there: `Save position`; empty where nothing lies over it.
    pub(crate) what: String,
    pub(crate) row: &'a Row,
    file: String,
}

impl Shown<'_> {
    /// Its name in `goldens/`.
    pub(crate) fn file(&self) -> String {
        format!("{}.png", self.file)
    }
}

/// The part of docs/panel.md for looks that are not the plain one.
pub(crate) const FOR_EVERYBODY: &str = "For everybody";

/// What else people look at: file, words, example, look.
fn more() -> [(&'static str, &'static str, &'static str, Look); 7] {
    let plain = Look::plain;
    let size = |size, look| Look { size, ..look };
    let scaled = |percent: u32, look| Look {
        scale: ScalePercent::try_from(percent).unwrap(),
        ..look
    };
    let (de, en) = (Language::De, Language::En);
    let left = Look {
        left_handed: true,
        ..scaled(150, plain(en, Theme::Dark))
    };
    let small = size((800, 480), plain(de, Theme::Dark));
    let upright = size((800, 1280), plain(de, Theme::Light));
    [
        ("home-dark", "Dark", "home", plain(de, Theme::Dark)),
        (
            "home-contrast",
            "Contrast",
            "home",
            plain(en, Theme::Contrast),
        ),
        (
            "home-200",
            "Text at 200 %",
            "home",
            scaled(200, plain(en, Theme::Light)),
        ),
        (
            "call-200",
            "A call at 200 %",
            "call",
            scaled(200, plain(de, Theme::Light)),
        ),
        ("call-left", "For the left hand, at 150 %", "call", left),
        ("call-small", "7 inch", "call", small),
        ("home-portrait", "Upright", "home", upright),
    ]
}

/// Rows that are there for people, beside the selection.
pub(crate) fn also_for_people() -> impl Iterator<Item = (&'static str, Look)> {
    more()
        .into_iter()
        .map(|(.., example, look)| (example, look))
}

/// All pictures for people, in the order of docs/panel.md.
pub(crate) fn all(gallery: &Gallery) -> Vec<Shown<'_>> {
    let plain = Look::plain(Language::En, Theme::Light);
    let row = |name: &str, look: &Look| {
        let name = row_name(name, look);
        gallery.rows().iter().find(|row| row.name == name)
    };
    let mut kinds = BTreeSet::new();
    let mut shown: Vec<Shown<'_>> = Vec::new();
    for example in gallery.examples() {
        let (part, what) = kind(&example.view(Language::En));
        if !kinds.insert((part.clone(), what.clone())) {
            continue;
        }
        let Some(row) = row(example.name, &plain) else {
            continue;
        };
        let file = example.name.to_owned();
        let entry = Shown {
            part,
            what,
            row,
            file,
        };
        let behind = shown.iter().rposition(|other| other.part == entry.part);
        shown.insert(behind.map_or(shown.len(), |at| at + 1), entry);
    }
    let more = more().into_iter();
    shown.extend(more.filter_map(|(file, words, example, look)| {
        Some(Shown {
            part: FOR_EVERYBODY.to_owned(),
            what: words.to_owned(),
            row: row(example, &look)?,
            file: file.to_owned(),
        })
    }));
    shown
}

/// Which screen it is, and what of it: as the types are called, so that a new one has a picture by itself.
fn kind(view: &View) -> (String, String) {
    let sheet = view.navigation.sheet().map(|sheet| match sheet {
        Sheet::Settings(_) | Sheet::About(_) => words(sheet, 2),
        _ => words(sheet, 1),
    });
    let what = match &view.screen {
        Screen::Joining {
            obstacle: Some(obstacle),
            ..
        } => words(obstacle, 2),
        Screen::Verification(step) => words(step, 1),
        Screen::SignIn { of, .. } => words(of, 1),
        Screen::Laptop(door) => words(door, 1),
        Screen::RecoveryKey { .. } => String::new(),
        Screen::Home { .. } if sheet.is_none() => at_home(view).to_owned(),
        Screen::Call(call) if sheet.is_none() && call.meeting.consent_asked => "Consent".to_owned(),
        _ => sheet.unwrap_or_default(),
    };
    (words(&view.screen, 1), what)
}

/// Where nothing can be done until somebody else did something.
fn at_home(view: &View) -> &'static str {
    match view.troubles.first() {
        Some(Trouble::Enrolment { code: Some(_), .. }) => "To be set up",
        Some(Trouble::Enrolment { server, .. }) if server.is_empty() => "No server found",
        Some(Trouble::Enrolment { .. }) => "Server out of reach",
        Some(_) if view.support.is_some() => "Whom to call",
        _ => "",
    }
}

/// The first names of a value's types, as words: `Waiting(Host)` is `Waiting host`.
fn words(of: &impl Debug, most: usize) -> String {
    let shown = format!("{of:?}");
    let names = shown.split(|c: char| !c.is_alphanumeric());
    let names = names.take_while(|name| name.starts_with(char::is_uppercase));
    let mut words = String::new();
    for c in names.take(most).flat_map(str::chars) {
        if c.is_uppercase() && !words.is_empty() {
            words.push(' ');
            words.extend(c.to_lowercase());
        } else {
            words.push(c);
        }
    }
    words
}
