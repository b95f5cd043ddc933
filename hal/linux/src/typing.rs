//! What the keys of a keyboard do and write. The kernel tells where a key lies (Documentation/input/event-codes.rst); what is
//! printed there is the layout's.
//!
//! Sources: DIN 2137-01 (T1) and ANSI INCITS 154, as X.Org's xkeyboard-config has them (`de`, `us`).

use evdev::KeyCode;
use saal_hal::{Key, KeyName, KeyPhase, KeyboardLayout, Modifiers};

/// Where keys that write lie, row by row; the key beside the left Shift, which ANSI keyboards lack, is the last.
const PLACES: [KeyCode; 48] = [
    KeyCode::KEY_GRAVE,
    KeyCode::KEY_1,
    KeyCode::KEY_2,
    KeyCode::KEY_3,
    KeyCode::KEY_4,
    KeyCode::KEY_5,
    KeyCode::KEY_6,
    KeyCode::KEY_7,
    KeyCode::KEY_8,
    KeyCode::KEY_9,
    KeyCode::KEY_0,
    KeyCode::KEY_MINUS,
    KeyCode::KEY_EQUAL,
    KeyCode::KEY_Q,
    KeyCode::KEY_W,
    KeyCode::KEY_E,
    KeyCode::KEY_R,
    KeyCode::KEY_T,
    KeyCode::KEY_Y,
    KeyCode::KEY_U,
    KeyCode::KEY_I,
    KeyCode::KEY_O,
    KeyCode::KEY_P,
    KeyCode::KEY_LEFTBRACE,
    KeyCode::KEY_RIGHTBRACE,
    KeyCode::KEY_BACKSLASH,
    KeyCode::KEY_A,
    KeyCode::KEY_S,
    KeyCode::KEY_D,
    KeyCode::KEY_F,
    KeyCode::KEY_G,
    KeyCode::KEY_H,
    KeyCode::KEY_J,
    KeyCode::KEY_K,
    KeyCode::KEY_L,
    KeyCode::KEY_SEMICOLON,
    KeyCode::KEY_APOSTROPHE,
    KeyCode::KEY_Z,
    KeyCode::KEY_X,
    KeyCode::KEY_C,
    KeyCode::KEY_V,
    KeyCode::KEY_B,
    KeyCode::KEY_N,
    KeyCode::KEY_M,
    KeyCode::KEY_COMMA,
    KeyCode::KEY_DOT,
    KeyCode::KEY_SLASH,
    KeyCode::KEY_102ND,
];

/// What is written there. Accents that wait for a letter are written as Unicode's combining ones; a space is nothing.
struct Print {
    alone: &'static str,
    shift: &'static str,
    alt_graph: &'static str,
}

const GERMAN: Print = Print {
    alone: "\u{302}1234567890ß\u{301}qwertzuiopü+#asdfghjklöäyxcvbnm,.-<",
    shift: "°!\"§$%&/()=?\u{300}QWERTZUIOPÜ*'ASDFGHJKLÖÄYXCVBNM;:_>",
    alt_graph: "  ²³   {[]}\\ @ €        ~                  µ   |",
};

const US: Print = Print {
    alone: "`1234567890-=qwertyuiop[]\\asdfghjkl;'zxcvbnm,./<",
    shift: "~!@#$%^&*()_+QWERTYUIOP{}|ASDFGHJKL:\"ZXCVBNM<>?>",
    alt_graph: "",
};

