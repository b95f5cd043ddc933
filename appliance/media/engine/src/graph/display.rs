//! The composed picture on a display of this machine, or in a window on its desktop.

use std::env;

use gstreamer::{self as gst, prelude::*};
use saal_hal_linux::LeasedDisplay;

use super::{GraphError, KEPT_BACK, Part, chain, make, source_video::any_layout};

/// Where a picture goes besides browsers.
#[derive(Debug)]
pub enum Surface {
    /// A whole display that is ours.
    Display(LeasedDisplay),
    /// A window.
    Window(Desktop),
}

/// A desktop on which windows can be opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Desktop {
    /// A Wayland compositor.
    Wayland,
    /// An X server.
    X11,
}

/// Why there is no desktop for a window.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoDesktop {
    /// Nobody is logged in to one here.
    #[error("neither WAYLAND_DISPLAY nor DISPLAY is set: start saald in a desktop session")]
    NotLoggedIn,
    /// GStreamer can't open windows there.
    #[error("GStreamer's {0} is not installed")]
    NoSink(&'static str),
}

impl Desktop {
    /// The one that this process was started on; GStreamer is initialised.
    ///
    /// # Errors
    /// When there is none, or none on which GStreamer opens windows.
    pub fn of_this_process() -> Result<Self, NoDesktop> {
        let named = |variable| env::var_os(variable).is_some_and(|name| !name.is_empty());
        Self::among(named("WAYLAND_DISPLAY"), named("DISPLAY"), |sink| {
            gst::ElementFactory::find(sink).is_some()
        })
    }

    /// Desktops of today have both, and Wayland's own way is the shorter one.
    fn among(
        wayland: bool,
        x11: bool,
        installed: impl Fn(&str) -> bool,
    ) -> Result<Self, NoDesktop> {
        let there = [(wayland, Self::Wayland), (x11, Self::X11)];
        let mut there = there
            .into_iter()
            .filter_map(|(is, desktop)| is.then_some(desktop));
        let usable = there.clone().find(|desktop| installed(desktop.sink()));
        usable.ok_or_else(|| {
            there.next().map_or(NoDesktop::NotLoggedIn, |desktop| {
                NoDesktop::NoSink(desktop.sink())
            })
        })
    }

    fn sink(self) -> &'static str {
        match self {
            Self::Wayland => "waylandsink",
            Self::X11 => "ximagesink",
        }
    }
}

/// Ends the pipeline behind `from` there.
pub(super) fn show(
    pipeline: &gst::Pipeline,
    from: &gst::Element,
    surface: &Surface,
    part: Part,
) -> Result<(), GraphError> {
    match surface {
        Surface::Display(display) => on_display(pipeline, from, display, part),
        Surface::Window(desktop) => in_window(pipeline, from, *desktop, part),
    }
}

/// A window of the picture's size, which people may make larger or smaller.
fn in_window(
    pipeline: &gst::Pipeline,
    from: &gst::Element,
    desktop: Desktop,
    part: Part,
) -> Result<(), GraphError> {
    let (queue, convert, sink) = (latest()?, make("videoconvert")?, make(desktop.sink())?);
    for switch in ["sync", "async"] {
        sink.set_property(switch, false);
    }
    let elements = [&queue, &convert, &sink];
    chain(pipeline, part.clone(), &elements)?;
    from.link(&queue)
        .map_err(|source| GraphError::Link { part, source })
}

/// One that is drawn and none that waits: a picture that comes late is a late picture of everybody.
const QUEUED: u32 = 1;

/// The picture is fitted into it with its aspect kept.
fn on_display(
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

    #[test]
    fn a_window_is_opened_on_the_desktop_that_there_is_and_who_has_none_is_told() {
        let all = |_: &str| true;
        assert_eq!(Desktop::among(true, true, all), Ok(Desktop::Wayland));
        assert_eq!(Desktop::among(false, true, all), Ok(Desktop::X11));
        let x11_alone = |sink: &str| sink == "ximagesink";
        assert_eq!(Desktop::among(true, true, x11_alone), Ok(Desktop::X11));
        let without = Desktop::among(true, false, x11_alone);
        assert_eq!(without, Err(NoDesktop::NoSink("waylandsink")));
        assert_eq!(
            Desktop::among(false, false, all),
            Err(NoDesktop::NotLoggedIn)
        );
    }

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
