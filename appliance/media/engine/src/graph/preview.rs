//! The television's picture for those who look from elsewhere.

use std::sync::Arc;

use gstreamer::{self as gst, prelude::*};
use gstreamer_app as gst_app;
use tokio::sync::watch;

use super::{GraphError, Part, chain, display, make};

/// A JPEG of the television.
pub type Picture = Arc<[u8]>;

/// Quality of the preview; 75 is what libjpeg calls its default, without visible blocks.
const JPEG_QUALITY: i32 = 75;

/// The picture for those who look from elsewhere: as JPEG, and not more often than they want.
#[derive(Debug)]
pub(super) struct Preview {
    gate: gst::Element,
    rate: gst::Element,
}

impl Preview {
    pub(super) fn new(
        pipeline: &gst::Pipeline,
        from: &gst::Element,
        to: watch::Sender<Option<Picture>>,
        part: Part,
    ) -> Result<Self, GraphError> {
        let (gate, rate, queue) = (make("valve")?, make("videorate")?, display::latest()?);
        gate.set_property("drop", true);
        rate.set_property("drop-only", true);
        let jpeg = make("jpegenc")?;
        jpeg.set_property("quality", JPEG_QUALITY);
        let output = gst_app::AppSink::builder()
            .sync(false)
            .async_(false)
            .max_buffers(1)
            .drop(true)
            .build();
        output.set_property("enable-last-sample", false);
        output.set_callbacks(preview_callbacks(to));
        let elements = [&gate, &rate, &queue, &jpeg, output.upcast_ref()];
        chain(pipeline, part.clone(), &elements)?;
        let linked = from.link(&gate);
        linked.map_err(|source| GraphError::Link { part, source })?;
        Ok(Self { gate, rate })
    }

    pub(super) fn set_rate(&self, pictures_per_second: u32) {
        self.gate.set_property("drop", pictures_per_second == 0);
        let rate = i32::try_from(pictures_per_second.max(1)).unwrap_or(i32::MAX);
        self.rate.set_property("max-rate", rate);
    }
}

fn preview_callbacks(preview: watch::Sender<Option<Picture>>) -> gst_app::AppSinkCallbacks {
    gst_app::AppSinkCallbacks::builder()
        .new_sample(move |output| {
            let sample = output.pull_sample().map_err(|_| gst::FlowError::Eos)?;
            if let Some(jpeg) = sample.buffer().and_then(|b| b.map_readable().ok()) {
                preview.send_replace(Some(jpeg.as_slice().into()));
            }
            Ok(gst::FlowSuccess::Ok)
        })
        .build()
}