/// Keys that do something, and those that write the same in every layout. Those to the right are numbers, whatever Num Lock
/// says: nobody at a panel looks for its light.
const EVERYWHERE: [(KeyCode, KeyName); 36] = [
    (KeyCode::KEY_TAB, KeyName::Tab),
    (KeyCode::KEY_ENTER, KeyName::Enter),
    (KeyCode::KEY_KPENTER, KeyName::Enter),
    (KeyCode::KEY_ESC, KeyName::Escape),
    (KeyCode::KEY_LEFT, KeyName::ArrowLeft),
    (KeyCode::KEY_RIGHT, KeyName::ArrowRight),
    (KeyCode::KEY_UP, KeyName::ArrowUp),
    (KeyCode::KEY_DOWN, KeyName::ArrowDown),
    (KeyCode::KEY_HOME, KeyName::Home),
    (KeyCode::KEY_END, KeyName::End),
    (KeyCode::KEY_PAGEUP, KeyName::PageUp),
    (KeyCode::KEY_PAGEDOWN, KeyName::PageDown),
    (KeyCode::KEY_BACKSPACE, KeyName::Backspace),
    (KeyCode::KEY_SPACE, KeyName::Character(' ')),
    (KeyCode::KEY_KP0, KeyName::Character('0')),
    (KeyCode::KEY_KP1, KeyName::Character('1')),
    (KeyCode::KEY_KP2, KeyName::Character('2')),
    (KeyCode::KEY_KP3, KeyName::Character('3')),
    (KeyCode::KEY_KP4, KeyName::Character('4')),
    (KeyCode::KEY_KP5, KeyName::Character('5')),
    (KeyCode::KEY_KP6, KeyName::Character('6')),
    (KeyCode::KEY_KP7, KeyName::Character('7')),
    (KeyCode::KEY_KP8, KeyName::Character('8')),
    (KeyCode::KEY_KP9, KeyName::Character('9')),
    (KeyCode::KEY_KPASTERISK, KeyName::Character('*')),
    (KeyCode::KEY_KPMINUS, KeyName::Character('-')),
    (KeyCode::KEY_KPPLUS, KeyName::Character('+')),
    (KeyCode::KEY_KPSLASH, KeyName::Character('/')),
    (KeyCode::KEY_KPDOT, KeyName::Character('.')),
    (KeyCode::KEY_KPCOMMA, KeyName::Character(',')),
    // A telephone's keys.
    (KeyCode::KEY_NUMERIC_STAR, KeyName::Character('*')),
    (KeyCode::KEY_NUMERIC_POUND, KeyName::Character('#')),
    // What remote controls and switches have in the place of Enter and Escape.
    (KeyCode::KEY_OK, KeyName::Enter),
    (KeyCode::KEY_SELECT, KeyName::Enter),
    (KeyCode::KEY_BACK, KeyName::Escape),
    (KeyCode::KEY_EXIT, KeyName::Escape),
];

/// Keys of which each does one thing, in the order of the kernel's numbers.
const FUNCTIONS: [(KeyCode, KeyCode, u8); 4] = [
    (KeyCode::KEY_F1, KeyCode::KEY_F10, 1),
    (KeyCode::KEY_F11, KeyCode::KEY_F11, 11),
    (KeyCode::KEY_F12, KeyCode::KEY_F12, 12),
    (KeyCode::KEY_F13, KeyCode::KEY_F24, 13),
];

/// A telephone's digits, 0 to 9.
const DIGITS: (KeyCode, KeyCode) = (KeyCode::KEY_NUMERIC_0, KeyCode::KEY_NUMERIC_9);

/// Keys for calls. A device with no others is a speakerphone, which is no keyboard.
pub(crate) const FOR_CALLS: [(KeyCode, KeyName); 4] = [
    (KeyCode::KEY_MICMUTE, KeyName::MicrophoneMuteToggle),
    (KeyCode::KEY_VOLUMEUP, KeyName::AudioVolumeUp),
    (KeyCode::KEY_VOLUMEDOWN, KeyName::AudioVolumeDown),
    (KeyCode::KEY_PHONE, KeyName::HeadsetHook),
];

/// Keys that change what others do.
const HELD: [(KeyCode, Held); 6] = [
    (KeyCode::KEY_LEFTSHIFT, Held::Shift),
    (KeyCode::KEY_RIGHTSHIFT, Held::Shift),
    (KeyCode::KEY_LEFTCTRL, Held::Ctrl),
    (KeyCode::KEY_RIGHTCTRL, Held::Ctrl),
    (KeyCode::KEY_LEFTALT, Held::Alt),
    (KeyCode::KEY_RIGHTALT, Held::RightAlt),
];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Held {
    Shift,
    Ctrl,
    Alt,
    /// `AltGraph` where the layout has one.
    RightAlt,
}

/// Whether a panel can be worked with this key: a device with any such key is a keyboard or a switch.
pub(crate) fn works_a_panel(code: KeyCode) -> bool {
    does(code).is_some() || PLACES.contains(&code)
}

