//! Where people are on the panel: what they opened, turned to and typed. The room knows nothing of
//! it; it is gone with the call.

use saal_core::{InCall, Obstacle, Phase, Room};
use saal_meeting::{CallId, Role, Secret, SignIn};

/// What lies over the call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sheet {
    /// What else can be done.
    More,
    /// All others, and who waits in the lobby.
    People,
    /// What a moderator can do with this participant ([`saal_meeting::Participant::id`]).
    Person(String),
    /// Whether to remove this participant.
    Remove(String),
    /// What others wrote.
    Chat,
    /// How the television shows the others.
    Arrangement,
    /// How a laptop shares its screen.
    Laptop,
    /// Volume, devices and trials of the room's sound.
    Sound,
    /// What others vote on.
    Polls,
    /// Telephone tones.
    Keypad,
    /// Where the camera looks.
    Camera,
    /// Where to save what the camera looks at.
    SavePosition,
    /// Which camera is used.
    Cameras,
    /// Whether to end the meeting for everybody.
    EndForAll,
    /// The account's recovery key, while the room is in no meeting.
    RecoveryKey,
    /// Signing the room in to its account, while it is in no meeting.
    SignIn,
}

/// What a touch changes on the panel itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Opens a sheet in place of what lies over the call.
    Open(Sheet),
    /// Back to the call.
    Close,
    /// To this page of a list, from 0.
    Turn(usize),
    /// A key of the keyboard.
    Key(Key),
    /// Shows what is typed, or hides it.
    Reveal(bool),
    /// What was typed is given away and forgotten here.
    Given,
    /// This tone was sent.
    Dialled(char),
}

/// A key of the panel's keyboard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Key {
    /// Adds a character.
    Type(char),
    /// Takes the last character away.
    Erase,
    /// Capitals: for the next letter, until touched again, no more.
    Shift,
    /// Digits and letters.
    Letters,
    /// Everything else.
    Symbols,
}

/// Whether letters come as capitals.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Shift {
    /// They do not.
    #[default]
    Off,
    /// The next one does.
    Once,
    /// All do.
    Locked,
}

/// What people typed and how the keyboard stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Typing {
    /// So far.
    pub text: Secret,
    /// It can be read on the panel.
    pub shown: bool,
    /// For the next letter.
    pub shift: Shift,
    /// The keyboard shows symbols.
    pub symbols: bool,
}

impl Default for Typing {
    fn default() -> Self {
        Self {
            text: Secret::new(""),
            shown: false,
            shift: Shift::Off,
            symbols: false,
        }
    }
}

/// Longer passwords are typed by nobody; bounds what is drawn.
const MOST_TYPED: usize = 128;
/// Tones that are shown.
const MOST_DIALLED: usize = 16;

impl Typing {
    fn press(&mut self, key: Key) {
        match key {
            Key::Type(c) => self.add(c),
            Key::Erase => {
                let mut text = self.text.reveal().to_owned();
                text.pop();
                self.text = Secret::new(text);
            }
            Key::Shift => {
                self.shift = match self.shift {
                    Shift::Off => Shift::Once,
                    Shift::Once => Shift::Locked,
                    Shift::Locked => Shift::Off,
                }
            }
            Key::Letters => self.symbols = false,
            Key::Symbols => self.symbols = true,
        }
    }

    fn add(&mut self, c: char) {
        let text = self.text.reveal();
        if text.chars().count() < MOST_TYPED {
            self.text = Secret::new(format!("{text}{c}"));
        }
        if self.shift == Shift::Once {
            self.shift = Shift::Off;
        }
    }
}

/// Where people are on the panel.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Navigation {
    call: Option<CallId>,
    sheet: Option<Sheet>,
    page: usize,
    typing: Typing,
    dialled: String,
}

impl Navigation {
    /// What lies over the call.
    #[must_use]
    pub fn sheet(&self) -> Option<&Sheet> {
        self.sheet.as_ref()
    }

