//! A keyboard to touch: letters, digits and all of ASCII's symbols. Cells touch each other, so that
//! ten of 48 pixels fit beside each other on the narrowest panel; what is drawn is a little smaller.

use saal_core::Intent;

use super::{Page, parts::Tones};
use crate::{
    element::Role,
    icon::Icon,
    language::Message,
    navigation::{Key, Shift, Step},
    node::{Meaning, Node, column, icon, row, text},
    scale::KEY,
    style::Type,
};

/// Keys are no higher than this, in pixels of the design.
const MOST_HIGH: f32 = 84.0;

const DIGITS: &str = "1234567890";
const SYMBOLS: [&str; 5] = [
    "!\"#$%&'()*",
    "+,-./:;<=>",
    "?@[\\]^_`{|",
    "}~€§°äöü",
    "ßÄÖÜ",
];

/// What a key looks like.
enum Face<'a> {
    Word(&'a str),
    Mark(Icon),
}

impl Page<'_> {
    /// All keys; `enter` is what the last one says and means, nothing while nothing is typed.
    pub(super) fn keyboard(&self, enter: (Message, Option<Intent>)) -> Node {
        let rows = if self.view.navigation.typing().symbols {
            self.symbols(enter)
        } else {
            self.letters(enter)
        };
        let high = self.em(MOST_HIGH).max(KEY) * rows.len() as f32;
        let mut keyboard = column(rows).most_high(high);
        // All the room there is, up to its limit; a spacer takes the rest.
        keyboard.style.flex_grow = 1000.0;
        keyboard.keeps_order()
    }

    fn letters(&self, enter: (Message, Option<Intent>)) -> Vec<Node> {
        let [first, second, third] = self.words.keyboard();
        let half = || Node::default().parts(0.5);
        let second = [half()].into_iter().chain(self.keys(second));
        let third = [self.shift()].into_iter().chain(self.keys(third));
        let symbols = self.words.say(Message::KeySymbols);
        let last = [
            self.control("key:symbols", Face::Word("#+ä"), &symbols, Key::Symbols)
                .parts(2.0),
            self.character('-'),
            self.space().parts(3.0),
            self.character('.'),
            self.enter(enter).parts(3.0),
        ];
        vec![
            key_row(self.keys(DIGITS)),
            key_row(self.keys(first)),
            key_row(second.chain([half()])),
            key_row(third.chain([self.erase().parts(1.5)])),
            key_row(last),
        ]
    }

    fn symbols(&self, enter: (Message, Option<Intent>)) -> Vec<Node> {
        let letters = self.words.say(Message::KeyLetters);
        let letters = self.control("key:letters", Face::Word("abc"), &letters, Key::Letters);
        let [first, second, third, fourth, fifth] = SYMBOLS;
        let fourth = self.keys(fourth);
        let fifth = [letters.parts(2.0)].into_iter().chain(self.keys(fifth));
        let fifth = fifth.chain([self.space(), self.enter(enter).parts(3.0)]);
        vec![
            key_row(self.keys(first)),
            key_row(self.keys(second)),
            key_row(self.keys(third)),
            key_row(fourth.chain([self.erase().parts(2.0)])),
            key_row(fifth),
        ]
    }

    fn keys<'k>(&'k self, characters: &'k str) -> impl Iterator<Item = Node> + 'k {
        characters.chars().map(|c| self.character(c))
    }

    fn character(&self, c: char) -> Node {
        let capital = self.view.navigation.typing().shift != Shift::Off;
        let c = if capital { upper(c) } else { c };
        let face = c.to_string();
        let meaning = Meaning::new(format!("key:{c}"), Role::Button, face.clone());
        let meaning = meaning.step(Step::Key(Key::Type(c)));
        self.key(Face::Word(&face), self.plain_key(), meaning)
    }

    fn space(&self) -> Node {
        let label = self.words.say(Message::KeySpace);
        let meaning = Meaning::new("key:space", Role::Button, label.clone());
        let meaning = meaning.step(Step::Key(Key::Type(' ')));
        self.key(Face::Word("␣"), self.plain_key(), meaning)
    }

    fn erase(&self) -> Node {
        let label = self.words.say(Message::KeyErase);
        self.control("key:erase", Face::Mark(Icon::Erase), &label, Key::Erase)
    }

    fn shift(&self) -> Node {
        let shift = self.view.navigation.typing().shift;
        let label = self.words.say(Message::KeyShift);
        let meaning = Meaning::new("key:shift", Role::Switch, label)
            .pressed(shift != Shift::Off)
            .step(Step::Key(Key::Shift));
        let tones = match shift {
            Shift::Off => self.quiet(),
            Shift::Once => self.soft(),
            Shift::Locked => self.accent(),
        };
        self.key(Face::Mark(Icon::Shift), tones, meaning).parts(1.5)
    }

    fn enter(&self, (label, intent): (Message, Option<Intent>)) -> Node {
        let label = self.words.say(label);
        let meaning = Meaning::new("enter", Role::Button, label.clone());
        let meaning = match intent {
            Some(intent) => meaning.intent(intent).step(Step::Given),
            None => meaning.disabled(true),
        };
        // A word has no room on it there.
        let face = if self.scale.is_slim() {
            Face::Mark(Icon::Check)
        } else {
            Face::Word(&label)
        };
        self.key(face, self.accent(), meaning)
    }

    fn control(&self, id: &str, face: Face<'_>, label: &str, key: Key) -> Node {
        let meaning = Meaning::new(id, Role::Button, label).step(Step::Key(key));
        self.key(face, self.quiet(), meaning)
    }

    fn plain_key(&self) -> Tones {
        Tones {
            rest: self.theme.surface.0,
            ..self.quiet()
        }
    }

    fn key(&self, face: Face<'_>, tones: Tones, meaning: Meaning) -> Node {
        let disabled = meaning.state.disabled;
        let (fill, on) = if disabled {
            (self.theme.button.0, self.theme.text_quiet.0)
        } else {
            (self.tone(tones, &meaning.id), tones.on)
        };
        let face = match face {
            Face::Word(word) => text(word, self.font(Type::Strong), on).rigid(),
            Face::Mark(mark) => icon(mark, self.em(28.0), on),
        };
        let drawn = row([face]).centred().grow().fill(fill).round(self.px(12.0));
        let mut cell = row([drawn]).align(taffy::AlignItems::STRETCH);
        cell = cell.padding(self.px(3.0)).parts(1.0);
        cell.at_least(KEY, KEY).means(meaning)
    }
}

fn key_row(keys: impl IntoIterator<Item = Node>) -> Node {
    row(keys).align(taffy::AlignItems::STRETCH).share()
}

/// One character for one: `ß` stays.
fn upper(c: char) -> char {
    let mut upper = c.to_uppercase();
    upper.next().filter(|_| upper.next().is_none()).unwrap_or(c)
}
