//! Calendars of real servers, Radicale and Xandikos, and of one that misbehaves.
#![allow(clippy::unwrap_used, reason = "a test")]

mod badly;
mod programs;
mod scheduling;
mod tokens;
mod writing;

use std::{path::Path, sync::Arc, time::Duration};

use jiff::{SignedDuration, Timestamp, tz::TimeZone};
use programs::Server;
use saal_calendar::{CalendarFile, link::JitsiHosts};
use saal_harness::CalendarServer;
use saal_meeting::Secret;
use saal_sources::{Answers, At, Login, News, Pace, Settings, Source, Sources, What};
use url::Url;

/// Whoever does not answer in this time does not answer.
const PATIENCE: Duration = Duration::from_secs(300);

fn settings(keep: Option<&Path>) -> Settings {
    Settings {
        zone: TimeZone::get("Europe/Berlin").unwrap(),
        room: vec!["room@example.org".to_owned()],
        jitsi: JitsiHosts::Any,
        proxy: None,
        taken: "The room is taken at that time.".to_owned(),
        keep: keep.map(Path::to_owned),
    }
}

fn login() -> Option<Login> {
    Some(Login {
        user: "room".to_owned(),
        password: Secret::new(CalendarServer::PASSWORD),
    })
}

fn source(at: At) -> Source {
    Source {
        name: "Room calendar".to_owned(),
        at,
        every: Duration::from_millis(200),
        answers: Answers::Never,
    }
}

fn start(at: At, keep: Option<&Path>) -> Sources {
    Sources::start(vec![source(at)], settings(keep), Pace::new(1))
}

/// An event that is an hour long and begins in so many hours.
fn event(uid: &str, title: &str, hours: i64) -> String {
    let at = Timestamp::now() + SignedDuration::from_hours(hours);
    let utc = |at: Timestamp| {
        TimeZone::UTC
            .to_datetime(at)
            .strftime("%Y%m%dT%H%M%SZ")
            .to_string()
    };
    let (start, end) = (utc(at), utc(at + SignedDuration::from_hours(1)));
    format!(
        "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//example//EN\r\nBEGIN:VEVENT\r\nUID:{uid}\r\n\
         DTSTAMP:20261101T000000Z\r\nDTSTART:{start}\r\nDTEND:{end}\r\nSUMMARY:{title}\r\n\
         LOCATION:https://meet.example.org/{uid}\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
    )
}

fn titles(file: &CalendarFile) -> Vec<String> {
    let now = Timestamp::now();
    let day = SignedDuration::from_hours(24);
    let (found, problems) = file.appointments(now - day, now + day);
    assert!(problems.is_empty(), "{problems:?}");
    found.iter().map(|a| a.title.to_owned()).collect()
}

async fn next(sources: &mut Sources) -> News {
    let next = tokio::time::timeout(PATIENCE, sources.next());
    next.await.expect("the source tells something")
}

/// Waits for a calendar with these titles.
async fn shows(sources: &mut Sources, expected: &[&str]) {
    let mut last = None;
    let wait = async {
        loop {
            match sources.next().await.what {
                What::Read { file, .. } => {
                    let found = titles(&file);
                    if found == expected {
                        return;
                    }
                    last = Some(Ok(found));
                }
                What::Failed { reason } => last = Some(Err(reason)),
                What::Same { .. } => {}
            }
        }
    };
    let told = tokio::time::timeout(PATIENCE, wait).await;
    assert!(told.is_ok(), "expected {expected:?}, seen last {last:?}");
}

/// Waits for a look that fails.
async fn fails(sources: &mut Sources) -> String {
    loop {
        if let What::Failed { reason } = next(sources).await.what {
            return reason;
        }
    }
}

async fn follows(mut server: Server, base: Url) {
    let mut sources = start(
        At::CalDav {
            url: base,
            login: login(),
        },
        None,
    );
    shows(&mut sources, &[]).await;
    server.put("one", &event("one", "Weekly", 2)).await;
    shows(&mut sources, &["Weekly"]).await;
    server.put("two", &event("two", "Board", 3)).await;
    shows(&mut sources, &["Weekly", "Board"]).await;
    server.put("one", &event("one", "Weekly moved", 4)).await;
    shows(&mut sources, &["Board", "Weekly moved"]).await;
    server.delete("two").await;
    shows(&mut sources, &["Weekly moved"]).await;
    server.stop().await;
    fails(&mut sources).await;
    server.begin().await;
    server.put("three", &event("three", "Back again", 5)).await;
    shows(&mut sources, &["Weekly moved", "Back again"]).await;
    server.stop().await;
}

#[tokio::test]
async fn a_calendar_of_radicale_is_found_and_followed() {
    let server = Server::radicale(&[]).await;
    let base = server.base();
    follows(server, base).await;
}

