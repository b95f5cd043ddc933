//! What the spoken panel says, and what interrupts what. It only plans: somebody else has the voice.

use std::collections::{BTreeMap, VecDeque};

use serde::Serialize;

use crate::{
    Element, Key, Layout, Live, Role, View,
    language::{Message, Value, Words, words_of},
    plain::unisolated,
};

/// How much an utterance matters, as WAI-ARIA has it for live regions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Priority {
    /// After what is being said.
    Polite,
    /// In place of what is being said, and of what waits.
    Assertive,
}

/// Something to say.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Utterance {
    /// What.
    pub text: String,
    /// In the voice of this language, as espeak-ng names it.
    pub voice: String,
    /// How much it matters.
    pub priority: Priority,
    /// The element that a finger, a key or the scan came to, by [`Element::id`]; `None`: the panel says it by itself.
    pub element: Option<String>,
}

/// More than this waits for nobody; what was first goes first.
const MOST_WAITING: usize = 16;
/// So many things of a new screen are said by themselves; the others are found by touch.
const MOST_OF_A_SCREEN: usize = 4;

/// Plans what is said.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Speaker {
    /// Live regions as they were told, by their identity.
    told: BTreeMap<String, String>,
    /// The screen that people know they are on.
    screen: Option<String>,
    /// What was heard last, and how it was.
    cursor: Option<(String, String)>,
    waiting: VecDeque<Utterance>,
}

impl Speaker {
    /// What is to be said next.
    pub(crate) fn poll(&mut self) -> Option<Utterance> {
        self.waiting.pop_front()
    }

    fn say(&mut self, words: &Words, text: String, priority: Priority) {
        self.tell(words, text, priority, None);
    }

    fn tell(&mut self, words: &Words, text: String, priority: Priority, element: Option<String>) {
        let text = unisolated(&text);
        if priority == Priority::Assertive {
            self.waiting.clear();
        }
        if self.waiting.len() == MOST_WAITING {
            self.waiting.pop_front();
        }
        if !text.trim().is_empty() {
            self.waiting.push_back(Utterance {
                text,
                voice: words.voice().to_owned(),
                priority,
                element,
            });
        }
    }

    /// Says how it goes, and that it is on; or that it is off.
    pub(crate) fn turned(&mut self, words: &Words, on: bool) {
        let message = if on {
            Message::SpokenOn
        } else {
            Message::SpokenOff
        };
        *self = Self {
            waiting: std::mem::take(&mut self.waiting),
            ..Self::default()
        };
        self.say(words, words.say(message), Priority::Assertive);
    }

    /// A finger, a key or the scan came to it.
    pub(crate) fn at(&mut self, words: &Words, element: &Element) {
        let text = describe(words, element);
        self.cursor = Some((element.id.clone(), text.clone()));
        self.tell(words, text, Priority::Assertive, Some(element.id.clone()));
    }

    /// Somebody typed.
    pub(crate) fn typed(&mut self, words: &Words, key: Key, shown: bool) {
        let text = match key {
            Key::Type(' ') => words.say(Message::KeySpace),
            Key::Type(c) if shown => c.to_string(),
            Key::Type(_) => words.say(Message::SpokenStar),
            Key::Erase => words.say(Message::SpokenErased),
            Key::Shift | Key::Letters | Key::Symbols => return,
        };
        self.say(words, text, Priority::Assertive);
    }

    /// Tells what changed, now that this stands on the panel.
    pub(crate) fn shown(&mut self, view: &View, layout: &Layout) {
        let screen = format!(
            "{:?}{:?}",
            std::mem::discriminant(&view.screen),
            view.navigation.sheet()
        );
        let words = words_of(view.language, view.file.as_ref());
        let live = regions(words, layout);
        if self.screen.as_ref() != Some(&screen) {
            // What came in with the screen is part of it.
            self.screen = Some(screen);
            self.told = live.into_iter().map(|(id, _, text)| (id, text)).collect();
            self.cursor = None;
            let about = about(words, layout);
            self.say(words, about, Priority::Polite);
            return;
        }
        let mut told = BTreeMap::new();
        for (id, live, text) in live {
            if self.told.get(&id) != Some(&text) {
                let priority = match live {
                    Live::Assertive => Priority::Assertive,
                    Live::Polite | Live::Off => Priority::Polite,
                };
                self.say(words, text.clone(), priority);
            }
            told.insert(id, text);
        }
        self.told = told;
        self.follow_cursor(words, layout);
    }

