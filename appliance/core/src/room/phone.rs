//! Visitors' phones as a second panel, and as a keyboard for where to go.

use std::time::Duration;

use saal_meeting::{CallId, LinkTarget, Secret};

use super::Room;
use crate::{
    Effect, Now, Phase,
    phone::{BoardNews, Offer, PhoneAction, PhoneDoor, PhoneTicket, Phones},
};

/// What others may know.
impl Room {
    /// Whether phones may become a second panel now, or say where the room is to go.
    #[must_use]
    pub fn takes_phones(&self) -> bool {
        self.may_have_phones() && (self.call_inside().is_some() || self.takes_offers())
    }

    /// How a phone gets in; `None`: none does.
    #[must_use]
    pub fn phone_door(&self) -> Option<&PhoneDoor> {
        self.phones.door()
    }

    /// What the code on the television says between meetings, which leads phones to where they say where to go.
    #[must_use]
    pub fn phone_board(&self) -> Option<&PhoneTicket> {
        self.phones.board()
    }

    /// All that let phones in now.
    pub fn phone_tickets(&self) -> impl Iterator<Item = &PhoneTicket> {
        self.phones.tickets()
    }

    /// Where a phone would like the room to go.
    #[must_use]
    pub fn offer(&self) -> Option<&Offer> {
        self.phones.offer()
    }

    /// What this leads to, as people would type it; `None`: nowhere, or nobody may go by typing.
    #[must_use]
    pub fn leads(&self, typed: &Secret) -> Option<LinkTarget> {
        let links = &self.config.as_ref()?.links;
        let names_at = links.names_at.as_ref().map(|host| host.as_str());
        let target = links
            .typed
            .then(|| LinkTarget::typed(typed.reveal(), names_at));
        target?.ok()
    }

    fn may_have_phones(&self) -> bool {
        let browsers = self.config.as_ref().and_then(|c| c.browsers.as_ref());
        browsers.is_some_and(|browsers| browsers.phone)
    }

    fn takes_offers(&self) -> bool {
        self.phase == Phase::Home && self.may_go_elsewhere()
    }

    fn call_inside(&self) -> Option<CallId> {
        self.phase.in_call().map(|inside| inside.call)
    }
}

impl Room {
    pub(super) fn on_phone_action(&mut self, now: Now, action: PhoneAction) {
        match action {
            PhoneAction::Invite if self.takes_phones() => {
                if self.phones.open(self.call_inside(), now.mono) {
                    self.effect(Effect::InvitePhones);
                }
            }
            PhoneAction::Invite => {}
            PhoneAction::Dismiss => self.phones.close(),
            PhoneAction::Decline => self.phones.decline(),
            PhoneAction::Offer(typed) => self.on_offer(now, typed),
        }
        self.effect(Effect::Redraw);
    }

    /// Nothing is entered by it: the panel shows it, and people there touch Join or do not.
    fn on_offer(&mut self, now: Now, typed: Secret) {
        let open = self.phones.tickets().next().is_some();
        if !open || !self.takes_offers() {
            return;
        }
        if let Some(target) = self.leads(&typed) {
            let place = target.destination.place();
            self.phones.take(Offer { typed, place }, now.mono);
        }
    }

    pub(super) fn on_phone_ticket(&mut self, now: Now, ticket: Option<PhoneTicket>) {
        self.phones.invite(ticket, now.mono);
        self.effect(Effect::Redraw);
    }

    /// After each event: a token is no longer good than what it is for.
    pub(super) fn follow_phones(&mut self, now: Now) {
        let (call, home) = (self.call_inside(), self.takes_offers());
        if self.phones.follow(call, home, now.mono) {
            self.effect(Effect::Redraw);
        }
        let wanted = home && self.may_have_phones();
        match self.phones.follow_board(wanted, now.mono) {
            BoardNews::Same => {}
            BoardNews::Gone => self.effect(Effect::Redraw),
            BoardNews::Asks => self.effect(Effect::InvitePhones),
        }
    }

    pub(super) fn phones_deadline(&self) -> Option<Duration> {
        self.phones.next_deadline()
    }

    /// The page is elsewhere from now on, or nowhere.
    pub(super) fn dismiss_phones(&mut self) {
        self.phones = Phones::default();
    }
}
