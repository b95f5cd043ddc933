//! Cuts a view out of each picture of a source and brings it to the size that is sent.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use gstreamer::{self as gst, prelude::*};
use gstreamer_app as gst_app;
use gstreamer_video as gst_video;

use super::{
    Graph, GraphError, Part, PictureSink, chain,
    encoder::live_input,
    make,
    source_video::{fit_below, output, raw_caps},
    start, stop,
};
use crate::{
    framing::{Crop, Frame},
    plan::PictureSize,
};

/// What a digital camera is to show; whoever has a clone may move it while pictures come.
#[derive(Clone, Debug)]
pub struct FrameTarget(Arc<Mutex<Frame>>);

impl Default for FrameTarget {
    fn default() -> Self {
        Self(Arc::new(Mutex::new(Frame::WHOLE)))
    }
}

impl FrameTarget {
    /// From the next picture on, the view is on its way there.
    pub fn set(&self, frame: Frame) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = frame;
    }

    fn get(&self) -> Frame {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The pipeline that cuts; dropping it ends it.
#[derive(Debug)]
struct Framer {
    pipeline: gst::Pipeline,
    input: gst_app::AppSrc,
    crop: gst::Element,
    size: gst::Element,
    wanted: PictureSize,
    target: FrameTarget,
    way: Mutex<Way>,
}

/// Where the view is now.
#[derive(Debug)]
struct Way {
    frame: Frame,
    at: Option<gst::ClockTime>,
    /// Of the pictures that come in.
    picture: (u32, u32),
    set: Option<Crop>,
}

/// A sink before `sink` that cuts. The view begins at its target.
pub(super) fn framed(
    graph: &Graph,
    part: &Part,
    target: &FrameTarget,
    wanted: PictureSize,
    sink: PictureSink,
) -> Result<PictureSink, GraphError> {
    let reported = part.clone();
    let pipeline = graph.pipeline("framing", move |_| reported.clone());
    let input = live_input(2);
    let (crop, scale, size) = (make("videocrop")?, make("videoscale")?, make("capsfilter")?);
    let appsink = output(sink);
    let elements = [
        input.upcast_ref(),
        &crop,
        &scale,
        &size,
        appsink.upcast_ref(),
    ];
    chain(&pipeline, part.clone(), &elements)?;
    start(part.clone(), &pipeline)?;
    let way = Way {
        frame: target.get(),
        at: None,
        picture: (0, 0),
        set: None,
    };
    let framer = Framer {
        pipeline,
        input,
        crop,
        size,
        wanted,
        target: target.clone(),
        way: Mutex::new(way),
    };
    Ok(Box::new(move |sample| framer.push(sample)))
}

impl Framer {
    fn push(&self, sample: &gst::Sample) {
        let info = sample.caps().map(gst_video::VideoInfo::from_caps);
        let Some(Ok(info)) = info else { return };
        let at = sample.buffer().and_then(gst::BufferRef::pts);
        self.move_on((info.width(), info.height()), at);
        // One that is just being stopped refuses.
        let _ = self.input.push_sample(sample);
    }

    fn move_on(&self, picture: (u32, u32), at: Option<gst::ClockTime>) {
        let mut way = self.way.lock().unwrap_or_else(PoisonError::into_inner);
        let after = at.zip(way.at).map_or(Duration::ZERO, |(now, before)| {
            Duration::from_nanos(now.saturating_sub(before).nseconds())
        });
        way.at = at.or(way.at);
        way.frame = way.frame.eased(self.target.get(), after);
        if way.picture != picture {
            way.picture = picture;
            let (width, height) = fit_below(picture, (self.wanted.width, self.wanted.height));
            self.size.set_property("caps", raw_caps(width, height));
        }
        let crop = way.frame.crop(picture.0, picture.1);
        if way.set.replace(crop) != Some(crop) {
            self.cut(crop, picture);
        }
    }

    fn cut(&self, crop: Crop, (width, height): (u32, u32)) {
        let edges = [
            ("left", crop.x),
            ("top", crop.y),
            ("right", width.saturating_sub(crop.x + crop.width)),
            ("bottom", height.saturating_sub(crop.y + crop.height)),
        ];
        for (edge, pixels) in edges {
            self.crop
                .set_property(edge, i32::try_from(pixels).unwrap_or(0));
        }
    }
}

impl Drop for Framer {
    fn drop(&mut self) {
        stop(&self.pipeline);
    }
}
