//! What each command asks the server.

use std::path::PathBuf;

use anyhow::{Context as _, Result};
use clap::CommandFactory as _;
use reqwest::Method;
use saal_fleet_protocol::fleet::{
    Key, Scope,
    api::{
        AuditCheck, AuditPage, Change, Claim, Device, Edit, Explained, Move, Page, Preview,
        Waiting, Written,
    },
    typed,
};
use serde::{Serialize, de::DeserializeOwned};

use crate::{
    administer, alerts,
    arguments::{Arguments, Audit, Command, Config, Devices},
    authority,
    client::{ACCESS_VARIABLE, Fleet},
    keys, logs, panel, text, updates, values,
};

pub(crate) const NOTHING: Option<&()> = None;

/// The fleet, and how answers are printed.
pub(crate) struct Session {
    pub(crate) fleet: Fleet,
    json: bool,
}

impl Session {
    pub(crate) async fn get<T: DeserializeOwned + Serialize>(
        &self,
        path: &str,
        query: &[(&str, &str)],
        show: impl Fn(&T) -> String,
    ) -> Result<String> {
        let answer: T = self.fleet.ask(Method::GET, path, query, NOTHING).await?;
        self.print(&answer, show)
    }

    pub(crate) async fn send<T: DeserializeOwned + Serialize>(
        &self,
        method: Method,
        path: &str,
        body: &impl Serialize,
        show: impl Fn(&T) -> String,
    ) -> Result<String> {
        let answer: T = self.fleet.ask(method, path, &[], Some(body)).await?;
        self.print(&answer, show)
    }

    pub(crate) fn print<T: Serialize>(
        &self,
        answer: &T,
        show: impl Fn(&T) -> String,
    ) -> Result<String> {
        if self.json {
            return Ok(serde_json::to_string_pretty(answer)? + "\n");
        }
        Ok(show(answer))
    }

    async fn change(&self, scope: Scope, edits: Vec<Edit>, dry_run: bool) -> Result<String> {
        let query: &[(&str, &str)] = if dry_run { &[("dry_run", "true")] } else { &[] };
        let change = Change { scope, edits };
        let preview: Preview = self
            .fleet
            .ask(Method::PUT, "settings", query, Some(&change))
            .await?;
        self.print(&preview, |preview| text::preview(preview, dry_run))
    }
}

/// Does what was asked; returns what to print.
pub(crate) async fn run(arguments: Arguments) -> Result<String> {
    if let Command::Completion { shell } = arguments.command {
        return completion(shell);
    }
    if let Command::Keys(command) = &arguments.command
        && let Some(done) = keys::alone(command)
    {
        return done;
    }
    if let Command::Release(command) = &arguments.command
        && let Some(done) = updates::alone(command)
    {
        return done;
    }
    let variable = || std::env::var_os(ACCESS_VARIABLE).map(PathBuf::from);
    let access = arguments.access.or_else(variable);
    let access = access
        .with_context(|| format!("which fleet? Give --access FILE or set {ACCESS_VARIABLE}"))?;
    let session = Session {
        fleet: Fleet::open(&access)?,
        json: arguments.json,
    };
    work(&session, arguments.command).await
}

