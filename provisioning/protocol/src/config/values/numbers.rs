//! Numbers that check themselves.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// Width or height of a screen: 160 to 7680 pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "u32", into = "u32")]
pub struct PixelCount(u32);

impl PixelCount {
    pub(in crate::config) const fn new(pixels: u32) -> Self {
        Self(pixels)
    }

    /// Pixels.
    #[must_use]
    pub fn get(self) -> u32 {
        self.0
    }
}

impl TryFrom<u32> for PixelCount {
    type Error = String;

    fn try_from(pixels: u32) -> Result<Self, String> {
        match pixels {
            160..=7680 => Ok(Self(pixels)),
            _ => Err(format!(
                "{pixels} is out of range; allowed are 160 to 7680 pixels"
            )),
        }
    }
}

impl From<PixelCount> for u32 {
    fn from(value: PixelCount) -> u32 {
        value.0
    }
}

/// How large text is drawn: 100, 125, 150, 175 or 200 percent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "u32", into = "u32")]
pub struct ScalePercent(u32);

impl ScalePercent {
    /// All that there are, the smallest first.
    pub const ALL: [Self; 5] = [Self(100), Self(125), Self(150), Self(175), Self(200)];

    /// Percent.
    #[must_use]
    pub fn get(self) -> u32 {
        self.0
    }
}

impl Default for ScalePercent {
    fn default() -> Self {
        Self(100)
    }
}

impl TryFrom<u32> for ScalePercent {
    type Error = String;

    fn try_from(percent: u32) -> Result<Self, String> {
        let known = Self::ALL.into_iter().find(|one| one.0 == percent);
        known.ok_or_else(|| {
            format!("{percent} is no size; allowed are 100, 125, 150, 175 and 200 percent")
        })
    }
}

impl From<ScalePercent> for u32 {
    fn from(value: ScalePercent) -> u32 {
        value.0
    }
}

/// 1 to 20 seconds, or 0 for none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "u32", into = "u32")]
pub struct ScanSeconds(u32);

impl ScanSeconds {
    /// The longest that there is.
    pub const MOST: u32 = 20;

    /// How long; `None`: there is no scanning.
    #[must_use]
    pub fn get(self) -> Option<Duration> {
        (self.0 > 0).then(|| Duration::from_secs(self.0.into()))
    }
}

impl TryFrom<u32> for ScanSeconds {
    type Error = String;

    fn try_from(seconds: u32) -> Result<Self, String> {
        match seconds {
            0..=Self::MOST => Ok(Self(seconds)),
            _ => Err(format!(
                "{seconds} is out of range; allowed are 1 to 20 seconds, and 0 for no scanning"
            )),
        }
    }
}

impl From<ScanSeconds> for u32 {
    fn from(value: ScanSeconds) -> u32 {
        value.0
    }
}

/// 5 to 3600 seconds between two looks at a calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "u32", into = "u32")]
pub struct LookSeconds(u32);

impl LookSeconds {
    /// How long it is.
    #[must_use]
    pub fn get(self) -> Duration {
        Duration::from_secs(self.0.into())
    }
}

impl Default for LookSeconds {
    /// A meeting that somebody adds in the corridor is there when they reach the room.
    fn default() -> Self {
        Self(15)
    }
}

impl TryFrom<u32> for LookSeconds {
    type Error = String;

    fn try_from(seconds: u32) -> Result<Self, String> {
        match seconds {
            5..=3600 => Ok(Self(seconds)),
            _ => Err(format!(
                "{seconds} is out of range; allowed are 5 to 3600 seconds"
            )),
        }
    }
}

impl From<LookSeconds> for u32 {
    fn from(value: LookSeconds) -> u32 {
        value.0
    }
}

/// Quarters of a turn, in degrees: 0, 90, 180 or 270.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "u32", into = "u32")]
pub struct Rotation(u32);

