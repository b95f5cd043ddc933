//! Screens that wait: starting, joining, leaving.

use saal_core::{Intent, LobbyWord, Obstacle};
use saal_meeting::{ChatLine, JoinStage, MeetingAction, Waiting};

use super::{Fit, Page, parts::leaving as leave, password::password};
use crate::{
    Layout,
    element::Role,
    icon::Icon,
    language::{Message, Value},
    node::{Meaning, Node, column, icon, row, spacer, text},
    plain::unisolated,
    style::Type,
    view::Screen,
};

/// What people in a room have to say to those who could let it in.
const READY_MADE: [Message; 3] = [
    Message::LobbyHere,
    Message::LobbyPlease,
    Message::LobbyInvited,
];

pub(super) fn lay_out(fit: &mut Fit<'_>) -> Layout {
    let Screen::Joining {
        title, obstacle, ..
    } = &fit.page.view.screen
    else {
        return fit.most(0, |_, _| Node::default());
    };
    match obstacle {
        None => fit.most(0, |page, _| joining(page)),
        Some(Obstacle::Password { refused }) => {
            fit.most(0, |page, _| password(page, title, *refused))
        }
        Some(Obstacle::Waiting(Waiting::Host)) => fit.most(0, |page, _| host(page, title)),
        Some(Obstacle::Waiting(Waiting::Server)) => fit.most(0, |page, _| server(page, title)),
        Some(Obstacle::Waiting(Waiting::Admission)) => lobby_of(fit, title),
    }
}

/// What can be said counts more than how large it is written.
fn lobby_of(fit: &mut Fit<'_>, title: &str) -> Layout {
    // Larger text turns pages, and leaves nothing out.
    let least = if fit.page.scale.is_enlarged() {
        READY_MADE.len()
    } else {
        0
    };
    for shown in (least..=READY_MADE.len()).rev() {
        if let Some(layout) = fit.on_one_page(0, |page, _| lobby(page, title, shown)) {
            return layout;
        }
    }
    fit.most(0, |page, _| lobby(page, title, READY_MADE.len()))
}

pub(super) fn starting(page: &Page<'_>) -> Node {
    let what = page.words.say(Message::Starting);
    let hint = page.words.say(Message::StartingHint);
    waiting(page, (Icon::Busy, "starting"), &what, &hint, Vec::new())
}

fn joining(page: &Page<'_>) -> Node {
    let Screen::Joining {
        title,
        stage,
        returning,
        ..
    } = &page.view.screen
    else {
        return Node::default();
    };
    let progress = page.words.say(match (returning, stage) {
        (true, _) => Message::JoiningReturning,
        (false, JoinStage::Contacting) => Message::JoiningContacting,
        (false, JoinStage::Connecting) => Message::JoiningConnecting,
    });
    let title = page.title(title);
    let below = cancel(page).into_iter().collect();
    waiting(page, (Icon::Busy, "joining"), &title, &progress, below)
}

pub(super) fn leaving(page: &Page<'_>, title: &str) -> Node {
    let progress = page.words.say(Message::Leaving);
    let title = page.title(title);
    waiting(page, (Icon::Busy, "leaving"), &title, &progress, Vec::new())
}

/// Somebody with a login has to come.
fn host(page: &Page<'_>, title: &str) -> Node {
    let what = page.words.say(Message::WaitingHost);
    let hint = about(page, Message::WaitingHostHint, title);
    let below = cancel(page).into_iter().collect();
    waiting(page, (Icon::Waiting, "waiting-host"), &what, &hint, below)
}

/// The meeting's servers have to come up.
fn server(page: &Page<'_>, title: &str) -> Node {
    let what = page.words.say(Message::WaitingServer);
    let hint = about(page, Message::WaitingServerHint, title);
    let below = cancel(page).into_iter().collect();
    waiting(page, (Icon::Waiting, "waiting-server"), &what, &hint, below)
}

/// A moderator has to let the room in; people may say a word.
fn lobby(page: &Page<'_>, title: &str, shown: usize) -> Node {
    let what = page.words.say(Message::WaitingLobby);
    let hint = about(page, Message::WaitingLobbyHint, title);
    let messages = READY_MADE.iter().take(shown).enumerate();
    let messages = column(messages.map(|(index, message)| ready_made(page, index, *message)))
        .gap(page.px(10.0))
        .width(wide(page));
    let below = answers(page).into_iter().chain([messages]);
    let below = below.chain(cancel(page)).collect();
    waiting(page, (Icon::Waiting, "waiting-lobby"), &what, &hint, below)
}

/// What the moderators wrote.
fn answers(page: &Page<'_>) -> Option<Node> {
    let Screen::Joining { heard, .. } = &page.view.screen else {
        return None;
    };
    let lines = heard.iter().enumerate();
    let lines: Vec<Node> = lines.map(|(i, line)| answer(page, i, line)).collect();
    let some = !lines.is_empty();
    some.then(|| column(lines).gap(page.px(8.0)).width(wide(page)))
}

