//! The hardware of a Linux computer: V4L2 cameras, ALSA sound, keys for calls, keyboards, touch screens, DRM displays, the key that seals, what the kernel prefers.
//!
//! This is the one crate that may be unsafe, call by call; others stay `forbid(unsafe_code)`.

mod alsa_devices;
mod alsa_mixer;
mod backlight;
mod cec_adapters;
mod cec_calls;
mod descriptors;
mod drm_displays;
mod drm_panel;
mod ending;
mod evdev_keyboards;
mod evdev_touch_screens;
mod fonts;
mod held_key;
mod inherited;
mod input_folder;
mod key_file;
mod lending;
pub mod memory;
mod multitouch;
mod names;
mod phone_keys;
mod plug_events;
mod priority;
mod sysfs;
mod typing;
mod v4l2_calls;
mod v4l2_cameras;
mod v4l2_codecs;
mod v4l2_controls;

pub use alsa_devices::AlsaDevices;
pub use cec_adapters::KernelCecAdapters;
pub use descriptors::{receive_descriptors, send_descriptors};
pub use drm_displays::{DrmDisplays, LeasedDisplay};
pub use ending::end_at_once;
pub use evdev_keyboards::EvdevKeyboards;
pub use evdev_touch_screens::EvdevTouchScreens;
pub use fonts::system_fonts;
pub use held_key::is_control_down;
pub use inherited::{InheritError, take_inherited_fd};
pub use key_file::KeyFile;
pub use lending::{BorrowedDisplays, Lender, lending_pair};
pub use phone_keys::LinuxPhoneKeys;
pub use plug_events::PlugEvents;
pub use priority::{Priorities, Thread};
pub use v4l2_cameras::V4l2Cameras;
pub use v4l2_codecs::{M2mCodec, M2mRole, m2m_codecs};
