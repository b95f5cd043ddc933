//! The panel as an executor: draws the room's view, turns touches into intents.

use std::sync::{Arc, OnceLock};

use saal_core::{Now, Phase, Room};
use saal_hal::Touch;
use saal_panel::{Damage, Layout, Navigation, Renderer, TouchTracker, Touched, View};
use serde_json::json;
use tokio::sync::watch;

/// What the panel shows now, for everybody who looks.
pub(crate) struct Picture {
    pixels: saal_panel::Picture,
    /// The tree of elements, as `/api/panel.json` gives it.
    pub(crate) tree: serde_json::Value,
    png: OnceLock<Arc<Vec<u8>>>,
}

impl Picture {
    fn new(pixels: saal_panel::Picture, tree: serde_json::Value) -> Self {
        Self {
            pixels,
            tree,
            png: OnceLock::new(),
        }
    }

    /// Pixels: width, height.
    pub(crate) fn size(&self) -> (usize, usize) {
        (self.pixels.width() as usize, self.pixels.height() as usize)
    }

    /// Three bytes a pixel, rows from the top.
    pub(crate) fn rgb(&self) -> &[u8] {
        self.pixels.rgb()
    }

    /// The picture as PNG, made once for all who ask; blocks for milliseconds.
    pub(crate) fn png(&self) -> Arc<Vec<u8>> {
        self.png
            .get_or_init(|| Arc::new(encode(&self.pixels)))
            .clone()
    }
}

fn encode(picture: &saal_panel::Picture) -> Vec<u8> {
    let mut png = Vec::new();
    let mut encoder = png::Encoder::new(&mut png, picture.width(), picture.height());
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_compression(png::Compression::Fast);
    let mut writer = encoder
        .write_header()
        .expect("a panel has pixels and memory is no disk");
    writer
        .write_image_data(picture.rgb())
        .expect("the buffer has the header's size");
    drop(writer);
    png
}

/// Draws and feels.
pub(crate) struct Panel {
    renderer: Renderer,
    layout: Option<Layout>,
    touches: TouchTracker,
    navigation: Navigation,
    shown: watch::Sender<Arc<Picture>>,
}

impl Panel {
    pub(crate) fn new() -> Self {
        let nothing = Picture::new(saal_panel::Picture::new(1, 1), json!({}));
        Self {
            renderer: Renderer::new(),
            layout: None,
            touches: TouchTracker::default(),
            navigation: Navigation::default(),
            shown: watch::Sender::new(Arc::new(nothing)),
        }
    }

    /// Follows what the panel shows.
    pub(crate) fn watch(&self) -> watch::Receiver<Arc<Picture>> {
        self.shown.subscribe()
    }

    /// Draws the room as it is; who looks is told only when a pixel or an element changed.
    pub(crate) fn draw(&mut self, room: &Room, now: Now) {
        self.navigation.follow(room);
        let view = View::of(room, now, &self.navigation);
        let layout = self.renderer.lay_out(&view, self.touches.pressed());
        let damage = self.renderer.draw(&layout);
        let tree = json!({
            "width": layout.width(),
            "height": layout.height(),
            "room": view.room,
            "language": view.language,
            "screen": screen(room),
            "elements": layout.elements(),
        });
        self.layout = Some(layout);
        if damage != Damage::Unchanged || self.shown.borrow().tree != tree {
            let pixels = self.renderer.picture().clone();
            self.shown
                .send_replace(Arc::new(Picture::new(pixels, tree)));
        }
    }

    /// A finger on what the panel shows now.
    pub(crate) fn touch(&mut self, touch: Touch) -> Touched {
        let Some(layout) = &self.layout else {
            return Touched::default();
        };
        let mut touched = self.touches.touch(layout, touch);
        if let Some(step) = touched.step.take() {
            self.navigation.take(step);
        }
        touched
    }
}

/// What the room is doing, or that somebody calls it.
fn screen(room: &Room) -> &'static str {
    match room.phase() {
        Phase::Home if !room.rings().is_empty() => "ringing",
        phase => phase.as_str(),
    }
}
