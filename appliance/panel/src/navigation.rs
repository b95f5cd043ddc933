//! Where people are on the panel: what they opened, turned to and typed. The room knows nothing of
//! it; it is gone with the call.

mod existing;

use saal_core::{Obstacle, Phase, Room};
use saal_meeting::{CallId, MeetingId, RingId, Secret, SignIn};

use existing::{exists, instead};

use crate::{AboutPage, Comfort, LanguageFile, SettingsPage};

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
    /// How a phone becomes a second panel.
    Phone,
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
    /// How the panel looks and works for whoever is there.
    Access,
    /// Everything that is wrong, in full.
    Troubles,
    /// All meetings, while the room is in none.
    Day,
    /// For how long to book the room, while it is in no meeting.
    Book,
    /// How long this meeting has the room.
    Time(MeetingId),
    /// All places that this meeting's invitation names, while the room is in none.
    Ways(MeetingId),
    /// Meetings that are not in the room's day, while it is in none.
    Elsewhere,
    /// Typing where another meeting is, while the room is in none.
    TypeLink,
    /// A phone that says where to go, while the room is in no meeting.
    LinkByPhone,
    /// What whoever looks after the room sees and changes, while it is in no meeting.
    Settings(SettingsPage),
    /// What this room is and does, while it is in no meeting.
    About(AboutPage),
}

impl Sheet {
    /// Of use to a visitor with a phone: what is about the meeting, without what people type.
    pub(crate) fn is_for_visitors(&self) -> bool {
        match self {
            Self::More
            | Self::People
            | Self::Person(_)
            | Self::Remove(_)
            | Self::Chat
            | Self::Arrangement
            | Self::Sound
            | Self::Polls
            | Self::Keypad
            | Self::Camera
            | Self::Cameras
            | Self::EndForAll => true,
            Self::Laptop
            | Self::Phone
            | Self::SavePosition
            | Self::RecoveryKey
            | Self::SignIn
            | Self::Access
            | Self::Troubles
            | Self::Day
            | Self::Book
            | Self::Time(_)
            | Self::Elsewhere
            | Self::TypeLink
            | Self::LinkByPhone
            | Self::Settings(_)
            | Self::About(_)
            | Self::Ways(_) => false,
        }
    }

    /// Of use in the corridor.
    pub(crate) fn is_for_the_door(&self) -> bool {
        matches!(self, Self::Book | Self::Time(_))
    }

    /// Opens over the home screen too.
    fn is_at_home(&self) -> bool {
        matches!(
            self,
            Self::Access
                | Self::Troubles
                | Self::Day
                | Self::Book
                | Self::Elsewhere
                | Self::TypeLink
                | Self::LinkByPhone
                | Self::Settings(_)
                | Self::About(_)
                | Self::Time(_)
                | Self::Ways(_)
        )
    }
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
    /// People say that they know what they are about to lose, or take it back.
    Understand(bool),
    /// People want the panel like this; `None`: as the room is configured.
    Prefer(Option<Comfort>),
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

/// Longer passwords and links are typed by nobody; bounds what is drawn.
const MOST_TYPED: usize = 512;
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
    comfort: Option<Comfort>,
    focus: Option<String>,
    file: Option<LanguageFile>,
    /// What people chose is forgotten soon.
    warned: bool,
    /// People said that they know what they are about to lose.
    understood: bool,
    /// What the panel was about, so that another screen begins with its first page.
    about: Subject,
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

    /// How people want the panel; `None`: as the room is configured.
    #[must_use]
    pub fn comfort(&self) -> Option<Comfort> {
        self.comfort
    }

    /// What a keyboard or switch is at, by [`crate::Element::id`].
    #[must_use]
    pub fn focus(&self) -> Option<&str> {
        self.focus.as_deref()
    }

    /// People said that they know what they are about to lose.
    #[must_use]
    pub fn has_understood(&self) -> bool {
        self.understood
    }

