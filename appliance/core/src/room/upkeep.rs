//! Configuration, account, calendar, the clock, and the end.

use jiff::Timestamp;
use saal_fleet_protocol::{Config, fleet::KeyProblem};
use saal_meeting::{AccountState, EndReason, IdentityState, Verification};

use super::Room;
use crate::{
    CalendarProblem, Effect, Enrolment, Now, Phase, Trouble, TroubleCode, engine::EngineAction,
};

impl Room {
    pub(super) fn on_config(&mut self, now: Now, config: Box<Config>) {
        self.troubles.clear(TroubleCode::ConfigRefused);
        let config = self.with_local_settings(config);
        self.use_config(now, config);
    }

    /// This counts from now on.
    pub(super) fn use_config(&mut self, now: Now, config: Box<Config>) {
        let before = self.config.replace(config);
        match before {
            None => self.start_all(now),
            Some(before) => self.apply_changes(now, &before),
        }
        self.effect(Effect::Redraw);
    }

    fn start_all(&mut self, now: Now) {
        self.minute = now.minute();
        self.effect(Effect::StartWeb);
        if self.config.as_ref().is_some_and(|c| c.browsers.is_some()) {
            self.effect(Effect::StartBrowsers);
        }
        self.start_account();
        let named = |c: &Config| !c.meetings.is_empty() || !c.calendars.is_empty();
        if self.config.as_deref().is_some_and(named) {
            self.effect(Effect::ReadMeetings);
        }
        let action = self.engine.start(now.mono);
        self.follow_engine(action);
    }

    /// A new account opens its store again and says if that fails.
    pub(super) fn start_account(&mut self) {
        self.troubles.clear(TroubleCode::Store);
        self.troubles.clear(TroubleCode::Identity);
        self.verification = None;
        self.rooms_known = None;
        if self.config.as_ref().is_some_and(|c| c.matrix.is_none()) {
            self.account = AccountState::Unused;
            self.troubles.clear_account();
        }
        self.forget_rings();
        self.effect(Effect::StartAccount);
        self.effect(Effect::Redraw);
    }

    fn apply_changes(&mut self, now: Now, before: &Config) {
        let Some(config) = &self.config else { return };
        let web = config.web != before.web;
        let browsers = config.browsers != before.browsers
            || config.api != before.api
            || config.door != before.door;
        let media = config.devices != before.devices || config.television != before.television;
        // What was refused may have been replaced in its file, which the document does not show.
        let refused = matches!(
            self.account,
            AccountState::SignedOut { .. } | AccountState::Removed { .. }
        );
        let account = config.matrix != before.matrix || config.jitsi != before.jitsi || refused;
        let calendars = config.calendars != before.calendars
            || config.links != before.links
            || config.room.time_zone != before.room.time_zone;
        if config.meetings != before.meetings || calendars {
            self.effects.push_back(Effect::ReadMeetings);
        }
        if calendars {
            self.forget_calendars(now);
        }
        if web {
            self.effect(Effect::StartWeb);
        }
        if browsers {
            self.dismiss_laptops(now);
            self.dismiss_phones();
            self.effect(Effect::StartBrowsers);
        }
        if media {
            self.configure_devices();
            self.send_media_state();
            self.stop_presenting_nothing(now);
        }
        match (account, self.phase == Phase::Home) {
            (true, true) => self.start_account(),
            (true, false) => self.account_waits = true,
            (false, _) => {}
        }
    }

    pub(super) fn on_enrolment(&mut self, enrolment: Option<Enrolment>) {
        let news = match enrolment {
            Some(Enrolment { server, code }) => {
                self.troubles.raise(Trouble::Enrolment { server, code })
            }
            None => self.troubles.clear(TroubleCode::Enrolment),
        };
        if news {
            self.effect(Effect::Redraw);
        }
    }

    pub(super) fn on_device_key(&mut self, problem: Option<KeyProblem>) {
        let news = match problem {
            Some(problem) => self.troubles.raise(Trouble::DeviceKey(problem)),
            None => self.troubles.clear(TroubleCode::DeviceKey),
        };
        if news {
            self.effect(Effect::Redraw);
        }
    }

    pub(super) fn on_homeserver_found(&mut self) {
        if self.phase == Phase::Home {
            self.start_account();
        } else {
            self.account_waits = true;
        }
    }

    pub(super) fn on_rooms_known(&mut self, at: Timestamp) {
        self.rooms_known = Some(at);
        if self.troubles.rooms_known(at) {
            self.effect(Effect::Redraw);
        }
    }

    pub(super) fn on_account(&mut self, account: AccountState) {
        let news = self.troubles.follow_account(&account, self.rooms_known);
        // A store that fails says nothing about the connection.
        if !matches!(account, AccountState::StoreFailed { .. }) {
            self.account = account;
        }
        if news {
            self.effect(Effect::Redraw);
        }
    }

    pub(super) fn on_identity(&mut self, state: IdentityState) {
        if self.troubles.follow_identity(state) {
            self.effect(Effect::Redraw);
        }
    }

    pub(super) fn on_verification(&mut self, verification: Option<Verification>) {
        self.verification = verification;
        self.effect(Effect::Redraw);
    }

    pub(super) fn on_problems(&mut self, mut problems: Vec<CalendarProblem>) {
        problems.sort();
        if problems.is_empty() {
            self.troubles.clear(TroubleCode::Calendar);
        } else {
            self.raise(Trouble::Calendar { problems });
        }
    }

    pub(super) fn on_signage(&mut self, problems: Vec<String>) {
        if problems.is_empty() {
            if self.troubles.clear(TroubleCode::Signage) {
                self.effect(Effect::Redraw);
            }
        } else {
            self.raise(Trouble::Signage { problems });
        }
    }

    pub(super) fn on_voice(&mut self, works: bool) {
        if !works {
            self.raise(Trouble::Voice);
        } else if self.troubles.clear(TroubleCode::Voice) {
            self.effect(Effect::Redraw);
        }
    }

    pub(super) fn on_deadline(&mut self, now: Now) {
        let action = self.engine.on_deadline(now.mono);
        if action == EngineAction::Start {
            self.stats = None;
            self.effect(Effect::Redraw);
        }
        self.follow_engine(action);
        if matches!(&self.phase, Phase::Leaving(state) if state.until <= now.mono) {
            self.on_ended(EndReason::Left);
            self.go_on(now);
            self.effect(Effect::Redraw);
        }
        self.forget_said(now);
        self.forget_aiming(now);
        self.forget_laptops(now);
        self.forget_views(now);
        self.forget_help(now);
        if std::mem::replace(&mut self.minute, now.minute()) != now.minute() {
            self.save_call(now);
            self.follow_calendars(now);
            self.keep_privacy(now);
            self.tell_authorities(now);
            self.effect(Effect::Redraw);
        }
    }

    pub(super) fn on_shutdown(&mut self, now: Now) {
        self.leaving_for_good = true;
        match self.phase {
            Phase::Home => self.effect(Effect::Exit),
            _ => self.leave(now),
        }
    }
}
