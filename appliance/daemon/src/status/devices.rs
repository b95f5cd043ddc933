//! The room's devices, as `saalctl devices` tells them.

use saal_control::{CecReport, ChosenDevices, Devices};
use saal_core::Room;
use saal_fleet_protocol::config::{Device, Television};
use saal_hal::CecAdapters;
use saal_hal_linux::KernelCecAdapters;

use super::Facts;

fn cec(room: &Room) -> CecReport {
    let television = room.config().map(|config| &config.television);
    let none = Device::none();
    let any = |t: &&Television| t.display != none || t.content_display != none;
    let adapters = KernelCecAdapters.list();
    let adapters = adapters
        .inspect_err(|error| tracing::warn!(%error, "televisions can't be found"))
        .unwrap_or_default();
    CecReport {
        follow: television.filter(any).map(|television| television.cec),
        adapters: adapters.into_iter().map(|adapter| adapter.name).collect(),
    }
}

/// What is plugged in, what is chosen of it, and whether televisions follow.
pub(super) fn devices(facts: &Facts<'_>) -> Devices {
    let chosen = facts
        .room
        .config()
        .map(|c| c.devices.clone())
        .unwrap_or_default();
    let name = |device: &Device| device.as_str().to_owned();
    let television = facts.room.config().map(|c| c.television.clone());
    let television = television.unwrap_or_default();
    Devices {
        present: facts.room.devices().clone(),
        codecs: facts.room.codecs().clone(),
        chosen: ChosenDevices {
            camera: name(&chosen.camera),
            microphone: name(&chosen.microphone),
            loudspeaker: name(&chosen.loudspeaker),
            content: name(&chosen.content),
            display: name(&television.display),
            content_display: name(&television.content_display),
        },
        cec: cec(facts.room),
    }
}
