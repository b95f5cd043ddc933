//! The room's sound: how loud, how it sounds here, and with which devices.

use saal_core::{Intent, SoundAction};
use saal_media_protocol::SoundUnit;

use super::{
    super::{Fit, Page, paging::List},
    more::{Tile, tile_row},
    sheet::{Head, list},
};
use crate::{
    Layout,
    element::Role,
    icon::Icon,
    language::{Message, Value},
    node::{Meaning, Node, row, text},
    style::Type,
    view::Call,
};

/// Where the meter begins, dB below full scale: quieter than any room.
const QUIETEST: f64 = -60.0;

pub(super) fn lay_out(fit: &mut Fit<'_>, call: &Call) -> Layout {
    let across = if fit.page.scale.is_narrow() { 1 } else { 2 };
    let tiles: Vec<Tile> = [tone(&fit.page, call.sound.tone)]
        .into_iter()
        .chain(units(&fit.page, call))
        .collect();
    let lines: Vec<&[Tile]> = tiles.chunks(across).collect();
    let head = Head {
        title: fit.page.words.say(Message::Sound),
        back: None,
    };
    let rows = List {
        len: lines.len() + 2,
        row: &|page, index| match index {
            0 => volume(page, call.sound.volume),
            1 => meter(page, call),
            later => tile_row(page, lines[later - 2], across),
        },
        leads: &|_| false,
        uniform: false,
        newest_last: false,
    };
    fit.paged(&rows, &|page, rows, pager| {
        list(page, call, &head, rows, pager)
    })
}

fn volume(page: &Page<'_>, percent: u8) -> Node {
    let words = page
        .words
        .tell(Message::VolumeAt, [("percent", i64::from(percent).into())]);
    let change = |id, mark, message, action, at_end| {
        let label = page.words.say(message);
        let meaning = Meaning::new(id, Role::Button, label)
            .intent(Intent::Sound(action))
            .disabled(at_end);
        page.square(mark, page.quiet(), meaning)
    };
    page.between(
        change(
            "quieter",
            Icon::Quieter,
            Message::VolumeQuieter,
            SoundAction::Quieter,
            percent == 0,
        ),
        Meaning::new("volume", Role::Status, words),
        change(
            "louder",
            Icon::Louder,
            Message::VolumeLouder,
            SoundAction::Louder,
            percent == 100,
        ),
    )
}

/// A bar as long as the microphone is loud.
fn meter(page: &Page<'_>, call: &Call) -> Node {
    let t = page.theme;
    let label = page.words.say(if call.muted.microphone {
        Message::SoundLevelMuted
    } else {
        Message::SoundLevel
    });
    let level = call.sound.level.unwrap_or(QUIETEST);
    let share = ((level - QUIETEST) / -QUIETEST).clamp(0.0, 1.0) as f32;
    let mut filled = Node::default().fill(t.good.0).round(page.px(10.0));
    filled.style.size = taffy::Size {
        width: taffy::prelude::percent(share),
        height: taffy::prelude::percent(1.0),
    };
    let bar = row([filled])
        .height(page.em(20.0))
        .share()
        .fill(t.button.0)
        .round(page.px(10.0));
    let words = text(label.clone(), page.font(Type::Label), t.text.0).rigid();
    let meaning = Meaning::new("level", Role::Status, label);
    page.card(row([words, bar]).gap(page.px(24.0)).centred())
        .paddings(page.px(24.0), page.px(20.0))
        .rigid()
        .means(meaning)
}

fn tone(page: &Page<'_>, on: bool) -> Tile {
    let message = if on {
        Message::SoundTestStop
    } else {
        Message::SoundTest
    };
    let words = (
        page.words.say(message),
        page.words.say(Message::SoundTestHint),
    );
    let meaning = Meaning::new("test-tone", Role::Switch, words.0.clone())
        .intent(Intent::Sound(SoundAction::Tone(!on)));
    Tile::held(page, Icon::Tone, words, on, meaning)
}

fn units(page: &Page<'_>, call: &Call) -> Vec<Tile> {
    let units = call.sound.units.iter().enumerate();
    let tile = |(number, (unit, used)): (usize, &(SoundUnit, bool))| {
        let (mark, what) = match (&unit.microphone, &unit.loudspeaker) {
            (Some(_), Some(_)) => (Icon::Speakerphone, Message::SoundBoth),
            (Some(_), None) => (Icon::Microphone, Message::SoundMicrophone),
            (None, _) => (Icon::Volume, Message::SoundLoudspeaker),
        };
        let what = page.words.say(what);
        let more = if *used {
            let values = [("what", Value::Foreign(&what))];
            page.words.tell(Message::SoundInUse, values)
        } else {
            what
        };
        let label = page.title(unit.name());
        let meaning = Meaning::new(format!("sound:{number}"), Role::Radio, label.clone())
            .intent(Intent::Sound(SoundAction::Use(unit.clone())));
        Tile::held(page, mark, (label, more), *used, meaning)
    };
    units.map(tile).collect()
}
