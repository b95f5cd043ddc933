//! `saalctl sound`: which microphone and loudspeaker.

use clap::Subcommand;
use saal_control::Request;

/// What is done with the sound devices.
#[derive(Debug, Subcommand)]
pub(crate) enum SoundCommand {
    /// List the microphones and loudspeakers that there are to choose from, and which are in use
    List,
    /// Use another one from now on in a call, or for the meeting that begins soon
    Use {
        /// Name of a microphone or loudspeaker as `list` shows it; its other half comes with it
        device: String,
    },
    /// Use those again that the room has
    Usual,
}

impl SoundCommand {
    pub(super) fn request(&self) -> Request {
        match self {
            Self::List => Request::SoundState {},
            Self::Use { device } => Request::Sound {
                device: Some(device.clone()),
            },
            Self::Usual => Request::Sound { device: None },
        }
    }
}
