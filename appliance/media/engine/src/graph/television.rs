//! The picture on a display: the tiles composed, and a preview of the television's as JPEG.
//!
//! Composition runs only while somebody looks. Decoders go on meanwhile, and [`Screen`] keeps each
//! source's newest picture, so that what is shown appears at once.

mod screen;
mod stage;
#[cfg(test)]
mod tests;

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use gstreamer::{self as gst, prelude::*};
use saal_hal_linux::system_fonts;
use saal_media_protocol::{Label, Rect, Television, Tile, TileSource};
pub use screen::Screen;
use stage::{Input, Stage};
use tokio::sync::watch;

use super::{
    Graph, GraphError, KEPT_BACK, Part, Role, begin_now, chain,
    display::{self, Surface},
    encoder::EncoderInputs,
    live_aggregator, make,
    onlookers::{self, Onlookers},
    preview::{Picture, Preview},
    source_video::raw_caps,
    start,
    still::{lettered_picture, placeholder},
    stop,
};
use crate::{
    lettering::{Lettered, Lettering},
    motion::Pace,
};

/// How much later than it is due a picture is seen: composed soon after it came, it takes as long as composing and drawing
/// take (`./dev bench media`).
pub const LATENCY: Duration = Duration::from_millis(9);
/// A calm picture needs no more.
const IDLE_PICTURES_PER_SECOND: u32 = 1;
/// Text is in front of all tiles, of which there are fewer than this.
const TEXT_ZORDER: u32 = 1_000;

/// Composition; dropping it ends it.
#[derive(Debug)]
pub struct TelevisionOutput {
    /// Where the picture goes besides the preview; it keeps composition running.
    display: Option<Surface>,
    settings: Television,
    screen: Screen,
    part: Part,
    pipeline: gst::Pipeline,
    compositor: gst::Element,
    rate: gst::Element,
    /// Of the television alone.
    preview: Option<Preview>,
    /// As `preview`.
    onlookers: Option<Onlookers>,
    watched: bool,
    stage: Stage,
    /// Those that leave too, until nobody sees them.
    tiles: Vec<ShownTile>,
    /// No tile is wanted whose picture moves.
    is_calm: bool,
    labels: Vec<ShownLabel>,
    /// Loaded with the first text.
    lettering: Option<Lettering>,
    pictures_per_second: u32,
    composing: Option<u32>,
    /// When composition last began, in the graph's time (nanoseconds).
    begun: Arc<AtomicU64>,
    /// Pictures that were composed.
    made: Arc<AtomicU64>,
}

/// What is moved together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Layer {
    Tiles,
    Text,
}

/// A text on the television; another text of the same size may take its input over. The compositor repeats its
/// picture, so a text that stays costs no more than to be copied.
#[derive(Debug)]
struct ShownLabel {
    lettered: Arc<Lettered>,
    sample: gst::Sample,
    input: Input,
}

impl ShownLabel {
    fn has_box_of(&self, other: &Lettered) -> bool {
        let of = |l: &Lettered| (l.x, l.y, l.width, l.height);
        of(&self.lettered) == of(other)
    }

    fn place(&self) -> (Input, Rect) {
        let Lettered {
            x,
            y,
            width,
            height,
            ..
        } = *self.lettered;
        let rect = Rect {
            x,
            y,
            width,
            height,
        };
        (self.input.clone(), rect)
    }
}

#[derive(Debug)]
struct ShownTile {
    source: TileSource,
    order: u32,
    input: Input,
}

impl TelevisionOutput {
    /// Builds composition for a display of this role; nothing runs until somebody looks, or on a display.
    ///
    /// # Errors
    /// When the pipeline can't be built.
    pub fn new(
        role: Role,
        settings: Television,
        screen: &Screen,
        display: Option<Surface>,
        preview: Option<watch::Sender<Option<Picture>>>,
    ) -> Result<Self, GraphError> {
        let part = Part::Television(role);
        let name = match role {
            Role::People => "television",
            Role::Content => "content-display",
        };
        let pipeline = screen.graph.pipeline(name, move |_| Part::Television(role));
        let compositor = live_aggregator("compositor")?;
        compositor.set_property_from_str("background", "black");
        compositor.set_property("max-threads", 1_u32);
        let rate = make("capsfilter")?;
        // A picture that is on its way while the speed changes is no error, which would end composition.
        rate.set_property_from_str("caps-change-mode", "delayed");
        let fork = make("tee")?;
        chain(&pipeline, part.clone(), &[&compositor, &rate, &fork])?;
        let preview = preview
            .map(|to| Preview::new(&pipeline, &fork, to, part.clone()))
            .transpose()?;
        let onlookers = preview
            .as_ref()
            .map(|_| Onlookers::new(&pipeline, &fork, screen.onlookers.clone(), part.clone()))
            .transpose()?;
        if let Some(display) = &display {
            display::show(&pipeline, &fork, display, part.clone())?;
        }
        let begun = Arc::<AtomicU64>::default();
        let made = Arc::<AtomicU64>::default();
        drop_pictures_before(&begun, &made, &rate);
        let stage = Stage::new(part.clone(), &pipeline, &compositor);
        let output = rate.static_pad("src");
        stage.follow_phase(&output.expect("every capsfilter has a source pad"));
        Ok(Self {
            display,
            settings,
            screen: screen.clone(),
            part,
            pipeline,
            compositor,
            rate,
            preview,
            onlookers,
            watched: false,
            stage,
            tiles: Vec::new(),
            is_calm: true,
            labels: Vec::new(),
            lettering: None,
            pictures_per_second: 0,
            composing: None,
            begun,
            made,
        })
    }

