//! The kinds of Matrix meeting that a room can be asked into: by link and alias, by knocking, in a room that was
//! replaced, on another home server.

use saal_control::{Reply, Request, Status};
use saal_harness::{
    FarEnd, FarEndOptions, JoinOptions, Room, RoomOptions, Servers, User, run, until,
};
use saal_meeting::{AccountState, MeetingLink};
use saal_suites::{
    PATIENCE, Result, Taken, far_end_hears_seconds, far_end_sees_frames, in_call, is_home, join,
    loudspeaker_sounds, now_ms, panel_says, shows, television_moves,
};
use serde_json::{Value, json};

/// An open meeting, and a room whose account is no member of it.
struct Door {
    host: User,
    guest: User,
    matrix_room: String,
    alias: String,
    room: Room,
}

impl Door {
    async fn new(stage: &Taken, name: &str, rule: &str) -> Result<Self> {
        let (host, guest) = (stage.user("anna").await?, stage.user("room").await?);
        Self::between(stage, host, guest, name, &json!({ "join_rule": rule })).await
    }

    async fn between(
        stage: &Taken,
        host: User,
        guest: User,
        name: &str,
        rule: &Value,
    ) -> Result<Self> {
        let (matrix_room, alias) = host.open_room("Open day", name, rule).await?;
        let room = Room::start(&stage.servers, &guest, &RoomOptions::default()).await?;
        is_online(&room).await?;
        Ok(Self {
            host,
            guest,
            matrix_room,
            alias,
            room,
        })
    }

    async fn follow(&self, link: &str) -> Result<()> {
        let link = MeetingLink::new(link);
        let reply = self.room.ask(Request::JoinLink { link }).await?;
        assert_eq!(reply, Reply::Done {});
        Ok(())
    }

    /// Waits until the room's account stands so with the Matrix room.
    async fn standing_is(&self, wanted: &str) -> Result<()> {
        let look = async || {
            let guest = &self.guest.user_id;
            self.host.membership(&self.matrix_room, guest).await
        };
        let what = format!("the account's membership \"{wanted}\"");
        until(&what, PATIENCE, look, |standing| {
            standing.as_deref() == Some(wanted)
        })
        .await
        .map(drop)
    }

    async fn waits_to_be_let_in(&self) -> Result<()> {
        self.follow(&self.alias).await?;
        panel_says(&self.room, "A moderator will let you in").await?;
        self.standing_is("knock").await
    }
}

async fn is_online(room: &Room) -> Result<()> {
    let online = |account: &AccountState| matches!(account, AccountState::Online { .. });
    room.status_is("the account online", PATIENCE, |status| {
        online(&status.account)
    })
    .await
    .map(drop)
}

#[test]
fn a_link_leads_into_a_room_and_out_of_it_again() -> Result<()> {
    run(async {
        let mut stage = Taken::take().await?;
        let door = Door::new(&stage, "open", "public").await?;
        let far_end = stage.far_end().await?;
        let host = far_end
            .join(&door.host, &door.matrix_room, &JoinOptions::default())
            .await?;
        let alias = door.alias.replace('#', "%23");
        door.follow(&format!("https://matrix.to/#/{alias}")).await?;
        in_call(&door.room).await?;
        television_moves(&door.room).await?;
        far_end_sees_frames(&host).await?;
        door.room.touch_element("Leave").await?;
        is_home(&door.room).await?;
        door.standing_is("leave").await?;
        let tree = door.room.panel().await?;
        assert!(!shows(&tree, "Open day"), "a visit is no meeting here");

        // A meeting that IT has put on the panel is one that the room belongs to, whatever name of the Matrix room IT
        // knows: this one is not among those that the room itself tells.
        let back = door.alias.replace('#', "#back-");
        door.host.name_too(&door.matrix_room, &back).await?;
        let text = std::fs::read_to_string(door.room.config()).expect("the room's configuration");
        let standing = format!("\n[[meetings]]\ntitle = \"Open door\"\nlink = {back:?}\n");
        door.room.configure(&format!("{text}{standing}"))?;
        panel_says(&door.room, "Open door").await?;
        join(&door.room).await?;
        door.room.touch_element("Leave").await?;
        is_home(&door.room).await?;
        door.standing_is("join").await?;
        // The call that goes on there is that meeting's and not one more.
        let tree = panel_says(&door.room, "Open door").await?;
        assert!(!shows(&tree, "Open day"), "{}", tree.text());
        door.room.stop().await;
        Ok(())
    })
}

