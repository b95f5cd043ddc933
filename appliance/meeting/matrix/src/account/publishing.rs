//! What the account's store holds of its rooms, for everything else in this crate.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use matrix_sdk::{Client, Room, ruma::OwnedRoomId};

use super::{
    encrypted_state, remembered,
    rooms::{Contents, RoomState},
    runner::Runner,
    syncing::News,
};

impl Runner {
    /// Publishes what a sync changed. Once there is everything, what was known before and is not
    /// there goes, and what no sync told of is read.
    pub(super) async fn take_in(&mut self, client: &Client, news: &News, everything: bool) {
        encrypted_state::keep(client, &news.rooms).await;
        let mut rooms = BTreeMap::clone(&self.account.rooms.borrow());
        for id in news.rooms.left.keys() {
            rooms.remove(id.as_str());
            remembered::forget(client, id.as_str()).await;
        }
        rooms.extend(news.seen.clone());
        let joined = client.joined_rooms();
        if everything {
            let ids: BTreeSet<_> = joined.iter().map(|room| room.room_id().as_str()).collect();
            rooms.retain(|id, _| ids.contains(id.as_str()));
        }
        let mut read = Vec::new();
        for room in joined {
            let id = room.room_id();
            let locked = rooms.get(id.as_str()).is_some_and(|known| known.locked);
            // Keys come to the device, not into rooms.
            let news = news.rooms.joined.contains_key(id) || (news.to_device && locked);
            if news || (everything && !self.read.contains(id)) {
                self.read.insert(id.to_owned());
                read.extend(read_into(&mut rooms, room).await);
            }
        }
        // The panel does not wait for the disk.
        self.publish(rooms);
        keep(read).await;
    }

    /// Publishes all rooms of the store, before the server has answered: as they were kept, and else as
    /// they are read now. Which were read; the others are once everything is there.
    pub(super) async fn publish_all_rooms(&self, client: &Client) -> BTreeSet<OwnedRoomId> {
        let mut rooms = remembered::all(client).await;
        let (mut ids, mut read) = (BTreeSet::new(), Vec::new());
        for room in client.joined_rooms() {
            if !rooms.contains_key(room.room_id().as_str()) {
                ids.insert(room.room_id().to_owned());
                read.extend(read_into(&mut rooms, room).await);
            }
        }
        self.publish(rooms);
        keep(read).await;
        ids
    }

    fn publish(&self, rooms: BTreeMap<String, Arc<RoomState>>) {
        self.account.rooms.send_if_modified(|now| {
            let changed = **now != rooms;
            *now = Arc::new(rooms);
            changed
        });
    }
}

/// What was read of it is to be kept.
async fn read_into(
    rooms: &mut BTreeMap<String, Arc<RoomState>>,
    room: Room,
) -> Option<(Room, Contents)> {
    let id = room.room_id();
    match Contents::read(&room).await {
        Ok(contents) => {
            rooms.insert(id.to_string(), Arc::new(contents.state(id.as_str())));
            Some((room, contents))
        }
        Err(error) => {
            tracing::warn!(room = %id, %error, "a room can't be read");
            None
        }
    }
}

/// For the next start.
async fn keep(read: Vec<(Room, Contents)>) {
    for (room, contents) in read {
        if let Err(error) = remembered::keep(&room, contents).await {
            tracing::warn!(room = %room.room_id(), %error, "a room is not kept for the next start");
        }
    }
}
