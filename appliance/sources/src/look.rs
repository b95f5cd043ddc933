//! One source, looked at again and again.

use std::{
    collections::BTreeMap,
    hash::{DefaultHasher, Hasher as _},
    sync::Arc,
    time::Duration,
};

use jiff::{SignedDuration, Timestamp};
use saal_calendar::{
    CalendarFile, Reading, Shape,
    caldav::CalDav,
    edit::{self, Change, Context},
};
use tokio::{sync::mpsc, task, time};
use tracing::{info, warn};

use crate::{
    Answers, At, ChangeError, Failure, News, Pace, Settings, Source, What,
    answering::{Known, addresses},
    caldav::{self, Changing},
    feed, folder,
    inbox::Inbox,
    kept::Kept,
    names::NameServers,
    writer::Wish,
};

/// A calendar is read for weeks around now; so often it is read anew, though nothing changed.
const ANEW: SignedDuration = SignedDuration::from_hours(12);
/// What is read anew was made smaller: it has no more than what matters within so long.
const SMALLER: SignedDuration = SignedDuration::from_hours(21 * 24);
/// So often a calendar is fetched whole, though it says that nothing changed.
const WHOLE: SignedDuration = SignedDuration::from_hours(7 * 24);

/// What a look brought.
enum Seen {
    Same,
    /// All files of the calendar.
    New(Vec<Vec<u8>>),
}

/// What all sources of the room share.
pub(crate) struct Room {
    pub(crate) settings: Arc<Settings>,
    /// Or why there is none.
    pub(crate) client: Result<reqwest::Client, String>,
    pub(crate) known: Arc<Known>,
    pub(crate) told: mpsc::Sender<News>,
    /// How far ahead calendars are read.
    pub(crate) ahead: SignedDuration,
}

/// What a source remembers from look to look.
pub(crate) struct Looker {
    pub(crate) source: Source,
    pub(crate) room: Room,
    pub(crate) client: reqwest::Client,
    names: NameServers,
    pub(crate) dav: Option<CalDav>,
    /// There may be invitations that wait for an answer.
    pub(crate) unanswered: bool,
    /// Objects whose answer the server refused, by UID.
    pub(crate) refused: BTreeMap<String, String>,
    pub(crate) inbox: Inbox,
    /// Why the last look failed, as it was told.
    failing: Option<String>,
    version: feed::Version,
    listing: Option<folder::Listing>,
    /// Of the whole feed, to know it by.
    sum: Option<u64>,
    /// The feed was a calendar to its end the last time.
    has_end: bool,
    /// To be read anew, with what matters within [`SMALLER`].
    files: Vec<Vec<u8>>,
    read: Option<Timestamp>,
    /// When it was whole.
    whole: Option<Timestamp>,
}

/// Until nobody listens any more.
pub(crate) async fn again_and_again(
    source: Source,
    room: Room,
    pace: Pace,
    mut wishes: mpsc::Receiver<Wish>,
) {
    let (name, told) = (source.name.clone(), room.told.clone());
    let mut looker = match Looker::new(source, room) {
        Ok(looker) => looker,
        Err(failure) => {
            let reason = failure.to_string();
            let what = What::Failed { reason };
            let _ = told.send(News { source: name, what }).await;
            return;
        }
    };
    looker.tell_kept().await;
    let (mut failures, mut turn) = (0_u32, 0_u64);
    while !told.is_closed() {
        let mut pause = Duration::ZERO;
        match looker.look().await {
            Ok(()) => failures = 0,
            Err(failure) => {
                failures = failures.saturating_add(1);
                pause = failure.pause().unwrap_or_default();
                looker.tell_failure(&failure).await;
            }
        }
        turn += 1;
        pause = pause.max(pace.pause(looker.source.every, failures, turn));
        tokio::select! {
            () = time::sleep(pause) => {}
            Some(wish) = wishes.recv() => looker.fulfil(wish).await,
        }
    }
}

impl Looker {
    fn new(source: Source, room: Room) -> Result<Self, Failure> {
        let client = room.client.clone().map_err(Failure::Http)?;
        let dav = match &source.at {
            At::CalDav { url, .. } => Some(CalDav::new(url.clone(), room.ahead)),
            _ => None,
        };
        Ok(Self {
            source,
            room,
            client,
            names: NameServers::System,
            dav,
            unanswered: true,
            refused: BTreeMap::new(),
            inbox: Inbox::default(),
            failing: None,
            version: feed::Version::default(),
            listing: None,
            sum: None,
            has_end: false,
            files: Vec::new(),
            read: None,
            whole: None,
        })
    }

