//! What is done on pages of the panel elsewhere: visitors' phones, the tablet at the door.

use saal_core::Event;

use super::Daemon;
use crate::{
    browsers::Browsers,
    guests::{Guest, PageReply, PageRequest},
    input::Input,
};

impl Daemon {
    pub(super) async fn guest(&mut self, request: PageRequest) -> PageReply {
        let again = match &request {
            PageRequest::Press {
                guest, language, ..
            } => Some((guest.clone(), *language)),
            PageRequest::Enter { .. } | PageRequest::Look { .. } => None,
        };
        let now = self.clock.now();
        let (intent, reply) = self.guests.take(request, &self.room, now);
        let (Some(intent), Some((guest, language))) = (intent, again) else {
            return reply;
        };
        let by = match guest {
            Guest::Phone(_) => "a visitor's phone",
            Guest::Door => "the door",
        };
        tracing::info!(?intent, by, "asked for");
        self.tell(Event::Intent(intent)).await;
        self.guests.page(&guest, language, &self.room, now)
    }

    /// A code for laptops.
    pub(super) fn open_door(&self) {
        let invitation = self.browsers.as_ref().map(Browsers::invite).transpose();
        let invitation = invitation.unwrap_or_else(|error| {
            tracing::error!("no code: {error:#}");
            None
        });
        self.inputs.send(Input::Room(Event::Invitation(invitation)));
    }

    pub(super) fn invite_phones(&self) {
        let ticket = self.browsers.as_ref().map(Browsers::ticket).transpose();
        let ticket = ticket.unwrap_or_else(|error| {
            tracing::error!("no token for phones: {error:#}");
            None
        });
        self.inputs.send(Input::Room(Event::PhoneTicket(ticket)));
    }
}
