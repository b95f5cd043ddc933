//! The others, as people see them: everybody that a media server lists, named by Matrix.

use std::collections::BTreeMap;

use saal_media_protocol::SourceKind;
use saal_meeting::Participant;

use crate::{livekit::Roster, rtc::Device};

/// Merges what the media servers list. `names` has the Matrix names that are known.
pub(crate) fn participants<'a>(
    rosters: impl Iterator<Item = &'a Roster>,
    own: &Device,
    names: &BTreeMap<String, String>,
) -> Vec<Participant> {
    let mut people: BTreeMap<String, Participant> = BTreeMap::new();
    for (identity, remote) in rosters.flat_map(Roster::iter) {
        // Element Call connects once to warm up under another name, without tracks.
        let device = Device::from_identity(identity);
        if device.as_ref() == Some(own) || (device.is_none() && remote.tracks.is_empty()) {
            continue;
        }
        let person = people
            .entry(identity.clone())
            .or_insert_with(|| Participant {
                id: identity.clone(),
                name: name(device.as_ref(), &remote.name, identity, names),
                ..Participant::default()
            });
        person.microphone |= remote.sends(SourceKind::Microphone);
        person.camera |= remote.sends(SourceKind::Camera);
        person.content |= remote.sends(SourceKind::Content);
        person.speaking |= remote.speaking;
    }
    people.into_values().collect()
}

fn name(
    device: Option<&Device>,
    server_says: &str,
    identity: &str,
    names: &BTreeMap<String, String>,
) -> String {
    let user = device.map_or("", |device| &device.user);
    if let Some(name) = names.get(user) {
        return name.clone();
    }
    match (server_says, user) {
        ("", "") => identity.to_owned(),
        // "@anna:example.org" until the room's member list is read.
        ("", user) => user
            .trim_start_matches('@')
            .split(':')
            .next()
            .unwrap_or_default()
            .to_owned(),
        (name, _) => name.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use livekit_protocol as proto;

    use super::*;

    fn roster(identity: &str, tracks: &[(proto::TrackType, proto::TrackSource, bool)]) -> Roster {
        let mut roster = Roster::default();
        roster.update(&proto::ParticipantInfo {
            sid: format!("PA_{identity}"),
            identity: identity.into(),
            tracks: tracks
                .iter()
                .enumerate()
                .map(|(i, (kind, source, muted))| proto::TrackInfo {
                    sid: format!("TR_{i}"),
                    r#type: *kind as i32,
                    source: *source as i32,
                    muted: *muted,
                    ..Default::default()
                })
                .collect(),
            ..Default::default()
        });
        roster
    }

    fn own() -> Device {
        Device {
            user: "@room:hs".into(),
            device: "R".into(),
        }
    }

    #[test]
    fn a_muted_microphone_and_a_camera_are_seen() {
        use proto::{TrackSource, TrackType};
        let roster = roster(
            "@anna:hs:A",
            &[
                (TrackType::Audio, TrackSource::Microphone, true),
                (TrackType::Video, TrackSource::Camera, false),
            ],
        );
        let names = BTreeMap::from([("@anna:hs".to_owned(), "Anna Ö".to_owned())]);
        let people = participants([&roster].into_iter(), &own(), &names);
        assert_eq!(people.len(), 1);
        assert_eq!(people[0].name, "Anna Ö");
        assert!(people[0].camera && !people[0].microphone && !people[0].content);
    }

    #[test]
    fn somebody_on_two_media_servers_is_one_person() {
        let sends = roster(
            "@anna:hs:A",
            &[(proto::TrackType::Video, proto::TrackSource::Camera, false)],
        );
        let listens = roster("@anna:hs:A", &[]);
        let people = participants([&listens, &sends].into_iter(), &own(), &BTreeMap::new());
        assert_eq!(people.len(), 1);
        assert!(people[0].camera);
        assert_eq!(people[0].name, "anna");
    }

    #[test]
    fn our_own_second_connection_and_warm_ups_are_nobody() {
        let rosters = [
            roster("@room:hs:R", &[]),
            roster("qTKjhmxPGs8hX1oNNdQ", &[]),
        ];
        assert_eq!(participants(rosters.iter(), &own(), &BTreeMap::new()), []);
    }
}