    /// Looks, answers what is new, and looks again at what came of it.
    async fn look(&mut self) -> Result<(), Failure> {
        self.look_once().await?;
        if let Some(reason) = self.failing.take() {
            info!(
                source = self.source.name,
                before = reason,
                "calendar answers again"
            );
        }
        let answers = self.source.answers == Answers::WhenFree;
        if answers && self.answer_invitations().await {
            self.look_once().await?;
        }
        if answers {
            self.clear_inbox().await;
        }
        Ok(())
    }

    async fn look_once(&mut self) -> Result<(), Failure> {
        let now = Timestamp::now();
        let older = |than| move |at: Timestamp| now.duration_since(at) >= than;
        if self.whole.is_some_and(older(WHOLE)) {
            self.forget_version();
        }
        match self.see().await? {
            Seen::New(files) => {
                self.files = files;
                self.unanswered = true;
                self.inbox.has_news();
                let file = self.read_files(now).await;
                self.make_smaller(now).await;
                self.keep(now).await;
                self.tell_read(file, now).await;
            }
            Seen::Same if self.read.is_none_or(older(ANEW)) => self.read_and_tell(now, now).await,
            Seen::Same => self.tell(What::Same { at: now }).await,
        }
        Ok(())
    }

    /// The next look fetches it whole.
    fn forget_version(&mut self) {
        self.version = feed::Version::default();
        (self.sum, self.listing, self.whole) = (None, None, None);
        if let Some(dav) = &mut self.dav {
            dav.compare();
        }
    }

    async fn see(&mut self) -> Result<Seen, Failure> {
        match &self.source.at {
            At::CalDav { login, .. } => {
                let Some(dav) = &mut self.dav else {
                    return Ok(Seen::Same);
                };
                let trusted = !dav.is_compared();
                let changed = caldav::look(dav, &self.client, login.as_ref(), &self.names).await?;
                if trusted && dav.is_compared() {
                    let source = &self.source.name;
                    warn!(
                        source,
                        "the server's sync-token tells of no change; everything is compared"
                    );
                }
                let files = dav.objects().map(|(_, bytes)| bytes.to_vec());
                Ok(if changed {
                    Seen::New(files.collect())
                } else {
                    Seen::Same
                })
            }
            At::Feed { url, login } => {
                let got = feed::get(&self.client, url, login.as_ref(), &mut self.version).await?;
                let Some(file) = got else {
                    return Ok(Seen::Same);
                };
                if let Some(damage) = self.damage(&file) {
                    // The next look fetches it again.
                    self.version = feed::Version::default();
                    return Err(Failure::Http(damage.to_owned()));
                }
                // Some servers know no versions.
                let sum = Some(sum(&file));
                let known = std::mem::replace(&mut self.sum, sum);
                Ok(if known == sum {
                    Seen::Same
                } else {
                    Seen::New(vec![file])
                })
            }
            At::Folder { path } => {
                let path = path.clone();
                let listing = blocking(move || folder::list(&path)).await?;
                if self.listing.as_ref() == Some(&listing) {
                    return Ok(Seen::Same);
                }
                self.listing = Some(listing.clone());
                Ok(Seen::New(blocking(move || folder::read(&listing)).await))
            }
        }
    }

