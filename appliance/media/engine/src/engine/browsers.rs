//! Browsers of the room's network: a laptop that shares its screen, and whoever looks at the room.

use std::{
    collections::BTreeMap,
    net::IpAddr,
    time::{Duration, Instant},
};

use saal_media_protocol::{
    BrowserCommand, BrowserEnd, BrowserEvent, BrowserId, BrowserUse, MediaEvent, RoomPicture,
    SourceKind, TileSource, TransportId,
};

use super::Engine;
use crate::{
    browser::{self, Way},
    graph::{BrowserPeer, BrowserSaid, GraphError, TrackKey},
    transport::Frame,
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
    /// Its sound came.
    sounds: bool,
}

impl Browsers {
    /// Whether what the room presents is a browser's screen. After its end no device takes its place
    /// in what was presented: people did not choose that.
    pub(super) fn share(&mut self, presented: bool) -> bool {
        let shares = |browser: &Browser| browser.purpose == BrowserUse::Share;
        let open = self.open.values().any(shares);
        self.held = open || (self.held && presented);
        self.held
    }

    /// Whether somebody looks at this picture from elsewhere.
    pub(super) fn sees(&self, of: RoomPicture) -> bool {
        let sees = |browser: &Browser| browser.purpose == BrowserUse::View(of);
        self.open.values().any(sees)
    }

    /// Whether a loudspeaker is needed for a laptop.
    pub(super) fn has_sound(&self) -> bool {
        self.open.values().any(|browser| browser.sounds)
    }

    /// Connections that never got their offer.
    fn hung(&self) -> Vec<BrowserId> {
        let open = self.open.iter();
        let hung = open.filter(|(_, b)| !b.offered && b.opened.elapsed() > OFFER_WITHIN);
        hung.map(|(id, _)| *id).collect()
    }
}

/// A laptop's sound among what is heard. No connection of a meeting has this number: the daemon counts from the beginning.
fn heard_as(browser: BrowserId) -> TrackKey {
    TrackKey {
        transport: TransportId(u64::MAX),
        track: browser.0.to_string(),
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
            BrowserCommand::Close { browser } => self.close_browser(browser),
        }
    }

    fn open_browser(&mut self, id: BrowserId, purpose: BrowserUse, address: IpAddr) {
        if self.browsers.open.len() >= MOST_BROWSERS {
            tracing::error!(?id, "too many browsers");
            return self.browser_ended(id, BrowserEnd::Failed);
        }
        match self.connect_browser(id, purpose, address) {
            Ok(peer) => {
                let browser = Browser {
                    peer,
                    purpose,
                    opened: Instant::now(),
                    offered: false,
                    answered: false,
                    sounds: false,
                };
                self.browsers.open.insert(id, browser);
            }
            Err(error) => {
                tracing::error!(?id, %error, "no connection with a browser");
                self.browser_ended(id, BrowserEnd::Failed);
            }
        }
    }

    fn connect_browser(
        &self,
        id: BrowserId,
        purpose: BrowserUse,
        address: IpAddr,
    ) -> Result<BrowserPeer, GraphError> {
        let view = |of, inputs| BrowserPeer::view(&self.graph, id, address, of, inputs);
        match purpose {
            BrowserUse::Share => {
                let sink = self
                    .sending
                    .picture_sink(SourceKind::Content, TileSource::OwnContent);
                BrowserPeer::share(&self.graph, id, address, sink)
            }
            BrowserUse::View(of @ RoomPicture::Television) => view(of, self.screen.onlookers()),
            BrowserUse::View(of @ RoomPicture::Camera) => {
                view(of, self.sending.inputs(SourceKind::Camera))
            }
        }
    }

    /// The one answer of a connection; the connection goes no other way afterwards.
    fn browser_answered(&mut self, id: BrowserId, sdp: &str) {
        let Some(browser) = self.browsers.open.get_mut(&id) else {
            return;
        };
        let way = match browser.purpose {
            BrowserUse::Share => Way::Sends,
            BrowserUse::View(_) => Way::Receives,
        };
        let early = !browser.offered || std::mem::replace(&mut browser.answered, true);
        match browser::check(sdp, way) {
            Ok(answer) if !early => browser.peer.answer(&answer),
            Ok(_) => self.browser_ended(id, BrowserEnd::Refused),
            Err(error) => {
                tracing::warn!(?id, %error, "a browser's answer");
                self.browser_ended(id, BrowserEnd::Refused);
            }
        }
    }

    /// False: nothing else follows from that.
    pub(super) fn browser_said(&mut self, id: BrowserId, said: BrowserSaid) -> bool {
        // What is on the way from one that was closed.
        let Some(browser) = self.browsers.open.get_mut(&id) else {
            return false;
        };
        match said {
            BrowserSaid::Sound(frame) => return self.hear_laptop(id, frame),
            BrowserSaid::Offer(sdp) if !browser.offered => {
                browser.offered = true;
                self.say(MediaEvent::Browser(BrowserEvent::Offer {
                    browser: id,
                    sdp,
                }));
            }
            BrowserSaid::Offer(_) => {}
            BrowserSaid::Picture => {
                browser.peer.force_key_frame();
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
        true
    }

    /// A laptop's sound: heard in the room, and beside its picture in the meeting. True where there has to be a loudspeaker
    /// for it first.
    fn hear_laptop(&mut self, id: BrowserId, frame: Frame) -> bool {
        let Some(browser) = self.browsers.open.get_mut(&id) else {
            return false;
        };
        let first = !std::mem::replace(&mut browser.sounds, true);
        if let Some(sound) = self.devices.sound()
            && let Err(error) = sound.play(&heard_as(id), &frame, frame.at)
        {
            tracing::error!(?id, %error, "a laptop's sound can't be played");
        }
        self.sending.pass_on_sound(&frame);
        first
    }

    fn close_browser(&mut self, id: BrowserId) {
        self.browsers.open.remove(&id);
        if let Some(sound) = self.devices.sound() {
            sound.remove(&heard_as(id));
        }
    }

    /// It is over, and the daemon learns it.
    pub(super) fn browser_ended(&mut self, browser: BrowserId, reason: BrowserEnd) {
        self.close_browser(browser);
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
