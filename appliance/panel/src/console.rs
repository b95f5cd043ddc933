//! How people work the panel: by finger, keyboard, one switch, or ear. One state machine for all of them, with time
//! as an argument.

mod holding;

use std::time::Duration;

use saal_core::{Intent, Phase, PhoneAction, Room, SettingsAction};
use saal_fleet_protocol::config::Language;
use saal_hal::{Key, KeyName, KeyPhase, Touch, TouchPhase};
use serde::Serialize;

pub use holding::HOLD;
use holding::Hold;

use crate::{
    Comfort, Element, LanguageFile, Layout, Navigation, Role, Sheet, Step, TouchTracker, Touched,
    Utterance, View,
    explorer::{Explorer, Gesture},
    focus::{Way, go, stops, way_back},
    language::words_of,
    navigation::Key as Typed,
    phone_keys::{self, Hook},
    speaker::Speaker,
    view::rooms_own,
};

/// After so long without anybody, a room in no meeting is as it is configured again.
const FORGETS: Duration = Duration::from_secs(5 * 60);
/// So long before, the panel says so; any touch or key keeps what people chose.
const SAYS_SO: Duration = Duration::from_secs(60);

/// How people stand to the panel.
#[derive(Clone, Debug, Default)]
pub struct Console {
    navigation: Navigation,
    touches: TouchTracker,
    explorer: Explorer,
    speaker: Speaker,
    /// As the room is now: chosen, or configured.
    comfort: Comfort,
    language: Language,
    at_home: bool,
    hold: Option<Hold>,
    /// What a telephone's hook means now.
    hook: Hook,
    /// When scanning goes on.
    scan_at: Option<Duration>,
    last_input: Duration,
}

/// A finger that feels over the spoken panel.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Explored {
    /// Pixels from the left.
    pub x: i32,
    /// Pixels from the top.
    pub y: i32,
    /// What is below it, by [`Element::id`].
    pub element: Option<String>,
}

/// What a finger, key or moment led to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Worked {
    /// What the person wants of the room.
    pub intent: Option<Intent>,
    /// Something looks another way: draw again.
    pub redraw: bool,
}

impl Worked {
    const REDRAW: Self = Self {
        intent: None,
        redraw: true,
    };
}

impl Console {
    /// Where people are on the panel.
    #[must_use]
    pub fn navigation(&self) -> &Navigation {
        &self.navigation
    }

    /// Where a finger explores now; `None` where there is no finger, or it has not rested yet, or the panel does not speak.
    #[must_use]
    pub fn explored(&self, layout: &Layout) -> Option<Explored> {
        let (x, y) = self.explorer.explores().filter(|_| self.comfort.spoken)?;
        let element = layout.under(x, y).map(|element| element.id.clone());
        Some(Explored { x, y, element })
    }

    /// The element to highlight.
    #[must_use]
    pub fn pressed(&self) -> Option<&str> {
        self.touches.pressed()
    }

    /// People had chosen this before the daemon started.
    pub fn remember(&mut self, comfort: Comfort) {
        self.navigation.prefer(Some(comfort));
    }

    /// Speaks and writes in these words, or in the room's language.
    pub fn use_words(&mut self, file: Option<LanguageFile>) {
        self.navigation.use_words(file);
    }

    /// What to say next.
    pub fn next_utterance(&mut self) -> Option<Utterance> {
        self.speaker.poll()
    }

    /// Leaves what the room no longer has, and takes over how it is configured.
    pub fn follow(&mut self, room: &Room, now: Duration) {
        self.navigation.follow(room);
        self.hook = Hook::of(room);
        let home = matches!(room.phase(), Phase::Home);
        if home && !self.at_home {
            self.last_input = now;
        }
        self.at_home = home;
        self.language = room.config().map(|c| c.room.language).unwrap_or_default();
        self.adopt(
            self.navigation.comfort().unwrap_or_else(|| rooms_own(room)),
            now,
        );
    }

