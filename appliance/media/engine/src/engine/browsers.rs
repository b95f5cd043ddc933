//! Browsers in the room's network: a laptop that shares its screen.

use std::{
    collections::BTreeMap,
    net::IpAddr,
    time::{Duration, Instant},
};

use saal_media_protocol::{
    BrowserCommand, BrowserEnd, BrowserEvent, BrowserId, BrowserUse, MediaEvent, SourceKind,
    TileSource,
};

use super::Engine;
use crate::{
    browser::{self, Way},
    graph::{BrowserPeer, BrowserSaid},
};

/// Connections at a time; the daemon opens one and closes another.
const MOST_BROWSERS: usize = 4;
/// The offer takes 5 ms, the first one up to 2 s: then it hangs.
const OFFER_WITHIN: Duration = Duration::from_secs(10);
/// How long a screen on which nothing moves stays without being shown again.
const STILL: Duration = Duration::from_millis(900);

/// All connections.
#[derive(Debug, Default)]
pub(super) struct Browsers {
    open: BTreeMap<BrowserId, Browser>,
    /// What is presented was a browser's, and goes on to be nothing else.
    held: bool,
}

#[derive(Debug)]
struct Browser {
    peer: BrowserPeer,
    purpose: BrowserUse,
    opened: Instant,
    offered: bool,
    answered: bool,
}

impl Browsers {
    /// Whether what the room presents is a browser's screen. After its end no device takes its place
    /// in what was presented: people did not choose that.
    pub(super) fn share(&mut self, presented: bool) -> bool {
        let open = !self.open.is_empty();
        self.held = open || (self.held && presented);
        self.held
    }

    /// Connections that never got their offer.
    fn hung(&self) -> Vec<BrowserId> {
        let open = self.open.iter();
        let hung = open.filter(|(_, b)| !b.offered && b.opened.elapsed() > OFFER_WITHIN);
        hung.map(|(id, _)| *id).collect()
    }
}

impl Engine {
    pub(super) fn browser(&mut self, command: BrowserCommand) {
        match command {
            BrowserCommand::Open {
                browser,
                purpose,
                address,
            } => self.open_browser(browser, purpose, address),
            BrowserCommand::Answer { browser, sdp } => self.browser_answered(browser, &sdp),
            BrowserCommand::Close { browser } => {
                self.browsers.open.remove(&browser);
            }
        }
    }

    fn open_browser(&mut self, id: BrowserId, purpose: BrowserUse, address: IpAddr) {
        if self.browsers.open.len() >= MOST_BROWSERS {
            tracing::error!(?id, "too many browsers");
            return self.browser_ended(id, BrowserEnd::Failed);
        }
        let sink = self
            .sending
            .picture_sink(SourceKind::Content, TileSource::OwnContent);
        match BrowserPeer::share(&self.graph, id, address, sink) {
            Ok(peer) => {
                let browser = Browser {
                    peer,
                    purpose,
                    opened: Instant::now(),
                    offered: false,
                    answered: false,
                };
                self.browsers.open.insert(id, browser);
            }
            Err(error) => {
                tracing::error!(?id, %error, "no connection with a browser");
                self.browser_ended(id, BrowserEnd::Failed);
            }
        }
    }

    /// The one answer of a connection; the connection goes no other way afterwards.
    fn browser_answered(&mut self, id: BrowserId, sdp: &str) {
        let Some(browser) = self.browsers.open.get_mut(&id) else {
            return;
        };
        let BrowserUse::Share = browser.purpose;
        let early = !browser.offered || std::mem::replace(&mut browser.answered, true);
        match browser::check(sdp, Way::Sends) {
            Ok(answer) if !early => browser.peer.answer(&answer),
            Ok(_) => self.browser_ended(id, BrowserEnd::Refused),
            Err(error) => {
                tracing::warn!(?id, %error, "a browser's answer");
                self.browser_ended(id, BrowserEnd::Refused);
            }
        }
    }

    pub(super) fn browser_said(&mut self, id: BrowserId, said: BrowserSaid) {
        // What is on the way from one that was closed.
        let Some(browser) = self.browsers.open.get_mut(&id) else {
            return;
        };
        match said {
            BrowserSaid::Offer(sdp) if !browser.offered => {
                browser.offered = true;
                self.say(MediaEvent::Browser(BrowserEvent::Offer {
                    browser: id,
                    sdp,
                }));
            }
            BrowserSaid::Offer(_) => {}
            BrowserSaid::Picture => {
                self.say(MediaEvent::Browser(BrowserEvent::Showing { browser: id }));
            }
            BrowserSaid::Untrusted => {
                tracing::warn!(?id, "another browser than the one that answered");
                self.browser_ended(id, BrowserEnd::Untrusted);
            }
            BrowserSaid::Lost => self.browser_ended(id, BrowserEnd::Lost),
            BrowserSaid::Failed(reason) => {
                tracing::warn!(?id, reason, "a connection with a browser failed");
                self.browser_ended(id, BrowserEnd::Failed);
            }
        }
    }

    /// It is over, and the daemon learns it.
    pub(super) fn browser_ended(&mut self, browser: BrowserId, reason: BrowserEnd) {
        self.browsers.open.remove(&browser);
        self.say(MediaEvent::Browser(BrowserEvent::Ended { browser, reason }));
    }

    /// Once a second.
    pub(super) fn keep_browsers(&mut self) {
        for id in self.browsers.hung() {
            tracing::error!(?id, "an offer for a browser never came");
            self.browser_ended(id, BrowserEnd::Failed);
        }
        let sink = self
            .sending
            .picture_sink(SourceKind::Content, TileSource::OwnContent);
        for browser in self.browsers.open.values() {
            if let Some(sample) = browser.peer.still(STILL) {
                sink(&sample);
            }
        }
    }
}
