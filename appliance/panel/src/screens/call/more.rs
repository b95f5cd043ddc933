//! Everything that can be done in a meeting beside the large buttons.

use saal_core::{Intent, LaptopAction, PhoneAction, Presenting, Sharing, SoundAction};
use saal_meeting::{MeetingAction, Role as MeetingRole};

use super::{
    super::{Fit, Page, paging::List, parts::Tones},
    sheet::{Head, list},
};
use crate::{
    Layout, Sheet,
    element::Role,
    icon::Icon,
    language::Message,
    navigation::Step,
    node::{Meaning, Node, column, icon, row, text},
    reactions::{OFFERED, drawn},
    style::Type,
    view::Call,
};

pub(super) fn lay_out(fit: &mut Fit<'_>, call: &Call) -> Layout {
    let scale = fit.page.scale;
    let across = match (scale.is_slim(), scale.is_narrow()) {
        (true, _) => 1,
        (false, true) => 2,
        (false, false) => 4,
    };
    let tiles = Tile::of(&fit.page, call);
    let lines: Vec<&[Tile]> = tiles.chunks(across).collect();
    let head = Head {
        title: fit.page.words.say(Message::More),
        back: None,
    };
    // The signs stand below the first line, where the most used things are.
    let line = |page: &Page<'_>, index: usize| match index {
        1 => reactions(page),
        0 => tile_row(page, lines[0], across),
        later => tile_row(page, lines[later - 1], across),
    };
    let rows = List {
        len: lines.len() + 1,
        row: &line,
        leads: &|_| false,
        uniform: false,
        newest_last: false,
    };
    fit.paged(&rows, &|page, rows, pager| {
        list(page, call, &head, rows, pager)
    })
}

/// A large button of a sheet.
pub(in super::super) struct Tile {
    mark: Icon,
    label: String,
    more: Option<String>,
    tones: Tones,
    meaning: Meaning,
}

impl Tile {
    /// All that this meeting allows, the most used first.
    fn of(page: &Page<'_>, call: &Call) -> Vec<Self> {
        let meeting = &call.meeting;
        let moderator = meeting.role == MeetingRole::Moderator;
        [
            Some(Self::hand(page, meeting.hand_raised)),
            Some(Self::people(page, call)),
            meeting.chat.then(|| Self::chat(page, call.unread)),
            meeting.chat.then(|| Self::show_chat(page, call.chat_shown)),
            match call.presenting {
                // What is presented is the laptop's.
                _ if call.sharing == Sharing::On => Some(Self::stop_laptop(page)),
                Presenting::Impossible => None,
                Presenting::Possible => Some(Self::present(page, false)),
                Presenting::On => Some(Self::present(page, true)),
            },
            Self::laptop(page, call.sharing),
            call.phones.then(|| Self::phone(page)),
            Some(Self::sheet(
                page,
                "arrangement",
                Icon::Arrangement,
                Message::Arrangement,
                Sheet::Arrangement,
            )),
            Some(Self::sound(page, call)),
            (!meeting.polls.is_empty()).then(|| Self::polls(page, meeting.polls.len())),
            meeting
                .dial_in
                .then(|| Self::sheet(page, "keypad", Icon::Keypad, Message::Keypad, Sheet::Keypad)),
            call.camera.moves().then(|| Self::aim(page)),
            (call.camera.cameras.len() > 1).then(|| Self::cameras(page)),
            Some(Self::sheet(
                page,
                "access",
                Icon::Access,
                Message::Access,
                Sheet::Access,
            )),
            moderator.then(|| Self::end_for_all(page)),
        ]
        .into_iter()
        .flatten()
        .collect()
    }

    fn aim(page: &Page<'_>) -> Self {
        let message = Message::CameraAim;
        Self::sheet(page, "camera-aim", Icon::Aim, message, Sheet::Camera)
    }

    fn cameras(page: &Page<'_>) -> Self {
        let (mark, message) = (Icon::Cameras, Message::CameraChoose);
        Self::sheet(page, "camera-choose", mark, message, Sheet::Cameras)
    }

    fn sheet(page: &Page<'_>, id: &str, mark: Icon, message: Message, sheet: Sheet) -> Self {
        let label = page.words.say(message);
        let meaning = Meaning::new(id, Role::Button, label.clone()).step(Step::Open(sheet));
        Self {
            mark,
            label,
            more: None,
            tones: white(page),
            meaning,
        }
    }

