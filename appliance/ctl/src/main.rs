//! The local command line of a room: asks the daemon on its control socket.
//!
//! Exit status: 0 done, 1 not done (what the daemon refused, or no daemon), 2 wrong usage.

mod cli;
mod client;
mod find;
mod selftest;
mod text;

use std::{
    io::{self, Write},
    process::ExitCode,
};

use clap::Parser;
use saal_control::{Answer, Refused, Reply, Request};
use saal_media_protocol::CameraAction;
use saal_meeting::{Destination, LinkTarget, MeetingLink, Secret};

use crate::{
    cli::{AccountCommand, CameraCommand, Cli, Command, recover},
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
    /// Standard input gave nothing.
    #[error("nothing came on standard input: {0}")]
    Input(#[source] io::Error),
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    if matches!(cli.command, Command::Selftest) {
        return selftest::run(cli.json);
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
    let mut client = Client::connect(&cli.state())?;
    let reply = match &cli.command {
        Command::Join { meeting } if is_link(meeting) => {
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
        Command::Join { meeting } => {
            let meetings = client.meetings()?;
            let meeting = find::find(meeting, &meetings)?.id.clone();
            client.ask(Request::Join { meeting })?
        }
        Command::Camera { command } if matches!(command, CameraCommand::Look { .. }) => {
            let view = command.view(client.camera_view()?);
            let action = CameraAction::Look { view };
            client.ask(Request::Camera { action })?
        }
        command => client.ask(command.request())?,
    };
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

/// A web address, or an address of Matrix that no title or id of a meeting looks like.
fn is_link(meeting: &str) -> bool {
    let target = LinkTarget::of(&MeetingLink::new(meeting));
    let matrix = target.is_ok_and(|t| matches!(t.destination, Destination::Matrix { .. }));
    meeting.contains("://") || matrix
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
        Reply::Devices(devices) => serde_json::to_string_pretty(devices),
        Reply::RecoveryKey { key } => serde_json::to_string_pretty(key),
        Reply::Done {} | Reply::Error(_) => Ok("{}".to_owned()),
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
