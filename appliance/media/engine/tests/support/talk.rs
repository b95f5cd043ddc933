//! A short call, of which both sides notice that it works.

#![allow(dead_code, reason = "each test binary uses its own part")]
#![allow(clippy::unwrap_used, reason = "only tests call this")]

use saal_media_protocol::{Codec, SourceKind, StreamSsrc, TransportCommand, TransportId};
use str0m::media::Mid;

use super::{
    Daemon, assign,
    bridge::{Bridge, numbers, receive},
    clip::clip,
};

const VOICE: StreamSsrc = StreamSsrc {
    ssrc: 500,
    rtx: None,
};

impl Bridge {
    /// Picture one way and sound the other.
    pub(crate) async fn talk(&mut self, daemon: &mut Daemon, call: TransportId) -> Mid {
        daemon
            .transport(receive(call, "ada-v0", numbers(10), true))
            .await;
        daemon
            .transport(assign(call, "ada-v0", "ada", SourceKind::Camera))
            .await;
        self.show(numbers(10), Some(clip(Codec::Vp8, 320, 180, 60)));
        let voice: Mid = self.expect(VOICE, false);
        daemon
            .transport(TransportCommand::Send {
                transport: call,
                track: "mic".to_owned(),
                source: SourceKind::Microphone,
                video: None,
                streams: vec![VOICE],
            })
            .await;
        self.hears_and_is_seen(daemon, voice).await;
        voice
    }

    /// More of both comes than did.
    pub(crate) async fn hears_and_is_seen(&mut self, daemon: &mut Daemon, voice: Mid) {
        let mut before = None;
        let decoded = daemon.stats_until(|stats| {
            let decoded = stats.received_video.iter().map(|v| v.frames_decoded);
            let Some(now) = decoded.max() else {
                return false;
            };
            now > *before.get_or_insert(now) + 20
        });
        self.until_daemon(decoded).await;
        self.frames(&[voice], |seen| seen.len() > 50).await;
    }
}
