//! Trying the room before people need it: each morning, and some minutes before each meeting.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use jiff::{
    SignedDuration,
    civil::{Date, DateTime, Time},
};
use saal_fleet_protocol::config::{IdleMinutes, Readiness as ReadinessConfig};
use saal_media_protocol::{DeviceReport, DeviceUse, MediaCommand};
use saal_meeting::{CallId, Destination, MediaWay, Meeting, MeetingCommand, MeetingId, SocketWay};

use super::Room;
use crate::{
    Checkup, Effect, EngineState, Finding, Now, Part, Phase, Trouble, TroubleCode,
    readiness::{of_devices, of_sockets, of_way},
};

/// What is to blame where picture and sound find no way.
const DEEPER: [Part; 3] = [Part::Network, Part::Names, Part::Server];

/// What was found wrong is tried again so often, until the meeting begins.
const AGAIN: Duration = Duration::from_secs(120);
/// Whoever has not answered by then does not count.
const PATIENCE: Duration = Duration::from_secs(40);
/// People near a microphone are as loud as that (dB below full scale), a quiet room never.
const SPEECH: f64 = -40.0;
/// A microphone that heard people does so after a weekend too.
const HEARD_FOR: Duration = Duration::from_secs(3 * 24 * 3600);
/// A room that was off in the morning is tried by its first meeting.
const MORNING: SignedDuration = SignedDuration::from_mins(5);

/// What the room knows of its parts.
#[derive(Debug, Default)]
pub(super) struct Readiness {
    trials: u64,
    /// The trial that goes on, and when it is given up (monotonic).
    trial: Option<(u64, Duration)>,
    /// Under this number the meeting's service tries the way of picture and sound.
    way: Option<CallId>,
    /// Meetings that the room was tried for.
    tried_for: BTreeSet<MeetingId>,
    /// The day of the last trial in the morning.
    morning: Option<Date>,
    /// Camera and microphone are open to be tried, until then at the latest (monotonic).
    devices: Option<Duration>,
    /// Parts that are others since the trial began: what it finds of them is of no use.
    changed: BTreeSet<Part>,
    /// No chirp was played since microphone or loudspeaker are others.
    unheard: bool,
    /// What the last trials said.
    findings: BTreeMap<Part, Finding>,
    /// What is wrong.
    bad: BTreeSet<Part>,
    /// And when that is tried again (monotonic).
    again: Option<Duration>,
    /// By which microphone people were heard last, and when (monotonic).
    pub(super) heard: Option<(String, Duration)>,
    /// Until then other rooms are believed to be free (monotonic).
    pub(super) others_until: Option<Duration>,
}

impl Readiness {
    pub(super) fn findings(&self) -> &BTreeMap<Part, Finding> {
        &self.findings
    }

    /// A meeting has another name now.
    pub(super) fn rename(&mut self, from: &MeetingId, to: &MeetingId) {
        if self.tried_for.remove(from) {
            self.tried_for.insert(to.clone());
        }
    }

    /// The meeting is at another time: what was found for it is of no use then.
    pub(super) fn try_again_for(&mut self, meeting: &MeetingId) {
        self.tried_for.remove(meeting);
    }
}

impl Room {
    /// A trial goes on.
    pub(super) fn is_trying(&self) -> bool {
        self.readiness.trial.is_some() || self.tries_devices()
    }

    /// Camera and microphone are open to be tried.
    pub(super) fn tries_devices(&self) -> bool {
        self.readiness.devices.is_some()
    }

    /// Somebody wants to know now.
    pub(super) fn try_now(&mut self, now: Now) {
        let able = self.engine.state() == EngineState::Ready && self.phase == Phase::Home;
        if able && !self.is_trying() {
            let next = self.expected(now).cloned();
            self.try_room(now, next.map(|meeting| meeting.destination));
        }
    }

    fn readiness_config(&self) -> ReadinessConfig {
        let config = self.config.as_ref();
        config.map_or_else(ReadinessConfig::default, |c| c.readiness.clone())
    }

