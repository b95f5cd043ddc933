//! The settings and "About this room", made by hand.

use std::{collections::BTreeMap, time::Duration};

use saal_core::{
    Component, Finding, Interface, LockState, Part, PrivacyEntry, Server, SlotState, SystemFacts,
    SystemRequest, Update, Use, UseEnd,
};
use saal_meeting::AccountState;
use saal_panel::{
    AboutPage, DevicePlace, DeviceView, FleetView, Key, LookView, Navigation, Screen, SettingsPage,
    SettingsView, Sheet, Step,
};

use crate::scenes::{after, at, free, home};

/// A screen, where people are on it, and what it knows.
pub(crate) type SettingsScene = (&'static str, Screen, Navigation, Option<Box<SettingsView>>);

/// A room whose image was updated, with one server down and a camera that was unplugged.
pub(crate) fn settings() -> SettingsView {
    SettingsView {
        lock: LockState::Open,
        failed: None,
        facts: facts(),
        look: LookView {
            cec: Some(true),
            ..LookView::default()
        },
        devices: devices(),
        findings: Some(findings()),
        account: AccountState::Online {
            user: "@lahn:example.org".to_owned(),
        },
        fleet: Some(FleetView {
            server: "fleet.example.org".to_owned(),
            waits: None,
        }),
        log: Vec::new(),
        log_days: 14,
    }
}

fn facts() -> SystemFacts {
    let address = |text: &str| text.parse().unwrap();
    let server = |name: &str, answers| Server {
        name: name.to_owned(),
        answers,
    };
    SystemFacts {
        interfaces: vec![Interface {
            name: "enp1s0".to_owned(),
            addresses: vec![
                address("192.0.2.17"),
                address("2001:db8:0:42:5054:ff:fe12:3456"),
                address("fe80::5054:ff:fe12:3456"),
            ],
        }],
        proxy: Some("http://proxy.example.org:3128".to_owned()),
        servers: vec![
            server("matrix.example.org", Some(true)),
            server("meet.example.org", Some(false)),
            server("dav.example.org", None),
        ],
        version: "0.1.0".to_owned(),
        system: Some("Debian GNU/Linux 13 (trixie)".to_owned()),
        image: Some("2026.47".to_owned()),
        components: Vec::new(),
        update: Some(Update {
            slot: "a".to_owned(),
            other: Some(SlotState {
                version: "2026.48".to_owned(),
                next: true,
            }),
        }),
        takes_requests: true,
    }
}

fn components() -> Vec<Component> {
    let component = |name: &str, version: &str, licence: Option<&str>| Component {
        name: name.to_owned(),
        version: version.to_owned(),
        licence: licence.map(str::to_owned),
    };
    let known = [
        component("aho-corasick", "1.1.3", Some("Unlicense OR MIT")),
        component("gstreamer1.0-plugins-base", "1.26.2-1", None),
        component("libopus0", "1.5.2-2", None),
        component("linux-image-6.12.57+deb13-amd64", "6.12.57-1", None),
        component("matrix-sdk", "0.16.0", Some("Apache-2.0")),
    ];
    let more = (1..16).map(|n| component(&format!("part-{n}"), "1.0", None));
    known.into_iter().chain(more).collect()
}

fn devices() -> Vec<DeviceView> {
    let device = |place, name: Option<&str>, present| DeviceView {
        place,
        name: name.map(str::to_owned),
        present,
    };
    vec![
        device(DevicePlace::Camera, Some("Logitech BRIO"), false),
        device(DevicePlace::Microphone, Some("Jabra SPEAK 750"), true),
        device(DevicePlace::Loudspeaker, Some("Jabra SPEAK 750"), true),
        device(DevicePlace::Content, None, false),
        device(DevicePlace::Television, Some("auto"), true),
        device(DevicePlace::ContentDisplay, None, false),
    ]
}

fn findings() -> BTreeMap<Part, Finding> {
    let reason = "meet.example.org: connection refused".to_owned();
    BTreeMap::from([
        (Part::Microphone, Finding::Good),
        (Part::Network, Finding::Good),
        (Part::Server, Finding::Bad { reason }),
        (Part::Disk, Finding::Good),
    ])
}

fn log() -> Vec<PrivacyEntry> {
    let entry = |what, from: &str, until: &str, end| PrivacyEntry {
        what,
        from: at(from),
        until: at(until),
        end,
    };
    let mut yesterday = entry(Use::Recording, "09:00", "09:45", UseEnd::Restart);
    yesterday.from = "2026-11-22T22:30:00Z".parse().unwrap();
    yesterday.until = "2026-11-22T23:15:00Z".parse().unwrap();
    vec![
        entry(Use::RemoteView, "14:02", "14:05", UseEnd::Going),
        entry(Use::RemoteTouch, "13:40", "13:40", UseEnd::Over),
        entry(Use::Laptop, "11:05", "11:52", UseEnd::Over),
        entry(Use::Camera, "11:00", "11:58", UseEnd::Over),
        entry(Use::Microphone, "11:00", "11:58", UseEnd::Over),
        yesterday,
    ]
}

fn in_settings(
    name: &'static str,
    at: SettingsPage,
    change: impl FnOnce(&mut SettingsView),
) -> SettingsScene {
    let mut known = settings();
    change(&mut known);
    let sheet = Step::Open(Sheet::Settings(at));
    (name, free(), after([sheet]), Some(Box::new(known)))
}

fn about(
    name: &'static str,
    at: AboutPage,
    change: impl FnOnce(&mut SettingsView),
) -> SettingsScene {
    let mut known = settings();
    change(&mut known);
    let sheet = Step::Open(Sheet::About(at));
    (name, home(), after([sheet]), Some(Box::new(known)))
}

pub(crate) fn all() -> Vec<SettingsScene> {
    let mut all = locked();
    all.extend(open());
    all.push(about("about", AboutPage::Start, |_| ()));
    all.push(about("about-privacy", AboutPage::Privacy, |known| {
        known.log = log();
    }));
    all.push(about("about-privacy-empty", AboutPage::Privacy, |_| ()));
    all.push(about("about-components", AboutPage::Components, |known| {
        known.facts.components = components();
    }));
    all.push(about("about-licences", AboutPage::Licences, |_| ()));
    let down = Screen::GoingDown(SystemRequest::FactoryReset);
    all.push(("going-down", down, Navigation::default(), None));
    all
}

/// For who knows the PIN not yet.
fn locked() -> Vec<SettingsScene> {
    let lock = |wrong, wait| LockState::Locked { wrong, wait };
    let mut typed = in_settings("settings-pin", SettingsPage::Start, |known| {
        known.lock = lock(false, None);
    });
    for digit in "4711".chars() {
        typed.2.take(Step::Key(Key::Type(digit)));
    }
    vec![
        typed,
        in_settings("settings-pin-wrong", SettingsPage::Start, |known| {
            known.lock = lock(true, None);
        }),
        in_settings("settings-pin-wait", SettingsPage::Start, |known| {
            known.lock = lock(true, Some(Duration::from_secs(28)));
        }),
        in_settings("settings-no-pin", SettingsPage::Start, |known| {
            known.lock = LockState::NoPin;
        }),
    ]
}

/// For who knows it.
fn open() -> Vec<SettingsScene> {
    let mut understood = in_settings(
        "settings-reset-understood",
        SettingsPage::FactoryReset,
        |_| (),
    );
    understood.2.take(Step::Understand(true));
    vec![
        in_settings("settings", SettingsPage::Start, |_| ()),
        in_settings("settings-network", SettingsPage::Network, |_| ()),
        in_settings("settings-devices", SettingsPage::Devices, |_| ()),
        in_settings("settings-devices-trying", SettingsPage::Devices, |known| {
            known.findings = None;
        }),
        in_settings("settings-look", SettingsPage::Look, |_| ()),
        in_settings("settings-account", SettingsPage::Account, |_| ()),
        in_settings("settings-system", SettingsPage::System, |_| ()),
        in_settings("settings-system-failed", SettingsPage::System, |known| {
            known.failed = Some(SystemRequest::Restart);
        }),
        in_settings("settings-system-cannot", SettingsPage::System, |known| {
            known.facts.takes_requests = false;
        }),
        in_settings("settings-restart", SettingsPage::Restart, |_| ()),
        in_settings("settings-reset", SettingsPage::FactoryReset, |_| ()),
        understood,
    ]
}
