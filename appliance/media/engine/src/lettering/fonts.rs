//! Which fonts draw the television's text: the compiled-in ones, and behind them those of the system.

use std::{collections::HashMap, sync::Arc};

use cosmic_text::{Fallback, Weight, fontdb};
use lucide_icons::LUCIDE_FONT_BYTES;
use saal_hal::{FontBytes, stand_ins};
use unicode_script::Script;

use super::{ICONS, WHO, WORDS};

/// Families that stand in for what Inter lacks: Arabic, Hebrew and symbols, then emoji.
const STAND_INS: [&str; 2] = ["DejaVu Sans", "Noto Emoji"];

/// Families by what they draw.
pub(super) struct StandIns {
    of_script: HashMap<Script, Vec<&'static str>>,
    forbidden: Vec<&'static str>,
}

impl StandIns {
    pub(super) fn new() -> Self {
        let mut of_script: HashMap<Script, Vec<&'static str>> = HashMap::new();
        let mut forbidden = vec![ICONS];
        for font in stand_ins() {
            let scripts = font.scripts.iter().copied();
            for script in scripts.filter_map(Script::from_short_name) {
                of_script.entry(script).or_default().push(font.family);
            }
            forbidden.push(font.family);
        }
        Self {
            of_script,
            forbidden,
        }
    }
}

impl Fallback for StandIns {
    fn common_fallback(&self) -> &[&'static str] {
        &STAND_INS
    }

    /// Icons are no letters; and a letter that nothing has is not looked for in each font of the system.
    fn forbidden_fallback(&self) -> &[&'static str] {
        &self.forbidden
    }

    fn script_fallback(&self, script: Script, _: &str) -> &[&'static str] {
        self.of_script.get(&script).map_or(&[], Vec::as_slice)
    }
}

/// All of them; `others` are of the system.
pub(super) fn database(others: &[FontBytes]) -> fontdb::Database {
    let mut database = fontdb::Database::new();
    let binary = |bytes: &'static [u8]| fontdb::Source::Binary(Arc::new(bytes));
    database.load_font_source(binary(ttf_inter::REGULAR));
    register(&mut database, binary(LUCIDE_FONT_BYTES), &[WORDS]);
    for (bytes, weights) in [
        (dejavu::sans::regular(), &[WORDS][..]),
        (dejavu::sans::bold(), &[WHO]),
        (epaint_default_fonts::NOTO_EMOJI_REGULAR, &[WORDS, WHO]),
    ] {
        register(&mut database, binary(bytes), weights);
    }
    for other in others {
        let source = fontdb::Source::Binary(Arc::clone(other));
        register(&mut database, source, &[WORDS, WHO]);
    }
    database
}

/// Registers a font under weights that it does not claim, else it would be passed over.
fn register(database: &mut fontdb::Database, source: fontdb::Source, weights: &[u16]) {
    for id in database.load_font_source(source) {
        let Some(face) = database.face(id).cloned() else {
            continue;
        };
        database.remove_face(id);
        for weight in weights {
            let weight = Weight(*weight);
            database.push_face_info(fontdb::FaceInfo {
                weight,
                ..face.clone()
            });
        }
    }
}
