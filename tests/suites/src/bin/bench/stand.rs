//! What every benchmark measures on: real servers, a meeting, a far end without codecs in its call,
//! a room and an Element Call user who take turns to join it.

use anyhow::Context;
use saal_control::PhaseName;
use saal_harness::{
    BrowserKind, Caller, Desktop, Element, FarEnd, FarEndOptions, JoinOptions, Onlooker, Room,
    RoomOptions, Sight, User, until,
};
use saal_media_protocol::SourceKind;
use saal_suites::{
    Meeting, PATIENCE, Taken,
    light::{LightCaller, Recording},
};

/// The simulated room's own picture, which the browser's camera shows too.
const ROOM_SEED: u64 = 1;
/// The far end's picture.
const FAR_END_SEED: u64 = 9;
/// Pixels of the room's television, and of the browser's page.
const SHOWN: (u32, u32) = (1280, 720);

/// The stand.
pub(crate) struct Stand {
    stage: Taken,
    meeting: Meeting,
    peer: User,
    pub(crate) far_end: LightCaller,
    pub(crate) room: Room,
}

impl Stand {
    pub(crate) async fn set_up() -> anyhow::Result<Self> {
        let (stage, recording) = tokio::join!(Taken::take(), Recording::of_room(FAR_END_SEED));
        let (stage, recording) = (stage?, recording?);
        let meeting = stage.meeting("Weekly").await?;
        let (host, matrix_room) = (&meeting.host, &meeting.matrix_room);
        let far_end = LightCaller::join(&stage.servers, host, matrix_room, recording).await?;
        let options = RoomOptions {
            television: SHOWN,
            ..RoomOptions::default()
        };
        let room = Room::start(&stage.servers, &meeting.guest, &options).await?;
        let peer = stage.user("peer").await?;
        host.invite(matrix_room, &peer.user_id).await?;
        peer.join(matrix_room).await?;
        Ok(Self {
            stage,
            meeting,
            peer,
            far_end,
            room,
        })
    }

    /// The whole Chromium in a window, with the picture and the sound of the room's devices.
    pub(crate) async fn browser(&self) -> anyhow::Result<(FarEnd, Desktop)> {
        let servers = &self.stage.servers;
        let desktop = Desktop::find(servers).await?;
        let options = FarEndOptions {
            browser: BrowserKind::Window,
            display: Some(desktop.display().to_owned()),
            ..FarEndOptions::coded_large(servers.tools(), ROOM_SEED)?
        };
        Ok((FarEnd::start(servers, &options).await?, desktop))
    }

    /// Opens the page and joins the call in it.
    pub(crate) async fn browser_joins(&self, browser: &FarEnd) -> anyhow::Result<Caller> {
        let (room, options) = (&self.meeting.matrix_room, join_options());
        Ok(browser.join(&self.peer, room, &options).await?)
    }

    /// Joins the call again in a page that is open.
    pub(crate) async fn browser_joins_again(&self, caller: &Caller) -> anyhow::Result<()> {
        let room = &self.meeting.matrix_room;
        Ok(caller.join(room, &join_options()).await?)
    }

    /// Hangs up and waits until nobody but the far end is in the call.
    pub(crate) async fn browser_leaves(&self, caller: &Caller) -> anyhow::Result<()> {
        caller.hang_up().await?;
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
        let there = async || {
            self.stage
                .servers
                .participants(&self.meeting.matrix_room)
                .await
        };
        until("the end of the call", PATIENCE, there, |all| all.len() == 1).await?;
        Ok(())
    }

    /// Pictures that arrived at the far end.
    pub(crate) fn pictures_at_far_end(&self) -> u64 {
        self.far_end.traffic().frames(SourceKind::Camera)
    }

    pub(crate) async fn take_down(self) {
        self.room.stop().await;
    }
}

fn join_options() -> JoinOptions {
    JoinOptions {
        page: SHOWN,
        ..JoinOptions::default()
    }
}

/// Waits until the page has decoded a picture.
pub(crate) async fn first_picture(caller: &Caller) -> anyhow::Result<()> {
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
