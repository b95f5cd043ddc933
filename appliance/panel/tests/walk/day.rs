//! A room, its panel, people and the world.

use std::{
    cell::RefCell,
    collections::{BTreeMap, BTreeSet, VecDeque},
    fmt,
    hash::{DefaultHasher, Hash, Hasher},
    time::Duration,
};

use jiff::SignedDuration;
use saal_core::{Effect, EngineEvent, Event, Muted, Now, Phase, Room};
use saal_fleet_protocol::config::Theme;
use saal_hal::{Key, KeyName, Touch, TouchPhase};
use saal_media_protocol::{MediaCommand, MediaEvent, MediaStats, SourceKind};
use saal_meeting::{
    AccountAction, AccountState, CallEvent, CallId, EndReason, MeetingCommand, Secret, Verification,
};
use saal_panel::{Console, Element, Layout, Renderer, Role, Screen, View, Worked};

use crate::{
    Step,
    examples::pages,
    happenings::{self, Dice},
    places, rules, scenes,
    ways::{Thing, Ways},
};

thread_local! {
    /// Reading the fonts takes longer than drawing.
    static RENDERER: RefCell<Renderer> = RefCell::new(Renderer::new());
}

/// What people came to, over all days.
#[derive(Default)]
pub(crate) struct Seen {
    places: BTreeSet<&'static str>,
    /// What people learned by touching.
    ways: Ways,
    /// Views whose pixels were looked at.
    drawn: BTreeSet<u64>,
    /// Promises that were not kept, and when that was seen first.
    pub(crate) broken: BTreeMap<String, String>,
    steps: usize,
}

impl fmt::Display for Seen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (steps, places, drawn) = (self.steps, self.places.len(), self.drawn.len());
        write!(
            f,
            "{steps} steps, {places} places, {drawn} pictures: {:?}",
            self.places
        )
    }
}

impl Seen {
    /// Where nobody came to.
    pub(crate) fn missing(&self) -> Vec<&'static str> {
        let there = |place: &&str| self.places.contains(*place);
        places::all().filter(|place| !there(place)).collect()
    }
}

/// What the services know from the room's effects alone.
#[derive(Default)]
struct World {
    /// The call that the meeting service is in.
    open: Option<CallId>,
    engine_muted: Muted,
    engine_runs: bool,
}

/// What leads out of meetings, or into none: others touch it, and it happens by itself.
const ENDS: [&str; 6] = [
    "leave",
    "cancel",
    "decline",
    "close-verification",
    "scan-denied",
    "spoken",
];

pub(crate) struct Day<'a> {
    seen: &'a RefCell<Seen>,
    room: Room,
    console: Console,
    now: Now,
    world: World,
    /// What the world answers before anything else happens.
    answers: VecDeque<Event>,
    /// What it answers a moment later.
    soon: VecDeque<Event>,
    view: View,
    layout: Layout,
    broken: Option<String>,
}

/// How somebody tries something.
#[derive(Clone, Copy)]
enum Act {
    Touch((i32, i32)),
    Fill,
    /// Until something happens that nobody here has done.
    Wait,
}

impl<'a> Day<'a> {
    pub(crate) fn begin(seen: &'a RefCell<Seen>) -> Self {
        let now = Now {
            wall: scenes::NOW.parse().unwrap(),
            mono: Duration::from_secs(1),
        };
        let room = Room::new();
        let view = View::of(&room, now, Console::default().navigation());
        let layout = lay_out(&view, None);
        let mut day = Self {
            seen,
            room,
            console: Console::default(),
            now,
            world: World::default(),
            answers: VecDeque::new(),
            soon: VecDeque::new(),
            view,
            layout,
            broken: None,
        };
        day.note();
        let mut dice = Dice(7);
        day.tell(Event::CalendarWritable(true));
        day.tell(happenings::config(&mut dice));
        day.tell(happenings::meetings(&mut dice));
        day.tell(Event::Media(MediaEvent::Devices(happenings::devices())));
        day.tell(Event::Media(happenings::camera_that_moves()));
        day.tell(Event::SettingsPin(Some(Secret::new("1"))));
        day.draw();
        day
    }