    fn adopt(&mut self, comfort: Comfort, now: Duration) {
        if comfort.spoken != self.comfort.spoken {
            let file = self.navigation.file().cloned();
            let words = words_of(self.language, file.as_ref());
            self.speaker.turned(words, comfort.spoken);
            self.touches = TouchTracker::default();
            self.explorer = Explorer::default();
        }
        if comfort.scan != self.comfort.scan {
            self.scan_at = comfort.scan.get().map(|period| now + period);
            if self.scan_at.is_none() {
                self.navigation.set_focus(None);
            }
        }
        self.comfort = comfort;
    }

    /// A finger on what the panel shows now.
    pub fn touch(&mut self, layout: &Layout, touch: Touch, now: Duration) -> Worked {
        let warned = self.input(now);
        self.hold_by_touch(layout, touch, now);
        let mut worked = Worked::default();
        if self.comfort.spoken {
            if let Some(gesture) = self.explorer.touch(touch, now) {
                worked = self.gesture(layout, gesture, now);
            }
        } else {
            let touched = self.touches.touch(layout, touch);
            let hidden = touch.phase == TouchPhase::Down
                && self.comfort.scan.get().is_none()
                && self.navigation.focus().is_some();
            if hidden {
                self.navigation.set_focus(None);
            }
            worked.redraw |= hidden;
            worked = self.touched(touched, worked, now);
        }
        worked.redraw |= warned;
        worked
    }

    fn touched(&mut self, touched: Touched, before: Worked, now: Duration) -> Worked {
        if let Some(step) = touched.step {
            self.step(step, now);
        }
        Worked {
            intent: touched.intent,
            redraw: before.redraw || touched.redraw,
        }
    }

    /// Somebody is there.
    fn input(&mut self, now: Duration) -> bool {
        self.last_input = now;
        self.navigation.warn(false)
    }

    fn gesture(&mut self, layout: &Layout, gesture: Gesture, now: Duration) -> Worked {
        match gesture {
            Gesture::At(x, y) | Gesture::Over(x, y) => {
                let known = self.navigation.focus().map(str::to_owned);
                let found = layout.under(x, y);
                let moved = |e: &&Element| known.as_deref() != Some(e.id.as_str());
                let heard = matches!(gesture, Gesture::At(..));
                let found = found.filter(|e| heard || moved(e));
                found.map_or_else(Worked::default, |element| self.go_to(element))
            }
            Gesture::Next => self.walk(layout, Way::Next, true),
            Gesture::Previous => self.walk(layout, Way::Previous, true),
            Gesture::Do => self.act_on_focus(layout, now),
        }
    }

    fn go_to(&mut self, element: &Element) -> Worked {
        self.navigation.set_focus(Some(element.id.clone()));
        if self.comfort.spoken {
            self.say(element);
        }
        Worked::REDRAW
    }

    fn say(&mut self, element: &Element) {
        let file = self.navigation.file().cloned();
        let words = words_of(self.language, file.as_ref());
        self.speaker.at(words, element);
    }

    fn walk(&mut self, layout: &Layout, way: Way, reading: bool) -> Worked {
        let stops = stops(layout, reading);
        match go(&stops, self.navigation.focus(), way) {
            Some(element) => self.go_to(element),
            None => Worked::default(),
        }
    }

    fn act_on_focus(&mut self, layout: &Layout, now: Duration) -> Worked {
        let focused = self.navigation.focus().and_then(|id| layout.element(id));
        focused.map_or_else(Worked::default, |element| self.act(element, now))
    }

    /// Does what a touch on it does.
    fn act(&mut self, element: &Element, now: Duration) -> Worked {
        if !element.is_touchable() {
            if self.comfort.spoken {
                self.say(element);
            }
            return Worked::default();
        }
        if let Some(step) = element.step.clone() {
            self.step(step, now);
        }
        Worked {
            intent: element.intent.clone(),
            redraw: true,
        }
    }

    fn step(&mut self, step: Step, now: Duration) {
        if let (Step::Key(key), true) = (&step, self.comfort.spoken) {
            let shown = self.navigation.typing().shown;
            let file = self.navigation.file().cloned();
            let words = words_of(self.language, file.as_ref());
            self.speaker.typed(words, *key, shown);
        }
        let comfort = match &step {
            Step::Prefer(comfort) => *comfort,
            _ => None,
        };
        self.navigation.take(step);
        if let Some(comfort) = comfort {
            self.adopt(comfort, now);
        }
    }

