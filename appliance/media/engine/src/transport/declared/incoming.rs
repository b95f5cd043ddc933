//! Received streams of a declared connection.
//!
//! str0m keeps one media section for each SSRC; which track a section's frames belong to is one
//! entry here. Sections without a track are kept for a while: their packets count in the feedback,
//! and a server that names its SSRCs a moment after it uses them finds them in order.

use std::{
    collections::{HashMap, VecDeque},
    time::Instant,
};

use saal_media_protocol::StreamSsrc;
use str0m::{
    Rtc,
    media::{KeyframeRequestKind, MediaData, MediaKind, Mid},
};

use crate::transport::peer::{PeerEvent, received};

/// Sections without a track; more than a conference has, few enough that inventing SSRCs costs
/// its inventor more than us.
const SPARE: usize = 64;

#[derive(Default)]
pub(super) struct Incoming {
    streams: HashMap<Mid, Stream>,
    /// Of streams and of their retransmissions.
    by_ssrc: HashMap<u32, Mid>,
    /// Sections without a track, oldest first.
    spare: VecDeque<Mid>,
    named: u64,
}

struct Stream {
    ssrc: u32,
    rtx: Option<u32>,
    picture: bool,
    track: Option<String>,
    /// The next frame has nothing to do with the one that the track had before.
    fresh: bool,
}

impl Incoming {
    pub(super) fn uses(&self, ssrc: u32) -> bool {
        self.by_ssrc.contains_key(&ssrc)
    }

    /// Expects a stream under this name; a name that has another stream moves to this one.
    pub(super) fn receive(
        &mut self,
        rtc: &mut Rtc,
        track: String,
        numbers: StreamSsrc,
        picture: bool,
    ) {
        let mid = self.section(rtc, numbers.ssrc, picture);
        self.attach_rtx(rtc, mid, numbers);
        if self.section_of(&track) == Some(mid) {
            return;
        }
        self.forget(rtc, &track);
        self.spare.retain(|spare| *spare != mid);
        let Some(stream) = self.streams.get_mut(&mid) else {
            return;
        };
        stream.track = Some(track);
        stream.fresh = true;
        if let Some(rx) = rtc.direct_api().stream_rx(&stream.ssrc.into()) {
            // Sound is repaired by its own redundancy: a retransmission would come too late.
            rx.suppress_nack(!picture);
            if picture {
                rx.request_keyframe(KeyframeRequestKind::Pli);
            }
        }
    }

    /// A name's stream is not wanted any more.
    pub(super) fn forget(&mut self, rtc: &mut Rtc, track: &str) {
        let Some(mid) = self.section_of(track) else {
            return;
        };
        if let Some(stream) = self.streams.get_mut(&mid) {
            stream.track = None;
            if let Some(rx) = rtc.direct_api().stream_rx(&stream.ssrc.into()) {
                rx.suppress_nack(true);
            }
        }
        self.keep_spare(rtc, mid);
    }

    /// The other side has to start over with pictures that can be decoded on their own.
    pub(super) fn request_key_frame(&mut self, rtc: &mut Rtc, track: &str) {
        let stream = self
            .section_of(track)
            .and_then(|mid| self.streams.get(&mid));
        let Some(stream) = stream else { return };
        if let Some(rx) = rtc.direct_api().stream_rx(&stream.ssrc.into()) {
            rx.request_keyframe(KeyframeRequestKind::Pli);
        }
    }

    /// Gives an SSRC a section of its own, without a track.
    pub(super) fn declare(&mut self, rtc: &mut Rtc, ssrc: u32, picture: bool) -> Mid {
        self.named += 1;
        let mid = Mid::from(format!("in{}", self.named).as_str());
        let kind = if picture {
            MediaKind::Video
        } else {
            MediaKind::Audio
        };
        let mut api = rtc.direct_api();
        api.declare_media(mid, kind);
        api.expect_stream_rx(ssrc.into(), None, mid, None)
            .suppress_nack(true);
        let stream = Stream {
            ssrc,
            rtx: None,
            picture,
            track: None,
            fresh: true,
        };
        self.streams.insert(mid, stream);
        self.by_ssrc.insert(ssrc, mid);
        self.keep_spare(rtc, mid);
        mid
    }

    /// A section lost packets in a way that str0m does not see as a gap.
    pub(super) fn broken(&mut self, mid: Mid) {
        if let Some(stream) = self.streams.get_mut(&mid) {
            stream.fresh = true;
        }
    }

    /// A frame of a track; frames of sections without one are of no use.
    pub(super) fn frame(&mut self, data: &MediaData, started: Instant) -> Option<PeerEvent> {
        let stream = self.streams.get_mut(&data.mid)?;
        let track = stream.track.clone()?;
        let mut frame = received(data, stream.ssrc, started)?;
        frame.contiguous &= !std::mem::take(&mut stream.fresh);
        Some(PeerEvent::Frame { track, frame })
    }