#[test]
fn a_room_that_knocks_waits_until_somebody_answers() -> Result<()> {
    run(async {
        let stage = Taken::take().await?;
        let door = Door::new(&stage, "knock", "knock").await?;

        door.waits_to_be_let_in().await?;
        door.room.touch_element("Please let us in.").await?;
        let said = async || door.host.state(&door.matrix_room).await;
        until("the room's words", PATIENCE, said, |state| {
            state.iter().any(|event| {
                event.state_key == door.guest.user_id
                    && event.content["reason"] == "Please let us in."
            })
        })
        .await?;
        door.room.touch_element("Cancel").await?;
        is_home(&door.room).await?;
        door.standing_is("leave").await?;

        door.waits_to_be_let_in().await?;
        door.host
            .kick(&door.matrix_room, &door.guest.user_id)
            .await?;
        panel_says(&door.room, "A moderator did not let the room in").await?;
        door.room.touch_element("Got it").await?;

        door.waits_to_be_let_in().await?;
        door.host
            .invite(&door.matrix_room, &door.guest.user_id)
            .await?;
        in_call(&door.room).await?;
        door.standing_is("join").await?;
        door.room.touch_element("Leave").await?;
        is_home(&door.room).await?;
        door.standing_is("leave").await?;
        door.room.stop().await;
        Ok(())
    })
}

#[test]
fn members_of_a_club_come_in_and_others_knock() -> Result<()> {
    run(async {
        let stage = Taken::take().await?;
        let (host, guest) = (stage.user("anna").await?, stage.user("room").await?);
        let club = host.create_room("Club", &[&guest]).await?;
        guest.join(&club).await?;
        let rule = json!({
            "join_rule": "knock_restricted",
            "allow": [{ "type": "m.room_membership", "room_id": club }],
        });
        let door = Door::between(&stage, host, guest, "club", &rule).await?;
        door.follow(&door.alias).await?;
        in_call(&door.room).await?;
        door.room.touch_element("Leave").await?;
        is_home(&door.room).await?;
        door.standing_is("leave").await?;
        door.host.kick(&club, &door.guest.user_id).await?;
        door.waits_to_be_let_in().await?;
        door.room.stop().await;
        Ok(())
    })
}

#[test]
fn members_of_a_space_come_in_and_others_do_not() -> Result<()> {
    run(async {
        let stage = Taken::take().await?;
        let (host, guest) = (stage.user("anna").await?, stage.user("room").await?);
        let space = host.create_room("Company", &[&guest]).await?;
        guest.join(&space).await?;
        let rule = json!({
            "join_rule": "restricted",
            "allow": [{ "type": "m.room_membership", "room_id": space }],
        });
        let door = Door::between(&stage, host, guest, "space", &rule).await?;
        door.follow(&door.alias).await?;
        in_call(&door.room).await?;
        door.room.touch_element("Leave").await?;
        is_home(&door.room).await?;
        door.standing_is("leave").await?;
        door.host.kick(&space, &door.guest.user_id).await?;
        door.follow(&door.alias).await?;
        panel_says(&door.room, "The room is not allowed in").await?;
        door.standing_is("leave").await?;
        door.room.stop().await;
        Ok(())
    })
}

