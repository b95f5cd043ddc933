//! Servers whose sync-tokens (RFC 6578) are refused, cut short, moved on without a word, or from before a backup.

use std::sync::{Arc, Mutex, MutexGuard};

use saal_calendar::{Reading, caldav::CalDav};

use super::{
    badly::{self, Answer, Asked, CALENDAR, dav, look, multistatus, resource, status},
    *,
};

/// What the server does with a token that is not its latest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Lie {
    /// Tells all that changed.
    None,
    /// Knows no token any more: this status, and whether it says why.
    Refuses(u16, bool),
    /// Tells no more than two changes at a time (RFC 6578 section 3.6).
    Truncates,
    /// Tells of no event with this in its name.
    Withholds(&'static str),
}

/// A calendar with a number for each change.
struct Store {
    events: Vec<(String, String, u64)>,
    revision: u64,
    lie: Lie,
    /// Questions for changes, and for all events.
    asked: (u32, u32),
}

impl Store {
    fn put(&mut self, name: &str, text: &str) {
        self.revision += 1;
        self.events.retain(|(known, ..)| known != name);
        let new = (name.to_owned(), text.to_owned(), self.revision);
        self.events.push(new);
    }

    fn answer(&mut self, asked: &Asked) -> Answer {
        if asked.method == "PROPFIND" {
            let token = token(self.revision);
            return multistatus(&resource("/cal/", &format!("{CALENDAR}{token}{SYNCS}")));
        }
        if asked.body.contains("sync-collection") {
            self.asked.0 += 1;
            return self.changes(&asked.body);
        }
        let with_data = asked.body.contains("calendar-data");
        let wanted = |name: &str| {
            !asked.body.contains("multiget") || asked.body.contains(&format!("/cal/{name}.ics<"))
        };
        self.asked.1 += u32::from(asked.body.contains("time-range") && with_data);
        let events = self.events.iter().filter(|(name, ..)| wanted(name));
        multistatus(
            &events
                .map(|event| object(event, with_data))
                .collect::<String>(),
        )
    }

    fn changes(&self, body: &str) -> Answer {
        let since = body.split_once("data:").unwrap().1;
        let since: u64 = since.split('<').next().unwrap().parse().unwrap();
        let mut changed: Vec<_> = self.events.iter().filter(|(.., at)| *at > since).collect();
        changed.sort_by_key(|(.., at)| *at);
        match self.lie {
            Lie::Refuses(with, says) if since < self.revision => {
                let why = "<d:error xmlns:d=\"DAV:\"><d:valid-sync-token/></d:error>";
                let body = if says { why } else { "" };
                return status(with).body(axum::body::Body::from(body)).unwrap();
            }
            Lie::Withholds(what) => changed.retain(|(name, ..)| !name.contains(what)),
            Lie::Truncates if changed.len() > 2 => {
                changed.truncate(2);
                let told: String = changed.iter().map(|event| object(event, false)).collect();
                let more = "<d:response><d:href>/cal/</d:href>\
                            <d:status>HTTP/1.1 507 Insufficient Storage</d:status></d:response>";
                return multistatus(&format!("{told}{more}{}", token(changed[1].2)));
            }
            _ => {}
        }
        let told: String = changed.iter().map(|event| object(event, false)).collect();
        multistatus(&format!("{told}{}", token(self.revision)))
    }
}

const SYNCS: &str = "<d:supported-report-set><d:supported-report><d:report><d:sync-collection/>\
                     </d:report></d:supported-report></d:supported-report-set>";

fn token(revision: u64) -> String {
    format!("<d:sync-token>data:{revision}</d:sync-token>")
}

fn object((name, text, at): &(String, String, u64), with_data: bool) -> String {
    let data = match with_data {
        true => format!("<c:calendar-data>{text}</c:calendar-data>"),
        false => String::new(),
    };
    let etag = format!("<d:getetag>\"{at}\"</d:getetag>");
    resource(&format!("/cal/{name}.ics"), &format!("{etag}{data}"))
}

/// A store and the server that tells of it.
struct Calendar {
    store: Arc<Mutex<Store>>,
    server: badly::Server,
}

impl Calendar {
    async fn with(lie: Lie) -> Self {
        let mut store = Store {
            events: Vec::new(),
            revision: 0,
            lie,
            asked: (0, 0),
        };
        store.put("a", &event("a", "First", 1));
        let store = Arc::new(Mutex::new(store));
        let answers = store.clone();
        let server = badly::Server::start(move |asked| answers.lock().unwrap().answer(asked)).await;
        Self { store, server }
    }

