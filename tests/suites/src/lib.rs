//! What the end-to-end suites share: a stage with real servers and a browser, and scenes on it.
//!
//! Each suite is one test binary with one stage; a test takes the stage for itself, so tests run
//! one after the other whatever the runner does. Every scene has users and rooms of its own.

pub mod light;
pub mod soon;

use std::{
    ops::{Deref, DerefMut},
    sync::atomic::{AtomicU32, Ordering},
    time::{Duration, SystemTime},
};

use saal_control::{PhaseName, Status};
use saal_harness::{
    CALL_MEMBER, Caller, Event, FarEnd, FarEndOptions, JoinOptions, PanelTree, Room, RoomOptions,
    Servers, StateEvent, TokenWays, User, until,
};
use saal_network_sim::{Conditions, Felt, Line};
use serde_json::json;
use tokio::sync::{Mutex, MutexGuard};

pub mod jitsi;
mod senses;

pub use senses::{
    Onlooker, far_end_hears_nothing, far_end_hears_seconds, far_end_sees_frames,
    far_end_sees_nobody, loudspeaker_sounds, scanned, scanned_on_television, television_is_idle,
    television_moves, television_shows_two,
};

/// Result of a scene's steps; the harness's errors say what was waited for and what was seen.
pub type Result<T> = saal_harness::Result<T>;

/// How long anything may take that involves servers, a browser and a room on a busy machine.
/// It bounds a failing test; nothing is measured by it.
pub const PATIENCE: Duration = Duration::from_secs(120);

/// The far ends' pictures and tones, so that they differ from the room's.
const FAR_END_SEED: u64 = 5;

/// Real servers and, once somebody needs it, a browser.
pub struct Stage {
    /// Synapse, LiveKit, token service, web host.
    pub servers: Servers,
    far_end: Option<FarEnd>,
    line: Option<Line>,
}

/// The stage, taken by one test.
pub struct Taken(MutexGuard<'static, Option<Stage>>);

impl Taken {
    /// Waits for the stage; the first test builds it.
    ///
    /// # Errors
    /// When a server does not start.
    pub async fn take() -> Result<Self> {
        let mut stage = Self::stage().lock().await;
        if stage.is_none() {
            *stage = Some(Stage {
                servers: Servers::start().await?,
                far_end: None,
                line: None,
            });
        }
        let taken = Self(stage);
        // Whatever a test that failed wanted of it.
        taken.servers.token_service_is(TokenWays::default());
        Ok(taken)
    }

    /// The stage on servers of its taker's own.
    pub async fn on(servers: Servers) -> Self {
        let stage = Stage {
            servers,
            far_end: None,
            line: None,
        };
        let taken = Self::stage().lock().await;
        let mut taken = Self(taken);
        *taken.0 = Some(stage);
        taken
    }

    /// The stage with a line before its servers, a perfect one, for rooms and browsers in its namespace. The program has
    /// to be [`saal_network_sim::apart`].
    ///
    /// # Errors
    /// When a server or the line does not start.
    pub async fn behind_a_line(seed: u64) -> anyhow::Result<Self> {
        let mut stage = Self::stage().lock().await;
        if stage.is_none() {
            let line = Line::lay(seed, Conditions::default()).await?;
            *stage = Some(Stage {
                servers: Servers::behind(&line).await?,
                far_end: None,
                line: Some(line),
            });
        }
        let mut taken = Self(stage);
        taken.servers.no_relay().await?;
        taken.servers.media_over_tcp(false).await?;
        if let Some(line) = taken.line() {
            line.begin_anew(seed, Conditions::default());
            line.is_felt(Felt::default());
        }
        Ok(taken)
    }

    fn stage() -> &'static Mutex<Option<Stage>> {
        static STAGE: Mutex<Option<Stage>> = Mutex::const_new(None);
        &STAGE
    }
}

impl Deref for Taken {
    type Target = Stage;

    fn deref(&self) -> &Stage {
        self.0.as_ref().expect("built when it was taken")
    }
}

impl DerefMut for Taken {
    fn deref_mut(&mut self) -> &mut Stage {
        self.0.as_mut().expect("built when it was taken")
    }
}

impl Stage {
    /// The line before the servers.
    #[must_use]
    pub fn line(&self) -> Option<&Line> {
        self.line.as_ref()
    }

    /// A relay that the media server names, and that is reached over TCP alone. The media server starts anew for it.
    ///
    /// # Errors
    /// When one of them does not come up.
    pub async fn relay_over_tcp(&mut self) -> anyhow::Result<()> {
        let port = self.servers.relay_over_tcp(Line::HERE).await?;
        if let Some(line) = &self.line {
            line.bring(port).await?;
        }
        Ok(())
    }

    /// The browser.
    ///
    /// # Errors
    /// When it does not start.
    pub async fn far_end(&mut self) -> Result<&FarEnd> {
        if self.far_end.is_none() {
            let options = FarEndOptions::coded(self.servers.tools(), FAR_END_SEED)?;
            self.far_end = Some(FarEnd::start(&self.servers, &options).await?);
        }
        Ok(self.far_end.as_ref().expect("just started"))
    }

