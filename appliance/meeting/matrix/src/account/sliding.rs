//! Simplified sliding sync (MSC4186) by matrix-sdk's own: one list of all rooms, the newest first,
//! with the state that meetings are made from and the last of their events.

use std::{
    future::ready,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use futures_util::StreamExt as _;
use matrix_sdk::{
    Client, Error, RoomState, SlidingSync, SlidingSyncList, SlidingSyncListBuilder,
    SlidingSyncListLoadingState, SlidingSyncMode,
    ruma::{
        RoomId,
        api::{client::sync::sync_events::v5::request, error::ErrorKind},
        events::{AnyToDeviceEvent, StateEventType},
        serde::Raw,
    },
    sliding_sync::Version,
    sync::RoomUpdates,
};
use tokio::sync::broadcast::{self, error::TryRecvError};

use super::{
    look::Seen,
    open::ANSWER_WITHIN,
    position,
    rooms::KINDS,
    syncing::{News, POLL, Trouble, refuses},
};

/// The account's connection; the one of sticky events has another name.
const CONNECTION: &str = "saal";
const LIST: &str = "all";
/// Rooms that are asked for at once from the start, the newest first, until all are there: today's
/// meeting does not wait for a year of them.
const FROM_THE_START: u32 = 20;
/// Rooms that are asked for at once when the server tells only what is new.
const GOING_ON: u32 = 1000;
/// Events of a room's timeline in one answer: a call may ring and give up between two of them. It
/// stays the same: servers tell history again to whoever asks for more than before.
const EVENTS: u32 = 20;
/// matrix-sdk asks up to three times within this much more than one answer takes.
const PATIENCE: Duration = Duration::from_secs(5);
/// State beside what meetings are made from: for names, and for what may be sent to whom.
const MORE_STATE: [&str; 5] = [
    "m.room.name",
    "m.room.encrypted",
    "m.room.power_levels",
    "m.room.join_rules",
    "m.room.history_visibility",
];

/// A connection to the server.
pub(super) struct Sliding {
    sync: SlidingSync,
    updates: broadcast::Receiver<RoomUpdates>,
    to_device: Arc<AtomicBool>,
    /// The store is marked as filled by it.
    marked: bool,
}

impl Sliding {
    /// `go_on`: from the position that the store was filled up to.
    pub(super) async fn begin(client: &Client, go_on: bool) -> Result<Self, Error> {
        let (mut to_device, mut e2ee) = (request::ToDevice::default(), request::E2EE::default());
        let mut account_data = request::AccountData::default();
        for enabled in [
            &mut to_device.enabled,
            &mut e2ee.enabled,
            &mut account_data.enabled,
        ] {
            *enabled = Some(true);
        }
        let mut builder = client
            .sliding_sync(CONNECTION)?
            .version(Version::Native)
            .poll_timeout(POLL)
            .network_timeout(ANSWER_WITHIN)
            .with_to_device_extension(to_device)
            .with_e2ee_extension(e2ee)
            .with_account_data_extension(account_data)
            .add_list(list());
        if go_on {
            builder = builder.share_pos();
        }
        Ok(Self {
            sync: builder.build().await?,
            updates: client.subscribe_to_all_room_updates(),
            to_device: notice_messages(client),
            marked: go_on,
        })
    }

    /// One answer; it comes at once while rooms are missing, and after a failure.
    pub(super) async fn step(&mut self, client: &Client, online: bool) -> Result<News, Trouble> {
        if !online {
            // Whatever is known, the server is asked at once.
            let rooms = if self.marked {
                GOING_ON
            } else {
                FROM_THE_START
            };
            let anew = |list: &SlidingSyncList| {
                list.set_sync_mode(newest(rooms));
                ready(())
            };
            self.sync.on_list(LIST, anew).await;
        }
        self.answer().await.map_err(|error| self.trouble(error))?;
        if !self.marked {
            position::filled_by_sliding(client).await?;
            self.marked = true;
        }
        let loaded = |list: &SlidingSyncList| ready(list.state());
        let loaded = self.sync.on_list(LIST, loaded).await;
        Ok(News {
            rooms: once_each(client, self.updates()),
            seen: Seen::new(),
            to_device: self.to_device.swap(false, Ordering::Relaxed),
            complete: loaded == Some(SlidingSyncListLoadingState::FullyLoaded),
        })
    }

    async fn answer(&self) -> Result<(), Error> {
        let mut answers = self.sync.sync().boxed();
        let within = POLL + ANSWER_WITHIN + PATIENCE;
        // Cut off, it leaves what came before whole: answers are taken in on their own, one by one.
        match tokio::time::timeout(within, answers.next()).await {
            Ok(Some(answer)) => answer.map(drop),
            Ok(None) | Err(_) => Err(Error::Timeout),
        }
    }

    fn trouble(&self, error: Error) -> Trouble {
        // Before there is a position none can be lost.
        let lost = error.client_api_error_kind() == Some(&ErrorKind::UnknownPos) && self.marked;
        if lost {
            tracing::warn!("the server does not go on from where the last sync ended");
            return Trouble::Lost;
        }
        if refuses(&error) {
            tracing::warn!(%error, "the server has no sliding sync any more");
            return Trouble::Withdrawn;
        }
        Trouble::Failed(error)
    }

    /// What rooms there were in the answer.
    fn updates(&mut self) -> RoomUpdates {
        let mut all = RoomUpdates::default();
        loop {
            match self.updates.try_recv() {
                Ok(more) => {
                    all.left.extend(more.left);
                    all.joined.extend(more.joined);
                    all.invited.extend(more.invited);
                    all.knocked.extend(more.knocked);
                }
                // One answer, one update: it can't be.
                Err(TryRecvError::Lagged(count)) => {
                    tracing::error!(count, "updates of rooms were missed");
                }
                Err(TryRecvError::Empty | TryRecvError::Closed) => return all,
            }
        }
    }
}

/// A room that was joined or left while the account wrote a note about it is among both: matrix-sdk
/// takes the note to be of the time before.
fn once_each(client: &Client, mut rooms: RoomUpdates) -> RoomUpdates {
    let joined = |id: &RoomId| {
        let room = client.get_room(id);
        room.is_some_and(|room| room.state() == RoomState::Joined)
    };
    rooms.joined.retain(|id, _| joined(id.as_ref()));
    rooms.left.retain(|id, _| !joined(id.as_ref()));
    rooms
}

/// All rooms in the end, so many more each time.
fn newest(rooms: u32) -> SlidingSyncMode {
    SlidingSyncMode::new_growing(rooms).into()
}

fn list() -> SlidingSyncListBuilder {
    let every = |kind: &&str| (StateEventType::from(*kind), "*".to_owned());
    let member = |key: &str| (StateEventType::RoomMember, key.to_owned());
    let mut state: Vec<_> = KINDS.iter().chain(&MORE_STATE).map(every).collect();
    state.extend([member("$ME"), member("$LAZY")]);
    SlidingSyncList::builder(LIST)
        .sync_mode(newest(FROM_THE_START))
        .timeline_limit(EVENTS)
        .required_state(state)
}

/// Is set when there are messages to this device.
fn notice_messages(client: &Client) -> Arc<AtomicBool> {
    let noticed = Arc::new(AtomicBool::new(false));
    let notice = noticed.clone();
    client.add_event_handler(move |_: Raw<AnyToDeviceEvent>| {
        notice.store(true, Ordering::Relaxed);
        ready(())
    });
    noticed
}
