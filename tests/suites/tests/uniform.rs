//! One interface for every meeting service: the meeting stands in the room's schedule, a touch on Join enters it, every
//! control is touched, and the panel shows the same states whichever service it is.

use std::path::Path;

use jiff::{SignedDuration, Timestamp};
use saal_harness::{
    CalendarProgram, CalendarServer, Channel, FarEndOptions, Https, JitsiJoin, JitsiOptions,
    PanelTree, Room, RoomOptions, run, until,
};
use saal_suites::{
    Onlooker, PATIENCE, Result, Taken, far_end_hears_nothing, far_end_hears_seconds,
    far_end_sees_frames, far_end_sees_nobody, jitsi::JitsiTaken, loudspeaker_sounds, panel_says,
    television_is_idle, television_moves,
};

const TITLE: &str = "Weekly";
/// Of the far end's pictures, other than the room's.
const FAR_END_SEED: u64 = 5;

/// What can be touched at home.
const HOME: &str = "button Display and accessibility; button Join; button Another meeting";
/// A call with one other person, with the microphone and the camera as named.
const CALL: &str = "heading Weekly; status 1 other person; listitem NAME; \
                    switch Microphone MICROPHONE; switch Camera CAMERA; button More; button Leave";

#[test]
fn matrix_meetings_are_entered_and_controlled_by_touch() -> Result<()> {
    run(async {
        let mut stage = Taken::take().await?;
        let scene = stage.scene(TITLE, &RoomOptions::default()).await?;
        let name = scene.meeting.host.user_id.trim_start_matches('@');
        let name = name.split(':').next().unwrap_or_default();
        walk(&scene.room, (&scene.host).into(), name).await?;
        scene.meeting.membership_is(false, PATIENCE).await?;
        scene.room.stop().await;
        Ok(())
    })
}

#[test]
fn jitsi_meetings_are_entered_and_controlled_by_touch() -> Result<()> {
    run(async {
        let stage = JitsiTaken::take().await?;
        let meeting = stage.meeting(TITLE, &JitsiJoin::named("Anna")).await?;
        walk(&meeting.room, (&meeting.host).into(), "Anna").await?;
        meeting.room.stop().await;
        Ok(())
    })
}

/// Touches everything there is, in the order of a meeting; the far end notices each.
async fn walk(room: &Room, far_end: Onlooker<'_>, name: &str) -> Result<()> {
    let call = |microphone: &str, camera: &str| {
        let shown = CALL.replace("NAME", name).replace("MICROPHONE", microphone);
        shown.replace("CAMERA", camera)
    };
    panel_is(room, "home", HOME).await?;
    room.panel_shows("the meeting's title", PATIENCE, |tree| {
        tree.text().contains(TITLE)
    })
    .await?;

    room.touch_element("Join").await?;
    panel_is(room, "call", &call("on", "on")).await?;
    television_moves(room).await?;
    loudspeaker_sounds(room).await?;
    far_end_sees_frames(far_end).await?;
    far_end_hears_seconds(far_end).await?;

    room.touch_element("Microphone").await?;
    panel_is(room, "call", &call("off", "on")).await?;
    far_end_hears_nothing(far_end).await?;
    room.touch_element("Camera").await?;
    panel_is(room, "call", &call("off", "off")).await?;
    far_end_sees_nobody(far_end).await?;
    room.touch_element("Microphone").await?;
    panel_is(room, "call", &call("on", "off")).await?;
    far_end_hears_seconds(far_end).await?;
    room.touch_element("Camera").await?;
    panel_is(room, "call", &call("on", "on")).await?;
    far_end_sees_frames(far_end).await?;

    room.touch_element("Leave").await?;
    panel_is(room, "home", HOME).await?;
    television_is_idle(room).await?;
    far_end_sees_nobody(far_end).await
}

/// Waits until the panel shows this screen with these elements.
async fn panel_is(room: &Room, screen: &str, elements: &str) -> Result<()> {
    let what = format!("{screen} with {elements}");
    room.panel_shows(&what, PATIENCE, |tree| {
        tree.screen == screen && shown(tree) == elements
    })
    .await
    .map(drop)
}

/// What a screen reader would name, without what depends on the time of day or the calendar: at home what can be touched,
/// in a call everything but the clocks.
fn shown(tree: &PanelTree) -> String {
    let home = tree.screen == "home";
    let told = tree.elements.iter().filter(|element| {
        let control = matches!(element.role.as_str(), "button" | "switch" | "radio");
        let words = matches!(
            element.role.as_str(),
            "heading" | "status" | "listitem" | "alert"
        );
        control || (words && !home && element.id != "room")
    });
    let lines = told.map(|element| {
        let switched = match element.state.pressed {
            Some(true) => " on",
            Some(false) => " off",
            None => "",
        };
        let off = if element.state.disabled {
            " disabled"
        } else {
            ""
        };
        format!("{} {}{switched}{off}", element.role, element.label)
    });
    lines.collect::<Vec<_>>().join("; ")
}

/// What a room that is told nothing of the authority says of the meeting's server.
const UNTRUSTED: &str = "does not trust the certificate of 127.0.0.1";

