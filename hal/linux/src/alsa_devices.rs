//! Sound devices by ALSA.

use std::path::Path;

use alsa::{
    Ctl, Direction as Flow, ValueOr,
    card::Iter as Cards,
    ctl::DeviceIter,
    device_name::HintIter,
    pcm::{Access, Format, HwParams, PCM},
};
use saal_hal::{AudioDevice, AudioDevices, AudioError, Direction, Volume};

use crate::{
    alsa_mixer,
    names::{self, Named},
    sysfs,
};

/// Everything in this house runs at this rate.
const RATE: u32 = 48_000;
/// 10 ms.
const PERIOD_FRAMES: usize = 480;
/// How long the first period may take, in milliseconds; a device that says nothing is broken.
const FIRST_PERIOD: u32 = 2_000;

const EBUSY: i32 = nix::errno::Errno::EBUSY as i32;
const ENODEV: i32 = nix::errno::Errno::ENODEV as i32;
const ENOENT: i32 = nix::errno::Errno::ENOENT as i32;

/// The sound cards that ALSA knows, and a desktop's sound server. Numbers and short names of cards change with the order in which they are found, so ids
/// say what hardware it is; nodes (`plughw:CARD=Jabra,DEV=0`) convert rates and channels where the card is not 48 kHz.
#[derive(Clone, Copy, Debug, Default)]
pub struct AlsaDevices;

impl AudioDevices for AlsaDevices {
    fn list(&self, direction: Direction) -> Result<Vec<AudioDevice>, AudioError> {
        let mut all = Vec::new();
        for card in Cards::new() {
            let found = card.and_then(|card| devices_of(&card, direction));
            match found {
                Ok(found) => all.extend(found),
                // One that is being pulled out now is simply not there.
                Err(error) => tracing::debug!(%error, "no sound card"),
            }
        }
        all.extend(sound_server(direction));
        names::make_unique(&mut all);
        Ok(all)
    }

    fn check(&self, device: &AudioDevice) -> Result<(), AudioError> {
        let explain = |operation: &'static str| {
            move |error: alsa::Error| self.explain(device, operation, error)
        };
        // Not blocking: an open that blocks waits for as long as another program has the device.
        let pcm = PCM::new(&device.node, flow(device.direction), true).map_err(explain("open"))?;
        let channels = configure(&pcm).map_err(explain("set 48 kHz, 16 bit"))?;
        let mut period = vec![0_i16; PERIOD_FRAMES * channels];
        let io = pcm.io_i16().map_err(explain("move sound"))?;
        if device.direction == Direction::Playback {
            io.writei(&period).map_err(explain("write"))?;
            return Ok(());
        }
        pcm.start().map_err(explain("start"))?;
        if !pcm.wait(Some(FIRST_PERIOD)).map_err(explain("wait"))? {
            return Err(AudioError::Device {
                device: device.name.clone(),
                operation: "read".to_owned(),
                reason: format!("no sound within {FIRST_PERIOD} ms"),
            });
        }
        io.readi(&mut period).map_err(explain("read"))?;
        Ok(())
    }

    fn volume(&self, device: &AudioDevice) -> Result<Option<Volume>, AudioError> {
        if device.direction == Direction::Capture {
            return self.find(&device.id, device.direction).map(|_| None);
        }
        alsa_mixer::volume(&card(&device.node)).map_err(|e| self.explain(device, "read volume", e))
    }

    fn set_volume(&self, device: &AudioDevice, volume: Volume) -> Result<bool, AudioError> {
        if device.direction == Direction::Capture {
            return self.find(&device.id, device.direction).map(|_| false);
        }
        alsa_mixer::set_volume(&card(&device.node), volume)
            .map_err(|e| self.explain(device, "set volume", e))
    }
}

impl Named for AudioDevice {
    fn id(&self) -> &str {
        &self.id
    }

    fn name(&mut self) -> &mut String {
        &mut self.name
    }
}