    /// What people are at says how it is now: a switch that they turned, a field that they typed into.
    fn follow_cursor(&mut self, words: &Words, layout: &Layout) {
        let Some((id, before)) = &mut self.cursor else {
            return;
        };
        let Some(element) = layout.element(id) else {
            return;
        };
        let text = describe(words, element);
        if text == *before || element.role == Role::Timer {
            return;
        }
        *before = text.clone();
        let told = element.live != Live::Off;
        if !told {
            self.say(words, text, Priority::Polite);
        }
    }
}

/// Live regions with their words.
fn regions(words: &Words, layout: &Layout) -> Vec<(String, Live, String)> {
    let live = layout.elements().iter().filter(|e| e.live != Live::Off);
    live.map(|e| (e.id.clone(), e.live, describe(words, e)))
        .collect()
}

/// What a screen is about: its name, and what it says by itself.
fn about(words: &Words, layout: &Layout) -> String {
    let elements = layout.elements();
    let dialog = elements
        .iter()
        .find(|e| matches!(e.role, Role::Dialog | Role::AlertDialog));
    let alert = |e: &&Element| e.role == Role::Alert;
    if let Some(dialog) = dialog {
        let alerts = elements
            .iter()
            .filter(alert)
            .filter(|e| e.label != dialog.label);
        let alerts = alerts.map(|e| describe(words, e));
        return sentence([dialog.label.clone()].into_iter().chain(alerts));
    }
    let says = |e: &&Element| {
        matches!(e.role, Role::Heading | Role::Status | Role::Alert) && !e.id.starts_with("day:")
    };
    let title = |e: &&Element| e.role != Role::Heading || elements.len() < 2 || e.id != "room";
    let parts: Vec<&Element> = elements.iter().filter(says).collect();
    let own = parts.iter().copied().filter(title).count();
    let parts = parts.into_iter().filter(|e| own == 0 || title(e));
    sentence(parts.take(MOST_OF_A_SCREEN).map(plainly))
}

/// Without what it is, where that is heard anyway.
fn plainly(element: &Element) -> String {
    let parts = [&element.label, &element.description];
    let parts = parts.into_iter().filter(|part| !part.is_empty());
    parts.cloned().collect::<Vec<_>>().join(", ")
}

fn sentence(parts: impl IntoIterator<Item = String>) -> String {
    let parts: Vec<String> = parts.into_iter().filter(|part| !part.is_empty()).collect();
    parts.join(". ")
}

/// An element in words: what it is called, what it is, how it is, what else there is to know.
fn describe(words: &Words, element: &Element) -> String {
    let kind = match (element.role, element.state.pressed) {
        (Role::Button, _) => Some(Message::RoleButton),
        (Role::Switch, Some(true)) => Some(Message::RoleSwitchOn),
        (Role::Switch, _) => Some(Message::RoleSwitchOff),
        (Role::Radio, Some(true)) => Some(Message::RoleRadioOn),
        (Role::Radio, _) => Some(Message::RoleRadioOff),
        (Role::Heading, _) => Some(Message::RoleHeading),
        (Role::TextBox, _) => Some(Message::RoleTextBox),
        (Role::Image, _) => Some(Message::RoleImage),
        _ => None,
    };
    let off = element.state.disabled.then_some(Message::RoleDisabled);
    let kind = kind
        .into_iter()
        .chain(off)
        .map(|message| words.say(message));
    let label = Some(spelled(words, &element.label));
    let description = Some(element.description.clone());
    let parts = label.into_iter().chain(kind).chain(description);
    let parts: Vec<String> = parts.filter(|part| !part.is_empty()).collect();
    parts.join(", ")
}

/// A capital letter alone sounds like a small one.
fn spelled(words: &Words, label: &str) -> String {
    let mut characters = label.chars();
    match (characters.next(), characters.next()) {
        (Some(c), None) if c.is_uppercase() => {
            let letter = c.to_string();
            words.tell(Message::SpokenCapital, [("letter", Value::Word(&letter))])
        }
        _ => label.to_owned(),
    }
}
