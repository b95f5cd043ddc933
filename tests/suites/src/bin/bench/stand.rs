//! What every benchmark measures on: real servers, a meeting, a far end without codecs in its call,
//! a room and an Element Call user who take turns to join it.

use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use anyhow::{Context, ensure};
use saal_control::PhaseName;
use saal_harness::{
    BrowserKind, CallStats, Caller, Desktop, Element, FarEnd, FarEndOptions, JitsiCaller,
    JitsiJoin, JitsiOptions, JitsiServers, JoinOptions, Onlooker, Room, RoomOptions, Sight, Tools,
    User, until,
};
use saal_media_protocol::SourceKind;
use saal_network_sim::{Line, Namespace};
use saal_suites::{
    Meeting, PATIENCE, Taken,
    light::{LightCaller, Recording},
};
use tokio::time::timeout;

/// The simulated room's own picture, which the browser's camera shows too.
const ROOM_SEED: u64 = 1;
/// The far end's picture and tone.
pub(crate) const FAR_END_SEED: u64 = 9;
/// The meeting on the panel, and the conference's name.
const TITLE: &str = "Weekly";
const CONFERENCE: &str = "weekly";
/// Pixels of the room's television, and of the browser's page.
pub(crate) const SHOWN: (u32, u32) = (1280, 720);

/// Where pictures and sound of a subject come out.
pub(crate) struct Outputs {
    /// An X server (`DISPLAY`).
    pub(crate) display: String,
    /// A sound server (`PULSE_SERVER`), if there is one.
    pub(crate) loudspeaker: Option<String>,
}

/// Which meetings are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Service {
    /// Matrix, beside Element Call.
    Matrix,
    /// Jitsi (the harness's stand-in), beside its web client's library.
    Jitsi,
}

/// In which calls both subjects are.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Call {
    pub(crate) service: Service,
    /// End to end.
    pub(crate) encrypted: bool,
}

impl Call {
    /// What the peer is.
    pub(crate) fn peer(self) -> &'static str {
        match (self.service, self.encrypted) {
            (Service::Matrix, false) => "Chromium: Element Call in a window",
            (Service::Matrix, true) => {
                "Chromium: Element Call in a window, on a new device at each opening"
            }
            (Service::Jitsi, _) => {
                "Chromium: Jitsi's own library in a window, without the web client's page around it"
            }
        }
    }
}

/// The stand.
pub(crate) struct Stand {
    site: Site,
    pub(crate) far_end: LightCaller,
    pub(crate) room: Room,
    /// What the far end sends.
    pub(crate) recording: Arc<Recording>,
}

/// The servers, and who takes turns with the room.
enum Site {
    Matrix {
        stage: Box<Taken>,
        meeting: Box<Meeting>,
        join: JoinOptions,
    },
    Jitsi(Box<JitsiServers>),
}

/// The browser's participant.
pub(crate) enum Peer {
    ElementCall(Caller),
    Jitsi(JitsiCaller),
}

impl Peer {
    pub(crate) async fn stats(&self) -> saal_harness::Result<CallStats> {
        match self {
            Self::ElementCall(caller) => caller.stats().await,
            Self::Jitsi(caller) => caller.stats().await,
        }
    }

    /// Ends the page.
    pub(crate) async fn close(self) -> anyhow::Result<()> {
        match self {
            Self::ElementCall(caller) => caller.close().await?,
            // Its page goes with it.
            Self::Jitsi(_) => {}
        }
        Ok(())
    }
}

impl Stand {
    pub(crate) async fn set_up(call: Call) -> anyhow::Result<Self> {
        let recording = Recording::of_room(FAR_END_SEED);
        match call.service {
            Service::Matrix => {
                let stage = Taken::take().await?;
                Self::matrix(stage, call.encrypted, recording.await?, room_options()).await
            }
            Service::Jitsi => Self::jitsi(recording.await?).await,
        }
    }

    /// In Matrix meetings, with a line before the servers that everybody but the far end goes over.
    pub(crate) async fn behind_a_line(seed: u64) -> anyhow::Result<Self> {
        let recording = Recording::of_room(FAR_END_SEED).await?;
        let stage = Taken::behind_a_line(seed).await?;
        Self::matrix(stage, false, recording, room_options()).await
    }

    /// In Matrix meetings, with the room's television in a window there.
    pub(crate) async fn with_outputs(outputs: &Outputs) -> anyhow::Result<Self> {
        let recording = Recording::of_room(FAR_END_SEED).await?;
        let mut options = room_options();
        "window".clone_into(&mut options.display);
        let display = ("DISPLAY".to_owned(), outputs.display.clone());
        options.environment.push(display);
        if let Some(server) = &outputs.loudspeaker {
            "Sound server".clone_into(&mut options.loudspeaker);
            let server = ("PULSE_SERVER".to_owned(), server.clone());
            options.environment.push(server);
        }
        Self::matrix(Taken::take().await?, false, recording, options).await
    }

