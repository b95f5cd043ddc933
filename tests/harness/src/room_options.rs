//! What a test may set about a room, and the configuration that comes of it.

use std::path::PathBuf;

use saal_network_sim::Namespace;

use crate::synapse::SERVER_NAME;

/// What a test may set about a room.
#[derive(Debug, Clone)]
pub struct RoomOptions {
    /// The room's name.
    pub name: String,
    /// `de` or `en`.
    pub language: String,
    /// Devices: `simulated`, `none`, or a name.
    pub camera: String,
    /// As `camera`.
    pub microphone: String,
    /// As `camera`.
    pub loudspeaker: String,
    /// Who encodes H.264: `none`, or `simulated` for a program in place of hardware.
    pub encoder: String,
    /// What the room can present: as `camera`.
    pub content: String,
    /// Pixels of the television.
    pub television: (u32, u32),
    /// The display of this machine that shows it: `none`, or its id.
    pub display: String,
    /// Where the home server is, when it is not the harness's.
    pub homeserver: Option<String>,
    /// The account's token, when it is not the user's own.
    pub access_token: Option<String>,
    /// Whose users may invite the room.
    pub allowed_servers: Vec<String>,
    /// The web view's port; a free one without.
    pub web_port: Option<u16>,
    /// Where the room keeps its state; a folder of its own without.
    pub state: Option<PathBuf>,
    /// A configuration that somebody else writes.
    pub config: Option<PathBuf>,
    /// Meetings that are always there.
    pub meetings: Vec<StandingMeeting>,
    /// How long others see the room in a Matrix call after its sudden death.
    pub leave_delay_s: u32,
    /// More sections at the end of the configuration.
    pub more: String,
    /// More arguments of saald, such as `--window`.
    pub arguments: Vec<String>,
    /// More of saald's environment.
    pub environment: Vec<(String, String)>,
    /// The network that it is in; the harness's without.
    pub network: Option<Namespace>,
}

impl Default for RoomOptions {
    fn default() -> Self {
        let simulated = || "simulated".to_owned();
        Self {
            name: "Raum Lahn".to_owned(),
            language: "en".to_owned(),
            camera: simulated(),
            microphone: simulated(),
            loudspeaker: simulated(),
            encoder: "none".to_owned(),
            content: "none".to_owned(),
            television: (1280, 720),
            display: "none".to_owned(),
            homeserver: None,
            access_token: None,
            allowed_servers: vec![SERVER_NAME.to_owned()],
            web_port: None,
            state: None,
            config: None,
            meetings: Vec::new(),
            leave_delay_s: 18,
            more: String::new(),
            arguments: Vec::new(),
            environment: Vec::new(),
            network: None,
        }
    }
}

/// A meeting that the room's configuration names.
#[derive(Debug, Clone)]
pub struct StandingMeeting {
    /// On the panel.
    pub title: String,
    /// Its address.
    pub link: String,
}

impl RoomOptions {
    /// The same with one more meeting that is always there.
    #[must_use]
    pub fn with_meeting(mut self, title: &str, link: &str) -> Self {
        let (title, link) = (title.to_owned(), link.to_owned());
        self.meetings.push(StandingMeeting { title, link });
        self
    }

    /// The configuration of a room whose web view listens on `port`, with a Matrix account if there is a home server.
    pub(crate) fn configuration(&self, homeserver: Option<&str>, port: u16) -> String {
        let Self {
            name,
            language,
            camera,
            microphone,
            loudspeaker,
            encoder,
            content,
            television: (width, height),
            display,
            allowed_servers,
            leave_delay_s,
            more,
            ..
        } = self;
        let matrix = homeserver.map_or_else(String::new, |homeserver| {
            format!(
                "[matrix]\nhomeserver = {homeserver:?}\naccess_token_file = \"token\"\n\
                 allowed_servers = {allowed_servers:?}\nleave_delay_seconds = {leave_delay_s}\n\n"
            )
        });
        let standing = |meeting: &StandingMeeting| {
            let StandingMeeting { title, link } = meeting;
            format!("[[meetings]]\ntitle = {title:?}\nlink = {link:?}\n\n")
        };
        let meetings: String = self.meetings.iter().map(standing).collect();
        format!(
            "version = 1\n\n\
             [room]\nname = {name:?}\nlanguage = {language:?}\ntime_zone = \"Europe/Berlin\"\n\n\
             {matrix}\
             [devices]\ncamera = {camera:?}\nmicrophone = {microphone:?}\nloudspeaker = {loudspeaker:?}\n\
             encoder = {encoder:?}\ncontent = {content:?}\n\n\
             [television]\nwidth = {width}\nheight = {height}\ndisplay = {display:?}\n\n\
             [web]\nlisten = \"127.0.0.1:{port}\"\n\n\
             {meetings}{more}"
        )
    }
}
