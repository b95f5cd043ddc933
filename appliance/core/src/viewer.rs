//! Whoever wants to look at the room from elsewhere: people in the room allow it, know it as long as it
//! lasts, and end it.

use std::{net::IpAddr, time::Duration};

use saal_media_protocol::{BrowserId, RoomPicture};

use crate::help::Helper;

/// A visit to the page of those who look; never used twice in a daemon's life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ViewerId(pub u64);

/// What people in the room do about somebody who wants to look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ViewAction {
    /// This one may look, at what they asked for, this once.
    Allow(ViewerId),
    /// This one may not.
    Refuse(ViewerId),
    /// Nobody looks any more.
    End,
}

/// What the page of somebody with the right to ask says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ViewerEvent {
    /// Wants to see this.
    Asks {
        /// Which picture.
        of: RoomPicture,
        /// Which of the room's addresses the browser reached.
        address: IpAddr,
    },
    /// The browser's answer to [`ViewerReply::Offer`].
    Answers(String),
    /// The page was closed.
    Gone,
}

/// What the page of somebody who wants to look is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ViewerReply {
    /// The panel asks people.
    Asking,
    /// They allowed it; for the browser.
    Offer(String),
    /// The picture comes.
    Showing,
    /// It is over.
    End(ViewerEnd),
}

/// Why somebody does not look, or no more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ViewerEnd {
    /// People in the room said no.
    Refused,
    /// Nobody in the room said anything.
    Unanswered,
    /// People in the room ended it.
    Stopped,
    /// People in the room said no, or ended it, a moment ago.
    Unwanted,
    /// Somebody else looks, or asks.
    Crowded,
    /// The meeting is over, or half an hour is: whoever allowed it may have left.
    Over,
    /// Something went wrong.
    Failed,
}

/// Whether somebody looks at the room from elsewhere.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Onlooker {
    /// Nobody.
    #[default]
    Nobody,
    /// Somebody asks people whether they may see this.
    Asks {
        /// Who.
        viewer: ViewerId,
        /// What.
        of: RoomPicture,
    },
    /// Somebody sees this, or is about to.
    Looks(RoomPicture),
    /// Somebody of the fleet asks people whether they may see the panel, and maybe work it.
    AsksToHelp(Helper),
    /// Somebody of the fleet sees the panel, and maybe works it.
    Helps(Helper),
}

/// How long people are asked.
const ASKED_FOR: Duration = Duration::from_secs(60);
/// How long a permission is good for.
const LOOKS_FOR: Duration = Duration::from_secs(30 * 60);
/// How long people are left alone after they said no.
const UNWANTED: Duration = Duration::from_secs(300);

/// Somebody who looks, or asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Viewer {
    pub(crate) viewer: ViewerId,
    pub(crate) of: RoomPicture,
    pub(crate) address: IpAddr,
    /// `None`: people have not allowed it.
    pub(crate) browser: Option<BrowserId>,
    until: Duration,
}

/// The one who looks, or asks. Several would make it unclear who sees what.
#[derive(Debug, Default)]
pub(crate) struct Viewers {
    one: Option<Viewer>,
    unwanted_until: Option<Duration>,
}

impl Viewers {
    /// Has people be asked, unless that is not wanted.
    pub(crate) fn ask(
        &mut self,
        now: Duration,
        viewer: ViewerId,
        of: RoomPicture,
        address: IpAddr,
    ) -> Result<(), ViewerEnd> {
        if self.unwanted_until.is_some_and(|until| now < until) {
            return Err(ViewerEnd::Unwanted);
        }
        if self.one.is_some() {
            return Err(ViewerEnd::Crowded);
        }
        self.one = Some(Viewer {
            viewer,
            of,
            address,
            browser: None,
            until: now + ASKED_FOR,
        });
        Ok(())
    }

    /// People allowed this one, with a connection for it; `None`: nobody asks that they saw ask.
    pub(crate) fn allow(
        &mut self,
        now: Duration,
        viewer: ViewerId,
        browser: BrowserId,
    ) -> Option<Viewer> {
        let one = self.asks(viewer)?;
        one.browser = Some(browser);
        one.until = now + LOOKS_FOR;
        Some(*one)
    }

    /// People said no; `None` as for [`Self::allow`].
    pub(crate) fn refuse(&mut self, now: Duration, viewer: ViewerId) -> Option<Viewer> {
        self.asks(viewer)?;
        self.end(now)
    }

    fn asks(&mut self, viewer: ViewerId) -> Option<&mut Viewer> {
        let one = self.one.as_mut();
        one.filter(|one| one.viewer == viewer && one.browser.is_none())
    }

    /// People had enough.
    pub(crate) fn end(&mut self, now: Duration) -> Option<Viewer> {
        let ended = self.clear();
        if ended.is_some() {
            self.unwanted_until = Some(now + UNWANTED);
        }
        ended
    }

    pub(crate) fn clear(&mut self) -> Option<Viewer> {
        self.one.take()
    }

    /// The page was closed.
    pub(crate) fn gone(&mut self, viewer: ViewerId) -> Option<Viewer> {
        self.one.take_if(|one| one.viewer == viewer)
    }

    /// The one whose time is over.
    pub(crate) fn late(&mut self, now: Duration) -> Option<Viewer> {
        self.one.take_if(|one| one.until <= now)
    }

    pub(crate) fn next_deadline(&self) -> Option<Duration> {
        self.one.map(|one| one.until)
    }

    pub(crate) fn get(&self, viewer: ViewerId) -> Option<&Viewer> {
        self.one.as_ref().filter(|one| one.viewer == viewer)
    }

    pub(crate) fn by_browser(&self, browser: BrowserId) -> Option<&Viewer> {
        let one = self.one.as_ref();
        one.filter(|one| one.browser == Some(browser))
    }

    /// Told from the moment people allow it: nobody looks before it stands on the panel.
    pub(crate) fn onlooker(&self) -> Onlooker {
        match self.one {
            None => Onlooker::Nobody,
            Some(Viewer {
                browser: Some(_),
                of,
                ..
            }) => Onlooker::Looks(of),
            Some(Viewer { viewer, of, .. }) => Onlooker::Asks { viewer, of },
        }
    }
}
