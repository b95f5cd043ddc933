//! The picture on a display: the tiles composed, and a preview of the television's as JPEG.
//!
//! Composition runs only while somebody looks. Decoders go on meanwhile, and [`Screen`] keeps each
//! source's newest picture, so that what is shown appears at once.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use gstreamer::{self as gst, prelude::*};
use gstreamer_app as gst_app;
use saal_hal_linux::LeasedDisplay;
use saal_media_protocol::{Label, Television, Tile, TileSource};
use tokio::sync::watch;

use super::{
    Graph, GraphError, Part, Role, begin_now, chain,
    colorimetry::call_all_one,
    display,
    encoder::live_input,
    live_aggregator, make,
    preview::{Picture, Preview},
    source_video::raw_caps,
    start, stop,
};
use crate::lettering::{Lettered, Lettering};

/// A calm picture needs no more.
const IDLE_PICTURES_PER_SECOND: u32 = 1;
/// The grey picture in tiles whose own is not there yet; 16:9 as most tiles are.
const PLACEHOLDER_WIDTH: u32 = 64;
const PLACEHOLDER_HEIGHT: u32 = 36;
const PLACEHOLDER_LUMA: u8 = 40;

/// The newest picture of each source, and where it is shown, on one display or several.
#[derive(Clone, Debug)]
pub struct Screen {
    graph: Graph,
    state: Arc<Mutex<ScreenState>>,
}

#[derive(Debug, Default)]
struct ScreenState {
    newest: HashMap<TileSource, gst::Sample>,
    shown: HashMap<TileSource, Vec<gst_app::AppSrc>>,
}

impl Screen {
    /// An empty screen.
    #[must_use]
    pub fn new(graph: &Graph) -> Self {
        Self {
            graph: graph.clone(),
            state: Arc::default(),
        }
    }

    /// Shows a picture now, where its source has a tile.
    pub fn push(&self, source: &TileSource, sample: &gst::Sample) {
        let mut state = self.lock();
        for tile in state.shown.get(source).into_iter().flatten() {
            self.show(tile, sample);
        }
        if let Some(newest) = state.newest.get_mut(source) {
            *newest = sample.clone();
        } else {
            state.newest.insert(source.clone(), sample.clone());
        }
    }

    /// Forgets a source's picture; its tile becomes calm.
    pub fn forget(&self, source: &TileSource) {
        let mut state = self.lock();
        if state.newest.remove(source).is_some() {
            for tile in state.shown.get(source).into_iter().flatten() {
                self.show(tile, &placeholder());
            }
        }
    }

    fn add(&self, source: &TileSource, input: &gst_app::AppSrc) {
        let mut state = self.lock();
        self.show_newest(&state, source, input);
        let tiles = state.shown.entry(source.clone()).or_default();
        tiles.push(input.clone());
    }

    fn remove(&self, source: &TileSource, input: &gst_app::AppSrc) {
        let mut state = self.lock();
        if let Some(tiles) = state.shown.get_mut(source) {
            tiles.retain(|tile| tile != input);
            if tiles.is_empty() {
                state.shown.remove(source);
            }
        }
    }

    /// Shows the newest pictures of these again, after composition was off.
    fn refresh(&self, tiles: &[ShownTile]) {
        let state = self.lock();
        for shown in tiles {
            self.show_newest(&state, &shown.tile.source, &shown.input);
        }
    }

    fn show_newest(&self, state: &ScreenState, source: &TileSource, input: &gst_app::AppSrc) {
        match state.newest.get(source) {
            Some(sample) => self.show(input, sample),
            None => self.show(input, &placeholder()),
        }
    }

    /// The buffer is shared; only its time is ours.
    fn show(&self, input: &gst_app::AppSrc, sample: &gst::Sample) {
        let (Some(mut buffer), Some(caps)) = (sample.buffer_owned(), sample.caps()) else {
            return;
        };
        buffer.make_mut().set_pts(self.graph.now());
        let sample = gst::Sample::builder()
            .buffer(&buffer)
            .caps(&caps.to_owned())
            .build();
        // Refused while composition is off; the newest picture is shown when it starts.
        let _ = input.push_sample(&sample);
    }

