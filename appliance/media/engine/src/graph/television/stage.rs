//! The compositor's inputs, and their way from one arrangement to the next.
//!
//! Where things are is said for each picture when it is composed and for all of them together, so that no picture shows
//! half of a change. While nothing moves, nothing is asked and nothing is done.
//!
//! When within its period a picture is composed follows from when pictures come ([`Phase`]): the compositor waits for its
//! inputs that much longer.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use gstreamer::{self as gst, prelude::*};
use gstreamer_app as gst_app;
use gstreamer_base::{self as gst_base, prelude::*};
use saal_media_protocol::Rect;

use super::{
    super::{
        GraphError, Part, clock_time, colorimetry::call_all_one, duration, encoder::live_input,
    },
    Layer,
};
use crate::{
    motion::{Pace, Placing, Scene},
    phase::Phase,
};

/// Pictures are told to be so old when they come: the compositor keeps what is younger than the picture that it makes for
/// the next one, and it makes pictures up to a period later than they say.
pub(super) const AGO: gst::ClockTime = gst::ClockTime::from_mseconds(100);
/// With fewer pictures a second nothing moves, or a browser looks on.
const SLOWEST: u32 = 15;

/// What can be composed.
#[derive(Debug)]
pub(super) struct Stage {
    part: Part,
    pipeline: gst::Pipeline,
    compositor: gst::Element,
    moving: Arc<Mutex<Moving>>,
    phase: Arc<Mutex<Option<Phase>>>,
}

#[derive(Debug, Default)]
struct Moving {
    tiles: Scene<Input>,
    text: Scene<Input>,
}

/// Where pictures of one thing go in.
#[derive(Clone, Debug)]
pub(super) struct Input {
    pub(super) source: gst_app::AppSrc,
    pad: gst::Pad,
}

impl PartialEq for Input {
    fn eq(&self, other: &Self) -> bool {
        self.pad == other.pad
    }
}

impl Input {
    /// What is higher is in front.
    pub(super) fn set_order(&self, order: u32) {
        self.pad.set_property("zorder", order);
    }

    /// Pictures keep their aspect.
    pub(super) fn fit(&self) {
        self.pad
            .set_property_from_str("sizing-policy", "keep-aspect-ratio");
    }

    fn put(&self, placing: Placing) {
        let pixels = |v: u32| i32::try_from(v).unwrap_or(i32::MAX);
        let Placing { rect, opacity } = placing;
        self.pad.set_property("xpos", rect.x);
        self.pad.set_property("ypos", rect.y);
        self.pad.set_property("width", pixels(rect.width));
        self.pad.set_property("height", pixels(rect.height));
        self.pad.set_property("alpha", opacity);
    }

    /// Whether the picture that is about to be composed has one of it. One that came is in none before the compositor has
    /// got to its time, which on a busy computer is a while later.
    fn is_seen_by(&self, compositor: &gst_base::Aggregator) -> bool {
        let pad = self.pad.downcast_ref::<gst_base::AggregatorPad>();
        pad.is_some_and(|pad| compositor.peek_next_sample(pad).is_some())
    }
}

impl Moving {
    fn layer(&mut self, layer: Layer) -> &mut Scene<Input> {
        match layer {
            Layer::Tiles => &mut self.tiles,
            Layer::Text => &mut self.text,
        }
    }

    fn is_still(&self) -> bool {
        self.tiles.is_still() && self.text.is_still()
    }
}

impl Stage {
    pub(super) fn new(part: Part, pipeline: &gst::Pipeline, compositor: &gst::Element) -> Self {
        let moving = Arc::<Mutex<Moving>>::default();
        move_before_each_picture(compositor, moving.clone());
        Self {
            part,
            pipeline: pipeline.clone(),
            compositor: compositor.clone(),
            moving,
            phase: Arc::default(),
        }
    }

    /// So many pictures a second are composed from now on.
    pub(super) fn set_speed(&self, pictures_per_second: u32) {
        let follows = pictures_per_second >= SLOWEST;
        *lock(&self.phase) = follows.then(|| Phase::new(pictures_per_second));
        self.compositor.set_property("latency", 0_u64);
    }

    /// Has each picture composed when those that it shows have come; `output` is what the compositor gives them to.
    pub(super) fn follow_phase(&self, output: &gst::Pad) {
        let (phase, compositor) = (Arc::clone(&self.phase), self.compositor.downgrade());
        output.add_probe(gst::PadProbeType::BUFFER, move |_, info| {
            let time = info.buffer().and_then(|buffer| buffer.pts());
            let delay = time.and_then(|time| lock(&phase).as_mut()?.composes(duration(time)));
            if let Some((delay, compositor)) = delay.zip(compositor.upgrade()) {
                compositor.set_property("latency", clock_time(delay).nseconds());
            }
            gst::PadProbeReturn::Ok
        });
    }

