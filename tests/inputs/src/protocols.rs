//! What is no matter of one service: encrypted frames, links, calendar entries, the configuration,
//! and the protocols between our own processes.

use jiff::Timestamp;
use saal_calendar::Calendar;
use saal_control::{Answer, Question};
use saal_fleet_protocol::{
    config,
    fleet::{
        ReleaseName,
        api::{Change, Edit},
        bundle, layers,
        order::OrderError,
        pieces::Index,
        wire::{FromDevice, FromServer},
    },
};
use saal_hal::{PhoneLights, telephony::Telephony};
use saal_media::browser::{self, Way};
use saal_media_protocol::{MediaCommand, MediaEvent};
use saal_meeting::{Destination, Invitation, LinkTarget, MeetingLink};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

use crate::{Target, json, lines, text};

const ENTRIES: &str = include_str!("seeds/calendar.json");
const CONFIGS: [&str; 2] = [
    include_str!("seeds/config.toml"),
    "version = 1\n[room]\nname = \"Lahn\"\n",
];
/// The moment of the calendar, seconds since 1970.
const NOW: i64 = 1_800_000_000;

/// What passes the check names one certificate and sends nobody anywhere.
pub(crate) const BROWSER: Target = Target {
    name: "browser",
    read: |data| {
        for way in [Way::Sends, Way::Receives] {
            let Ok(answer) = browser::check(&text(data), way) else {
                continue;
            };
            assert!(!answer.sdp.contains("a=candidate:"), "{}", answer.sdp);
            assert_eq!(browser::check(&answer.sdp, way), Ok(answer));
        }
        let _ = browser::fingerprint_of(&text(data));
    },
    seeds: || vec![include_bytes!("seeds/browser.sdp").to_vec()],
};

pub(crate) const FRAME: Target = Target {
    name: "frame",
    read: saal_media::encryption::fuzzing::frame,
    seeds: || {
        vec![
            vec![0, 0, 0xF8, 0xFF, 0xFE],
            vec![3, 1, 0, 0, 0, 1, 0x65, 0, 0, 3, 12, 0],
        ]
    },
};

/// What somebody plugs in: its report descriptor, then a length before each of its reports.
pub(crate) const TELEPHONE: Target = Target {
    name: "telephone",
    read: |data| {
        let split = data.split_first();
        let Some((descriptor, mut reports)) =
            split.and_then(|(length, rest)| rest.split_at_checked(usize::from(*length)))
        else {
            return;
        };
        let Some(mut telephone) = Telephony::of(descriptor) else {
            return;
        };
        let mut lights = PhoneLights::default();
        while let Some((length, rest)) = reports.split_first() {
            let Some((report, rest)) = rest.split_at_checked(usize::from(*length)) else {
                return;
            };
            assert!(telephone.hear(report).len() <= descriptor.len());
            lights.in_call ^= true;
            // The kernel takes no longer ones.
            assert!(
                telephone
                    .show(lights)
                    .iter()
                    .all(|told| told.len() <= 1 + 16 * 1024)
            );
            reports = rest;
        }
    },
    seeds: || vec![include_bytes!("seeds/telephone.bin").to_vec()],
};

pub(crate) const LINK: Target = Target {
    name: "link",
    read: |data| link(&text(data)),
    seeds: || lines(include_str!("seeds/links.txt")),
};

pub(crate) const CALENDAR: Target = Target {
    name: "calendar",
    read: |data| calendar(json::documents(ENTRIES, data)),
    seeds: || json::seeds(ENTRIES),
};

pub(crate) const CONFIG: Target = Target {
    name: "config",
    read: |data| configuration(&text(data)),
    seeds: || CONFIGS.map(|text| text.as_bytes().to_vec()).to_vec(),
};

pub(crate) const CONTROL: Target = Target {
    name: "control",
    read: |data| {
        let line = text(data);
        if let Ok(request) = Question::parse(&line) {
            let said = Question::new(request.clone()).to_line();
            assert_eq!(Question::parse(&said), Ok(request));
        }
        if let Ok(reply) = Answer::parse(&line) {
            let said = Answer::new(reply).to_line();
            let _ = Answer::parse(&said).expect("what we say can be read");
        }
    },
    seeds: || lines(include_str!("seeds/control.txt")),
};

pub(crate) const ENGINE: Target = Target {
    name: "engine",
    read: |data| {
        let line = text(data);
        if let Some((read, again)) = said_again::<MediaCommand>(&line) {
            assert_eq!(again, read);
        }
        // Levels come back with their last digit rounded.
        let _ = said_again::<MediaEvent>(&line);
    },
    seeds: || lines(include_str!("seeds/engine.txt")),
};

