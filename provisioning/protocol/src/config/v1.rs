//! Version 1 of the configuration. Frozen once released: new keys go into a new version or are
//! optional with a default that means what their absence meant before.

mod api;
mod calendars;
mod day;
mod fleet;
mod network;
mod panel;
mod readiness;
mod support;
mod television;
mod updates;

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

pub use api::{ApiScope, ApiToken, DoorTablet};
pub use calendars::{CalendarAnswer, CalendarSource, Links};
pub use day::Day;
pub use fleet::Fleet;
pub use network::Network;
pub use panel::{Panel, PanelKeyboard, Theme};
pub use readiness::Readiness;
pub use support::Support;
pub use television::{Layout, Signage, Television};
pub use updates::{CacheAddress, Updates, Window};

use super::values::{
    Device, Homeserver, LeaveDelay, Link, Listen, MainsHertz, RoomName, ServerName, TimeZoneName,
    UserId,
};

/// The whole document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Always 1.
    pub version: u32,
    /// The room itself.
    pub room: RoomSection,
    /// Whom people in it call when they can't help themselves.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub support: Option<Support>,
    /// Whom it trusts in its network.
    #[serde(default, skip_serializing_if = "Network::is_default")]
    pub network: Network,
    /// Its Matrix account; without one the room has only the meetings named here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub matrix: Option<Matrix>,
    /// Jitsi installations that want a login.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub jitsi: Vec<Jitsi>,
    /// Meetings that are always there, such as a department's own conference.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub meetings: Vec<StandingMeeting>,
    /// Calendars of the room, beside what its Matrix account sees.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub calendars: Vec<CalendarSource>,
    /// Links in calendars.
    #[serde(default)]
    pub links: Links,
    /// When the room enters meetings and leaves them.
    #[serde(default)]
    pub day: Day,
    /// When the room tries its parts before people need them.
    #[serde(default)]
    pub readiness: Readiness,
    /// When and how the room gets another release of its system.
    #[serde(default)]
    pub updates: Updates,
    /// Camera and sound.
    #[serde(default)]
    pub devices: Devices,
    /// The touch panel.
    #[serde(default)]
    pub panel: Panel,
    /// The television.
    #[serde(default)]
    pub television: Television,
    /// The web view.
    #[serde(default)]
    pub web: Web,
    /// Browsers of the room's network; without it the room listens to none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub browsers: Option<Browsers>,
    /// The tablet at the room's door; without it there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub door: Option<DoorTablet>,
    /// Who may use the API; without any nobody may.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub api: Vec<ApiToken>,
    /// The fleet that the room is to belong to; without it there is no agent beside the daemon.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fleet: Option<Fleet>,
}

/// The room itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RoomSection {
    /// What people call it.
    pub name: RoomName,
    /// Language of panel and television.
    #[serde(default)]
    pub language: Language,
    /// File with words that take the place of that language's on the panel; relative to the configuration's folder.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language_file: Option<PathBuf>,
    /// Where its clock is.
    pub time_zone: TimeZoneName,
}

/// Languages that have a complete translation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Language {
    /// German.
    #[default]
    De,
    /// English.
    En,
}

/// The room's Matrix account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Matrix {
    /// Base address of the client-server API, or a server name.
    pub homeserver: Homeserver,
    /// File with the access token alone; relative to the configuration's folder. This or one of
    /// the next four.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub access_token_file: Option<PathBuf>,
    /// File with the password of `user`, needed once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password_file: Option<PathBuf>,
    /// File with a token that is good for one log-in (`m.login.token`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub login_token_file: Option<PathBuf>,
    /// File with a token that allows to register `user` (`m.login.registration_token`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub registration_token_file: Option<PathBuf>,
    /// Somebody signs the room in as `user`, by OAuth 2.0: with a browser or a device of the
    /// account, by what the panel shows.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub oauth: bool,
    /// The room as the account's service knows it; without, the room registers itself (RFC 7591).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub oauth_client_id: Option<RoomName>,
    /// Whose password it is, who is registered or signed in: the name before the colon, or the
    /// whole id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<RoomName>,
    /// File with the account's recovery key, for a device that has to be verified anew.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recovery_key_file: Option<PathBuf>,
    /// Servers whose users may invite the room.
    pub allowed_servers: Vec<ServerName>,
    /// Users who may verify the room with their own account.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub verifiers: Vec<UserId>,
    /// Token service (`livekit_service_url`) for servers that announce none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub call_service: Option<Homeserver>,
    /// How long after the room's sudden death others still see it in the call.
    #[serde(default, rename = "leave_delay_seconds")]
    pub leave_delay: LeaveDelay,
}

