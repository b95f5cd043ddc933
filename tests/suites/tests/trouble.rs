//! What bad input gets: a clear message on panel and in the log, and a room that still joins
//! what is left.

use saal_control::PhaseName;
use saal_harness::{Impostor, MEETING, Room, RoomOptions, SocketWall, TokenWays, run, until};
use saal_suites::{
    Result, Taken, enters_as_oldest_kind, join, leaves_the_call, now_ms, panel_says, shows,
    soon::{SoonFolder, has_troubles},
};

#[test]
fn a_home_server_that_is_away_is_named_and_found_again() -> Result<()> {
    run(async {
        let mut stage = Taken::take().await?;
        let meeting = stage.meeting("Morning").await?;
        stage.servers.stop_synapse().await;
        let room = Room::start(&stage.servers, &meeting.guest, &RoomOptions::default()).await?;
        panel_says(&room, "No connection to the server").await?;
        assert!(room.log().contains("Unreachable"), "the log says so too");
        stage.servers.start_synapse().await?;
        let tree = panel_says(&room, "Morning").await?;
        assert!(
            !shows(&tree, "No connection"),
            "the message goes when it is mended"
        );
        join(&room).await?;
        room.stop().await;
        Ok(())
    })
}

#[test]
fn without_its_home_server_a_restarted_room_shows_its_day_and_how_old_that_is() -> Result<()> {
    run(async {
        let mut stage = Taken::take().await?;
        let meeting = stage.meeting("Morning").await?;
        let link = format!("https://matrix.to/#/{}?via=localhost", meeting.matrix_room);
        let options = RoomOptions {
            more: folder_with(&stage, "office", &link),
            ..RoomOptions::default()
        };
        let room = Room::start(&stage.servers, &meeting.guest, &options).await?;
        panel_says(&room, "Morning").await?;
        let log = async || Result::Ok(room.log());
        let all = "every room of the account is read and kept";
        until(all, saal_suites::PATIENCE, log, |log| log.contains(all)).await?;
        let before = room.status().await?.pid;
        stage.servers.stop_synapse().await;
        room.kill();
        let another = |status: &saal_control::Status| status.pid != before;
        let patience = saal_suites::PATIENCE;
        room.status_is("a daemon after it", patience, another)
            .await?;
        let tree = panel_says(&room, "Meetings from there are shown as of").await?;
        assert!(shows(&tree, "Morning"), "of the Matrix room: {tree:?}");
        assert!(shows(&tree, "Board"), "of another source: {tree:?}");
        stage.servers.start_synapse().await?;
        let mended = |tree: &saal_harness::PanelTree| !shows(tree, "No connection");
        room.panel_shows("that it is mended", patience, mended)
            .await?;
        room.stop().await;
        Ok(())
    })
}

/// Who vouches for an impostor under its real name is believed; who vouches for nobody is not.
fn believing(impostor: &Impostor) -> Vec<(String, String)> {
    let authority = impostor.authority().display().to_string();
    vec![("SSL_CERT_FILE".to_owned(), authority)]
}

#[test]
fn a_home_server_with_a_wrong_certificate_is_named_and_not_spoken_to() -> Result<()> {
    run(async {
        let stage = Taken::take().await?;
        let guest = stage.user("room").await?;
        let impostor = Impostor::start(stage.servers.folder()).await?;
        let address = impostor.at("localhost");
        for (environment, fault) in [
            (believing(&impostor), "not valid for name"),
            (Vec::new(), "UnknownIssuer"),
        ] {
            let options = RoomOptions {
                homeserver: Some(format!("https://{address}")),
                environment,
                ..RoomOptions::default()
            };
            let room = Room::start(&stage.servers, &guest, &options).await?;
            panel_says(&room, "No safe connection to the server").await?;
            panel_says(&room, &address).await?;
            assert!(room.log().contains(fault), "{fault}: {}", room.log());
            room.stop().await;
        }
        Ok(())
    })
}

#[test]
fn a_calls_servers_that_are_not_who_they_say_are_named_and_the_room_stays_out() -> Result<()> {
    run(async {
        let stage = Taken::take().await?;
        let meeting = stage.meeting("Board").await?;
        let (host, matrix_room) = (&meeting.host, &meeting.matrix_room);
        let impostor = Impostor::start(stage.servers.folder()).await?;
        let options = RoomOptions {
            environment: believing(&impostor),
            ..RoomOptions::default()
        };
        let room = Room::start(&stage.servers, &meeting.guest, &options).await?;
        panel_says(&room, "Board").await?;
        let stays_out = async |why: &str| {
            room.touch_element("Join").await?;
            panel_says(&room, why).await?;
            room.touch_element("Got it").await?;
            panel_says(&room, "Join").await?;
            Result::<_>::Ok(())
        };

        let other = host.create_room("Elsewhere", &[]).await?;
        stage.servers.token_service_is(TokenWays {
            room: Some(other.clone()),
            ..TokenWays::default()
        });
        stays_out("127.0.0.1 would have led into another meeting").await?;
        let there = stage.servers.participants(&other).await?;
        assert!(there.is_empty(), "{there:?}");

        stage.servers.token_service_is(TokenWays {
            media_server: Some(format!("wss://{}", impostor.at("localhost"))),
            ..TokenWays::default()
        });
        stays_out("does not trust the certificate of localhost").await?;

        // Anna's client is of the kind that everybody follows to the oldest member's media server.
        stage.servers.token_service_is(TokenWays::default());
        let service = format!("https://{}", impostor.at("127.0.0.1"));
        enters_as_oldest_kind(host, matrix_room, &service).await?;
        panel_says(&room, "1 person in the call").await?;
        stays_out("does not trust the certificate of 127.0.0.1").await?;

        leaves_the_call(host, matrix_room).await?;
        room.panel_shows("nobody in the call", saal_suites::PATIENCE, |tree| {
            !shows(tree, "in the call")
        })
        .await?;
        join(&room).await?;
        room.stop().await;
        Ok(())
    })
}

