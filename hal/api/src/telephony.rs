//! Telephones of USB as HID describes them: where in a device's reports its hook, its mute key and its lights are.
//!
//! Read from what the device says of its reports, byte by byte as a stranger's: nothing here may panic, and the work is
//! bounded by the descriptor's length. Sources: Device Class Definition for HID 1.11 (sections 6.2.2 and 8), HID Usage
//! Tables 1.5 (pages 0x08, LED, and 0x0B, telephony).

mod descriptor;

use std::collections::BTreeMap;

use crate::{KeyName, PhoneLights};
use descriptor::{Fields, Place};

/// What a device has for calls, and how it is now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Telephony {
    fields: Fields,
    /// The last report of each number, without it.
    heard: BTreeMap<u8, Vec<u8>>,
    shown: PhoneLights,
    /// Where the device last said that its hook is.
    off_hook: Option<bool>,
}

/// Which input it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    /// 1: off the hook.
    Hook,
    /// 1: pressed.
    Mute,
    /// 1: pressed.
    Drop,
}

impl Telephony {
    /// What a report descriptor has for calls; `None` where there is neither hook nor a light for calls, so that nothing is
    /// to be had here that the kernel's keys don't have.
    #[must_use]
    pub fn of(descriptor: &[u8]) -> Option<Self> {
        let fields = descriptor::read(descriptor)?;
        let lights = fields.lights.iter().any(|(light, _)| match light {
            Light::Muted => false,
            Light::InCall | Light::Ringing => true,
        });
        let hook = fields.inputs.iter().any(|input| input.part == Part::Hook);
        (hook || lights).then(|| Self {
            fields,
            heard: BTreeMap::new(),
            shown: PhoneLights::default(),
            off_hook: None,
        })
    }

    /// Which lights it has.
    #[must_use]
    pub fn lights(&self) -> PhoneLights {
        let has = |light| self.fields.lights.iter().any(|(other, _)| *other == light);
        PhoneLights {
            muted: has(Light::Muted),
            in_call: has(Light::InCall),
            ringing: has(Light::Ringing),
        }
    }

    /// The output reports, each with its number first (0 where a device has but one), that have its lights show this.
    pub fn show(&mut self, lights: PhoneLights) -> Vec<Vec<u8>> {
        self.shown = lights;
        let mut reports: BTreeMap<u8, Vec<u8>> = BTreeMap::new();
        for (light, place) in &self.fields.lights {
            let length = self.fields.output_length(place.report);
            let report = reports.entry(place.report).or_insert_with(|| {
                let mut report = vec![0; 1 + length];
                report[0] = place.report;
                report
            });
            let on = match light {
                Light::Muted => lights.muted,
                Light::InCall => lights.in_call,
                Light::Ringing => lights.ringing,
            };
            if let Some(byte) = report.get_mut(1 + place.bit / 8) {
                *byte |= u8::from(on) << (place.bit % 8);
            }
        }
        reports.into_values().collect()
    }

    /// The keys that went down, by an input report as the kernel gives it: with its number first where reports have one.
    pub fn hear(&mut self, report: &[u8]) -> Vec<KeyName> {
        let (number, body) = match (self.fields.numbered, report.split_first()) {
            (true, Some((number, body))) => (*number, body),
            (true, None) => return Vec::new(),
            (false, _) => (0, report),
        };
        let inputs = self.fields.inputs.iter();
        let mine: Vec<_> = inputs
            .filter(|input| input.place.report == number)
            .collect();
        if mine.is_empty() {
            return Vec::new();
        }
        let before = self.heard.get(&number).map_or(&[][..], Vec::as_slice);
        // What was not said yet is nothing.
        let same = body
            .iter()
            .enumerate()
            .all(|(at, byte)| *byte == before.get(at).copied().unwrap_or(0));
        let mut pressed = Vec::new();
        for input in mine {
            let (was, is) = (input.is_on(before), input.is_on(body));
            let goes_down = is && (!was || input.how == How::Press);
            match (input.part, input.how) {
                (Part::Mute, _) if goes_down => pressed.push(KeyName::MicrophoneMuteToggle),
                (Part::Drop, _) if goes_down => pressed.push(KeyName::EndCall),
                (Part::Hook, How::Level) => {
                    self.off_hook = Some(is);
                    // A device follows the light, and says so: that is nobody's finger. One that followed in silence says
                    // the same as before when somebody presses; one with a cradle says so beside each other key.
                    if is != self.shown.in_call && (is != was || same) {
                        pressed.push(if is { KeyName::Call } else { KeyName::EndCall });
                    }
                }
                (Part::Hook, _) if goes_down => pressed.push(KeyName::HeadsetHook),
                _ => {}
            }
        }
        self.heard.insert(number, body.to_vec());
        pressed
    }

    /// Whether the device believes itself in a call while the room is in none, or the other way round: somebody pressed, and
    /// nothing came of it. Its lights are to be told again.
    #[must_use]
    pub fn disagrees(&self) -> bool {
        self.off_hook
            .is_some_and(|off_hook| off_hook != self.shown.in_call)
    }
}

/// A light of an output report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Light {
    Muted,
    InCall,
    Ringing,
}

/// An input of interest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Input {
    part: Part,
    place: Place,
    how: How,
}

/// How a report says that it is on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum How {
    /// By how it is now.
    Level,
    /// Each 1 is a press.
    Press,
    /// By its number in one of so many places.
    Among { places: usize, number: u32 },
}

impl Input {
    /// Whether it is on in a report without its number; what a report is too short for is off.
    fn is_on(&self, body: &[u8]) -> bool {
        let Place { bit, size, .. } = self.place;
        match self.how {
            How::Level | How::Press => value(body, bit, size) != 0,
            How::Among { places, number } => (0..places)
                .map_while(|place| bit.checked_add(place.checked_mul(size)?))
                .take_while(|at| at / 8 < body.len())
                .any(|at| value(body, at, size) == number),
        }
    }
}

/// So many bits from here on, the least significant first (8.4); none of what is not there.
fn value(body: &[u8], bit: usize, size: usize) -> u32 {
    let bits = (bit..bit.saturating_add(size.min(32))).enumerate();
    bits.fold(0, |value, (number, at)| {
        let byte = body.get(at / 8).copied().unwrap_or(0);
        value | u32::from(byte >> (at % 8) & 1) << number
    })
}

#[cfg(test)]
mod tests;
