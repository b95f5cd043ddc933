//! A room's log: asked for, waited for, printed.

use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use reqwest::Method;
use saal_fleet_protocol::fleet::{
    Scope,
    api::{AskLog, Device, Page, RoomLog},
    log::Log,
};

use crate::{
    cli::{NOTHING, Session},
    text,
};

/// How often the server is asked whether it came.
const LOOK: Duration = Duration::from_millis(300);
/// A device reads a journal on a slow disk in that time.
const PATIENCE: Duration = Duration::from_secs(40);

pub(crate) async fn logs(session: &Session, room: &Scope, lines: u32) -> Result<String> {
    let device = in_room(session, room).await?;
    let path = format!("devices/{}/log", device.device);
    let ask = AskLog { lines: Some(lines) };
    let asked: RoomLog = session
        .fleet
        .ask(Method::POST, &path, &[], Some(&ask))
        .await?;
    if !device.online {
        bail!("{room} is not connected; if it comes back within an hour its log is on its page");
    }
    let begun = Instant::now();
    while begun.elapsed() < PATIENCE {
        let now: Option<RoomLog> = session.fleet.ask(Method::GET, &path, &[], NOTHING).await?;
        match now {
            Some(now) if now.number != asked.number => {
                bail!("somebody else asked {room} meanwhile; ask again")
            }
            Some(RoomLog { log: Some(log), .. }) => {
                if let Log::Failed { detail } = &log {
                    bail!("{room} can't read its log: {detail}");
                }
                return session.print(&log, text::log_of_room);
            }
            _ => tokio::time::sleep(LOOK).await,
        }
    }
    bail!("{room} does not answer; its agent may be of a release that sends no logs")
}

pub(crate) async fn in_room(session: &Session, room: &Scope) -> Result<Device> {
    if !room.is_room() {
        bail!("{room} is no room; write site/group/room");
    }
    let query = [("scope", room.as_str())];
    let page: Page<Device> = session
        .fleet
        .ask(Method::GET, "devices", &query, NOTHING)
        .await?;
    let device = page.items.into_iter().find(|device| !device.revoked);
    match device {
        Some(device) => Ok(device),
        None => bail!("there is no device in {room}"),
    }
}