    /// A key, of a keyboard or a switch.
    pub fn key(&mut self, layout: &Layout, key: Key, now: Duration) -> Worked {
        let warned = self.input(now);
        let mut worked = match key.phase {
            KeyPhase::Up => {
                self.hold.take_if(|hold| hold.by_key);
                Worked::default()
            }
            phase => {
                let first = phase == KeyPhase::Down;
                match phone_keys::meaning(key.key, &self.hook, first) {
                    Some(intent) => Worked {
                        intent,
                        redraw: false,
                    },
                    None => self.pressed_key(layout, key, phase, now),
                }
            }
        };
        worked.redraw |= warned;
        worked
    }

    fn pressed_key(&mut self, layout: &Layout, key: Key, phase: KeyPhase, now: Duration) -> Worked {
        let first = phase == KeyPhase::Down;
        let speech = key.modifiers.ctrl
            && key.modifiers.alt
            && matches!(key.key, KeyName::Character('s' | 'S'));
        if speech {
            self.hold_by_key(now);
            return Worked::default();
        }
        if key.modifiers.command() {
            return Worked::default();
        }
        if let Some(period) = self.comfort.scan.get() {
            self.scan_at = Some(now + period);
        }
        let spoken = self.comfort.spoken;
        match key.key {
            KeyName::Tab if key.modifiers.shift => self.walk(layout, Way::Previous, false),
            KeyName::Tab => self.walk(layout, Way::Next, false),
            KeyName::Home => self.walk(layout, Way::First, spoken),
            KeyName::End => self.walk(layout, Way::Last, spoken),
            // Who listens reads on; who looks goes where it is.
            KeyName::ArrowRight | KeyName::ArrowDown if spoken => {
                self.walk(layout, Way::Next, true)
            }
            KeyName::ArrowLeft | KeyName::ArrowUp if spoken => {
                self.walk(layout, Way::Previous, true)
            }
            KeyName::ArrowLeft => self.walk(layout, Way::Left, false),
            KeyName::ArrowRight => self.walk(layout, Way::Right, false),
            KeyName::ArrowUp => self.walk(layout, Way::Up, false),
            KeyName::ArrowDown => self.walk(layout, Way::Down, false),
            KeyName::PageUp => self.turn(layout, now, |page| page.checked_sub(1)),
            KeyName::PageDown => self.turn(layout, now, |page| Some(page + 1)),
            KeyName::Escape if first => self.back(layout, now),
            KeyName::Enter if first => self.enter(layout, now),
            KeyName::Function(_) if first && self.comfort.scan.get().is_some() => {
                self.act_on_focus(layout, now)
            }
            KeyName::Backspace => self.type_into(layout, Typed::Erase, now),
            KeyName::Character(' ') if self.navigation.focus().is_some() => {
                if first {
                    self.act_on_focus(layout, now)
                } else {
                    Worked::default()
                }
            }
            KeyName::Character(c) => self.character(layout, c, now),
            // Those for calls were taken before.
            _ => Worked::default(),
        }
    }

    /// To another page, if there is a button that leads there.
    fn turn(
        &mut self,
        layout: &Layout,
        now: Duration,
        to: impl Fn(usize) -> Option<usize>,
    ) -> Worked {
        let wanted = to(self.navigation.page()).map(Step::Turn);
        let leads = |e: &&Element| e.is_touchable() && e.step.is_some() && e.step == wanted;
        let button = layout.elements().iter().find(leads);
        button.map_or_else(Worked::default, |button| self.act(button, now))
    }

    fn back(&mut self, layout: &Layout, now: Duration) -> Worked {
        if let Some(back) = way_back(layout) {
            return self.act(back, now);
        }
        // It stands on the first page of a screen that is turned.
        if self.navigation.page() > 0 {
            self.navigation.take(Step::Turn(0));
            return Worked::REDRAW;
        }
        // Or below what else stands on that page.
        if self.navigation.sheet().is_some() {
            self.navigation.take(Step::Close);
            return Worked::REDRAW;
        }
        Worked::default()
    }

    /// What is focused; without focus, what was typed is given.
    fn enter(&mut self, layout: &Layout, now: Duration) -> Worked {
        if self.navigation.focus().is_some() {
            return self.act_on_focus(layout, now);
        }
        let enter = layout.element("enter").filter(|e| e.is_touchable());
        enter.map_or_else(Worked::default, |enter| self.act(enter, now))
    }

