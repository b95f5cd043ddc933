//! All meetings, in pages.

use saal_meeting::Meeting;

use super::{
    Fit,
    call::sheet::{Head, frame},
    paging::List,
    rows::Agenda,
};
use crate::{Layout, language::Message};

pub(super) fn lay_out(fit: &mut Fit<'_>, under_way: &[Meeting], next: &[Meeting]) -> Layout {
    let agenda = Agenda::new(&fit.page, under_way, next);
    let head = Head {
        title: fit.page.words.say(Message::AllMeetings),
        back: None,
    };
    let rows = List {
        len: agenda.len(),
        row: &|page, index| agenda.titled(page, index),
        leads: &|_| false,
        uniform: false,
        newest_last: false,
    };
    fit.paged(&rows, &|page, rows, pager| {
        frame(page, None, &head, rows, pager)
    })
}
