//! What can be typed about the camera.

use clap::Subcommand;
use saal_control::Request;
use saal_media_protocol::{CameraAction, CameraView, Control, SourceKind};

fn control(name: &str) -> Result<Control, String> {
    let all = Control::ALL.map(Control::as_str).join(", ");
    Control::named(name).ok_or_else(|| format!("no camera has that; there are {all}"))
}

/// What is done with the camera.
#[derive(Debug, Subcommand)]
pub(crate) enum CameraCommand {
    /// Be seen; before a meeting: take back that nobody is to see the room in it
    On,
    /// Nobody sees the room, in this call or in the meeting that begins soon
    Off,
    /// List the cameras that there are to choose from, and which is in use
    List,
    /// Show which camera is in use, where it looks, what can be turned, and the saved views
    Show,
    /// Look somewhere else; what is not given stays
    Look {
        /// 0 (wide) to 1000 (narrow)
        #[arg(long, allow_negative_numbers = true)]
        zoom: Option<i32>,
        /// -1000 (left) to 1000 (right)
        #[arg(long, allow_negative_numbers = true)]
        pan: Option<i32>,
        /// -1000 (down) to 1000 (up)
        #[arg(long, allow_negative_numbers = true)]
        tilt: Option<i32>,
    },
    /// Turn something of the camera; `show` lists what and how far
    Set {
        /// As `show` lists it: focus, auto_focus, exposure, …
        #[arg(value_parser = control)]
        control: Control,
        /// In the camera's numbers
        #[arg(allow_negative_numbers = true)]
        value: i32,
    },
    /// Use another camera for this call, or for the meeting that begins soon
    Use {
        /// Its name or id as `devices` lists it
        camera: String,
    },
    /// Use the camera again that the room has for this meeting
    Usual,
    /// Look where the camera looked when this view was saved
    Go {
        /// The view's name
        view: String,
    },
    /// Save where the camera looks
    Save {
        /// What the view is called
        view: String,
    },
    /// Forget a saved view
    Forget {
        /// The view's name
        view: String,
    },
}

impl CameraCommand {
    /// What the daemon is asked. `Look` begins at the widest view: what is not given is filled in by who knows it.
    pub(super) fn request(&self) -> Request {
        let muted = |muted| Request::SetMuted {
            source: SourceKind::Camera,
            muted,
        };
        let action = match self {
            Self::On => return muted(false),
            Self::Off => return muted(true),
            Self::List | Self::Show => return Request::CameraState {},
            Self::Look { .. } => CameraAction::Look {
                view: self.view(CameraView::default()),
            },
            Self::Set { control, value } => CameraAction::Set {
                control: *control,
                value: *value,
            },
            Self::Use { camera } => CameraAction::Use {
                camera: camera.clone(),
            },
            Self::Usual => CameraAction::Usual {},
            Self::Go { view } => CameraAction::Go {
                preset: view.clone(),
            },
            Self::Save { view } => CameraAction::Save {
                preset: view.clone(),
            },
            Self::Forget { view } => CameraAction::Forget {
                preset: view.clone(),
            },
        };
        Request::Camera { action }
    }

    /// This view with what is given changed.
    pub(crate) fn view(&self, from: CameraView) -> CameraView {
        match self {
            Self::Look { zoom, pan, tilt } => CameraView {
                zoom: zoom.unwrap_or(from.zoom),
                pan: pan.unwrap_or(from.pan),
                tilt: tilt.unwrap_or(from.tilt),
            },
            _ => from,
        }
    }
}
