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
        let sources = config
            .calendars
            .iter()
            .filter_map(|c| source(c, file))
            .collect();
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

fn source(calendar: &config::CalendarSource, file: &ConfigFile) -> Option<Source> {
    let login = login(calendar, file);
    let at = match (&calendar.caldav, &calendar.feed, &calendar.folder) {
        (Some(address), None, None) => At::CalDav {
            url: address.url().clone(),
            login,
        },
        (None, Some(address), None) => At::Feed {
            url: address.url().clone(),
            login,
        },
        (None, None, Some(path)) => At::Folder { path: path.clone() },
        // The configuration's own check allows one alone.
        _ => return None,
    };
    Some(Source {
        name: calendar.name.as_str().to_owned(),
        at,
        answers: match calendar.answer {
            config::CalendarAnswer::Never => Answers::Never,
            config::CalendarAnswer::WhenFree => Answers::WhenFree,
        },
        every: calendar.every_seconds.get(),
    })
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