    /// From so long before a meeting the room is tried for it.
    pub(super) fn tried_ahead(&self) -> Duration {
        self.readiness_config().before_minutes.get()
    }

    /// What the clock on the wall shows.
    fn here(&self, now: Now) -> Option<DateTime> {
        let zone = self.config.as_ref()?.room.time_zone.zone();
        Some(zone.to_datetime(now.wall))
    }

    /// Looks whether the room is to be tried now.
    pub(super) fn follow_readiness(&mut self, now: Now) {
        let trial = self.readiness.trial;
        if trial.is_some_and(|(_, until)| until <= now.mono) {
            self.readiness.trial = None;
            self.effect(Effect::Redraw);
        }
        let given_up = |until: &mut Duration| *until <= now.mono;
        if self.readiness.devices.take_if(given_up).is_some() {
            self.effect(Effect::Redraw);
        }
        // In a call people see and hear what works; on the way in nothing may be in its way.
        let free = self.phase == Phase::Home && self.rings.is_empty() && !self.laptops.is_showing();
        let able = self.engine.state() == EngineState::Ready;
        if !able {
            self.end_way();
        }
        if !free || !able || self.readiness.trial.is_some() {
            return;
        }
        let next = self.expected(now).cloned();
        let tried = |next: &Meeting| self.readiness.tried_for.contains(&next.id);
        let new = next.as_ref().is_some_and(|next| !tried(next));
        let due = self.readiness.again.is_some_and(|at| at <= now.mono);
        let again = due && next.is_some();
        // People wait for what is found of the device that they chose while another was tried.
        let changed = !self.readiness.changed.is_empty() && !self.tries_devices();
        let morning = self.is_morning(now);
        if morning {
            self.readiness.morning = self.here(now).map(|here| here.date());
        }
        if new || morning || again || changed {
            let first = self.first_today(now).cloned().filter(|_| morning);
            if let Some(next) = &next {
                self.readiness.tried_for.insert(next.id.clone());
            }
            let coming = self.coming(now).cloned().filter(|_| changed);
            let place = next.or(first).or(coming);
            self.try_room(now, place.map(|meeting| meeting.destination));
        }
    }

    pub(super) fn readiness_deadline(&self, now: Now) -> Option<Duration> {
        let trial = self.readiness.trial.map(|(_, until)| until);
        let trial = trial.or(self.readiness.devices);
        trial.or(self.readiness.again).filter(|at| *at > now.mono)
    }

    /// The next meeting with a way in that begins soon.
    pub(super) fn expected(&self, now: Now) -> Option<&Meeting> {
        let ahead = SignedDuration::try_from(self.tried_ahead()).ok()?;
        let near = |meeting: &&Meeting| {
            let left = meeting.start.map(|start| start.duration_since(now.wall));
            let soon = left.is_some_and(|left| left.is_positive() && left <= ahead);
            soon && !matches!(meeting.destination, Destination::Nowhere { .. })
        };
        let all = self.meetings.iter().filter(near);
        all.min_by_key(|meeting| meeting.start)
    }

    /// What the day begins with: in the morning there is time to mend what keeps people from it.
    fn first_today(&self, now: Now) -> Option<&Meeting> {
        let zone = self.config.as_ref()?.room.time_zone.zone();
        let today = zone.to_datetime(now.wall).date();
        let later = self.meetings.iter().filter(|meeting| {
            let start = meeting.start.filter(|start| *start > now.wall);
            let here = start.map(|start| zone.to_datetime(start).date());
            here == Some(today) && !matches!(meeting.destination, Destination::Nowhere { .. })
        });
        later.min_by_key(|meeting| meeting.start)
    }

    fn is_morning(&self, now: Now) -> bool {
        let (Some(here), Some(at)) = (self.here(now), self.readiness_config().morning.time())
        else {
            return false;
        };
        let late = here.time().duration_since(at);
        let due = !late.is_negative() && late < MORNING;
        due && self.readiness.morning != Some(here.date())
    }

