//! The composed picture on a display of this machine.

use gstreamer::{self as gst, prelude::*};
use saal_hal_linux::LeasedDisplay;

use super::{GraphError, Part, chain, make, source_video::raw_caps};

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
    let size = make("capsfilter")?;
    size.set_property("caps", in_any_format(mode.width, mode.height));
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
    let elements = [&queue, &convert, &scale, &size, &sink];
    chain(pipeline, part.clone(), &elements)?;
    from.link(&queue)
        .map_err(|source| GraphError::Link { part, source })
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

/// Hardware draws what it draws.
fn in_any_format(width: u32, height: u32) -> gst::Caps {
    let mut caps = raw_caps(width, height);
    if let Some(structure) = caps.make_mut().structure_mut(0) {
        structure.remove_field("format");
    }
    caps
}
