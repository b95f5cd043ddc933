//! What just happened, above the large buttons: notices, people at the door, words and signs.

use embedded_graphics::pixelcolor::Rgb888;
use saal_core::{DayNotice, Intent, Notice};
use saal_media_protocol::SourceKind;
use saal_meeting::{Caption, MeetingAction, PartOf, Ring};

use super::{
    super::{
        Density, Page,
        day_time::notice as day_notice,
        ringing::{answering, calls, declining},
    },
    roster::{answers, knocking},
};
use crate::{
    Sheet,
    element::Role,
    icon::Icon,
    language::{Message, Value},
    navigation::Step,
    node::{Meaning, Node, column, icon, row, text},
    plain::{plain, tail},
    reactions::drawn,
    style::Type,
    view::Call,
};

/// As much of a spoken sentence as fits into two lines of a narrow panel, in characters.
const MOST_SPOKEN: usize = 80;

/// What matters most first; what there is no room for goes from the end.
pub(super) fn news(page: &Page<'_>, call: &Call) -> Option<Node> {
    let most = match page.density {
        _ if page.is_complete() => usize::MAX,
        Density::Roomy | Density::Tight => 2,
        Density::Tighter | Density::Tightest => 1,
    };
    let presses = |it: &&DayNotice| matches!(it, DayNotice::Alone | DayNotice::Next { .. });
    let notices = &page.view.day.notices;
    let of_day = |it: &DayNotice| Some(day_notice(page, it));
    let pressing = notices.iter().filter(presses).map(of_day);
    let later = notices.iter().filter(|it| !presses(it)).map(of_day);
    let news = [
        call.ringing
            .as_ref()
            .map(|ring| at_the_telephone(page, ring)),
        call.notice.as_ref().map(|it| notice(page, call, it)),
        call.part_of.as_ref().map(|main| back_to(page, main)),
        at_the_door(page, call),
        captions(page, &call.captions),
        signs(page, call),
    ];
    let news = pressing.chain(news).chain(later);
    let mut news: Vec<Node> = news.flatten().take(most).collect();
    // Signs and words rise from the large buttons.
    news.reverse();
    (!news.is_empty()).then(|| column(news).gap(page.px(10.0)).rigid().above(page.px(16.0)))
}

fn notice(page: &Page<'_>, call: &Call, notice: &Notice) -> Node {
    let t = page.theme;
    let soft = (t.notice_soft.0, t.on_notice_soft.0);
    let (message, source, by) = match notice {
        Notice::MutedBy(source, Some(by)) => (Message::MutedBy, *source, by.as_str()),
        Notice::MutedBy(source, None) => (Message::MutedByRules, *source, ""),
        Notice::UnmuteAllowed(source) => (Message::UnmuteAllowed, *source, ""),
        Notice::UnmuteRefused(source) if call.meeting.hand_raised => {
            (Message::UnmuteWaits, *source, "")
        }
        Notice::UnmuteRefused(source) => (Message::UnmuteRefused, *source, ""),
    };
    let values = [
        ("source", Value::Word(name_of(source))),
        ("name", Value::Foreign(by)),
    ];
    let words = page.words.tell(message, values);
    let buttons = answer(page, call, notice, &words);
    banner(
        page,
        mark_of(source),
        soft,
        &words,
        buttons.into_iter().collect(),
    )
    .means(Meaning::new("notice", Role::Alert, words))
}

fn name_of(source: SourceKind) -> &'static str {
    match source {
        SourceKind::Microphone => "microphone",
        SourceKind::Camera => "camera",
        SourceKind::Content | SourceKind::ContentAudio => "content",
    }
}

fn mark_of(source: SourceKind) -> Icon {
    match source {
        SourceKind::Microphone => Icon::MicrophoneOff,
        SourceKind::Camera => Icon::CameraOff,
        SourceKind::Content | SourceKind::ContentAudio => Icon::StopPresenting,
    }
}

/// What people can do about a notice.
fn answer(page: &Page<'_>, call: &Call, notice: &Notice, about: &str) -> Option<Node> {
    let (id, message, intent) = match notice {
        Notice::UnmuteAllowed(source) => {
            let message = if *source == SourceKind::Camera {
                Message::CameraStart
            } else {
                Message::Unmute
            };
            ("unmute", message, Intent::SetMuted(*source, false))
        }
        Notice::UnmuteRefused(_) if !call.meeting.hand_raised => {
            let action = MeetingAction::RaiseHand { raised: true };
            ("raise-hand", Message::HandRaise, Intent::Act(action))
        }
        Notice::MutedBy(..) | Notice::UnmuteRefused(_) => return None,
    };
    let label = page.words.say(message);
    let meaning = Meaning::new(id, Role::Button, label.clone())
        .described(about)
        .intent(intent);
    Some(page.small_button(&label, page.accent(), meaning))
}

/// The way from a breakout session to the meeting that it belongs to.
fn back_to(page: &Page<'_>, main: &PartOf) -> Node {
    let t = page.theme;
    let soft = (t.accent_soft.0, t.on_accent_soft.0);
    let title = page.title(&main.title);
    let values = [("title", Value::Foreign(&title))];
    let words = page.words.tell(Message::BreakoutOf, values);
    let label = page.words.say(Message::BreakoutBack);
    let meaning = Meaning::new("breakout-back", Role::Button, label.clone())
        .described(words.clone())
        .intent(Intent::Join(main.id.clone()));
    let button = page.small_button(&label, page.accent(), meaning);
    banner(page, Icon::Breakout, soft, &words, vec![button]).means(Meaning::new(
        "breakout-of",
        Role::Status,
        words,
    ))
}

