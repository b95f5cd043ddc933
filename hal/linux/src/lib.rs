//! The hardware of a Linux computer: V4L2 cameras, ALSA sound, mute keys, DRM displays, the key that seals.
//!
//! This is the one crate that may be unsafe, call by call; others stay `forbid(unsafe_code)`.

mod alsa_devices;
mod alsa_mixer;
mod drm_displays;
mod evdev_mute_keys;
mod inherited;
mod key_file;
mod names;
mod plug_events;
mod sysfs;
mod v4l2_calls;
mod v4l2_cameras;
mod v4l2_codecs;
mod v4l2_controls;

pub use alsa_devices::AlsaDevices;
pub use drm_displays::{DrmDisplays, LeasedDisplay};
pub use evdev_mute_keys::EvdevMuteKeys;
pub use inherited::{InheritError, take_inherited_fd};
pub use key_file::KeyFile;
pub use plug_events::PlugEvents;
pub use v4l2_cameras::V4l2Cameras;
pub use v4l2_codecs::{M2mCodec, M2mRole, m2m_codecs};