    /// Something that holds or not, a switch or one of several: what it is called, and what that means.
    pub(in super::super) fn held(
        page: &Page<'_>,
        mark: Icon,
        (label, more): (String, String),
        holds: bool,
        meaning: Meaning,
    ) -> Self {
        Self {
            mark,
            label,
            meaning: meaning.described(more.clone()).pressed(holds),
            more: Some(more),
            tones: if holds { page.soft() } else { white(page) },
        }
    }

    /// The same, about something that can't be undone.
    pub(in super::super) fn danger(
        page: &Page<'_>,
        mark: Icon,
        words: (String, String),
        meaning: Meaning,
    ) -> Self {
        let tones = Tones {
            rest: page.theme.danger_soft.0,
            pressed: page.theme.button_pressed.0,
            on: page.theme.on_danger_soft.0,
        };
        Self {
            tones,
            ..Self::saying_more(page, mark, words, meaning)
        }
    }

    /// A button that is explained.
    pub(in super::super) fn saying_more(
        page: &Page<'_>,
        mark: Icon,
        (label, more): (String, String),
        meaning: Meaning,
    ) -> Self {
        Self {
            mark,
            label,
            meaning: meaning.described(more.clone()),
            more: Some(more),
            tones: white(page),
        }
    }

    fn saying(mut self, more: String) -> Self {
        self.meaning = self.meaning.described(more.clone());
        self.more = Some(more);
        self
    }

    fn switch(page: &Page<'_>, id: &str, on: bool, marks: [Icon; 2], words: [Message; 2]) -> Self {
        let at = usize::from(on);
        let label = page.words.say(words[at]);
        let meaning = Meaning::new(id, Role::Switch, label.clone()).pressed(on);
        let tones = if on { page.soft() } else { white(page) };
        Self {
            mark: marks[at],
            label,
            more: None,
            tones,
            meaning,
        }
    }

    fn hand(page: &Page<'_>, raised: bool) -> Self {
        let words = [Message::HandRaise, Message::HandLower];
        let mut tile = Self::switch(page, "hand", raised, [Icon::Hand; 2], words);
        let action = MeetingAction::RaiseHand { raised: !raised };
        tile.meaning = tile.meaning.intent(Intent::Act(action));
        tile
    }

    fn sound(page: &Page<'_>, call: &Call) -> Self {
        let mut tile = Self::sheet(page, "sound", Icon::Volume, Message::Sound, Sheet::Sound);
        let percent = i64::from(call.sound.volume);
        let more = page
            .words
            .tell(Message::VolumeAt, [("percent", percent.into())]);
        tile.meaning = tile.meaning.intent(Intent::Sound(SoundAction::Meter(true)));
        tile.saying(more)
    }

    fn present(page: &Page<'_>, on: bool) -> Self {
        let words = [Message::PresentStart, Message::PresentStop];
        let marks = [Icon::Presenting, Icon::StopPresenting];
        let mut tile = Self::switch(page, "present", on, marks, words);
        let action = MeetingAction::Present { on: !on };
        tile.meaning = tile.meaning.intent(Intent::Act(action));
        tile
    }

    /// Opens what a laptop needs; where one is shown, another takes its place.
    fn laptop(page: &Page<'_>, sharing: Sharing) -> Option<Self> {
        let words = match sharing {
            Sharing::Impossible => return None,
            Sharing::Possible => Message::LaptopShare,
            Sharing::On => Message::LaptopOther,
        };
        let mut tile = Self::sheet(page, "laptop", Icon::Laptop, words, Sheet::Laptop);
        tile.meaning = tile.meaning.intent(Intent::Laptop(LaptopAction::Invite));
        Some(tile)
    }

    fn phone(page: &Page<'_>) -> Self {
        let mut tile = Self::sheet(page, "phone", Icon::Phone, Message::Phone, Sheet::Phone);
        tile.meaning = tile.meaning.intent(Intent::Phone(PhoneAction::Invite));
        tile
    }