/// From a device, from the server, from people; nothing unsigned is an order.
pub(crate) const FLEET: Target = Target {
    name: "fleet",
    read: |data| {
        let line = text(data);
        if let Some((read, again)) = said_again::<FromDevice>(&line) {
            assert_eq!(again, read);
        }
        if let Some((read, again)) = said_again::<FromServer>(&line) {
            assert_eq!(again, read);
            if let FromServer::Order(signed) = read {
                assert_eq!(signed.verify(&[]), Err(OrderError::Signature));
            }
        }
        if let Ok(change) = serde_json::from_str::<Change>(&line) {
            setting(&change);
        }
    },
    seeds: || lines(include_str!("seeds/fleet.txt")),
};

/// What a bundle of an update says of itself, before anybody checked its signature.
pub(crate) const BUNDLE: Target = Target {
    name: "bundle",
    read: |data| {
        if let Some((before, end)) = data.split_last_chunk::<8>()
            && let Ok(length) = bundle::signature_length(*end, data.len() as u64)
        {
            assert!(length <= before.len() as u64, "it lies within the bundle");
        }
        if let Ok(manifest) = bundle::manifest(data) {
            let version: Result<ReleaseName, _> = manifest.version.as_str().parse();
            assert_eq!(version, Ok(manifest.version), "it can be a release");
        }
    },
    seeds: || vec![include_bytes!("seeds/bundle.txt").to_vec()],
};

/// The list of a bundle's pieces, which is believed by nobody: what is taken is a list of the size that it says.
pub(crate) const PIECES: Target = Target {
    name: "pieces",
    read: |data| {
        let said = data.get(8..).and_then(<[u8]>::first_chunk);
        let size = said.map_or(0, |said| u64::from_be_bytes(*said));
        if let Ok(index) = Index::parse(data, size) {
            let lengths = index.pieces().iter().map(|piece| piece.length as u64);
            assert_eq!(lengths.sum::<u64>(), size, "all of the bundle");
            assert_eq!(index.to_bytes(), data);
            assert!(data.len() as u64 <= Index::largest(size));
        }
    },
    seeds: || {
        let of = |bytes: &[u8]| Index::of(bytes).map(|index| index.to_bytes());
        let some = include_bytes!("seeds/calendar.json").repeat(80);
        [of(b""), of(b"Saal"), of(&some)]
            .into_iter()
            .flatten()
            .collect()
    },
};

/// A value that is taken can stand in a document.
fn setting(change: &Change) {
    for edit in &change.edits {
        if let Edit::Set { key, value, locked } = edit
            && layers::check_setting(key, value).is_ok()
        {
            let setting = layers::Setting {
                value: value.clone(),
                locked: *locked,
            };
            let layer = layers::Layer {
                scope: change.scope.clone(),
                settings: [(key.clone(), setting)].into(),
            };
            let _ = layers::merge(&[layer]).document();
        }
    }
}

/// A link that leads somewhere is shown without its secrets.
fn link(link: &str) {
    saal_jitsi::fuzzing::link(link);
    let Ok(target) = LinkTarget::of(&MeetingLink::new(link)) else {
        return;
    };
    let _ = target.destination.place();
    if let Destination::Matrix {
        room,
        password: Some(password),
        ..
    } = &target.destination
    {
        let shown = format!("{target:?} {room}");
        let secret = password.reveal();
        // A word of one letter is anywhere.
        assert!(secret.len() < 12 || !shown.contains(secret), "{shown}");
    }
}

/// State of a Matrix room: a calendar entry, or a Jitsi widget.
fn calendar(contents: Vec<Value>) {
    let mut calendar = Calendar::default();
    let rooms = contents.into_iter().enumerate().map(|(number, content)| {
        let (widget, entry) = if content.get("data").is_some() {
            (vec![content], None)
        } else {
            (Vec::new(), Some(content))
        };
        Invitation {
            destination: Destination::matrix(format!("!room{number}:example.org")),
            name: "Weekly".to_owned(),
            aliases: Vec::new(),
            calendar_event: entry,
            jitsi_widgets: widget,
            in_call: 1,
            part_of: None,
        }
    });
    calendar.update(rooms.collect());
    let now = Timestamp::from_second(NOW).expect("in this century");
    let (meetings, _) = calendar.meetings(now);
    for meeting in &meetings {
        assert!(meeting.start <= meeting.end, "{meeting:?}");
    }
}

/// A refusal names a line that exists.
fn configuration(text: &str) {
    if let Err(error) = config::parse(text) {
        assert!(error.line <= text.lines().count().max(1), "{error}");
        assert!(!error.to_string().is_empty());
    }
}

/// What is understood can be said and read again.
fn said_again<T: DeserializeOwned + Serialize>(line: &str) -> Option<(T, T)> {
    let read = serde_json::from_str::<T>(line).ok()?;
    let said = serde_json::to_string(&read).expect("it was JSON");
    let again = serde_json::from_str(&said).expect("what we say can be read");
    Some((read, again))
}