    /// The track of a media section.
    pub(super) fn track(&self, mid: Mid) -> Option<&str> {
        self.streams.get(&mid)?.track.as_deref()
    }

    fn section_of(&self, track: &str) -> Option<Mid> {
        let mut all = self.streams.iter();
        all.find(|(_, stream)| stream.track.as_deref() == Some(track))
            .map(|(mid, _)| *mid)
    }

    /// The section of a main stream's SSRC; made anew when the number meant something else.
    fn section(&mut self, rtc: &mut Rtc, ssrc: u32, picture: bool) -> Mid {
        if let Some(mid) = self.by_ssrc.get(&ssrc).copied() {
            let same = |s: &Stream| s.ssrc == ssrc && s.picture == picture;
            if self.streams.get(&mid).is_some_and(same) {
                return mid;
            }
            self.remove(rtc, mid);
        }
        self.declare(rtc, ssrc, picture)
    }

    fn attach_rtx(&mut self, rtc: &mut Rtc, mid: Mid, numbers: StreamSsrc) {
        let current = self.streams.get(&mid).and_then(|stream| stream.rtx);
        let Some(rtx) = numbers.rtx.filter(|rtx| current != Some(*rtx)) else {
            return;
        };
        // Retransmissions that came before they were named had a section of their own.
        if let Some(other) = self
            .by_ssrc
            .get(&rtx)
            .copied()
            .filter(|other| *other != mid)
        {
            self.remove(rtc, other);
        }
        if let Some(former) = current {
            self.by_ssrc.remove(&former);
        }
        if let Some(stream) = self.streams.get_mut(&mid) {
            stream.rtx = Some(rtx);
        }
        self.by_ssrc.insert(rtx, mid);
        rtc.direct_api()
            .expect_stream_rx(numbers.ssrc.into(), Some(rtx.into()), mid, None);
    }

    fn keep_spare(&mut self, rtc: &mut Rtc, mid: Mid) {
        self.spare.push_back(mid);
        if self.spare.len() > SPARE
            && let Some(oldest) = self.spare.pop_front()
        {
            self.remove(rtc, oldest);
        }
    }

    fn remove(&mut self, rtc: &mut Rtc, mid: Mid) {
        rtc.direct_api().remove_media(mid);
        self.spare.retain(|spare| *spare != mid);
        if let Some(stream) = self.streams.remove(&mid) {
            self.by_ssrc.remove(&stream.ssrc);
            if let Some(rtx) = stream.rtx {
                self.by_ssrc.remove(&rtx);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers(ssrc: u32, rtx: u32) -> StreamSsrc {
        let rtx = Some(rtx);
        StreamSsrc { ssrc, rtx }
    }

    fn receive(incoming: &mut Incoming, rtc: &mut Rtc, track: &str, numbers: StreamSsrc) {
        incoming.receive(rtc, track.to_owned(), numbers, true);
    }

    #[test]
    fn invented_ssrcs_do_not_pile_up_and_push_nobody_out() {
        let mut rtc = Rtc::new(Instant::now());
        let mut incoming = Incoming::default();
        receive(&mut incoming, &mut rtc, "ada", numbers(1, 2));
        for ssrc in 100..300 {
            incoming.declare(&mut rtc, ssrc, true);
        }
        assert_eq!(incoming.streams.len(), SPARE + 1);
        for (ssrc, kept) in [(1, true), (2, true), (100, false), (299, true)] {
            assert_eq!(incoming.uses(ssrc), kept, "{ssrc}");
        }
    }

    #[test]
    fn names_move_between_streams_and_retransmissions_find_theirs() {
        let mut rtc = Rtc::new(Instant::now());
        let mut incoming = Incoming::default();
        incoming.declare(&mut rtc, 1, true);
        incoming.declare(&mut rtc, 2, true);
        receive(&mut incoming, &mut rtc, "ada", numbers(1, 2));
        let first = incoming.section_of("ada");
        assert_eq!(incoming.streams.len(), 1, "2 is no stream of its own");
        receive(&mut incoming, &mut rtc, "ada", numbers(3, 4));
        assert_ne!(incoming.section_of("ada"), first);
        receive(&mut incoming, &mut rtc, "bob", numbers(1, 2));
        assert_eq!(incoming.section_of("bob"), first, "known streams are found");
        receive(&mut incoming, &mut rtc, "ada", numbers(1, 5));
        assert_eq!(incoming.section_of("bob"), None);
        assert!(incoming.uses(5) && !incoming.uses(2));
        incoming.forget(&mut rtc, "ada");
        assert_eq!(incoming.section_of("ada"), None);
        assert!(incoming.uses(1), "its packets still count");
    }
}
