//! The touch panel: a view of the room, drawn to pixels and described as a semantics tree.
//!
//! ```text
//! View::of(&room, now, &navigation) -> renderer.lay_out(&view, pressed) -> Layout -> renderer.draw(&layout) -> Picture
//!                                                                |-> layout.hit(point) -> Element (with Intent and Step)
//!                                                                `-> layout.elements(): roles, labels, states
//! ```
//! One layout pass is the only source of pixels, touch targets and semantics. Fonts and icons are
//! compiled in, so the same view gives the same pixels on every machine.

mod element;
mod fonts;
mod icon;
mod language;
mod layout;
mod moments;
mod navigation;
mod node;
mod picture;
mod plain;
mod qr_code;
mod reactions;
mod renderer;
mod sas_emoji;
mod scale;
mod screens;
mod shapes;
mod style;
mod theme;
mod touch;
mod trouble;
mod view;

pub use element::{Area, Element, Role, State};
pub use layout::Layout;
pub use navigation::{Key, Navigation, Sheet, Shift, Step, Typing};
pub use picture::{Damage, Picture};
pub use plain::plain;
pub use renderer::Renderer;
pub use touch::{TouchTracker, Touched};
pub use trouble::{TroubleText, describe};
pub use view::{Call, CameraPart, Screen, SoundView, TelevisionView, View};
