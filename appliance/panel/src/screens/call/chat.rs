//! What others wrote; to be read only.

use saal_meeting::ChatLine;

use super::{
    super::{Fit, Page, paging::List},
    sheet::{Head, list},
};
use crate::{
    Layout,
    element::Role,
    icon::Icon,
    language::Message,
    node::{Meaning, Node, column, icon, row, text},
    plain::{isolated, paragraph},
    style::Type,
    view::Call,
};

pub(super) fn lay_out(fit: &mut Fit<'_>, call: &Call) -> Layout {
    let head = Head {
        title: fit.page.words.say(Message::Chat),
        back: None,
    };
    if call.chat.is_empty() {
        return fit.most(0, |page, _| {
            super::sheet::sheet(page, call, &head, nothing(page), None)
        });
    }
    let rows = List {
        len: call.chat.len(),
        row: &|page, index| line(page, index, &call.chat[index]),
        leads: &|_| false,
        uniform: false,
        newest_last: true,
    };
    fit.paged(&rows, &|page, rows, pager| {
        list(page, call, &head, rows, pager)
    })
}

fn nothing(page: &Page<'_>) -> Node {
    let circle = (page.theme.accent_soft.0, page.theme.on_accent_soft.0);
    let (what, hint) = (
        page.words.say(Message::ChatEmpty),
        page.words.say(Message::ChatEmptyHint),
    );
    let message = page.message(Icon::Chat, circle, &what, &hint);
    row([message.means(Meaning::new("empty", Role::Status, what).described(hint))]).centred()
}

fn line(page: &Page<'_>, index: usize, line: &ChatLine) -> Node {
    let t = page.theme;
    let author = page.title(&line.author);
    let words = paragraph(&line.text);
    // Ours is no quotation.
    let (words, drawn, colour) = if words.trim().is_empty() {
        let words = page.words.say(Message::ChatUnreadable);
        (words.clone(), words, t.text_quiet.0)
    } else {
        (words.clone(), isolated(&words), t.text.0)
    };
    let private = page.words.say(Message::ChatPrivate);
    let name = text(author.clone(), page.font(Type::Label), t.accent.0);
    let mark = line.private.then(|| {
        row([
            icon(Icon::Lock, page.em(18.0), t.on_notice_soft.0),
            text(private.clone(), page.font(Type::Small), t.on_notice_soft.0).rigid(),
        ])
        .gap(page.px(6.0))
        .rigid()
    });
    let head = row([name].into_iter().chain(mark)).gap(page.px(16.0));
    let body = text(drawn, page.font(Type::Body).lines(8), colour);
    let fill = if line.private {
        t.notice_soft.0
    } else {
        t.surface.0
    };
    let meaning = Meaning::new(format!("line:{index}"), Role::ListItem, author);
    let meaning = if line.private {
        meaning.described(format!("{private}: {words}"))
    } else {
        meaning.described(words)
    };
    column([head, body])
        .gap(page.px(2.0))
        .paddings(page.px(20.0), page.px(12.0))
        .rigid()
        .fill(fill)
        .round(page.px(16.0))
        .means(meaning)
}
