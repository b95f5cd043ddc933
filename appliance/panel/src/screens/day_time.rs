//! The room's time: what the day wants of people, and how they book the room, keep it and give it back.

use saal_core::{DayNotice, Intent, SoundAction, SpanChoice};
use saal_media_protocol::{CameraAction, SoundUnit, SourceKind};
use saal_meeting::{BookingSpan, DayAction, MeetingId};

use super::{
    Density, Fit, Page,
    call::{
        more::{Tile, tile_row},
        news::banner,
        sheet::{Head, frame},
    },
    paging::List,
};
use crate::{
    Layout, Sheet,
    element::Role,
    icon::Icon,
    language::{Message, Value},
    navigation::Step,
    node::{Meaning, Node, column, row},
    view::Call,
};

/// What the day wants of people, and the way to book the room.
pub(super) fn strip(page: &Page<'_>) -> Option<Node> {
    let parts = [notices(page), ways(page, None)];
    let parts: Vec<Node> = parts.into_iter().flatten().collect();
    let some = !parts.is_empty();
    some.then(|| column(parts))
}

/// Notices and the line of ways together; where there is least room, what presses most stands alone.
fn most(page: &Page<'_>) -> usize {
    match page.density {
        _ if page.is_complete() => usize::MAX,
        Density::Roomy | Density::Tight => 2,
        Density::Tighter | Density::Tightest => 1,
    }
}

/// On the home screen: what the day wants of people.
pub(super) fn notices(page: &Page<'_>) -> Option<Node> {
    let notices = page.view.day.notices.iter().map(|it| notice(page, it));
    let parts: Vec<Node> = notices.take(most(page)).collect();
    let some = !parts.is_empty();
    let parts = || column(parts).gap(page.px(10.0)).rigid();
    some.then(|| parts().above(page.px(16.0)))
}

/// On the home screen: the way to book the room, with what stands beside it.
pub(super) fn ways(page: &Page<'_>, beside: impl IntoIterator<Item = Node>) -> Option<Node> {
    let day = &page.view.day;
    if day.notices.len() >= most(page) {
        return None;
    }
    let book = (!day.bookable.is_empty()).then(|| begin(page));
    let ways: Vec<Node> = book.into_iter().chain(beside).collect();
    let some = !ways.is_empty();
    let ways = || row(ways).gap(page.px(16.0)).wrapping().rigid();
    some.then(|| ways().above(page.px(16.0)))
}

fn begin(page: &Page<'_>) -> Node {
    let label = page.words.say(Message::Book);
    let meaning = Meaning::new("book", Role::Button, label.clone()).step(Step::Open(Sheet::Book));
    page.button(Icon::Book, &label, page.quiet(), meaning)
}

/// What the day wants of people now, with what they can do about it.
pub(super) fn notice(page: &Page<'_>, notice: &DayNotice) -> Node {
    let t = page.theme;
    let soft = match notice {
        DayNotice::Taken { .. }
        | DayNotice::Moved { .. }
        | DayNotice::MovedAway { .. }
        | DayNotice::WithoutPicture { .. }
        | DayNotice::OtherCamera { .. }
        | DayNotice::OtherSound { .. } => (t.accent_soft.0, t.on_accent_soft.0),
        _ => (t.notice_soft.0, t.on_notice_soft.0),
    };
    let words = words(page, notice);
    let buttons = answers(page, notice, &words);
    let (id, mark, role) = match notice {
        DayNotice::Alone => ("day-alone", Icon::Waiting, Role::Alert),
        DayNotice::Next { .. } => ("day-next", Icon::Clock, Role::Alert),
        DayNotice::Cancelled => ("day-cancelled", Icon::Notice, Role::Alert),
        DayNotice::Moved { .. } | DayNotice::MovedAway { .. } => {
            ("day-moved", Icon::Notice, Role::Alert)
        }
        DayNotice::CheckIn { .. } => ("day-check-in", Icon::Room, Role::Alert),
        DayNotice::Taken { .. } => ("day-taken", Icon::Clock, Role::Status),
        DayNotice::WithoutPicture { .. } => ("day-no-picture", Icon::CameraOff, Role::Status),
        DayNotice::OtherCamera { .. } => ("day-other-camera", Icon::Camera, Role::Status),
        DayNotice::OtherSound { .. } => ("day-other-sound", Icon::Speakerphone, Role::Status),
    };
    banner(page, mark, soft, &words, buttons).means(Meaning::new(id, role, words))
}

