//! What others vote on; to be read only.

use saal_meeting::Poll;

use super::{
    super::{Fit, Page, paging::List},
    sheet::{Head, list},
};
use crate::{
    Layout,
    element::Role,
    language::Message,
    node::{Meaning, Node, column, row, text},
    plain::{isolated, plain},
    style::Type,
    view::Call,
};

/// More answers than people read; others write them.
const MOST_ANSWERS: usize = 20;
/// The newest so many; older ones are no longer voted on.
const MOST_POLLS: usize = 20;

pub(super) fn lay_out(fit: &mut Fit<'_>, call: &Call) -> Layout {
    let polls = &call.meeting.polls;
    let newest = polls.iter().enumerate().rev().take(MOST_POLLS);
    let lines: Vec<(usize, &Poll, Option<usize>)> = newest
        .flat_map(|(number, poll)| {
            let answers = (0..poll.answers.len().min(MOST_ANSWERS)).map(Some);
            let parts = [None].into_iter().chain(answers);
            parts.map(move |answer| (number, poll, answer))
        })
        .collect();
    let head = Head {
        title: fit.page.words.say(Message::Polls),
        back: None,
    };
    let rows = List {
        len: lines.len(),
        row: &|page, index| match lines[index] {
            // Nearer to its answers than to those before.
            (number, poll, None) if index > 0 => {
                let above = page.px(20.0);
                column([question(page, number, poll).above(above)]).rigid()
            }
            (number, poll, None) => question(page, number, poll),
            (number, poll, Some(answer)) => bar(page, (number, answer), poll),
        },
        leads: &|index| lines[index].2.is_none(),
        uniform: false,
        newest_last: false,
    };
    fit.paged(&rows, &|page, rows, pager| {
        list(page, call, &head, rows, pager)
    })
}

fn question(page: &Page<'_>, number: usize, poll: &Poll) -> Node {
    let words = page.title(&poll.question);
    text(
        words.clone(),
        page.font(Type::Strong).lines(2),
        page.theme.text.0,
    )
    .rigid()
    .means(Meaning::new(format!("poll:{number}"), Role::Heading, words))
}

/// An answer: its words over a bar as long as its share of the votes.
fn bar(page: &Page<'_>, (number, answer): (usize, usize), poll: &Poll) -> Node {
    let (words, votes) = &poll.answers[answer];
    let all: u64 = poll
        .answers
        .iter()
        .map(|(_, votes)| u64::from(*votes))
        .sum();
    let share = (*votes as f32) / (all.max(1) as f32);
    let label = plain(words);
    let count = page
        .words
        .tell(Message::Votes, [("count", i64::from(*votes).into())]);
    let t = page.theme;
    let mut filled = Node::default().fill(t.accent_soft.0).round(page.px(14.0));
    filled.style.position = taffy::Position::Absolute;
    filled.style.size = taffy::Size {
        width: taffy::prelude::percent(share),
        height: taffy::prelude::percent(1.0),
    };
    let content = row([
        text(isolated(&label), page.font(Type::Body), t.text.0).share(),
        text(count.clone(), page.font(Type::Strong).figures(), t.text.0).rigid(),
    ])
    .gap(page.px(16.0))
    .paddings(page.px(18.0), page.px(10.0))
    .grow();
    let meaning = Meaning::new(format!("poll:{number}:{answer}"), Role::ListItem, label);
    let mut bar = row([filled, content]);
    bar.style.position = taffy::Position::Relative;
    bar.rigid()
        .fill(t.surface.0)
        .round(page.px(14.0))
        .means(meaning.described(count))
}