/// What a key does by itself.
fn does(code: KeyCode) -> Option<KeyName> {
    let everywhere = EVERYWHERE.iter().find(|(other, _)| *other == code);
    let function = || {
        let rows = FUNCTIONS.iter();
        let mut rows = rows.filter(|(first, last, _)| (first.0..=last.0).contains(&code.0));
        let (first, _, number) = rows.next()?;
        let further = u8::try_from(code.0 - first.0).ok()?;
        Some(KeyName::Function(number + further))
    };
    let digit = || {
        let in_range = (DIGITS.0.0..=DIGITS.1.0).contains(&code.0);
        let value = in_range.then(|| u32::from(code.0 - DIGITS.0.0))?;
        char::from_digit(value, 10).map(KeyName::Character)
    };
    everywhere
        .map(|(_, name)| *name)
        .or_else(function)
        .or_else(digit)
}

/// Who types on one keyboard.
#[derive(Clone, Debug)]
pub(crate) struct Typist {
    layout: KeyboardLayout,
    /// Keys that are down and change what others do.
    held: Vec<KeyCode>,
    capitals: bool,
    /// It waits for its letter.
    accent: Option<char>,
    /// Keys that are down, with what they did.
    down: Vec<(KeyCode, KeyName)>,
}

impl Typist {
    pub(crate) fn new(layout: KeyboardLayout) -> Self {
        Self {
            layout,
            held: Vec::new(),
            capitals: false,
            accent: None,
            down: Vec::new(),
        }
    }

    /// Whether capitals are locked.
    pub(crate) fn capitals(&self) -> bool {
        self.capitals
    }

    /// Takes an event of the kernel's: 1 for a key that goes down, 2 for one that is held, 0 for one that comes up.
    pub(crate) fn take(&mut self, code: KeyCode, value: i32) -> Option<Key> {
        if HELD.iter().any(|(other, _)| *other == code) {
            self.held.retain(|other| *other != code);
            if value != 0 {
                self.held.push(code);
            }
            return None;
        }
        if code == KeyCode::KEY_CAPSLOCK {
            self.capitals ^= value == 1;
            return None;
        }
        let at = self.down.iter().position(|(other, _)| *other == code);
        let (name, phase) = match (value, at) {
            (0, at) => (self.down.remove(at?).1, KeyPhase::Up),
            (_, Some(at)) => (self.down[at].1, KeyPhase::Repeat),
            // Held since before it was this program's.
            (2, None) => return None,
            (_, None) => {
                let name = self.name(code)?;
                self.down.push((code, name));
                (name, KeyPhase::Down)
            }
        };
        Some(self.key(name, phase))
    }

    /// All keys come up: the keyboard left, or is left.
    pub(crate) fn all_up(&mut self) -> Vec<Key> {
        let down = std::mem::take(&mut self.down);
        self.held.clear();
        self.accent = None;
        let all = down.into_iter();
        all.map(|(_, name)| self.key(name, KeyPhase::Up)).collect()
    }

    fn key(&self, key: KeyName, phase: KeyPhase) -> Key {
        let modifiers = Modifiers {
            shift: self.holds(Held::Shift),
            ctrl: self.holds(Held::Ctrl),
            alt: self.holds(Held::Alt) || (self.holds(Held::RightAlt) && !self.has_alt_graph()),
        };
        Key {
            key,
            phase,
            modifiers,
        }
    }

    fn holds(&self, what: Held) -> bool {
        let is = |code: &KeyCode| HELD.contains(&(*code, what));
        self.held.iter().any(is)
    }

