//! How the account hears of what is new: by sliding sync (MSC4186) where the server offers it, else
//! by `/sync`. Either tells the same; why one and why both is in ADR 0019.

use std::time::Duration;

use futures_util::{FutureExt as _, future::BoxFuture};
use matrix_sdk::{
    Client, Error, HttpError,
    config::SyncSettings,
    ruma::api::{
        FeatureFlag,
        client::filter::{Filter, FilterDefinition, LazyLoadOptions, RoomEventFilter, RoomFilter},
        error::ErrorKind,
    },
    sync::RoomUpdates,
};

use super::{
    keys::KeyStore,
    look::{Look, Seen},
    open::Opened,
    position::{self, Filled},
    sliding::Sliding,
};

/// How long the server may hold an answer when nothing happens.
pub(super) const POLL: Duration = Duration::from_secs(25);
/// What an answer of the server brought.
pub(super) struct News {
    pub rooms: RoomUpdates,
    /// Rooms as the first look found them, before the store has them.
    pub seen: Seen,
    /// Messages to this device were in it.
    pub to_device: bool,
    /// With it, the store has everything that the server tells of the account's rooms.
    pub complete: bool,
}

impl News {
    /// No more than a look.
    fn seen(seen: Seen) -> Self {
        Self {
            rooms: RoomUpdates::default(),
            seen,
            to_device: false,
            complete: false,
        }
    }
}

/// Why there is no answer.
#[derive(Debug)]
pub(super) enum Trouble {
    /// What the store holds goes with no position that the server goes on from.
    Lost,
    /// The server has no sliding sync, whatever it says.
    Withdrawn,
    Failed(Error),
}

impl From<Error> for Trouble {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

impl From<HttpError> for Trouble {
    fn from(error: HttpError) -> Self {
        Self::Failed(error.into())
    }
}

enum Way {
    Sliding(Sliding),
    Classic {
        /// There is a position to go on from.
        go_on: bool,
    },
}

/// Syncs one client.
pub(super) struct Syncing {
    client: Client,
    keys: Option<KeyStore>,
    /// Sliding sync may be tried.
    may_slide: bool,
    /// With what is looked at before, where the store is empty.
    way: Option<(Way, Option<Look>)>,
}

impl Syncing {
    pub(super) fn new(opened: &Opened, may_slide: bool) -> Self {
        Self {
            client: opened.client.clone(),
            keys: opened.keys.clone(),
            may_slide,
            way: None,
        }
    }

    /// One answer of the server; when it is not `online`, it comes at once: it tells that the
    /// server is there.
    pub(super) fn step(&mut self, online: bool) -> BoxFuture<'_, Result<News, Trouble>> {
        let answer = async move {
            let (way, look) = match &mut self.way {
                Some(way) => way,
                None => {
                    let way = self.choose().await?;
                    self.way.insert(way)
                }
            };
            if let Some(seen) = look_on(look, &self.client).await {
                return Ok(News::seen(seen));
            }
            match way {
                Way::Sliding(sliding) => sliding.step(&self.client, online).await,
                Way::Classic { go_on } => {
                    let news = classic(&self.client, online, *go_on).await?;
                    *go_on = true;
                    Ok(news)
                }
            }
        };
        answer.boxed()
    }

