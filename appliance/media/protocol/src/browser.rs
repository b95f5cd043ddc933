//! Browsers in the room's own network that the engine speaks WebRTC with itself, without a meeting: a
//! laptop that shares its screen, and whoever looks at the room.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

/// A connection with a browser; never used twice in a daemon's life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct BrowserId(pub u64);

/// What a connection is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BrowserUse {
    /// The browser sends its screen. It is what the room presents, in place of the device of
    /// [`crate::DeviceChoice::content`].
    Share,
    /// The browser is sent this picture, and nothing else.
    View(RoomPicture),
}

/// A picture of the room for somebody elsewhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RoomPicture {
    /// What people in the room see.
    Television,
    /// The people in the room; nothing while their camera is off.
    Camera,
}

/// About browsers, from the daemon to the engine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "browser_command")]
pub enum BrowserCommand {
    /// Begins a connection; [`BrowserEvent::Offer`] follows, or [`BrowserEvent::Ended`].
    Open {
        /// A new one.
        browser: BrowserId,
        /// What for.
        purpose: BrowserUse,
        /// The room's address that the browser reached. Media go there and nowhere else.
        address: IpAddr,
    },
    /// The browser's answer. It comes from a stranger and is checked by the engine.
    Answer {
        /// Which.
        browser: BrowserId,
        /// RFC 8866.
        sdp: String,
    },
    /// Ends it; nothing follows.
    Close {
        /// Which.
        browser: BrowserId,
    },
}

/// About browsers, from the engine to the daemon.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "browser_event")]
pub enum BrowserEvent {
    /// For the browser, with all candidates.
    Offer {
        /// Which.
        browser: BrowserId,
        /// RFC 8866.
        sdp: String,
    },
    /// The browser is the one that answered; what it shares, or sees, is there.
    Showing {
        /// Which.
        browser: BrowserId,
    },
    /// It ended by itself.
    Ended {
        /// Which.
        browser: BrowserId,
        /// Why.
        reason: BrowserEnd,
    },
}

/// Why a connection with a browser ended by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BrowserEnd {
    /// Its answer is not one to our offer, or lacks what makes it safe.
    Refused,
    /// Another one than the one that answered is at the other end: the certificate is not the one
    /// that the answer names.
    Untrusted,
    /// The way to it broke.
    Lost,
    /// Something here failed.
    Failed,
}