    /// Why a feed's answer takes the place of nothing that is known. One that never had an end is as its publisher makes it.
    fn damage(&mut self, file: &[u8]) -> Option<&'static str> {
        match Shape::of(file) {
            Shape::NoCalendar => Some("what is at the address is no calendar; is it right?"),
            Shape::BreaksOff if self.has_end => Some("the calendar breaks off in the middle"),
            shape => {
                self.has_end = shape == Shape::Whole;
                None
            }
        }
    }

    /// Works on the files, beside everything else.
    async fn with_files<T: Send + 'static>(
        &mut self,
        now: Timestamp,
        work: impl FnOnce(&mut Vec<Vec<u8>>, Reading<'_>) -> T + Send + 'static,
    ) -> T {
        let settings = self.room.settings.clone();
        let mut files = std::mem::take(&mut self.files);
        let (room, ahead) = (self.addresses(), self.room.ahead);
        let (done, files) = blocking(move || {
            let reading = Reading {
                now,
                zone: &settings.zone,
                room: &room,
                jitsi: &settings.jitsi,
                ahead,
            };
            (work(&mut files, reading), files)
        })
        .await;
        self.files = files;
        done
    }

    /// Ten years of past meetings are not kept.
    async fn make_smaller(&mut self, now: Timestamp) {
        let smaller = |files: &mut Vec<Vec<u8>>, reading: Reading<'_>| {
            for file in files {
                *file = CalendarFile::reduced(file, reading, SMALLER);
            }
        };
        self.with_files(now, smaller).await;
        self.whole = Some(now);
    }

    /// Reads the files for the weeks around now.
    async fn read_files(&mut self, now: Timestamp) -> CalendarFile {
        self.read = Some(now);
        let read = |files: &mut Vec<Vec<u8>>, reading: Reading<'_>| {
            CalendarFile::read_all(files.iter().map(Vec::as_slice), reading)
        };
        self.with_files(now, read).await
    }

    async fn read_and_tell(&mut self, now: Timestamp, at: Timestamp) {
        let file = self.read_files(now).await;
        self.tell_read(file, at).await;
    }

    async fn tell_read(&mut self, file: CalendarFile, at: Timestamp) {
        let file = Arc::new(file);
        self.room.known.set(&self.source.name, file.clone());
        self.tell(What::Read { file, at }).await;
    }

    async fn tell_kept(&mut self) {
        let Some(folder) = self.room.settings.keep.clone() else {
            return;
        };
        let (name, of) = (self.source.name.clone(), self.address());
        let Some(kept) = blocking(move || Kept::read(&folder, &name, &of)).await else {
            return;
        };
        info!(source = self.source.name, at = %kept.at, "calendar as it was kept");
        self.files = kept.files.into_iter().map(String::into_bytes).collect();
        self.read_and_tell(Timestamp::now(), kept.at).await;
    }

    /// A disk that is full or worn out costs the day after a restart, nothing now.
    async fn keep(&self, at: Timestamp) {
        let Some(folder) = self.room.settings.keep.clone() else {
            return;
        };
        let kept = Kept::new(&self.address(), at, &self.files);
        let name = self.source.name.clone();
        if let Err(error) = blocking(move || kept.write(&folder, &name)).await {
            warn!(source = self.source.name, %error, "calendar can't be kept");
        }
    }

    async fn tell_failure(&mut self, failure: &Failure) {
        let reason = failure.to_string();
        if self.failing.as_ref() != Some(&reason) {
            warn!(source = self.source.name, reason, "calendar can't be asked");
            self.failing = Some(reason.clone());
        }
        self.room.known.failed(&self.source.name);
        self.tell(What::Failed { reason }).await;
    }

    async fn tell(&self, what: What) {
        let source = self.source.name.clone();
        let _ = self.room.told.send(News { source, what }).await;
    }

    /// The room's, as the configuration and the server know them.
    fn addresses(&self) -> Vec<String> {
        let settings = &self.room.settings;
        let dav = self.dav.as_ref();
        dav.map_or_else(|| settings.room.clone(), |dav| addresses(settings, dav))
    }

    /// Carries a change out; the look that follows tells of it.
    async fn fulfil(&mut self, wish: Wish) {
        let result = self.change(wish.change).await;
        if let Err(error) = &result {
            warn!(source = self.source.name, %error, "calendar is not changed");
        }
        // Whoever asked may have gone.
        let _ = wish.done.send(result);
    }

    async fn change(&mut self, change: Change) -> Result<(), ChangeError> {
        let (room, zone) = (self.addresses(), self.room.settings.zone.clone());
        let context = |now| Context {
            now,
            zone: &zone,
            room: &room,
        };
        if let At::Folder { path } = &self.source.at {
            return match change {
                Change::Book(event) => folder::create(path, &event),
                Change::Meeting { uid, planned, edit } => folder::change(path, &uid, |text| {
                    edit::apply(text, &uid, planned, &edit, context(Timestamp::now()))
                }),
            };
        }
        if self
            .dav
            .as_ref()
            .is_some_and(|dav| dav.calendar().is_none())
        {
            self.look_once().await?;
        }
        let Some(dav) = &mut self.dav else {
            return Err(ChangeError::NotWritable);
        };
        let (client, login) = (&self.client, self.source.at.login());
        match change {
            Change::Book(event) => caldav::create(dav, &event, client, login).await,
            Change::Meeting { uid, planned, edit } => {
                let by = |_: &CalDav, text: &str| {
                    edit::apply(text, &uid, planned, &edit, context(Timestamp::now()))
                };
                let uid = &uid;
                let what = Changing {
                    uid,
                    by,
                    client,
                    login,
                };
                caldav::change(dav, what).await
            }
        }
    }

    /// Where it is.
    fn address(&self) -> String {
        match &self.source.at {
            At::CalDav { url, .. } | At::Feed { url, .. } => url.to_string(),
            At::Folder { path } => path.display().to_string(),
        }
    }
}

fn sum(bytes: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    hasher.write(bytes);
    hasher.finish()
}

/// Beside the tasks that wait for the network.
pub(crate) async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    match task::spawn_blocking(work).await {
        Ok(done) => done,
        Err(error) => std::panic::resume_unwind(error.into_panic()),
    }
}