#[test]
fn a_wrong_token_is_said_and_a_right_one_helps_without_a_restart() -> Result<()> {
    run(async {
        let stage = Taken::take().await?;
        let meeting = stage.meeting("Signed out").await?;
        let access_token = Some("wrong".to_owned());
        let options = RoomOptions {
            access_token,
            ..RoomOptions::default()
        };
        let room = Room::start(&stage.servers, &meeting.guest, &options).await?;
        panel_says(&room, "The room is signed out").await?;
        assert!(
            !room.log().contains(&meeting.guest.access_token),
            "tokens stay out of logs"
        );

        let token = room.config().with_file_name("token");
        std::fs::write(token, &meeting.guest.access_token).expect("the room's folder is there");
        let config = std::fs::read_to_string(room.config()).expect("the harness wrote it");
        room.configure(&config)?;
        let tree = panel_says(&room, "Signed out").await?;
        assert!(shows(&tree, &meeting.title));
        join(&room).await?;
        room.stop().await;
        Ok(())
    })
}

#[test]
fn a_room_without_its_camera_says_so_and_joins_with_sound() -> Result<()> {
    run(async {
        let mut stage = Taken::take().await?;
        let camera = "Logitech Rally".to_owned();
        let options = RoomOptions {
            camera,
            ..RoomOptions::default()
        };
        let scene = stage.scene("Blind", &options).await?;
        scene.join().await?;
        panel_says(&scene.room, "No camera found").await?;
        panel_says(&scene.room, "Logitech Rally").await?;
        scene.far_end_hears_the_room().await?;
        scene.television_moves().await?;
        scene.room.stop().await;
        Ok(())
    })
}

#[test]
fn a_malformed_entry_is_reported_and_hides_nothing_else() -> Result<()> {
    run(async {
        let stage = Taken::take().await?;
        let meeting = stage.meeting("Fine").await?;
        let broken = meeting
            .host
            .create_room("Broken", &[&meeting.guest])
            .await?;
        let content = serde_json::json!({ "calendar": [{ "dtstart": 7 }] });
        meeting
            .host
            .send_state(&broken, MEETING, "", &content)
            .await?;
        let room = Room::start(&stage.servers, &meeting.guest, &RoomOptions::default()).await?;
        panel_says(&room, "calendar entry can’t be read").await?;
        let tree = panel_says(&room, "Fine").await?;
        assert!(shows(&tree, "Broken"), "the room is named: {}", tree.text());
        assert!(room.log().contains("calendar entry skipped"));
        join(&room).await?;
        room.stop().await;
        Ok(())
    })
}

#[test]
fn a_title_of_ten_kilobytes_is_drawn_and_joined() -> Result<()> {
    run(async {
        let stage = Taken::take().await?;
        let marks = "\u{0301}".repeat(2_000);
        let title = format!("\u{202E}שלום a{marks} مرحبا 👩‍👩‍👧‍👦 {}", "Ω̷̛".repeat(1_000));
        assert!(title.len() > 10_000);
        let (host, guest) = (stage.user("anna").await?, stage.user("room").await?);
        let matrix_room = host.create_room("Title", &[&guest]).await?;
        let now = now_ms();
        host.schedule(&matrix_room, &title, now - 60_000, now + 3_600_000)
            .await?;
        let room = Room::start(&stage.servers, &guest, &RoomOptions::default()).await?;
        panel_says(&room, "שלום").await?;
        assert!(room.panel_picture().await?.starts_with(b"\x89PNG"));
        join(&room).await?;
        let tree = panel_says(&room, "שלום").await?;
        assert_eq!(tree.screen, "call");
        assert_eq!(room.starts(), 1, "nothing crashed");
        room.stop().await;
        Ok(())
    })
}

