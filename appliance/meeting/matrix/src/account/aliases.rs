//! Aliases of rooms beside those that a room itself names: whoever made one need not have told the
//! room. They tell that a meeting that is known by such a name is that room's.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};

use tokio::{
    sync::watch,
    time::{Instant, interval_at},
};

use super::Rooms;
use crate::homeserver::Homeserver;

/// New ones are seldom made.
const ASK_AGAIN: Duration = Duration::from_secs(30 * 60);

/// Aliases by room.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Aliases(Arc<BTreeMap<String, BTreeSet<String>>>);

impl Aliases {
    /// Of one room.
    pub(crate) fn of(&self, room: &str) -> impl Iterator<Item = &String> {
        self.0.get(room).into_iter().flatten()
    }

    /// Takes in some of a room; true when that is news.
    pub(crate) fn learn(&mut self, room: &str, aliases: impl IntoIterator<Item = String>) -> bool {
        let mut aliases = aliases.into_iter().peekable();
        if aliases.peek().is_none() {
            return false;
        }
        let mut all = BTreeMap::clone(&self.0);
        all.entry(room.to_owned()).or_default().extend(aliases);
        let changed = all != *self.0;
        self.0 = Arc::new(all);
        changed
    }
}

/// Asks the server for those of all rooms, and by and by again. Runs until nobody listens.
pub(crate) async fn follow(
    homeserver: Homeserver,
    mut rooms: watch::Receiver<Rooms>,
    aliases: watch::Sender<Aliases>,
) {
    let mut again = interval_at(Instant::now() + ASK_AGAIN, ASK_AGAIN);
    let mut asked = BTreeSet::new();
    while !aliases.is_closed() {
        let known = rooms.borrow_and_update().clone();
        asked.retain(|id| known.contains_key(id));
        for id in known.keys() {
            if asked.contains(id) {
                continue;
            }
            match homeserver.local_aliases(id).await {
                Ok(found) => drop(aliases.send_if_modified(|all| all.learn(id, found))),
                // Not logged in yet, or the server is away.
                Err(error) if !error.is_final() || error.is_unknown_token() => continue,
                Err(error) => tracing::debug!(room = id, %error, "no aliases"),
            }
            asked.insert(id.clone());
        }
        tokio::select! {
            changed = rooms.changed() => if changed.is_err() { return },
            _ = again.tick() => asked.clear(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_learnt_twice_is_no_news() {
        let mut aliases = Aliases::default();
        assert!(aliases.learn("!a:hs", ["#one:hs".to_owned()]));
        assert!(!aliases.learn("!a:hs", ["#one:hs".to_owned()]));
        assert!(aliases.learn("!a:hs", ["#two:other".to_owned()]));
        assert!(!aliases.learn("!b:hs", []));
        let all: Vec<_> = aliases.of("!a:hs").collect();
        assert_eq!(all, ["#one:hs", "#two:other"]);
        assert_eq!(aliases.of("!b:hs").count(), 0);
    }
}
