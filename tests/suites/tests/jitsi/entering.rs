//! The ways in, and the sentences on the panel when there is none.

use std::{path::Path, time::Duration};

use saal_control::{Obstacle, Reply, Request, Status};
use saal_harness::{
    JitsiJoin, JitsiOptions, JitsiServers, JitsiState, Refusal, Room, RoomOptions, jitsi_token, run,
};
use saal_suites::{
    PATIENCE, Result, in_call, is_home,
    jitsi::{JitsiMeeting, JitsiTaken, ROOM, room_with},
    panel_says,
};
use serde_json::json;

/// Words of both languages.
const JOIN: [(&str, &str); 2] = [("en", "Join"), ("de", "Teilnehmen")];

/// Touches Join for `link` in each language and waits for a sentence on the panel, at home.
async fn is_refused(folder: &Path, link: &str, sentences: [&str; 2]) -> Result<()> {
    for ((language, join), sentence) in JOIN.into_iter().zip(sentences) {
        let options = RoomOptions {
            language: language.to_owned(),
            ..room_with("Closed", link)
        };
        let room = Room::standing(folder, &options).await?;
        room.touch_element(join).await?;
        let tree = panel_says(&room, sentence).await?;
        assert_eq!(tree.screen, "home", "{}", tree.text());
        room.stop().await;
    }
    Ok(())
}

async fn does(room: &Room, request: Request) -> Result<()> {
    let reply = room.ask(request).await?;
    assert_eq!(reply, Reply::Done {});
    Ok(())
}

/// The room's knock, as the moderator's client has it.
async fn knock(meeting: &JitsiMeeting) -> Result<String> {
    let knocks = |state: &JitsiState| state.lobby.iter().any(|one| one.name == ROOM);
    let state = meeting.told("the room knocks", knocks).await?;
    let knocker = state.lobby.into_iter().find(|one| one.name == ROOM);
    Ok(knocker.expect("just seen").id)
}

#[test]
fn who_waits_in_the_lobby_is_admitted_or_sent_away() -> Result<()> {
    run(async {
        let stage = JitsiTaken::take().await?;
        let meeting = stage
            .meeting("Interview", &JitsiJoin::silent("Anna"))
            .await?;
        meeting.host.tell("lobby", json!([true])).await?;
        meeting.told("a lobby", |state| state.members_only).await?;
        meeting.touch_join().await?;
        meeting.waits_for(Obstacle::Admission).await?;
        let tree = panel_says(&meeting.room, "Interview").await?;
        assert_eq!(tree.screen, "joining");
        let first = knock(&meeting).await?;
        meeting.host.tell("admit", json!([first, true])).await?;
        in_call(&meeting.room).await?;
        meeting.room_is("the room", |_| true).await?;

        meeting.host.kick(&meeting.endpoint().await?, "").await?;
        is_home(&meeting.room).await?;
        meeting.touch_join().await?;
        let second = knock(&meeting).await?;
        meeting.host.tell("admit", json!([second, false])).await?;
        let tree = panel_says(&meeting.room, "A moderator did not let the room in").await?;
        assert_eq!(tree.screen, "home");
        meeting.room.stop().await;
        Ok(())
    })
}

#[test]
fn a_room_that_moderates_admits_from_the_lobby() -> Result<()> {
    run(async {
        let stage = JitsiTaken::take().await?;
        let meeting = stage.meeting("Hosted", &JitsiJoin::silent("Anna")).await?;
        meeting.join().await?;
        let endpoint = meeting.endpoint().await?;
        meeting.host.tell("grantOwner", json!([endpoint])).await?;
        meeting
            .room_is("the room moderates", |room| room.role == "moderator")
            .await?;
        meeting.host.tell("lobby", json!([true])).await?;
        meeting.told("a lobby", |state| state.members_only).await?;
        let ben = stage.join(&meeting.name, &JitsiJoin::silent("Ben")).await?;
        ben.tell("knock", json!(["Ben"])).await?;
        let knocks = |status: &Status| {
            let mut calls = status.call.iter();
            calls.any(|call| call.state.knocking.iter().any(|one| one.name == "Ben"))
        };
        let status = meeting
            .room
            .status_is("Ben knocks", PATIENCE, knocks)
            .await?;
        let knocking = status.call.expect("in a call").state.knocking;
        let knocker = knocking.into_iter().find(|one| one.name == "Ben");
        let knocker = knocker.expect("just seen").id;
        let action = saal_meeting::MeetingAction::Admit { knocker };
        does(&meeting.room, Request::Act { action }).await?;
        let joined = async || ben.state().await;
        saal_harness::until("Ben is in", PATIENCE, joined, |state| state.joined).await?;
        meeting.room.stop().await;
        Ok(())
    })
}

#[test]
fn a_password_is_asked_for_until_it_is_right() -> Result<()> {
    run(async {
        let stage = JitsiTaken::take().await?;
        let meeting = stage.meeting("Secret", &JitsiJoin::silent("Anna")).await?;
        meeting.host.tell("lock", json!(["sesame"])).await?;
        meeting.touch_join().await?;
        meeting.waits_for(Obstacle::Password).await?;
        for (password, last) in [("open", false), ("sesame", true)] {
            let password = saal_meeting::Secret::new(password);
            does(&meeting.room, Request::GivePassword { password }).await?;
            if !last {
                meeting.waits_for(Obstacle::PasswordAgain).await?;
            }
        }
        in_call(&meeting.room).await?;
        meeting.room_is("the room", |_| true).await?;
        assert!(
            !meeting.room.log().contains("sesame"),
            "passwords stay out of logs"
        );
        meeting.room.stop().await;
        Ok(())
    })
}

