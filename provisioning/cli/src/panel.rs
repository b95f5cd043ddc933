//! A room's panel: asked for, seen, worked.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::{Context as _, Result, bail};
use clap::Subcommand;
use reqwest::Method;
use saal_fleet_protocol::fleet::{
    Scope,
    api::{AskHelp, RoomHelp, RoomHelpState, RoomPanel, TouchPanel},
    help::{HelpEnd, Shown},
    wire::from_text,
};

use crate::{
    cli::{NOTHING, Session},
    logs::in_room,
};

/// How often the panel is looked at.
const LOOK: Duration = Duration::from_secs(1);

#[derive(Subcommand, Debug)]
pub(crate) enum PanelCommand {
    /// Asks people in the room, and keeps the panel's newest picture in a file until somebody ends it.
    See {
        /// site/group/room.
        room: Scope,
        /// Ask to work it too.
        #[arg(long)]
        touch: bool,
        /// Where the picture is written (PNG).
        #[arg(long, default_value = "panel.png")]
        file: PathBuf,
    },
    /// Taps the panel that `see` shows.
    Touch {
        /// site/group/room.
        room: Scope,
        /// Pixels from the left.
        x: u32,
        /// Pixels from the top.
        y: u32,
    },
    /// Ends it.
    End {
        /// site/group/room.
        room: Scope,
    },
}

pub(crate) async fn panel(session: &Session, command: PanelCommand) -> Result<String> {
    let done = |(): &()| String::new();
    match command {
        PanelCommand::See { room, touch, file } => see(session, &room, touch, &file).await,
        PanelCommand::Touch { room, x, y } => {
            let path = format!("{}/touch", path(session, &room).await?);
            let at = TouchPanel { x, y };
            session.send(Method::POST, &path, &at, done).await
        }
        PanelCommand::End { room } => {
            let path = path(session, &room).await?;
            session.send(Method::DELETE, &path, &(), done).await
        }
    }
}

async fn path(session: &Session, room: &Scope) -> Result<String> {
    let device = in_room(session, room).await?;
    Ok(format!("devices/{}/help", device.device))
}

async fn see(session: &Session, room: &Scope, touch: bool, file: &Path) -> Result<String> {
    let path = path(session, room).await?;
    let ask = AskHelp { touch };
    let fleet = &session.fleet;
    let asked: RoomHelp = fleet.ask(Method::POST, &path, &[], Some(&ask)).await?;
    eprintln!("people in {room} are being asked; they have a minute");
    let (look, mut told) = (format!("{path}/panel"), false);
    loop {
        let seen = fleet.ask::<RoomPanel>(Method::GET, &look, &[], NOTHING);
        let seen = match seen.await {
            Ok(seen) => seen,
            // It is over, or can't be looked at; the server knows more.
            Err(error) => {
                let over = over(session, &path, asked.number).await?;
                return over.unwrap_or(Err(error));
            }
        };
        if seen.help.state == (RoomHelpState::Allowed {}) && !std::mem::replace(&mut told, true) {
            eprintln!(
                "they allowed it: {} is the panel, until it ends",
                file.display()
            );
        }
        if let Some(panel) = seen.panel {
            match panel.shown {
                Shown::Picture { png, .. } => keep(file, &from_text(&png).unwrap_or_default())?,
                Shown::Hidden {} => eprintln!("a PIN, a password or a code is on the panel now"),
            }
        }
        tokio::time::sleep(LOOK).await;
    }
}

/// Whoever looks at the file sees a whole picture.
fn keep(file: &Path, png: &[u8]) -> Result<()> {
    let new = file.with_extension("new");
    std::fs::write(&new, png).with_context(|| new.display().to_string())?;
    std::fs::rename(&new, file).with_context(|| file.display().to_string())
}

/// How it ended; `None`: it did not.
async fn over(session: &Session, path: &str, number: u64) -> Result<Option<Result<String>>> {
    let last: Option<RoomHelp> = session.fleet.ask(Method::GET, path, &[], NOTHING).await?;
    let Some(help) = last.filter(|help| help.number == number) else {
        bail!("somebody asked anew");
    };
    Ok(match help.state {
        RoomHelpState::Ended { why } if is_as_it_should_be(why) => {
            Some(session.print(&help, |_| format!("{}\n", reason(why))))
        }
        RoomHelpState::Ended { why } => bail!("{}", reason(why)),
        _ => None,
    })
}

/// It was allowed, and went on until somebody had enough.
fn is_as_it_should_be(why: HelpEnd) -> bool {
    matches!(why, HelpEnd::Stopped | HelpEnd::Left | HelpEnd::Over)
}

fn reason(why: HelpEnd) -> &'static str {
    match why {
        HelpEnd::Refused => "people in the room said no",
        HelpEnd::Unanswered => "nobody in the room answered within a minute",
        HelpEnd::Unwanted => {
            "people in the room said no, or ended it, less than five minutes ago; wait before you ask again"
        }
        HelpEnd::Busy => "somebody else looks at the room just now, or asks to",
        HelpEnd::Stopped => "people in the room ended it",
        HelpEnd::Left => "it was ended from afar",
        HelpEnd::Over => "the ten minutes are over",
        HelpEnd::Lost => "the connection to the room was lost",
        HelpEnd::Older => "the device's release does not know help from afar; update it first",
    }
}
