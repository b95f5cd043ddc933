//! The touch panel: a view of the room, drawn to pixels and described as a semantics tree.
//!
//! ```text
//! View::of(&room, now, &navigation) -> renderer.lay_out(&view, pressed) -> Layout -> renderer.draw(&layout) -> Picture
//!                                                                |-> layout.hit(point) -> Element (with Intent and Step)
//!                                                                `-> layout.elements(): roles, labels, states
//! console.touch(&layout, ..), console.key(&layout, ..), console.tick(&layout, ..) -> Worked (Intent, redraw), Utterance
//! ```
//! One layout pass is the only source of pixels, touch targets and semantics. Fonts and icons are
//! compiled in, so the same view gives the same pixels on every machine.

mod comfort;
mod console;
mod display;
mod door;
mod element;
mod explorer;
mod focus;
mod fonts;
mod icon;
mod language;
mod layout;
mod markup;
mod moments;
mod motion;
mod navigation;
mod node;
mod phone_keys;
mod picture;
mod placing;
mod plain;
mod private;
mod qr_code;
mod reactions;
mod renderer;
mod rest;
mod sas_emoji;
mod scale;
mod screens;
mod settings;
mod shapes;
mod speaker;
mod still;
mod style;
mod theme;
mod touch;
mod trouble;
mod turning;
mod view;

pub use comfort::Comfort;
pub use console::{Console, Explored, HOLD, Worked};
pub use display::{panel_display, panel_keyboard, panel_touch_screen};
pub use door::{DoorView, Occupancy, door, door_pressed};
pub use element::{Area, Element, Live, Role, State};
pub use language::{LanguageError, LanguageFile};
pub use layout::{Ink, Layout, Shortened};
pub use markup::{
    Document, OFFERS, escaped, phone, phone_at_home, phone_over, pressed, pressed_from,
};
pub use motion::{Motion, Place, Way};
pub use navigation::{Key, Navigation, Sheet, Shift, Step, Typing};
pub use picture::{Damage, Picture};
pub use plain::plain;
pub use renderer::Renderer;
pub use rest::Rest;
pub use settings::{
    AboutPage, DevicePlace, DeviceView, FleetView, LookView, SettingsPage, SettingsView,
};
pub use speaker::{Priority, Utterance};
pub use still::{Signage, StillScreen, StillView};
pub use touch::{TouchTracker, Touched};
pub use trouble::{TroubleText, describe, reason_to_decline};
pub use view::{Call, CameraPart, DayView, Screen, SoundView, TelevisionView, View};