    /// The picture's size and speed.
    #[must_use]
    pub fn settings(&self) -> Television {
        self.settings
    }

    /// It is on a display of this machine, not for browsers alone.
    #[must_use]
    pub fn has_display(&self) -> bool {
        self.display.is_some()
    }

    /// Seconds that it has run, and pictures that it made; `None` while nobody looks. It repeats a
    /// picture that stays, so each second has at least one.
    #[must_use]
    pub fn progress(&self) -> Option<(u64, u64)> {
        self.composing?;
        let begun = gst::ClockTime::from_nseconds(self.begun.load(Ordering::Relaxed));
        let seconds = self.screen.graph.now().saturating_sub(begun).seconds();
        Some((seconds, self.made.load(Ordering::Relaxed)))
    }

    /// Arranges the tiles, back to front. Tiles that stay are moved, not rebuilt.
    ///
    /// # Errors
    /// When a tile can't be added; the others are as wanted.
    pub fn set_tiles(&mut self, wanted: &[Tile]) -> Result<(), GraphError> {
        self.clear_away();
        let mut outcome = Ok(());
        for tile in wanted {
            if !self.tiles.iter().any(|shown| shown.source == tile.source) {
                outcome = outcome.and(self.add(&tile.source));
            }
        }
        let mut places = Vec::new();
        for shown in &mut self.tiles {
            let place = wanted.iter().position(|tile| tile.source == shown.source);
            // What leaves is behind all others.
            let order = place.map_or(1, |index| {
                u32::try_from(index).map_or(TEXT_ZORDER, |i| i + 2)
            });
            if std::mem::replace(&mut shown.order, order) != order {
                shown.input.set_order(order);
            }
            places.extend(place.map(|index| (shown.input.clone(), wanted[index].rect)));
        }
        let pace = self.pace(Pace::GENTLE);
        let runs = self.composing.is_some();
        self.stage.arrange(Layer::Tiles, &places, pace, runs);
        self.is_calm = (wanted.iter()).all(|tile| tile.source == TileSource::Still);
        self.clear_away();
        outcome.and(self.compose())
    }

    /// Shows these texts, back to front, and no others. What changed is drawn.
    ///
    /// # Errors
    /// When one can't be added; those before it are as wanted.
    pub fn set_text(&mut self, wanted: &[Label]) -> Result<(), GraphError> {
        self.clear_away();
        if wanted.is_empty() && self.labels.is_empty() {
            return Ok(());
        }
        let lettering = &mut self.lettering;
        let lettering = lettering.get_or_insert_with(|| Lettering::with_fonts(&system_fonts()));
        let wanted = lettering.show(wanted);
        let mut before = std::mem::take(&mut self.labels);
        let same = |shown: &ShownLabel| wanted.iter().any(|l| Arc::ptr_eq(l, &shown.lettered));
        let (mut stay, mut free): (Vec<_>, Vec<_>) = before.drain(..).partition(same);
        let mut outcome = Ok(());
        for (index, lettered) in wanted.into_iter().enumerate() {
            match self.label(lettered, &mut stay, &mut free) {
                Ok(label) => {
                    let index = u32::try_from(index).unwrap_or(u32::MAX);
                    label.input.set_order(TEXT_ZORDER.saturating_add(index));
                    self.labels.push(label);
                }
                Err(error) => outcome = outcome.and(Err(error)),
            }
        }
        let places = self.labels.iter().map(ShownLabel::place);
        let pace = match self.stage.are_tiles_still() {
            true => Pace::AT_ONCE,
            false => self.pace(Pace::ARRIVES_LATER),
        };
        let (places, runs) = (places.collect::<Vec<_>>(), self.composing.is_some());
        self.stage.arrange(Layer::Text, &places, pace, runs);
        outcome
    }

