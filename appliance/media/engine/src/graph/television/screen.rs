//! The newest picture of each source, wherever it comes from and wherever it is shown.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use gstreamer as gst;
use gstreamer_app as gst_app;
use saal_media_protocol::TileSource;

use super::{EncoderInputs, Graph, placeholder, stage};

/// The newest picture of each source, and where it is shown, on one display or several.
#[derive(Clone, Debug)]
pub struct Screen {
    pub(super) graph: Graph,
    state: Arc<Mutex<ScreenState>>,
    /// Where the television's picture goes for those who look from elsewhere.
    pub(super) onlookers: EncoderInputs,
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
            onlookers: EncoderInputs::default(),
        }
    }

    /// Those who look at the television from elsewhere.
    #[must_use]
    pub fn onlookers(&self) -> &EncoderInputs {
        &self.onlookers
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

    pub(super) fn add(&self, source: &TileSource, input: &gst_app::AppSrc) {
        let mut state = self.lock();
        self.show_newest(&state, source, input);
        let tiles = state.shown.entry(source.clone()).or_default();
        tiles.push(input.clone());
    }

    pub(super) fn remove(&self, source: &TileSource, input: &gst_app::AppSrc) {
        let mut state = self.lock();
        if let Some(tiles) = state.shown.get_mut(source) {
            tiles.retain(|tile| tile != input);
            if tiles.is_empty() {
                state.shown.remove(source);
            }
        }
    }

    /// Shows the newest pictures of these again, after composition was off.
    pub(super) fn refresh<'a>(
        &self,
        tiles: impl Iterator<Item = (&'a TileSource, &'a gst_app::AppSrc)>,
    ) {
        let state = self.lock();
        for (source, input) in tiles {
            self.show_newest(&state, source, input);
        }
    }

    fn show_newest(&self, state: &ScreenState, source: &TileSource, input: &gst_app::AppSrc) {
        match state.newest.get(source) {
            Some(sample) => self.show(input, sample),
            None => self.show(input, &placeholder()),
        }
    }

    /// The buffer is shared; only its time is ours: so long ago that it is in the next picture, whenever that is composed
    /// ([`super::stage`]).
    pub(super) fn show(&self, input: &gst_app::AppSrc, sample: &gst::Sample) {
        let (Some(mut buffer), Some(caps)) = (sample.buffer_owned(), sample.caps()) else {
            return;
        };
        buffer
            .make_mut()
            .set_pts(self.graph.now().saturating_sub(stage::AGO));
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
