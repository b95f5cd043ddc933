//! Parts that several screens are built from.

use embedded_graphics::pixelcolor::Rgb888;
use saal_core::Intent;
use saal_meeting::AccountAction;
use taffy::AlignItems;

use super::{Density, Page};
use crate::{
    element::Role,
    icon::Icon,
    language::Message,
    node::{Meaning, Node, column, icon, row, text},
    plain::{is_foreign, isolated, plain},
    shapes::Shadow,
    style::Type,
};

/// The colours of a button: resting, under a finger, of what stands on it.
#[derive(Clone, Copy)]
pub(crate) struct Tones {
    pub(crate) rest: Rgb888,
    pub(crate) pressed: Rgb888,
    pub(crate) on: Rgb888,
}

impl Page<'_> {
    pub(crate) fn accent(&self) -> Tones {
        let t = self.theme;
        Tones {
            rest: t.accent.0,
            pressed: t.accent_pressed.0,
            on: t.on_accent.0,
        }
    }

    pub(crate) fn danger(&self) -> Tones {
        let t = self.theme;
        Tones {
            rest: t.danger.0,
            pressed: t.danger_pressed.0,
            on: t.on_danger.0,
        }
    }

    /// Buttons that are not what people usually want.
    pub(crate) fn quiet(&self) -> Tones {
        let t = self.theme;
        Tones {
            rest: t.button.0,
            pressed: t.button_pressed.0,
            on: t.text.0,
        }
    }

    /// Buttons that are on.
    pub(crate) fn soft(&self) -> Tones {
        let t = self.theme;
        Tones {
            rest: t.accent_soft.0,
            pressed: t.button_pressed.0,
            on: t.on_accent_soft.0,
        }
    }

    /// The tone of a button now.
    pub(crate) fn tone(&self, tones: Tones, id: &str) -> Rgb888 {
        if self.is_pressed(id) {
            tones.pressed
        } else {
            tones.rest
        }
    }

    /// A mark that points along the direction of reading.
    pub(crate) fn facing(&self, mark: Icon) -> Icon {
        match (mark, self.words.right_to_left()) {
            (Icon::Back, true) => Icon::Next,
            (Icon::Next, true) => Icon::Back,
            (mark, _) => mark,
        }
    }

    /// A title from outside, ready to be drawn.
    pub(crate) fn title(&self, title: &str) -> String {
        match plain(title) {
            empty if empty.is_empty() => self.words.say(Message::Untitled),
            title => isolated(&title),
        }
    }

    /// A raised white card.
    pub(crate) fn card(&self, content: Node) -> Node {
        let shadow = Shadow {
            colour: self.theme.shadow.0,
            strength: f32::from(self.theme.shadow_percent) / 100.0,
            blur: self.px(16.0),
            drop: self.px(4.0),
        };
        let card = content
            .fill(self.theme.surface.0)
            .round(self.px(20.0))
            .shadow(shadow);
        match self.theme.edge {
            Some(edge) => card.ring(self.px(2.0), edge.0),
            None => card,
        }
    }

    /// A button with an icon and one word or two.
    pub(crate) fn button(&self, mark: Icon, label: &str, tones: Tones, meaning: Meaning) -> Node {
        let fill = self.tone(tones, &meaning.id);
        row([
            icon(mark, self.em(26.0), tones.on),
            text(label, self.font(Type::Strong), tones.on).rigid(),
        ])
        .gap(self.px(12.0))
        .centred()
        .paddings(self.px(28.0), 0.0)
        .at_least(self.em(184.0), self.scale.touch(72.0))
        .rigid()
        .fill(fill)
        .round(self.px(18.0))
        .means(meaning)
    }

    /// A button with a word or two, beside others.
    pub(crate) fn small_button(&self, label: &str, tones: Tones, meaning: Meaning) -> Node {
        let fill = self.tone(tones, &meaning.id);
        row([text(label, self.font(Type::Label), tones.on).rigid()])
            .centred()
            .paddings(self.px(20.0), 0.0)
            .at_least(self.scale.touch(64.0), self.scale.touch(64.0))
            .rigid()
            .fill(fill)
            .round(self.px(16.0))
            .means(meaning)
    }

    /// A button that does something with the room's account.
    pub(crate) fn account_button(
        &self,
        (id, label, mark): (&str, Message, Icon),
        tones: Tones,
        action: AccountAction,
    ) -> Node {
        let label = self.words.say(label);
        let meaning = Meaning::new(id, Role::Button, label.clone()).intent(Intent::Account(action));
        self.button(mark, &label, tones, meaning)
    }

    /// Buttons that belong together, below each other where they don't fit.
    pub(crate) fn buttons(&self, buttons: impl IntoIterator<Item = Node>) -> Node {
        let buttons = row(buttons).gap(self.px(20.0)).wrapping().mirrors();
        buttons.centred().rigid()
    }

    /// A card with words that say where something stands, and a button on either side to move it.
    pub(crate) fn between(&self, before: Node, stands: Meaning, behind: Node) -> Node {
        let words = text(
            stands.label.clone(),
            self.font(Type::Strong).centred().figures(),
            self.theme.text.0,
        );
        let stands = row([words.grow()]).share().means(stands);
        self.card(row([before, stands, behind]).gap(self.px(16.0)))
            .paddings(self.px(16.0), self.px(10.0))
            .rigid()
            .keeps_order()
    }

    /// A line of `across` equal cells; what is missing stays empty.
    pub(crate) fn cells(&self, parts: impl Iterator<Item = Node>, across: usize) -> Node {
        let cells = parts.map(|part| column([part.grow()]).share());
        let empty = std::iter::repeat_with(|| Node::default().share());
        row(cells.chain(empty).take(across))
            .gap(self.px(16.0))
            .align(AlignItems::STRETCH)
            .rigid()
    }

    /// A heading above a group.
    pub(crate) fn label(&self, id: &str, words: &str) -> Node {
        text(words, self.font(Type::Label), self.theme.text_quiet.0)
            .rigid()
            .means(Meaning::new(id, Role::Heading, words))
    }

    /// A large message in the middle: icon in a circle, what, and what it means.
    pub(crate) fn message(
        &self,
        mark: Icon,
        circle: (Rgb888, Rgb888),
        what: &str,
        more: &str,
    ) -> Node {
        let wide = self.em(680.0).min(self.scale.width - self.px(64.0));
        let picture = (self.density == Density::Roomy).then(|| self.circle(mark, circle));
        let display = self.font(Type::Display).lines(2).centred();
        // Whom to call may stand behind the rest, and is of no use cut.
        let lines = if self.view.support.is_some() { 8 } else { 4 };
        let body = self.font(Type::Body).lines(lines).centred();
        let what = text(what, display, self.theme.text.0).above(self.px(28.0));
        let more = (self.density < Density::Tightest).then(|| {
            let drawn = text(more, body, self.theme.text_quiet.0).above(self.px(12.0));
            // What others wrote may be of any length.
            if is_foreign(more) {
                drawn
            } else {
                drawn.whole()
            }
        });
        column(picture.into_iter().chain([what]).chain(more))
            .align(AlignItems::CENTER)
            .most_wide(wide)
    }

    /// An icon in a circle.
    pub(crate) fn circle(&self, mark: Icon, (ground, on): (Rgb888, Rgb888)) -> Node {
        let size = self.em(120.0);
        row([icon(mark, self.em(56.0), on)])
            .centred()
            .fixed(size, size)
            .fill(ground)
            .round(size / 2.0)
    }

    /// Why there is nothing to see under a heading: icon in a circle, and a sentence.
    pub(crate) fn says(&self, mark: Icon, id: &str, message: Message) -> Node {
        let words = self.words.say(message);
        let font = self.font(Type::Body).lines(4).centred();
        let said = text(words.clone(), font, self.theme.text_quiet.0).whole();
        let colours = (self.theme.accent_soft.0, self.theme.on_accent_soft.0);
        let picture = (self.density == Density::Roomy).then(|| self.circle(mark, colours));
        column(picture.into_iter().chain([said]))
            .align(AlignItems::CENTER)
            .gap(self.px(20.0))
            .means(Meaning::new(id, Role::Status, words))
    }

    /// A small clock for screens that are about something else.
    pub(crate) fn corner_clock(&self) -> Node {
        let clock = self.moments.clock();
        text(
            clock.clone(),
            self.font(Type::Strong).figures(),
            self.theme.text_quiet.0,
        )
        .rigid()
        .means(Meaning::new("clock", Role::Timer, clock))
    }

    /// The room's name and the clock on top of a screen.
    pub(crate) fn top_bar(&self) -> Node {
        let name = plain(&self.view.room);
        let quiet = self.theme.text_quiet.0;
        row([
            icon(Icon::Room, self.em(26.0), quiet),
            text(isolated(&name), self.font(Type::Strong), quiet)
                .grow()
                .means(Meaning::new("room", Role::Heading, name)),
            self.corner_clock(),
        ])
        .gap(self.px(12.0))
        .rigid()
    }
}

/// The intent to leave, or to stop joining.
pub(crate) fn leaving(meaning: Meaning) -> Meaning {
    meaning.intent(Intent::Leave)
}