    fn print(&self) -> &'static Print {
        match self.layout {
            KeyboardLayout::German => &GERMAN,
            KeyboardLayout::Us => &US,
        }
    }

    fn has_alt_graph(&self) -> bool {
        !self.print().alt_graph.is_empty()
    }

    /// What a key does that goes down now.
    fn name(&mut self, code: KeyCode) -> Option<KeyName> {
        let for_calls = FOR_CALLS.iter().find(|(other, _)| *other == code);
        let done = for_calls.map(|(_, name)| *name).or_else(|| does(code));
        let written = match done {
            Some(KeyName::Character(c)) => c,
            Some(name) => {
                self.accent = None;
                return Some(name);
            }
            None => self.written(code)?,
        };
        if unicode_normalization::char::is_combining_mark(written) {
            // Twice the same is the accent itself.
            if self.accent.replace(written) != Some(written) {
                return None;
            }
            self.accent = None;
            return Some(KeyName::Character(alone(written)));
        }
        Some(KeyName::Character(self.accented(written)))
    }

    fn written(&self, code: KeyCode) -> Option<char> {
        let place = PLACES.iter().position(|other| *other == code)?;
        let print = self.print();
        let at = |row: &str| row.chars().nth(place).filter(|c| *c != ' ');
        if self.holds(Held::RightAlt) && self.has_alt_graph() {
            return at(print.alt_graph);
        }
        let c = at(print.alone)?;
        // The lock is for letters alone, and Shift undoes it.
        let locked = self.capitals && c.is_lowercase() && c != 'ß';
        at(if self.holds(Held::Shift) != locked {
            print.shift
        } else {
            print.alone
        })
    }

    fn accented(&mut self, c: char) -> char {
        match self.accent.take() {
            None => c,
            Some(accent) if c == ' ' => alone(accent),
            // An accent on what has none is a slip of a finger.
            Some(accent) => unicode_normalization::char::compose(c, accent).unwrap_or(c),
        }
    }
}

