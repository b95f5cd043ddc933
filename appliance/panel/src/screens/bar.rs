//! The top of the screens in a meeting: the room, the clock, and what is made of the meeting, which
//! stays in sight whatever is open.

use embedded_graphics::pixelcolor::Rgb888;

use super::Page;
use crate::{
    element::Role,
    icon::Icon,
    language::Message,
    node::{Meaning, Node, column, icon, row, text},
    plain::{isolated, plain},
    style::Type,
    view::Call,
};

impl Page<'_> {
    pub(super) fn call_bar(&self, call: &Call) -> Node {
        let lamps = self.indicators(call);
        if self.scale.is_narrow() && !lamps.is_empty() {
            let lamps = row(lamps).gap(self.px(8.0)).wrapping().rigid();
            return column([self.top_bar(), lamps.above(self.px(12.0))]).rigid();
        }
        let name = plain(&self.view.room);
        let quiet = self.theme.text_quiet.0;
        let room = [
            icon(Icon::Room, self.em(26.0), quiet),
            text(isolated(&name), self.font(Type::Strong), quiet)
                .grow()
                .means(Meaning::new("room", Role::Heading, name)),
        ];
        row(room.into_iter().chain(lamps).chain([self.corner_clock()]))
            .gap(self.px(12.0))
            .rigid()
    }

    fn indicators(&self, call: &Call) -> Vec<Node> {
        let t = self.theme;
        let loud = (t.danger_soft.0, t.on_danger_soft.0);
        let quiet = (t.notice_soft.0, t.on_notice_soft.0);
        let meeting = &call.meeting;
        [
            (
                meeting.recording,
                "recording",
                Icon::Recording,
                Message::Recording,
                loud,
            ),
            (
                meeting.live_stream,
                "live-stream",
                Icon::LiveStream,
                Message::LiveStream,
                loud,
            ),
            (
                meeting.transcription,
                "transcription",
                Icon::Transcription,
                Message::Transcription,
                quiet,
            ),
        ]
        .into_iter()
        .filter(|(on, ..)| *on)
        .map(|(_, id, mark, words, tones)| {
            let words = self.words.say(words);
            self.pill(mark, &words, tones)
                .means(Meaning::new(id, Role::Status, words))
        })
        .collect()
    }

    /// A small coloured label: a soft colour and what stands on it.
    pub(super) fn pill(&self, mark: Icon, words: &str, (soft, on): (Rgb888, Rgb888)) -> Node {
        row([
            icon(mark, self.em(20.0), on),
            text(words, self.font(Type::Label), on),
        ])
        .gap(self.px(8.0))
        .paddings(self.px(14.0), self.px(6.0))
        .fill(soft)
        .round(self.px(20.0))
    }
}