    /// The page of the list, from 0.
    #[must_use]
    pub fn page(&self) -> usize {
        self.page
    }

    /// The keyboard.
    #[must_use]
    pub fn typing(&self) -> &Typing {
        &self.typing
    }

    /// The last tones that were sent.
    #[must_use]
    pub fn dialled(&self) -> &str {
        &self.dialled
    }

    /// Goes where a touch leads.
    pub fn take(&mut self, step: Step) {
        match step {
            Step::Open(sheet) => self.show(Some(sheet)),
            Step::Close => self.show(None),
            Step::Turn(page) => self.page = page,
            Step::Key(key) => self.typing.press(key),
            Step::Reveal(shown) => self.typing.shown = shown,
            Step::Given => self.typing = Typing::default(),
            Step::Dialled(tone) => self.dial(tone),
        }
    }

    fn dial(&mut self, tone: char) {
        if self.dialled.chars().count() == MOST_DIALLED {
            self.dialled.remove(0);
        }
        self.dialled.push(tone);
    }

    fn show(&mut self, sheet: Option<Sheet>) {
        if matches!(sheet, Some(Sheet::RecoveryKey | Sheet::SignIn)) {
            self.typing = Typing::default();
        }
        self.sheet = sheet;
        self.page = 0;
    }

    /// Leaves what the room no longer has: another call begins with nothing open, a password is
    /// forgotten once it was given, nobody stays with a participant who left.
    pub fn follow(&mut self, room: &Room) {
        let call = room.phase().call();
        if call != self.call {
            *self = Self {
                call,
                ..Self::default()
            };
        }
        let asks = asks_for_password(room.phase())
            || self.sheet == Some(Sheet::RecoveryKey)
            || (self.sheet == Some(Sheet::SignIn) && room.sign_in() == Some(&SignIn::Digits));
        if !asks {
            self.typing = Typing::default();
        }
        while let Some(sheet) = self.sheet.take_if(|sheet| !exists(sheet, room)) {
            self.show(instead(&sheet));
        }
    }
}

fn asks_for_password(phase: &Phase) -> bool {
    matches!(phase, Phase::Joining(joining)
        if matches!(joining.obstacle, Some(Obstacle::Password { .. })))
}

fn exists(sheet: &Sheet, room: &Room) -> bool {
    if *sheet == Sheet::RecoveryKey {
        return *room.phase() == Phase::Home && room.wants_recovery_key().is_some();
    }
    if *sheet == Sheet::SignIn {
        return *room.phase() == Phase::Home && room.sign_in().is_some();
    }
    let has_it = match sheet {
        Sheet::Camera | Sheet::SavePosition => room.camera().is_some_and(|c| c.moves.any()),
        Sheet::Cameras => room.cameras().count() > 1,
        Sheet::Laptop => room.door().is_some(),
        _ => true,
    };
    let call = room.phase().in_call();
    has_it && call.is_some_and(|call| is_in(sheet, call))
}

fn is_in(sheet: &Sheet, call: &InCall) -> bool {
    let moderator = call.state.role == Role::Moderator;
    match sheet {
        Sheet::More | Sheet::People | Sheet::Arrangement | Sheet::Sound | Sheet::Chat => true,
        Sheet::Person(id) | Sheet::Remove(id) => {
            moderator && call.participants.iter().any(|p| p.id == *id)
        }
        Sheet::Polls => !call.state.polls.is_empty(),
        Sheet::Keypad => call.state.dial_in,
        Sheet::Camera | Sheet::SavePosition | Sheet::Cameras | Sheet::Laptop => true,
        Sheet::EndForAll => moderator,
        Sheet::RecoveryKey | Sheet::SignIn => false,
    }
}

fn instead(sheet: &Sheet) -> Option<Sheet> {
    matches!(sheet, Sheet::Person(_) | Sheet::Remove(_)).then_some(Sheet::People)
}
