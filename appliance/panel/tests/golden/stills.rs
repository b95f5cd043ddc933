//! What the television shows between meetings, among the golden pictures.

use std::sync::Arc;

use saal_fleet_protocol::config::{Language, Theme};
use saal_panel::{Layout, Picture, Renderer, StillView};

use crate::still_scenes::{self, SIZE};

/// 1080p, and 4K, as televisions are sold; and one that hangs upright.
const LARGE: [(u32, u32); 3] = [(1920, 1080), (3840, 2160), (1080, 1920)];

/// A picture of the television.
pub(crate) struct Still {
    /// Its identity in the list: `television-day en light 1280x720`.
    pub(crate) name: String,
    /// Its file in `goldens/`, where people have it.
    pub(crate) file: Option<String>,
    view: StillView,
}

impl Still {
    pub(crate) fn lay_out(&self, renderer: &mut Renderer) -> Layout {
        renderer.lay_out_still(&self.view)
    }

    pub(crate) fn draw(&self, renderer: &mut Renderer) -> Arc<Picture> {
        let layout = self.lay_out(renderer);
        renderer.draw(&layout);
        Arc::clone(renderer.picture())
    }
}

/// Every example in every language and theme, and in the plain theme on every television.
pub(crate) fn all() -> Vec<Still> {
    let mut all = Vec::new();
    for example in still_scenes::all() {
        let mut add = |language, theme, size: (u32, u32)| {
            let (tag, file) = match language {
                Language::De => ("de", None),
                Language::En => ("en", file(example.name, theme, size)),
            };
            let words = format!("{theme:?}").to_lowercase();
            all.push(Still {
                name: format!("{} {tag} {words} {}x{}", example.name, size.0, size.1),
                file,
                view: example.view(language, theme, size),
            });
        };
        for language in [Language::De, Language::En] {
            for theme in [Theme::Light, Theme::Dark, Theme::Contrast] {
                add(language, theme, SIZE);
            }
            for size in LARGE {
                add(language, Theme::Light, size);
            }
        }
    }
    all
}

/// People have one of each, and a dark one.
fn file(example: &str, theme: Theme, size: (u32, u32)) -> Option<String> {
    match (example, theme) {
        (_, Theme::Light) if size == SIZE => Some(format!("{example}.png")),
        ("television-day", Theme::Dark) if size == SIZE => Some(format!("{example}-dark.png")),
        _ => None,
    }
}