fn words(page: &Page<'_>, notice: &DayNotice) -> String {
    let about = |message, title: &str, at| {
        let named = named(page, title);
        let time = page.moments.time(at);
        let values = [
            ("title", Value::Foreign(&named)),
            ("time", Value::from(&time)),
        ];
        page.words.tell(message, values)
    };
    match notice {
        DayNotice::Alone => page.words.say(Message::DayAlone),
        DayNotice::Next { title, start, .. } if *start <= page.view.now => {
            about(Message::DayNextNow, title, *start)
        }
        DayNotice::Next { title, start, .. } => about(Message::DayNext, title, *start),
        DayNotice::Cancelled => page.words.say(Message::DayCancelled),
        DayNotice::Moved { start } => {
            let (day, time) = (page.moments.day(*start), page.moments.time(*start));
            let values = [("day", Value::from(&day)), ("time", Value::from(&time))];
            page.words.tell(Message::DayMoved, values)
        }
        DayNotice::MovedAway { title, start } => {
            let named = named(page, title);
            let (day, time) = (page.moments.day(*start), page.moments.time(*start));
            let values = [
                ("title", Value::Foreign(&named)),
                ("day", Value::from(&day)),
                ("time", Value::from(&time)),
            ];
            page.words.tell(Message::DayMovedAway, values)
        }
        DayNotice::CheckIn { title, until, .. } => about(Message::DayCheckIn, title, *until),
        DayNotice::Taken { title, end, .. } => about(Message::DayTaken, title, *end),
        DayNotice::WithoutPicture { title, .. } => {
            let named = named(page, title);
            let values = [("title", Value::Foreign(&named))];
            page.words.tell(Message::DayWithoutPicture, values)
        }
        DayNotice::OtherCamera { title, camera, .. } => {
            let named = named(page, title);
            let values = [
                ("title", Value::Foreign(&named)),
                ("camera", Value::Foreign(camera)),
            ];
            page.words.tell(Message::DayOtherCamera, values)
        }
        DayNotice::OtherSound { title, unit, .. } => other_sound(page, title, unit),
    }
}

/// What of the sound is another for a meeting.
fn other_sound(page: &Page<'_>, title: &str, unit: &SoundUnit) -> String {
    let named = named(page, title);
    let title = ("title", Value::Foreign(&named));
    let (microphone, loudspeaker) = (unit.microphone.as_deref(), unit.loudspeaker.as_deref());
    let is = |part, name| (part, Value::Foreign(name));
    match (microphone, loudspeaker) {
        (Some(microphone), Some(loudspeaker)) => {
            let both = [
                title,
                is("microphone", microphone),
                is("loudspeaker", loudspeaker),
            ];
            page.words.tell(Message::DayOtherSound, both)
        }
        (Some(microphone), None) => {
            let values = [title, is("microphone", microphone)];
            page.words.tell(Message::DayOtherMicrophone, values)
        }
        (None, loudspeaker) => {
            let values = [title, is("loudspeaker", loudspeaker.unwrap_or_default())];
            page.words.tell(Message::DayOtherLoudspeaker, values)
        }
    }
}

/// What may be read of a meeting.
fn named(page: &Page<'_>, title: &str) -> String {
    if title.is_empty() {
        return page.words.say(Message::PrivateMeeting);
    }
    page.title(title)
}

fn answers(page: &Page<'_>, notice: &DayNotice, about: &str) -> Vec<Node> {
    let button = |id: &str, message, tones, deed: Deed| {
        let label = page.words.say(message);
        let meaning = Meaning::new(id, Role::Button, label.clone()).described(about);
        let meaning = match deed {
            Deed::Day(action) => meaning.intent(Intent::Day(action)),
            Deed::Go(meeting) => meaning.intent(Intent::Join(meeting)),
            Deed::Room(intent) => meaning.intent(intent),
            Deed::Open(sheet) => meaning.step(Step::Open(sheet)),
        };
        page.small_button(&label, tones, meaning)
    };
    let day = Deed::Day;
    match notice {
        DayNotice::Alone => vec![button(
            "stay",
            Message::Stay,
            page.accent(),
            day(DayAction::Stay {}),
        )],
        DayNotice::Next {
            joinable: false, ..
        } => Vec::new(),
        DayNotice::Next { meeting, .. } => {
            let go = Deed::Go(meeting.clone());
            vec![button("go-over", Message::GoOver, page.accent(), go)]
        }
        DayNotice::Cancelled | DayNotice::Moved { .. } | DayNotice::MovedAway { .. } => {
            vec![button(
                "read",
                Message::Dismiss,
                page.accent(),
                day(DayAction::Read {}),
            )]
        }
        DayNotice::CheckIn { meeting, .. } => {
            let (release, here) = (meeting.clone(), meeting.clone());
            let release = day(DayAction::Release { meeting: release });
            let here = day(DayAction::CheckIn { meeting: here });
            vec![
                button("release", Message::Release, page.quiet(), release),
                button("check-in", Message::CheckIn, page.accent(), here),
            ]
        }
        DayNotice::WithoutPicture { .. }
        | DayNotice::OtherCamera { .. }
        | DayNotice::OtherSound { .. } => {
            let (id, message, intent) = back(notice);
            vec![button(id, message, page.quiet(), Deed::Room(intent))]
        }
        DayNotice::Taken { meeting, .. } => {
            let open = Deed::Open(Sheet::Time(meeting.clone()));
            vec![button("time", Message::TimeChange, page.accent(), open)]
        }
    }
}

