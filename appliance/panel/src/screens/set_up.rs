//! A device that nobody has claimed for its fleet: its code, and where it is typed. Whoever types it stands somewhere in the
//! room with a laptop, so both are as large as the picture allows.

use saal_core::Trouble;
use taffy::AlignItems;

use super::Page;
use crate::{
    icon::Icon,
    language::Message,
    node::{Node, column, text},
    plain::{isolated, plain},
    style::{TextStyle, Type},
};

/// The widest code of eight letters and a hyphen is so many ems of heavy letters wide.
const CODE_EMS: f32 = 8.1;

/// The server and the code of a device that is to be claimed, where nothing matters more.
pub(super) fn wanted<'a>(page: &Page<'a>) -> Option<(&'a str, &'a str)> {
    match page.view.troubles.first()? {
        Trouble::Enrolment {
            server,
            code: Some(code),
        } => Some((server, code)),
        _ => None,
    }
}

/// How large the parts are.
pub(super) struct Sizes {
    pub(super) title: TextStyle,
    pub(super) code: TextStyle,
    pub(super) hint: TextStyle,
    pub(super) server: TextStyle,
}

/// As large as a code is in so many pixels from side to side.
pub(super) fn code_in(width: f32, style: TextStyle) -> TextStyle {
    TextStyle {
        weight: 600,
        ..style.at_most(width / CODE_EMS)
    }
}

/// What is wrong, the code, and who types it where, from top to bottom.
pub(super) fn parts(page: &Page<'_>, (server, code): (&str, &str), of: &Sizes) -> [Node; 4] {
    let (ink, quiet) = (page.theme.text.0, page.theme.text_quiet.0);
    let title = page.words.say(Message::TroubleEnrolmentAlone);
    let hint = page.words.say(Message::SetUpHint);
    let foreign = |words: &str| isolated(&plain(words));
    [
        text(title, of.title.lines(3).centred(), ink).rigid(),
        text(foreign(code), of.code.centred(), page.theme.accent.0).rigid(),
        text(hint, of.hint.lines(4).centred(), quiet).rigid(),
        text(foreign(server), of.server.lines(2).centred(), ink).rigid(),
    ]
}

impl Page<'_> {
    /// On a panel with so many pixels from side to side.
    pub(super) fn set_up(&self, of: (&str, &str), width: f32) -> Node {
        let sizes = Sizes {
            title: self.font(Type::Title),
            code: code_in(width, self.font(Type::Clock)),
            hint: self.font(Type::Body),
            server: self.font(Type::Display),
        };
        let [title, code, hint, server] = parts(self, of, &sizes);
        let circle = (self.theme.accent_soft.0, self.theme.on_accent_soft.0);
        let picture =
            (self.density == super::Density::Roomy).then(|| self.circle(Icon::Key, circle));
        let title = title.above(self.px(28.0));
        let all = [title, code, hint.above(self.px(12.0)), server];
        column(picture.into_iter().chain(all))
            .align(AlignItems::CENTER)
            .most_wide(width)
    }
}