impl Rotation {
    /// Degrees clockwise.
    #[must_use]
    pub fn degrees(self) -> u32 {
        self.0
    }
}

impl TryFrom<u32> for Rotation {
    type Error = String;

    fn try_from(degrees: u32) -> Result<Self, String> {
        match degrees {
            0 | 90 | 180 | 270 => Ok(Self(degrees)),
            _ => Err(format!(
                "a display is not turned by {degrees} degrees; allowed are 0, 90, 180 and 270, clockwise"
            )),
        }
    }
}

impl From<Rotation> for u32 {
    fn from(value: Rotation) -> u32 {
        value.0
    }
}

/// How long nobody is there before something rests: 1 to 1440 minutes, or 0 for never.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "u32", into = "u32")]
pub struct IdleMinutes(u32);

impl IdleMinutes {
    pub(in crate::config) const fn new(minutes: u32) -> Self {
        Self(minutes)
    }

    /// How long; `None`: it never rests.
    #[must_use]
    pub fn get(self) -> Option<Duration> {
        (self.0 > 0).then(|| Duration::from_secs(60 * u64::from(self.0)))
    }
}

impl TryFrom<u32> for IdleMinutes {
    type Error = String;

    fn try_from(minutes: u32) -> Result<Self, String> {
        match minutes {
            0..=1440 => Ok(Self(minutes)),
            _ => Err(format!(
                "{minutes} is out of range; allowed are 1 to 1440 minutes, and 0 for never"
            )),
        }
    }
}

impl From<IdleMinutes> for u32 {
    fn from(value: IdleMinutes) -> u32 {
        value.0
    }
}

/// 10 to 3600 seconds: shorter, and people watch the pictures change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "u32", into = "u32")]
pub struct SlideSeconds(u32);

impl SlideSeconds {
    /// How long it is.
    #[must_use]
    pub fn get(self) -> Duration {
        Duration::from_secs(self.0.into())
    }
}

impl Default for SlideSeconds {
    fn default() -> Self {
        Self(60)
    }
}

impl TryFrom<u32> for SlideSeconds {
    type Error = String;

    fn try_from(seconds: u32) -> Result<Self, String> {
        match seconds {
            10..=3600 => Ok(Self(seconds)),
            _ => Err(format!(
                "{seconds} is out of range; allowed are 10 to 3600 seconds"
            )),
        }
    }
}

impl From<SlideSeconds> for u32 {
    fn from(value: SlideSeconds) -> u32 {
        value.0
    }
}

/// 2 to 60 seconds: shorter, and a hiccup of the network looks like a death.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "u32", into = "u32")]
pub struct LeaveDelay(u32);

impl LeaveDelay {
    /// How long it is.
    #[must_use]
    pub fn get(self) -> Duration {
        Duration::from_secs(self.0.into())
    }
}

impl Default for LeaveDelay {
    /// As Element Call.
    fn default() -> Self {
        Self(18)
    }
}

impl TryFrom<u32> for LeaveDelay {
    type Error = String;

    fn try_from(seconds: u32) -> Result<Self, String> {
        match seconds {
            2..=60 => Ok(Self(seconds)),
            _ => Err(format!(
                "{seconds} is out of range; allowed are 2 to 60 seconds"
            )),
        }
    }
}

impl From<LeaveDelay> for u32 {
    fn from(value: LeaveDelay) -> u32 {
        value.0
    }
}

/// 50 or 60.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "u32", into = "u32")]
pub enum MainsHertz {
    /// As in Europe.
    #[default]
    Fifty,
    /// As in North America.
    Sixty,
}

impl TryFrom<u32> for MainsHertz {
    type Error = String;

    fn try_from(hertz: u32) -> Result<Self, String> {
        match hertz {
            50 => Ok(Self::Fifty),
            60 => Ok(Self::Sixty),
            _ => Err(format!(
                "{hertz} is the frequency of no mains; allowed are 50 and 60"
            )),
        }
    }
}

