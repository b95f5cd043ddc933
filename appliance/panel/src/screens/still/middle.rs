//! Pictures with one thing in their middle: a device's code, a laptop's, the way into a meeting.

use saal_core::Obstacle;
use saal_meeting::{JoinStage, Waiting};

use super::{
    super::{Page, set_up},
    CODE, HEADING, LEAD, MARGIN, ROOM, TEXT, circle,
};
use crate::{
    element::Role,
    icon::Icon,
    language::{Message, Value},
    node::{Meaning, Node, column, spacer, text},
    plain::unisolated,
    style::TextStyle,
    view::Screen,
};

/// The code of a device that nobody has claimed, and where it is typed.
pub(super) fn set_up(page: &Page<'_>, server: &str, code: &str) -> Node {
    let width = page.scale.width - 2.0 * page.px(MARGIN);
    let sizes = set_up::Sizes {
        title: page.type_of(LEAD, 600),
        code: set_up::code_in(width, page.type_of(CODE, 600)),
        hint: page.type_of(TEXT, 400),
        server: page.type_of(HEADING, 600),
    };
    let parts = set_up::parts(page, (server, code), &sizes);
    let told = page.view.troubles.first();
    let told = told.map(|t| crate::trouble::explain(page.words, t, &page.moments, None));
    let (what, advice) = told.map_or_else(Default::default, |told| (told.what, told.advice));
    let meaning = Meaning::new("trouble", Role::Status, what).described(advice);
    let all = column(parts).gap(page.px(20.0)).means(meaning);
    let node = column([spacer(), all, spacer()]);
    page.still(node).fill(page.theme.background.0)
}

/// Where a laptop goes, and with which code.
pub(super) fn laptop(page: &Page<'_>, address: &str, code: &str) -> Node {
    let (ink, quiet) = (page.theme.text.0, page.theme.text_quiet.0);
    let part = |id: &str, words: String, style: TextStyle, colour| {
        let shown = text(words.clone(), style.centred(), colour).rigid();
        shown.means(Meaning::new(id, Role::Text, words))
    };
    let title = page.words.say(Message::LaptopTitle);
    let hint = page.words.say(Message::LaptopHint);
    let digits = match code.split_at_checked(3) {
        Some((first, second)) => format!("{first} {second}"),
        None => code.to_owned(),
    };
    let address = page.title(address);
    let parts = [
        spacer(),
        part("title", title, page.type_of(HEADING, 600).lines(2), ink),
        part("hint", hint, page.type_of(TEXT, 400).lines(3), quiet),
        part("address", address, page.type_of(ROOM, 600).lines(2), ink).above(page.px(24.0)),
        part(
            "code",
            digits,
            page.type_of(CODE, 600).figures(),
            page.theme.accent.0,
        ),
        spacer(),
    ];
    let node = column(parts).gap(page.px(20.0));
    page.still(node).fill(page.theme.background.0)
}

/// Which meeting, how far it is, and what people have to do on the panel.
pub(super) fn joining(page: &Page<'_>) -> Node {
    let Screen::Joining {
        title,
        stage,
        returning,
        obstacle,
        ..
    } = &page.view.screen
    else {
        return Node::default().fill(page.theme.background.0);
    };
    let about = |message| {
        let title = unisolated(&page.title(title));
        page.words
            .tell(message, [("title", Value::Foreign(&title))])
    };
    let (mark, what, more) = match obstacle {
        None => {
            let progress = match (returning, stage) {
                (true, _) => Message::JoiningReturning,
                (false, JoinStage::Contacting) => Message::JoiningContacting,
                (false, JoinStage::Connecting) => Message::JoiningConnecting,
            };
            (Icon::Busy, page.title(title), page.words.say(progress))
        }
        Some(Obstacle::Password { .. }) => {
            let more = page.words.say(Message::StillPassword);
            (Icon::Lock, page.title(title), more)
        }
        Some(Obstacle::Waiting(waiting)) => {
            let (what, more) = match waiting {
                Waiting::Host => (Message::WaitingHost, Message::WaitingHostHint),
                Waiting::Server => (Message::WaitingServer, Message::WaitingServerHint),
                Waiting::Admission => (Message::WaitingLobby, Message::StillLobby),
            };
            (Icon::Waiting, page.words.say(what), about(more))
        }
    };
    in_the_middle(page, mark, &what, &more)
}

fn in_the_middle(page: &Page<'_>, mark: Icon, what: &str, more: &str) -> Node {
    let line = |words: &str, style: TextStyle, colour| text(words, style.centred(), colour).rigid();
    let parts = [
        spacer(),
        circle(page, mark),
        line(what, page.type_of(HEADING, 600).lines(3), page.theme.text.0).above(page.px(20.0)),
        line(
            more,
            page.type_of(LEAD, 400).lines(5),
            page.theme.text_quiet.0,
        ),
        spacer(),
    ];
    let meaning = Meaning::new("joining", Role::Status, what).described(more);
    let node = column(parts).gap(page.px(20.0)).means(meaning);
    page.still(node).fill(page.theme.background.0)
}