    /// One that is shown as it is, one whose box another text takes over, or a new one.
    fn label(
        &self,
        lettered: Arc<Lettered>,
        stay: &mut Vec<ShownLabel>,
        free: &mut Vec<ShownLabel>,
    ) -> Result<ShownLabel, GraphError> {
        let known = stay
            .iter()
            .position(|s| Arc::ptr_eq(&s.lettered, &lettered));
        if let Some(index) = known {
            return Ok(stay.swap_remove(index));
        }
        let fits = free.iter().position(|s| s.has_box_of(&lettered));
        let input = match fits {
            Some(index) => free.swap_remove(index).input,
            None => self.stage.add()?,
        };
        let sample = lettered_picture(&lettered);
        self.screen.show(&input.source, &sample);
        Ok(ShownLabel {
            lettered,
            sample,
            input,
        })
    }

    /// As people want it.
    fn pace(&self, gentle: Pace) -> Pace {
        if self.settings.reduced_motion {
            Pace::AT_ONCE
        } else {
            gentle
        }
    }

    /// Removes what has faded out.
    fn clear_away(&mut self) {
        for input in self.stage.take_left() {
            let tile = self.tiles.iter().position(|shown| shown.input == input);
            if let Some(tile) = tile {
                let tile = self.tiles.swap_remove(tile);
                self.screen.remove(&tile.source, &tile.input.source);
            }
            self.stage.remove(&input);
        }
    }

    fn add(&mut self, source: &TileSource) -> Result<(), GraphError> {
        let input = self.stage.add()?;
        input.fit();
        self.screen.add(source, &input.source);
        self.tiles.push(ShownTile {
            source: source.clone(),
            order: 0,
            input,
        });
        Ok(())
    }

    /// How many pictures a second the preview wants; 0: nobody looks.
    ///
    /// # Errors
    /// When composition does not start.
    pub fn set_preview(&mut self, pictures_per_second: u32) -> Result<(), GraphError> {
        self.pictures_per_second = pictures_per_second.min(self.settings.frames_per_second);
        if let Some(preview) = &self.preview {
            preview.set_rate(self.pictures_per_second);
        }
        self.compose()
    }

    /// Whether anybody looks from elsewhere.
    ///
    /// # Errors
    /// When composition does not start.
    pub fn set_onlookers(&mut self, any: bool) -> Result<(), GraphError> {
        self.watched = any;
        if let Some(onlookers) = &self.onlookers {
            onlookers.open(any);
        }
        self.compose()
    }

    /// Starts, changes or stops composition as tiles and onlookers ask for.
    fn compose(&mut self) -> Result<(), GraphError> {
        let wanted = match self.display {
            Some(_) => self.settings.frames_per_second,
            None if self.watched => self.pictures_per_second.max(onlookers::SPEED),
            None => self.pictures_per_second,
        };
        let calm = if self.is_calm && self.stage.is_still() {
            IDLE_PICTURES_PER_SECOND
        } else {
            u32::MAX
        };
        let speed = Some(wanted.min(calm)).filter(|speed| *speed > 0);
        if speed == self.composing {
            return Ok(());
        }
        let before = std::mem::replace(&mut self.composing, speed);
        let Some(speed) = speed else {
            stop(&self.pipeline);
            self.stage.finish();
            self.clear_away();
            return Ok(());
        };
        let mut caps = raw_caps(self.settings.width, self.settings.height);
        self.stage.set_speed(speed);
        let speed = gst::Fraction::new(i32::try_from(speed).unwrap_or(30), 1);
        caps.make_mut().set("framerate", speed);
        self.rate.set_property("caps", caps);
        if before.is_none() {
            let now = self.screen.graph.now().nseconds();
            self.begun.store(now, Ordering::Relaxed);
            begin_now(&self.screen.graph, &self.compositor);
            start(self.part.clone(), &self.pipeline)?;
            let tiles = self.tiles.iter();
            let inputs = tiles.map(|shown| (&shown.source, &shown.input.source));
            self.screen.refresh(inputs);
            for shown in &self.labels {
                self.screen.show(&shown.input.source, &shown.sample);
            }
        }
        Ok(())
    }
}

impl Drop for TelevisionOutput {
    fn drop(&mut self) {
        for shown in &self.tiles {
            self.screen.remove(&shown.source, &shown.input.source);
        }
        stop(&self.pipeline);
    }
}

/// Until its first input comes, a live compositor makes black pictures for the engine's whole past,
/// as fast as it can; nobody is to see them, nor to encode them.
fn drop_pictures_before(begun: &Arc<AtomicU64>, made: &Arc<AtomicU64>, element: &gst::Element) {
    let (begun, made) = (begun.clone(), made.clone());
    let pad = element
        .static_pad("src")
        .expect("every capsfilter has a source pad");
    pad.add_probe(gst::PadProbeType::BUFFER, move |_, info| {
        let time = info.buffer().and_then(|buffer| buffer.pts());
        let begun = gst::ClockTime::from_nseconds(begun.load(Ordering::Relaxed));
        if time.is_some_and(|time| time < begun) {
            KEPT_BACK
        } else {
            made.fetch_add(1, Ordering::Relaxed);
            gst::PadProbeReturn::Ok
        }
    });
}
