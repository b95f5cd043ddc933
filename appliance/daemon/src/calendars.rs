//! The calendars of the configuration: looked at by `saal-sources`, told to the loop.

use std::{path::Path, sync::Arc};

use saal_calendar::{CalendarFile, link::JitsiHosts};
use saal_core::CalendarState;
use saal_fleet_protocol::{Config, config};
use saal_meeting::Secret;
use saal_sources::{Answers, At, Login, News, Pace, Settings, Source, Sources, What, Writer};
use tokio::task::JoinHandle;

use crate::{
    config_file::ConfigFile,
    input::{Input, Inputs},
    services,
};

/// What runs for one configuration; dropping it ends it.
pub(crate) struct Calendars {
    forward: JoinHandle<()>,
    writer: Writer,
}

impl Drop for Calendars {
    fn drop(&mut self) {
        self.forward.abort();
    }
}

/// News of a calendar, by its name.
#[derive(Debug)]
pub(crate) struct CalendarNews {
    pub(crate) state: CalendarState,
    /// What is in it now, where that may be other than before.
    pub(crate) file: Option<Arc<CalendarFile>>,
}

impl Calendars {
    /// Through which they are changed.
    pub(crate) fn writer(&self) -> Writer {
        self.writer.clone()
    }

    /// Starts to look at all of them; `None` without any. A password that can't be read is told and does without.
    pub(crate) fn start(
        config: &Config,
        file: &ConfigFile,
        state: &Path,
        inputs: &Inputs,
    ) -> Option<Self> {
        if config.calendars.is_empty() {
            return None;
        }
        let mut sources = Vec::new();
        for calendar in &config.calendars {
            match source(calendar, file) {
                Ok(source) => sources.push(source),
                Err(reason) => tell_unknown(calendar, reason, inputs),
            }
        }
        let addresses = config.calendars.iter().flat_map(|c| c.addresses.clone());
        let settings = Settings {
            zone: config.room.time_zone.zone(),
            room: addresses.collect(),
            jitsi: jitsi_hosts(config),
            proxy: services::proxy(),
            taken: saal_panel::reason_to_decline(config.room.language),
            keep: Some(state.join("calendars")),
        };
        let sources = Sources::start(sources, settings, Pace::new(fastrand::u64(..)));
        let writer = sources.writer();
        let forward = tokio::spawn(follow(sources, inputs.clone()));
        Some(Self { forward, writer })
    }
}

async fn follow(mut sources: Sources, inputs: Inputs) {
    loop {
        let News { source, what } = sources.next().await;
        let (at, failure, file) = match what {
            What::Read { file, at } => (Some(at), None, Some(file)),
            What::Same { at } => (Some(at), None, None),
            What::Failed { reason } => (None, Some(reason), None),
        };
        let name = source;
        let state = CalendarState { name, at, failure };
        inputs.send(Input::Calendars(CalendarNews { state, file }));
    }
}

fn jitsi_hosts(config: &Config) -> JitsiHosts {
    match config.links.jitsi_hosts.as_slice() {
        [] => JitsiHosts::Any,
        hosts => JitsiHosts::Only(hosts.to_vec()),
    }
}

/// Where it is, is not known; the others are not affected.
fn tell_unknown(calendar: &config::CalendarSource, reason: String, inputs: &Inputs) {
    let name = calendar.name.as_str().to_owned();
    tracing::error!(name, reason, "no address of the calendar");
    let state = CalendarState {
        name,
        at: None,
        failure: Some(reason),
    };
    inputs.send(Input::Calendars(CalendarNews { state, file: None }));
}

/// # Errors
/// One line for people, without secrets.
fn source(calendar: &config::CalendarSource, file: &ConfigFile) -> Result<Source, String> {
    let login = login(calendar, file);
    let feed = |address: &config::WebAddress, login| At::Feed {
        url: address.url().clone(),
        login,
    };
    let at = if let Some(address) = &calendar.caldav {
        At::CalDav {
            url: address.url().clone(),
            login,
        }
    } else if let Some(address) = &calendar.feed {
        feed(address, login)
    } else if let Some(path) = &calendar.feed_file {
        feed(&secret_address(path, file)?, login)
    } else {
        // The configuration's own check wants one of them.
        let path = calendar.folder.clone().unwrap_or_default();
        At::Folder { path }
    };
    Ok(Source {
        name: calendar.name.as_str().to_owned(),
        at,
        answers: match calendar.answer {
            config::CalendarAnswer::Never => Answers::Never,
            config::CalendarAnswer::WhenFree => Answers::WhenFree,
        },
        every: calendar.every_seconds.get(),
    })
}

/// The address that a file has; what is wrong with it is told without it.
fn secret_address(path: &Path, file: &ConfigFile) -> Result<config::WebAddress, String> {
    let address = file.read_key(path)?;
    config::WebAddress::try_from(address)
        .map_err(|problem| format!("{}: {problem}", path.display()))
}

fn login(calendar: &config::CalendarSource, file: &ConfigFile) -> Option<Login> {
    let (user, path) = (calendar.user.as_ref()?, calendar.password_file.as_ref()?);
    let password = file.read_key(path);
    let name = calendar.name.as_str();
    let password =
        password.inspect_err(|reason| tracing::error!(name, reason, "no password of the calendar"));
    Some(Login {
        user: user.clone(),
        password: Secret::new(password.ok()?),
    })
}
