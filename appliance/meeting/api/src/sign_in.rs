//! Signing the room in to its account by OAuth 2.0: people allow it elsewhere, the room shows what
//! they need for that.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// How somebody signs the room in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SignInWay {
    /// With a browser, by a code (RFC 8628).
    Code,
    /// With a device that is signed in to the room's account (MSC4108).
    Device,
}

/// How far it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "step")]
pub enum SignIn {
    /// Somebody has to begin.
    Needed {
        /// What became of it last.
        problem: Option<SignInProblem>,
    },
    /// The servers are asked for what the next step shows.
    Starting,
    /// Somebody opens an address and enters the code there.
    Code(SignInCode),
    /// The other device scans this.
    Scan {
        /// The QR code's content, binary (MSC4108).
        qr: Vec<u8>,
    },
    /// The other device shows two digits, which people enter here.
    Digits,
    /// Somebody allows it on the other device.
    Allow {
        /// That device may ask for it, or show it to be compared.
        code: String,
    },
    /// It is allowed; the rest goes by itself.
    Finishing,
}

/// What somebody needs who signs the room in with a browser.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignInCode {
    /// Where the code is entered (`verification_uri`).
    pub address: String,
    /// What leads there with the code (`verification_uri_complete`), else `address`.
    pub link: String,
    /// What is entered (`user_code`).
    pub code: String,
    /// When it is good for nothing any more.
    pub expires: Timestamp,
    /// [`SignInWay::Device`] is possible too.
    pub by_device: bool,
}

/// Why the room is not signed in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "problem")]
pub enum SignInProblem {
    /// Somebody ended the session that the room had.
    Ended,
    /// Somebody refused.
    Denied,
    /// Nobody did it in time.
    Expired,
    /// Somebody allowed it for an account that is not the room's.
    OtherAccount {
        /// Whose.
        user: String,
    },
    /// The digits were not those of the other device.
    WrongDigits,
    /// The other device gave up, or can't do it.
    OtherDevice {
        /// For the log.
        reason: String,
    },
    /// The home server knows no such way to sign in.
    NotOffered {
        /// For the log.
        reason: String,
    },
    /// The account's service refuses the room.
    Refused {
        /// For the log.
        reason: String,
    },
    /// No answer.
    Unreachable {
        /// For the log.
        reason: String,
    },
}
