//! A code for another device's camera, with what it is for beside or below it.

use std::sync::Arc;

use super::{Density, Fit, Page};
use crate::{
    Layout,
    element::Role,
    language::Message,
    node::{Meaning, Node, column, qr_code, row, spacer, text},
    qr_code::QrCode,
    style::Type,
};

/// Sizes that are tried, the largest first.
pub(super) const SIZES: usize = 6;
/// The smallest of them, as a part of the largest.
const LEAST: f32 = 0.5;

/// What people read beside the code.
pub(super) struct Scan {
    /// What has to be done with it.
    pub(super) what: Message,
    /// How.
    pub(super) hint: Message,
    /// What the code is, for those who do not see it.
    pub(super) code: Message,
    /// What else is to be known, where there is room.
    pub(super) note: Option<String>,
}

impl Fit<'_> {
    /// A page with a code as large as fits, and with buttons.
    pub(super) fn scan(
        &mut self,
        code: &Arc<QrCode>,
        of: &Scan,
        buttons: impl Fn(&Page<'_>) -> Vec<Node>,
    ) -> Layout {
        self.most(SIZES, |page, size| {
            scan(page, (code, side(page, size)), of, buttons(page))
        })
    }
}

/// The side of a code in one of [`SIZES`], in pixels.
pub(super) fn side(page: &Page<'_>, size: usize) -> f32 {
    let part = size.saturating_sub(1) as f32 / (SIZES - 1) as f32;
    largest(page) * (LEAST + (1.0 - LEAST) * part)
}

/// The side that a code has where nothing else is on the panel but the bar, in pixels.
fn largest(page: &Page<'_>) -> f32 {
    let (wide, high) = (page.scale.width, page.scale.height);
    let around = 2.0 * page.px(40.0);
    if page.scale.is_narrow() {
        (wide - around).min(high / 2.0)
    } else {
        (high - around - page.px(60.0)).min(wide / 2.0)
    }
}

fn scan(page: &Page<'_>, (code, side): (&Arc<QrCode>, f32), of: &Scan, buttons: Vec<Node>) -> Node {
    let label = page.words.say(of.code);
    let picture = qr_code(code.clone(), side)
        .round(page.px(20.0))
        .means(Meaning::new("code", Role::Image, label));
    let portrait = page.scale.is_narrow();
    let words = words(page, of, portrait);
    let main = if portrait {
        let buttons = row(buttons).gap(page.px(20.0)).wrapping().centred().rigid();
        let parts = [row([picture]).centred(), words, buttons];
        column(parts).gap(page.px(28.0)).rigid()
    } else {
        let buttons = column(buttons).gap(page.px(16.0)).above(page.px(16.0));
        let beside = column([words, buttons.rigid()]).gap(page.px(16.0)).share();
        row([picture, beside]).gap(page.px(56.0)).rigid()
    };
    let parts = [page.top_bar(), spacer(), main, spacer(), page.banners()];
    column(parts)
        .padding(page.px(40.0))
        .fill(page.theme.background.0)
}

/// What to do, and how where there is room for it.
fn words(page: &Page<'_>, of: &Scan, centred: bool) -> Node {
    let (what, hint) = (page.words.say(of.what), page.words.say(of.hint));
    let (mut display, mut body) = (page.font(Type::Display), page.font(Type::Body));
    if page.density > Density::Roomy {
        display = page.font(Type::Title);
    }
    if centred {
        (display, body) = (display.centred(), body.centred());
    }
    let heading = text(what.clone(), display.lines(3), page.theme.text.0)
        .whole()
        .means(Meaning::new("title", Role::Heading, what));
    let hint = (page.density < Density::Tightest).then(|| {
        text(hint.clone(), body.lines(5), page.theme.text_quiet.0)
            .whole()
            .means(Meaning::new("hint", Role::Text, hint))
    });
    let note = of.note.as_ref().filter(|_| page.density < Density::Tighter);
    let note = note.map(|note| {
        let style = page.font(Type::Small).lines(4);
        let style = if centred { style.centred() } else { style };
        text(note.clone(), style, page.theme.text_quiet.0)
            .whole()
            .means(Meaning::new("note", Role::Text, note.clone()))
    });
    column([heading].into_iter().chain(hint).chain(note)).gap(page.px(12.0))
}