#[test]
fn a_link_with_a_password_opens_an_encrypted_call_and_a_wrong_one_shows_nothing() -> Result<()> {
    run(async {
        let mut stage = Taken::take().await?;
        let door = Door::new(&stage, "secret", "public").await?;
        let how = JoinOptions {
            password: Some("correct horse"),
            ..JoinOptions::default()
        };
        let far_end = stage.far_end().await?;
        let host = far_end.join(&door.host, &door.matrix_room, &how).await?;
        let link = |password: &str| {
            let room = &door.matrix_room;
            format!("https://call.example.org/room/#/Secret?roomId={room}&password={password}")
        };
        door.follow(&link("correct%20horse")).await?;
        in_call(&door.room).await?;
        panel_says(&door.room, "Secret").await?;
        television_moves(&door.room).await?;
        loudspeaker_sounds(&door.room).await?;
        far_end_sees_frames(&host).await?;
        far_end_hears_seconds(&host).await?;
        door.room.touch_element("Leave").await?;
        is_home(&door.room).await?;
        // At once: the account is still on its way out.
        door.follow(&link("battery%20staple")).await?;
        let waits = |status: &Status| {
            let people = status.call.iter().flat_map(|call| &call.participants);
            people.into_iter().any(|one| one.key_missing)
        };
        door.room
            .status_is("what can't be decrypted", PATIENCE, waits)
            .await?;
        assert!(
            !door.room.log().contains("battery"),
            "the password is not logged"
        );
        door.room.stop().await;
        Ok(())
    })
}

#[test]
fn a_breakout_session_stands_under_its_meeting_and_one_touch_leads_back() -> Result<()> {
    run(async {
        let stage = Taken::take().await?;
        let meeting = stage.meeting("Weekly").await?;
        let (host, guest, now) = (&meeting.host, &meeting.guest, now_ms());
        let session = host
            .create_breakout(&meeting.matrix_room, "Group 1", &[guest])
            .await?;
        host.schedule(&session, "Group 1", now - 30_000, now + 600_000)
            .await?;
        let room = Room::start(&stage.servers, guest, &RoomOptions::default()).await?;
        let tree = panel_says(&room, "Breakout room of Weekly").await?;
        let entered = tree
            .find("Group 1")
            .expect("the session's entry")
            .id
            .clone();
        let button = entered.replace("meeting", "join");
        let (x, y) = tree
            .elements
            .iter()
            .find(|one| one.id == button)
            .expect("its button")
            .rect
            .middle();
        room.touch(x, y).await?;
        in_call(&room).await?;
        room.touch_element("Back to the meeting").await?;
        meeting.membership_is(true, PATIENCE).await?;
        let status = in_call(&room).await?;
        assert_eq!(
            status.call.map(|call| call.title).as_deref(),
            Some("Weekly")
        );
        assert!(
            host.call_members(&session).await?.is_empty(),
            "nobody is left there"
        );
        room.stop().await;
        Ok(())
    })
}

#[test]
fn a_link_that_leads_nowhere_is_told_on_the_panel() -> Result<()> {
    run(async {
        let stage = Taken::take().await?;
        let door = Door::new(&stage, "nowhere", "public").await?;
        door.follow("#nobody:saal.test").await?;
        panel_says(&door.room, "The meeting is over or does not exist").await?;
        let link = MeetingLink::new("matrix:u/anna:saal.test");
        let refused = door.room.ask(Request::JoinLink { link }).await?;
        assert!(
            format!("{refused:?}").contains("leads to no room"),
            "{refused:?}"
        );
        door.room.stop().await;
        Ok(())
    })
}

