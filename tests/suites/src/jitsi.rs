//! A stage with a Jitsi installation: the harness's stand-in, or a real one that `SAAL_JITSI_SERVER` names.

use std::{
    io::Write as _,
    ops::{Deref, DerefMut},
    path::Path,
    sync::atomic::{AtomicU32, Ordering},
};

use saal_control::{Obstacle, Status};
use saal_harness::{
    FarEnd, FarEndOptions, JitsiCaller, JitsiJoin, JitsiOptions, JitsiParticipant, JitsiServers,
    JitsiSite, JitsiState, Room, RoomOptions, Tools, until,
};
use tokio::sync::{Mutex, MutexGuard};

use crate::{
    FAR_END_SEED, PATIENCE, Result, far_end_hears_seconds, far_end_sees_frames, join,
    loudspeaker_sounds, television_moves,
};

/// Names a real installation, `https://meet.example.org`.
pub const SERVER: &str = "SAAL_JITSI_SERVER";
/// What the rooms of the tests are called.
pub const ROOM: &str = "Raum Lahn";

/// An installation.
#[derive(Debug)]
enum Site {
    StandIn(Box<JitsiServers>),
    Real(Box<JitsiSite>),
}

/// An installation and a browser.
#[derive(Debug)]
pub struct JitsiStage {
    site: Site,
    browser: FarEnd,
}

