//! A HID report descriptor, as far as calls go.

use std::collections::BTreeMap;

use super::{How, Input, Light, Part};

/// Usages, with their page in the upper half.
const HOOK_SWITCH: u32 = 0x0B_0020;
const DROP: u32 = 0x0B_0026;
const PHONE_MUTE: u32 = 0x0B_002F;
const LED_MUTE: u32 = 0x08_0009;
const LED_OFF_HOOK: u32 = 0x08_0017;
const LED_RING: u32 = 0x08_0018;
const TELEPHONY: u32 = 0x0B;
/// The kind of a collection that stands for a device's function (6.2.2.6).
const APPLICATION: u32 = 1;
/// The longest report that the kernel has, in bits (HID_MAX_BUFFER_SIZE is 16 KiB).
const LONGEST: usize = 16 * 1024 * 8;
/// Nobody nests deeper (the kernel has four levels of globals).
const DEEPEST: usize = 32;

/// Where something is in a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    /// The report's number; 0 where reports have none.
    pub(super) report: u8,
    /// Of the report without its number.
    pub(super) bit: usize,
    /// In bits.
    pub(super) size: usize,
}

/// What is of interest.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Fields {
    pub(super) inputs: Vec<Input>,
    pub(super) lights: Vec<(Light, Place)>,
    /// Reports begin with a number.
    pub(super) numbered: bool,
    /// Lengths of output reports in bits.
    outputs: BTreeMap<u8, usize>,
}

impl Fields {
    /// In bytes, without its number.
    pub(super) fn output_length(&self, report: u8) -> usize {
        self.outputs.get(&report).map_or(0, |bits| bits.div_ceil(8))
    }
}

/// What holds until it is changed (6.2.2.7).
#[derive(Clone, Copy, Default)]
struct Globals {
    page: u32,
    logical_minimum: i32,
    size: usize,
    count: usize,
    report: u8,
}

/// A usage as it was written; the page is that of the item which it is for, if it has none of its own.
#[derive(Clone, Copy)]
enum Usage {
    Short(u32),
    Long(u32),
}

/// What holds for the next item alone (6.2.2.8): usages from one to another.
#[derive(Default)]
struct Locals {
    usages: Vec<(Usage, Usage)>,
    minimum: Option<Usage>,
}

#[derive(Default)]
struct Reader {
    globals: Globals,
    stack: Vec<Globals>,
    locals: Locals,
    /// For each collection that is open, whether it is or is inside of a telephone.
    collections: Vec<bool>,
    inputs: BTreeMap<u8, usize>,
    found: Fields,
}

/// `None`: a descriptor that is none.
pub(super) fn read(mut descriptor: &[u8]) -> Option<Fields> {
    let mut reader = Reader::default();
    while let Some((&prefix, rest)) = descriptor.split_first() {
        // A long item (6.2.2.3); nobody has defined any.
        if prefix == 0xFE {
            let length = usize::from(*rest.first()?);
            descriptor = rest.get(2 + length..)?;
            continue;
        }
        let size = [0, 1, 2, 4][usize::from(prefix & 3)];
        let (data, rest) = rest.split_at_checked(size)?;
        reader.item(prefix & 0xFC, data)?;
        descriptor = rest;
    }
    Some(reader.found)
}

impl Reader {
    /// An item by its kind: tag and type (6.2.2.4, 6.2.2.7, 6.2.2.8).
    fn item(&mut self, kind: u8, data: &[u8]) -> Option<()> {
        let value = unsigned(data);
        let usage = if data.len() == 4 {
            Usage::Long(value)
        } else {
            Usage::Short(value)
        };
        match kind {
            0x04 => self.globals.page = value,
            0x14 => self.globals.logical_minimum = signed(data),
            0x74 => self.globals.size = usize::try_from(value).ok()?,
            0x84 => {
                self.globals.report = u8::try_from(value).ok()?;
                self.found.numbered = true;
            }
            0x94 => self.globals.count = usize::try_from(value).ok()?,
            0xA4 if self.stack.len() < DEEPEST => self.stack.push(self.globals),
            0xB4 => self.globals = self.stack.pop()?,
            0x08 => self.locals.usages.push((usage, usage)),
            0x18 => self.locals.minimum = Some(usage),
            0x28 => {
                let from = self.locals.minimum.take()?;
                self.locals.usages.push((from, usage));
            }
            0x80 => self.input(value)?,
            0x90 => self.output(value)?,
            0xA0 if self.collections.len() < DEEPEST => self.open(value),
            0xC0 => self.collections.pop().map(drop)?,
            0xA4 | 0xA0 => return None,
            _ => {}
        }
        // Main items use up what was for them.
        if matches!(kind, 0x80 | 0x90 | 0xA0 | 0xB0 | 0xC0) {
            self.locals = Locals::default();
        }
        Some(())
    }