impl From<MainsHertz> for u32 {
    fn from(value: MainsHertz) -> u32 {
        match value {
            MainsHertz::Fifty => 50,
            MainsHertz::Sixty => 60,
        }
    }
}

/// How long before its start a meeting can be joined: 0 to 60 minutes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "u32", into = "u32")]
pub struct EarlyMinutes(u32);

impl EarlyMinutes {
    /// How long.
    #[must_use]
    pub fn get(self) -> Duration {
        Duration::from_secs(60 * u64::from(self.0))
    }
}

impl Default for EarlyMinutes {
    /// Time to take a seat and try the sound.
    fn default() -> Self {
        Self(10)
    }
}

impl TryFrom<u32> for EarlyMinutes {
    type Error = String;

    fn try_from(minutes: u32) -> Result<Self, String> {
        match minutes {
            0..=60 => Ok(Self(minutes)),
            _ => Err(format!(
                "{minutes} is out of range; allowed are 0 to 60 minutes"
            )),
        }
    }
}

impl From<EarlyMinutes> for u32 {
    fn from(value: EarlyMinutes) -> u32 {
        value.0
    }
}

/// How much is fetched a second at most: 16 to 1,000,000 kilobytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "u32", into = "u32")]
pub struct Kilobytes(u32);

impl Kilobytes {
    /// Bytes.
    #[must_use]
    pub fn bytes(self) -> u64 {
        u64::from(self.0) * 1000
    }
}

impl Default for Kilobytes {
    /// An update of 300 MB takes five minutes, and a site's line of 100 Mbit/s has room for the others.
    fn default() -> Self {
        Self(1000)
    }
}

impl TryFrom<u32> for Kilobytes {
    type Error = String;

    fn try_from(kilobytes: u32) -> Result<Self, String> {
        match kilobytes {
            16..=1_000_000 => Ok(Self(kilobytes)),
            _ => Err(format!(
                "{kilobytes} is out of range; allowed are 16 to 1000000 kilobytes a second"
            )),
        }
    }
}

impl From<Kilobytes> for u32 {
    fn from(value: Kilobytes) -> u32 {
        value.0
    }
}

/// 10 to 100 percent of a display's light: less is taken for a display that is off.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "u32", into = "u32")]
pub struct BrightnessPercent(u8);

impl BrightnessPercent {
    /// All its light.
    pub const FULL: Self = Self(100);

    /// Percent.
    #[must_use]
    pub fn get(self) -> u8 {
        self.0
    }
}

impl Default for BrightnessPercent {
    fn default() -> Self {
        Self::FULL
    }
}

impl TryFrom<u32> for BrightnessPercent {
    type Error = String;

    fn try_from(percent: u32) -> Result<Self, String> {
        match u8::try_from(percent) {
            Ok(percent @ 10..=100) => Ok(Self(percent)),
            _ => Err(format!(
                "{percent} is out of range; allowed are 10 to 100 percent"
            )),
        }
    }
}

impl From<BrightnessPercent> for u32 {
    fn from(value: BrightnessPercent) -> u32 {
        value.0.into()
    }
}

/// 1 to 90 days.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "u32", into = "u32")]
pub struct PrivacyDays(u32);

impl PrivacyDays {
    /// Days.
    #[must_use]
    pub fn get(self) -> u32 {
        self.0
    }
}

impl Default for PrivacyDays {
    /// Whoever was here last week can still look.
    fn default() -> Self {
        Self(14)
    }
}

impl TryFrom<u32> for PrivacyDays {
    type Error = String;

    fn try_from(days: u32) -> Result<Self, String> {
        match days {
            1..=90 => Ok(Self(days)),
            _ => Err(format!("{days} is out of range; allowed are 1 to 90 days")),
        }
    }
}

impl From<PrivacyDays> for u32 {
    fn from(value: PrivacyDays) -> u32 {
        value.0
    }
}
