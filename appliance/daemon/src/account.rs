//! The room's Matrix account as an executor: started with settings, spoken to, dropped.

use std::path::PathBuf;

use saal_fleet_protocol::config;
use saal_matrix::{MatrixSettings, Service};
use saal_meeting::{AccountState, MeetingCommand, MeetingEvent};
use tokio::{sync::mpsc, task::JoinHandle};

use crate::{
    config_file::ConfigFile,
    input::{Input, Inputs},
};

/// A running account; dropping it ends it.
pub(crate) struct Account {
    commands: mpsc::UnboundedSender<MeetingCommand>,
    forward: JoinHandle<()>,
}

impl Drop for Account {
    fn drop(&mut self) {
        self.forward.abort();
    }
}

impl Account {
    /// Starts it. What it says arrives as [`Input::Meeting`] with this generation; a token that
    /// can't be read is said the same way.
    pub(crate) fn start(
        matrix: &config::Matrix,
        file: &ConfigFile,
        store: PathBuf,
        generation: u64,
        inputs: Inputs,
    ) -> Option<Self> {
        let server = matrix.homeserver.url().clone();
        let token = match file.read_secret(&matrix.access_token_file) {
            Ok(token) => token,
            Err(reason) => {
                let state = AccountState::SignedOut {
                    server: server.to_string(),
                    reason,
                };
                inputs.send(Input::Meeting(generation, MeetingEvent::Account(state)));
                return None;
            }
        };
        let settings = MatrixSettings {
            homeserver: server,
            access_token: token.into(),
            allowed_servers: matrix
                .allowed_servers
                .iter()
                .map(|s| s.as_str().into())
                .collect(),
            call_service: matrix.call_service.as_ref().map(|s| s.url().clone()),
        };
        let (commands, mut events) = Service::start(settings, store);
        let forward = tokio::spawn(async move {
            while let Some(event) = events.recv().await {
                inputs.send(Input::Meeting(generation, event));
            }
        });
        Some(Self { commands, forward })
    }

    /// Queues a command; a service that ended says so by itself.
    pub(crate) fn send(&self, command: MeetingCommand) {
        let _ = self.commands.send(command);
    }
}
