//! Rooms that the account is invited to, or that replace others: joined beside the syncs, so that the one which waits has
//! the room the moment it is joined, and a server that takes minutes to join holds up nothing else.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use matrix_sdk::{
    Client, Room,
    ruma::{OwnedRoomId, RoomId, ServerName},
};
use tokio::task::{AbortHandle, JoinSet};

use super::{rooms::Successor, runner::Runner};

/// An invitation whose join failed is tried again this often.
const RETRY: Duration = Duration::from_secs(15);

/// Joins that the server has not answered yet; they end with it.
#[derive(Default)]
pub(super) struct Joins {
    tasks: JoinSet<bool>,
    under_way: BTreeMap<OwnedRoomId, AbortHandle>,
    /// One has failed.
    not_before: Option<Instant>,
}

impl Joins {
    /// Whether others may begin.
    fn may_begin(&mut self) -> bool {
        while let Some(ended) = self.tasks.try_join_next() {
            if !ended.unwrap_or(false) {
                self.not_before = Some(Instant::now() + RETRY);
            }
        }
        self.under_way.retain(|_, join| !join.is_finished());
        self.not_before.is_none_or(|at| at <= Instant::now())
    }

    fn begin(&mut self, room: Room, user: String) {
        let id = room.room_id().to_owned();
        let join = self.tasks.spawn(async move {
            let joined = Box::pin(room.join()).await;
            let room = room.room_id();
            match &joined {
                Ok(()) => tracing::info!(%room, "joined by invitation"),
                Err(error) => tracing::warn!(
                    %room, user, %error, "can't join a room that the account is invited to"
                ),
            }
            joined.is_ok()
        });
        self.under_way.insert(id, join);
    }
}

impl Runner {
    /// Begins to join the rooms that the account is invited to.
    pub(super) async fn accept_invitations(
        &mut self,
        client: &Client,
        user: &str,
        joins: &mut Joins,
    ) {
        if !joins.may_begin() {
            return;
        }
        for room in client.invited_rooms() {
            if !joins.under_way.contains_key(room.room_id()) && self.may_join(&room).await {
                joins.begin(room, user.to_owned());
            }
        }
    }

    /// Rooms that were replaced by others lead there; who could replace them was trusted before.
    pub(super) async fn follow_upgrades(&mut self, client: &Client) {
        let rooms = self.account.rooms.borrow().clone();
        for (id, room) in rooms.iter() {
            let Some(next) = &room.replaced_by else {
                continue;
            };
            let known = rooms.contains_key(&next.room_id);
            if known || self.unfollowed.contains(&next.room_id) {
                continue;
            }
            match Box::pin(join(client, next)).await {
                Ok(()) => tracing::info!(
                    room = id,
                    next = next.room_id,
                    "followed to the room's replacement"
                ),
                Err(reason) => {
                    tracing::warn!(
                        room = id,
                        next = next.room_id,
                        reason,
                        "the room was replaced and its replacement can't be joined"
                    );
                    // An invitation there is accepted as any other.
                    self.unfollowed.insert(next.room_id.clone());
                }
            }
        }
    }

    async fn may_join(&mut self, room: &Room) -> bool {
        let id = room.room_id().to_string();
        let inviter = match room.invite_details().await {
            Ok(invite) => invite.inviter_id,
            Err(error) => {
                tracing::warn!(room = id, %error, "an invitation can't be read");
                return false;
            }
        };
        let server = inviter.server_name().as_str();
        let allowed = self
            .account
            .settings
            .allowed_servers
            .iter()
            .any(|name| name == server);
        if !allowed && !self.ignored.contains(&id) {
            tracing::warn!(room = id, %inviter, "ignored an invitation from a server that is not allowed");
            self.ignored.push(id);
        }
        allowed
    }
}

async fn join(client: &Client, next: &Successor) -> Result<(), String> {
    let id = RoomId::parse(&next.room_id).map_err(|error| error.to_string())?;
    let servers = next.via.iter().map(ServerName::parse);
    let servers: Vec<_> = servers.filter_map(Result::ok).collect();
    let joining = client.join_room_by_id_or_alias((&*id).into(), &servers);
    Box::pin(joining)
        .await
        .map(drop)
        .map_err(|error| error.to_string())
}