#[test]
fn a_refused_configuration_is_shown_and_the_last_good_one_stays() -> Result<()> {
    run(async {
        let stage = Taken::take().await?;
        let meeting = stage.meeting("Steady").await?;
        let room = Room::start(&stage.servers, &meeting.guest, &RoomOptions::default()).await?;
        panel_says(&room, "Steady").await?;
        let good = std::fs::read_to_string(room.config()).expect("the harness wrote it");
        room.configure(&good.replace("language = \"en\"", "langage = \"en\""))?;
        panel_says(&room, "The new settings were refused").await?;
        assert!(
            room.log().contains("line 5: room.langage: unknown field"),
            "{}",
            room.log()
        );
        join(&room).await?;
        room.configure(&good.replace("Raum Lahn", "Raum Fulda"))?;
        let tree = panel_says(&room, "Raum Fulda").await?;
        assert!(!shows(&tree, "refused"));
        assert_eq!(tree.screen, "call", "the call went on");
        room.stop().await;
        Ok(())
    })
}

/// A folder of calendars with one meeting in it, in five minutes; what the configuration says of it.
fn folder_with(stage: &Taken, name: &str, link: &str) -> String {
    let folder = SoonFolder::new(stage.servers.folder(), name).expect("the folder is writable");
    folder
        .add("Board", 5, link)
        .expect("the folder is writable");
    folder.configuration()
}

#[test]
fn a_room_that_is_not_ready_says_so_before_the_meeting_and_one_that_is_does_not() -> Result<()> {
    run(async {
        let stage = Taken::take().await?;
        let meeting = stage.meeting("Board").await?;
        let tried = |status: &saal_control::Status| !status.troubles.is_empty();
        // Nobody listens at the port of discarding (RFC 863).
        let link = "https://127.0.0.1:9/Board";
        let broken = RoomOptions {
            camera: "No such camera".to_owned(),
            more: folder_with(&stage, "broken", link),
            ..RoomOptions::default()
        };
        let room = Room::start(&stage.servers, &meeting.guest, &broken).await?;
        panel_says(&room, "The server of the next meeting does not answer").await?;
        panel_says(&room, "No camera found").await?;
        let status = room
            .status_is("what is wrong", saal_suites::PATIENCE, tried)
            .await?;
        let codes: Vec<&str> = status.troubles.iter().map(|t| t.code.as_str()).collect();
        assert!(codes.contains(&"camera"), "{codes:?}");
        assert!(codes.contains(&"not_ready_server"), "{codes:?}");
        room.touch_element("Without picture").await?;
        panel_says(&room, "This room takes part in").await?;
        let prepared = room.status().await?.prepared;
        assert!(prepared.is_some_and(|of| of.camera_off), "it is told");
        room.touch_element("With picture after all").await?;
        panel_says(&room, "Without picture").await?;
        room.stop().await;

        // Another account: the keys of the first one's device went with its room.
        let meeting = stage.meeting("Sprint Review").await?;
        let link = format!("https://matrix.to/#/{}?via=localhost", meeting.matrix_room);
        let healthy = RoomOptions {
            more: folder_with(&stage, "healthy", &link),
            ..RoomOptions::default()
        };
        let room = Room::start(&stage.servers, &meeting.guest, &healthy).await?;
        for said in ["camera: Moving, microphone: Hears", "the room was tried"] {
            let log = async || Result::Ok(room.log());
            until(said, saal_suites::PATIENCE, log, |log| log.contains(said)).await?;
        }
        assert!(
            !room.log().contains("the room is not ready"),
            "{}",
            room.log()
        );
        let status = room.status().await?;
        assert_eq!(status.troubles, [], "{}", room.log());
        room.stop().await;
        Ok(())
    })
}

/// As behind a proxy that lets web pages through and nothing that stays open.
#[test]
fn a_network_that_blocks_websockets_is_told_before_the_meeting_and_on_the_way_into_it() -> Result<()>
{
    run(async {
        let stage = Taken::take().await?;
        let meeting = stage.meeting("Board").await?;
        let wall = SocketWall::before(stage.servers.media_port()).await?;
        stage.servers.token_service_is(TokenWays {
            media_server: Some(wall.url()),
            ..TokenWays::default()
        });
        let link = format!("https://matrix.to/#/{}?via=localhost", meeting.matrix_room);
        let soon = SoonFolder::new(stage.servers.folder(), "sockets").expect("a folder");
        soon.add("Soon", 9, &link).expect("a file");
        let options = RoomOptions {
            more: soon.configuration(),
            ..RoomOptions::default()
        };
        let room = Room::start(&stage.servers, &meeting.guest, &options).await?;
        panel_says(&room, "The network blocks the next meeting").await?;
        has_troubles(&room, &["not_ready_sockets"]).await?;

        room.touch_element("Join").await?;
        panel_says(&room, "The network blocks a connection").await?;
        has_troubles(&room, &["socket_blocked"]).await?;
        wall.open();
        let inside = |status: &saal_control::Status| status.phase == PhaseName::Call;
        room.status_is("in the call", saal_suites::PATIENCE, inside)
            .await?;
        has_troubles(&room, &[]).await?;
        room.stop().await;
        Ok(())
    })
}