    pub(crate) fn take(&mut self, step: Step) {
        self.seen.borrow_mut().steps += 1;
        for event in std::mem::take(&mut self.soon) {
            self.tell(event);
            self.draw();
        }
        match step {
            Step::Touch(which) => self.touch_one(which),
            Step::Explore => self.try_what_is_new(),
            Step::Fill => {
                self.fill();
            }
            Step::Key(key) => self.key(key),
            Step::Wait(time) => self.wait(time),
            Step::Happens(number) => self.happens(&mut Dice(number)),
            Step::Home => self.go_home(),
        }
    }

    fn happens(&mut self, dice: &mut Dice) {
        let waited = self.waiting();
        let call = self.world.open;
        let event = match call {
            Some(call) if dice.below(5) > 0 => Event::Call(call, happenings::in_call(dice)),
            _ => happenings::around(dice),
        };
        self.tell(event);
        self.draw();
        self.learn(&waited);
    }

    fn touch_one(&mut self, which: usize) {
        let elements = self.layout.elements().iter();
        let touchable: Vec<&Element> = elements.filter(|e| e.is_touchable()).collect();
        if let Some(element) = touchable.get(which % touchable.len().max(1)) {
            let at = element.rect.middle();
            self.touch(at);
        }
    }

    /// Somebody tries what people tried least so far, here or on the way to it.
    fn try_what_is_new(&mut self) {
        let things = self.things();
        let mut seen = self.seen.borrow_mut();
        let Some(chosen) = seen.ways.least_tried(things.iter().map(|(thing, _)| thing)) else {
            return;
        };
        let (number, thing) = (seen.steps, &things[chosen].0);
        drop(seen);
        // Any of those that are alike.
        let alike = things.iter().filter(|(other, _)| other == thing);
        let alike: Vec<Act> = alike.map(|(_, act)| *act).collect();
        match alike[number % alike.len()] {
            Act::Touch(at) => self.touch(at),
            Act::Fill => {
                self.fill();
            }
            Act::Wait => return self.happens(&mut Dice(number as u64)),
        }
        self.learn(thing);
    }

    /// What there is to try now came of what they tried.
    fn learn(&self, tried: &Thing) {
        let things = self.things();
        let after = things.iter().map(|(thing, _)| thing);
        self.seen.borrow_mut().ways.learn(tried, after);
    }

    /// What people may try here: what can be touched, to type where something is asked for, and to wait for what comes.
    fn things(&self) -> Vec<(Thing, Act)> {
        let place = places::screen_and_sheet(&self.view);
        // Once they know what ends something, they stay.
        let ends = |e: &Element| ENDS.contains(&e.id.as_str());
        let elements = self.layout.elements().iter();
        let touchable = elements.filter(|e| e.is_touchable() && !ends(e));
        let touches = touchable.map(|e| {
            let (kind, _) = e.id.split_once(':').unwrap_or((&e.id, ""));
            // What asks first whether people know what it does is another thing once they said so.
            let at_once = if e.intent.is_some() { " at once" } else { "" };
            let kind = format!("{kind}{at_once}");
            (Thing { place, kind }, Act::Touch(e.rect.middle()))
        });
        let kind = "type".to_owned();
        let fill = self.asks().then_some((Thing { place, kind }, Act::Fill));
        let wait = (self.waiting(), Act::Wait);
        touches.chain(fill).chain([wait]).collect()
    }

    fn waiting(&self) -> Thing {
        Thing {
            place: places::screen_and_sheet(&self.view),
            kind: "wait".to_owned(),
        }
    }

    fn asks(&self) -> bool {
        self.layout
            .elements()
            .iter()
            .any(|e| e.role == Role::TextBox)
    }

