//! The fonts that panel and television are written in: the compiled-in ones, and behind them those of the system.

use std::{collections::HashMap, sync::Arc};

use cosmic_text::{Fallback, FontSystem, Weight, fontdb};
use saal_hal::{FontBytes, stand_ins};
use unicode_script::Script;

/// Inter as one variable font of all weights.
pub const TEXT: &str = "Inter V";
/// Lucide, whose icons are characters of Unicode's private use area.
pub const ICONS: &str = "lucide";
/// Families that stand in for what Inter lacks: Arabic, Hebrew and symbols, then emoji.
const STAND_INS: [&str; 2] = ["DejaVu Sans", "Noto Emoji"];

/// What is written, by the weights of CSS (1 to 1000). Fonts without weights of their own are registered for each, else they
/// would be passed over.
#[derive(Clone, Copy, Debug)]
pub struct Weights<'a> {
    /// Icons have these too.
    pub regular: &'a [u16],
    /// Drawn with the bold font where there is one.
    pub bold: &'a [u16],
}

/// Shapes with the compiled-in fonts, and draws scripts that they lack with `others`, each of which is one of [`stand_ins`].
#[must_use]
pub fn font_system(weights: Weights<'_>, others: &[FontBytes]) -> FontSystem {
    FontSystem::new_with_locale_and_db_and_fallback(
        "en".to_owned(),
        database(weights, others),
        StandIns::new(),
    )
}

/// Families by what they draw.
struct StandIns {
    of_script: HashMap<Script, Vec<&'static str>>,
    forbidden: Vec<&'static str>,
}

impl StandIns {
    fn new() -> Self {
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

fn database(weights: Weights<'_>, others: &[FontBytes]) -> fontdb::Database {
    let Weights { regular, bold } = weights;
    let all = [regular, bold].concat();
    let mut database = fontdb::Database::new();
    let binary = |bytes: &'static [u8]| fontdb::Source::Binary(Arc::new(bytes));
    database.load_font_source(binary(ttf_inter::REGULAR));
    for (bytes, weights) in [
        (lucide_icons::LUCIDE_FONT_BYTES, regular),
        (dejavu::sans::regular(), regular),
        (dejavu::sans::bold(), bold),
        (epaint_default_fonts::NOTO_EMOJI_REGULAR, &all),
    ] {
        register(&mut database, binary(bytes), weights);
    }
    for other in others {
        let source = fontdb::Source::Binary(Arc::clone(other));
        register(&mut database, source, &all);
    }
    database
}

/// Registers a font under weights that it does not claim.
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
