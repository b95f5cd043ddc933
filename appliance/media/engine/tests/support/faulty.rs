//! An encoder in hardware that goes wrong: OpenH264 under the name of a driver, which encodes some pictures and then
//! does what drivers do.

use std::sync::{
    OnceLock,
    atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering},
};

use gstreamer::{self as gst, glib, prelude::*, subclass::prelude::*};

/// Its name, which is that of an encoder of VA's.
pub(crate) const FACTORY: &str = "vafaultyh264enc";
/// So many pictures go well.
const GOOD: u32 = 40;

/// What goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// The driver says that it can't go on.
    Error,
    /// It says nothing, and makes nothing.
    Hang,
}

/// How it will go wrong, and the hanging threads that may go on. One test at a time uses it.
static HANGS: AtomicBool = AtomicBool::new(false);
static RELEASED: AtomicU64 = AtomicU64::new(0);

/// Has the next elements of [`FACTORY`] go wrong like this.
pub(crate) fn install(fault: Fault) {
    static ONCE: OnceLock<()> = OnceLock::new();
    ONCE.get_or_init(|| {
        gst::init().unwrap();
        gst::Element::register(None, FACTORY, gst::Rank::NONE, Faulty::static_type()).unwrap();
    });
    HANGS.store(fault == Fault::Hang, Ordering::Relaxed);
}

/// Lets threads end that hang.
pub(crate) fn release() {
    RELEASED.fetch_add(1, Ordering::Relaxed);
}

glib::wrapper! {
    pub(crate) struct Faulty(ObjectSubclass<Inner>) @extends gst::Bin, gst::Element, gst::Object;
}

#[derive(Default)]
pub(crate) struct Inner {
    pictures: AtomicU32,
}

#[glib::object_subclass]
impl ObjectSubclass for Inner {
    const NAME: &'static str = "SaalFaultyEncoder";
    type Type = Faulty;
    type ParentType = gst::Bin;
}

impl ObjectImpl for Inner {
    fn constructed(&self) {
        self.parent_constructed();
        let bin = self.obj();
        let encoder = gst::ElementFactory::make("openh264enc").build().unwrap();
        bin.add(&encoder).unwrap();
        for name in ["sink", "src"] {
            let inner = encoder.static_pad(name).unwrap();
            let pad = gst::GhostPad::builder_with_target(&inner).unwrap();
            bin.add_pad(&pad.name(name).build()).unwrap();
        }
        let weak = bin.downgrade();
        let pad = encoder.static_pad("sink").unwrap();
        pad.add_probe(gst::PadProbeType::BUFFER, move |_, _| {
            weak.upgrade()
                .map_or(gst::PadProbeReturn::Remove, |bin| go_wrong(&bin))
        });
    }
}

fn go_wrong(bin: &Faulty) -> gst::PadProbeReturn {
    if bin.imp().pictures.fetch_add(1, Ordering::Relaxed) < GOOD {
        return gst::PadProbeReturn::Ok;
    }
    if HANGS.load(Ordering::Relaxed) {
        let before = RELEASED.load(Ordering::Relaxed);
        while RELEASED.load(Ordering::Relaxed) == before {
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
        return gst::PadProbeReturn::Remove;
    }
    gst::element_error!(
        bin,
        gst::StreamError::Encode,
        ["the device does not answer"]
    );
    gst::PadProbeReturn::Remove
}

impl GstObjectImpl for Inner {}

impl ElementImpl for Inner {
    fn metadata() -> Option<&'static gst::subclass::ElementMetadata> {
        static METADATA: OnceLock<gst::subclass::ElementMetadata> = OnceLock::new();
        Some(METADATA.get_or_init(|| {
            gst::subclass::ElementMetadata::new(
                "An encoder that goes wrong",
                "Codec/Encoder/Video/Hardware",
                "For tests",
                "Saal",
            )
        }))
    }

    fn pad_templates() -> &'static [gst::PadTemplate] {
        static TEMPLATES: OnceLock<Vec<gst::PadTemplate>> = OnceLock::new();
        TEMPLATES.get_or_init(|| {
            let template = |name, direction, caps: &str| {
                let caps = gst::Caps::new_empty_simple(caps);
                gst::PadTemplate::new(name, direction, gst::PadPresence::Always, &caps).unwrap()
            };
            vec![
                template("sink", gst::PadDirection::Sink, "video/x-raw"),
                template("src", gst::PadDirection::Src, "video/x-h264"),
            ]
        })
    }
}

impl BinImpl for Inner {}