impl Matrix {
    /// A room logs in in one way.
    fn check_log_in(&self) -> Result<(), (&'static str, String)> {
        const WAYS: &str = "access_token_file, password_file, login_token_file, \
                            registration_token_file and oauth";
        let ways = [
            self.access_token_file.is_some(),
            self.password_file.is_some(),
            self.login_token_file.is_some(),
            self.registration_token_file.is_some(),
            self.oauth,
        ];
        let given = ways.iter().filter(|given| **given).count();
        if given != 1 {
            return Err((
                "matrix",
                format!("{given} of {WAYS} are given; give one of them"),
            ));
        }
        if self.oauth_client_id.is_some() && !self.oauth {
            let problem = "this is for oauth = true; leave it out";
            return Err(("matrix.oauth_client_id", problem.to_owned()));
        }
        let of_user =
            self.password_file.is_some() || self.registration_token_file.is_some() || self.oauth;
        match (of_user, &self.user) {
            (true, None) => {
                let problem = "password_file, registration_token_file and oauth need user, the \
                               account's name";
                Err(("matrix", problem.to_owned()))
            }
            (false, Some(_)) => {
                let problem = "a token says whose it is; leave user out";
                Err(("matrix.user", problem.to_owned()))
            }
            _ => Ok(()),
        }
    }
}

/// A Jitsi installation that wants a login.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Jitsi {
    /// As in its links.
    pub host: ServerName,
    /// File with a token (JWT) that the installation's login gave the room; relative to the
    /// configuration's folder.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token_file: Option<PathBuf>,
    /// The application that the room's own tokens name, with `key_file`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub app_id: Option<RoomName>,
    /// File with the secret (HS256) that the room makes its own tokens with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key_file: Option<PathBuf>,
}

/// A meeting that is always there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StandingMeeting {
    /// On the panel.
    pub title: RoomName,
    /// Where it is.
    pub link: Link,
    /// Picture of the room in this meeting, in the place of the usual one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub camera: Option<Device>,
}

/// Who encodes H.264.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Encoder {
    /// The machine's hardware, where it can; else VP8 is sent.
    #[default]
    Hardware,
    /// A program in place of the hardware, for tests.
    Simulated,
    /// Nobody: VP8 is sent.
    None,
}

/// Camera and sound.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Devices {
    /// Picture of the room.
    pub camera: Device,
    /// Sound of the room.
    pub microphone: Device,
    /// Sound of the others.
    pub loudspeaker: Device,
    /// What the room can present, such as a laptop on an HDMI grabber.
    pub content: Device,
    /// Who encodes H.264 where a meeting takes it.
    pub encoder: Encoder,
    /// Whether echo, noise and uneven loudness are taken out of the microphone's sound.
    pub sound_processing: bool,
    /// Frequency of the lamps' current, against flicker.
    pub mains_hertz: MainsHertz,
    /// A camera that does not move by itself gets zoom, pan and tilt cut out of its picture.
    pub digital_framing: bool,
    /// Plugging something into the device of `content` starts a presentation.
    pub present_when_plugged: bool,
}

impl Default for Devices {
    fn default() -> Self {
        Self {
            camera: Device::default(),
            microphone: Device::default(),
            loudspeaker: Device::default(),
            content: Device::none(),
            encoder: Encoder::default(),
            sound_processing: true,
            mains_hertz: MainsHertz::default(),
            digital_framing: false,
            present_when_plugged: true,
        }
    }
}

/// The web view of panel and television.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Web {
    /// Where it listens.
    pub listen: Listen,
    /// File with the token that a browser has to show; required beyond loopback.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token_file: Option<PathBuf>,
}

