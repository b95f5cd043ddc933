//! The panel as a piece of hardware: its display, its touch screen, its keyboards, and whether anybody is in front of it;
//! and televisions, as far as they rest.

use std::{os::fd::OwnedFd, sync::Arc, thread, time::Duration};

use saal_core::{Now, Presence, Room, StandBy};
use saal_hal::{Contact, FirstFinger, Touch, TouchScreen, TouchScreens};
use saal_hal_linux::{
    DrmDisplays, EvdevTouchScreens, KernelCecAdapters, Lender, PlugEvents, lending_pair,
};
use saal_panel::Rest;
use tokio::{runtime::Handle, sync::watch};

use crate::{
    input::{Input, Inputs},
    keyboards::KeyboardReader,
    panel::Picture,
    screen::{self, Glass, Sources, Taken, Wanted},
    televisions::Televisions,
};

/// What comes is told at once; this only bounds how long a thread sleeps.
const AT_MOST: Duration = Duration::from_secs(3_600);

/// The panel's display, touch screen and keyboards, as the loop knows them.
pub(crate) struct Output {
    wanted: watch::Sender<Wanted>,
    taken: watch::Receiver<Option<Taken>>,
    lender: Lender,
    keyboards: KeyboardReader,
    glass: Option<Glass>,
    fingers: FirstFinger,
    presence: Presence,
    rest: Rest,
    stand_by: StandBy,
    televisions: Televisions,
}

impl Output {
    /// Looks for displays and touch screens, in threads that end with the process.
    pub(crate) fn start(pictures: watch::Receiver<Arc<Picture>>, inputs: &Inputs) -> Self {
        // What is there already is known before the first display is chosen.
        let mut wanted = Wanted::default();
        match EvdevTouchScreens::open() {
            Ok(mut screens) => {
                wanted.touch_screens = screens.list();
                read_touches(
                    Box::new(screens),
                    wanted.touch_screens.clone(),
                    inputs.clone(),
                );
            }
            Err(error) => tracing::warn!(%error, "nothing to touch"),
        }
        let displays = DrmDisplays::default();
        let lender = Lender::of(&displays);
        let (wanted, follows) = watch::channel(wanted);
        let (takes, taken) = watch::channel(None);
        let sources = Sources {
            wanted: follows,
            plugged: watch_plugs(),
            pictures,
        };
        let lent = lender.clone();
        let take_back = Box::new(move |id: &str| lent.take_back(id));
        screen::start(
            Box::new(displays),
            take_back,
            sources,
            takes,
            inputs.clone(),
        );
        Self {
            wanted,
            taken,
            lender,
            keyboards: KeyboardReader::start(inputs),
            glass: None,
            fingers: FirstFinger::default(),
            presence: Presence::default(),
            rest: Rest::default(),
            stand_by: StandBy::default(),
            televisions: Televisions::start(Box::new(KernelCecAdapters)),
        }
    }

    /// Lends the displays that are not the panel's over a new socket, for an engine; `None` where there can be none.
    pub(crate) fn lend(&self) -> Option<OwnedFd> {
        let (lends, borrows) = lending_pair()
            .inspect_err(|error| tracing::error!(%error, "no displays are lent"))
            .ok()?;
        let (lender, taken) = (self.lender.clone(), self.taken.clone());
        let runtime = Handle::current();
        let serve = move || {
            // Nothing is lent before it is known which display is the panel's.
            let withheld = || {
                let mut taken = taken.clone();
                let known = runtime.block_on(taken.wait_for(Option::is_some));
                known.ok()?.as_ref()?.display.clone()
            };
            lender.serve(&lends, &withheld);
        };
        in_a_thread("lends-displays", serve);
        Some(borrows)
    }

    /// The panel is on this glass from now on; pictures of its size are wanted.
    pub(crate) fn set_glass(&mut self, glass: Option<Glass>) -> Option<(u32, u32)> {
        self.glass = glass;
        glass.map(|glass| glass.size)
    }

    pub(crate) fn set_touch_screens(&mut self, all: Vec<TouchScreen>) {
        self.wanted.send_if_modified(|wanted| {
            let before = std::mem::replace(&mut wanted.touch_screens, all);
            before != wanted.touch_screens
        });
    }

    /// Somebody touched the panel, wherever it is shown.
    pub(crate) fn touched(&mut self, now: Now) {
        self.presence.touched(now);
    }

    /// What a finger on a touch screen is to the panel.
    pub(crate) fn contact(&mut self, screen: &str, contact: Contact, now: Now) -> Option<Touch> {
        let glass = self.glass?;
        let ours = {
            let wanted = self.wanted.borrow();
            let config = wanted.config.as_ref()?;
            let ours = saal_panel::panel_touch_screen(&wanted.touch_screens, config);
            ours.is_some_and(|ours| ours.id == screen)
        };
        if !ours {
            return None;
        }
        let touch = self.fingers.follow(contact, glass.turn, glass.size)?;
        self.touched(now);
        self.rest.touch(touch)
    }

    /// Follows what the room is doing.
    pub(crate) fn follow(&mut self, room: &Room, now: Now) {
        self.presence.follow(room, now);
        if let Some(wish) = self.stand_by.follow(&self.presence, room, now) {
            let panel = self.taken.borrow().clone().unwrap_or_default().display;
            self.televisions.tell(wish, panel);
        }
        let config = room.config();
        let keyboards =
            config.and_then(|config| saal_panel::panel_keyboard(config, self.glass.is_some()));
        self.keyboards.use_all(keyboards);
        let look = self.rest.look(&self.presence, room, now);
        self.wanted.send_if_modified(|wanted| {
            let other = wanted.config.as_ref() != room.config();
            if other {
                wanted.config = room.config().cloned();
            }
            let looks = std::mem::replace(&mut wanted.look, look) != look;
            other || looks
        });
    }

    /// When [`Self::follow`] is due if nothing else happens (monotonic).
    pub(crate) fn next_deadline(&self, room: &Room, now: Now) -> Duration {
        let rest = self.rest.next_deadline(&self.presence, now);
        let presence = self.presence.next_deadline(room, now);
        presence.map_or(rest, |at| at.min(rest))
    }
}

/// Counts how often displays may have changed.
fn watch_plugs() -> watch::Receiver<u64> {
    let (sender, receiver) = watch::channel(0);
    let listen = move || {
        let events = match PlugEvents::open() {
            Ok(events) => events,
            Err(error) => {
                tracing::warn!(%error, "displays that come are not noticed");
                return;
            }
        };
        while !sender.is_closed() {
            if events.wait(AT_MOST) {
                sender.send_modify(|count| *count += 1);
            }
        }
    };
    in_a_thread("plug-events", listen);
    receiver
}

fn read_touches(mut screens: Box<dyn TouchScreens>, mut known: Vec<TouchScreen>, inputs: Inputs) {
    let read = move || {
        loop {
            let contacts = match screens.wait(AT_MOST) {
                Ok(contacts) => contacts,
                Err(error) => {
                    tracing::error!(%error, "touch screens are not read any more");
                    return;
                }
            };
            for (screen, contact) in contacts {
                inputs.send(Input::Contact(screen, contact));
            }
            let now = screens.list();
            if now != known {
                known.clone_from(&now);
                inputs.send(Input::TouchScreens(now));
            }
        }
    };
    in_a_thread("touch-screens", read);
}

pub(crate) fn in_a_thread(name: &str, work: impl FnOnce() + Send + 'static) {
    let thread = thread::Builder::new().name(name.to_owned());
    if let Err(error) = thread.spawn(work) {
        tracing::error!(name, %error, "a thread does not start");
    }
}
