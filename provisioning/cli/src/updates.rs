//! Releases and rollouts.

use std::{io::IsTerminal as _, path::Path, time::Duration};

use anyhow::{Context as _, Result};
use reqwest::Method;
use saal_fleet_protocol::fleet::{
    RolloutName,
    api::{NewRollout, Rollout, RolloutDevice, RolloutState, StoredRelease},
    pieces::Index,
    update::Release,
};

use crate::{
    arguments::{ReleaseCommand, RolloutCommand},
    cli::{NOTHING, Session},
    text,
};

/// Between two looks of `--watch`.
const LOOK: Duration = Duration::from_secs(2);

/// What needs no server.
pub(crate) fn alone(command: &ReleaseCommand) -> Option<Result<String>> {
    match command {
        ReleaseCommand::Compare { last, new } => Some(compare(last, new)),
        _ => None,
    }
}

fn compare(last: &Path, new: &Path) -> Result<String> {
    let open = |path: &Path| std::fs::File::open(path).with_context(|| path.display().to_string());
    let index = Index::of(open(new)?).with_context(|| new.display().to_string())?;
    let news = index.news([open(last)?]);
    let news = news.with_context(|| last.display().to_string())?;
    let list = index.to_bytes().len() as u64;
    Ok(text::compared(news + list, index.size()))
}

pub(crate) async fn release(session: &Session, command: ReleaseCommand) -> Result<String> {
    match command {
        ReleaseCommand::List => {
            let show = |all: &Vec<StoredRelease>| text::releases(all);
            session.get("releases", &[], show).await
        }
        ReleaseCommand::Add { file } => add(session, &file).await,
        ReleaseCommand::Remove { version } => {
            let path = format!("releases/{version}");
            let answer: () = session
                .fleet
                .ask(Method::DELETE, &path, &[], NOTHING)
                .await?;
            session.print(&answer, |()| String::new())
        }
        // Needs no server, and was done before.
        ReleaseCommand::Compare { last, new } => compare(&last, &new),
    }
}

async fn add(session: &Session, file: &Path) -> Result<String> {
    let place = || file.display().to_string();
    let opened = tokio::fs::File::open(file).await.with_context(place)?;
    let added: Release = session.fleet.upload("releases", opened).await?;
    session.print(&added, |release| {
        format!(
            "release {} for {}, {} bytes\n",
            release.version, release.compatible, release.size
        )
    })
}

pub(crate) async fn rollout(session: &Session, command: RolloutCommand) -> Result<String> {
    match command {
        RolloutCommand::List => {
            let show = |all: &Vec<Rollout>| text::rollouts(all);
            session.get("rollouts", &[], show).await
        }
        RolloutCommand::Start {
            name,
            release,
            scope,
            waves,
            stop_at,
            needed,
            watch: watched,
        } => {
            let new = NewRollout {
                name: name.clone(),
                release,
                scope,
                waves,
                stop_at_percent: stop_at,
                needed_percent: needed,
            };
            let begun: Rollout = session
                .fleet
                .ask(Method::POST, "rollouts", &[], Some(&new))
                .await?;
            if watched {
                return watch(session, &name).await;
            }
            session.print(&begun, text::rollout)
        }
        RolloutCommand::Show {
            name, watch: true, ..
        } => watch(session, &name).await,
        RolloutCommand::Show { name, devices, .. } => show(session, &name, devices).await,
        RolloutCommand::Pause { name } => order(session, &name, "pause").await,
        RolloutCommand::Resume { name } => order(session, &name, "resume").await,
        RolloutCommand::Approve { name } => order(session, &name, "approve").await,
        RolloutCommand::Stop { name } => order(session, &name, "stop").await,
    }
}

async fn show(session: &Session, name: &RolloutName, devices: bool) -> Result<String> {
    if devices {
        let path = format!("rollouts/{name}/devices");
        let query = [("limit", "1000")];
        let show = |all: &Vec<RolloutDevice>| text::rollout_devices(all);
        return session.get(&path, &query, show).await;
    }
    let path = format!("rollouts/{name}");
    session.get(&path, &[], text::rollout).await
}

async fn order(session: &Session, name: &RolloutName, what: &str) -> Result<String> {
    let path = format!("rollouts/{name}/{what}");
    let show = |(): &()| String::new();
    session.send(Method::POST, &path, &(), show).await
}

/// Draws a bar until the rollout is over or wants somebody.
async fn watch(session: &Session, name: &RolloutName) -> Result<String> {
    let path = format!("rollouts/{name}");
    let terminal = std::io::stderr().is_terminal();
    let mut last = String::new();
    loop {
        let now: Rollout = session.fleet.ask(Method::GET, &path, &[], NOTHING).await?;
        let line = text::bar(&now);
        if terminal {
            // Over the line before; what is left of a longer one goes.
            eprint!("\r{line}\u{1b}[K");
        } else if line != last {
            eprintln!("{line}");
        }
        last = line;
        let rests = now.state.is_over()
            || matches!(now.state, RolloutState::Approval | RolloutState::Paused);
        if rests {
            if terminal {
                eprintln!();
            }
            return session.print(&now, text::rollout);
        }
        tokio::time::sleep(LOOK).await;
    }
}
