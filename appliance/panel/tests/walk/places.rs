//! Every place that people can come to, from the panel's own types: a new one compiles only with a name here, and then the
//! walk fails until people come to it.

use saal_core::{LockState, Obstacle, Onlooker, SystemRequest};
use saal_meeting::{SignIn, Verification, Waiting};
use saal_panel::{AboutPage, Call, Screen, SettingsPage, Sheet, View};

/// Names of all that a type can be, and a function that says which one it is.
macro_rules! places {
    ($all:ident, $which:ident, $type:ty, { $($name:literal => $pattern:pat,)* }) => {
        const $all: &[&str] = &[$($name),*];

        fn $which(place: &$type) -> &'static str {
            match place {
                $($pattern => $name,)*
            }
        }
    };
}

places!(SCREENS, screen, Screen, {
    "starting" => Screen::Starting,
    "going down: restart" => Screen::GoingDown(SystemRequest::Restart),
    "going down: factory reset" => Screen::GoingDown(SystemRequest::FactoryReset),
    "home" => Screen::Home { .. },
    "laptop at home" => Screen::Laptop(_),
    "ringing" => Screen::Ringing(_),
    "recovery key" => Screen::RecoveryKey { wrong: false },
    "recovery key: wrong" => Screen::RecoveryKey { wrong: true },
    "sign in: needed" => Screen::SignIn { of: SignIn::Needed { .. }, .. },
    "sign in: starting" => Screen::SignIn { of: SignIn::Starting, .. },
    "sign in: code" => Screen::SignIn { of: SignIn::Code(_), .. },
    "sign in: scan" => Screen::SignIn { of: SignIn::Scan { .. }, .. },
    "sign in: allow" => Screen::SignIn { of: SignIn::Allow { .. }, .. },
    "sign in: digits" => Screen::SignIn { of: SignIn::Digits, .. },
    "sign in: finishing" => Screen::SignIn { of: SignIn::Finishing, .. },
    "verification" => Screen::Verification(_),
    "joining" => Screen::Joining { obstacle: None, .. },
    "joining: waiting for the host" => Screen::Joining { obstacle: Some(Obstacle::Waiting(Waiting::Host)), .. },
    "joining: lobby" => Screen::Joining { obstacle: Some(Obstacle::Waiting(Waiting::Admission)), .. },
    "joining: waiting for the server" => Screen::Joining { obstacle: Some(Obstacle::Waiting(Waiting::Server)), .. },
    "joining: password" => Screen::Joining { obstacle: Some(Obstacle::Password { refused: false }), .. },
    "joining: password refused" => Screen::Joining { obstacle: Some(Obstacle::Password { refused: true }), .. },
    "call" => Screen::Call(_),
    "leaving" => Screen::Leaving { .. },
});

places!(VERIFICATIONS, verification, Verification, {
    "verification: asked" => Verification::Requested { .. },
    "verification: code" => Verification::Scan { .. },
    "verification: scanned" => Verification::Scanned,
    "verification: waiting" => Verification::Waiting,
    "verification: emoji" => Verification::Compare { .. },
    "verification: over" => Verification::Over { .. },
});

places!(SHEETS, sheet, Sheet, {
    "More" => Sheet::More,
    "People" => Sheet::People,
    "Person" => Sheet::Person(_),
    "Remove" => Sheet::Remove(_),
    "Chat" => Sheet::Chat,
    "Arrangement" => Sheet::Arrangement,
    "Laptop" => Sheet::Laptop,
    "Phone" => Sheet::Phone,
    "Sound" => Sheet::Sound,
    "Polls" => Sheet::Polls,
    "Keypad" => Sheet::Keypad,
    "Camera" => Sheet::Camera,
    "SavePosition" => Sheet::SavePosition,
    "Cameras" => Sheet::Cameras,
    "EndForAll" => Sheet::EndForAll,
    "RecoveryKey" => Sheet::RecoveryKey,
    "SignIn" => Sheet::SignIn,
    "Access" => Sheet::Access,
    "Troubles" => Sheet::Troubles,
    "Day" => Sheet::Day,
    "Book" => Sheet::Book,
    "Time" => Sheet::Time(_),
    "Ways" => Sheet::Ways(_),
    "Elsewhere" => Sheet::Elsewhere,
    "TypeLink" => Sheet::TypeLink,
    "LinkByPhone" => Sheet::LinkByPhone,
    "Settings" => Sheet::Settings(SettingsPage::Start),
    "Settings: network" => Sheet::Settings(SettingsPage::Network),
    "Settings: devices" => Sheet::Settings(SettingsPage::Devices),
    "Settings: look" => Sheet::Settings(SettingsPage::Look),
    "Settings: account" => Sheet::Settings(SettingsPage::Account),
    "Settings: system" => Sheet::Settings(SettingsPage::System),
    "Settings: restart" => Sheet::Settings(SettingsPage::Restart),
    "Settings: factory reset" => Sheet::Settings(SettingsPage::FactoryReset),
    "About" => Sheet::About(AboutPage::Start),
    "About: privacy" => Sheet::About(AboutPage::Privacy),
    "About: components" => Sheet::About(AboutPage::Components),
    "About: licences" => Sheet::About(AboutPage::Licences),
});

places!(ONLOOKERS, onlooker, Onlooker, {
    "nobody looks" => Onlooker::Nobody,
    "somebody asks to look" => Onlooker::Asks { .. },
    "somebody looks" => Onlooker::Looks(_),
    "somebody asks to help" => Onlooker::AsksToHelp(_),
    "somebody helps" => Onlooker::Helps(_),
});

/// What people are asked in a meeting before anything else.
const CONSENT: &str = "call: consent";
/// The PIN was right.
const UNLOCKED: &str = "Settings: open";

/// Names of all places.
pub(crate) fn all() -> impl Iterator<Item = &'static str> {
    let types = [SCREENS, SHEETS, ONLOOKERS, VERIFICATIONS];
    types
        .into_iter()
        .flatten()
        .copied()
        .chain([CONSENT, UNLOCKED])
}

/// Where people are now, without what is there beside.
pub(crate) fn screen_and_sheet(view: &View) -> (&'static str, Option<&'static str>) {
    (screen(&view.screen), view.navigation.sheet().map(sheet))
}

/// Where people are now.
pub(crate) fn of(view: &View) -> impl Iterator<Item = &'static str> {
    let asked = |call: &Call| call.meeting.consent_asked;
    let consent = matches!(&view.screen, Screen::Call(call) if asked(call));
    let verifying = match &view.screen {
        Screen::Verification(of) => Some(verification(of)),
        _ => None,
    };
    let settings = view.settings.as_ref();
    let settings = settings.is_some_and(|settings| settings.lock == LockState::Open);
    [
        Some(screen(&view.screen)),
        view.navigation.sheet().map(sheet),
        Some(onlooker(&view.onlooker)),
        verifying,
        consent.then_some(CONSENT),
        settings.then_some(UNLOCKED),
    ]
    .into_iter()
    .flatten()
}