    /// One more picture for the compositor; nobody sees it yet.
    pub(super) fn add(&self) -> Result<Input, GraphError> {
        let broken = |source| GraphError::Link {
            part: self.part.clone(),
            source,
        };
        let pad = self.compositor.request_pad_simple("sink_%u");
        let pad = pad.ok_or_else(|| broken(gst::glib::bool_error!("no more tiles")))?;
        pad.set_property("alpha", 0.0);
        call_all_one(&pad);
        self.note_what_comes(&pad);
        let input = Input {
            source: live_input(1),
            pad,
        };
        let linked = self.pipeline.add(&input.source).and_then(|()| {
            let source = input.source.static_pad("src");
            let source = source.expect("every appsrc has a source pad");
            source
                .link(&input.pad)
                .map_err(|e| gst::glib::bool_error!("tile: {e}"))?;
            input.source.sync_state_with_parent()
        });
        if let Err(error) = linked {
            self.remove(&input);
            return Err(broken(error));
        }
        Ok(input)
    }

    /// When pictures come there, and how large they are.
    fn note_what_comes(&self, pad: &gst::Pad) {
        let phase = Arc::clone(&self.phase);
        pad.add_probe(gst::PadProbeType::BUFFER, move |pad, info| {
            if let Some(time) = info.buffer().and_then(|buffer| buffer.pts())
                && let Some(phase) = lock(&phase).as_mut()
            {
                let side = |name| f64::from(pad.property::<i32>(name));
                phase.came(duration(time + AGO), side("width") * side("height"));
            }
            gst::PadProbeReturn::Ok
        });
    }

    pub(super) fn remove(&self, input: &Input) {
        let _ = input.source.set_state(gst::State::Null);
        let _ = self.pipeline.remove(&input.source);
        self.compositor.release_request_pad(&input.pad);
    }

    /// These are wanted, there, and nothing else of this layer. `runs`: pictures are composed, so that it takes its time.
    pub(super) fn arrange(&self, layer: Layer, wanted: &[(Input, Rect)], pace: Pace, runs: bool) {
        let mut moving = lock(&self.moving);
        moving.layer(layer).arrange(wanted, pace);
        if moving.is_still() {
            return;
        }
        if runs {
            self.compositor.set_property("emit-signals", true);
            return;
        }
        drop(moving);
        self.finish();
    }

    /// All are where they are to be.
    pub(super) fn finish(&self) {
        let mut moving = lock(&self.moving);
        let tiles = moving.tiles.finish();
        let text = moving.text.finish();
        drop(moving);
        for (input, placing) in tiles.into_iter().chain(text) {
            input.put(placing);
        }
    }

    pub(super) fn is_still(&self) -> bool {
        lock(&self.moving).is_still()
    }

    pub(super) fn are_tiles_still(&self) -> bool {
        lock(&self.moving).tiles.is_still()
    }

    /// Whether it is asked before each picture where things go.
    #[cfg(test)]
    pub(super) fn asks(&self) -> bool {
        self.compositor.property("emit-signals")
    }

    /// What is not seen any more, and can be removed.
    pub(super) fn take_left(&self) -> Vec<Input> {
        let mut moving = lock(&self.moving);
        let mut left = moving.tiles.take_left();
        left.extend(moving.text.take_left());
        left
    }
}

/// The compositor says which pictures it is about to compose, before it looks where they go (`samples-selected` of
/// GstAggregator). Its own lock is held meanwhile: who holds ours must not add or remove inputs.
fn move_before_each_picture(compositor: &gst::Element, moving: Arc<Mutex<Moving>>) {
    compositor.connect("samples-selected", false, move |values| {
        let compositor = values.first()?.get::<gst_base::Aggregator>().ok()?;
        let time = values.get(2)?.get::<u64>().ok()?;
        let time = duration(gst::ClockTime::from_nseconds(time));
        let mut moving = lock(&moving);
        let seen = |input: &Input| input.is_seen_by(&compositor);
        let tiles = moving.tiles.at(time, seen);
        let text = moving.text.at(time, seen);
        for (input, placing) in tiles.into_iter().chain(text) {
            input.put(placing);
        }
        if moving.is_still() {
            compositor.set_property("emit-signals", false);
        }
        None
    });
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