    /// The PIN is one digit, and what is asked for in meetings may be anything.
    fn fill(&mut self) -> bool {
        const MOST: usize = 6;
        let there = self.asks();
        if there {
            for _ in 0..MOST {
                self.key(KeyName::Backspace);
            }
            self.key(KeyName::Character('1'));
            // The key would do what the focus is at.
            let enter = self.layout.element("enter").filter(|e| e.is_touchable());
            if let Some(at) = enter.map(|e| e.rect.middle()) {
                self.touch(at);
            }
        }
        there
    }

    /// A finger comes down and goes up; where the panel speaks it explores first and then taps twice.
    fn touch(&mut self, (x, y): (i32, i32)) {
        let spoken = self.view.comfort.spoken;
        if spoken {
            self.finger(x, y, TouchPhase::Down);
            self.wait(Duration::from_millis(200));
            self.finger(x, y, TouchPhase::Up);
            self.wait(Duration::from_secs(1));
        }
        for _ in 0..if spoken { 2 } else { 1 } {
            self.finger(x, y, TouchPhase::Down);
            self.finger(x, y, TouchPhase::Up);
        }
    }

    fn finger(&mut self, x: i32, y: i32, phase: TouchPhase) {
        let touch = Touch { x, y, phase };
        let worked = self.console.touch(&self.layout, touch, self.now.mono);
        self.worked(worked);
    }

    fn key(&mut self, name: KeyName) {
        let down = Key::down(name);
        for key in [down, down.up()] {
            let worked = self.console.key(&self.layout, key, self.now.mono);
            self.worked(worked);
        }
    }

    fn worked(&mut self, worked: Worked) {
        if let Some(intent) = worked.intent {
            self.tell(Event::Intent(intent));
        }
        self.draw();
    }

    /// Nothing is late: the room and the panel are told of each moment that they wait for.
    fn wait(&mut self, time: Duration) {
        let end = self.now.mono + time;
        loop {
            let room = self.room.next_deadline(self.now);
            let panel = self.console.deadline();
            let due = panel.map_or(room, |panel| panel.min(room));
            if due > end {
                break;
            }
            self.turn(due.saturating_sub(self.now.mono));
            if self.world.engine_runs {
                self.tell(Event::Media(MediaEvent::Stats(MediaStats::default())));
            }
            if room <= self.now.mono {
                self.tell(Event::Deadline);
            }
            if panel.is_some_and(|panel| panel <= self.now.mono) {
                let worked = self.console.tick(&self.layout, self.now.mono);
                self.worked(worked);
            }
        }
        self.turn(end.saturating_sub(self.now.mono));
        self.draw();
    }

    fn turn(&mut self, by: Duration) {
        self.now.mono += by;
        let by = SignedDuration::try_from(by).unwrap();
        self.now.wall = self.now.wall.checked_add(by).unwrap();
    }

    fn tell(&mut self, event: Event) {
        self.answers.push_back(event);
        while let Some(event) = self.answers.pop_front() {
            if let Event::Call(call, CallEvent::Ended(_)) = &event
                && self.world.open == Some(*call)
            {
                self.world.open = None;
            }
            // The room does not wait for a service for ever.
            let gives_up = event == Event::Deadline;
            self.room.handle(self.now, event);
            while let Some(effect) = self.room.poll_effect() {
                self.follow(&effect, gives_up);
            }
            if *self.room.phase() == Phase::Home {
                self.world.open = None;
            }
        }
    }

