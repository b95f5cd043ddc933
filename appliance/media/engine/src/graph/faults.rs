//! What elements say when they fail.

use std::sync::{Mutex, PoisonError};

use gstreamer::{self as gst, prelude::*};

/// What went wrong with a device, as far as it matters to what is done next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Another program has the device.
    Busy,
    /// The device is not there any more.
    Gone,
    /// Anything else.
    Other,
}

impl Fault {
    pub(super) fn of(error: &gst::glib::Error) -> Self {
        if error.matches(gst::ResourceError::Busy) {
            Self::Busy
        } else if error.matches(gst::ResourceError::NotFound) {
            Self::Gone
        } else {
            Self::Other
        }
    }
}

/// The elements of a pipeline that have said that they failed.
///
/// Once is enough: they are taken down then. But until they are, a sound device that was pulled says so for each period that
/// can't be played (alsasink, as read in 1.22), and whatever is still heard of that when another device has taken its place
/// would take that one down.
#[derive(Debug, Default)]
pub(super) struct Failures(Mutex<Vec<gst::glib::WeakRef<gst::Object>>>);

impl Failures {
    /// Whether this is the element's first failure since it began.
    pub(super) fn is_news(&self, element: &gst::Object) -> bool {
        let mut told = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        told.retain(|other| other.upgrade().is_some());
        let is_news = told.iter().all(|other| *other != *element);
        if is_news {
            told.push(element.downgrade());
        }
        is_news
    }

    /// An element's state is another one; one that begins anew may fail anew.
    pub(super) fn state_changed(&self, element: &gst::Object, change: &gst::message::StateChanged) {
        if (change.old(), change.current()) == (gst::State::Null, gst::State::Ready) {
            let mut told = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            told.retain(|other| *other != *element);
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::sync::mpsc;

    use super::*;
    use crate::graph::{Graph, GraphEvent, Part, make};

    #[test]
    fn a_camera_in_use_is_told_from_one_that_is_gone_or_broken() {
        let said = |error| Fault::of(&gst::glib::Error::new(error, "/dev/video0"));
        assert_eq!(said(gst::ResourceError::Busy), Fault::Busy);
        assert_eq!(said(gst::ResourceError::NotFound), Fault::Gone);
        assert_eq!(said(gst::ResourceError::Read), Fault::Other);
    }

    #[test]
    fn a_device_that_is_gone_is_told_once_however_often_it_is_written_to() {
        let (events, mut saw) = mpsc::unbounded_channel();
        let graph = Graph::new(events).unwrap();
        let pipeline = graph.pipeline("sound", |element| match element.name().as_str() {
            "speaker" => Part::Loudspeaker,
            _ => Part::Microphone,
        });
        let [speaker, microphone] = ["speaker", "microphone"].map(|name| {
            let element = make("identity").unwrap();
            element.set_property("name", name);
            pipeline.add(&element).unwrap();
            element
        });
        let fails = |element: &gst::Element| {
            gst::element_error!(element, gst::ResourceError::Write, ["it is gone"]);
        };
        let mut told = || -> Vec<Part> {
            let said = std::iter::from_fn(|| saw.try_recv().ok());
            let part = |event| match event {
                GraphEvent::Failed { part, .. } => part,
                other => panic!("{other:?}"),
            };
            said.map(part).collect()
        };
        (0..100).for_each(|_| fails(&speaker));
        (0..100).for_each(|_| fails(&microphone));
        fails(&speaker);
        assert_eq!(told(), [Part::Loudspeaker, Part::Microphone]);

        // The same element, begun anew.
        speaker.set_state(gst::State::Ready).unwrap();
        fails(&speaker);
        fails(&speaker);
        assert_eq!(told(), [Part::Loudspeaker]);
        speaker.set_state(gst::State::Null).unwrap();
    }
}