/// An accent without a letter.
fn alone(accent: char) -> char {
    match accent {
        '\u{300}' => '`',
        '\u{301}' => '´',
        '\u{302}' => '^',
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is written by keys that go down and up, one after the other, while others are held.
    fn written(typist: &mut Typist, held: &[KeyCode], codes: &[KeyCode]) -> String {
        for code in held {
            assert_eq!(typist.take(*code, 1), None);
        }
        let mut text = String::new();
        for code in codes {
            let down = typist.take(*code, 1);
            let up = typist.take(*code, 0);
            assert_eq!(up, down.map(Key::up), "what went down comes up");
            if let Some(KeyName::Character(c)) = down.map(|key| key.key) {
                text.push(c);
            }
        }
        for code in held {
            assert_eq!(typist.take(*code, 0), None);
        }
        text
    }

    #[test]
    fn every_row_has_a_character_for_each_place() {
        for print in [GERMAN, US] {
            assert_eq!(print.alone.chars().count(), PLACES.len());
            assert_eq!(print.shift.chars().count(), PLACES.len());
        }
        assert_eq!(GERMAN.alt_graph.chars().count(), PLACES.len());
    }

    #[test]
    fn a_german_keyboard_writes_what_is_printed_on_it() {
        let mut typist = Typist::new(KeyboardLayout::German);
        let [q, z, y, e, m, seven, sz] = [
            KeyCode::KEY_Q,
            KeyCode::KEY_Y,
            KeyCode::KEY_Z,
            KeyCode::KEY_E,
            KeyCode::KEY_M,
            KeyCode::KEY_7,
            KeyCode::KEY_MINUS,
        ];
        let umlauts = [
            KeyCode::KEY_SEMICOLON,
            KeyCode::KEY_APOSTROPHE,
            KeyCode::KEY_LEFTBRACE,
        ];
        let shift = [KeyCode::KEY_RIGHTSHIFT];
        let alt_graph = [KeyCode::KEY_RIGHTALT];
        assert_eq!(written(&mut typist, &[], &[z, y, sz]), "zyß");
        assert_eq!(written(&mut typist, &[], &umlauts), "öäü");
        assert_eq!(written(&mut typist, &shift, &umlauts), "ÖÄÜ");
        assert_eq!(written(&mut typist, &shift, &[seven, sz]), "/?");
        let special = [q, e, m, seven, sz, KeyCode::KEY_102ND];
        assert_eq!(written(&mut typist, &alt_graph, &special), "@€µ{\\|");
        assert_eq!(
            written(&mut typist, &alt_graph, &[KeyCode::KEY_A]),
            "",
            "nothing is printed there"
        );
        typist.take(KeyCode::KEY_CAPSLOCK, 1);
        typist.take(KeyCode::KEY_CAPSLOCK, 0);
        assert!(typist.capitals());
        assert_eq!(written(&mut typist, &[], &[z, seven, sz]), "Z7ß");
        assert_eq!(written(&mut typist, &shift, &[z, seven]), "z/");
    }

    #[test]
    fn accents_wait_for_their_letter() {
        let mut typist = Typist::new(KeyboardLayout::German);
        let (acute, circumflex) = (KeyCode::KEY_EQUAL, KeyCode::KEY_GRAVE);
        let [e, o, t, space] = [
            KeyCode::KEY_E,
            KeyCode::KEY_O,
            KeyCode::KEY_T,
            KeyCode::KEY_SPACE,
        ];
        assert_eq!(written(&mut typist, &[], &[acute, e, e]), "ée");
        assert_eq!(written(&mut typist, &[], &[circumflex, o]), "ô");
        assert_eq!(written(&mut typist, &[], &[acute, space, space]), "´ ");
        assert_eq!(written(&mut typist, &[], &[acute, acute, e]), "´e");
        assert_eq!(written(&mut typist, &[], &[acute, t]), "t");
        let escape = KeyCode::KEY_ESC;
        assert_eq!(written(&mut typist, &[], &[acute, escape, e]), "e");
        let grave = written(&mut typist, &[KeyCode::KEY_LEFTSHIFT], &[acute]);
        assert_eq!(grave + &written(&mut typist, &[], &[e]), "è");
    }

    #[test]
    fn an_american_keyboard_writes_what_is_printed_on_it_and_its_right_alt_is_alt() {
        let mut typist = Typist::new(KeyboardLayout::Us);
        let codes = [KeyCode::KEY_Y, KeyCode::KEY_2, KeyCode::KEY_GRAVE];
        assert_eq!(written(&mut typist, &[], &codes), "y2`");
        let shift = [KeyCode::KEY_LEFTSHIFT];
        assert_eq!(written(&mut typist, &shift, &codes), "Y@~");
        typist.take(KeyCode::KEY_RIGHTALT, 1);
        let command = typist.take(KeyCode::KEY_Y, 1).unwrap();
        assert!(command.modifiers.command(), "{command:?}");
        assert_eq!(command.key, KeyName::Character('y'));
    }

    #[test]
    fn keys_that_do_something_do_it_repeat_and_come_up_with_their_keyboard() {
        let mut typist = Typist::new(KeyboardLayout::German);
        typist.take(KeyCode::KEY_LEFTSHIFT, 1);
        let tab = typist.take(KeyCode::KEY_TAB, 1).unwrap();
        assert_eq!((tab.key, tab.phase), (KeyName::Tab, KeyPhase::Down));
        assert!(tab.modifiers.shift);
        let held = typist.take(KeyCode::KEY_TAB, 2).unwrap();
        assert_eq!(held.phase, KeyPhase::Repeat);
        let up = typist.all_up();
        assert_eq!(up.len(), 1);
        assert_eq!((up[0].key, up[0].phase), (KeyName::Tab, KeyPhase::Up));
        assert_eq!(typist.take(KeyCode::KEY_TAB, 0), None, "it came up");
        assert_eq!(typist.take(KeyCode::KEY_F3, 2), None, "held from before");
        let name = |typist: &mut Typist, code| typist.take(code, 1).map(|key| key.key);
        for (code, number) in [
            (KeyCode::KEY_F10, 10),
            (KeyCode::KEY_F11, 11),
            (KeyCode::KEY_F24, 24),
        ] {
            assert_eq!(name(&mut typist, code), Some(KeyName::Function(number)));
        }
        let seven = Some(KeyName::Character('7'));
        assert_eq!(name(&mut typist, KeyCode::KEY_KP7), seven);
        assert_eq!(name(&mut typist, KeyCode::KEY_NUMERIC_7), seven);
        assert_eq!(name(&mut typist, KeyCode::KEY_BRIGHTNESSUP), None);
    }

    #[test]
    fn a_switch_works_a_panel_and_a_power_button_does_not() {
        for code in [KeyCode::KEY_SPACE, KeyCode::KEY_F13, KeyCode::KEY_A] {
            assert!(works_a_panel(code), "{code:?}");
        }
        for code in [
            KeyCode::KEY_POWER,
            KeyCode::KEY_MICMUTE,
            KeyCode::BTN_LEFT,
            KeyCode::BTN_TOUCH,
        ] {
            assert!(!works_a_panel(code), "{code:?}");
        }
    }
}
