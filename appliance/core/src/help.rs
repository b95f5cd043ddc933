//! Somebody of the fleet helps from afar: people in the room allow it, know it as long as it lasts, and end it.

use std::time::Duration;

use saal_fleet_protocol::fleet::help::HelpEnd;

use crate::one_line::{Keep, clean};

/// A help, by its number in the fleet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct HelpId(pub u64);

/// What people in the room do about somebody who wants to help.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HelpAction {
    /// This one may, as they asked, this once.
    Allow(HelpId),
    /// This one may not.
    Refuse(HelpId),
    /// Nobody helps any more.
    End,
}

/// What the fleet says of somebody who helps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HelpEvent {
    /// They want to.
    Asks {
        /// Who it is, as people read it.
        name: String,
        /// They want to work the panel too.
        touch: bool,
    },
    /// The way to them is there.
    Follows,
    /// They are gone.
    Gone,
}

/// Somebody who helps, or asks to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Helper {
    /// Which help.
    pub help: HelpId,
    /// Who it is, one short line.
    pub name: String,
    /// They work the panel too.
    pub touch: bool,
}

/// How a help stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HelpStage {
    /// People are asked.
    Asked,
    /// They allowed it.
    Allowed,
    /// It is over, or never began.
    Ended(HelpEnd),
}

/// Characters of a name.
const NAME: usize = 24;
/// How long people are asked.
const ASKED_FOR: Duration = Duration::from_secs(60);
/// How long a permission is good for.
const HELPS_FOR: Duration = Duration::from_secs(10 * 60);
/// How long people are left alone after they said no.
const UNWANTED: Duration = Duration::from_secs(300);
/// Who followed several times a second and does no more is gone.
const FOLLOWS_FOR: Duration = Duration::from_secs(5);

#[derive(Debug)]
struct One {
    helper: Helper,
    allowed: bool,
    until: Duration,
    followed: Duration,
}

/// The one who helps, or asks. Several would make it unclear who sees what.
#[derive(Debug, Default)]
pub(crate) struct Helpers {
    one: Option<One>,
    /// The last one's end, for whoever asks about it.
    ended: Option<(HelpId, HelpEnd)>,
    unwanted_until: Option<Duration>,
}

impl Helpers {
    /// Has people be asked, unless that is not wanted. `busy`: somebody else looks at the room.
    pub(crate) fn ask(
        &mut self,
        now: Duration,
        help: HelpId,
        (name, touch): (&str, bool),
        busy: bool,
    ) {
        let refused = if self.unwanted_until.is_some_and(|until| now < until) {
            HelpEnd::Unwanted
        } else if busy || self.one.is_some() {
            HelpEnd::Busy
        } else {
            let name = clean(name, NAME, Keep::Start);
            self.one = Some(One {
                helper: Helper { help, name, touch },
                allowed: false,
                until: now + ASKED_FOR,
                followed: now,
            });
            return;
        };
        self.ended = Some((help, refused));
    }

    /// The fleet still wants to know; whether it is about the one who helps.
    pub(crate) fn follow(&mut self, now: Duration, help: HelpId) {
        if let Some(one) = self.one.as_mut().filter(|one| one.helper.help == help) {
            one.followed = now;
        }
    }

    /// People allowed this one; false: nobody asks that they saw ask.
    pub(crate) fn allow(&mut self, now: Duration, help: HelpId) -> bool {
        let Some(one) = self.asks(help) else {
            return false;
        };
        one.allowed = true;
        one.until = now + HELPS_FOR;
        true
    }

    /// People said no; false as for [`Self::allow`].
    pub(crate) fn refuse(&mut self, now: Duration, help: HelpId) -> bool {
        self.asks(help).is_some() && self.unwanted(now, HelpEnd::Refused)
    }

    /// People had enough; false: nobody helps.
    pub(crate) fn stop(&mut self, now: Duration) -> bool {
        self.unwanted(now, HelpEnd::Stopped)
    }

    fn unwanted(&mut self, now: Duration, why: HelpEnd) -> bool {
        let ended = self.end(why);
        if ended {
            self.unwanted_until = Some(now + UNWANTED);
        }
        ended
    }

    fn asks(&mut self, help: HelpId) -> Option<&mut One> {
        let one = self.one.as_mut();
        one.filter(|one| one.helper.help == help && !one.allowed)
    }

    /// The fleet says that it is over; false: it was, or never was.
    pub(crate) fn gone(&mut self, help: HelpId) -> bool {
        let theirs = self.one.as_ref().is_some_and(|one| one.helper.help == help);
        theirs && self.end(HelpEnd::Left)
    }

    fn end(&mut self, why: HelpEnd) -> bool {
        let Some(one) = self.one.take() else {
            return false;
        };
        self.ended = Some((one.helper.help, why));
        true
    }

    /// Ends what is over by now; whether anything was.
    pub(crate) fn late(&mut self, now: Duration) -> bool {
        let why = match &self.one {
            Some(one) if one.followed + FOLLOWS_FOR <= now => HelpEnd::Lost,
            Some(one) if one.until <= now && one.allowed => HelpEnd::Over,
            Some(one) if one.until <= now => HelpEnd::Unanswered,
            _ => return false,
        };
        self.end(why)
    }

    pub(crate) fn next_deadline(&self) -> Option<Duration> {
        let one = self.one.as_ref()?;
        Some(one.until.min(one.followed + FOLLOWS_FOR))
    }

    /// Who helps, or asks; and whether people allowed it.
    pub(crate) fn one(&self) -> Option<(&Helper, bool)> {
        self.one.as_ref().map(|one| (&one.helper, one.allowed))
    }

    pub(crate) fn stage(&self, help: HelpId) -> HelpStage {
        match (&self.one, self.ended) {
            (Some(one), _) if one.helper.help == help && one.allowed => HelpStage::Allowed,
            (Some(one), _) if one.helper.help == help => HelpStage::Asked,
            (_, Some((ended, why))) if ended == help => HelpStage::Ended(why),
            // An earlier daemon's.
            _ => HelpStage::Ended(HelpEnd::Lost),
        }
    }
}
