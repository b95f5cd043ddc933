//! What the television shows between meetings, as plain data: the room's day, or how far it is on its way into a meeting.

use std::sync::Arc;

use jiff::Timestamp;
use saal_core::{Door, Now, Phase, Room, Trouble};
use saal_meeting::Secret;

use crate::{Comfort, Navigation, Picture, Screen, View};

/// What the television shows between meetings.
#[derive(Clone, Debug, PartialEq)]
pub struct StillView {
    /// Size, language, colours and clock; its screen is the room's day, or joining.
    pub(crate) view: View,
    /// What people chose to be shown there.
    pub signage: Signage,
    /// Which of the screens.
    pub screen: StillScreen,
}

/// What people chose to be shown between meetings, beside the room's day.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Signage {
    /// As large as [`StillView::picture_size`] says, or smaller.
    pub picture: Option<Arc<Picture>>,
    /// Several lines of text.
    pub text: Option<String>,
}

/// Which of the screens it is.
#[derive(Clone, Debug, PartialEq)]
pub enum StillScreen {
    /// Waiting for people.
    Day {
        /// Titles of meetings are for everybody; else they are "busy".
        titles: bool,
        /// Laptops can be shown.
        laptops: bool,
        /// What people dial who come by telephone.
        dial_in: Option<String>,
        /// Where a code leads phones, for people to say where the room is to go.
        phone: Option<Secret>,
    },
    /// Nobody has claimed this device for its fleet.
    SetUp {
        /// Where its code is typed.
        server: String,
        /// What is typed there.
        code: String,
    },
    /// A laptop can come in.
    Laptop {
        /// Where to go.
        address: String,
        /// What to type there.
        code: String,
    },
    /// Entering a meeting.
    Joining,
}

impl StillView {
    /// What the television of this room shows at this moment, when no picture of a meeting is on it; `None` before the first
    /// configuration. In a meeting it is what comes after it.
    #[must_use]
    pub fn of(room: &Room, now: Now, signage: Signage) -> Option<Self> {
        let config = room.config()?;
        let television = &config.television;
        let screen = match room.phase() {
            Phase::Joining(_) => StillScreen::Joining,
            Phase::Home if matches!(room.door(), Some(Door::Open(_))) => laptop(room)?,
            Phase::Home if set_up(room, now).is_some() => set_up(room, now)?,
            _ => StillScreen::Day {
                titles: television.meeting_titles,
                laptops: config
                    .browsers
                    .as_ref()
                    .is_some_and(|browsers| browsers.share),
                dial_in: (television.dial_in.as_ref()).map(|dial_in| dial_in.as_str().to_owned()),
                phone: room.phone_board().map(|ticket| ticket.address.clone()),
            },
        };
        let of_panel = View::of(room, now, &Navigation::default());
        let view = View {
            width: television.width.get(),
            height: television.height.get(),
            screen: match screen {
                StillScreen::Joining => of_panel.screen,
                _ => Screen::day(room, now),
            },
            // What people chose at the panel is for their eyes; the television is as the room is.
            comfort: Comfort {
                theme: config.panel.theme,
                ..Comfort::default()
            },
            ..of_panel
        };
        Some(Self::new(view, signage, screen))
    }

    /// A screen made by hand.
    #[must_use]
    pub fn new(view: View, signage: Signage, screen: StillScreen) -> Self {
        Self {
            // The clock shows minutes, and so does what is kept of it.
            view: View {
                now: whole_minute(view.now),
                ..view
            },
            signage,
            screen,
        }
    }

    /// Size, language, colours and clock, to be others.
    pub fn view_mut(&mut self) -> &mut View {
        &mut self.view
    }

    /// Pixels that a picture has beside the room's day on a television of this size.
    #[must_use]
    pub fn picture_size(width: u32, height: u32) -> (u32, u32) {
        let scale = crate::scale::Scale::television(width, height);
        let even = |design: f32| (scale.px(design) as u32) & !1;
        // All the width beside the margins, or beside the room's side as well.
        match scale.is_portrait() {
            true => (even(624.0), even(351.0)),
            false => (even(684.0), even(385.0)),
        }
    }
}

/// Where nothing is known of the day, and that is because nobody has claimed the device.
fn set_up(room: &Room, now: Now) -> Option<StillScreen> {
    let Screen::Home {
        under_way, next, ..
    } = Screen::day(room, now)
    else {
        return None;
    };
    match room.troubles().first().copied()? {
        Trouble::Enrolment {
            server,
            code: Some(code),
        } if under_way.is_empty() && next.is_empty() => Some(StillScreen::SetUp {
            server: server.clone(),
            code: code.clone(),
        }),
        _ => None,
    }
}

fn laptop(room: &Room) -> Option<StillScreen> {
    match room.door()? {
        Door::Open(invitation) => Some(StillScreen::Laptop {
            address: invitation.address.clone(),
            code: invitation.code.clone(),
        }),
        Door::Opening | Door::Broken => None,
    }
}

/// Zones are whole minutes away from each other, but in times long past.
fn whole_minute(now: Timestamp) -> Timestamp {
    let second = now.as_second().div_euclid(60) * 60;
    Timestamp::from_second(second).unwrap_or(now)
}