impl AlsaDevices {
    fn explain(&self, device: &AudioDevice, operation: &str, error: alsa::Error) -> AudioError {
        match error.errno() {
            EBUSY => AudioError::Busy {
                device: device.name.clone(),
            },
            ENODEV | ENOENT => {
                let present = self.list(device.direction).unwrap_or_default();
                AudioError::NotFound {
                    wanted: device.name.clone(),
                    present: present.into_iter().map(|d| d.name).collect(),
                }
            }
            _ => AudioError::Device {
                device: device.name.clone(),
                operation: operation.to_owned(),
                reason: error.to_string(),
            },
        }
    }
}

fn flow(direction: Direction) -> Flow {
    match direction {
        Direction::Capture => Flow::Capture,
        Direction::Playback => Flow::Playback,
    }
}

fn devices_of(card: &alsa::Card, direction: Direction) -> alsa::Result<Vec<AudioDevice>> {
    let ctl = Ctl::from_card(card, true)?;
    let info = ctl.card_info()?;
    let (short, name) = (info.get_id()?.to_owned(), info.get_name()?.to_owned());
    let folder = format!("/sys/class/sound/card{}/device", card.get_index());
    let unit = sysfs::hardware(folder.as_ref()).unwrap_or_else(|| format!("card-{short}"));
    let mut all = Vec::new();
    for number in DeviceIter::new(&ctl) {
        let number = number.unsigned_abs();
        // Devices that flow the other way only are refused here.
        let Ok(pcm) = ctl.pcm_info(number, 0, flow(direction)) else {
            continue;
        };
        let what = pcm.get_name().unwrap_or_default();
        all.push(AudioDevice {
            id: format!("{unit}/{number}"),
            name: if what.is_empty() || what == name {
                format!("{name} ({number})")
            } else {
                format!("{name}: {what}")
            },
            direction,
            node: format!("plughw:CARD={short},DEV={number}"),
        });
    }
    // The one microphone of a speakerphone is called what the speakerphone is called.
    if let [only] = all.as_mut_slice() {
        only.name = name;
    }
    Ok(all)
}

/// How ALSA calls its way to PulseAudio, and to PipeWire in its place (alsa-plugins, `pcm_pulse`).
const SOUND_SERVER: &str = "pulse";

/// The sound server of the desktop in whose session this runs, after all cards: it holds them, so that a room that is tried
/// on a desktop is heard through it.
fn sound_server(direction: Direction) -> Option<AudioDevice> {
    let runs = std::env::var_os("PULSE_SERVER").is_some()
        || std::env::var_os("XDG_RUNTIME_DIR")
            .is_some_and(|folder| Path::new(&folder).join("pulse/native").exists());
    if !runs {
        return None;
    }
    let mut ways = HintIter::new_str(None, "pcm").ok()?;
    ways.any(|way| way.name.as_deref() == Some(SOUND_SERVER))
        .then(|| AudioDevice {
            id: "sound-server/0".to_owned(),
            name: "Sound server".to_owned(),
            direction,
            node: SOUND_SERVER.to_owned(),
        })
}

/// The card of a node: `hw:CARD=Jabra` of `plughw:CARD=Jabra,DEV=0`.
fn card(node: &str) -> String {
    let card = node.strip_prefix("plug").unwrap_or(node);
    card.split(',').next().unwrap_or(card).to_owned()
}

/// Sets what everything here uses; the number of channels is the device's.
fn configure(pcm: &PCM) -> alsa::Result<usize> {
    let params = HwParams::any(pcm)?;
    params.set_access(Access::RWInterleaved)?;
    params.set_format(Format::s16())?;
    params.set_rate(RATE, ValueOr::Nearest)?;
    let channels = params.get_channels_min()?.max(1);
    params.set_channels(channels)?;
    pcm.hw_params(&params)?;
    pcm.prepare()?;
    Ok(usize::try_from(channels).unwrap_or(1))
}
