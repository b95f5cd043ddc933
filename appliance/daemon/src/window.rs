//! The panel in a window of a desktop: how developers and demos see it without a browser.

use std::sync::Arc;

use anyhow::{Context, Result, anyhow};
use minifb::{MouseButton, MouseMode, Window, WindowOptions};
use saal_core::Event;
use saal_hal::{Touch, TouchPhase};
use tokio::sync::watch;

use crate::{
    input::{Input, Inputs},
    panel::Picture,
};

/// The window asks for the pointer so often.
const FRAMES_PER_SECOND: usize = 60;

/// Opens the window, of this width and height in pixels, on a thread of its own, where the
/// windowing library wants to stay.
///
/// # Errors
/// When there is no desktop, in words for whoever typed `--window`.
pub(crate) fn open(
    size: (usize, usize),
    panel: watch::Receiver<Arc<Picture>>,
    inputs: Inputs,
) -> Result<()> {
    let (opened, result) = std::sync::mpsc::channel();
    std::thread::Builder::new()
        .name("window".into())
        .spawn(move || match make(size) {
            Ok(window) => {
                let _ = opened.send(Ok(()));
                run(window, panel, &inputs);
            }
            Err(error) => {
                let _ = opened.send(Err(error));
            }
        })
        .context("no thread for the window")?;
    result.recv().context("the window's thread ended")?
}

fn make((width, height): (usize, usize)) -> Result<Window> {
    let mut window = Window::new("Saal", width, height, WindowOptions::default()).map_err(|e| {
        anyhow!(
            "--window needs a desktop (DISPLAY is not set or not usable): {e}; use the web view"
        )
    })?;
    window.set_target_fps(FRAMES_PER_SECOND);
    Ok(window)
}

fn run(mut window: Window, mut panel: watch::Receiver<Arc<Picture>>, inputs: &Inputs) {
    panel.mark_changed();
    let mut pixels: Vec<u32> = Vec::new();
    let mut size = panel.borrow().size();
    let mut was_down = false;
    while window.is_open() {
        if panel.has_changed().unwrap_or(false) {
            let picture = panel.borrow_and_update().clone();
            size = picture.size();
            pixels = picture.rgb().chunks_exact(3).map(packed).collect();
        }
        // Waits for the next of these frames by itself.
        if window.update_with_buffer(&pixels, size.0, size.1).is_err() {
            break;
        }
        was_down = pass_touch(&window, was_down, inputs);
        if panel.has_changed().is_err() {
            return;
        }
    }
    // Whoever closes the window of a demo wants it to end.
    inputs.send(Input::Room(Event::Shutdown));
}

fn packed(rgb: &[u8]) -> u32 {
    u32::from_be_bytes([0, rgb[0], rgb[1], rgb[2]])
}

/// Turns the pointer into a finger; says whether it is down.
fn pass_touch(window: &Window, was_down: bool, inputs: &Inputs) -> bool {
    let down = window.get_mouse_down(MouseButton::Left);
    let phase = match (was_down, down) {
        (false, true) => TouchPhase::Down,
        (true, true) => TouchPhase::Move,
        (true, false) => TouchPhase::Up,
        (false, false) => return false,
    };
    if let Some((x, y)) = window.get_mouse_pos(MouseMode::Clamp) {
        #[expect(clippy::cast_possible_truncation, reason = "pixels of a window fit")]
        inputs.send(Input::Touch(Touch {
            x: x as i32,
            y: y as i32,
            phase,
        }));
    }
    down
}
