//! Laptops that share their screen with the room by a browser: who may, and whose is shown.
//!
//! Only people in the room can let one in: they have the panel show an address and a code, and that
//! is the only time at which the room listens to codes. Each code is good for one laptop.

use std::{net::IpAddr, time::Duration};

use saal_media_protocol::BrowserId;

/// A laptop's visit to the room's page; never used twice in a daemon's life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct LaptopId(pub u64);

/// What people do about laptops.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LaptopAction {
    /// Show address and code.
    Invite,
    /// Show them no more.
    CloseDoor,
    /// Show no laptop's screen any more.
    Stop,
}

/// Whether a laptop shares its screen with the room.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Sharing {
    /// Laptops may not.
    #[default]
    Impossible,
    /// One could.
    Possible,
    /// One is shown, or about to be.
    On,
}

/// What the panel shows of how to share a screen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Door {
    /// There is no code yet.
    Opening,
    /// A laptop that knows the code gets in.
    Open(Invitation),
    /// The room does not listen; the log says why.
    Broken,
}

/// What people need to share a screen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invitation {
    /// What to open in the laptop's browser.
    pub address: String,
    /// What to enter there: six digits.
    pub code: String,
    /// Beginning of the SHA-256 of a certificate that browsers warn of, as they write it; `None`
    /// where they know who signed it.
    pub fingerprint: Option<String>,
}

/// What a laptop's page says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LaptopEvent {
    /// Somebody entered a code.
    Knocks {
        /// As they entered it.
        code: String,
        /// From where.
        from: IpAddr,
    },
    /// Somebody chose what to share.
    Ready {
        /// Which of the room's addresses the laptop reached.
        address: IpAddr,
        /// Its sound comes too.
        sound: bool,
    },
    /// The browser's answer to [`LaptopReply::Offer`].
    Answers(String),
    /// The page was closed, or sharing stopped there.
    Gone,
}

/// What a laptop's page is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LaptopReply {
    /// The code is right.
    Welcome {
        /// The room's name.
        room: String,
        /// Another laptop is shown, and would be no more.
        busy: bool,
    },
    /// The code is wrong, or there is none now.
    Refused {
        /// How long no other one is listened to.
        wait: Option<Duration>,
    },
    /// For the browser.
    Offer(String),
    /// People see its screen.
    Showing,
    /// It is over.
    End(LaptopEnd),
}

/// Why a laptop's visit is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LaptopEnd {
    /// People in the room stopped it.
    Stopped,
    /// Another laptop is shown instead.
    Replaced,
    /// It took too long to begin.
    Late,
    /// Something went wrong.
    Failed,
}

/// So long the room listens to codes, and a laptop that was let in may take to choose a screen.
const PATIENCE: Duration = Duration::from_secs(600);
/// Wrong codes from one address within [`WINDOW`]; then it has to wait.
const WRONG_FROM_ONE: usize = 5;
/// Wrong codes in all; then the code is another.
const WRONG_IN_ALL: usize = 10;
/// Wrong codes from all addresses within [`WINDOW`]; then all have to wait.
const WRONG_FROM_ALL: usize = 30;
/// How long a wrong code counts.
const WINDOW: Duration = Duration::from_secs(60);
/// Laptops that were let in and show nothing yet.
const MOST_GUESTS: usize = 4;

/// A laptop whose screen is shown, or about to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Share {
    pub(crate) laptop: LaptopId,
    pub(crate) browser: BrowserId,
    pub(crate) address: IpAddr,
    /// With its sound.
    pub(crate) sound: bool,
    /// Its picture is there.
    pub(crate) showing: bool,
}

/// All about laptops.
#[derive(Debug, Default)]
pub(crate) struct Laptops {
    door: Option<(Door, Duration)>,
    guests: Vec<(LaptopId, Duration)>,
    share: Option<Share>,
    wrong: Vec<(IpAddr, Duration)>,
    /// With the code that is on the panel now.
    wrong_in_all: usize,
    next_browser: u64,
}

/// What a knock leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Knock {
    Right,
    Wrong {
        wait: Option<Duration>,
        /// The code was guessed at too often.
        renew: bool,
    },
}

impl Laptops {
    pub(crate) fn door(&self) -> Option<&Door> {
        self.door.as_ref().map(|(door, _)| door)
    }

    pub(crate) fn open_door(&mut self, now: Duration) {
        self.door = Some((Door::Opening, now + PATIENCE));
    }

    /// A new code, or none as nobody listens. Too late for a door that was closed.
    pub(crate) fn invite(&mut self, invitation: Option<Invitation>) {
        self.wrong_in_all = 0;
        if let Some((door, _)) = &mut self.door {
            *door = invitation.map_or(Door::Broken, Door::Open);
        }
    }

    /// True if it was open.
    pub(crate) fn close_door(&mut self) -> bool {
        self.door.take().is_some()
    }