async fn work(session: &Session, command: Command) -> Result<String> {
    let done = |(): &()| String::new();
    match command {
        Command::Config(command) => config(session, command).await,
        Command::Secret(command) => administer::secret(session, command).await,
        Command::Token(command) => administer::token(session, command).await,
        Command::Access(command) => administer::access(session, command).await,
        Command::Person(command) => administer::person(session, command).await,
        Command::Webhook(command) => administer::webhook(session, command).await,
        Command::Alert(command) => alerts::alert(session, command).await,
        Command::Keys(command) => keys::keys(session, command).await,
        Command::Authority(command) => authority::authority(session, command).await,
        Command::Release(command) => updates::release(session, command).await,
        Command::Rollout(command) => updates::rollout(session, command).await,
        Command::Audit(asked) => audit(session, &asked).await,
        // Needs no fleet, and was done before.
        Command::Completion { shell } => completion(shell),
        Command::Expect { file } => administer::expect(session, &file).await,
        Command::Explain { scope, key } => explain(session, &scope, key.as_ref()).await,
        Command::Devices(asked) => devices(session, &asked).await,
        Command::Show { device } => {
            let path = format!("devices/{device}");
            session.get::<Device>(&path, &[], text::device).await
        }
        Command::Logs { room, lines } => logs::logs(session, &room, lines).await,
        Command::Panel(command) => panel::panel(session, command).await,
        Command::Waiting => {
            let show = |all: &Vec<Waiting>| text::waiting(all);
            session.get("waiting", &[], show).await
        }
        Command::Claim {
            code,
            room,
            replace,
        } => {
            let claim = Claim {
                code,
                room,
                replace,
            };
            session
                .send::<Device>(Method::POST, "claim", &claim, text::device)
                .await
        }
        Command::Revoke { device } => {
            let path = format!("devices/{device}/revoke");
            session.send(Method::POST, &path, &(), done).await
        }
        Command::Move { device, room } => {
            let path = format!("devices/{device}/move");
            session
                .send(Method::POST, &path, &Move { room }, done)
                .await
        }
    }
}

async fn devices(session: &Session, asked: &Devices) -> Result<String> {
    let (skip, limit) = (asked.after.to_string(), asked.limit.to_string());
    let query = [
        ("search", asked.search.as_str()),
        ("sort", &asked.sort),
        ("only", &asked.only),
        ("scope", asked.scope.as_str()),
        ("after", &skip),
        ("limit", &limit),
    ];
    let show = |page: &Page<Device>| text::devices(page, asked.after);
    session.get("devices", &query, show).await
}

async fn explain(session: &Session, scope: &Scope, key: Option<&Key>) -> Result<String> {
    let mut query = vec![("scope", scope.as_str())];
    query.extend(key.map(|key| ("key", key.as_str())));
    session
        .get::<Explained>("explain", &query, text::explained)
        .await
}

async fn config(session: &Session, command: Config) -> Result<String> {
    match command {
        Config::Get { scope } => {
            let query = [("scope", scope.as_str())];
            session
                .get::<Vec<Written>>("settings", &query, |all| text::written(all))
                .await
        }
        Config::Set {
            scope,
            key,
            value,
            lock,
            dry_run,
        } => {
            let edit = Edit::Set {
                key,
                value: typed(&value),
                locked: lock,
            };
            session.change(scope, vec![edit], dry_run).await
        }
        Config::Unset {
            scope,
            key,
            dry_run,
        } => {
            session
                .change(scope, vec![Edit::Unset { key }], dry_run)
                .await
        }
        Config::Apply {
            scope,
            file,
            lock,
            dry_run,
        } => {
            let document =
                std::fs::read_to_string(&file).with_context(|| file.display().to_string())?;
            let edits =
                values::edits(&document, lock).with_context(|| file.display().to_string())?;
            session.change(scope, edits, dry_run).await
        }
    }
}

fn completion(shell: clap_complete::Shell) -> Result<String> {
    let mut written = Vec::new();
    let mut command = Arguments::command();
    let name = command.get_name().to_owned();
    clap_complete::generate(shell, &mut command, name, &mut written);
    String::from_utf8(written).context("the completion is no text")
}

async fn audit(session: &Session, asked: &Audit) -> Result<String> {
    if asked.check {
        return session
            .get::<AuditCheck>("audit/check", &[], text::audit_check)
            .await;
    }
    let limit = asked.limit.to_string();
    let older = asked.older_than.map(|number| number.to_string());
    let mut query = vec![
        ("search", asked.search.as_str()),
        ("scope", asked.scope.as_str()),
        ("limit", &limit),
    ];
    query.extend(asked.act.map(|act| ("act", act.as_str())));
    query.extend(older.as_ref().map(|number| ("older_than", number.as_str())));
    session.get::<AuditPage>("audit", &query, text::audit).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_shell_completes_the_commands() {
        use clap::ValueEnum as _;
        for shell in clap_complete::Shell::value_variants() {
            let text = completion(*shell).unwrap();
            assert!(
                text.contains("explain") && text.contains("webhook"),
                "{shell}"
            );
        }
    }

    #[test]
    fn the_command_line_is_sound() {
        Arguments::command().debug_assert();
    }
}