    /// People are where nobody may find the panel open.
    #[must_use]
    pub fn is_in_settings(&self) -> bool {
        matches!(self.sheet, Some(Sheet::Settings(_)))
    }

    pub(crate) fn set_focus(&mut self, id: Option<String>) {
        self.focus = id;
    }

    /// What people chose is forgotten soon, because nobody is there any more.
    #[must_use]
    pub fn is_warned(&self) -> bool {
        self.warned
    }

    /// Says whether that is another state than before.
    pub(crate) fn warn(&mut self, warned: bool) -> bool {
        std::mem::replace(&mut self.warned, warned) != warned
    }

    /// The words that take the place of the room's language.
    #[must_use]
    pub fn file(&self) -> Option<&LanguageFile> {
        self.file.as_ref()
    }

    /// Speaks and writes in these words, or in the room's language.
    pub fn use_words(&mut self, file: Option<LanguageFile>) {
        self.file = file;
    }

    /// The same as somebody chose before, such as before the daemon started.
    pub fn prefer(&mut self, comfort: Option<Comfort>) {
        self.comfort = comfort;
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
            Step::Understand(understood) => self.understood = understood,
            Step::Prefer(comfort) => self.comfort = comfort,
        }
    }

    fn dial(&mut self, tone: char) {
        if self.dialled.chars().count() == MOST_DIALLED {
            self.dialled.remove(0);
        }
        self.dialled.push(tone);
    }

    fn show(&mut self, sheet: Option<Sheet>) {
        if matches!(
            sheet,
            Some(Sheet::RecoveryKey | Sheet::SignIn | Sheet::TypeLink | Sheet::Settings(_))
        ) {
            self.typing = Typing::default();
        }
        self.sheet = sheet;
        self.page = 0;
        self.understood = false;
    }

    /// Leaves what the room no longer has: another call begins with nothing open, a password is
    /// forgotten once it was given, nobody stays with a participant who left.
    pub fn follow(&mut self, room: &Room) {
        let call = room.phase().call();
        if call != self.call {
            // What people chose is theirs until they have left the meeting that they came for.
            let comfort = self
                .comfort
                .filter(|_| self.call.is_none() || call.is_some());
            *self = Self {
                call,
                comfort,
                file: self.file.take(),
                ..Self::default()
            };
        }
        let about = Subject::of(room);
        if about != self.about {
            (self.about, self.page) = (about, 0);
        }
        let asks = asks_for_password(room.phase())
            || matches!(
                self.sheet,
                Some(Sheet::RecoveryKey | Sheet::TypeLink | Sheet::Settings(SettingsPage::Start))
            )
            || (self.sheet == Some(Sheet::SignIn) && room.sign_in() == Some(&SignIn::Digits));
        if !asks {
            self.typing = Typing::default();
        }
        while let Some(sheet) = self.sheet.take_if(|sheet| !exists(sheet, room)) {
            self.show(instead(&sheet));
        }
    }
}

/// What the panel is about, without how it stands there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Subject {
    phase: &'static str,
    ring: Option<RingId>,
    verification: bool,
    door: bool,
    consent: bool,
    obstacle: Option<Obstacle>,
}

impl Subject {
    fn of(room: &Room) -> Self {
        let call = room.phase().in_call();
        Self {
            phase: room.phase().as_str(),
            ring: room.rings().first().map(|ring| ring.id.clone()),
            verification: room.verification().is_some(),
            door: room.door().is_some(),
            consent: call.is_some_and(|call| call.state.consent_asked),
            obstacle: match room.phase() {
                Phase::Joining(joining) => joining.obstacle,
                _ => None,
            },
        }
    }
}

fn asks_for_password(phase: &Phase) -> bool {
    matches!(phase, Phase::Joining(joining)
        if matches!(joining.obstacle, Some(Obstacle::Password { .. })))
}