    /// A user that no other scene has.
    ///
    /// # Errors
    /// When the home server refuses.
    pub async fn user(&self, name: &str) -> Result<User> {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        self.servers.create_user(&format!("{name}{number}")).await
    }

    /// Somebody new in a meeting's Matrix room, who is not in its call yet.
    ///
    /// # Errors
    /// When the home server refuses.
    pub async fn invited(&self, meeting: &Meeting, name: &str) -> Result<User> {
        let (user, matrix_room) = (self.user(name).await?, &meeting.matrix_room);
        meeting.host.invite(matrix_room, &user.user_id).await?;
        user.join(matrix_room).await?;
        Ok(user)
    }

    /// A meeting that goes on now, to which a room is invited.
    ///
    /// # Errors
    /// When a server refuses.
    pub async fn meeting(&self, title: &str) -> Result<Meeting> {
        let (host, guest) = (self.user("anna").await?, self.user("room").await?);
        let matrix_room = host.create_room(title, &[&guest]).await?;
        Self::scheduled(title, host, guest, matrix_room).await
    }

    /// The same in an encrypted Matrix room.
    ///
    /// # Errors
    /// When a server refuses.
    pub async fn encrypted_meeting(&self, title: &str) -> Result<Meeting> {
        let (host, guest) = (self.user("anna").await?, self.user("room").await?);
        let matrix_room = host.create_encrypted_room(title, &[&guest]).await?;
        Self::scheduled(title, host, guest, matrix_room).await
    }

    /// The same in a Matrix room whose state is encrypted too.
    ///
    /// # Errors
    /// When a server refuses.
    pub async fn secret_meeting(&self, title: &str) -> Result<Meeting> {
        let (host, guest) = (self.user("anna").await?, self.user("room").await?);
        let matrix_room = host.create_secret_room(title, &[&guest]).await?;
        Self::scheduled(title, host, guest, matrix_room).await
    }

    async fn scheduled(
        title: &str,
        host: User,
        guest: User,
        matrix_room: String,
    ) -> Result<Meeting> {
        let now = now_ms();
        host.schedule(&matrix_room, title, now - 60_000, now + 3_600_000)
            .await?;
        Ok(Meeting {
            title: title.to_owned(),
            host,
            guest,
            matrix_room,
        })
    }

    /// A meeting with its host in the call and a room that has not joined yet.
    ///
    /// # Errors
    /// When anything does not start.
    pub async fn scene(&mut self, title: &str, options: &RoomOptions) -> Result<Scene> {
        self.scene_with(title, options, &JoinOptions::default())
            .await
    }

    /// The same with a host whose Element Call is set up otherwise; in an encrypted Matrix room when it encrypts.
    ///
    /// # Errors
    /// As for [`Self::scene`].
    pub async fn scene_with(
        &mut self,
        title: &str,
        options: &RoomOptions,
        join: &JoinOptions,
    ) -> Result<Scene> {
        let meeting = if join.encrypted {
            self.encrypted_meeting(title).await?
        } else {
            self.meeting(title).await?
        };
        let room = Room::start(&self.servers, &meeting.guest, options).await?;
        self.with_host(meeting, room, join).await
    }

    /// The meeting's host enters its call, with a room that runs already.
    ///
    /// # Errors
    /// With the page's text.
    pub async fn with_host(
        &mut self,
        meeting: Meeting,
        room: Room,
        join: &JoinOptions,
    ) -> Result<Scene> {
        let far_end = self.far_end().await?;
        let host = far_end
            .join(&meeting.host, &meeting.matrix_room, join)
            .await?;
        Ok(Scene {
            meeting,
            room,
            host,
        })
    }
}