/// What takes back what people chose for a meeting's picture and sound.
fn back(notice: &DayNotice) -> (&'static str, Message, Intent) {
    match notice {
        DayNotice::OtherCamera { .. } => {
            let usual = Intent::Camera(CameraAction::Usual {});
            ("usual-camera", Message::UsualCamera, usual)
        }
        DayNotice::OtherSound { .. } => {
            let usual = Intent::Sound(SoundAction::Usual);
            ("usual-sound", Message::UsualSound, usual)
        }
        _ => {
            let seen = Intent::SetMuted(SourceKind::Camera, false);
            ("with-picture", Message::WithPicture, seen)
        }
    }
}

/// What a button does.
enum Deed {
    Day(DayAction),
    Go(MeetingId),
    Room(Intent),
    Open(Sheet),
}

/// For how long to book the room.
pub(super) fn book(fit: &mut Fit<'_>, call: Option<&Call>) -> Layout {
    let page = &fit.page;
    let tiles = page.view.day.bookable.iter().enumerate();
    let tiles = tiles.map(|(index, choice)| {
        let span = choice.span;
        let label = span_words(page, span, Message::BookMinutes);
        tile(
            page,
            format!("book:{index}"),
            label,
            choice,
            DayAction::Book { span },
        )
    });
    let tiles = tiles.collect();
    let head = Head {
        title: fit.page.words.say(Message::Book),
        back: None,
    };
    choose(fit, call, &head, tiles)
}

/// How much longer a meeting may have the room, or that it is over.
pub(super) fn time(fit: &mut Fit<'_>, call: Option<&Call>, meeting: &MeetingId) -> Layout {
    let page = &fit.page;
    let longer = page.view.day.extensions.iter().enumerate();
    let longer = longer.map(|(index, choice)| {
        let (meeting, span) = (meeting.clone(), choice.span);
        let label = span_words(page, span, Message::ExtendMinutes);
        tile(
            page,
            format!("extend:{index}"),
            label,
            choice,
            DayAction::Extend { meeting, span },
        )
    });
    let end = DayAction::End {
        meeting: meeting.clone(),
    };
    let words = (
        page.words.say(Message::EndNow),
        page.words.say(Message::EndNowHint),
    );
    let end = deed(page, "end-now".to_owned(), Icon::Free, words, end);
    let tiles = longer.chain([end]).collect();
    let head = Head {
        title: fit.page.words.say(Message::TimeChange),
        back: None,
    };
    choose(fit, call, &head, tiles)
}

fn span_words(page: &Page<'_>, span: BookingSpan, minutes: Message) -> String {
    match span {
        BookingSpan::Minutes(count) => {
            let values = [("minutes", i64::from(count.get()).into())];
            page.words.tell(minutes, values)
        }
        BookingSpan::UntilNext => page.words.say(Message::UntilNext),
    }
}

fn tile(
    page: &Page<'_>,
    id: String,
    label: String,
    choice: &SpanChoice,
    action: DayAction,
) -> Tile {
    let time = page.moments.time(choice.until);
    let until = page.words.tell(Message::Until, [("time", (&time).into())]);
    deed(page, id, Icon::Clock, (label, until), action)
}

fn deed(
    page: &Page<'_>,
    id: String,
    mark: Icon,
    words: (String, String),
    action: DayAction,
) -> Tile {
    let meaning = Meaning::new(id, Role::Button, words.0.clone())
        .intent(Intent::Day(action))
        .step(Step::Close);
    Tile::saying_more(page, mark, words, meaning)
}

fn choose(fit: &mut Fit<'_>, call: Option<&Call>, head: &Head, tiles: Vec<Tile>) -> Layout {
    let across = if fit.page.scale.is_narrow() { 1 } else { 2 };
    let lines: Vec<&[Tile]> = tiles.chunks(across).collect();
    let rows = List {
        len: lines.len(),
        row: &|page, index| tile_row(page, lines[index], across),
        leads: &|_| false,
        uniform: false,
        newest_last: false,
    };
    fit.paged(&rows, &|page, rows, pager| {
        frame(page, call, head, rows, pager)
    })
}
