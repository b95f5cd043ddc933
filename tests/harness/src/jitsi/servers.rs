//! Starting and stopping an installation, and what a test can have it do.

use std::path::Path;

use serde_json::Value;
use tokio::sync::watch;

use crate::error::{Error, Result};
use crate::farend::{FarEnd, FarEndOptions};
use crate::https::Https;
use crate::run_folder::RunFolder;
use crate::tools::Tools;
use crate::web::Serving;

use super::bridge::{Bridge, BridgeView};
use super::caller::{JitsiCaller, JitsiJoin};
use super::crowd::JitsiCrowd;
use super::focus::{Control, Focus, Order};
use super::front::{Behind, Bound};
use super::prosody::Prosody;
use super::script::JitsiScript;
use super::{DOMAIN, JitsiOptions};

/// A running installation. Dropping it ends every process and removes their files.
#[derive(Debug)]
pub struct JitsiServers {
    tools: Tools,
    /// For whom everything is on loopback.
    base: String,
    https: Option<Https>,
    focus: Focus,
    bridge: watch::Sender<Bridge>,
    links: watch::Sender<()>,
    bridge_task: Serving,
    _tasks: Vec<Serving>,
    prosody: Prosody,
    // Last: its processes write into it until they are dropped.
    folder: RunFolder,
}

impl JitsiServers {
    /// Starts everything on free ports of loopback and waits until it answers.
    ///
    /// # Errors
    /// When the set-up is missing or Prosody does not come up; the error has the end of its log.
    pub async fn start(options: JitsiOptions) -> Result<Self> {
        let tools = Tools::find()?;
        let folder = RunFolder::new()?;
        let front = Bound::new().await?;
        let base = format!("http://{}", front.authority());
        let prosody = Prosody::start(&folder.path().join("prosody"), &options).await?;
        let (first, bridge_task) = Bridge::start().await?;
        let names: Vec<&str> = options.https.iter().map(String::as_str).collect();
        let https = match names.is_empty() {
            true => None,
            false => Some(Https::before(folder.path(), &names, front.port()).await?),
        };
        let sockets = match &https {
            Some(https) => format!("wss://127.0.0.1:{}", https.port()),
            None => format!("ws://{}", front.authority()),
        };
        let (config, no_websocket) = (options.config.clone(), options.no_websocket);
        let (focus, mut tasks) =
            Focus::start(prosody.component_port(), first.clone(), sockets, options).await?;
        let (bridge, current) = watch::channel(first);
        let (links, cut) = watch::channel(());
        tasks.push(front.serve(Behind {
            prosody: prosody.http_base(),
            focus: focus.clone(),
            bridge: current,
            cut,
            tools: tools.clone(),
            base: base.clone(),
            https: https.as_ref().map(Https::port),
            no_websocket,
            config,
        }));
        Ok(Self {
            tools,
            base,
            https,
            focus,
            bridge,
            links,
            bridge_task,
            _tasks: tasks,
            prosody,
            folder,
        })
    }

    /// Starts a browser for participants, which takes the certificate as it is.
    ///
    /// # Errors
    /// When it does not come up; the error has the end of the driver's log.
    pub async fn browser(&self, options: &FarEndOptions) -> Result<FarEnd> {
        let hosts: &[&str] = match self.https {
            Some(_) => &["127.0.0.1"],
            None => &[],
        };
        FarEnd::start_in(&self.tools, self.folder.path(), &self.base, hosts, options).await
    }

    /// Brings a participant into a room, or as far as it gets.
    ///
    /// # Errors
    /// When the page does not load or has no connection.
    pub async fn join(
        &self,
        browser: &FarEnd,
        room: &str,
        options: &JitsiJoin,
    ) -> Result<JitsiCaller> {
        JitsiCaller::join(browser, &self.base, Value::Null, room, options).await
    }

    /// Where everything answers: `http://127.0.0.1:PORT`.
    #[must_use]
    pub fn base_url(&self) -> &str {
        &self.base
    }

    /// The link of a meeting, as an invitation has it: `https://127.0.0.1:PORT/ROOM` where [`JitsiOptions::https`] says so.
    #[must_use]
    pub fn link(&self, room: &str) -> String {
        match &self.https {
            Some(https) => format!("https://127.0.0.1:{}/{room}", https.port()),
            None => format!("{}/{room}", self.base),
        }
    }

    /// The file with the certificate of the authority that vouches for [`Self::link`]; `None` without TLS.
    #[must_use]
    pub fn authority(&self) -> Option<&Path> {
        self.https.as_ref().map(Https::authority)
    }

    /// What the bridge does in a room.
    pub async fn bridge(&self, room: &str) -> BridgeView {
        let conference = self.conference(room).await;
        let bridge = self.bridge.borrow().clone();
        match conference {
            Some(conference) => bridge.view(&conference).await,
            None => BridgeView::default(),
        }
    }