    /// The way that the store was filled by is gone on, unless there is a better one.
    async fn choose(&self) -> Result<(Way, Option<Look>), Trouble> {
        let filled = Filled::read(&self.client, self.keys.as_ref()).await?;
        let look = match filled {
            Filled::BySliding => None,
            _ if self.may_slide => look_by_sliding(&self.client).await?,
            _ => None,
        };
        let slides = look.is_some() || (filled == Filled::BySliding && self.may_slide);
        match (filled, slides) {
            (Filled::Not | Filled::BySliding, true) => {
                if let Some(keys) = &self.keys {
                    position::count_as_sliding(keys)
                        .await
                        .map_err(Error::from)?;
                }
                let go_on = filled == Filled::BySliding;
                let sliding = Sliding::begin(&self.client, go_on).await?;
                tracing::info!(go_on, "syncing by sliding sync");
                Ok((Way::Sliding(sliding), look))
            }
            (Filled::Not | Filled::ByClassic, false) => {
                if let Some(keys) = &self.keys {
                    position::count_as_classic(keys)
                        .await
                        .map_err(Error::from)?;
                }
                let go_on = filled == Filled::ByClassic;
                tracing::info!(go_on, "syncing by /sync");
                let look = match go_on {
                    true => None,
                    false => look_by_classic(&self.client).await?,
                };
                Ok((Way::Classic { go_on }, look))
            }
            (Filled::ByClassic, true) | (Filled::BySliding, false) | (Filled::Astray, _) => {
                Err(Trouble::Lost)
            }
        }
    }
}

/// By sliding sync if the server says that it has it, and answers it: what stands before a server
/// may not let it through.
async fn look_by_sliding(client: &Client) -> Result<Option<Look>, Trouble> {
    let versions = client.fetch_server_versions(None).await?;
    let features = versions.as_supported_versions().features;
    if !features.contains(&FeatureFlag::Msc4186) {
        return Ok(None);
    }
    match Look::by_sliding(client).await {
        Ok(look) => Ok(Some(look)),
        Err(error) if refuses(&error) => {
            tracing::warn!(%error, "the server says that it has sliding sync and refuses it");
            Ok(None)
        }
        Err(error) => Err(error.into()),
    }
}

async fn look_by_classic(client: &Client) -> Result<Option<Look>, Trouble> {
    match Look::by_classic(client).await {
        Ok(look) => Ok(Some(look)),
        Err(error) if refuses(&error) => {
            tracing::debug!(%error, "the server refuses a first look at the rooms");
            Ok(None)
        }
        Err(error) => Err(error.into()),
    }
}

/// More of what a look finds. What goes wrong there the sync meets too.
async fn look_on(look: &mut Option<Look>, client: &Client) -> Option<Seen> {
    let found = look.as_mut()?.next(client).await;
    let found = found.unwrap_or_else(|error| {
        tracing::debug!(%error, "no more of the first look at the rooms");
        None
    });
    if found.is_none() {
        *look = None;
    }
    found
}

/// Whether the server, or what stands before it, knows no such request.
pub(super) fn refuses(error: &Error) -> bool {
    let answer = error.as_client_api_error();
    let status = answer.map(|answer| answer.status_code.as_u16());
    matches!(status, Some(400 | 403 | 404 | 405 | 501))
        && error.client_api_error_kind() != Some(&ErrorKind::UnknownPos)
}

async fn classic(client: &Client, online: bool, go_on: bool) -> Result<News, Trouble> {
    // From the start, the answer comes at once too, but takes as long as it is big.
    let patient = online || !go_on;
    let settings = SyncSettings::new()
        .timeout(if patient { POLL } else { Duration::ZERO })
        .filter(filter(online && go_on).into());
    let response = Box::pin(client.sync_once(settings)).await?;
    Ok(News {
        to_device: !response.to_device.is_empty(),
        rooms: response.rooms,
        seen: Seen::new(),
        complete: true,
    })
}

/// State of rooms and no more messages than the SDK needs to move on; members as they matter. Going
/// on online, whole conversations between two answers: a call may ring and give up in one of them.
fn filter(online: bool) -> FilterDefinition {
    let mut timeline = RoomEventFilter::default();
    timeline.limit = Some(if online { 50_u32 } else { 1 }.into());
    let mut state = RoomEventFilter::default();
    state.lazy_load_options = LazyLoadOptions::Enabled {
        include_redundant_members: false,
    };
    let mut room = RoomFilter::default();
    room.timeline = timeline;
    room.state = state;
    room.ephemeral = RoomEventFilter::ignore_all();
    let mut filter = FilterDefinition::default();
    filter.room = room;
    filter.presence = Filter::ignore_all();
    filter
}
