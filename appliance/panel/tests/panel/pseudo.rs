//! Languages that nobody speaks: one with words that are 40 % longer, one that is written from right to left. Both are made
//! from the English file as anybody makes a language, by a file.

use saal_fleet_protocol::config::Language;
use saal_panel::{Element, LanguageFile, Layout, Renderer, View};

use crate::{
    examples::{self, pages},
    layouts::SIZES,
    scenes,
};

const ENGLISH: &str = include_str!("../../languages/en.ftl");

/// The English file with every text changed; placeables, variants and what a program reads stay.
fn translated(change: impl Fn(&str) -> String) -> String {
    let mut depth = 0_usize;
    let mut file = String::new();
    for line in ENGLISH.lines() {
        let (start, text) = split(line, depth);
        depth += line.matches('{').count();
        depth -= line.matches('}').count();
        file.push_str(start);
        file.push_str(&outside_of_braces(text, &change));
        file.push('\n');
    }
    file
}

/// What names a message or a variant, and its text.
fn split(line: &str, depth: usize) -> (&str, &str) {
    let kept = ["direction", "voice", "keyboard", "time", "#"];
    let programs = kept.iter().any(|name| line.starts_with(name)) && depth == 0;
    let at = match (depth, line.find(" = "), line.find("] ")) {
        _ if programs => line.len(),
        (0, Some(at), _) => at + 3,
        (_, _, Some(at)) if line.trim_start().starts_with(['[', '*']) => at + 2,
        // A selector's end, or the rest of a text of several lines.
        _ if line.starts_with('}') => 1,
        (_, None, _) => line.len() - line.trim_start().len(),
        _ => line.len(),
    };
    line.split_at(at)
}

fn outside_of_braces(text: &str, change: &impl Fn(&str) -> String) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(open) = rest.find('{') {
        let (before, from) = rest.split_at(open);
        out.push_str(&worded(before, change));
        let close = from.find('}').map_or(from.len(), |at| at + 1);
        out.push_str(&from[..close]);
        rest = &from[close..];
    }
    out + &worded(rest, change)
}

fn worded(text: &str, change: &impl Fn(&str) -> String) -> String {
    if text.trim().is_empty() {
        text.to_owned()
    } else {
        change(text)
    }
}

/// Each word two fifths longer.
fn longer(text: &str) -> String {
    let words = text.split(' ').map(|word| {
        let letters = word.chars().filter(|c| c.is_alphabetic()).count();
        let more: String = word
            .chars()
            .filter(|c| c.is_alphabetic())
            .take((letters * 2).div_ceil(5))
            .collect();
        let end = word.trim_end_matches(|c: char| c.is_alphabetic());
        if end.is_empty() || letters == word.chars().count() {
            format!("{word}{more}")
        } else {
            word.to_owned() + &more
        }
    });
    words.collect::<Vec<_>>().join(" ")
}

pub(crate) fn long() -> LanguageFile {
    LanguageFile::read(&translated(longer)).unwrap()
}

/// English words in Hebrew letters.
pub(crate) fn turned_around() -> LanguageFile {
    let hebrew: Vec<char> = ('\u{5d0}'..='\u{5ea}').collect();
    let letter = |c: char| match c.to_ascii_lowercase() {
        lower @ 'a'..='z' => hebrew[lower as usize - 'a' as usize],
        _ => c,
    };
    let file = translated(|text| text.chars().map(letter).collect());
    LanguageFile::read(&file.replace("direction = ltr", "direction = rtl")).unwrap()
}

fn everywhere(file: &LanguageFile, check: impl Fn(&View, &[Layout]) -> Vec<String>) {
    let mut renderer = Renderer::new();
    let mut failures = Vec::new();
    for (number, example) in examples::all().into_iter().enumerate() {
        let name = example.name;
        for (width, height) in [SIZES[0], SIZES[number % SIZES.len()]] {
            let mut view = example.view(Language::En);
            (view.width, view.height) = (width, height);
            view.file = Some(file.clone());
            let found = check(&view, &pages(&mut renderer, &view));
            failures.extend(
                found
                    .into_iter()
                    .map(|what| format!("{name} {width}x{height}: {what}")),
            );
        }
    }
    assert!(
        failures.is_empty(),
        "{}\n{} failures",
        failures.join("\n"),
        failures.len()
    );
}

fn fits(_: &View, pages: &[Layout]) -> Vec<String> {
    let mut found = Vec::new();
    for layout in pages {
        found.extend(
            layout
                .overflows()
                .then(|| "something does not fit".to_owned()),
        );
        let banner = |id: &str| id.starts_with("trouble:") || id.starts_with("show:");
        let cut = layout.shortened().iter().filter(|s| s.is_ours());
        let cut = cut.filter(|s| !s.within.as_deref().is_some_and(banner));
        found.extend(cut.map(|s| format!("\"{}\" is cut", s.text)));
    }
    found
}

#[test]
fn words_that_are_longer_fit() {
    let join = |view: &View| {
        let mut renderer = Renderer::new();
        renderer
            .lay_out(view, None)
            .element("join:0")
            .unwrap()
            .label
            .clone()
    };
    let mut view = scenes::view(Language::En, scenes::home());
    view.file = Some(long());
    assert_eq!(join(&view), "JoinJo", "the words are the file's");
    everywhere(&long(), fits);
}

#[test]
fn from_right_to_left_everything_stands_on_the_other_side_and_reads_in_the_same_order() {
    everywhere(&turned_around(), fits);
    let mut renderer = Renderer::new();
    let mut view = scenes::view(Language::En, scenes::home());
    let before = renderer.lay_out(&view, None);
    view.file = Some(turned_around());
    let after = renderer.lay_out(&view, None);
    let ids = |layout: &Layout| {
        let ids = layout.elements().iter().map(|e| e.id.clone());
        ids.collect::<Vec<_>>()
    };
    let (before_ids, after_ids) = (ids(&before), ids(&after));
    let both = |ids: &[String], others: &[String]| {
        let both = ids.iter().filter(|id| others.contains(id));
        both.cloned().collect::<Vec<_>>()
    };
    assert_eq!(both(&before_ids, &after_ids), both(&after_ids, &before_ids));
    let middle = |layout: &Layout, id: &str| {
        let element: &Element = layout.element(id).unwrap();
        element.rect.middle().0
    };
    assert!(middle(&before, "room") < middle(&before, "join:0"));
    assert!(middle(&after, "room") > middle(&after, "join:0"));
    let keys = |file: Option<LanguageFile>| {
        let mut view = scenes::view(Language::En, crate::meeting_scenes::password(false));
        view.file = file;
        let layout = Renderer::new().lay_out(&view, None);
        middle(&layout, "key:q") < middle(&layout, "key:p")
    };
    assert!(
        keys(None) && keys(Some(turned_around())),
        "keyboards are not mirrored"
    );
}
