//! Real servers, browser clients and rooms, for the demo and for the tests.
//!
//! ```text
//! Servers   Synapse + LiveKit + token service + web host, on free loopback ports
//! FarEnd    Element Call users in one Chromium
//! JitsiServers  Prosody + focus and bridge of ours + web host; JitsiCaller: web users there
//! Room      saald under a supervisor, touched and looked at as a person would
//! CalendarServer  Radicale or Xandikos with the room's calendar
//! Guest     a virtual machine with the kernel's test drivers, for tests of hardware
//! ```
//!
//! Every process dies with the one that started it, however that ends.

mod account_service;
mod authority;
mod calendars;
mod clip;
mod delayed_leave;
mod desktop;
mod engine_host;
mod error;
mod farend;
mod fleet;
mod guest;
mod hearing;
mod http;
mod https;
mod impostor;
mod jitsi;
mod laptop;
mod livekit;
mod loudspeaker;
mod matrix;
mod onlooker;
mod page;
mod panel;
mod perception;
mod ports;
mod process;
mod room;
mod room_options;
mod run_folder;
mod runtime;
mod screen;
mod servers;
mod socket_wall;
mod stats;
mod supervisor;
mod synapse;
mod telephone;
mod token_service;
mod tools;
mod turn;
mod usage;
mod wait;
mod web;

pub use account_service::AccountService;
pub use calendars::{CalendarProgram, CalendarServer};
pub use desktop::Desktop;
pub use engine_host::EngineHost;
pub use error::{Error, Result};
pub use farend::{
    BrowserKind, Caller, FarEnd, FarEndOptions, JoinOptions, MediaKeySeen, PageState, Picture,
    Sound, Tile,
};
pub use fleet::{Fleet, FleetDevice, authenticator};
pub use guest::{Finished, Guest, GuestScreen, GuestSpeed, Pixels, TestProgram};
pub use hearing::{Heard, Hearing, LEAD, wave, with_lead};
pub use https::Https;
pub use impostor::Impostor;
pub use jitsi::DOMAIN as JITSI_DOMAIN;
pub use jitsi::{
    BridgeScript, BridgeView, Channel, EndpointView, JitsiCaller, JitsiCrowd, JitsiJoin,
    JitsiOptions, JitsiParticipant, JitsiScript, JitsiServers, JitsiSite, JitsiState, JitsiTrack,
    Knocker, Refusal, Said, Sentence, TranscriptWay, jitsi_token,
};
pub use laptop::Laptop;
pub use livekit::{LiveKitClient, Participant, Track};
pub use loudspeaker::{Listening, Loudspeaker, Played};
pub use matrix::{CALL_MEMBER, Event, MEETING, StateEvent, User};
pub use onlooker::{Onlooker, Sight, TelevisionJpeg};
pub use panel::{Element, ElementState, Explored, PanelTree, Rect, Utterance};
pub use room::{Room, product};
pub use room_options::{RoomOptions, StandingMeeting};
pub use run_folder::RunFolder;
pub use runtime::run;
pub use saal_control as control;
pub use screen::{Place, Screen};
pub use servers::{AccountServers, MediaServer, Servers};
pub use socket_wall::SocketWall;
pub use stats::{CallStats, Inbound, Outbound};
pub use synapse::{PASSWORD, SERVER_NAME};
pub use telephone::{RemoteFeed, Telephone, TelephoneCall};
pub use token_service::{TokenWays, call_room};
pub use tools::Tools;
pub use turn::{TurnServer, TurnWay};
pub use usage::Usage;
pub use wait::until;