/// The stage, taken by one test.
pub struct JitsiTaken(MutexGuard<'static, Option<JitsiStage>>);

impl JitsiTaken {
    /// Waits for the stage; the first test builds it.
    ///
    /// # Errors
    /// When a server or the browser does not start.
    pub async fn take() -> Result<Self> {
        static STAGE: Mutex<Option<JitsiStage>> = Mutex::const_new(None);
        let mut stage = STAGE.lock().await;
        if stage.is_none() {
            *stage = Some(JitsiStage::new().await?);
        }
        Ok(Self(stage))
    }
}

impl Deref for JitsiTaken {
    type Target = JitsiStage;

    fn deref(&self) -> &JitsiStage {
        self.0.as_ref().expect("built when it was taken")
    }
}

impl DerefMut for JitsiTaken {
    fn deref_mut(&mut self) -> &mut JitsiStage {
        self.0.as_mut().expect("built when it was taken")
    }
}

impl Site {
    async fn new() -> Result<Self> {
        let named = std::env::var(SERVER).ok().filter(|name| !name.is_empty());
        Ok(match named {
            Some(address) => Self::Real(Box::new(JitsiSite::new(&address)?)),
            None => Self::StandIn(Box::new(
                JitsiServers::start(JitsiOptions::default()).await?,
            )),
        })
    }

    fn tools(&self) -> &Tools {
        match self {
            Self::StandIn(servers) => servers.tools(),
            Self::Real(site) => site.tools(),
        }
    }
}

impl JitsiStage {
    async fn new() -> Result<Self> {
        let site = Site::new().await?;
        let options = FarEndOptions::coded(site.tools(), FAR_END_SEED)?;
        let browser = match &site {
            Site::StandIn(servers) => servers.browser(&options).await?,
            Site::Real(site) => site.browser(&options).await?,
        };
        Ok(Self { site, browser })
    }

    /// The stand-in, for what needs control of the servers; on a real installation the test says that it is skipped.
    pub fn stand_in(&mut self, test: &str) -> Option<&mut JitsiServers> {
        match &mut self.site {
            Site::StandIn(servers) => Some(servers),
            Site::Real(_) => {
                // Past the runner's capture: a test that did not run must not look like one that did.
                let _ = writeln!(
                    std::io::stderr(),
                    "{test}: not tested on a real installation, it needs control of the servers"
                );
                None
            }
        }
    }

    /// An installation of its own for one test, with the stage's browser; nothing on a real one.
    ///
    /// # Errors
    /// When it does not start.
    pub async fn install(
        &mut self,
        test: &str,
        options: JitsiOptions,
    ) -> Result<Option<(JitsiServers, &FarEnd)>> {
        if self.stand_in(test).is_none() {
            return Ok(None);
        }
        Ok(Some((JitsiServers::start(options).await?, &self.browser)))
    }

    /// The browser of all tests.
    #[must_use]
    pub fn browser(&self) -> &FarEnd {
        &self.browser
    }

    /// The folder of this run.
    #[must_use]
    pub fn folder(&self) -> &Path {
        match &self.site {
            Site::StandIn(servers) => servers.folder(),
            Site::Real(site) => site.folder(),
        }
    }

    /// The link of a meeting.
    #[must_use]
    pub fn link(&self, name: &str) -> String {
        match &self.site {
            Site::StandIn(servers) => servers.link(name),
            Site::Real(site) => site.link(name),
        }
    }

    /// Brings a web user into a meeting, or as far as it gets.
    ///
    /// # Errors
    /// When there is no connection.
    pub async fn join(&self, name: &str, options: &JitsiJoin) -> Result<JitsiCaller> {
        match &self.site {
            Site::StandIn(servers) => servers.join(&self.browser, name, options).await,
            Site::Real(site) => site.join(&self.browser, name, options).await,
        }
    }

    /// A meeting with Anna in it, as its moderator, and a room that has not joined yet.
    ///
    /// # Errors
    /// When anything does not start.
    pub async fn meeting(&self, title: &str, anna: &JitsiJoin) -> Result<JitsiMeeting> {
        self.meeting_of(RoomOptions::default(), title, anna).await
    }

    /// The same with a room of these options.
    ///
    /// # Errors
    /// When anything does not start.
    pub async fn meeting_of(
        &self,
        room: RoomOptions,
        title: &str,
        anna: &JitsiJoin,
    ) -> Result<JitsiMeeting> {
        let name = unique(title);
        let room = room.with_meeting(title, &self.link(&name));
        let room = Room::standing(self.folder(), &room).await?;
        let host = self.join(&name, anna).await?;
        JitsiMeeting::begin(name, room, host).await
    }
}

/// The same on an installation of the test's own, whose room has the meeting's name.
///
/// # Errors
/// When anything does not start.
pub async fn meeting_on(
    servers: &JitsiServers,
    browser: &FarEnd,
    name: &str,
    anna: &JitsiJoin,
) -> Result<JitsiMeeting> {
    let room = Room::standing(servers.folder(), &room_with(name, &servers.link(name))).await?;
    let host = servers.join(browser, name, anna).await?;
    JitsiMeeting::begin(name.to_owned(), room, host).await
}

/// A name that no other meeting has, on a real installation either.
#[must_use]
pub fn unique(title: &str) -> String {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let number = COUNT.fetch_add(1, Ordering::Relaxed);
    let title: String = title.chars().filter(char::is_ascii_alphanumeric).collect();
    let moment = crate::now_ms() / 1000;
    format!("saal{title}{}x{number}x{moment}", std::process::id()).to_lowercase()
}

/// A room with one meeting that is always there.
#[must_use]
pub fn room_with(title: &str, link: &str) -> RoomOptions {
    let name = ROOM.to_owned();
    RoomOptions {
        name,
        ..RoomOptions::default()
    }
    .with_meeting(title, link)
}

/// A conference room and a web user.
pub struct JitsiMeeting {
    /// The name on the server.
    pub name: String,
    /// The conference room.
    pub room: Room,
    /// The web user, in the meeting.
    pub host: JitsiCaller,
}

impl JitsiMeeting {
    async fn begin(name: String, room: Room, host: JitsiCaller) -> Result<Self> {
        assert_eq!(host.outcome(), "joined", "Anna");
        let meeting = Self { name, room, host };
        let moderates = |state: &JitsiState| state.role.as_deref() == Some("moderator");
        meeting.told("Anna is the moderator", moderates).await?;
        Ok(meeting)
    }

    /// Touches Join without waiting.
    ///
    /// # Errors
    /// When there is no Join.
    pub async fn touch_join(&self) -> Result<()> {
        self.room.touch_element("Join").await.map(drop)
    }

    /// Waits until something has to happen before the room is in.
    ///
    /// # Errors
    /// With the room's last status.
    pub async fn waits_for(&self, obstacle: Obstacle) -> Result<()> {
        let waits = |status: &Status| {
            let call = status.call.as_ref();
            call.is_some_and(|call| call.obstacle == Some(obstacle))
        };
        self.room
            .status_is(obstacle.as_str(), PATIENCE, waits)
            .await
            .map(drop)
    }

    /// Touches Join and waits until the room is in the call.
    ///
    /// # Errors
    /// With the room's last status.
    pub async fn join(&self) -> Result<Status> {
        join(&self.room).await
    }

    /// Waits until room and web user see and hear each other.
    ///
    /// # Errors
    /// With what was seen last.
    pub async fn see_and_hear(&self) -> Result<()> {
        self.see().await?;
        loudspeaker_sounds(&self.room).await?;
        far_end_hears_seconds(&self.host).await
    }

    /// Waits until the web user decodes the room's picture from this codec, such as `video/VP8`, and
    /// sees it move.
    ///
    /// # Errors
    /// With what was seen last.
    pub async fn gets(&self, codec: &str) -> Result<()> {
        let room = self.endpoint().await?;
        let decodes = async || {
            let participants = self.host.participants().await?;
            let ours = participants.iter().filter(|one| one.id == room);
            let streams: Vec<&str> = ours
                .flat_map(|one| &one.tracks)
                .filter(|track| track.kind == "video")
                .map(|track| track.stream.as_str())
                .collect();
            let stats = self.host.stats().await?;
            let mut inbound = stats.inbound.into_iter();
            let video =
                inbound.find(|one| one.kind == "video" && streams.contains(&one.stream.as_str()));
            Result::<_>::Ok(video.map(|video| (video.codec, video.frames_decoded)))
        };
        let mut before = None;
        until(codec, PATIENCE, decodes, |seen: &Option<(String, u64)>| {
            let Some((now, frames)) = seen.as_ref().filter(|seen| seen.0 == codec) else {
                return false;
            };
            now == codec && *frames > *before.get_or_insert(*frames)
        })
        .await?;
        far_end_sees_frames(&self.host).await
    }

    /// Waits until room and web user see each other.
    ///
    /// # Errors
    /// With what was seen last.
    pub async fn see(&self) -> Result<()> {
        television_moves(&self.room).await?;
        far_end_sees_frames(&self.host).await
    }

    /// Waits until what the web user's client was told is as wanted.
    ///
    /// # Errors
    /// With what it was told.
    pub async fn told(
        &self,
        what: &str,
        wanted: impl FnMut(&JitsiState) -> bool,
    ) -> Result<JitsiState> {
        until(what, PATIENCE, async || self.host.state().await, wanted).await
    }

    /// Waits until the room, as the web user sees it, is as wanted.
    ///
    /// # Errors
    /// With the participants.
    pub async fn room_is(
        &self,
        what: &str,
        mut wanted: impl FnMut(&JitsiParticipant) -> bool,
    ) -> Result<JitsiParticipant> {
        let is_wanted = |all: &Vec<JitsiParticipant>| {
            let ours = all.iter().find(|one| one.name == ROOM);
            ours.is_some_and(&mut wanted)
        };
        let look = async || self.host.participants().await;
        let all = until(what, PATIENCE, look, is_wanted).await?;
        let ours = all.into_iter().find(|one| one.name == ROOM);
        Ok(ours.expect("just seen"))
    }

    /// Waits until the room's `audio` or `video` is muted, or not, as the web user sees it.
    ///
    /// # Errors
    /// With the participants.
    pub async fn room_is_muted(&self, kind: &str, muted: bool) -> Result<()> {
        let what = format!("{kind} of the room, muted: {muted}");
        self.room_is(&what, |room| {
            let mut tracks = room.tracks.iter().filter(|track| track.kind == kind);
            tracks.next().is_some_and(|track| track.muted == muted)
        })
        .await
        .map(drop)
    }

    /// The room's endpoint id.
    ///
    /// # Errors
    /// When the room is not in the meeting.
    pub async fn endpoint(&self) -> Result<String> {
        Ok(self.room_is("the room", |_| true).await?.id)
    }
}