/// Milliseconds since 1970.
#[must_use]
pub fn now_ms() -> i64 {
    let since = SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

/// A meeting in a Matrix room.
pub struct Meeting {
    /// Its title.
    pub title: String,
    /// Who made it.
    pub host: User,
    /// The account of the conference room.
    pub guest: User,
    /// `!opaque:server`
    pub matrix_room: String,
}

impl Meeting {
    /// The conference room's call membership, if it is in force.
    ///
    /// # Errors
    /// When the home server does not answer.
    pub async fn membership(&self) -> Result<Option<StateEvent>> {
        let members = self.host.call_members(&self.matrix_room).await?;
        Ok(members
            .into_iter()
            .find(|event| event.sender == self.guest.user_id))
    }

    /// The conference room's sticky call membership, if it is in force.
    ///
    /// # Errors
    /// When the home server does not answer.
    pub async fn sticky_membership(&self) -> Result<Option<Event>> {
        let members = self.host.sticky_members(&self.matrix_room).await?;
        Ok(members
            .into_iter()
            .find(|event| event.sender == self.guest.user_id))
    }

    /// Waits until the conference room's sticky membership is, or is no longer, in force.
    ///
    /// # Errors
    /// With the membership as it was last.
    pub async fn sticky_membership_is(&self, there: bool, within: Duration) -> Result<()> {
        let look = async || self.sticky_membership().await;
        let done = |event: &Option<Event>| event.is_some() == there;
        until("the room's sticky membership", within, look, done)
            .await
            .map(drop)
    }

    /// Waits until the conference room is, or is no longer, a member of the call.
    ///
    /// # Errors
    /// With the membership as it was last.
    pub async fn membership_is(&self, there: bool, within: Duration) -> Result<()> {
        let what = if there {
            "the room's call membership"
        } else {
            "the end of it"
        };
        let look = async || self.membership().await;
        until(what, within, look, |event| event.is_some() == there)
            .await
            .map(drop)
    }
}

/// A conference room and an Element Call user.
pub struct Scene {
    /// What they meet for.
    pub meeting: Meeting,
    /// The conference room.
    pub room: Room,
    /// The Element Call user, in the call.
    pub host: Caller,
}

impl Scene {
    /// Touches Join and waits until the room is in the call.
    ///
    /// # Errors
    /// With the room's last status.
    pub async fn join(&self) -> Result<Status> {
        join(&self.room).await
    }

    /// Waits until the room is in the call.
    ///
    /// # Errors
    /// With the room's last status.
    pub async fn in_call(&self) -> Result<Status> {
        in_call(&self.room).await
    }

    /// Waits until the television shows the far end moving.
    ///
    /// # Errors
    /// With what the television showed.
    pub async fn television_moves(&self) -> Result<()> {
        television_moves(&self.room).await
    }

    /// Waits until the far end shows the room moving.
    ///
    /// # Errors
    /// With what the far end showed.
    pub async fn far_end_sees_the_room(&self) -> Result<()> {
        far_end_sees_frames(&self.host).await
    }

    /// Waits until the far end shows so many others beside its own user.
    ///
    /// # Errors
    /// With who it showed.
    pub async fn far_end_shows(&self, people: usize) -> Result<()> {
        let what = format!("{people} others at the far end");
        let shown = async || {
            let others = self.host.tiles().await?.into_iter();
            let others = others.filter(|tile| !tile.local);
            Result::<_>::Ok(others.map(|tile| tile.name).collect::<Vec<_>>())
        };
        until(&what, PATIENCE, shown, |shown| shown.len() == people)
            .await
            .map(drop)
    }

    /// Waits until the far end hears the room's tone count on.
    ///
    /// # Errors
    /// With what the far end heard.
    pub async fn far_end_hears_the_room(&self) -> Result<()> {
        far_end_hears_seconds(&self.host).await
    }
}

fn call_key(user: &User) -> String {
    format!("_{}_{}_m.call", user.user_id, user.device_id)
}

/// Says for a user who has no client that it is in the call, as clients of the kind that publishes on the oldest
/// member's media server, with this call service.
///
/// # Errors
/// When the home server refuses.
pub async fn enters_as_oldest_kind(user: &User, matrix_room: &str, service: &str) -> Result<()> {
    let focus =
        json!({ "type": "livekit", "livekit_service_url": service, "livekit_alias": matrix_room });
    let content = json!({
        "application": "m.call", "call_id": "", "scope": "m.room", "device_id": user.device_id,
        "expires": 3_600_000, "foci_preferred": [focus],
        "focus_active": { "type": "livekit", "focus_selection": "oldest_membership" },
    });
    user.send_state(matrix_room, CALL_MEMBER, &call_key(user), &content)
        .await
        .map(drop)
}

/// Says that it is not.
///
/// # Errors
/// When the home server refuses.
pub async fn leaves_the_call(user: &User, matrix_room: &str) -> Result<()> {
    user.send_state(matrix_room, CALL_MEMBER, &call_key(user), &json!({}))
        .await
        .map(drop)
}

/// Whether the panel shows this text anywhere.
#[must_use]
pub fn shows(tree: &PanelTree, text: &str) -> bool {
    tree.text().contains(text)
}

/// Touches Join and waits until the room is in the call.
///
/// # Errors
/// With the room's last status.
pub async fn join(room: &Room) -> Result<Status> {
    room.touch_element("Join").await?;
    in_call(room).await
}

/// Waits until the room is in the call.
///
/// # Errors
/// With the room's last status.
pub async fn in_call(room: &Room) -> Result<Status> {
    is_in_phase(room, PhaseName::Call).await
}

/// Waits until the room is home.
///
/// # Errors
/// With the room's last status.
pub async fn is_home(room: &Room) -> Result<Status> {
    is_in_phase(room, PhaseName::Home).await
}

async fn is_in_phase(room: &Room, phase: PhaseName) -> Result<Status> {
    let what = format!("the phase \"{}\"", phase.as_str());
    room.status_is(&what, PATIENCE, |status| status.phase == phase)
        .await
}

/// Waits until the panel shows this text anywhere.
///
/// # Errors
/// With what it showed last.
pub async fn panel_says(room: &Room, text: &str) -> Result<PanelTree> {
    room.panel_shows(&format!("\"{text}\""), PATIENCE, |tree| shows(tree, text))
        .await
}