    fn character(&mut self, layout: &Layout, c: char, now: Duration) -> Worked {
        if let Some(tone) = layout.element(&format!("tone:{c}")) {
            return self.act(tone, now);
        }
        let key = Typed::Type(c);
        let field = layout.elements().iter().find(|e| e.role == Role::TextBox);
        let takes_all = field.is_some_and(|field| field.id == "password");
        let has_key = || {
            let types = |e: &Element| e.is_touchable() && e.step == Some(Step::Key(key));
            layout.elements().iter().any(types)
        };
        if takes_all || (field.is_some() && has_key()) {
            return self.type_into(layout, key, now);
        }
        Worked::default()
    }

    fn type_into(&mut self, layout: &Layout, key: Typed, now: Duration) -> Worked {
        let field = layout.elements().iter().any(|e| e.role == Role::TextBox);
        if !field {
            return Worked::default();
        }
        self.step(Step::Key(key), now);
        Worked::REDRAW
    }

    /// When [`Self::tick`] has something to do, whether anybody touches the panel or not.
    #[must_use]
    pub fn deadline(&self) -> Option<Duration> {
        let hold = self.hold.as_ref().map(|hold| hold.since + HOLD);
        let explorer = self
            .comfort
            .spoken
            .then(|| self.explorer.deadline())
            .flatten();
        [hold, explorer, self.scan_at, self.forgets_at()]
            .into_iter()
            .flatten()
            .min()
    }

    /// When the panel says that what people chose is about to be forgotten, or forgets it.
    fn forgets_at(&self) -> Option<Duration> {
        let something = self.navigation.comfort().is_some() || self.navigation.is_in_settings();
        (self.at_home && something).then(|| {
            let rest = if self.navigation.is_warned() {
                FORGETS
            } else {
                FORGETS - SAYS_SO
            };
            self.last_input + rest
        })
    }

    /// Time passed.
    pub fn tick(&mut self, layout: &Layout, now: Duration) -> Worked {
        let mut worked = Worked::default();
        if let Some(done) = self.held_long(now) {
            worked = done;
        }
        if let Some(gesture) = self.explorer.tick(now) {
            worked = self.gesture(layout, gesture, now);
        }
        if self.scan_at.is_some_and(|at| at <= now) {
            self.scan_at = self.comfort.scan.get().map(|period| now + period);
            worked.redraw |= self.walk(layout, Way::Next, false).redraw;
        }
        if self.forgets_at().is_some_and(|at| at <= now) {
            if self.navigation.is_warned() {
                self.navigation.take(Step::Prefer(None));
                if self.navigation.is_in_settings() {
                    self.navigation.take(Step::Close);
                }
                self.navigation.warn(false);
            } else {
                self.navigation.warn(true);
            }
            worked.redraw = true;
        }
        worked
    }

    /// What people left by whatever way, and nobody may find: settings are locked, and a code for phones is good no more.
    #[must_use]
    pub fn left(&self, room: &Room) -> Option<Intent> {
        let at_home = *room.phase() == Phase::Home;
        let by_phone = self.navigation.sheet() == Some(&Sheet::LinkByPhone);
        if room.settings_are_open() && !self.navigation.is_in_settings() {
            return Some(Intent::Settings(SettingsAction::Lock));
        }
        let left = at_home && room.phone_door().is_some() && !by_phone;
        left.then_some(Intent::Phone(PhoneAction::Dismiss))
    }

    /// This is on the panel now: tells what changed to who listens. Says whether it has to be laid out again, because
    /// what a keyboard or switch was at is gone.
    pub fn shown(&mut self, view: &View, layout: &Layout) -> bool {
        let gone = self
            .navigation
            .focus()
            .is_some_and(|id| layout.element(id).is_none());
        if gone {
            let first = if self.comfort.spoken {
                None
            } else {
                stops(layout, false).first().map(|e| e.id.clone())
            };
            self.navigation.set_focus(first);
        }
        if self.comfort.spoken {
            self.speaker.shown(view, layout);
        }
        gone
    }
}
