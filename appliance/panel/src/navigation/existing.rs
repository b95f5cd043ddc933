//! Which sheets the room has at the moment.

use saal_core::{InCall, Phase, Room};
use saal_meeting::Role;

use super::Sheet;
use crate::SettingsPage;

pub(super) fn exists(sheet: &Sheet, room: &Room) -> bool {
    if *sheet == Sheet::RecoveryKey {
        return *room.phase() == Phase::Home && room.wants_recovery_key().is_some();
    }
    if *sheet == Sheet::SignIn {
        return *room.phase() == Phase::Home && room.sign_in().is_some();
    }
    if sheet.is_at_home() && *room.phase() == Phase::Home {
        return match sheet {
            Sheet::Troubles => !room.troubles().is_empty(),
            Sheet::Time(meeting) => room.can_change(meeting),
            Sheet::Ways(meeting) => room.meeting(meeting).is_some_and(|m| !m.others.is_empty()),
            Sheet::Elsewhere | Sheet::TypeLink => room.may_go_elsewhere(),
            Sheet::LinkByPhone => room.phone_door().is_some(),
            Sheet::Settings(page) => *page == SettingsPage::Start || room.settings_are_open(),
            _ => true,
        };
    }
    let has_it = match sheet {
        Sheet::Troubles => !room.troubles().is_empty(),
        Sheet::Camera | Sheet::SavePosition => room.camera().is_some_and(|c| c.moves.any()),
        Sheet::Cameras => room.cameras().count() > 1,
        Sheet::Laptop => room.door().is_some(),
        Sheet::Phone => room.phone_door().is_some(),
        Sheet::Time(meeting) => room.can_change(meeting),
        _ => true,
    };
    let call = room.phase().in_call();
    has_it && call.is_some_and(|call| is_in(sheet, call))
}

fn is_in(sheet: &Sheet, call: &InCall) -> bool {
    let moderator = call.state.role == Role::Moderator;
    match sheet {
        Sheet::More | Sheet::People | Sheet::Arrangement | Sheet::Sound | Sheet::Chat => true,
        Sheet::Person(id) | Sheet::Remove(id) => {
            moderator && call.participants.iter().any(|p| p.id == *id)
        }
        Sheet::Polls => !call.state.polls.is_empty(),
        Sheet::Keypad => call.state.dial_in,
        Sheet::Camera | Sheet::SavePosition | Sheet::Cameras | Sheet::Laptop | Sheet::Phone => true,
        Sheet::EndForAll => moderator,
        Sheet::Access | Sheet::Troubles | Sheet::Time(_) => true,
        Sheet::RecoveryKey
        | Sheet::SignIn
        | Sheet::Day
        | Sheet::Book
        | Sheet::Ways(_)
        | Sheet::Elsewhere
        | Sheet::TypeLink
        | Sheet::LinkByPhone
        | Sheet::Settings(_)
        | Sheet::About(_) => false,
    }
}

pub(super) fn instead(sheet: &Sheet) -> Option<Sheet> {
    match sheet {
        Sheet::Person(_) | Sheet::Remove(_) => Some(Sheet::People),
        // Whoever comes too late types the PIN again.
        Sheet::Settings(page) if page.before().is_some() => {
            Some(Sheet::Settings(SettingsPage::Start))
        }
        _ => None,
    }
}