    /// The line; only on a stand behind one.
    pub(crate) fn line(&self) -> anyhow::Result<&Line> {
        match &self.site {
            Site::Matrix { stage, .. } => stage.line().context("no line before the servers"),
            Site::Jitsi(_) => anyhow::bail!("no line before Jitsi's servers"),
        }
    }

    /// Where both subjects are.
    fn network(&self) -> Option<Namespace> {
        self.line().ok().map(|line| line.near().clone())
    }

    async fn matrix(
        stage: Taken,
        encrypted: bool,
        recording: Arc<Recording>,
        options: RoomOptions,
    ) -> anyhow::Result<Self> {
        let meeting = if encrypted {
            stage.encrypted_meeting(TITLE).await?
        } else {
            stage.meeting(TITLE).await?
        };
        let (host, matrix_room) = (&meeting.host, &meeting.matrix_room);
        let sent = recording.clone();
        let far_end = LightCaller::join(&stage.servers, host, matrix_room, sent).await?;
        let options = RoomOptions {
            network: stage.line().map(|line| line.near().clone()),
            ..options
        };
        let room = Room::start(&stage.servers, &meeting.guest, &options).await?;
        let (stage, meeting) = (Box::new(stage), Box::new(meeting));
        let join = JoinOptions {
            page: SHOWN,
            encrypted,
            ..JoinOptions::default()
        };
        Ok(Self {
            site: Site::Matrix {
                stage,
                meeting,
                join,
            },
            far_end,
            room,
            recording,
        })
    }

    async fn jitsi(recording: Arc<Recording>) -> anyhow::Result<Self> {
        let servers = JitsiServers::start(JitsiOptions::default()).await?;
        let link = servers.link(CONFERENCE);
        let far_end = LightCaller::join_jitsi(&link, recording.clone()).await?;
        let options = room_options().with_meeting(TITLE, &link);
        let room = Room::standing(servers.folder(), &options).await?;
        Ok(Self {
            site: Site::Jitsi(Box::new(servers)),
            far_end,
            room,
            recording,
        })
    }

    fn folder(&self) -> &Path {
        match &self.site {
            Site::Matrix { stage, .. } => stage.servers.folder(),
            Site::Jitsi(servers) => servers.folder(),
        }
    }

    fn tools(&self) -> &Tools {
        match &self.site {
            Site::Matrix { stage, .. } => stage.servers.tools(),
            Site::Jitsi(servers) => servers.tools(),
        }
    }

    /// The whole Chromium in a window, with the picture and the sound of the room's devices.
    pub(crate) async fn browser(&self) -> anyhow::Result<(FarEnd, Desktop)> {
        let desktop = Desktop::find(self.folder()).await?;
        let outputs = Outputs {
            display: desktop.display().to_owned(),
            loudspeaker: None,
        };
        Ok((self.browser_with(&outputs).await?, desktop))
    }

    /// The same with its window and its sound there; silent without a loudspeaker.
    pub(crate) async fn browser_with(&self, outputs: &Outputs) -> anyhow::Result<FarEnd> {
        let options = FarEndOptions {
            browser: BrowserKind::Window,
            display: Some(outputs.display.clone()),
            audible: outputs.loudspeaker.is_some(),
            loudspeaker: outputs.loudspeaker.clone(),
            network: self.network(),
            ..FarEndOptions::coded_large(self.tools(), ROOM_SEED)?
        };
        Ok(match &self.site {
            Site::Matrix { stage, .. } => FarEnd::start(&stage.servers, &options).await?,
            Site::Jitsi(servers) => servers.browser(&options).await?,
        })
    }

    /// Somebody for the browser: a page forgets its device's keys, so that each needs a device of its own.
    pub(crate) async fn guest(&self) -> anyhow::Result<Option<User>> {
        Ok(match &self.site {
            Site::Matrix { stage, meeting, .. } => Some(stage.invited(meeting, "peer").await?),
            Site::Jitsi(_) => None,
        })
    }

    /// Opens the page and joins the call in it, in Matrix as this user.
    pub(crate) async fn browser_joins(
        &self,
        browser: &FarEnd,
        guest: Option<&User>,
    ) -> anyhow::Result<Peer> {
        Ok(match &self.site {
            Site::Matrix { meeting, join, .. } => {
                let guest = guest.context("a user of Matrix")?;
                Peer::ElementCall(browser.join(guest, &meeting.matrix_room, join).await?)
            }
            Site::Jitsi(servers) => {
                let caller = servers.join(browser, CONFERENCE, &jitsi_join()).await?;
                Peer::Jitsi(in_conference(caller)?)
            }
        })
    }