    /// Kills the bridge and starts another one on another port; the focus moves everybody there.
    ///
    /// # Errors
    /// When there is no free port.
    pub async fn restart_bridge(&mut self) -> Result<()> {
        let (bridge, task) = Bridge::start().await?;
        self.bridge_task = task;
        self.bridge.send_replace(bridge.clone());
        self.focus.new_bridge(bridge);
        Ok(())
    }

    /// Ends a participant's session with the bridge and offers it another one.
    ///
    /// # Errors
    /// When there is no such participant; so for every order here.
    pub async fn move_endpoint(&self, room: &str, endpoint: &str) -> Result<()> {
        let (room, endpoint) = (jid(room), endpoint.to_owned());
        self.order("move", Control::Move { room, endpoint }).await
    }

    /// Mutes a participant's `audio` or `video` as the focus does.
    ///
    /// # Errors
    /// As for [`Self::move_endpoint`].
    pub async fn mute(&self, room: &str, endpoint: &str, medium: &'static str) -> Result<()> {
        let (room, endpoint) = (jid(room), endpoint.to_owned());
        self.order(
            "mute",
            Control::Mute {
                room,
                endpoint,
                medium,
            },
        )
        .await
    }

    /// Throws a participant out.
    ///
    /// # Errors
    /// As for [`Self::move_endpoint`].
    pub async fn kick(&self, room: &str, endpoint: &str, reason: &str) -> Result<()> {
        let (room, endpoint, reason) = (jid(room), endpoint.to_owned(), reason.to_owned());
        self.order(
            "kick",
            Control::Kick {
                room,
                endpoint,
                reason,
            },
        )
        .await
    }

    /// Ends the conference for everybody.
    ///
    /// # Errors
    /// When there is no such conference.
    pub async fn end(&self, room: &str, reason: &str) -> Result<()> {
        let (room, reason) = (jid(room), reason.to_owned());
        self.order("end", Control::End { room, reason }).await
    }

    /// Changes a key of the room's metadata, which all are told.
    ///
    /// # Errors
    /// As for [`Self::end`].
    pub async fn set_metadata(&self, room: &str, key: &str, value: Value) -> Result<()> {
        let (room, key) = (jid(room), key.to_owned());
        self.order("metadata", Control::Metadata { room, key, value })
            .await
    }

    /// Puts an element into the focus's presence, such as the state of a recording; an empty one takes it away.
    ///
    /// # Errors
    /// As for [`Self::end`].
    pub async fn announce(&self, room: &str, name: &str, element: &str) -> Result<()> {
        let (room, name, element) = (jid(room), name.to_owned(), element.to_owned());
        self.order(
            "announce",
            Control::Announce {
                room,
                name,
                element,
            },
        )
        .await
    }

    async fn order(&self, what: &str, control: Control) -> Result<()> {
        match self
            .focus
            .ask(|answer| Order::Control(control, answer))
            .await
        {
            true => Ok(()),
            false => Err(Error::Answer {
                what: format!("the focus, asked for: {what}"),
                answer: "there is nobody whom it concerns".to_owned(),
            }),
        }
    }

    /// Brings `count` people without media of their own into a room.
    ///
    /// # Errors
    /// When one of them does not get in.
    pub async fn crowd(&self, room: &str, count: u32) -> Result<JitsiCrowd> {
        JitsiCrowd::join(&self.base, room, count).await
    }

    /// A participant without media that says what a test wants, not in the room yet.
    ///
    /// # Errors
    /// When the server refuses.
    pub async fn script(&self, room: &str) -> Result<JitsiScript> {
        JitsiScript::connect(&self.base, room, None, &[]).await
    }

    /// Has the camera of `endpoint` seen in the name of everybody in the crowd.
    pub async fn double(&self, crowd: &JitsiCrowd, room: &str, endpoint: &str) {
        let bridge = self.bridge.borrow().clone();
        if let Some(conference) = self.conference(room).await {
            crowd.play(&bridge, &conference, endpoint);
        }
    }

    async fn conference(&self, room: &str) -> Option<String> {
        let jid = jid(room);
        self.focus
            .ask(|answer| Order::Conference(jid, answer))
            .await
    }

    /// Breaks every connection of XMPP once; the servers go on.
    pub fn cut_links(&self) {
        self.links.send_replace(());
    }

    /// Kills Prosody: every connection of XMPP breaks and the rooms are forgotten, the media go on.
    pub async fn stop_prosody(&mut self) {
        self.prosody.kill().await;
    }

    /// Starts Prosody again on the same ports; the focus comes back to it by itself.
    ///
    /// # Errors
    /// When it does not come up.
    pub async fn start_prosody(&mut self) -> Result<()> {
        self.prosody.resume().await
    }

    /// The folder of this run.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The programs that are not ours.
    #[must_use]
    pub fn tools(&self) -> &Tools {
        &self.tools
    }
}

fn jid(room: &str) -> String {
    format!("{}@conference.{DOMAIN}", room.to_lowercase())
}