#[tokio::test]
async fn a_calendar_of_xandikos_is_found_and_followed() {
    let server = Server::xandikos(&[]).await;
    let base = server.base();
    follows(server, base).await;
}

/// Ten thousand events on the server's disk before it starts: two today, two thousand within the three weeks that are read.
fn ten_thousand() -> Vec<(String, String)> {
    let old = |n: i64| {
        let uid = format!("old-{n}");
        let text = if n % 5 == 0 {
            event(&uid, "Soon", 48 + n % 400)
        } else {
            event(&uid, "Past", -24 * (40 + n % 2000))
        };
        (uid, text)
    };
    let now = [("a", "First", 1), ("b", "Second", 2)];
    let now = now.map(|(uid, title, hours)| (uid.to_owned(), event(uid, title, hours)));
    (0..9_998).map(old).chain(now).collect()
}

async fn is_no_obstacle(mut server: Server) {
    // By its name alone, as IT has it.
    let url = server.base();
    let login = login();
    let mut sources = start(At::CalDav { url, login }, None);
    shows(&mut sources, &["First", "Second"]).await;
    server.put("c", &event("c", "Third", 3)).await;
    shows(&mut sources, &["First", "Second", "Third"]).await;
    server.delete("a").await;
    shows(&mut sources, &["Second", "Third"]).await;
    server.stop().await;
}

#[tokio::test]
async fn ten_thousand_events_in_radicale_are_no_obstacle() {
    is_no_obstacle(Server::radicale(&ten_thousand()).await).await;
}

#[tokio::test]
async fn ten_thousand_events_in_xandikos_are_no_obstacle() {
    is_no_obstacle(Server::xandikos(&ten_thousand()).await).await;
}

#[tokio::test]
async fn a_wrong_password_is_told_and_not_what_it_is() {
    let mut server = Server::radicale(&[]).await;
    let login = Some(Login {
        user: "room".to_owned(),
        password: Secret::new("hunter2"),
    });
    let url = server.calendar();
    let mut sources = start(At::CalDav { url, login }, None);
    let reason = fails(&mut sources).await;
    assert_eq!(reason, "the server refuses the user or the password");
    server.stop().await;
}

#[tokio::test]
async fn the_last_day_is_known_without_a_network() {
    let keep = tempfile::tempdir().unwrap();
    let mut server = Server::radicale(&[("a".to_owned(), event("a", "Weekly", 1))]).await;
    let url = server.calendar();
    let at = At::CalDav {
        url,
        login: login(),
    };
    let mut sources = start(at.clone(), Some(keep.path()));
    shows(&mut sources, &["Weekly"]).await;
    drop(sources);
    server.stop().await;
    let stopped = Timestamp::now();
    let mut sources = start(at, Some(keep.path()));
    let What::Read { file, at } = next(&mut sources).await.what else {
        panic!("nothing was kept");
    };
    assert_eq!(titles(&file), ["Weekly"]);
    assert!(at <= stopped, "{at}");
    fails(&mut sources).await;
}

#[tokio::test]
async fn files_of_a_folder_are_followed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().to_owned();
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    write("a.ics", &event("a", "Weekly", 1));
    write("notes.txt", "no calendar");
    let mut sources = start(At::Folder { path }, None);
    shows(&mut sources, &["Weekly"]).await;
    write("b.ics", &event("b", "Board", 2));
    shows(&mut sources, &["Weekly", "Board"]).await;
    std::fs::remove_file(folder.path().join("a.ics")).unwrap();
    shows(&mut sources, &["Board"]).await;
    folder.close().unwrap();
    assert!(
        fails(&mut sources).await.contains("No such file"),
        "a folder that is gone"
    );
}

#[tokio::test]
async fn a_source_that_fails_hides_no_other() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("a.ics"), event("a", "Weekly", 1)).unwrap();
    let missing = At::Folder {
        path: folder.path().join("missing"),
    };
    let there = At::Folder {
        path: folder.path().to_owned(),
    };
    let named = |name: &str, at| Source {
        name: name.to_owned(),
        ..source(at)
    };
    let sources = vec![named("missing", missing), named("there", there)];
    let mut sources = Sources::start(sources, settings(None), Pace::new(1));
    let (mut failed, mut read) = (false, None::<Arc<CalendarFile>>);
    while !failed || read.is_none() {
        let news = next(&mut sources).await;
        match news.what {
            What::Failed { .. } => {
                assert_eq!(news.source, "missing");
                failed = true;
            }
            What::Read { file, .. } => read = Some(file),
            What::Same { .. } => {}
        }
    }
    assert_eq!(titles(&read.unwrap()), ["Weekly"]);
}
