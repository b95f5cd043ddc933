//! The others, as people see them: everybody that a media server lists, named by Matrix.

use std::collections::BTreeMap;

use saal_media_protocol::SourceKind;
use saal_meeting::Participant;

use super::names::Names;
use crate::{
    livekit::Roster,
    rtc::{Device, Member},
};

/// Whose device an identity on a media server is: a hash says nothing without its membership.
pub(crate) fn device(members: &[Member], identity: &str) -> Option<Device> {
    let member = members.iter().find(|member| member.identity == identity);
    member
        .map(|member| member.device.clone())
        .or_else(|| Device::from_identity(identity))
}

/// Merges what the media servers list. `names` has the Matrix names that are known.
pub(crate) fn participants<'a>(
    rosters: impl Iterator<Item = &'a Roster>,
    own: &Device,
    members: &[Member],
    names: &Names,
) -> Vec<Participant> {
    let mut people: BTreeMap<String, Participant> = BTreeMap::new();
    for (identity, remote) in rosters.flat_map(Roster::iter) {
        // Element Call connects once to warm up under another name, and where it only receives its
        // name is any. Who is in the call is said by memberships.
        let Some(device) = device(members, identity).filter(|device| device != own) else {
            continue;
        };
        let person = people
            .entry(identity.clone())
            .or_insert_with(|| Participant {
                id: identity.clone(),
                name: name(&device, &remote.name, names),
                ..Participant::default()
            });
        person.microphone |= remote.sends(SourceKind::Microphone);
        person.camera |= remote.sends(SourceKind::Camera);
        person.content |= remote.sends(SourceKind::Content);
        person.speaking |= remote.speaking;
    }
    people.into_values().collect()
}

fn name(device: &Device, server_says: &str, names: &Names) -> String {
    match (names.called(&device.user), server_says) {
        (Some(name), _) => name,
        (None, "") => short(&device.user),
        (None, name) => name.to_owned(),
    }
}

/// "@anna:example.org" until the room's member list is read.
pub(crate) fn short(user: &str) -> String {
    user.trim_start_matches('@')
        .split(':')
        .next()
        .unwrap_or_default()
        .to_owned()
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
        let mut names = Names::default();
        names.learn("@anna:hs", Some("Anna Ö"));
        let people = participants([&roster].into_iter(), &own(), &[], &names);
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
        let people = participants(
            [&listens, &sends].into_iter(),
            &own(),
            &[],
            &Names::default(),
        );
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
        assert_eq!(
            participants(rosters.iter(), &own(), &[], &Names::default()),
            []
        );
    }

    #[test]
    fn a_hashed_name_is_somebody_once_its_membership_is_known() {
        let anna = Device {
            user: "@anna:hs".into(),
            device: "A".into(),
        };
        let event = serde_json::json!({
            "type": crate::rtc::sticky::EVENT_TYPE, "event_id": "$1", "sender": anna.user,
            "origin_server_ts": 1, "msc4354_sticky": { "duration_ms": 1000 },
            "content": crate::rtc::sticky::content(&anna, "m1", "https://f"),
        });
        let mut book = crate::rtc::sticky::Book::default();
        book.enter(serde_json::from_value(event).unwrap(), 1);
        let identity = crate::rtc::sticky::identity(&anna, "m1");
        let track = (proto::TrackType::Video, proto::TrackSource::Camera, false);
        let roster = roster(&identity, &[track]);
        let people = |members: &[Member]| {
            participants([&roster].into_iter(), &own(), members, &Names::default())
        };
        assert_eq!(people(&[]), []);
        assert_eq!(people(&book.members())[0].name, "anna");
    }
}
