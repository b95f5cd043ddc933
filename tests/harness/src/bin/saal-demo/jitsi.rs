//! `./dev demo --jitsi`: a room in a conference on any server, or on the stand-in with somebody in it.

use std::time::Duration;

use anyhow::{Context, bail};
use saal_control::{PhaseName, Reply, Request, Status};
use saal_harness::{
    FarEnd, FarEndOptions, JitsiCaller, JitsiJoin, JitsiOptions, JitsiServers, Room, RunFolder,
    until,
};
use url::Url;

use crate::{Arguments, FarEndKind, TITLE, room_options, timed};

/// How long a server may take to let the room in, or to say what it waits for.
const JOINED_WITHIN: Duration = Duration::from_secs(60);

/// Everything that runs, the room first: it leaves before the others end.
pub(crate) struct JitsiDemo {
    room: Room,
    far_end: Option<(JitsiCaller, FarEnd)>,
    _servers: Option<JitsiServers>,
    _folder: Option<RunFolder>,
}

impl JitsiDemo {
    /// Starts what the address asks for; an empty one means the stand-in.
    pub(crate) async fn start(arguments: &Arguments, address: &str) -> anyhow::Result<Self> {
        match address {
            "" => Self::on_stand_in(arguments).await,
            address => Self::on_server(arguments, &conference(address)?).await,
        }
    }

    async fn on_stand_in(arguments: &Arguments) -> anyhow::Result<Self> {
        let servers = timed(
            "Servers (Prosody, a stand-in for Jicofo and the bridge)",
            JitsiServers::start(JitsiOptions::default()),
        )
        .await?;
        let options = room_options(arguments)?.with_meeting(TITLE, &servers.link(TITLE));
        let room = timed(
            "The room (saald)",
            Room::standing(servers.folder(), &options),
        )
        .await?;
        let far_end = match arguments.far_end {
            FarEndKind::None => None,
            FarEndKind::Browser => Some(anna(arguments, &servers).await?),
        };
        let web = room.web();
        println!("\nOpen {web} and touch Join: \"{TITLE}\" is on now.");
        if far_end.is_some() {
            println!("Anna is in it already, with Jitsi's web client library.");
        }
        println!(
            "Logs: {}. Ctrl-C stops everything.",
            servers.folder().display()
        );
        Ok(Self {
            room,
            far_end,
            _servers: Some(servers),
            _folder: None,
        })
    }

    async fn on_server(arguments: &Arguments, link: &Url) -> anyhow::Result<Self> {
        let folder = RunFolder::new()?;
        let title = link.path().rsplit('/').next().unwrap_or_default();
        let options = room_options(arguments)?.with_meeting(title, link.as_str());
        let room = timed("The room (saald)", Room::standing(folder.path(), &options)).await?;
        let web = room.web();
        println!("\nLook at {web}: panel and television of the room.");
        println!("Join it yourself: {}", shown(link));
        println!("Logs: {}. Ctrl-C stops everything.", room.state().display());
        let join = Request::JoinLink {
            link: saal_meeting::MeetingLink::new(link.as_str()),
        };
        match timed("Joining", room.ask(join)).await? {
            Reply::Done {} => {}
            other => bail!("the room does not join: {other:?}"),
        }
        println!("{}", came_of_it(&room).await?);
        Ok(Self {
            room,
            far_end: None,
            _servers: None,
            _folder: Some(folder),
        })
    }

    pub(crate) async fn stop(self) {
        self.room.stop().await;
        if let Some((caller, browser)) = self.far_end {
            drop(caller);
            browser.close().await;
        }
    }
}

async fn anna(
    arguments: &Arguments,
    servers: &JitsiServers,
) -> anyhow::Result<(JitsiCaller, FarEnd)> {
    let options = FarEndOptions {
        browser: arguments.browser(),
        ..FarEndOptions::coded(servers.tools(), 1)?
    };
    timed("The far end (Jitsi's library in Chromium)", async {
        let browser = servers.browser(&options).await?;
        let anna = JitsiJoin::named("Anna");
        let caller = servers.join(&browser, TITLE, &anna).await?;
        Ok((caller, browser))
    })
    .await
}

/// The address of a conference; a server alone gets a room whose name nobody guesses.
fn conference(address: &str) -> anyhow::Result<Url> {
    let whole = match address.contains("://") {
        true => address.to_owned(),
        false => format!("https://{address}"),
    };
    let mut link =
        Url::parse(&whole).with_context(|| format!("--jitsi {address}: no web address"))?;
    if link.host_str().is_none_or(str::is_empty) {
        bail!("--jitsi {address}: it names no server");
    }
    if link.path().ends_with('/') {
        let name = format!("{}saal-demo-{:08x}", link.path(), std::process::id());
        link.set_path(&name);
    }
    Ok(link)
}

/// The address without what may be secret in it.
fn shown(link: &Url) -> String {
    let mut link = link.clone();
    link.set_query(None);
    link.set_fragment(None);
    link.to_string()
}

/// Waits until the room is in, waits for somebody, or was refused; in words.
async fn came_of_it(room: &Room) -> anyhow::Result<String> {
    let settled = |status: &Status| {
        let waits = status
            .call
            .as_ref()
            .is_some_and(|one| one.obstacle.is_some());
        waits || matches!(status.phase, PhaseName::Call | PhaseName::Home)
    };
    let look = async || room.status().await;
    let status = until("an answer of the server", JOINED_WITHIN, look, settled).await?;
    let obstacle = status.call.as_ref().and_then(|call| call.obstacle);
    Ok(match (status.phase, obstacle) {
        (PhaseName::Call, _) => "The room is in the meeting.".to_owned(),
        (_, Some(obstacle)) => format!("The room {}.", obstacle.as_str()),
        _ => {
            let troubles = status.troubles.iter().map(|trouble| trouble.text.as_str());
            let troubles: Vec<_> = troubles.collect();
            format!("The room did not get in. {}", troubles.join(" "))
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_alone_gets_a_room() {
        let link = conference("meet.example.org").unwrap();
        assert!(
            link.as_str()
                .starts_with("https://meet.example.org/saal-demo-")
        );
        let link = conference("http://127.0.0.1:8000/Weekly?jwt=x").unwrap();
        assert_eq!(link.as_str(), "http://127.0.0.1:8000/Weekly?jwt=x");
        assert_eq!(shown(&link), "http://127.0.0.1:8000/Weekly");
        assert!(conference("https://").is_err());
    }
}
