//! The link to the server: opening, losing, coming back.

use std::time::{Duration, Instant};

use saal_meeting::EndReason;

use super::{Conference, LinkEvent, Output, Pending, Phase, Timer};
use crate::protocol::{ns, stream::StreamEvent, xml::Element};

/// A dead link is seen within two of these.
const PING_EVERY: Duration = Duration::from_secs(10);
/// Servers close idle or old links; the second attempt says more.
const FAILURES_TO_TELL: usize = 2;

impl Conference {
    pub(super) fn open_link(&mut self) {
        let resume = self.stream.previous().map(str::to_owned);
        let (vnode, username) = (self.audience.vnode(), self.audience.username());
        self.outputs.push_back(Output::OpenLink {
            resume,
            vnode,
            username,
        });
    }

    pub(super) fn link_event(&mut self, now: Instant, event: LinkEvent) {
        if self.phase == Phase::Over {
            return;
        }
        match event {
            LinkEvent::Opened => {
                self.timers.cancel(Timer::Link);
                self.stream.opened();
                self.flush();
            }
            LinkEvent::Lost { reason, untrusted } => self.link_lost(now, reason, untrusted),
        }
    }

    pub(super) fn link_lost(&mut self, now: Instant, reason: String, untrusted: Option<String>) {
        if self.is_ending() {
            self.over();
            return;
        }
        self.stream.lost();
        self.timers.cancel(Timer::Ping);
        self.timers.cancel(Timer::PingBy);
        if let Some(server) = untrusted.filter(|_| !self.joined) {
            self.end(EndReason::Untrusted { server, reason });
            return;
        }
        // In the room media go on meanwhile: nobody is told before the stream can't be resumed.
        if self.stream.resumable().is_none() {
            self.phase = Phase::Linking;
            self.timers.cancel(Timer::Focus);
            self.timers.cancel(Timer::FocusBy);
            self.timers.cancel(Timer::Enter);
            if self.joined {
                self.trouble(&reason);
            }
        }
        self.note_failure(&reason);
        let wait = self.backoffs.link.after_failure(self.ids.jitter());
        self.timers.set(Timer::Link, now + wait);
        if self.backoffs.link.failures() >= FAILURES_TO_TELL {
            self.wait_for_server(now);
        }
    }

    pub(super) fn frame(&mut self, now: Instant, frame: Element) {
        if self.phase == Phase::Over {
            return;
        }
        let event = self.stream.handle(frame);
        self.flush();
        match event {
            Some(StreamEvent::Online { resumed }) => self.online(now, resumed),
            Some(StreamEvent::Stanza(stanza)) => self.stanza(now, &stanza),
            Some(StreamEvent::Refused { condition, text }) => {
                let reason = format!("{condition} {text}").trim().to_owned();
                self.end(EndReason::LoginNeeded { reason });
            }
            Some(StreamEvent::Closed { reason }) => {
                self.outputs.push_back(Output::CloseLink);
                self.link_lost(now, reason, None);
            }
            None => {}
        }
    }

    pub(super) fn watch_link(&mut self, now: Instant) {
        self.timers.set(Timer::Ping, now + PING_EVERY);
    }

    pub(super) fn ping(&mut self, now: Instant) {
        let ping = Element::new("ping", ns::PING);
        let to = self.setup.hosts.domain.clone();
        self.ask(&to, "get", ping, Pending::Ping);
        self.timers.set(Timer::PingBy, now + PING_EVERY);
    }

    pub(super) fn pinged(&mut self, now: Instant) {
        self.timers.cancel(Timer::PingBy);
        self.watch_link(now);
    }

    pub(super) fn link_is_silent(&mut self, now: Instant) {
        self.outputs.push_back(Output::CloseLink);
        self.link_lost(now, "the server is silent".to_owned(), None);
    }
}
