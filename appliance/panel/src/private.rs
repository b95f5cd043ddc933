//! What nobody sees from afar, whoever allowed them to see the panel: PINs, passwords, keys and codes.

use saal_core::{LockState, Obstacle, Trouble};

use crate::{Screen, SettingsView, Sheet, View};

impl View {
    /// Whether something stands on the panel that is only for people in the room. It is not shown from afar then, nor
    /// touched from there.
    #[must_use]
    pub fn is_private(&self) -> bool {
        let code = |trouble: &Trouble| matches!(trouble, Trouble::Enrolment { .. });
        self.screen.is_private()
            || self.navigation.sheet().is_some_and(Sheet::is_private)
            || self.troubles.iter().any(code)
            || self.asks_for_pin()
    }

    fn asks_for_pin(&self) -> bool {
        let locked = |settings: &SettingsView| matches!(settings.lock, LockState::Locked { .. });
        let settings = matches!(self.navigation.sheet(), Some(Sheet::Settings(_)));
        settings && self.settings.as_deref().is_none_or(locked)
    }
}

impl Screen {
    fn is_private(&self) -> bool {
        match self {
            Self::RecoveryKey { .. }
            | Self::SignIn { .. }
            | Self::Verification(_)
            | Self::Laptop(_) => true,
            Self::Joining { obstacle, .. } => matches!(obstacle, Some(Obstacle::Password { .. })),
            Self::Starting
            | Self::GoingDown(_)
            | Self::Home { .. }
            | Self::Ringing(_)
            | Self::Call(_)
            | Self::Leaving { .. } => false,
        }
    }
}

impl Sheet {
    fn is_private(&self) -> bool {
        match self {
            // What is dialled may be the PIN of a conference.
            Self::Keypad
            | Self::RecoveryKey
            | Self::SignIn
            | Self::Laptop
            | Self::Phone
            | Self::LinkByPhone
            // A link may carry a password.
            | Self::TypeLink => true,
            Self::More
            | Self::People
            | Self::Person(_)
            | Self::Remove(_)
            | Self::Chat
            | Self::Arrangement
            | Self::Sound
            | Self::Polls
            | Self::Camera
            | Self::SavePosition
            | Self::Cameras
            | Self::EndForAll
            | Self::Access
            | Self::Troubles
            | Self::Day
            | Self::Book
            | Self::Time(_)
            | Self::Ways(_)
            | Self::Elsewhere
            | Self::Settings(_)
            | Self::About(_) => false,
        }
    }
}
