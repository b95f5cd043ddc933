//! The composed picture on a display of this machine.

use gstreamer::{self as gst, prelude::*};
use saal_hal_linux::LeasedDisplay;

use super::{GraphError, KEPT_BACK, Part, chain, make, source_video::any_layout};

/// One that is drawn and none that waits: a picture that comes late is a late picture of everybody.
const QUEUED: u32 = 1;

/// Ends the pipeline behind `from` on a display; the picture is fitted into it with its aspect kept.
pub(super) fn show(
    pipeline: &gst::Pipeline,
    from: &gst::Element,
    display: &LeasedDisplay,
    part: Part,
) -> Result<(), GraphError> {
    let mode = display.mode();
    let (queue, convert, scale) = (latest()?, make("videoconvert")?, make("videoscale")?);
    scale.set_property("add-borders", true);
    let fitted = make("capsfilter")?;
    // Hardware draws what it draws.
    fitted.set_property("caps", any_layout(mode.width, mode.height));
    // The sink takes a display's word for its size in millimetres and wants pictures of the pixels' shape that follows; many
    // displays tell nonsense, and modes are meant for square pixels. So the picture stays as it is and only takes the name
    // that the sink wants.
    let (rename, named) = (make("videoscale")?, make("capsfilter")?);
    rename.set_property("add-borders", false);
    named.set_property("caps", of_any_shape(mode.width, mode.height));
    let sink = make("kmssink")?;
    sink.set_property("fd", display.fd());
    sink.set_property(
        "connector-id",
        i32::try_from(display.connector()).unwrap_or(-1),
    );
    // The lease came in the right mode, and composition keeps the time.
    for switch in ["force-modesetting", "sync", "async", "can-scale"] {
        sink.set_property(switch, false);
    }
    // Atomic drivers, as all that are kept are, wait by themselves; some have no other way to wait.
    if sink.has_property("skip-vsync") {
        sink.set_property("skip-vsync", true);
    }
    drop_repeated(&queue);
    let elements = [&queue, &convert, &scale, &fitted, &rename, &named, &sink];
    chain(pipeline, part.clone(), &elements)?;
    from.link(&queue)
        .map_err(|source| GraphError::Link { part, source })
}

/// A still picture is drawn once: the display keeps it, and whoever is idle is to cost nothing. To find out is a tenth of
/// what drawing costs; pictures that move differ in their first lines.
fn drop_repeated(queue: &gst::Element) {
    let pad = queue.static_pad("sink");
    let pad = pad.expect("every queue has a sink pad");
    let mut before: Option<gst::Buffer> = None;
    let before = std::sync::Mutex::new(move |buffer: &gst::Buffer| {
        let same = |old: &gst::Buffer| {
            let (old, new) = (old.map_readable(), buffer.map_readable());
            matches!((old, new), (Ok(old), Ok(new)) if old.as_slice() == new.as_slice())
        };
        let repeated = before.as_ref().is_some_and(same);
        if !repeated {
            before = Some(buffer.clone());
        }
        repeated
    });
    pad.add_probe(gst::PadProbeType::BUFFER, move |_, info| {
        let mut repeats = before
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        match info.buffer() {
            Some(buffer) if repeats(buffer) => KEPT_BACK,
            _ => gst::PadProbeReturn::Ok,
        }
    });
}

/// A queue with a thread of its own that keeps the newest picture.
pub(super) fn latest() -> Result<gst::Element, GraphError> {
    let queue = make("queue")?;
    queue.set_property("max-size-buffers", QUEUED);
    queue.set_property("max-size-bytes", 0_u32);
    queue.set_property("max-size-time", 0_u64);
    queue.set_property_from_str("leaky", "downstream");
    Ok(queue)
}

/// The same with pixels of any shape.
fn of_any_shape(width: u32, height: u32) -> gst::Caps {
    let mut caps = any_layout(width, height);
    if let Some(structure) = caps.make_mut().structure_mut(0) {
        structure.remove_field("pixel-aspect-ratio");
    }
    caps
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use gstreamer_app as gst_app;

    use super::*;
    use crate::graph::encoder::live_input;

    const WITHIN: gst::ClockTime = gst::ClockTime::from_seconds(30);

    /// What GStreamer complains about from now on, in this process.
    fn complaints() -> Arc<Mutex<Vec<String>>> {
        let said = Arc::<Mutex<Vec<String>>>::default();
        let told = Arc::clone(&said);
        let critical = gst::glib::LogLevels::LEVEL_CRITICAL;
        gst::glib::log_set_handler(
            Some("GStreamer"),
            critical,
            false,
            false,
            move |_, _, what| {
                told.lock()
                    .expect("nobody panics here")
                    .push(what.to_owned());
            },
        );
        said
    }

    #[test]
    fn a_picture_that_stays_is_drawn_once_and_let_go_once() {
        gst::init().expect("GStreamer starts");
        let complaints = complaints();
        let (pipeline, input) = (gst::Pipeline::new(), live_input(8));
        let queue = make("queue").expect("it is installed");
        drop_repeated(&queue);
        let output = gst_app::AppSink::builder().sync(false).build();
        let elements = [input.upcast_ref(), &queue, output.upcast_ref()];
        let part = Part::Television(super::super::Role::People);
        chain(&pipeline, part, &elements).expect("anything passes");
        pipeline.set_state(gst::State::Playing).expect("it starts");
        for luma in [1_u8, 1, 1, 2, 2, 3] {
            let picture = gst::Buffer::from_slice([luma; 16]);
            input.push_buffer(picture).expect("it runs");
        }
        let drawn = [(); 3].map(|()| {
            let sample = output.try_pull_sample(WITHIN).expect("a picture");
            let buffer = sample.buffer().expect("it has pixels");
            buffer.map_readable().expect("they can be read")[0]
        });
        pipeline.set_state(gst::State::Null).expect("it stops");
        assert_eq!(drawn, [1, 2, 3]);
        let said = complaints.lock().expect("nobody panics here");
        assert!(said.is_empty(), "{said:?}");
    }
}