    fn open(&mut self, kind: u32) {
        let first = self.locals.usages.first();
        let telephone = first.is_some_and(|(usage, _)| self.full(*usage) >> 16 == TELEPHONY);
        let inside = self.in_telephone();
        self.collections
            .push(inside || kind == APPLICATION && telephone);
    }

    fn in_telephone(&self) -> bool {
        self.collections.last().copied().unwrap_or(false)
    }

    /// With its page.
    fn full(&self, usage: Usage) -> u32 {
        match usage {
            Usage::Long(all) => all,
            Usage::Short(usage) => self.globals.page << 16 | usage,
        }
    }

    /// Which one this usage is of those that the item has.
    fn number_of(&self, wanted: u32) -> Option<usize> {
        let mut before = 0_usize;
        for (from, to) in &self.locals.usages {
            let (from, to) = (self.full(*from), self.full(*to));
            if (from..=to).contains(&wanted) {
                return before.checked_add(usize::try_from(wanted - from).ok()?);
            }
            before = before.checked_add(usize::try_from(to.checked_sub(from)?).ok()?)?;
            before = before.checked_add(1)?;
        }
        None
    }

    /// Takes the bits of a field, and says where it begins.
    fn take(lengths: &mut BTreeMap<u8, usize>, globals: &Globals) -> Option<usize> {
        let bits = globals.size.checked_mul(globals.count)?;
        let length = lengths.entry(globals.report).or_default();
        let begins = *length;
        *length = length.checked_add(bits).filter(|all| *all <= LONGEST)?;
        Some(begins)
    }

    fn input(&mut self, flags: u32) -> Option<()> {
        let globals = self.globals;
        let begins = Self::take(&mut self.inputs, &globals)?;
        let wanted = [
            (HOOK_SWITCH, Part::Hook),
            (DROP, Part::Drop),
            (PHONE_MUTE, Part::Mute),
        ];
        for (usage, part) in wanted {
            let Some(number) = self.number_of(usage) else {
                continue;
            };
            let field = |how, bit| Input {
                part,
                place: Place {
                    report: globals.report,
                    bit,
                    size: globals.size,
                },
                how,
            };
            let input = match Flags(flags) {
                flags if flags.constant() || !self.in_telephone() || globals.size == 0 => continue,
                flags if flags.variable() && number < globals.count => {
                    let how = if flags.relative() {
                        How::Press
                    } else {
                        How::Level
                    };
                    field(how, begins + number * globals.size)
                }
                flags if flags.variable() => continue,
                _ => {
                    let number = i64::try_from(number).ok()? + i64::from(globals.logical_minimum);
                    let Ok(number) = u32::try_from(number) else {
                        continue;
                    };
                    field(
                        How::Among {
                            places: globals.count,
                            number,
                        },
                        begins,
                    )
                }
            };
            self.found.inputs.push(input);
        }
        Some(())
    }

    fn output(&mut self, flags: u32) -> Option<()> {
        let globals = self.globals;
        let begins = Self::take(&mut self.found.outputs, &globals)?;
        let flags = Flags(flags);
        if flags.constant() || !flags.variable() || !self.in_telephone() || globals.size == 0 {
            return Some(());
        }
        let wanted = [
            (LED_MUTE, Light::Muted),
            (LED_OFF_HOOK, Light::InCall),
            (LED_RING, Light::Ringing),
        ];
        for (usage, light) in wanted {
            let number = self
                .number_of(usage)
                .filter(|number| *number < globals.count);
            self.found.lights.extend(number.map(|number| {
                let bit = begins + number * globals.size;
                (
                    light,
                    Place {
                        report: globals.report,
                        bit,
                        size: globals.size,
                    },
                )
            }));
        }
        Some(())
    }
}

/// What a field is like (6.2.2.5).
#[derive(Clone, Copy)]
struct Flags(u32);

impl Flags {
    /// Only fills up.
    fn constant(self) -> bool {
        self.0 & 1 != 0
    }

    /// Each usage has a place; else usages are numbers in the places.
    fn variable(self) -> bool {
        self.0 & 2 != 0
    }

    fn relative(self) -> bool {
        self.0 & 4 != 0
    }
}

fn unsigned(data: &[u8]) -> u32 {
    let bytes = data.iter().rev();
    bytes.fold(0, |value, byte| value << 8 | u32::from(*byte))
}

fn signed(data: &[u8]) -> i32 {
    match *data {
        [one] => i32::from(one.cast_signed()),
        [low, high] => i32::from(i16::from_le_bytes([low, high])),
        _ => unsigned(data).cast_signed(),
    }
}