    pub(super) fn try_room(&mut self, now: Now, place: Option<Destination>) {
        let changed = std::mem::take(&mut self.readiness.changed);
        let again = self.readiness.again.take().is_some() || !changed.is_empty();
        self.readiness.trials += 1;
        let number = self.readiness.trials;
        self.readiness.trial = Some((number, now.mono + PATIENCE));
        self.readiness.devices = Some(now.mono + PATIENCE);
        self.readiness.findings.clear();
        // A second chirp tells nothing about a microphone that heard the first.
        let unheard = std::mem::take(&mut self.readiness.unheard);
        let deaf = unheard || self.readiness.bad.contains(&Part::Microphone);
        let chirp = (!again || deaf) && self.may_chirp(now);
        self.effect(Effect::Media(MediaCommand::Check { chirp }));
        if let Some(place) = &place {
            self.try_way(place.clone());
        }
        self.effect(Effect::Check(Checkup { number, place }));
    }

    fn try_way(&mut self, destination: Destination) {
        self.end_way();
        let call = CallId(self.next_call);
        self.next_call += 1;
        self.readiness.way = Some(call);
        self.effect(Effect::Meeting(MeetingCommand::Try { call, destination }));
    }

    /// What of it is under way in the service and the engine ends.
    fn end_way(&mut self) {
        if let Some(call) = self.readiness.way.take() {
            self.effect(Effect::Meeting(MeetingCommand::Leave { call }));
        }
    }

    pub(super) fn on_tried(&mut self, now: Now, call: CallId, way: MediaWay) {
        if self.readiness.way.take_if(|of| *of == call).is_some() {
            self.found(now, of_way(way));
        }
    }

    /// What a trial or the room's call says of a connection that stays open.
    pub(super) fn on_socket(&mut self, now: Now, call: CallId, way: SocketWay) {
        if self.readiness.way == Some(call) {
            self.found(now, of_sockets(way));
        } else if self.phase.call() == Some(call) {
            match way {
                SocketWay::Blocked { server, needed, .. } => {
                    self.raise(Trouble::SocketBlocked { server, needed });
                }
                SocketWay::Through => self.sockets_are_through(),
            }
        }
    }

    /// Nothing is blocked that anybody would have to know of.
    pub(super) fn sockets_are_through(&mut self) {
        if self.troubles.clear(TroubleCode::SocketBlocked) {
            self.effect(Effect::Redraw);
        }
    }

    /// Nobody is there whom it would disturb: no meeting has the room, and it is no quiet hour.
    fn may_chirp(&self, now: Now) -> bool {
        let readiness = self.readiness_config();
        let hours = readiness
            .quiet_from
            .time()
            .zip(readiness.quiet_until.time());
        let here = self.here(now).map(|here| here.time());
        let quiet = here
            .zip(hours)
            .is_some_and(|(here, (from, until))| is_between(here, from, until));
        readiness.chirp && !quiet && self.holder(now).is_none()
    }

    pub(super) fn on_checked(&mut self, now: Now, number: u64, found: BTreeMap<Part, Finding>) {
        if self.readiness.trial.is_some_and(|(of, _)| of == number) {
            self.readiness.trial = None;
            self.found(now, found);
            self.effect(Effect::Redraw);
        }
    }

    pub(super) fn on_device_report(&mut self, now: Now, report: &DeviceReport) {
        self.readiness.devices = None;
        if self.phase == Phase::Home {
            let mut found = of_devices(report, self.hears_people(now));
            found.retain(|part, _| !self.readiness.changed.contains(part));
            if self.may_rest_unplugged() {
                found.remove(&Part::Display);
            }
            self.found(now, found);
            self.effect(Effect::Redraw);
        }
    }

