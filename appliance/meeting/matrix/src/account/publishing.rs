//! What the account's store holds of its rooms, for everything else in this crate.

use std::{collections::BTreeMap, sync::Arc};

use matrix_sdk::{Client, Room};

use super::{encrypted_state, rooms::RoomState, runner::Runner, syncing::News};

impl Runner {
    /// Publishes what a sync changed; everything once there is everything.
    pub(super) async fn take_in(&self, client: &Client, news: &News, everything: bool) {
        encrypted_state::keep(client, &news.rooms).await;
        if everything {
            return self.publish_all_rooms(client).await;
        }
        let mut rooms = BTreeMap::clone(&self.account.rooms.borrow());
        for id in news.rooms.left.keys() {
            rooms.remove(id.as_str());
        }
        for room in client.joined_rooms() {
            let id = room.room_id();
            let locked = rooms.get(id.as_str()).is_some_and(|known| known.locked);
            // Keys come to the device, not into rooms.
            if news.rooms.joined.contains_key(id) || (news.to_device && locked) {
                read_into(&mut rooms, &room).await;
            }
        }
        self.publish(rooms);
    }

    pub(super) async fn publish_all_rooms(&self, client: &Client) {
        let mut rooms = BTreeMap::new();
        for room in client.joined_rooms() {
            read_into(&mut rooms, &room).await;
        }
        self.publish(rooms);
    }

    fn publish(&self, rooms: BTreeMap<String, Arc<RoomState>>) {
        self.account.rooms.send_if_modified(|now| {
            let changed = **now != rooms;
            *now = Arc::new(rooms);
            changed
        });
    }
}

async fn read_into(rooms: &mut BTreeMap<String, Arc<RoomState>>, room: &Room) {
    match RoomState::read(room).await {
        Ok(state) => {
            rooms.insert(room.room_id().to_string(), Arc::new(state));
        }
        Err(error) => tracing::warn!(room = %room.room_id(), %error, "a room can't be read"),
    }
}