    fn stop_laptop(page: &Page<'_>) -> Self {
        let words = [Message::LaptopStop; 2];
        let mut tile = Self::switch(page, "laptop-stop", true, [Icon::StopPresenting; 2], words);
        tile.meaning = tile.meaning.intent(Intent::Laptop(LaptopAction::Stop));
        tile
    }

    fn people(page: &Page<'_>, call: &Call) -> Self {
        let tile = Self::sheet(page, "people", Icon::People, Message::People, Sheet::People);
        let (message, number) = match call.meeting.knocking.len() {
            0 => (Message::PeopleCount, call.participants.len()),
            knocking => (Message::MoreKnocking, knocking),
        };
        tile.saying(counted(page, message, number))
    }

    fn chat(page: &Page<'_>, unread: usize) -> Self {
        let mut tile = Self::sheet(page, "chat", Icon::Chat, Message::Chat, Sheet::Chat);
        tile.meaning = tile.meaning.intent(Intent::ReadChat);
        if unread == 0 {
            return tile;
        }
        tile.tones = page.soft();
        tile.saying(counted(page, Message::ChatUnread, unread))
    }

    fn show_chat(page: &Page<'_>, shown: bool) -> Self {
        let words = [Message::ChatShow, Message::ChatHide];
        let mut tile = Self::switch(page, "show-chat", shown, [Icon::Television; 2], words);
        tile.meaning = tile.meaning.intent(Intent::ShowChat(!shown));
        tile
    }

    fn polls(page: &Page<'_>, count: usize) -> Self {
        let tile = Self::sheet(page, "polls", Icon::Polls, Message::Polls, Sheet::Polls);
        tile.saying(counted(page, Message::PollsCount, count))
    }

    fn end_for_all(page: &Page<'_>) -> Self {
        let message = Message::EndForAll;
        let mut tile = Self::sheet(
            page,
            "end-for-all",
            Icon::EndForAll,
            message,
            Sheet::EndForAll,
        );
        tile.tones = Tones {
            rest: page.theme.danger_soft.0,
            pressed: page.theme.button_pressed.0,
            on: page.theme.on_danger_soft.0,
        };
        tile
    }

    pub(in super::super) fn node(&self, page: &Page<'_>) -> Node {
        let on = self.tones.on;
        let label = text(self.label.clone(), page.font(Type::Strong).lines(2), on).whole();
        let more = self
            .more
            .clone()
            .map(|more| text(more, page.font(Type::Small).lines(2), on).whole());
        let words = column([label].into_iter().chain(more))
            .gap(page.px(2.0))
            .share();
        page.card(row([icon(self.mark, page.em(34.0), on), words]).gap(page.px(16.0)))
            .paddings(page.px(20.0), page.px(10.0))
            .fill(page.tone(self.tones, &self.meaning.id))
            .at_least(0.0, page.scale.touch(104.0))
            .means(self.meaning.clone())
    }
}

fn counted(page: &Page<'_>, message: Message, number: usize) -> String {
    let number = i64::try_from(number).unwrap_or(i64::MAX);
    page.words.tell(message, [("count", number.into())])
}

/// Buttons on the background.
pub(in super::super) fn white(page: &Page<'_>) -> Tones {
    Tones {
        rest: page.theme.surface.0,
        ..page.quiet()
    }
}

pub(in super::super) fn tile_row(page: &Page<'_>, tiles: &[Tile], across: usize) -> Node {
    page.cells(tiles.iter().map(|tile| tile.node(page)), across)
}

fn reactions(page: &Page<'_>) -> Node {
    let signs = OFFERED.iter().enumerate().map(|(index, offered)| {
        let id = format!("reaction:{index}");
        let action = MeetingAction::React {
            emoji: offered.emoji.to_owned(),
        };
        let meaning = Meaning::new(&id, Role::Button, page.words.say(offered.label))
            .intent(Intent::Act(action));
        let tones = white(page);
        let sign = drawn(offered.emoji).unwrap_or_default();
        row([text(sign, page.font(Type::Display), tones.on).rigid()])
            .centred()
            .at_least(page.scale.touch(64.0), page.scale.touch(72.0))
            .share()
            .fill(page.tone(tones, &id))
            .round(page.px(18.0))
            .means(meaning)
    });
    let signs = row(signs).gap(page.px(8.0)).rigid();
    if page.scale.is_enlarged() {
        return signs.wrapping();
    }
    signs
}