    /// Joins the call again in a page that is open.
    pub(crate) async fn browser_joins_again(&self, caller: &mut Peer) -> anyhow::Result<()> {
        match (&self.site, caller) {
            (Site::Matrix { meeting, join, .. }, Peer::ElementCall(caller)) => {
                caller.join(&meeting.matrix_room, join).await?;
            }
            (_, Peer::Jitsi(caller)) => caller.enter(CONFERENCE, &jitsi_join()).await?,
            (Site::Jitsi(_), Peer::ElementCall(_)) => unreachable!("a peer is of its site"),
        }
        Ok(())
    }

    /// Hangs up and waits until nobody but the far end is in the call.
    pub(crate) async fn browser_leaves(&self, caller: &Peer) -> anyhow::Result<()> {
        match caller {
            Peer::ElementCall(caller) => caller.hang_up().await?,
            Peer::Jitsi(caller) => caller.leave().await?,
        }
        self.far_end_is_alone().await
    }

    /// Waits until the panel offers Join.
    pub(crate) async fn join_button(&self) -> anyhow::Result<Element> {
        let usable = |tree: &saal_harness::PanelTree| {
            tree.find("Join")
                .is_some_and(|element| !element.state.disabled)
        };
        let tree = self.room.panel_shows("Join", PATIENCE, usable).await?;
        tree.find("Join").cloned().context("just seen")
    }

    /// Touches Leave and waits until nobody but the far end is in the call.
    pub(crate) async fn room_leaves(&self) -> anyhow::Result<()> {
        self.room.touch_element("Leave").await?;
        self.room
            .status_is("home", PATIENCE, |status| status.phase == PhaseName::Home)
            .await?;
        self.far_end_is_alone().await
    }

    async fn far_end_is_alone(&self) -> anyhow::Result<()> {
        let there = async || self.participants().await;
        let alone = |count: &usize| *count == 1;
        until("the end of the call", PATIENCE, there, alone).await?;
        Ok(())
    }

    async fn participants(&self) -> saal_harness::Result<usize> {
        Ok(match &self.site {
            Site::Matrix { stage, meeting, .. } => {
                let all = stage.servers.participants(&meeting.matrix_room).await?;
                all.len()
            }
            Site::Jitsi(servers) => servers.bridge(CONFERENCE).await.endpoints.len(),
        })
    }

    /// Waits for a picture on the television that the far end sent after this moment: not for one that still stood there.
    pub(crate) async fn shows_since(
        &self,
        onlooker: &mut Onlooker,
        since: Instant,
    ) -> anyhow::Result<()> {
        let traffic = self.far_end.traffic();
        let looking = async {
            loop {
                let picture = far_end_shown(onlooker).await?;
                if traffic.sent_at(picture).is_some_and(|at| at > since) {
                    return anyhow::Ok(());
                }
            }
        };
        timeout(PATIENCE, looking)
            .await
            .context("no picture of the far end in time")?
    }

    /// Pictures that arrived at the far end.
    pub(crate) fn pictures_at_far_end(&self) -> u64 {
        self.far_end.traffic().frames(SourceKind::Camera)
    }

    /// The same of its sounds.
    pub(crate) fn sounds_at_far_end(&self) -> u64 {
        self.far_end.traffic().frames(SourceKind::Microphone)
    }

    /// Kills the media server and starts it again; Matrix only.
    pub(crate) async fn restart_media_server(&mut self) -> anyhow::Result<()> {
        let Site::Matrix { stage, .. } = &mut self.site else {
            anyhow::bail!("Jitsi's bridge is not started anew");
        };
        stage.servers.stop_livekit().await;
        stage.servers.start_livekit().await?;
        Ok(())
    }

    pub(crate) async fn take_down(self) {
        self.room.stop().await;
    }
}

fn in_conference(caller: JitsiCaller) -> anyhow::Result<JitsiCaller> {
    ensure!(caller.outcome() == "joined", "{}", caller.outcome());
    Ok(caller)
}

fn room_options() -> RoomOptions {
    RoomOptions {
        television: SHOWN,
        ..RoomOptions::default()
    }
}

fn jitsi_join() -> JitsiJoin {
    JitsiJoin {
        height: SHOWN.1,
        watch: SHOWN.1,
        ..JitsiJoin::named("Peer")
    }
}

/// Waits until the page has decoded a picture.
pub(crate) async fn first_picture(caller: &Peer) -> anyhow::Result<()> {
    let look = async || caller.stats().await;
    until("the first picture", PATIENCE, look, |stats| {
        stats.frames_decoded() > 0
    })
    .await?;
    Ok(())
}

/// Waits for a picture of the television that shows the far end, and gives the number in it.
pub(crate) async fn far_end_shown(onlooker: &mut Onlooker) -> anyhow::Result<u32> {
    loop {
        if let Sight::Television(Some(jpeg)) = onlooker.look().await?
            && let Some(code) = jpeg.picture().and_then(|picture| picture.code())
        {
            return Ok(code.frame);
        }
    }
}
