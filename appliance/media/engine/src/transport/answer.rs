//! What an answer of ours says we send. str0m repeats the other side's names and offers every line
//! that it may send in; we name our own tracks, and send nothing in the other lines.

use std::collections::BTreeMap;

use saal_media_protocol::ANSWER_STREAM;

/// Media sections of sound and picture in their order: mid, and whether it is a picture.
pub(super) fn lines(sdp: &str) -> Vec<(&str, bool)> {
    let mut found = Vec::new();
    let mut picture = None;
    for line in sdp.lines() {
        if let Some(media) = line.strip_prefix("m=") {
            picture = match media.split(' ').next() {
                Some("audio") => Some(false),
                Some("video") => Some(true),
                _ => None,
            };
        }
        if let (Some(mid), Some(picture)) = (line.strip_prefix("a=mid:"), picture) {
            found.push((mid, picture));
        }
    }
    found
}

/// The same answer with these tracks, by mid, as all that we send.
pub(super) fn naming(sdp: &str, tracks: &BTreeMap<String, String>) -> String {
    let mut named = String::with_capacity(sdp.len());
    let mut section: Vec<&str> = Vec::new();
    for line in sdp.lines() {
        if line.starts_with("m=") {
            finish(&mut named, &section, tracks);
            section.clear();
        }
        section.push(line);
    }
    finish(&mut named, &section, tracks);
    named
}

fn finish(named: &mut String, section: &[&str], tracks: &BTreeMap<String, String>) {
    let is_media = ["m=audio", "m=video"]
        .iter()
        .any(|kind| section.first().is_some_and(|first| first.starts_with(kind)));
    let mid = section.iter().find_map(|line| line.strip_prefix("a=mid:"));
    let track = mid.and_then(|mid| tracks.get(mid));
    for line in section {
        let line = match (is_media, track) {
            // Names streams; nobody reads it any more (RFC 8829 section 5.2.1).
            (false, _) if line.starts_with("a=msid-semantic:") => None,
            (false, _) => Some((*line).to_owned()),
            (true, Some(track)) => Some(sending(line, track)),
            (true, None) => silent(line),
        };
        if let Some(line) = line {
            named.push_str(&line);
            named.push_str("\r\n");
        }
    }
}

/// A line of a section in which we send a track.
fn sending(line: &str, track: &str) -> String {
    if line.starts_with("a=msid:") {
        return format!("a=msid:{ANSWER_STREAM} {track}");
    }
    match line.split_once(" msid:") {
        Some((source, _)) if source.starts_with("a=ssrc:") => {
            format!("{source} msid:{ANSWER_STREAM} {track}")
        }
        _ => line.to_owned(),
    }
}