/// The installation has TLS, its bridge channel too, and the calendar's server another certificate of another authority.
#[test]
fn servers_of_an_authority_of_its_own_are_trusted_while_the_configuration_names_it() -> Result<()> {
    run(async {
        let mut stage = JitsiTaken::take().await?;
        let names = vec!["127.0.0.1".to_owned()];
        let options = JitsiOptions {
            https: names,
            channel: Channel::WebSocket,
            ..JitsiOptions::default()
        };
        let Some((servers, _)) = stage.install("an authority of its own", options).await? else {
            return Ok(());
        };
        let folder = servers.folder();
        let calendar = CalendarServer::start(CalendarProgram::Radicale, folder).await?;
        let secure = Https::before(folder, &["localhost"], calendar.port()).await?;
        calendar.put("board", &soon("Board")).await?;
        let calendar_options = RoomOptions {
            more: calendar_over(&secure, folder),
            ..RoomOptions::default()
        };
        let options = calendar_options.with_meeting(TITLE, &servers.link("weekly"));
        let room = Room::standing(folder, &options).await?;
        let before = std::fs::read_to_string(room.config()).expect("the harness wrote it");
        panel_says(&room, "One calendar does not answer").await?;
        is_refused(&room).await?;

        let jitsi = servers.authority().expect("it has TLS");
        let both = [jitsi, secure.authority()].map(|file| std::fs::read(file).expect("PEM"));
        let file = room.config().with_file_name("own.pem");
        std::fs::write(file, both.concat()).expect("the room's folder is there");
        let trusting = format!("{before}\n[network]\nauthorities_file = \"own.pem\"\n");
        room.configure(&trusting)?;
        panel_says(&room, "Board").await?;
        assert_eq!(room.starts(), 1, "it is the same process");
        let coded = FarEndOptions::coded(servers.tools(), FAR_END_SEED)?;
        let browser = servers.browser(&coded).await?;
        let named = JitsiJoin::named("Anna");
        let anna = servers.join(&browser, "weekly", &named).await?;
        enters(&room).await?;
        television_moves(&room).await?;
        far_end_sees_frames(&anna).await?;

        // Whom it no longer trusts it stays with until it leaves.
        room.configure(&before)?;
        let told = async || Result::Ok(room.log());
        let twice = |log: &String| log.matches("configuration read again").count() == 2;
        until("the configuration", PATIENCE, told, twice).await?;
        far_end_sees_frames(&anna).await?;
        room.touch_element("Leave").await?;
        let anew = |log: &String| log.matches("begins anew").count() == 2;
        until("another start", PATIENCE, told, anew).await?;
        is_refused(&room).await?;
        assert_eq!(room.starts(), 1);
        room.stop().await;
        Ok(())
    })
}

#[test]
fn a_home_server_of_an_authority_of_its_own_is_signed_in_to() -> Result<()> {
    run(async {
        let mut stage = Taken::take().await?;
        let folder = stage.servers.folder().to_owned();
        let port = stage.servers.homeserver().rsplit(':').next();
        let port = port.and_then(|port| port.trim_end_matches('/').parse().ok());
        let secure = Https::before(&folder, &["localhost"], port.expect("it has one")).await?;
        let authority = secure.authority();
        let options = RoomOptions {
            homeserver: Some(format!("https://localhost:{}", secure.port())),
            more: format!("[network]\nauthorities_file = {authority:?}\n"),
            ..RoomOptions::default()
        };
        let scene = stage.scene(TITLE, &options).await?;
        panel_says(&scene.room, TITLE).await?;
        scene.join().await?;
        scene.far_end_sees_the_room().await?;
        scene.room.stop().await;
        Ok(())
    })
}

/// A touch on Join of the standing meeting, and what the panel says then.
async fn is_refused(room: &Room) -> Result<()> {
    panel_says(room, TITLE).await?;
    room.touch_element("Join").await?;
    panel_says(room, UNTRUSTED).await?;
    room.touch_element("Got it").await?;
    Ok(())
}

/// What a room's configuration says of a calendar with TLS; its password comes into `folder`.
fn calendar_over(secure: &Https, folder: &Path) -> String {
    let password = folder.join("calendar-password");
    std::fs::write(&password, CalendarServer::PASSWORD).expect("the run's folder is writable");
    let (base, user) = (
        format!("https://localhost:{}/", secure.port()),
        CalendarServer::USER,
    );
    format!(
        "[[calendars]]\nname = \"Calendar\"\ncaldav = {base:?}\nuser = {user:?}\n\
         password_file = {password:?}\nevery_seconds = 5\n"
    )
}

/// A meeting of half an hour that begins in a quarter of one.
fn soon(title: &str) -> String {
    let utc = |minutes: i64| {
        let at = Timestamp::now() + SignedDuration::from_mins(minutes);
        at.strftime("%Y%m%dT%H%M%SZ").to_string()
    };
    let (from, to) = (utc(15), utc(45));
    format!(
        "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//example//EN\r\nBEGIN:VEVENT\r\nUID:{title}\r\n\
         DTSTAMP:20261101T000000Z\r\nDTSTART:{from}\r\nDTEND:{to}\r\nSUMMARY:{title}\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
    )
}

async fn enters(room: &Room) -> Result<()> {
    room.touch_element("Join").await?;
    let in_call = |status: &saal_control::Status| status.phase == saal_control::PhaseName::Call;
    room.status_is("the call", PATIENCE, in_call).await?;
    Ok(())
}
