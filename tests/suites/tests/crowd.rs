//! As many people as a large meeting has, on a real media server.

use std::{
    collections::BTreeSet,
    io::Write,
    time::{Duration, Instant},
};

use saal_control::{Arrange, Request, Status};
use saal_harness::{PanelTree, Room, RoomOptions, User, call_room, run, until};
use saal_suites::{
    Meeting, PATIENCE, Result, Taken, enters_as_oldest_kind, in_call,
    light::{LightPublisher, Recording, Size},
};

/// With the room.
const PEOPLE: usize = 49;
/// Tiles of a page.
const PLACES: usize = 16;
/// How long a page is looked at, for the figures.
const LOOKED_AT: Duration = Duration::from_secs(10);
const SEED: u64 = 7;

/// Somebody who sends.
struct Person {
    user: User,
    publisher: LightPublisher,
}

/// Everybody else, one after the other.
async fn crowd(stage: &Taken, meeting: &Meeting) -> Result<Vec<Person>> {
    let recording = Recording::of_pictures(SEED, Size::Small).await;
    let recording = recording.expect("GStreamer encodes");
    let media = stage.servers.media();
    let room = call_room(&meeting.matrix_room);
    let mut people = Vec::new();
    for number in 1..PEOPLE {
        let user = stage.invited(meeting, &format!("person{number}")).await?;
        let service = stage.servers.token_service();
        enters_as_oldest_kind(&user, &meeting.matrix_room, service).await?;
        let identity = format!("{}:{}", user.user_id, user.device_id);
        let token = media.entrance(&room, &identity).await?;
        let publisher = LightPublisher::join(&media.url(), &token, recording.clone()).await;
        let publisher = publisher.expect("the media server lets people in");
        people.push(Person { user, publisher });
    }
    Ok(people)
}

fn others(status: &Status) -> usize {
    let call = status.call.as_ref();
    call.map_or(0, |call| {
        call.participants.iter().filter(|one| one.camera).count()
    })
}

/// Pictures so far, by whose they are.
fn pictures(status: &Status) -> Vec<(String, u64)> {
    let received = status.media.iter().flat_map(|media| &media.received_video);
    received
        .map(|video| (video.participant.clone(), video.frames_decoded))
        .collect()
}

/// Whose pictures come within a few seconds.
async fn seen(room: &Room) -> Result<BTreeSet<String>> {
    let before = pictures(&room.status().await?);
    tokio::time::sleep(Duration::from_secs(3)).await;
    let mut moved = pictures(&room.status().await?);
    moved.retain(|(who, count)| {
        let earlier = before.iter().find(|(of, _)| of == who);
        earlier.is_none_or(|(_, earlier)| count > earlier) && *count > 0
    });
    Ok(moved.into_iter().map(|(who, _)| who).collect())
}

/// Turns to a page and waits until this many people move there; who they are.
async fn turn(room: &Room, page: usize, people: usize) -> Result<BTreeSet<String>> {
    let how = Arrange::Page(page);
    room.ask(Request::Arrange { how }).await?;
    let what = format!("{people} people on page {page}");
    until(
        &what,
        PATIENCE * 2,
        async || seen(room).await,
        |seen| seen.len() == people,
    )
    .await
}

/// Past the runner's capture: what a large meeting costs is worth seeing each time.
async fn say_what_it_costs(room: &Room) -> Result<()> {
    let look = async || -> Result<_> {
        let status = room.status().await?;
        let connections = status.media.iter().flat_map(|media| &media.connections);
        let received: u64 = connections.map(|one| one.bytes_received).sum();
        Ok((Instant::now(), room.usage(), received))
    };
    let (at, before, bytes) = look().await?;
    tokio::time::sleep(LOOKED_AT).await;
    let (later, after, more) = look().await?;
    let seconds = (later - at).as_secs_f64();
    let cpu = (after.processor - before.processor).as_secs_f64() / seconds * 100.0;
    let kbit = more.saturating_sub(bytes) as f64 * 8.0 / 1e3 / seconds;
    let _ = writeln!(
        std::io::stderr(),
        "{PEOPLE} people: {cpu:.0} % of a core for daemon and engine, {kbit:.0} kbit/s received, {} MiB",
        after.pss_kib / 1024,
    );
    Ok(())
}

#[test]
#[ignore = "takes minutes: everybody enters a real call one after the other"]
fn forty_nine_people_are_turned_to_page_by_page_and_the_room_stays_alive() -> Result<()> {
    run(async {
        let stage = Taken::take().await?;
        let meeting = stage.meeting("Assembly").await?;
        let people = crowd(&stage, &meeting).await?;
        let options = RoomOptions::default();
        let room = Room::start(&stage.servers, &meeting.guest, &options).await?;
        // So large a Matrix room is read for a while.
        let offered = |tree: &PanelTree| tree.find("Join").is_some();
        room.panel_shows("the meeting", PATIENCE * 2, offered)
            .await?;
        room.touch_element("Join").await?;
        in_call(&room).await?;
        let all = |status: &Status| others(status) == PEOPLE - 1;
        room.status_is("everybody", PATIENCE * 3, all).await?;
        // Somebody looks at the television, else nothing is received for it.
        let mut onlooker = room.look().await?;
        let looking = tokio::spawn(async move { while onlooker.look().await.is_ok() {} });
        let pid = room.status().await?.engine.pid;
        let mut met = BTreeSet::new();
        for (page, left) in (0..).zip((1..PEOPLE).rev().step_by(PLACES)) {
            let there = turn(&room, page, left.min(PLACES)).await?;
            assert!(met.is_disjoint(&there), "page {page}: {there:?} again");
            met.extend(there);
            say_what_it_costs(&room).await?;
        }
        assert_eq!(met.len(), PEOPLE - 1, "everybody was on a page");
        turn(&room, 0, PLACES).await?;

        let status = room.status().await?;
        assert_eq!(status.engine.pid, pid, "the engine did not die");
        assert!(status.troubles.is_empty(), "{:?}", status.troubles);
        let silent = people.iter().filter(|person| !person.publisher.is_there());
        let gone: Vec<_> = silent.map(|person| &person.user.user_id).collect();
        assert!(gone.is_empty(), "the media server sent {gone:?} away");
        looking.abort();
        room.stop().await;
        Ok(())
    })
}
