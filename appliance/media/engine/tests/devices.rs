//! Real devices that are not there: the graph says which part failed and the rest goes on. This
//! drives the V4L2 and ALSA branches on machines without either.

#![allow(clippy::unwrap_used, reason = "tests and what only they call")]

use std::time::Duration;

use saal_hal::{PictureEncoding, PictureFormat};
use saal_media::{
    graph::{
        Fault, Graph, GraphEvent, Part, Sound, SoundDevice, SoundSettings, VideoDevice, VideoSource,
    },
    plan::PictureSize,
};
use tokio::{sync::mpsc::UnboundedReceiver, time::timeout};

fn graph() -> (Graph, UnboundedReceiver<GraphEvent>) {
    let (events, saw) = tokio::sync::mpsc::unbounded_channel();
    (Graph::new(events).unwrap(), saw)
}

async fn until<T>(
    saw: &mut UnboundedReceiver<GraphEvent>,
    mut wanted: impl FnMut(&GraphEvent) -> Option<T>,
) -> T {
    let search = async {
        loop {
            let event = saw.recv().await.unwrap();
            if let Some(found) = wanted(&event) {
                return found;
            }
        }
    };
    timeout(Duration::from_secs(20), search)
        .await
        .expect("the graph says so in time")
}

async fn failed(saw: &mut UnboundedReceiver<GraphEvent>, wanted: Part) -> Fault {
    until(saw, |event| match event {
        GraphEvent::Failed { part, fault, .. } => (*part == wanted).then_some(*fault),
        _ => None,
    })
    .await
}

#[tokio::test]
async fn a_camera_that_left_is_gone() {
    for encoding in [
        PictureEncoding::Yuy2,
        PictureEncoding::Nv12,
        PictureEncoding::Mjpeg,
    ] {
        let (graph, mut saw) = graph();
        let format = PictureFormat {
            encoding,
            width: 1280,
            height: 720,
            frames_per_second: 30,
        };
        let device = VideoDevice::V4l2 {
            node: "/dev/video77".to_owned(),
            format,
            // As a camera that hands its memory on, too.
            shares: encoding == PictureEncoding::Nv12,
        };
        let size = PictureSize {
            width: 1280,
            height: 720,
            // Slower than the device, so that pictures are left out.
            frames_per_second: 15,
        };
        for part in [Part::Camera, Part::Content] {
            let sink = Box::new(|_: &_| {});
            let opened = VideoSource::open(&graph, part.clone(), &device, size, None, sink);
            assert!(opened.is_err(), "{encoding:?}");
            assert_eq!(failed(&mut saw, part).await, Fault::Gone);
        }
    }
}

#[tokio::test]
async fn a_microphone_that_left_does_not_silence_the_loudspeaker() {
    let (graph, mut saw) = graph();
    let settings = SoundSettings {
        loudspeaker: SoundDevice::Simulated,
        seed: 0,
        processing: true,
    };
    let mut sound = Sound::start(&graph, settings).unwrap();
    let gone = SoundDevice::Alsa("plughw:CARD=nobody,DEV=0".to_owned());
    let opened = sound.open_microphone(gone, Box::new(|_| {}));
    assert!(opened.is_err());
    assert!(sound.microphone().is_none());
    failed(&mut saw, Part::Microphone).await;
    let (frames, mut heard) = tokio::sync::mpsc::unbounded_channel();
    let sink = Box::new(move |frame| drop(frames.send(frame)));
    sound.open_microphone(SoundDevice::Simulated, sink).unwrap();
    let level = |part: Part| {
        move |event: &GraphEvent| match event {
            GraphEvent::Level { part: of, dbfs } if *of == part => Some(*dbfs),
            _ => None,
        }
    };
    until(&mut saw, level(Part::Loudspeaker)).await;
    assert!(until(&mut saw, level(Part::Microphone)).await > -40.0);
    assert!(heard.try_recv().is_ok(), "the other microphone is encoded");
}

#[tokio::test]
async fn a_loudspeaker_that_left_is_said() {
    let (graph, mut saw) = graph();
    let loudspeaker = SoundDevice::Alsa("plughw:CARD=nobody,DEV=0".to_owned());
    let started = Sound::start(
        &graph,
        SoundSettings {
            loudspeaker,
            seed: 0,
            processing: true,
        },
    );
    assert!(started.is_err());
    failed(&mut saw, Part::Loudspeaker).await;
}

#[tokio::test]
async fn sound_goes_through_alsa() {
    // ALSA's own null device stands in for a card; it takes all samples.
    let (graph, mut saw) = graph();
    let loudspeaker = SoundDevice::Alsa("null".to_owned());
    let _sound = Sound::start(
        &graph,
        SoundSettings {
            loudspeaker,
            seed: 0,
            processing: true,
        },
    )
    .unwrap();
    until(&mut saw, |event| match event {
        GraphEvent::Level {
            part: Part::Loudspeaker,
            ..
        } => Some(()),
        GraphEvent::Failed { part, reason, .. } => panic!("{part:?}: {reason}"),
        _ => None,
    })
    .await;
}