/// What browsers of the room's network may do: share their screen, look at the room.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Browsers {
    /// Where it listens, with TLS.
    pub listen: Listen,
    /// The name that people type, where it is not an IP address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<ServerName>,
    /// File with the certificate and those up to its authority (PEM), with `key_file`; without, the
    /// room makes one itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub certificate_file: Option<PathBuf>,
    /// File with its key (PEM).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key_file: Option<PathBuf>,
    /// Whether laptops may share their screen.
    #[serde(default = "yes")]
    pub share: bool,
    /// Whether visitors' phones may become a second panel, for one meeting each time.
    #[serde(default)]
    pub phone: bool,
    /// File with the token that lets its bearer look at the room; without, nobody may.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub view_token_file: Option<PathBuf>,
}

fn yes() -> bool {
    true
}

impl Config {
    /// Rules that span keys; the key and what is wrong with it.
    pub(super) fn check(&self) -> Result<(), (&'static str, String)> {
        let open = !self.web.listen.address().ip().is_loopback();
        if open && self.web.token_file.is_none() {
            let problem = "an address that others can reach needs web.token_file; \
                           or listen on 127.0.0.1";
            return Err(("web.listen", problem.to_owned()));
        }
        if let Some(matrix) = &self.matrix
            && matrix.allowed_servers.is_empty()
        {
            let problem = "nobody could invite the room; name at least one server";
            return Err(("matrix.allowed_servers", problem.to_owned()));
        }
        if let Some(matrix) = &self.matrix {
            matrix.check_log_in()?;
        }
        if let Some(matrix) = &self.matrix
            && let Some(service) = &matrix.call_service
            && service.server_name().is_some()
        {
            let problem = "this is a server name; write the token service's address with https://";
            return Err(("matrix.call_service", problem.to_owned()));
        }
        let has_meetings = !self.meetings.is_empty() || !self.calendars.is_empty();
        // A fleet's room gets them once somebody has claimed it.
        if self.matrix.is_none() && !has_meetings && self.fleet.is_none() {
            let problem = "without a Matrix account, [[meetings]] and [[calendars]] the room has no \
                           meeting to join; give it one of them";
            return Err(("matrix", problem.to_owned()));
        }
        calendars::check(&self.calendars)?;
        self.television.signage.check()?;
        self.check_devices()?;
        self.check_browsers()?;
        api::check(&self.api, self.door.as_ref(), self.browsers.as_ref())?;
        self.check_jitsi()
    }

    /// A device opens once: the camera can't show what is presented too.
    fn check_devices(&self) -> Result<(), (&'static str, String)> {
        let content = &self.devices.content;
        if content.is_real() && *content == self.devices.camera {
            let problem = "this is the camera; name the device that a laptop is plugged into";
            return Err(("devices.content", problem.to_owned()));
        }
        let panel = &self.panel.display;
        for (key, other) in [
            ("television.display", &self.television.display),
            (
                "television.content_display",
                &self.television.content_display,
            ),
        ] {
            if panel.is_real() && *panel != Device::auto() && panel == other {
                let problem = "this is the panel's display (panel.display); name another one";
                return Err((key, problem.to_owned()));
            }
        }
        Ok(())
    }

    /// A certificate is of no use without its key.
    fn check_browsers(&self) -> Result<(), (&'static str, String)> {
        let Some(browsers) = &self.browsers else {
            return Ok(());
        };
        if browsers.certificate_file.is_some() != browsers.key_file.is_some() {
            let problem = "certificate_file and key_file belong together; give both, or none for a \
                           certificate of the room's own";
            return Err(("browsers", problem.to_owned()));
        }
        Ok(())
    }

    /// A login is a token or the means to make one.
    fn check_jitsi(&self) -> Result<(), (&'static str, String)> {
        for jitsi in &self.jitsi {
            let host = jitsi.host.as_str();
            match (&jitsi.token_file, &jitsi.app_id, &jitsi.key_file) {
                (Some(_), None, None) | (None, Some(_), Some(_)) => {}
                (None, None, None) => {
                    let problem = format!("{host} needs token_file, or app_id and key_file");
                    return Err(("jitsi", problem));
                }
                _ => {
                    let problem = format!(
                        "{host} has either token_file or both app_id and key_file, not a mixture"
                    );
                    return Err(("jitsi", problem));
                }
            }
        }
        Ok(())
    }
}