const LOGIN: [&str; 2] = [
    "Only people with a login come in",
    "Hier kommen nur angemeldete Teilnehmende hinein",
];

async fn with_tokens(stage: &mut JitsiTaken, test: &str) -> Result<Option<JitsiServers>> {
    let options = JitsiOptions {
        token_key: Some("a key of the tests".to_owned()),
        ..JitsiOptions::default()
    };
    let installed = stage.install(test, options).await?;
    Ok(installed.map(|(servers, _)| servers))
}

#[test]
fn without_a_good_token_the_panel_says_that_a_login_is_needed() -> Result<()> {
    run(async {
        let mut stage = JitsiTaken::take().await?;
        let Some(servers) = with_tokens(&mut stage, "a token is missing").await? else {
            return Ok(());
        };
        let link = servers.link("members");
        is_refused(servers.folder(), &link, LOGIN).await?;
        let wrong = jitsi_token("another key", &json!({ "room": "*" }));
        is_refused(servers.folder(), &format!("{link}?jwt={wrong}"), LOGIN).await
    })
}

#[test]
fn a_token_in_the_link_or_made_by_the_room_opens_the_door() -> Result<()> {
    run(async {
        let mut stage = JitsiTaken::take().await?;
        let Some(servers) = with_tokens(&mut stage, "a token opens the door").await? else {
            return Ok(());
        };
        let soon = saal_suites::now_ms() / 1000 + 600;
        let claims = json!({ "room": "members", "exp": soon });
        let token = jitsi_token("a key of the tests", &claims);
        let link = servers.link("members");
        let by_link = room_with("Members", &format!("{link}?jwt={token}"));
        let key = servers.folder().join("key");
        std::fs::write(&key, "a key of the tests").expect("the run's folder is writable");
        let by_key = RoomOptions {
            more: format!(
                "[[jitsi]]\nhost = \"127.0.0.1\"\napp_id = \"saal\"\nkey_file = {key:?}\n"
            ),
            ..room_with("Members", &link)
        };
        for options in [by_link, by_key] {
            let room = Room::standing(servers.folder(), &options).await?;
            saal_suites::join(&room).await?;
            assert!(!room.log().contains(&token), "tokens stay out of logs");
            room.stop().await;
        }
        Ok(())
    })
}

#[test]
fn a_full_room_says_so() -> Result<()> {
    run(async {
        let mut stage = JitsiTaken::take().await?;
        let options = JitsiOptions {
            max_occupants: Some(1),
            ..JitsiOptions::default()
        };
        let Some((servers, browser)) = stage.install("a full room", options).await? else {
            return Ok(());
        };
        let anna = servers
            .join(browser, "small", &JitsiJoin::silent("Anna"))
            .await?;
        assert_eq!(anna.outcome(), "joined");
        let sentences = ["The meeting is full", "Die Besprechung ist voll"];
        is_refused(servers.folder(), &servers.link("small"), sentences).await
    })
}

#[test]
fn what_the_reservations_answer_stands_on_the_panel() -> Result<()> {
    run(async {
        let mut stage = JitsiTaken::take().await?;
        let options = JitsiOptions {
            refusal: Some(Refusal::Reservation),
            config: BY_XMPP.to_owned(),
            ..JitsiOptions::default()
        };
        let Some((servers, _)) = stage.install("reservations", options).await? else {
            return Ok(());
        };
        let sentences = [
            "The meeting service says: “There is no such meeting.”",
            "Der Dienst für die Besprechung meldet: „There is no such meeting.“",
        ];
        is_refused(servers.folder(), &servers.link("weekly"), sentences).await
    })
}

/// The stand-in refuses conferences in XMPP only.
const BY_XMPP: &str = "config.conferenceRequestUrl = null;";

#[test]
fn a_guest_waits_for_the_host_and_may_give_up() -> Result<()> {
    run(async {
        let mut stage = JitsiTaken::take().await?;
        let options = JitsiOptions {
            refusal: Some(Refusal::NotAuthorized),
            config: BY_XMPP.to_owned(),
            ..JitsiOptions::default()
        };
        let Some((servers, _)) = stage.install("waiting for the host", options).await? else {
            return Ok(());
        };
        let options = room_with("Hosted", &servers.link("weekly"));
        let room = Room::standing(servers.folder(), &options).await?;
        room.touch_element("Join").await?;
        room.status_is("the wait for the host", PATIENCE, |status| {
            let call = status.call.as_ref();
            call.is_some_and(|call| call.obstacle == Some(Obstacle::Host))
        })
        .await?;
        room.touch_element("Cancel").await?;
        let home = |status: &Status| status.call.is_none();
        room.status_is("home again", Duration::from_secs(6), home)
            .await?;
        room.stop().await;
        Ok(())
    })
}

#[test]
fn a_link_to_no_installation_is_named_as_the_reason() -> Result<()> {
    run(async {
        let mut stage = JitsiTaken::take().await?;
        if stage.stand_in("a link that leads nowhere").is_none() {
            return Ok(());
        }
        let folder = stage.folder().to_owned();
        let sentences = [
            "The meeting service did not work",
            "Der Dienst für die Besprechung hat nicht funktioniert",
        ];
        is_refused(&folder, "http://127.0.0.1:9/weekly", sentences).await
    })
}