    fn store(&self) -> MutexGuard<'_, Store> {
        self.store.lock().unwrap()
    }

    fn sources(&self) -> Sources {
        start(dav(self.server.url.clone()), None)
    }

    fn dav(&self) -> CalDav {
        CalDav::new(self.server.url.join("cal/").unwrap(), Reading::WEEKS)
    }
}

#[tokio::test]
async fn a_token_that_is_not_known_any_more_costs_no_meeting() {
    for lie in [
        Lie::Refuses(403, true),
        Lie::Refuses(410, false),
        Lie::Refuses(409, true),
    ] {
        let calendar = Calendar::with(lie).await;
        let mut sources = calendar.sources();
        shows(&mut sources, &["First"]).await;
        calendar.store().put("b", &event("b", "Second", 2));
        shows(&mut sources, &["First", "Second"]).await;
        calendar.store().events.remove(0);
        calendar.store().revision += 1;
        shows(&mut sources, &["Second"]).await;
    }
}

#[tokio::test]
async fn changes_that_are_told_in_parts_are_all_there() {
    let calendar = Calendar::with(Lie::Truncates).await;
    let mut sources = calendar.sources();
    shows(&mut sources, &["First"]).await;
    let before = calendar.store().asked.1;
    {
        let mut store = calendar.store();
        for n in 2..=8 {
            let (name, title) = (format!("n{n}"), format!("Number {n}"));
            store.put(&name, &event(&name, &title, n));
        }
    }
    let numbers: Vec<String> = (2..=8).map(|n| format!("Number {n}")).collect();
    let mut expected = vec!["First"];
    expected.extend(numbers.iter().map(String::as_str));
    shows(&mut sources, &expected).await;
    assert_eq!(calendar.store().asked.1, before, "by the token alone");
}

/// Somebody imported a life: more than is asked for one by one.
#[tokio::test]
async fn more_than_five_hundred_changes_at_once_are_all_there() {
    let calendar = Calendar::with(Lie::None).await;
    let mut sources = calendar.sources();
    shows(&mut sources, &["First"]).await;
    {
        let mut store = calendar.store();
        for n in 0..700 {
            let name = format!("n{n}");
            store.put(&name, &event(&name, "Imported", 48 + n % 400));
        }
        store.put("z", &event("z", "Last", 2));
    }
    shows(&mut sources, &["First", "Last"]).await;
    let mut dav = calendar.dav();
    look(&mut dav, Timestamp::now()).await;
    assert_eq!(dav.objects().count(), 702);
}

#[tokio::test]
async fn an_event_that_the_token_passes_over_is_found_within_the_half_hour() {
    let calendar = Calendar::with(Lie::Withholds("secret")).await;
    let (mut dav, now) = (calendar.dav(), Timestamp::now());
    look(&mut dav, now).await;
    calendar.store().put("secret", &event("s", "Withheld", 2));
    calendar.store().put("b", &event("b", "Second", 3));
    look(&mut dav, now + SignedDuration::from_secs(15)).await;
    assert_eq!(dav.objects().count(), 2, "the token has told of one");
    look(&mut dav, now + SignedDuration::from_mins(31)).await;
    assert_eq!(dav.objects().count(), 3);
}

#[tokio::test]
async fn a_server_from_before_a_backup_is_followed_back() {
    let calendar = Calendar::with(Lie::None).await;
    let (mut dav, now) = (calendar.dav(), Timestamp::now());
    let backup = calendar.store().events.clone();
    calendar.store().put("b", &event("b", "Second", 2));
    calendar.store().put("c", &event("c", "Third", 3));
    look(&mut dav, now).await;
    assert_eq!(dav.objects().count(), 3);
    // It knows nothing of the tokens that it gave since, and numbers its changes anew.
    (calendar.store().events, calendar.store().revision) = (backup, 1);
    look(&mut dav, now + SignedDuration::from_secs(15)).await;
    calendar.store().put("d", &event("d", "Since then", 4));
    look(&mut dav, now + SignedDuration::from_secs(30)).await;
    let has = |dav: &CalDav, name: &str| dav.objects().any(|(url, _)| url.path().contains(name));
    assert!(has(&dav, "/d.ics"), "what comes since is there at once");
    look(&mut dav, now + SignedDuration::from_mins(31)).await;
    assert!(!has(&dav, "/b.ics") && !has(&dav, "/c.ics"), "it never was");
    assert!(has(&dav, "/a.ics") && has(&dav, "/d.ics"));
}
