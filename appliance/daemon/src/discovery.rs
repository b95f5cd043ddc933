//! The address that a home server's name has led to: looked up once, kept, and looked up again at
//! each start.

use std::{fs, path::Path, time::Duration};

use saal_core::Event;
use saal_fleet_protocol::{Config, config::Homeserver};
use saal_meeting::{AccountState, MeetingEvent};
use serde::{Deserialize, Serialize};
use tokio::task::JoinHandle;
use url::Url;

use crate::input::{Input, Inputs};

const FILE: &str = "homeserver.json";
const VERSION: u32 = 1;
/// Between attempts: the first and the longest pause.
const PAUSE: (Duration, Duration) = (Duration::from_secs(2), Duration::from_secs(60));

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Found {
    version: u32,
    name: String,
    address: Url,
}

/// A look-up; dropping it ends it.
pub(crate) struct LookUp(JoinHandle<()>);

impl Drop for LookUp {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Puts the address that is known in the place of the home server's name, or takes the account out
/// where none is; the name, if there is one.
pub(crate) fn settle(config: &mut Config, state: &Path) -> Option<String> {
    let matrix = config.matrix.as_mut()?;
    let name = matrix.homeserver.server_name()?.to_owned();
    match known(state, &name) {
        Some(address) => matrix.homeserver = Homeserver::found(address),
        None => config.matrix = None,
    }
    Some(name)
}

/// What an earlier look-up found for this name; a file that can't be read is as good as none.
pub(crate) fn known(state: &Path, name: &str) -> Option<Url> {
    let text = fs::read_to_string(state.join(FILE)).ok()?;
    let found: Found = serde_json::from_str(&text).ok()?;
    (found.version == VERSION && found.name == name).then_some(found.address)
}

fn keep(state: &Path, name: &str, address: &Url) -> std::io::Result<()> {
    let found = Found {
        version: VERSION,
        name: name.to_owned(),
        address: address.clone(),
    };
    let new = state.join("homeserver.json.new");
    fs::write(&new, serde_json::to_vec(&found)?)?;
    fs::rename(new, state.join(FILE))
}

/// Looks the name up until it is found. What is news is said as [`Event::HomeserverFound`];
/// failures, where nothing is known, as the account's state of this generation.
pub(crate) fn look_up(name: &str, state: &Path, generation: u64, inputs: &Inputs) -> LookUp {
    let (name, state, inputs) = (name.to_owned(), state.to_owned(), inputs.clone());
    LookUp(tokio::spawn(async move {
        let known = known(&state, &name);
        let mut pause = PAUSE.0;
        loop {
            match saal_matrix::discover(&name).await {
                Ok(address) if known.as_ref() == Some(&address) => return,
                Ok(address) => {
                    tracing::info!(name, %address, "the home server is found");
                    if let Err(error) = keep(&state, &name, &address) {
                        tracing::error!(%error, "the home server's address is not kept");
                        return;
                    }
                    return inputs.send(Input::Room(Event::HomeserverFound));
                }
                Err(error) => {
                    tracing::warn!(name, %error, "the home server's name leads nowhere");
                    if known.is_none() {
                        let (server, reason) = (name.clone(), error.to_string());
                        let account = if error.untrusted {
                            AccountState::Untrusted { server, reason }
                        } else {
                            AccountState::Unreachable { server, reason }
                        };
                        let event = MeetingEvent::Account(account);
                        inputs.send(Input::Meeting(generation, event));
                    }
                }
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(PAUSE.1);
        }
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_found_is_known_for_that_name_alone() {
        let state = tempfile::tempdir().unwrap();
        let address = Url::parse("https://matrix.example.org/").unwrap();
        assert_eq!(known(state.path(), "example.org"), None);
        keep(state.path(), "example.org", &address).unwrap();
        assert_eq!(known(state.path(), "example.org"), Some(address));
        assert_eq!(known(state.path(), "example.com"), None);
        fs::write(state.path().join(FILE), "{").unwrap();
        assert_eq!(known(state.path(), "example.org"), None);
    }
}