/// A line of a section in which we send nothing.
fn silent(line: &str) -> Option<String> {
    let sends = ["a=msid:", "a=ssrc:", "a=ssrc-group:"];
    if sends.iter().any(|attribute| line.starts_with(attribute)) {
        return None;
    }
    Some(match line {
        "a=sendrecv" => "a=recvonly".to_owned(),
        "a=sendonly" => "a=inactive".to_owned(),
        line => line.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use saal_media_protocol::{
        Codec, DescriptionKind, SourceKind, TransportId, TransportRole, VideoLayer, VideoSend,
    };
    use str0m::{
        Rtc,
        change::SdpAnswer,
        media::{Direction, MediaKind},
    };

    use super::*;
    use crate::transport::{ToTransport, described::DescribedPeer};

    fn answerer(now: Instant) -> DescribedPeer {
        let mut peer = DescribedPeer::new(TransportId(1), TransportRole::Answerer, now, now);
        let video = VideoSend {
            codec: Codec::Vp8,
            frames_per_second: 30,
            layers: vec![VideoLayer {
                rid: String::new(),
                width: 1280,
                height: 720,
                max_bitrate: 1_500_000,
            }],
        };
        let tracks = [
            ("mic", SourceKind::Microphone, None),
            ("cam", SourceKind::Camera, Some(video)),
        ];
        for (track, source, video) in tracks {
            let track = track.to_owned();
            let order = ToTransport::Publish {
                track,
                source,
                video,
            };
            peer.obey(order).unwrap();
        }
        peer
    }

    /// What a browser would take from the answer: of each section its direction and its msid.
    fn taken(answer: &str) -> Vec<(&str, Option<&str>)> {
        answer
            .split("\r\nm=")
            .skip(1)
            .filter(|section| !section.starts_with("application"))
            .map(|section| {
                let direction = ["sendrecv", "sendonly", "recvonly", "inactive"]
                    .into_iter()
                    .find(|d| section.lines().any(|line| line == format!("a={d}")));
                let msid = section.lines().find_map(|l| l.strip_prefix("a=msid:"));
                (direction.unwrap(), msid)
            })
            .collect()
    }

    #[test]
    fn tracks_go_into_the_lines_in_which_the_caller_wants_to_receive() {
        let now = Instant::now();
        let mut browser = Rtc::builder().build(now);
        let mut changes = browser.sdp_api();
        let mut add = |kind, direction, track: &str| {
            let stream = Some("theirs".to_owned());
            changes.add_media(kind, direction, stream, Some(track.to_owned()), None)
        };
        add(MediaKind::Audio, Direction::SendRecv, "voice");
        add(MediaKind::Video, Direction::SendOnly, "screen");
        add(MediaKind::Video, Direction::SendRecv, "face");
        add(MediaKind::Video, Direction::SendRecv, "second");
        changes.add_channel("data".to_owned());
        let (offer, pending) = changes.apply().unwrap();
        let mut peer = answerer(now);
        let answer = peer.describe(DescriptionKind::Offer, &offer.to_sdp_string());
        let answer = answer.unwrap().expect("an offer is answered");
        assert_eq!(
            taken(&answer),
            [
                ("sendrecv", Some("room mic")),
                ("recvonly", None),
                ("sendrecv", Some("room cam")),
                ("recvonly", None),
            ]
        );
        assert!(!answer.contains("theirs"), "{answer}");
        let answer = SdpAnswer::from_sdp_string(&answer).unwrap();
        browser.sdp_api().accept_answer(pending, answer).unwrap();
        assert_eq!(peer.next_offer(), None, "the room does not offer");
    }

    #[test]
    fn a_picture_that_comes_later_finds_the_camera_waiting() {
        let now = Instant::now();
        let mut browser = Rtc::builder().build(now);
        let mut peer = answerer(now);
        let mut negotiate = |kind, track: &str| {
            let mut changes = browser.sdp_api();
            changes.add_media(
                kind,
                Direction::SendRecv,
                None,
                Some(track.to_owned()),
                None,
            );
            let (offer, pending) = changes.apply().unwrap();
            let answer = peer.describe(DescriptionKind::Offer, &offer.to_sdp_string());
            let answer = answer.unwrap().expect("an offer is answered");
            let accepted = SdpAnswer::from_sdp_string(&answer).unwrap();
            browser.sdp_api().accept_answer(pending, accepted).unwrap();
            answer
        };
        let first = negotiate(MediaKind::Audio, "voice");
        assert_eq!(taken(&first), [("sendrecv", Some("room mic"))]);
        let second = negotiate(MediaKind::Video, "face");
        let both = [
            ("sendrecv", Some("room mic")),
            ("sendrecv", Some("room cam")),
        ];
        assert_eq!(taken(&second), both);
    }

    #[test]
    fn who_was_held_is_heard_again() {
        let now = Instant::now();
        let mut browser = Rtc::builder().build(now);
        let mut peer = answerer(now);
        let mut changes = browser.sdp_api();
        let mid = changes.add_media(MediaKind::Audio, Direction::SendRecv, None, None, None);
        let (offer, pending) = changes.apply().unwrap();
        let mut negotiate = |browser: &mut Rtc, offer: String, pending| {
            let answer = peer.describe(DescriptionKind::Offer, &offer);
            let answer = answer.unwrap().expect("an offer is answered");
            let accepted = SdpAnswer::from_sdp_string(&answer).unwrap();
            browser.sdp_api().accept_answer(pending, accepted).unwrap();
            let ssrcs = answer.lines().filter(|l| l.starts_with("a=ssrc:")).count();
            let taken: Vec<_> = taken(&answer)
                .into_iter()
                .map(|(direction, msid)| (direction.to_owned(), msid.map(ToOwned::to_owned)))
                .collect();
            (taken, ssrcs > 0)
        };
        let heard = (
            vec![("sendrecv".to_owned(), Some("room mic".to_owned()))],
            true,
        );
        let first = negotiate(&mut browser, offer.to_sdp_string(), pending);
        assert_eq!(first, heard);
        let mut direct = |browser: &mut Rtc, direction| {
            let mut changes = browser.sdp_api();
            changes.set_direction(mid, direction);
            let (offer, pending) = changes.apply().unwrap();
            negotiate(browser, offer.to_sdp_string(), pending)
        };
        let held = direct(&mut browser, Direction::SendOnly);
        let kept = vec![("recvonly".to_owned(), Some("room mic".to_owned()))];
        assert_eq!(held, (kept, true), "its packets keep their names");
        assert_eq!(direct(&mut browser, Direction::SendRecv), heard);
    }

    #[test]
    fn nonsense_is_passed_through() {
        let none = BTreeMap::new();
        for sdp in ["", "m=", "a=mid:0", "m=audio\r\na=sendrecv", "\u{0}"] {
            assert!(lines(sdp).is_empty(), "{sdp:?}");
            let _ = naming(sdp, &none);
        }
    }
}
