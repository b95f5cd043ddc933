//! The picture of a track that we receive: its decoder, and waiting for key frames.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError, atomic::Ordering},
    time::{Duration, Instant},
};

use saal_media_protocol::{Codec, TileSource, TransportId};

use crate::{
    graph::{Decoded, Graph, Make, Screen, TrackKey, VideoDecoder, too_large},
    transport::{Frame, ToTransport, Transport},
    vp8, vp9,
};

/// A key frame that was asked for takes a round trip and its encoding time; asking more often
/// makes senders send several.
const KEY_FRAME_PAUSE: Duration = Duration::from_millis(500);
/// Servers send black pictures of 8x8 pixels when a track ends; no camera is that small.
const NO_PICTURE: u32 = 16;

#[derive(Debug)]
pub(super) struct Video {
    /// None after a decoder could not be built; the next key frame tries again.
    pub(super) decoder: Option<VideoDecoder>,
    pub(super) decoded: Arc<Decoded>,
    /// Where its pictures are shown; the decoder's thread reads it.
    pub(super) tile: Arc<Mutex<Option<TileSource>>>,
    /// Frames are dropped until a key frame comes.
    pub(super) waiting: bool,
    pub(super) asked_at: Option<Instant>,
    pub(super) announced: bool,
    /// Decoders that failed; the next one is of another make where there is a choice.
    pub(super) failures: usize,
}

impl Video {
    pub(super) fn new(tile: Option<TileSource>) -> Self {
        Self {
            decoder: None,
            decoded: Arc::default(),
            tile: Arc::new(Mutex::new(tile)),
            waiting: true,
            asked_at: None,
            announced: false,
            failures: 0,
        }
    }

    pub(super) fn frame(
        &mut self,
        key: &TrackKey,
        frame: &Frame,
        at: Duration,
        graph: &Graph,
        screen: &Screen,
        transports: &HashMap<TransportId, Transport>,
    ) {
        match size(frame) {
            Some((width, height)) if frame.key && width.max(height) <= NO_PICTURE => return,
            Some((width, height)) => {
                let large = too_large(width, height);
                if large {
                    // It may have pictures that are not due yet.
                    self.decoder = None;
                }
                if self.decoded.too_large.swap(large, Ordering::Relaxed) != large {
                    self.follow_size(screen);
                }
                if large {
                    // What follows builds on it.
                    self.waiting = true;
                    return;
                }
            }
            None => {}
        }
        self.waiting = self.would_drop(frame);
        if self.waiting {
            return self.ask(key, transports);
        }
        if self.decoder.is_none() {
            self.decoder = self.start(key, frame.codec, graph, screen);
        }
        match &self.decoder {
            Some(decoder) => decoder.push(frame, at),
            None => self.waiting = true,
        }
    }

    /// What comes is larger than is decoded, or not any more: nothing is shown that stands still for it.
    pub(super) fn follow_size(&self, screen: &Screen) {
        let large = self.decoded.too_large.load(Ordering::Relaxed);
        if let Some(tile) = lock(&self.tile).as_ref() {
            tracing::warn!(?tile, large, "pictures that are too large to be decoded");
            if large {
                screen.forget(tile);
            }
        }
    }

    /// After a gap the references of what follows are missing: better a still picture than a smeared one.
    pub(super) fn would_drop(&self, frame: &Frame) -> bool {
        !frame.key && (self.waiting || !frame.contiguous)
    }

    /// For what comes next on the same track.
    pub(super) fn anew(self) -> Self {
        Self {
            decoder: None,
            waiting: true,
            asked_at: None,
            failures: 0,
            ..self
        }
    }

    pub(super) fn start(
        &self,
        key: &TrackKey,
        codec: Codec,
        graph: &Graph,
        screen: &Screen,
    ) -> Option<VideoDecoder> {
        let (screen, tile) = (screen.clone(), Arc::clone(&self.tile));
        let too_large = Arc::clone(&self.decoded.too_large);
        let sink = Box::new(move |sample: &gstreamer::Sample| {
            // From before: its tile is calm by now.
            if too_large.load(Ordering::Relaxed) {
                return;
            }
            if let Some(tile) = lock(&tile).as_ref() {
                screen.push(tile, sample);
            }
        });
        let started = VideoDecoder::start(
            graph,
            key,
            Make {
                codec,
                failures: self.failures,
            },
            Arc::clone(&self.decoded),
            sink,
        );
        started
            .inspect_err(|error| tracing::error!(%error, "a picture can't be decoded"))
            .ok()
    }

    pub(super) fn ask(&mut self, key: &TrackKey, transports: &HashMap<TransportId, Transport>) {
        if self
            .asked_at
            .is_some_and(|at| at.elapsed() < KEY_FRAME_PAUSE)
        {
            return;
        }
        self.asked_at = Some(Instant::now());
        request_key_frame(key, transports);
    }
}

/// Pixels that a frame claims, in codecs whose header we read; others are bounded behind their
/// parsers ([`crate::graph`]).
fn size(frame: &Frame) -> Option<(u32, u32)> {
    match frame.codec {
        Codec::Vp8 => vp8::size(&frame.data).map(|(w, h)| (w.into(), h.into())),
        Codec::Vp9 => vp9::largest(&frame.data, &frame.layers),
        Codec::H264 | Codec::Av1 | Codec::Opus => None,
    }
}

pub(super) fn request_key_frame(key: &TrackKey, transports: &HashMap<TransportId, Transport>) {
    if let Some(transport) = transports.get(&key.transport) {
        transport.order(ToTransport::RequestKeyFrame {
            track: key.track.clone(),
        });
    }
}

pub(super) fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
