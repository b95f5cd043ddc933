//! Names in any script: drawn where a font of the system has it, and told where none does.

use std::collections::BTreeSet;

use saal_fleet_protocol::config::Language;
use saal_panel::Renderer;

use crate::{installed, scenes};

/// What the compiled-in fonts draw.
const OURS: [&str; 7] = [
    "Marie-Luise Ünlü",
    "Лена Ковальчук",
    "Αθηνά Παππά",
    "محمد عبد الله",
    "משה כהן",
    "ສົມພອນ",
    "😀 👏 ❤",
];
/// Scripts as Unicode calls them, and somebody's name in each.
const OTHERS: [(&str, &str); 20] = [
    ("Bengali", "রবীন্দ্রনাথ"),
    ("Devanagari", "आदित्य शर्मा"),
    ("Ethiopic", "አበበ ቢቂላ"),
    ("Gujarati", "મોહનદાસ"),
    ("Gurmukhi", "ਗੁਰਪ੍ਰੀਤ"),
    ("Han", "王小明"),
    ("Hangul", "김민준"),
    ("Hiragana", "さくら"),
    ("Kannada", "ಕುವೆಂಪು"),
    ("Katakana", "マリア"),
    ("Khmer", "សុខា"),
    ("Malayalam", "മാധവി"),
    ("Myanmar", "အောင်"),
    ("Oriya", "ଗୋପାଳ"),
    ("Sinhala", "කුමාර"),
    ("Syriac", "ܐܦܪܝܡ"),
    ("Tamil", "கமலா"),
    ("Telugu", "వేమన"),
    ("Thai", "สมชาย ใจดี"),
    ("Tibetan", "བསྟན་འཛིན"),
];

/// Which scripts are boxes where somebody has this name and writes this.
fn boxes(renderer: &mut Renderer, name: &str) -> Vec<&'static str> {
    let call = scenes::call_with(|call| {
        call.title = name.to_owned();
        call.participants[0].name = name.to_owned();
    });
    let layout = renderer.lay_out(&scenes::view(Language::De, call), None);
    renderer.draw(&layout);
    renderer.lacking()
}

#[test]
fn names_in_the_scripts_of_the_world_are_drawn() {
    let mut renderer = Renderer::with_fonts(&installed::fonts());
    for name in OURS.into_iter().chain(OTHERS.map(|(_, name)| name)) {
        let boxes = boxes(&mut renderer, name);
        assert!(
            boxes.is_empty(),
            "{name}: {boxes:?}; dev-packages.txt lists the fonts"
        );
    }
}

#[test]
fn a_script_that_no_font_draws_is_told_once() {
    let mut renderer = Renderer::new();
    for name in OURS {
        assert_eq!(boxes(&mut renderer, name), [""; 0], "{name}");
    }
    let mut told = BTreeSet::new();
    for (script, name) in OTHERS {
        told.extend(boxes(&mut renderer, name));
        assert!(told.contains(script), "{name}: {told:?}");
        assert_eq!(boxes(&mut renderer, name), [""; 0], "once");
    }
}
