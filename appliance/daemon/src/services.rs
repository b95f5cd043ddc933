//! The meeting services as executors: started with settings, spoken to, dropped. Which of them a
//! call belongs to follows from its destination.

use std::{
    collections::HashMap,
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

use saal_fleet_protocol::{Config, config};
use saal_hal::{SealError, Sealer};
use saal_hal_linux::KeyFile;
use saal_jitsi::{JitsiSettings, Login, MatrixProof, OpenIdToken, ServerLogin};
use saal_matrix::{LogIn, MatrixSettings, Sealing};
use saal_meeting::{
    AccountState, CallEvent, CallId, Destination, EndReason, MeetingCommand, MeetingEvent, Secret,
};
use tokio::{sync::mpsc, task::JoinHandle};

use crate::{
    config_file::ConfigFile,
    input::{Input, Inputs},
};

/// What runs for one configuration; dropping it ends it.
#[derive(Default)]
pub(crate) struct Services {
    generation: u64,
    matrix: Option<Running>,
    jitsi: Option<Running>,
    /// Calls of this daemon's life are few; the last one alone is spoken to.
    calls: HashMap<CallId, Kind>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Matrix,
    Jitsi,
}

/// A running service; dropping it ends it.
struct Running {
    commands: mpsc::UnboundedSender<MeetingCommand>,
    forward: JoinHandle<()>,
}

impl Drop for Running {
    fn drop(&mut self) {
        self.forward.abort();
    }
}

impl Services {
    /// Whether an event of this generation is from a service that still runs.
    pub(crate) fn is_current(&self, generation: u64) -> bool {
        self.generation == generation
    }

    /// The number of what runs now.
    pub(crate) fn generation(&self) -> u64 {
        self.generation
    }

    /// Starts all that the configuration wants, in place of what ran before. What they say arrives
    /// as [`Input::Meeting`]; secrets that can't be read are said the same way.
    pub(crate) fn start(
        &mut self,
        config: &Config,
        file: &ConfigFile,
        state: &Path,
        inputs: &Inputs,
    ) {
        (self.matrix, self.jitsi) = (None, None);
        self.generation += 1;
        let matrix = config.matrix.as_ref();
        let settings = matrix.map(|m| matrix_settings(m, config, file, state));
        let proof = match &settings {
            Some(Ok(settings)) => Some(matrix_proof(settings.clone(), state.join("matrix"))),
            _ => None,
        };
        self.jitsi = Some(self.follow(
            saal_jitsi::Service::start(jitsi_settings(config, file, state, proof)),
            inputs,
        ));
        match settings {
            None => {}
            Some(Ok(settings)) => {
                let service = saal_matrix::Service::start(settings, state.join("matrix"));
                self.matrix = Some(self.follow(service, inputs));
            }
            Some(Err(state)) => {
                inputs.send(Input::Meeting(
                    self.generation,
                    MeetingEvent::Account(state),
                ));
            }
        }
    }

    /// The account's recovery key, for IT to write down.
    pub(crate) fn recovery_key(&self, state: &Path) -> Option<Secret> {
        self.matrix.as_ref()?;
        saal_matrix::recovery_key(&sealing(state), &state.join("matrix"))
    }

    fn follow(
        &self,
        (commands, mut events): (
            mpsc::UnboundedSender<MeetingCommand>,
            mpsc::UnboundedReceiver<MeetingEvent>,
        ),
        inputs: &Inputs,
    ) -> Running {
        let (generation, inputs) = (self.generation, inputs.clone());
        let forward = tokio::spawn(async move {
            while let Some(event) = events.recv().await {
                inputs.send(Input::Meeting(generation, event));
            }
        });
        Running { commands, forward }
    }

    /// Hands a command to the service whose call it is about. A call that no service can have
    /// ends at once.
    pub(crate) fn send(&mut self, command: MeetingCommand, inputs: &Inputs) {
        if let MeetingCommand::Join {
            call, destination, ..
        } = &command
        {
            self.calls.clear();
            self.calls
                .extend(kind(destination).map(|kind| (*call, kind)));
        }
        if let MeetingCommand::Try { call, destination } = &command {
            self.calls
                .extend(kind(destination).map(|kind| (*call, kind)));
        }
        let of_call = |call| self.calls.get(&call).copied();
        // Only Matrix rings and has an account.
        let service = match command.call().map_or(Some(Kind::Matrix), of_call) {
            Some(Kind::Matrix) => self.matrix.as_ref(),
            Some(Kind::Jitsi) => self.jitsi.as_ref(),
            None => return,
        };
        match service {
            // A service that ended says so by itself.
            Some(service) => drop(service.commands.send(command)),
            None => {
                if let MeetingCommand::Join { call, .. } = command {
                    let reason = "the room has no Matrix account".to_owned();
                    let event = CallEvent::Ended(EndReason::LoginNeeded { reason });
                    let event = MeetingEvent::Call { call, event };
                    inputs.send(Input::Meeting(self.generation, event));
                }
            }
        }
    }
}

/// `None` for what nobody can join; the core asks for no such thing.
fn kind(destination: &Destination) -> Option<Kind> {
    match destination {
        Destination::Matrix { .. } | Destination::Caller { .. } => Some(Kind::Matrix),
        Destination::Jitsi { .. } => Some(Kind::Jitsi),
        Destination::Nowhere { .. } => None,
    }
}

fn matrix_settings(
    matrix: &config::Matrix,
    config: &Config,
    file: &ConfigFile,
    state: &Path,
) -> Result<MatrixSettings, AccountState> {
    let server = matrix.homeserver.url().clone();
    let log_in = log_in(matrix, file).map_err(|reason| AccountState::SignedOut {
        server: server.to_string(),
        reason,
    })?;
    let allowed = matrix.allowed_servers.iter();
    let verifiers = matrix.verifiers.iter();
    Ok(MatrixSettings {
        homeserver: server,
        log_in,
        device_name: config.room.name.as_str().to_owned(),
        allowed_servers: allowed.map(|s| s.as_str().into()).collect(),
        verifiers: verifiers.map(|user| user.as_str().into()).collect(),
        call_service: matrix.call_service.as_ref().map(|s| s.url().clone()),
        leave_delay: matrix.leave_delay.get(),
        recovery_key: recovery_key(matrix, file),
        sealing: sealing(state),
    })
}

/// What is needed only once may be gone by now.
fn log_in(matrix: &config::Matrix, file: &ConfigFile) -> Result<LogIn, String> {
    let user = || {
        let user = matrix.user.as_ref();
        user.map_or_else(String::new, |user| user.as_str().to_owned())
    };
    let token = |path: &Path| file.read_secret(path).map(Into::into);
    if let Some(path) = &matrix.access_token_file {
        return token(path).map(LogIn::AccessToken);
    }
    if matrix.oauth {
        let id = matrix.oauth_client_id.as_ref();
        return Ok(LogIn::OAuth {
            user: user(),
            client_id: id.map(|id| id.as_str().to_owned()),
        });
    }
    let log_in = match (&matrix.password_file, &matrix.login_token_file) {
        (Some(path), _) => LogIn::Password {
            user: user(),
            password: file.read_key(path).map(Into::into),
        },
        (None, Some(path)) => LogIn::LoginToken(token(path)),
        (None, None) => LogIn::RegistrationToken {
            user: user(),
            token: match &matrix.registration_token_file {
                Some(path) => token(path),
                None => Err("the configuration names no way to log in".to_owned()),
            },
        },
    };
    Ok(log_in)
}

/// One that can't be read is missed when it is needed, which the panel says.
fn recovery_key(matrix: &config::Matrix, file: &ConfigFile) -> Option<saal_matrix::Secret> {
    let key = file.read_key(matrix.recovery_key_file.as_deref()?);
    let key = key.inspect_err(|reason| tracing::error!(reason, "no recovery key"));
    key.ok().map(Into::into)
}

/// Seals with this machine's key. Without one nothing is kept, which the account says.
fn sealing(state: &Path) -> Sealing {
    match KeyFile::open_or_create(&state.join("seal.key")) {
        Ok(key) => Sealing(Arc::new(key)),
        Err(error) => {
            tracing::error!(%error, "the account keeps nothing");
            Sealing(Arc::new(NoKey(error)))
        }
    }
}

/// In place of a key that can't be used.
struct NoKey(SealError);

impl Sealer for NoKey {
    fn seal(&self, _: &str, _: &[u8]) -> Result<Vec<u8>, SealError> {
        Err(self.0.clone())
    }

    fn open(&self, _: &str, _: &[u8]) -> Result<Vec<u8>, SealError> {
        Err(self.0.clone())
    }
}

fn matrix_proof(settings: MatrixSettings, store: PathBuf) -> MatrixProof {
    MatrixProof::new(move || {
        let (settings, store) = (settings.clone(), store.clone());
        async move {
            let (token, server_name) = saal_matrix::openid_token(settings, &store).await?;
            Ok(OpenIdToken {
                access_token: Secret::new(token),
                server_name,
            })
        }
    })
}

fn jitsi_settings(
    config: &Config,
    file: &ConfigFile,
    state: &Path,
    matrix: Option<MatrixProof>,
) -> JitsiSettings {
    let read = |path: &PathBuf| file.read_secret(path).map(Secret::new);
    let login = |jitsi: &config::Jitsi| {
        let login = match (&jitsi.token_file, &jitsi.app_id, &jitsi.key_file) {
            (Some(token), _, _) => read(token).map(Login::Token),
            (None, Some(app_id), Some(key)) => file.read_key(key).map(|key| Login::Key {
                app_id: app_id.as_str().to_owned(),
                key: Secret::new(key),
            }),
            _ => return None,
        };
        // The server says that a login is needed, which the panel shows.
        let login = login.inspect_err(|reason| tracing::error!(reason, "no login for Jitsi"));
        let host = jitsi.host.as_str().to_owned();
        login.ok().map(|login| ServerLogin { host, login })
    };
    JitsiSettings {
        servers: config.jitsi.iter().filter_map(login).collect(),
        machine_uid: machine_uid(state),
        proxy: proxy(),
        matrix,
    }
}

/// As curl and browsers name it; a proxy that can't be read is said and not used.
pub(crate) fn proxy() -> Option<url::Url> {
    let names = ["https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"];
    let value = names.iter().find_map(|name| std::env::var(name).ok())?;
    match url::Url::parse(&value) {
        Ok(url) => Some(url),
        Err(error) => {
            tracing::error!(%error, "the proxy of the environment is no address; going without");
            None
        }
    }
}

/// What tells an installation that it is the same device again; made once. One that can't be
/// saved lasts as long as the daemon.
fn machine_uid(state: &Path) -> String {
    let path = state.join("machine-uid");
    let is_uid = |text: &str| text.len() == 32 && text.bytes().all(|b| b.is_ascii_hexdigit());
    if let Ok(text) = fs::read_to_string(&path)
        && is_uid(text.trim())
    {
        return text.trim().to_owned();
    }
    let uid = format!("{:016x}{:016x}", fastrand::u64(..), fastrand::u64(..));
    if let Err(error) = fs::write(&path, &uid) {
        tracing::warn!(path = %path.display(), %error, "the machine's number is not saved");
    }
    uid
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_machine_keeps_its_number() {
        let folder = tempfile::tempdir().unwrap();
        let first = machine_uid(folder.path());
        assert_eq!(first.len(), 32);
        assert_eq!(machine_uid(folder.path()), first);
        fs::write(folder.path().join("machine-uid"), "torn").unwrap();
        assert_ne!(machine_uid(folder.path()), "torn");
    }
}