    fn follow(&mut self, effect: &Effect, gives_up: bool) {
        match effect {
            Effect::Meeting(MeetingCommand::Join { call, .. }) => {
                if self.world.open.is_some() && !gives_up {
                    self.broken = Some("a second call beside the first".to_owned());
                }
                self.world.open = Some(*call);
            }
            Effect::StartEngine => {
                (self.world.engine_runs, self.world.engine_muted) = (true, Muted::default());
                self.answers.push_back(Event::Engine(EngineEvent::Ready));
            }
            Effect::Media(MediaCommand::SetMuted { source, muted }) => match source {
                SourceKind::Microphone => self.world.engine_muted.microphone = *muted,
                _ => self.world.engine_muted.camera = *muted,
            },
            // A computer that does not go down, so that the day goes on.
            Effect::AskSystem(request) => {
                let (request, reason) = (*request, "busy".to_owned());
                self.soon
                    .push_back(Event::SystemRefused { request, reason });
            }
            Effect::LookAtSystem => self.answers.push_back(happenings::system()),
            Effect::StartAccount => {
                let user = "@lahn:example.org".to_owned();
                let online = AccountState::Online { user };
                self.answers.push_back(Event::Account(online));
            }
            Effect::Meeting(MeetingCommand::Account(AccountAction::CloseVerification)) => {
                self.answers.push_back(Event::Verification(None));
            }
            Effect::Meeting(MeetingCommand::Account(
                AccountAction::Compared { same: verified }
                | AccountAction::Scanned {
                    confirmed: verified,
                },
            )) => {
                let over = Verification::Over {
                    verified: *verified,
                };
                self.answers.push_back(Event::Verification(Some(over)));
            }
            Effect::InvitePhones => self.answers.push_back(happenings::phone_ticket()),
            Effect::OpenDoor => self.answers.push_back(happenings::invitation()),
            _ => {}
        }
    }

    /// As the daemon does.
    fn draw(&mut self) {
        self.console.follow(&self.room, self.now.mono);
        self.look();
        if self.console.shown(&self.view, &self.layout) {
            self.look();
        }
        while self.console.next_utterance().is_some() {}
    }

    fn look(&mut self) {
        self.view = View::of(&self.room, self.now, self.console.navigation());
        self.layout = lay_out(&self.view, self.console.pressed());
    }

    /// Back, and out of whatever the room is in; nobody has to know more than that.
    fn go_home(&mut self) {
        for _ in 0..40 {
            let home = matches!(self.view.screen, Screen::Home { .. } | Screen::Starting);
            if home && self.console.navigation().sheet().is_none() {
                return;
            }
            if let (Phase::Leaving(_), Some(call)) = (self.room.phase(), self.world.open) {
                self.tell(Event::Call(call, CallEvent::Ended(EndReason::Left)));
                self.draw();
                continue;
            }
            let before = self.view.clone();
            self.key(KeyName::Escape);
            if self.view == before {
                self.touch_the_way_out();
            }
        }
        self.broken = Some("nothing leads home".to_owned());
    }

    fn touch_the_way_out(&mut self) {
        const OUT: [&str; 5] = [
            "leave",
            "decline",
            "close-verification",
            "scan-denied",
            "emoji-differ",
        ];
        const MOST_PAGES: usize = 12;
        for _ in 0..MOST_PAGES {
            let out = OUT.iter().find_map(|id| self.layout.element(id));
            let next = || self.layout.element("screen-behind");
            let usable = |e: &&Element| e.is_touchable();
            let Some(element) = out.filter(usable).or_else(next).filter(usable) else {
                return;
            };
            let (found, at) = (out.is_some(), element.rect.middle());
            self.touch(at);
            if found {
                return;
            }
        }
    }

    /// People have been here.
    fn note(&mut self) {
        self.seen.borrow_mut().places.extend(places::of(&self.view));
    }

    /// What has to hold now; an error in words where it does not.
    pub(crate) fn check(&mut self) -> Result<(), String> {
        self.note();
        let mut found: Vec<String> = self.broken.take().into_iter().collect();
        found.extend(self.silence());
        found.extend(rules::fit(&self.view, &self.layout));
        found.extend(rules::touchable(&self.layout));
        found.extend(self.way_out());
        found.extend(self.back());
        found.extend(self.pixels());
        if found.is_empty() {
            return Ok(());
        }
        let (view, sheet) = (&self.view, self.view.navigation.sheet());
        let what = found.join("; ");
        Err(format!(
            "{what}\non {} with {sheet:?}, {}x{}, {:?}, {:?}",
            name_of(&view.screen),
            view.width,
            view.height,
            view.language,
            view.comfort,
        ))
    }

