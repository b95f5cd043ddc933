//! Waiting for what a slow machine does, and looking at and touching its panel.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::monitor::Monitor;
use crate::pixels::Pixels;
use crate::room::Room;

/// Everything is a hundred times slower than in a room.
const SHOWN_WITHIN: Duration = Duration::from_secs(180);
/// An update is written, or three starts fail.
pub const STARTED_WITHIN: Duration = Duration::from_secs(20 * 60);

/// A panel under a finger.
#[derive(Debug)]
pub struct Panel<'a> {
    /// What it shows.
    pub room: &'a Room,
    /// The finger.
    pub monitor: &'a mut Monitor,
}

impl Panel<'_> {
    /// Touches what has this name, when it is there.
    ///
    /// # Errors
    /// With what stands on the panel, when it does not come.
    pub fn touch(&mut self, label: &str) -> Result<()> {
        let mut place = None;
        let waited = wait(&format!("\"{label}\""), || {
            place = middle(&self.room.tree()?, label);
            Ok(place.is_some())
        });
        waited.with_context(|| self.room.tree().map(|tree| text(&tree)).unwrap_or_default())?;
        let (x, y) = place.context("it was seen")?;
        self.monitor.tap(x, y)
    }

    /// Waits until these words are on it.
    ///
    /// # Errors
    /// With what stands on the panel, when they do not come.
    pub fn shows(&self, words: &str) -> Result<()> {
        wait(words, || Ok(text(&self.room.tree()?).contains(words)))
            .with_context(|| self.room.tree().map(|tree| text(&tree)).unwrap_or_default())
    }
}

/// Waits until the display shows, to the pixel, what the panel draws.
///
/// # Errors
/// With how they differ, when it does not.
pub fn shown(room: &Room, monitor: &mut Monitor) -> Result<()> {
    let mut last = None;
    let waited = wait("the same picture", || {
        let (drawn, seen) = (room.panel()?, monitor.pixels(0)?);
        let differing = drawn.differing(&seen);
        last = Some((drawn, seen));
        Ok(differing == 0)
    });
    waited.with_context(|| match &last {
        Some((drawn, seen)) => said(drawn, seen),
        None => "nothing was drawn".to_owned(),
    })
}

fn said(drawn: &Pixels, seen: &Pixels) -> String {
    format!(
        "drawn {}x{}, seen {}x{}, {} pixels differ",
        drawn.width,
        drawn.height,
        seen.width,
        seen.height,
        drawn.differing(seen)
    )
}

fn wait(what: &str, is_so: impl FnMut() -> Result<bool>) -> Result<()> {
    within(SHOWN_WITHIN, what, is_so)
}

/// Looks, twice a second, until it is so, and says how long that took.
///
/// # Errors
/// When looking fails, or the limit passes.
pub fn within(limit: Duration, what: &str, mut is_so: impl FnMut() -> Result<bool>) -> Result<()> {
    let started = Instant::now();
    loop {
        if is_so()? {
            println!("{what} after {:.1} s", started.elapsed().as_secs_f64());
            return Ok(());
        }
        if started.elapsed() > limit {
            bail!("{what} does not come");
        }
        // Asking costs the machine time.
        std::thread::sleep(Duration::from_millis(500));
    }
}

/// What a panel's elements are called and say, one a line.
#[must_use]
pub fn text(tree: &Value) -> String {
    let elements = tree["elements"].as_array().cloned().unwrap_or_default();
    let labels: Vec<String> = elements
        .iter()
        .filter_map(|element| {
            let more = element["description"].as_str()?;
            Some(format!("{}  {more}", element["label"].as_str()?))
        })
        .collect();
    labels.join("\n")
}

/// The middle of what can be touched and has this name, in hundred-thousandths of the panel.
#[must_use]
pub fn middle(tree: &Value, label: &str) -> Option<(u32, u32)> {
    let elements = tree["elements"].as_array()?;
    let named = |element: &&Value| element["label"] == label && element["role"] != "text";
    let rect = &elements.iter().find(named)?["rect"];
    let part = |start: &str, size: &str, all: &str| {
        let number = |value: &Value| value.as_u64().unwrap_or_default();
        let middle = number(&rect[start]) + number(&rect[size]) / 2;
        u32::try_from(middle * 100_000 / number(&tree[all]).max(1)).unwrap_or_default()
    };
    Some((part("x", "width", "width"), part("y", "height", "height")))
}
