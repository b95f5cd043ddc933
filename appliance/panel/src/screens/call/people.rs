//! Who is there, as cards.

use saal_meeting::Participant;
use unicode_segmentation::UnicodeSegmentation;

use super::super::Page;
use crate::{
    Sheet,
    element::Role,
    icon::Icon,
    language::Message,
    navigation::Step,
    node::{Meaning, Node, column, icon, row, text},
    plain::plain,
    style::Type,
};

pub(super) fn people(page: &Page<'_>, participants: &[Participant], visible: usize) -> Node {
    if participants.is_empty() {
        return alone(page);
    }
    let gap = page.px(16.0);
    let (width, lines) = chips_of(page, participants, gap);
    let hidden = participants.len() - visible.min(participants.len());
    // The chip about the hidden ones takes the place of one more.
    let cards = participants.iter().take(visible).enumerate();
    let mut chips: Vec<Node> = cards
        .map(|(i, p)| chip(page, p, i, lines).width(width))
        .collect();
    chips.extend((hidden > 0).then(|| others(page, hidden).width(width)));
    let count = i64::try_from(participants.len()).unwrap_or(i64::MAX);
    let label = page
        .words
        .tell(Message::Participants, [("count", count.into())]);
    row(chips)
        .gap(gap)
        .align(taffy::AlignItems::STRETCH)
        .wrapping()
        .means(Meaning::new("people", Role::List, label))
}

/// A letter of a name is so many ems wide, on average.
const LETTER_EMS: f32 = 0.56;
/// Longer names have no room anywhere.
const LONGEST: usize = 44;

/// How wide chips are, in pixels, and how many lines a name has. Fewer chips stand beside each other where names have a line
/// of their own then and nobody goes to another page for it; else long names go on in a second line.
fn chips_of(page: &Page<'_>, participants: &[Participant], gap: f32) -> (f32, u8) {
    let most = match (page.scale.is_narrow(), page.scale.is_enlarged()) {
        // As many lines as three beside each other would need, and room for whole names.
        (false, _) if participants.len() <= 4 => 2,
        (false, _) => 3,
        (true, false) => 2,
        (true, true) => 1,
    };
    let lengths = participants
        .iter()
        .map(|p| plain(&p.name).graphemes(true).count());
    let longest = lengths.filter(|length| *length <= LONGEST).max();
    let letter = page.font(Type::Strong).size as f32 * LETTER_EMS;
    let name = letter * longest.unwrap_or(0) as f32;
    let beside = page.em(60.0) + 3.0 * page.px(16.0);
    let inner = page.scale.width - 2.0 * page.px(40.0);
    let width = |columns: u8| {
        let columns = f32::from(columns);
        ((inner - (columns - 1.0) * gap) / columns).floor()
    };
    // Above and below stand the title and the buttons.
    let rows = (page.scale.height - page.px(400.0)) / page.em(108.0);
    let all_there = |columns: u8| {
        let lines = participants.len().div_ceil(usize::from(columns));
        page.scale.is_enlarged() || columns == most || lines as f32 <= rows
    };
    let fits = |columns: &u8| width(*columns) >= name + beside && all_there(*columns);
    if let Some(columns) = (1..=most).rev().find(fits) {
        return (width(columns), 1);
    }
    // Lines end where words do.
    let in_two = |columns: &u8| 1.5 * (width(*columns) - beside) >= name;
    let columns = (1..=most).rev().find(in_two).unwrap_or(1);
    (width(columns), 2)
}

fn alone(page: &Page<'_>) -> Node {
    let circle = (page.theme.accent_soft.0, page.theme.on_accent_soft.0);
    let what = page
        .words
        .tell(Message::Participants, [("count", 0.into())]);
    let hint = page.words.say(Message::AloneHint);
    let message = page.message(Icon::People, circle, &what, &hint);
    row([message.means(Meaning::new("alone", Role::Status, what).described(hint))]).centred()
}

fn chip(page: &Page<'_>, participant: &Participant, index: usize, lines: u8) -> Node {
    let name = page.title(&participant.name);
    let (mark, state) = activity(page, participant);
    let colour = if participant.speaking {
        page.theme.accent.0
    } else {
        page.theme.text_quiet.0
    };
    let words = column([
        text(
            name.clone(),
            page.font(Type::Strong).lines(lines),
            page.theme.text.0,
        ),
        row([
            icon(mark, page.em(18.0), colour),
            text(state.clone(), page.font(Type::Small), colour),
        ])
        .gap(page.px(8.0)),
    ])
    .gap(page.px(4.0))
    .share();
    let content = row([initials(page, participant), words])
        .gap(page.px(16.0))
        .padding(page.px(16.0));
    let card = page.card(content);
    let card = if participant.speaking {
        card.ring(page.px(3.0), page.theme.good.0)
    } else {
        card
    };
    card.means(Meaning::new(format!("participant:{index}"), Role::ListItem, name).described(state))
}

fn activity(page: &Page<'_>, participant: &Participant) -> (Icon, String) {
    let (mark, message) = match participant {
        Participant {
            key_missing: true, ..
        } => (Icon::Key, Message::KeyMissing),
        Participant { speaking: true, .. } => (Icon::Speaking, Message::Speaking),
        Participant {
            hand_raised: true, ..
        } => (Icon::Hand, Message::HandUp),
        Participant { content: true, .. } => (Icon::Presenting, Message::Presenting),
        Participant {
            microphone: false, ..
        } => (Icon::MicrophoneOff, Message::MicrophoneOffThere),
        _ => (Icon::Microphone, Message::MicrophoneOnThere),
    };
    (mark, page.words.say(message))
}

/// A circle with the first letters of a name, in a colour that stays with the person.
pub(super) fn initials(page: &Page<'_>, participant: &Participant) -> Node {
    let name = plain(&participant.name);
    let letters: String = name
        .split(' ')
        .filter_map(|word| word.graphemes(true).next())
        .filter(|first| first.chars().all(char::is_alphanumeric))
        .take(2)
        .collect();
    let sum = participant.id.bytes().fold(0_usize, |sum, byte| {
        sum.wrapping_mul(31) + usize::from(byte)
    });
    let colours = &page.theme.people;
    let colour = colours
        .get(sum % colours.len().max(1))
        .unwrap_or(&page.theme.accent);
    let size = page.em(60.0);
    let on = page.theme.on_people.0;
    let inside = if letters.is_empty() {
        icon(Icon::Person, page.em(30.0), on)
    } else {
        // Letters can be wider than the circle ("ﷺ"): those are shortened and push nothing out.
        text(letters.to_uppercase(), page.font(Type::Strong), on)
    };
    row([inside])
        .centred()
        .fixed(size, size)
        .fill(colour.0)
        .round(size / 2.0)
}

fn others(page: &Page<'_>, hidden: usize) -> Node {
    let count = i64::try_from(hidden).unwrap_or(i64::MAX);
    let words = page
        .words
        .tell(Message::MorePeople, [("count", count.into())]);
    let meaning = Meaning::new("others", Role::Button, words.clone())
        .described(page.words.say(Message::People))
        .step(Step::Open(Sheet::People));
    row([text(words, page.font(Type::Strong), page.theme.text.0)])
        .centred()
        .padding(page.px(16.0))
        .at_least(0.0, page.scale.touch(92.0))
        .fill(page.tone(page.quiet(), "others"))
        .round(page.px(20.0))
        .means(meaning)
}