    /// What people muted is not sent, and the panel says so.
    fn silence(&self) -> Option<String> {
        let phase = self.room.phase();
        let muted = self.room.muted();
        let at_work = phase.call().is_some() && !matches!(phase, Phase::Leaving(_));
        if at_work && self.world.engine_runs && self.world.engine_muted != muted {
            return Some(format!(
                "{muted:?}, but {:?} is sent",
                self.world.engine_muted
            ));
        }
        let says = |id, muted: bool| {
            let switch = self.layout.element(id)?.state.pressed?;
            (switch == muted).then(|| format!("the switch {id} says {switch}"))
        };
        says("microphone", muted.microphone).or_else(|| says("camera", muted.camera))
    }

    fn way_out(&self) -> Option<String> {
        let nowhere = matches!(
            self.view.screen,
            Screen::Starting | Screen::Leaving { .. } | Screen::GoingDown(_)
        );
        let out = |layout: &Layout| layout.elements().iter().any(rules::leads_out);
        if nowhere || out(&self.layout) {
            return None;
        }
        let all = RENDERER.with_borrow_mut(|renderer| pages(renderer, &self.view));
        (!all.iter().any(out)).then(|| "no way out".to_owned())
    }

    /// Whoever goes back again and again from something that lies over the screen has nothing over it any more.
    fn back(&self) -> Option<String> {
        // Whoever rings or asks goes before what was open.
        let covered = match &self.view.screen {
            Screen::Home { .. } => false,
            Screen::Call(call) => call.meeting.consent_asked,
            _ => true,
        };
        if covered {
            return None;
        }
        let mut console = self.console.clone();
        let mut layout = self.layout.clone();
        for _ in 0..8 {
            console.navigation().sheet()?;
            let key = Key::down(KeyName::Escape);
            let worked = console.key(&layout, key, self.now.mono);
            if worked.intent.is_some() {
                return None;
            }
            console.follow(&self.room, self.now.mono);
            let view = View::of(&self.room, self.now, console.navigation());
            layout = lay_out(&view, None);
        }
        Some(format!(
            "back does not lead out of {:?}",
            console.navigation().sheet()
        ))
    }

    /// Contrast, from the pixels of what was not drawn before in this theme.
    fn pixels(&self) -> Vec<String> {
        let mut hasher = DefaultHasher::new();
        let comfort = self.view.comfort;
        format!("{:?}{}", comfort.theme, comfort.scale.get()).hash(&mut hasher);
        for e in self.layout.elements() {
            (kind_of(&e.id), e.state.disabled, e.state.pressed).hash(&mut hasher);
        }
        if !self.seen.borrow_mut().drawn.insert(hasher.finish()) {
            return Vec::new();
        }
        let least = if comfort.theme == Theme::Contrast {
            7.0
        } else {
            4.5
        };
        RENDERER.with_borrow_mut(|renderer| {
            let drawn = rules::Drawn::of(renderer, &self.layout);
            rules::faint(&self.layout, &drawn, least)
        })
    }
}

fn lay_out(view: &View, pressed: Option<&str>) -> Layout {
    RENDERER.with_borrow_mut(|renderer| renderer.lay_out(view, pressed))
}

/// Without the number of one among many.
fn kind_of(id: &str) -> &str {
    id.trim_end_matches(|c: char| c.is_ascii_digit())
}

fn name_of(screen: &Screen) -> String {
    first_word(&format!("{screen:?}"))
}

fn first_word(of: &str) -> String {
    of.chars().take_while(|c| c.is_alphanumeric()).collect()
}
