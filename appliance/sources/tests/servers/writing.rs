//! What the room writes into its calendars.

use saal_sources::{Change, ChangeError, Edit, NewEvent, Writer};

use super::*;

fn answering(at: At) -> Sources {
    let source = Source {
        answers: Answers::WhenFree,
        ..source(at)
    };
    Sources::start(vec![source], settings(None), Pace::new(1))
}

/// An event to which the room is invited.
fn invitation(uid: &str, title: &str, hours: i64) -> String {
    let attendees = "ORGANIZER:mailto:alice@example.org\r\n\
                     ATTENDEE;CUTYPE=ROOM;PARTSTAT=NEEDS-ACTION;RSVP=TRUE:mailto:room@example.org\r\n";
    event(uid, title, hours).replace("LOCATION:", &format!("{attendees}LOCATION:"))
}

async fn answers_invitations(mut server: Server, base: Url) {
    server.put("board", &event("board", "Board", 5)).await;
    let login = login();
    let mut sources = answering(At::CalDav { url: base, login });
    shows(&mut sources, &["Board"]).await;
    server.put("free", &invitation("free", "Free", 3)).await;
    while !server.get("free").await.contains("PARTSTAT=ACCEPTED") {
        next(&mut sources).await;
    }
    server.put("taken", &invitation("taken", "Taken", 5)).await;
    while !server.get("taken").await.contains("PARTSTAT=DECLINED") {
        next(&mut sources).await;
    }
    let taken = server.get("taken").await;
    assert!(taken.contains("COMMENT:The room is taken"), "{taken}");
    // What the room declined is not shown.
    server.put("later", &event("later", "Later", 7)).await;
    shows(&mut sources, &["Free", "Board", "Later"]).await;
    server.stop().await;
}

#[tokio::test]
async fn invitations_in_radicale_are_answered() {
    let server = Server::radicale(&[]).await;
    let base = server.base();
    answers_invitations(server, base).await;
}

#[tokio::test]
async fn invitations_in_xandikos_are_answered() {
    let server = Server::xandikos(&[]).await;
    let base = server.base();
    answers_invitations(server, base).await;
}

fn booking() -> (NewEvent, Change) {
    let start = Timestamp::now();
    let event = NewEvent {
        uid: "booked@room".to_owned(),
        title: "Booked at the panel".to_owned(),
        start,
        end: start + SignedDuration::from_mins(30),
        link: None,
    };
    (event.clone(), Change::Book(event))
}

/// A booking of the room's own, and what becomes of it.
async fn books(sources: &mut Sources, writer: &Writer) {
    let name = "Room calendar";
    assert_eq!(writer.writable().collect::<Vec<_>>(), [name]);
    shows(sources, &[]).await;
    let (event, book) = booking();
    writer.change(name, book.clone()).await.unwrap();
    shows(sources, &["Booked at the panel"]).await;
    let again = writer.change(name, book).await;
    assert_eq!(again, Err(ChangeError::Conflict), "it is there already");
    // As calendars have it: without fractions.
    let planned = Timestamp::from_second(event.start.as_second()).unwrap();
    let later = planned + SignedDuration::from_hours(1);
    let meeting = |edit| Change::Meeting {
        uid: event.uid.clone(),
        planned: None,
        edit,
    };
    let came = Edit::CheckIn { at: planned };
    writer.change(name, meeting(came)).await.unwrap();
    writer
        .change(name, meeting(Edit::End { at: later }))
        .await
        .unwrap();
    loop {
        let What::Read { file, .. } = next(sources).await.what else {
            continue;
        };
        let (found, _) = file.appointments(planned, later);
        let told = found.first().map(|a| (a.end, a.checked_in));
        if told == Some((later, Some(planned))) {
            break;
        }
    }
    let reason = "Nobody came.".to_owned();
    writer
        .change(name, meeting(Edit::Release { reason }))
        .await
        .unwrap();
    shows(sources, &[]).await;
    let gone = writer
        .change(name, meeting(Edit::CheckIn { at: planned }))
        .await;
    assert_eq!(gone, Err(ChangeError::Unknown));
}

/// What the organiser changes between two looks stays, and the room's part is written beside it (412).
async fn writes_nothing_over(server: &mut Server, at: At) {
    server
        .put("theirs", &invitation("theirs", "Weekly", 2))
        .await;
    let seldom = Source {
        every: Duration::from_secs(3600),
        ..source(at)
    };
    let mut sources = Sources::start(vec![seldom], settings(None), Pace::new(1));
    let What::Read { .. } = next(&mut sources).await.what else {
        panic!("not read");
    };
    let moved = invitation("theirs", "Weekly, moved", 2).replace("SUMMARY", "X-NEW:1\r\nSUMMARY");
    server.put("theirs", &moved).await;
    let release = Change::Meeting {
        uid: "theirs".to_owned(),
        planned: None,
        edit: Edit::Release {
            reason: "Nobody came.".to_owned(),
        },
    };
    let writer = sources.writer();
    writer.change("Room calendar", release).await.unwrap();
    let text = server.get("theirs").await;
    assert!(
        text.contains("X-NEW:1") && text.contains("PARTSTAT=DECLINED"),
        "{text}"
    );
    assert!(text.contains("COMMENT:Nobody came."), "{text}");
    shows(&mut sources, &[]).await;
}

async fn is_written(mut server: Server) {
    let (url, login) = (server.base(), login());
    let at = At::CalDav { url, login };
    let mut sources = start(at.clone(), None);
    let writer = sources.writer();
    books(&mut sources, &writer).await;
    server.stop().await;
    let (_, book) = booking();
    let failed = writer.change("Room calendar", book).await;
    assert!(matches!(failed, Err(ChangeError::Failed(_))), "{failed:?}");
    drop(sources);
    server.begin().await;
    writes_nothing_over(&mut server, at).await;
    server.stop().await;
}

#[tokio::test]
async fn a_room_is_booked_extended_and_released_in_radicale() {
    is_written(Server::radicale(&[]).await).await;
}

#[tokio::test]
async fn a_room_is_booked_extended_and_released_in_xandikos() {
    is_written(Server::xandikos(&[]).await).await;
}

#[tokio::test]
async fn a_room_is_booked_extended_and_released_in_a_folder() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().to_owned();
    let mut sources = start(At::Folder { path }, None);
    let writer = sources.writer();
    books(&mut sources, &writer).await;
}
