//! One call: the room's membership and its media servers together.
//!
//! [`machine`] decides, [`driver`] carries out.

mod chat;
pub(crate) mod driver;
pub(crate) mod entrance;
pub(crate) mod links;
pub(crate) mod machine;
mod names;
mod people;
pub(crate) mod prefetch;
pub(crate) mod prepare;
mod reactions;
pub(crate) mod trial;

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use matrix_sdk::Client;
use saal_meeting::MeetingEvent;
use tokio::sync::{Mutex, broadcast, mpsc, watch};
use url::Url;

use crate::{
    account::{Aliases, Doors, Heard, KeyStore, Rooms, Stickies},
    homeserver::Homeserver,
    rtc::{Device, keys::KeyEvent},
};

/// What a call needs of the service.
#[derive(Clone)]
pub(crate) struct Environment {
    pub homeserver: Homeserver,
    /// Call service of the configuration.
    pub configured: Option<Url>,
    pub identity: watch::Receiver<Option<Device>>,
    pub rooms: watch::Receiver<Rooms>,
    /// The signed-in account, for what has to be encrypted.
    pub client: watch::Receiver<Option<Client>>,
    /// What its encryption remembers.
    pub sessions: watch::Receiver<Option<KeyStore>>,
    /// Keys of calls as they come.
    pub key_events: broadcast::Sender<KeyEvent>,
    pub doors: watch::Receiver<Doors>,
    /// Where names of rooms lead, as far as that was learnt.
    pub aliases: watch::Sender<Aliases>,
    /// Held while a room is visited for one call.
    pub threshold: Arc<Mutex<()>>,
    pub visits: entrance::Visits,
    pub stickies: watch::Receiver<Stickies>,
    /// What happens in rooms; to be subscribed to.
    pub heard: broadcast::Sender<Heard>,
    /// Whom the account ignores, by user id.
    pub ignored: watch::Receiver<BTreeSet<String>>,
    /// After how long without a word from us others see us leave.
    pub leave_delay: Duration,
    pub prefetch: Arc<prefetch::Prefetch>,
    pub events: mpsc::UnboundedSender<MeetingEvent>,
}