#[test]
fn a_meeting_moves_with_its_room() -> Result<()> {
    run(async {
        let stage = Taken::take().await?;
        let door = Door::new(&stage, "moves", "public").await?;
        let now = now_ms();
        door.host
            .schedule(&door.matrix_room, "Weekly", now - 60_000, now + 3_600_000)
            .await?;
        door.host
            .invite(&door.matrix_room, &door.guest.user_id)
            .await?;
        panel_says(&door.room, "Weekly").await?;

        let next = door.host.upgrade(&door.matrix_room, "11").await?;
        let look = async || door.host.membership(&next, &door.guest.user_id).await;
        until("the account in the new room", PATIENCE, look, |standing| {
            standing.as_deref() == Some("join")
        })
        .await?;
        join(&door.room).await?;
        let members = door.host.call_members(&next).await?;
        assert!(
            members
                .iter()
                .any(|event| event.sender == door.guest.user_id)
        );
        door.room.touch_element("Leave").await?;
        is_home(&door.room).await?;
        let tree = door.room.panel().await?;
        let entries = tree.elements.iter().filter(|one| one.label == "Join");
        assert_eq!(entries.count(), 1, "{}", tree.text());
        door.room.stop().await;
        Ok(())
    })
}

#[test]
fn a_meeting_on_another_home_server_has_media_through_both_servers() -> Result<()> {
    run(async {
        let (ours, theirs) = Servers::federating().await?;
        let guest = ours.create_user("room").await?;
        let host = theirs.create_user("anna").await?;
        let matrix_room = host.create_room("Weekly", &[&guest]).await?;
        let now = now_ms();
        host.schedule(&matrix_room, "Weekly", now - 60_000, now + 3_600_000)
            .await?;
        // The authority is this network's own; the room's operating system would know it.
        let authority = ours
            .authority()
            .expect("they federate")
            .display()
            .to_string();
        let options = RoomOptions {
            allowed_servers: vec![theirs.server_name().to_owned()],
            homeserver: ours.secure_homeserver(),
            environment: vec![("SSL_CERT_FILE".to_owned(), authority)],
            ..RoomOptions::default()
        };
        let room = Room::start(&ours, &guest, &options).await?;
        let recordings = FarEndOptions::coded(theirs.tools(), 5)?;
        let far_end = FarEnd::start(&theirs, &recordings).await?;
        let host = far_end
            .join(&host, &matrix_room, &JoinOptions::default())
            .await?;
        panel_says(&room, "Weekly").await?;
        join(&room).await?;
        television_moves(&room).await?;
        loudspeaker_sounds(&room).await?;
        far_end_sees_frames(&host).await?;
        far_end_hears_seconds(&host).await?;
        for (servers, whose) in [(&ours, &guest.user_id), (&theirs, &host.user().user_id)] {
            let there = servers.participants(&matrix_room).await?;
            let sends = there.iter().find(|one| !one.tracks.is_empty());
            let sends = sends.map(|one| one.identity.clone()).unwrap_or_default();
            assert!(sends.starts_with(whose), "{there:?}");
        }
        room.touch_element("Leave").await?;
        is_home(&room).await?;
        room.stop().await;
        far_end.close().await;
        ours.stop().await;
        theirs.stop().await;
        Ok(())
    })
}

#[test]
fn a_home_server_is_found_by_its_name_and_kept() -> Result<()> {
    run(async {
        let (ours, _theirs) = Servers::federating().await?;
        let guest = ours.create_user("room").await?;
        let authority = ours
            .authority()
            .expect("they federate")
            .display()
            .to_string();
        let options = RoomOptions {
            homeserver: Some(ours.server_name().to_owned()),
            environment: vec![("SSL_CERT_FILE".to_owned(), authority)],
            ..RoomOptions::default()
        };
        let room = Room::start(&ours, &guest, &options).await?;
        is_online(&room).await?;
        let kept = std::fs::read_to_string(room.state().join("homeserver.json")).expect("kept");
        assert!(kept.contains(ours.homeserver()), "{kept}");
        room.kill();
        room.status_is("a new daemon", PATIENCE, |_| room.starts() == 2)
            .await?;
        is_online(&room).await?;
        room.stop().await;
        Ok(())
    })
}