/// Somebody else calls the room.
fn at_the_telephone(page: &Page<'_>, ring: &Ring) -> Node {
    let t = page.theme;
    let soft = (t.notice_soft.0, t.on_notice_soft.0);
    let words = calls(page, ring);
    let decline = declining(page, ring).described(&*words);
    let answer = answering(page, "answer", Message::LeaveAndAnswer, ring, true);
    let answer = answer.described(&*words);
    let buttons = vec![
        page.small_button(&decline.label.clone(), page.quiet(), decline),
        page.small_button(&answer.label.clone(), page.accent(), answer),
    ];
    banner(page, Icon::Ringing, soft, &words, buttons).means(Meaning::new(
        "ringing",
        Role::Alert,
        words,
    ))
}

/// Somebody in the lobby, or how many.
fn at_the_door(page: &Page<'_>, call: &Call) -> Option<Node> {
    let t = page.theme;
    let soft = (t.notice_soft.0, t.on_notice_soft.0);
    let (words, buttons) = match knocking(call) {
        [] => return None,
        [one] => {
            let name = [("name", Value::Foreign(&one.name))];
            let [admit, reject] = answers(page, 0, one);
            let words = page.words.tell(Message::KnocksName, name);
            (words, vec![reject, admit])
        }
        several => {
            let count = i64::try_from(several.len()).unwrap_or(i64::MAX);
            let words = page
                .words
                .tell(Message::KnocksMany, [("count", count.into())]);
            let label = page.words.say(Message::ShowPeople);
            let meaning = Meaning::new("show-people", Role::Button, label.clone())
                .described(words.clone())
                .step(Step::Open(Sheet::People));
            (
                words,
                vec![page.small_button(&label, page.accent(), meaning)],
            )
        }
    };
    let banner = banner(page, Icon::Waiting, soft, &words, buttons);
    Some(banner.means(Meaning::new("at-the-door", Role::Alert, words)))
}

/// A sentence with buttons; below it where the panel is narrow.
pub(in super::super) fn banner(
    page: &Page<'_>,
    mark: Icon,
    (soft, on): (Rgb888, Rgb888),
    words: &str,
    buttons: Vec<Node>,
) -> Node {
    let sentence = text(words, page.font(Type::Label).lines(5), on).share();
    let sentence = row([icon(mark, page.em(28.0), on), sentence]).gap(page.px(16.0));
    let none = buttons.is_empty();
    let narrow = page.scale.is_narrow();
    let buttons = buttons
        .into_iter()
        .map(|button| if narrow { button.grow() } else { button });
    let buttons = row(buttons).gap(page.px(12.0)).wrapping().rigid();
    let content = match (none, narrow) {
        (true, _) => column([sentence]).paddings(0.0, page.px(8.0)),
        (false, false) => row([sentence.share(), buttons]).gap(page.px(16.0)),
        (false, true) => column([sentence, buttons]).gap(page.px(10.0)),
    };
    content
        .paddings(page.px(20.0), page.px(if none { 14.0 } else { 8.0 }))
        .rigid()
        .fill(soft)
        .round(page.px(16.0))
}

/// What is being said.
fn captions(page: &Page<'_>, captions: &[Caption]) -> Option<Node> {
    let most = if page.is_complete() { 2 } else { 1 };
    let newest = captions.len().saturating_sub(most);
    let t = page.theme;
    let lines = captions[newest..]
        .iter()
        .enumerate()
        .map(|(index, caption)| {
            let words = tail(&caption.text, MOST_SPOKEN);
            let values = [
                ("speaker", Value::Foreign(&caption.speaker)),
                ("text", Value::Foreign(&words)),
            ];
            let line = page.words.tell(Message::CaptionLine, values);
            text(line.clone(), page.font(Type::Body).lines(2), t.text.0).means(Meaning::new(
                format!("caption:{index}"),
                // For those who read: who hears the panel hears the speaker too.
                Role::Text,
                line,
            ))
        });
    let lines: Vec<Node> = lines.collect();
    if lines.is_empty() {
        return None;
    }
    let lines = column(lines).gap(page.px(4.0)).share();
    let content = row([icon(Icon::Captions, page.em(28.0), t.text_quiet.0), lines]);
    Some(
        content
            .gap(page.px(16.0))
            .paddings(page.px(20.0), page.px(12.0))
            .rigid()
            .fill(t.surface.0)
            .round(page.px(16.0)),
    )
}

/// Signs of the last seconds, the newest of them.
fn signs(page: &Page<'_>, call: &Call) -> Option<Node> {
    let most = if page.scale.is_narrow() { 2 } else { 4 };
    let newest = call.reactions.len().saturating_sub(most);
    let t = page.theme;
    let pills = call.reactions[newest..]
        .iter()
        .enumerate()
        .map(|(index, sign)| {
            let name = page.title(&sign.from);
            let picture = match drawn(&sign.emoji) {
                Some(emoji) => text(emoji, page.font(Type::Lead), t.text.0).rigid(),
                None => icon(Icon::Smile, page.em(27.0), t.text.0),
            };
            let id = format!("sign:{index}");
            row([
                picture,
                text(name.clone(), page.font(Type::Label), t.text.0),
            ])
            .gap(page.px(10.0))
            .paddings(page.px(16.0), page.px(6.0))
            .most_wide(page.em(280.0))
            .fill(t.surface.0)
            .round(page.px(24.0))
            .means(Meaning::new(id, Role::Status, name).described(plain(&sign.emoji)))
        });
    let pills: Vec<Node> = pills.collect();
    (!pills.is_empty()).then(|| row(pills).gap(page.px(10.0)).rigid())
}
