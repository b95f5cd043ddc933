//! The local command line of a room: asks the daemon on its control socket.
//!
//! Exit status: 0 done, 1 not done (what the daemon refused, or no daemon), 2 wrong usage.

mod cli;
mod client;
mod find;
mod ports;
mod provision;
mod reset_key;
mod selftest;
mod text;

use std::{
    io::{self, Write},
    path::Path,
    process::ExitCode,
};

use base64::{Engine, prelude::BASE64_STANDARD};
use clap::Parser;
use saal_control::{Answer, Refused, Reply, Request};
use saal_media_protocol::CameraAction;
use saal_meeting::{Destination, LinkTarget, MeetingLink, Secret};

use crate::{
    cli::{AccountCommand, CameraCommand, Cli, Command, PanelCommand, recover},
    client::Client,
};

/// Why nothing was done.
#[derive(Debug, thiserror::Error)]
enum Failure {
    /// The daemon was not reached or not understood.
    #[error(transparent)]
    Client(#[from] client::ClientError),
    /// The daemon said no.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// No meeting, or too many, go by that name.
    #[error(transparent)]
    Find(#[from] find::FindError),
    /// The panel's picture was not written.
    #[error("can't write {}: {source}", path.display())]
    Picture {
        /// Where.
        path: std::path::PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Whoever was asked did not say yes.
    #[error("nothing is forgotten")]
    Kept,
    /// Standard input gave nothing.
    #[error("nothing came on standard input: {0}")]
    Input(#[source] io::Error),
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    match &cli.command {
        Command::Selftest => return selftest::run(cli.json),
        Command::ResetKey { requests } => return reset_key::run(requests),
        Command::Ports { config } => return ports::run(config),
        Command::Provision(wanted) => return provision::run(wanted),
        _ => {}
    }
    let (out, err, code) = match run(&cli) {
        Ok(text) => (text, String::new(), ExitCode::SUCCESS),
        Err(failure) => (
            failure_json(&cli, &failure),
            format!("saalctl: {failure}\n"),
            ExitCode::FAILURE,
        ),
    };
    // A reader that has seen enough (`| head`) is no failure.
    let _ = io::stdout().write_all(out.as_bytes());
    let _ = io::stderr().write_all(err.as_bytes());
    code
}

fn run(cli: &Cli) -> Result<String, Failure> {
    if matches!(cli.command, Command::FactoryReset { yes: false }) {
        ask_before_reset()?;
    }
    let mut client = Client::connect(&cli.state())?;
    let reply = match &cli.command {
        Command::Join {
            meeting,
            place: None,
        } if is_link(meeting) => {
            let link = MeetingLink::new(meeting);
            client.ask(Request::JoinLink { link })?
        }
        Command::Password => {
            let password = read_secret()?;
            client.ask(Request::GivePassword { password })?
        }
        Command::Account {
            command: AccountCommand::Recover,
        } => client.ask(recover(read_secret()?))?,
        Command::Join { meeting, place } => {
            let meetings = client.meetings()?;
            let meeting = find::find(meeting, &meetings)?.id.clone();
            let place = place.clone();
            client.ask(Request::Join { meeting, place })?
        }
        Command::Camera { command } if matches!(command, CameraCommand::Look { .. }) => {
            let view = command.view(client.camera_view()?);
            let action = CameraAction::Look { view };
            client.ask(Request::Camera { action })?
        }
        command => match command.about_time_of() {
            Some(wanted) => {
                let meetings = client.meetings()?;
                let meeting = match wanted {
                    Some(wanted) => find::find(wanted, &meetings)?,
                    None => find::first(&meetings)?,
                };
                client.ask(command.with_time_of(meeting.id.clone()))?
            }
            None => client.ask(command.request())?,
        },
    };
    keep_picture(&reply, &cli.command)?;
    if cli.json {
        return Ok(json(&reply, &cli.command));
    }
    let zone = match &reply {
        Reply::Meetings(_) => client.time_zone()?,
        Reply::Status(status) => client::zone(status),
        _ => jiff::tz::TimeZone::UTC,
    };
    Ok(text::reply(&reply, &cli.command, &zone))
}

/// The panel's picture goes into the file that was named.
fn keep_picture(reply: &Reply, command: &Command) -> Result<(), Failure> {
    match (reply, command) {
        (
            Reply::PanelPicture { png },
            Command::Panel {
                command: PanelCommand::Picture { file },
            },
        ) => write_picture(file, png),
        _ => Ok(()),
    }
}

fn write_picture(path: &Path, png: &str) -> Result<(), Failure> {
    let bytes = BASE64_STANDARD
        .decode(png)
        .map_err(|_| client::ClientError::Unexpected)?;
    std::fs::write(path, bytes).map_err(|source| Failure::Picture {
        path: path.to_owned(),
        source,
    })
}

/// A web address, or an address of Matrix that no title or id of a meeting looks like.
fn is_link(meeting: &str) -> bool {
    let target = LinkTarget::of(&MeetingLink::new(meeting));
    let matrix = target.is_ok_and(|t| matches!(t.destination, Destination::Matrix { .. }));
    meeting.contains("://") || matrix
}

/// What is lost is said before anything is; only a whole word counts.
fn ask_before_reset() -> Result<(), Failure> {
    eprint!(
        "This room will forget its account with its encryption keys, its place in the fleet, what was set at the panel,\n\
         saved camera views, bookings that no calendar has, and the log of what was in use. Nothing brings that back.\n\
         Type \"forget\" to go on: "
    );
    let mut answer = String::new();
    io::stdin().read_line(&mut answer).map_err(Failure::Input)?;
    match answer.trim() {
        "forget" => Ok(()),
        _ => Err(Failure::Kept),
    }
}

fn read_secret() -> Result<Secret, Failure> {
    let mut secret = String::new();
    io::stdin().read_line(&mut secret).map_err(Failure::Input)?;
    Ok(Secret::new(secret.trim_end_matches(['\r', '\n'])))
}

/// What was asked for, bare: programs know what they asked.
fn json(reply: &Reply, command: &Command) -> String {
    let value = match reply {
        Reply::Status(status) if matches!(command, Command::Account { .. }) => {
            serde_json::to_string_pretty(&status.account)
        }
        Reply::Status(status) => serde_json::to_string_pretty(status),
        Reply::Meetings(meetings) => serde_json::to_string_pretty(meetings),
        Reply::Camera(camera) => serde_json::to_string_pretty(camera),
        Reply::Sound(sound) => serde_json::to_string_pretty(sound),
        Reply::Devices(devices) => serde_json::to_string_pretty(devices),
        Reply::RecoveryKey { key } => serde_json::to_string_pretty(key),
        Reply::Panel(tree) => serde_json::to_string_pretty(tree),
        Reply::Done {} | Reply::PanelPicture { .. } | Reply::Help(_) | Reply::Error(_) => {
            Ok("{}".to_owned())
        }
    };
    value.expect("plain data with text keys is JSON") + "\n"
}

/// A refusal as the daemon wrote it; nothing for failures that have no code.
fn failure_json(cli: &Cli, failure: &Failure) -> String {
    match failure {
        Failure::Refused(refused) if cli.json => {
            Answer::new(Reply::Error(refused.clone())).to_line()
        }
        _ => String::new(),
    }
}
