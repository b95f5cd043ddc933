//! What the settings and "About this room" show, as plain data.

use std::collections::BTreeMap;

use saal_core::{
    Finding, LockState, Now, Part, PrivacyEntry, Room, SystemFacts, SystemRequest, SystemStage,
    Trouble,
};
use saal_fleet_protocol::config::{BrightnessPercent, Device, ScalePercent, Theme};
use saal_meeting::AccountState;

use crate::{Navigation, Sheet};

/// Where people are in the settings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SettingsPage {
    /// The PIN, and what there is.
    Start,
    /// Addresses and servers.
    Network,
    /// What is plugged in, and whether it works.
    Devices,
    /// How this panel is.
    Look,
    /// The room's account, and who looks after the room.
    Account,
    /// Starting anew and forgetting.
    System,
    /// Whether to start the computer anew.
    Restart,
    /// Whether to forget everything.
    FactoryReset,
}

impl SettingsPage {
    /// Where the way back leads; `None`: out.
    #[must_use]
    pub fn before(self) -> Option<Self> {
        match self {
            Self::Start => None,
            Self::Restart | Self::FactoryReset => Some(Self::System),
            _ => Some(Self::Start),
        }
    }
}

/// Where people are who want to know about the room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AboutPage {
    /// Version and updates, and what else there is.
    Start,
    /// What was in use, and when.
    Privacy,
    /// What runs.
    Components,
    /// Who allows all that to be here.
    Licences,
}

/// What the settings and "About this room" show.
#[derive(Clone, Debug, PartialEq)]
pub struct SettingsView {
    /// Whether whoever is there may change what lasts.
    pub lock: LockState,
    /// What the system did not do.
    pub failed: Option<SystemRequest>,
    /// What the computer said of itself.
    pub facts: SystemFacts,
    /// How the panel is for everybody.
    pub look: LookView,
    /// What is plugged in.
    pub devices: Vec<DeviceView>,
    /// What the last trial said; `None` while one goes on.
    pub findings: Option<BTreeMap<Part, Finding>>,
    /// The room's account.
    pub account: AccountState,
    /// Who looks after the room.
    pub fleet: Option<FleetView>,
    /// What was in use, the newest first.
    pub log: Vec<PrivacyEntry>,
    /// For how many days that is kept.
    pub log_days: u32,
}

/// How the panel is for everybody, and the televisions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LookView {
    /// Colours.
    pub theme: Theme,
    /// Size of text.
    pub scale: ScalePercent,
    /// How bright.
    pub brightness: BrightnessPercent,
    /// Whether televisions follow the room; `None`: this computer has none.
    pub cec: Option<bool>,
}

/// What a device is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum DevicePlace {
    /// Picture of the room.
    Camera,
    /// Sound of the room.
    Microphone,
    /// Sound of the others.
    Loudspeaker,
    /// What the room presents.
    Content,
    /// What shows the others.
    Television,
    /// What shows what is presented.
    ContentDisplay,
}

/// A device as the room is configured, or people chose.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeviceView {
    /// What it is for.
    pub place: DevicePlace,
    /// What it is called; `None`: on purpose there is none.
    pub name: Option<String>,
    /// It is plugged in.
    pub present: bool,
}

/// Who looks after the room.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FleetView {
    /// The server, as people know it.
    pub server: String,
    /// Nobody has claimed the device yet: the code for that, once the server was reached.
    pub waits: Option<Option<String>>,
}

impl SettingsView {
    /// What they show where they are open.
    pub(crate) fn of(room: &Room, now: Now, navigation: &Navigation) -> Option<Box<Self>> {
        let about = match navigation.sheet()? {
            Sheet::Settings(_) => None,
            Sheet::About(page) => Some(*page),
            _ => return None,
        };
        let mut facts = room.system_facts().clone();
        // Hundreds of them are read on one page alone.
        if !matches!(about, Some(AboutPage::Components)) {
            facts.components.truncate(0);
        }
        let log = match about {
            Some(AboutPage::Privacy) => room.privacy_log().entries.iter().rev().copied().collect(),
            _ => Vec::new(),
        };
        let failed = match room.system_asked() {
            Some((request, SystemStage::Failed { .. })) => Some(request),
            _ => None,
        };
        let config = room.config();
        Some(Box::new(Self {
            lock: room.settings_lock(now),
            failed,
            facts,
            look: config.map(LookView::of).unwrap_or_default(),
            devices: devices(room),
            findings: room.findings().cloned(),
            account: room.account().clone(),
            fleet: fleet(room),
            log,
            log_days: config.map_or(0, |c| c.panel.privacy_days.get()),
        }))
    }
}

impl LookView {
    fn of(config: &saal_fleet_protocol::Config) -> Self {
        let (panel, television) = (&config.panel, &config.television);
        let none = Device::none();
        let any = television.display != none || television.content_display != none;
        Self {
            theme: panel.theme,
            scale: panel.scale_percent,
            brightness: panel.brightness_percent,
            cec: any.then_some(television.cec),
        }
    }
}

fn devices(room: &Room) -> Vec<DeviceView> {
    let Some(config) = room.config() else {
        return Vec::new();
    };
    let (devices, present) = (&config.devices, room.devices());
    let [microphone, loudspeaker] = room.sound_devices().unwrap_or_default();
    let camera = |wanted: &str| {
        let mut all = present.cameras.iter();
        all.find(|camera| camera.id == wanted || camera.name == wanted)
            .map(|camera| camera.name.clone())
    };
    let named = |wanted: &str, all: &[String]| all.iter().find(|name| *name == wanted).cloned();
    let television = &config.television;
    let display = |device: &Device| named(device.as_str(), &present.displays);
    let all = [
        (
            DevicePlace::Camera,
            devices.camera.as_str(),
            camera(devices.camera.as_str()),
        ),
        (
            DevicePlace::Microphone,
            microphone,
            named(microphone, &present.microphones),
        ),
        (
            DevicePlace::Loudspeaker,
            loudspeaker,
            named(loudspeaker, &present.loudspeakers),
        ),
        (
            DevicePlace::Content,
            devices.content.as_str(),
            camera(devices.content.as_str()),
        ),
        (
            DevicePlace::Television,
            television.display.as_str(),
            display(&television.display),
        ),
        (
            DevicePlace::ContentDisplay,
            television.content_display.as_str(),
            display(&television.content_display),
        ),
    ];
    all.into_iter()
        .map(|(place, wanted, found)| DeviceView {
            place,
            present: found.is_some() || matches!(wanted, "simulated" | "auto"),
            name: found.or_else(|| (wanted != "none").then(|| wanted.to_owned())),
        })
        .collect()
}

fn fleet(room: &Room) -> Option<FleetView> {
    let waiting = room
        .troubles()
        .into_iter()
        .find_map(|trouble| match trouble {
            Trouble::Enrolment { server, code } => Some((server.clone(), code.clone())),
            _ => None,
        });
    if let Some((server, code)) = waiting {
        let waits = Some(code);
        return Some(FleetView { server, waits });
    }
    let fleet = room.config()?.fleet.as_ref()?;
    Some(FleetView {
        server: fleet.server.as_str().to_owned(),
        waits: None,
    })
}