    /// Another device is in use now: what was found, or is being found, is about the one before.
    pub(super) fn is_another(&mut self, part: Part) {
        self.readiness.bad.remove(&part);
        self.readiness.findings.remove(&part);
        self.troubles.clear(TroubleCode::NotReady(part));
        self.readiness.unheard |= part == Part::Microphone;
        if self.is_trying() {
            self.readiness.changed.insert(part);
        }
    }

    /// A television that rests looks on some cables as if it were pulled; one that is named is told of all the same.
    fn may_rest_unplugged(&self) -> bool {
        let television = self.config.as_ref().map(|config| &config.television);
        television.is_some_and(|t| {
            let rests = t.rests_after().and_then(IdleMinutes::get);
            rests.is_some() && t.display.as_str() == "auto"
        })
    }

    /// The microphone is so loud in a call, or while people try it.
    pub(super) fn on_microphone_heard(&mut self, now: Now, dbfs: Option<f64>) {
        if dbfs.is_some_and(|dbfs| dbfs >= SPEECH)
            && let Some([microphone, _]) = self.sound_devices()
        {
            self.readiness.heard = Some((microphone.to_owned(), now.mono));
        }
    }

    /// Its last user was heard by the microphone that the room has now, not long ago.
    fn hears_people(&self, now: Now) -> bool {
        let of_now = self.sound_devices().map(|[microphone, _]| microphone);
        let heard = self.readiness.heard.as_ref();
        heard.is_some_and(|(microphone, at)| {
            of_now == Some(microphone.as_str()) && now.mono.saturating_sub(*at) <= HEARD_FOR
        })
    }

    fn found(&mut self, now: Now, found: BTreeMap<Part, Finding>) {
        self.readiness.findings.extend(found.clone());
        for (part, finding) in found {
            match finding {
                Finding::Good => {
                    self.readiness.bad.remove(&part);
                    if self.troubles.clear(TroubleCode::NotReady(part)) {
                        self.effect(Effect::Redraw);
                    }
                }
                Finding::Bad { reason } => {
                    self.readiness.bad.insert(part);
                    self.blame(part);
                    if !self.is_told(part) {
                        self.raise(Trouble::NotReady { part, reason });
                    }
                }
            }
        }
        let some = !self.readiness.bad.is_empty();
        self.readiness.again = some.then_some(now.mono + AGAIN);
    }

    /// Without a server there is no way to it: that is all that people need to know.
    fn blame(&mut self, part: Part) {
        if DEEPER.contains(&part) {
            for follows in [Part::Media, Part::Datagrams] {
                self.troubles.clear(TroubleCode::NotReady(follows));
            }
        }
    }

    /// The panel says already what is wrong with this part.
    fn is_told(&self, part: Part) -> bool {
        let device = match part {
            Part::Media | Part::Datagrams => {
                return DEEPER
                    .iter()
                    .any(|deeper| self.readiness.bad.contains(deeper));
            }
            Part::Camera => DeviceUse::Camera,
            Part::Microphone => DeviceUse::Microphone,
            Part::Display => DeviceUse::Display,
            _ => return false,
        };
        self.troubles.get(TroubleCode::Device(device)).is_some()
    }

    /// People enter a meeting: from here on they see and hear for themselves.
    pub(super) fn forget_readiness(&mut self) {
        self.end_way();
        self.readiness.bad.clear();
        self.readiness.again = None;
        self.readiness.trial = None;
        self.readiness.devices = None;
        self.readiness.changed.clear();
        self.readiness.unheard = false;
        for part in Part::ALL {
            self.troubles.clear(TroubleCode::NotReady(part));
        }
    }

    pub(super) fn keep_readiness(&mut self, meetings: &[Meeting]) {
        let known = |id: &MeetingId| meetings.iter().any(|meeting| meeting.id == *id);
        self.readiness.tried_for.retain(known);
    }
}

/// Within hours that may go over midnight.
fn is_between(at: Time, from: Time, until: Time) -> bool {
    if from <= until {
        (from..until).contains(&at)
    } else {
        at >= from || at < until
    }
}