fn answer(page: &Page<'_>, index: usize, line: &ChatLine) -> Node {
    let t = page.theme;
    let author = if line.author.trim().is_empty() {
        Value::Word("nobody")
    } else {
        Value::Foreign(&line.author)
    };
    let said = page.title(&line.text);
    let said = unisolated(&said);
    let values = [("author", author), ("text", Value::Foreign(&said))];
    let words = page.words.tell(Message::LobbyAnswer, values);
    let mark = icon(Icon::Chat, page.em(24.0), t.on_notice_soft.0);
    let drawn = text(
        words.clone(),
        page.font(Type::Body).lines(3),
        t.on_notice_soft.0,
    );
    row([mark, drawn.share()])
        .gap(page.px(16.0))
        .paddings(page.px(24.0), page.px(12.0))
        .fill(t.notice_soft.0)
        .round(page.px(18.0))
        .means(Meaning::new(format!("answer:{index}"), Role::Status, words))
}

fn about(page: &Page<'_>, message: Message, title: &str) -> String {
    let title = unisolated(&page.title(title));
    page.words
        .tell(message, [("title", Value::Foreign(&title))])
}

fn wide(page: &Page<'_>) -> f32 {
    page.em(720.0).min(page.scale.width - 2.0 * page.px(40.0))
}

fn word_of<'a>(page: &'a Page<'_>) -> Option<&'a LobbyWord> {
    match &page.view.screen {
        Screen::Joining { word, .. } => word.as_ref(),
        _ => None,
    }
}

/// A button whose words are what the moderators read.
fn ready_made(page: &Page<'_>, index: usize, message: Message) -> Node {
    let room = page.view.room.as_str();
    let words = page.words.tell(message, [("room", Value::Foreign(room))]);
    let plain_words = unisolated(&words);
    let sent = word_of(page).filter(|word| word.text == plain_words);
    let id = format!("message:{index}");
    let hint = page.words.say(match sent.map(|word| word.taken) {
        None => Message::LobbySend,
        Some(false) => Message::LobbySending,
        Some(true) => Message::LobbySent,
    });
    let (said, taken) = (sent.is_some(), sent.is_some_and(|word| word.taken));
    let action = MeetingAction::LobbyMessage { text: plain_words };
    let meaning = Meaning::new(&id, Role::Button, words.clone())
        .described(hint.clone())
        .intent(Intent::Act(action));
    let tones = if said { page.soft() } else { page.quiet() };
    let mark = if taken { Icon::Check } else { Icon::Send };
    let label = said.then(|| text(hint, page.font(Type::Label), tones.on).rigid());
    let words = text(words, page.font(Type::Body).lines(2), tones.on).whole();
    let content = [
        Some(icon(mark, page.em(24.0), tones.on)),
        Some(words.share()),
        label,
    ];
    row(content.into_iter().flatten())
        .gap(page.px(16.0))
        .paddings(page.px(24.0), page.px(6.0))
        .at_least(0.0, page.scale.touch(68.0))
        .fill(page.tone(tones, &id))
        .round(page.px(18.0))
        .means(meaning)
}

/// Out of what is being joined.
pub(super) fn cancelling(page: &Page<'_>) -> Meaning {
    let label = page.words.say(Message::Cancel);
    let about = page.words.say(Message::Joining);
    leave(Meaning::new("cancel", Role::Button, label).described(about))
}

/// The button; beside pages that are turned, it stands beside each.
fn cancel(page: &Page<'_>) -> Option<Node> {
    (!page.turned).then(|| {
        let meaning = cancelling(page);
        page.button(Icon::Cancel, &meaning.label.clone(), page.quiet(), meaning)
    })
}

/// A message in the middle, with what can be done below it.
pub(super) fn waiting(
    page: &Page<'_>,
    (mark, id): (Icon, &str),
    what: &str,
    progress: &str,
    below: Vec<Node>,
) -> Node {
    let circle = (page.theme.accent_soft.0, page.theme.on_accent_soft.0);
    let message = page
        .message(mark, circle, what, progress)
        .means(Meaning::new(id, Role::Status, what).described(progress));
    let first = if below.len() > 1 { 20.0 } else { 48.0 };
    let below = below.into_iter().enumerate().map(|(index, part)| {
        let gap = if index == 0 { first } else { 16.0 };
        row([part]).centred().above(page.px(gap))
    });
    let parts = [page.top_bar(), spacer(), row([message]).centred()];
    column(
        parts
            .into_iter()
            .chain(below)
            .chain([spacer(), page.banners()]),
    )
    .padding(page.px(40.0))
    .fill(page.theme.background.0)
}