    /// The code is good for one laptop: afterwards the door is closed.
    pub(crate) fn knock(
        &mut self,
        now: Duration,
        laptop: LaptopId,
        code: &str,
        from: IpAddr,
    ) -> Knock {
        self.wrong.retain(|(_, at)| *at + WINDOW > now);
        if let Some(wait) = self.has_to_wait(now, from) {
            let wait = Some(wait);
            return Knock::Wrong { wait, renew: false };
        }
        let digits = || code.chars().filter(char::is_ascii_digit);
        let right = match self.door() {
            Some(Door::Open(invitation)) => digits().eq(invitation.code.chars()),
            _ => false,
        };
        // One that is shown has no use for another code.
        let shown = self.share.is_some_and(|share| share.laptop == laptop);
        if right && !shown && self.guests.len() < MOST_GUESTS {
            self.door = None;
            // A page that enters a second code is one guest.
            self.guests.retain(|(guest, _)| *guest != laptop);
            self.guests.push((laptop, now + PATIENCE));
            return Knock::Right;
        }
        self.wrong.push((from, now));
        self.wrong_in_all += 1;
        let open = matches!(self.door(), Some(Door::Open(_)));
        Knock::Wrong {
            wait: self.has_to_wait(now, from),
            renew: open && self.wrong_in_all >= WRONG_IN_ALL,
        }
    }

    fn has_to_wait(&self, now: Duration, from: IpAddr) -> Option<Duration> {
        let wait = |first: Duration| (first + WINDOW).saturating_sub(now);
        if let Some((_, first)) = self
            .wrong
            .first()
            .filter(|_| self.wrong.len() >= WRONG_FROM_ALL)
        {
            return Some(wait(*first));
        }
        let theirs = || self.wrong.iter().filter(|(who, _)| *who == from);
        let first = theirs().map(|(_, at)| *at).next()?;
        (theirs().count() >= WRONG_FROM_ONE).then(|| wait(first))
    }

    pub(crate) fn share(&self) -> Option<&Share> {
        self.share.as_ref()
    }

    pub(crate) fn is_showing(&self) -> bool {
        self.share.is_some_and(|share| share.showing)
    }

    /// A laptop that was let in begins; returns the one before it.
    pub(crate) fn begin(
        &mut self,
        laptop: LaptopId,
        address: IpAddr,
        sound: bool,
    ) -> Option<Option<Share>> {
        let guest = self.guests.iter().position(|(guest, _)| *guest == laptop)?;
        self.guests.remove(guest);
        let browser = self.new_browser();
        let share = Share {
            laptop,
            browser,
            address,
            sound,
            showing: false,
        };
        Some(self.share.replace(share))
    }

    /// The same laptop over a new connection, as the engine is a new one.
    pub(crate) fn begin_again(&mut self) -> Option<Share> {
        self.share?;
        let browser = self.new_browser();
        let share = self.share.as_mut()?;
        (share.browser, share.showing) = (browser, false);
        Some(*share)
    }

    /// Whether what is shown is heard too.
    pub(crate) fn sounds(&self) -> bool {
        self.share.is_some_and(|share| share.showing && share.sound)
    }

    pub(crate) fn new_browser(&mut self) -> BrowserId {
        self.next_browser += 1;
        BrowserId(self.next_browser)
    }

    /// True if that is news.
    pub(crate) fn shows(&mut self, browser: BrowserId) -> bool {
        let share = self.share.as_mut().filter(|share| share.browser == browser);
        share.is_some_and(|share| !std::mem::replace(&mut share.showing, true))
    }

    pub(crate) fn end(&mut self) -> Option<Share> {
        self.share.take()
    }

    /// The page was closed; returns what it showed.
    pub(crate) fn gone(&mut self, laptop: LaptopId) -> Option<Share> {
        self.guests.retain(|(guest, _)| *guest != laptop);
        self.share.take_if(|share| share.laptop == laptop)
    }

    /// Those who are let in no more, as people who let them in may have left.
    pub(crate) fn late(&mut self, now: Duration) -> Vec<LaptopId> {
        let late = self.guests.extract_if(.., |(_, until)| *until <= now);
        late.map(|(laptop, _)| laptop).collect()
    }

    /// True if the door was open for too long and is closed now.
    pub(crate) fn door_is_late(&mut self, now: Duration) -> bool {
        self.door.take_if(|(_, until)| *until <= now).is_some()
    }

    pub(crate) fn next_deadline(&self) -> Option<Duration> {
        let door = self.door.iter().map(|(_, until)| *until);
        door.chain(self.guests.iter().map(|(_, until)| *until))
            .min()
    }

    /// Everybody who is there, to be told that nobody is welcome any more.
    pub(crate) fn dismiss_guests(&mut self) -> Vec<LaptopId> {
        self.door = None;
        self.guests.drain(..).map(|(laptop, _)| laptop).collect()
    }
}