    fn lock(&self) -> MutexGuard<'_, ScreenState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Text is in front of all tiles, of which there are fewer than this.
const TEXT_ZORDER: u32 = 1_000;

/// Composition; dropping it ends it.
#[derive(Debug)]
pub struct TelevisionOutput {
    /// Where the picture goes besides the preview; it keeps composition running.
    display: Option<LeasedDisplay>,
    settings: Television,
    screen: Screen,
    part: Part,
    pipeline: gst::Pipeline,
    compositor: gst::Element,
    rate: gst::Element,
    /// Of the television alone.
    preview: Option<Preview>,
    tiles: Vec<ShownTile>,
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

/// A text on the television; another text may take its input over. The compositor repeats its
/// picture, so a text that stays costs no more than to be copied.
#[derive(Debug)]
struct ShownLabel {
    lettered: Arc<Lettered>,
    sample: gst::Sample,
    input: gst_app::AppSrc,
    pad: gst::Pad,
}

#[derive(Debug)]
struct ShownTile {
    tile: Tile,
    input: gst_app::AppSrc,
    pad: gst::Pad,
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
        display: Option<LeasedDisplay>,
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
        let fork = make("tee")?;
        chain(&pipeline, part.clone(), &[&compositor, &rate, &fork])?;
        let preview = preview
            .map(|to| Preview::new(&pipeline, &fork, to, part.clone()))
            .transpose()?;
        if let Some(display) = &display {
            display::show(&pipeline, &fork, display, part.clone())?;
        }
        let begun = Arc::<AtomicU64>::default();
        let made = Arc::<AtomicU64>::default();
        drop_pictures_before(&begun, &made, &rate);
        Ok(Self {
            display,
            settings,
            screen: screen.clone(),
            part,
            pipeline,
            compositor,
            rate,
            preview,
            tiles: Vec::new(),
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
        let (keep, gone) = std::mem::take(&mut self.tiles)
            .into_iter()
            .partition::<Vec<_>, _>(|shown| wanted.iter().any(|t| t.source == shown.tile.source));
        self.tiles = keep;
        for tile in gone {
            self.remove(&tile);
        }
        let mut outcome = Ok(());
        for (order, tile) in wanted.iter().enumerate() {
            outcome = outcome.and(self.place(order, tile));
        }
        outcome.and(self.compose())
    }

    /// Shows these texts, back to front, and no others. What changed is drawn.
    ///
    /// # Errors
    /// When one can't be added; those before it are as wanted.
    pub fn set_text(&mut self, wanted: &[Label]) -> Result<(), GraphError> {
        if wanted.is_empty() && self.labels.is_empty() {
            return Ok(());
        }
        let wanted = self.lettering.get_or_insert_default().show(wanted);
        for surplus in self.labels.split_off(wanted.len().min(self.labels.len())) {
            self.remove_input(&surplus.input, &surplus.pad);
        }
        for (index, lettered) in wanted.into_iter().enumerate() {
            let shown = self.labels.get(index);
            if shown.is_none_or(|shown| !Arc::ptr_eq(&shown.lettered, &lettered)) {
                self.show_label(index, lettered)?;
            }
        }
        Ok(())
    }

    fn show_label(&mut self, index: usize, lettered: Arc<Lettered>) -> Result<(), GraphError> {
        let sample = lettered_picture(&lettered);
        let (input, pad) = match self.labels.get(index) {
            Some(shown) => (shown.input.clone(), shown.pad.clone()),
            None => self.add_input()?,
        };
        let order = TEXT_ZORDER.saturating_add(u32::try_from(index).unwrap_or(u32::MAX));
        pad.set_property("zorder", order);
        pad.set_property("xpos", lettered.x);
        pad.set_property("ypos", lettered.y);
        self.screen.show(&input, &sample);
        let shown = ShownLabel {
            lettered,
            sample,
            input,
            pad,
        };
        match self.labels.get_mut(index) {
            Some(place) => *place = shown,
            None => self.labels.push(shown),
        }
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

    /// Starts, changes or stops composition as tiles and onlookers ask for.
    fn compose(&mut self) -> Result<(), GraphError> {
        let wanted = match self.display {
            Some(_) => self.settings.frames_per_second,
            None => self.pictures_per_second,
        };
        let calm = if self.tiles.is_empty() {
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
            return Ok(());
        };
        let mut caps = raw_caps(self.settings.width, self.settings.height);
        let speed = gst::Fraction::new(i32::try_from(speed).unwrap_or(30), 1);
        caps.make_mut().set("framerate", speed);
        self.rate.set_property("caps", caps);
        if before.is_none() {
            let now = self.screen.graph.now().nseconds();
            self.begun.store(now, Ordering::Relaxed);
            begin_now(&self.screen.graph, &self.compositor);
            start(self.part.clone(), &self.pipeline)?;
            self.screen.refresh(&self.tiles);
            for shown in &self.labels {
                self.screen.show(&shown.input, &shown.sample);
            }
        }
        Ok(())
    }

    fn place(&mut self, order: usize, tile: &Tile) -> Result<(), GraphError> {
        let shown = self
            .tiles
            .iter()
            .position(|shown| shown.tile.source == tile.source);
        let index = match shown {
            Some(index) => index,
            None => self.add(tile)?,
        };
        let shown = &mut self.tiles[index];
        shown.tile = tile.clone();
        let pixels = |v: u32| i32::try_from(v).unwrap_or(i32::MAX);
        shown.pad.set_property("xpos", tile.rect.x);
        shown.pad.set_property("ypos", tile.rect.y);
        shown.pad.set_property("width", pixels(tile.rect.width));
        shown.pad.set_property("height", pixels(tile.rect.height));
        shown
            .pad
            .set_property("zorder", u32::try_from(order).unwrap_or(u32::MAX - 1) + 1);
        Ok(())
    }

    fn add(&mut self, tile: &Tile) -> Result<usize, GraphError> {
        let (input, pad) = self.add_input()?;
        pad.set_property_from_str("sizing-policy", "keep-aspect-ratio");
        self.screen.add(&tile.source, &input);
        self.tiles.push(ShownTile {
            tile: tile.clone(),
            input,
            pad,
        });
        Ok(self.tiles.len() - 1)
    }

    /// One more picture for the compositor.
    fn add_input(&self) -> Result<(gst_app::AppSrc, gst::Pad), GraphError> {
        let broken = |source| GraphError::Link {
            part: self.part.clone(),
            source,
        };
        let pad = self.compositor.request_pad_simple("sink_%u");
        let pad = pad.ok_or_else(|| broken(gst::glib::bool_error!("no more tiles")))?;
        call_all_one(&pad);
        let input = live_input(1);
        let linked = self.pipeline.add(&input).and_then(|()| {
            let source = input
                .static_pad("src")
                .expect("every appsrc has a source pad");
            source
                .link(&pad)
                .map_err(|e| gst::glib::bool_error!("tile: {e}"))?;
            input.sync_state_with_parent()
        });
        if let Err(error) = linked {
            self.remove_input(&input, &pad);
            return Err(broken(error));
        }
        Ok((input, pad))
    }

    fn remove(&self, shown: &ShownTile) {
        self.screen.remove(&shown.tile.source, &shown.input);
        self.remove_input(&shown.input, &shown.pad);
    }

    fn remove_input(&self, input: &gst_app::AppSrc, pad: &gst::Pad) {
        let _ = input.set_state(gst::State::Null);
        let _ = self.pipeline.remove(input);
        self.compositor.release_request_pad(pad);
    }
}

impl Drop for TelevisionOutput {
    fn drop(&mut self) {
        for shown in &self.tiles {
            self.screen.remove(&shown.tile.source, &shown.input);
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
            gst::PadProbeReturn::Drop
        } else {
            made.fetch_add(1, Ordering::Relaxed);
            gst::PadProbeReturn::Ok
        }
    });
}

fn placeholder() -> gst::Sample {
    let (width, height) = (PLACEHOLDER_WIDTH, PLACEHOLDER_HEIGHT);
    let luma = vec![PLACEHOLDER_LUMA; (width * height) as usize];
    let grey = vec![128; luma.len() / 4];
    let caps = raw_caps(width, height);
    picture(width, [&luma, &grey, &grey], &caps)
}

fn lettered_picture(lettered: &Lettered) -> gst::Sample {
    let caps = raw_caps(lettered.width, lettered.height);
    let [blue, red] = &lettered.chroma;
    picture(lettered.width, [&lettered.luma, blue, red], &caps)
}

/// I420 of an even size; rows are as long as GStreamer expects, a multiple of four bytes.
pub(super) fn picture(
    width: u32,
    [luma, blue, red]: [&Vec<u8>; 3],
    caps: &gst::Caps,
) -> gst::Sample {
    let mut picture = Vec::new();
    for (plane, width) in [(luma, width), (blue, width / 2), (red, width / 2)] {
        for row in plane.chunks(width.max(1) as usize) {
            picture.extend_from_slice(row);
            picture.resize(picture.len().next_multiple_of(4), 0);
        }
    }
    gst::Sample::builder()
        .buffer(&gst::Buffer::from_slice(picture))
        .caps(caps)
        .build()
}
