//! Keys of keyboards and switches that work the panel, whatever they come from: a USB device, the web view, a test.
//!
//! Names are the `key` values of W3C UI Events (<https://www.w3.org/TR/uievents-key/>); a key that writes something is
//! named by what it writes in the keyboard's layout, so the space bar is a space.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// Which key, by what it does or writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub enum KeyName {
    /// To the next thing; with Shift to the one before.
    Tab,
    /// Does what is focused.
    Enter,
    /// Back.
    Escape,
    /// Left.
    ArrowLeft,
    /// Right.
    ArrowRight,
    /// Up.
    ArrowUp,
    /// Down.
    ArrowDown,
    /// To the first thing.
    Home,
    /// To the last thing.
    End,
    /// A page back.
    PageUp,
    /// A page on.
    PageDown,
    /// Takes the last character away.
    Backspace,
    /// Mutes the microphone and lets it hear again, on whatever screen.
    MicrophoneMuteToggle,
    /// The loudspeaker gets louder by a step.
    AudioVolumeUp,
    /// It gets quieter by a step.
    AudioVolumeDown,
    /// Answers who calls the room; in a meeting it leaves.
    HeadsetHook,
    /// Answers who calls the room, and never leaves.
    Call,
    /// Leaves the meeting, or declines who calls.
    EndCall,
    /// `F1` to `F24`.
    Function(u8),
    /// What it writes, as with the modifiers that were held: `a`, `A`, `ü`, a space.
    Character(char),
}

/// What a key does by name; characters and function keys are named by themselves.
const NAMES: [(KeyName, &str); 18] = [
    (KeyName::Tab, "Tab"),
    (KeyName::Enter, "Enter"),
    (KeyName::Escape, "Escape"),
    (KeyName::ArrowLeft, "ArrowLeft"),
    (KeyName::ArrowRight, "ArrowRight"),
    (KeyName::ArrowUp, "ArrowUp"),
    (KeyName::ArrowDown, "ArrowDown"),
    (KeyName::Home, "Home"),
    (KeyName::End, "End"),
    (KeyName::PageUp, "PageUp"),
    (KeyName::PageDown, "PageDown"),
    (KeyName::Backspace, "Backspace"),
    (KeyName::MicrophoneMuteToggle, "MicrophoneMuteToggle"),
    (KeyName::AudioVolumeUp, "AudioVolumeUp"),
    (KeyName::AudioVolumeDown, "AudioVolumeDown"),
    (KeyName::HeadsetHook, "HeadsetHook"),
    (KeyName::Call, "Call"),
    (KeyName::EndCall, "EndCall"),
];

/// The last function key that the standard names without saying "and so on".
const MOST_FUNCTIONS: u8 = 24;

/// Not the name of a key that the panel knows.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "\"{name}\" is no key; a key is one character (a space is the space bar), F1 to F24, or one of {}",
    NAMES.map(|(_, name)| name).join(", ")
)]
pub struct UnknownKey {
    /// What was asked for.
    pub name: String,
}

impl FromStr for KeyName {
    type Err = UnknownKey;

    fn from_str(name: &str) -> Result<Self, UnknownKey> {
        let named = NAMES.iter().find(|(_, known)| *known == name);
        let one = |text: &str| {
            let mut characters = text.chars();
            let first = characters.next().filter(|c| !c.is_control());
            first.filter(|_| characters.next().is_none())
        };
        named
            .map(|(key, _)| *key)
            .or_else(|| one(name).map(Self::Character))
            .or_else(|| function(name))
            .ok_or_else(|| UnknownKey {
                name: name.to_owned(),
            })
    }
}

/// `F5`, and not `F05` or `F+5`.
fn function(name: &str) -> Option<KeyName> {
    let number = name.strip_prefix('F')?.parse().ok()?;
    let key = KeyName::Function(number);
    ((1..=MOST_FUNCTIONS).contains(&number) && key.to_string() == name).then_some(key)
}

impl fmt::Display for KeyName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Character(c) => write!(f, "{c}"),
            Self::Function(number) => write!(f, "F{number}"),
            key => {
                let named = NAMES.iter().find(|(known, _)| known == key);
                f.write_str(named.map_or("Unidentified", |(_, name)| name))
            }
        }
    }
}

impl From<KeyName> for String {
    fn from(key: KeyName) -> Self {
        key.to_string()
    }
}

impl TryFrom<String> for KeyName {
    type Error = UnknownKey;

    fn try_from(name: String) -> Result<Self, UnknownKey> {
        name.parse()
    }
}

/// What a key did.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KeyPhase {
    /// It went down.
    Down,
    /// It is held, and the keyboard says so again.
    Repeat,
    /// It came up. One that was down when its device left comes up too.
    Up,
}

/// Keys that are held beside it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Modifiers {
    /// Either Shift.
    pub shift: bool,
    /// Either Control.
    pub ctrl: bool,
    /// Alt, not `AltGraph`, which only changes what is written.
    pub alt: bool,
}

impl Modifiers {
    /// The key is a command and writes nothing.
    #[must_use]
    pub fn command(self) -> bool {
        self.ctrl || self.alt
    }
}

/// One change of one key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Key {
    /// Which.
    pub key: KeyName,
    /// What happened.
    pub phase: KeyPhase,
    /// What is held beside it.
    #[serde(default)]
    pub modifiers: Modifiers,
}

impl Key {
    /// A key that goes down with nothing held beside it.
    #[must_use]
    pub fn down(key: KeyName) -> Self {
        Self {
            key,
            phase: KeyPhase::Down,
            modifiers: Modifiers::default(),
        }
    }

    /// The same key, coming up.
    #[must_use]
    pub fn up(self) -> Self {
        Self {
            phase: KeyPhase::Up,
            ..self
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_the_web() {
        let named = |name: &str| name.parse::<KeyName>().unwrap();
        for (key, name) in NAMES {
            assert_eq!(named(name), key);
            assert_eq!(key.to_string(), name);
        }
        assert_eq!(named(" "), KeyName::Character(' '));
        assert_eq!(named("ü"), KeyName::Character('ü'));
        assert_eq!(named("F"), KeyName::Character('F'));
        assert_eq!(named("F12"), KeyName::Function(12));
    }

    #[test]
    fn what_is_no_key_is_refused_with_what_there_is() {
        for wrong in ["", "tab", "F0", "F25", "F05", "F+1", "\u{7}", "ab"] {
            let error = wrong.parse::<KeyName>().unwrap_err().to_string();
            assert!(error.contains("Escape") && error.contains("F24"), "{error}");
        }
    }

    #[test]
    fn on_the_wire_a_key_is_its_name() {
        let json = r#"{"key":"Tab","phase":"down","modifiers":{"shift":true}}"#;
        let key: Key = serde_json::from_str(json).unwrap();
        assert!(key.modifiers.shift && !key.modifiers.command());
        assert_eq!(key.key, KeyName::Tab);
        let plain: Key = serde_json::from_str(r#"{"key":"a","phase":"up"}"#).unwrap();
        assert_eq!(plain, Key::down(KeyName::Character('a')).up());
        let unknown = serde_json::from_str::<Key>(r#"{"key":"Tab","phase":"down","code":9}"#);
        assert!(unknown.is_err(), "a field that nobody knows is refused");
    }
}
