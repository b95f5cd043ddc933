//! The television's picture for browsers that look at the room.

use gstreamer::{self as gst, prelude::*};

use super::{EncoderInputs, GraphError, Part, chain, display, make, source_video::output};

/// Pictures a second that they get.
pub(super) const SPEED: u32 = 15;

/// A branch of composition that is shut while nobody looks.
#[derive(Debug)]
pub(super) struct Onlookers {
    gate: gst::Element,
}

impl Onlookers {
    pub(super) fn new(
        pipeline: &gst::Pipeline,
        from: &gst::Element,
        to: EncoderInputs,
        part: Part,
    ) -> Result<Self, GraphError> {
        let (gate, rate, queue) = (make("valve")?, make("videorate")?, display::latest()?);
        gate.set_property("drop", true);
        rate.set_property("drop-only", true);
        rate.set_property("max-rate", i32::try_from(SPEED).unwrap_or(i32::MAX));
        let output = output(Box::new(move |sample| to.push(sample)));
        let elements = [&gate, &rate, &queue, output.upcast_ref()];
        chain(pipeline, part.clone(), &elements)?;
        let linked = from.link(&gate);
        linked.map_err(|source| GraphError::Link { part, source })?;
        Ok(Self { gate })
    }

    pub(super) fn open(&self, open: bool) {
        self.gate.set_property("drop", !open);
    }
}
