//! Icons as SVG, from the outlines that the panel draws.

use std::fmt::Write as _;

use lucide_icons::LUCIDE_FONT_BYTES;
use ttf_parser::{Face, OutlineBuilder};

use crate::icon::Icon;

/// In the colour of the words beside it; says nothing by itself.
pub(crate) fn svg(icon: Icon) -> String {
    let face = Face::parse(LUCIDE_FONT_BYTES, 0).expect("the compiled-in font is tested");
    let mut path = Path {
        path: String::new(),
        top: f32::from(face.ascender()),
    };
    if let Some(glyph) = face.glyph_index(icon.character()) {
        let _ = face.outline_glyph(glyph, &mut path);
    }
    let em = face.units_per_em();
    let path = path.path;
    format!("<svg viewBox=\"0 0 {em} {em}\" aria-hidden=\"true\"><path d=\"{path}\"/></svg>")
}

/// A glyph's outline as SVG's path data: from the top instead of from the base line, in whole units.
struct Path {
    path: String,
    top: f32,
}

impl Path {
    fn add(&mut self, command: char, points: &[(f32, f32)]) {
        self.path.push(command);
        for (x, y) in points {
            let _ = write!(self.path, "{:.0} {:.0} ", x, self.top - y);
        }
    }
}

impl OutlineBuilder for Path {
    fn move_to(&mut self, x: f32, y: f32) {
        self.add('M', &[(x, y)]);
    }

    fn line_to(&mut self, x: f32, y: f32) {
        self.add('L', &[(x, y)]);
    }

    fn quad_to(&mut self, x1: f32, y1: f32, x: f32, y: f32) {
        self.add('Q', &[(x1, y1), (x, y)]);
    }

    fn curve_to(&mut self, x1: f32, y1: f32, x2: f32, y2: f32, x: f32, y: f32) {
        self.add('C', &[(x1, y1), (x2, y2), (x, y)]);
    }

    fn close(&mut self) {
        self.path.push('Z');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn icons_are_drawn_from_top_to_bottom_within_their_box() {
        let svg = svg(Icon::Microphone);
        let path = svg.split("d=\"").nth(1).unwrap();
        let numbers: Vec<f32> = path
            .split(|c: char| !c.is_ascii_digit() && c != '-')
            .filter_map(|number| number.parse().ok())
            .collect();
        assert!(numbers.len() > 20, "{svg}");
        assert!(numbers.iter().all(|n| (0.0..=1000.0).contains(n)), "{svg}");
    }
}
