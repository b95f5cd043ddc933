//! A person who calls 1:1 from a Matrix client in a real Chromium.

use std::time::Duration;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::error::Result;
use crate::farend::{FarEnd, Picture, Sound};
use crate::matrix::User;
use crate::page::Page;

/// A user's client that calls 1:1. Dropping it closes its page.
#[derive(Debug)]
pub struct Telephone {
    page: Page,
    user: User,
}

/// The call as the client's library sees it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct TelephoneCall {
    /// The library's name for it: `ringing`, `connected`, `ended`.
    pub state: String,
    /// Why it ended.
    pub hangup_reason: Option<String>,
    /// Who ended it: `local` or `remote`.
    pub hangup_party: Option<String>,
    /// Under which name the other one's end of the connection is looked for; another one after a restart.
    pub ice: Option<String>,
    /// What the other one says of its picture and sound; `None` before they are there.
    pub remote: Option<RemoteFeed>,
}

/// What the other one keeps to itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub struct RemoteFeed {
    /// The microphone is off.
    pub audio_muted: bool,
    /// The camera is off.
    pub video_muted: bool,
}

impl FarEnd {
    /// Opens a client of this user that is ready to call, in encrypted chats too where that is wanted.
    ///
    /// # Errors
    /// When it can't sign in; so for every method here.
    pub async fn telephone(&self, user: &User, encrypted: bool) -> Result<Telephone> {
        self.telephone_with(user, json!({ "encrypted": encrypted }))
            .await
    }

    /// The same for chats that are not encrypted, where nobody but the home server's relays reaches it.
    ///
    /// # Errors
    /// As for [`Self::telephone`]; when the home server names no relays.
    pub async fn telephone_behind_a_relay(&self, user: &User) -> Result<Telephone> {
        self.telephone_with(user, json!({ "relayed": true })).await
    }

    async fn telephone_with(&self, user: &User, options: Value) -> Result<Telephone> {
        let url = format!("{}/phone.html", self.origin());
        let page = self.visit(&user.user_id, &url, json!({})).await?;
        let telephone = Telephone {
            page,
            user: user.clone(),
        };
        telephone
            .tell("start", json!([user.session(), options]))
            .await?;
        Ok(telephone)
    }
}

impl Telephone {
    /// Calls the other one of a chat of two.
    ///
    /// # Errors
    /// As for [`FarEnd::telephone`].
    pub async fn call(&self, room: &str, video: bool) -> Result<()> {
        self.tell("place", json!([room, { "video": video }])).await
    }

    /// The same as a client before there were parties of a call (version 0).
    ///
    /// # Errors
    /// As for [`FarEnd::telephone`].
    pub async fn call_as_version_0(&self, room: &str) -> Result<()> {
        let how = json!({ "video": true, "version0": true });
        self.tell("place", json!([room, how])).await
    }

    /// Has the connection made anew, as after a change of networks.
    ///
    /// # Errors
    /// As for [`FarEnd::telephone`].
    pub async fn restart_ice(&self) -> Result<()> {
        self.tell("restartIce", json!([])).await
    }

    /// Answers who calls, without picture.
    ///
    /// # Errors
    /// When nobody calls; else as for [`FarEnd::telephone`].
    pub async fn answer(&self) -> Result<()> {
        self.tell("answer", json!([])).await
    }

    /// Ends the call, or gives up.
    ///
    /// # Errors
    /// As for [`FarEnd::telephone`].
    pub async fn hang_up(&self) -> Result<()> {
        self.tell("hangUp", json!([])).await
    }

    /// Mutes or unmutes `audio` or `video`.
    ///
    /// # Errors
    /// As for [`FarEnd::telephone`].
    pub async fn set_muted(&self, kind: &str, muted: bool) -> Result<()> {
        self.tell("mute", json!([kind, muted])).await
    }

    /// Puts the other one on hold, or goes on.
    ///
    /// # Errors
    /// As for [`FarEnd::telephone`].
    pub async fn hold(&self, on: bool) -> Result<()> {
        self.tell("hold", json!([on])).await
    }

    /// Shares a second picture.
    ///
    /// # Errors
    /// As for [`FarEnd::telephone`].
    pub async fn share(&self) -> Result<()> {
        self.tell("share", json!([true])).await
    }

    /// The call as it stands.
    ///
    /// # Errors
    /// As for [`FarEnd::telephone`].
    pub async fn state(&self) -> Result<TelephoneCall> {
        self.invoke("state", json!([])).await
    }

    /// The next picture of each remote video track that gives one within a second.
    ///
    /// # Errors
    /// As for [`FarEnd::telephone`].
    pub async fn pictures(&self) -> Result<Vec<Picture>> {
        self.page.pictures().await
    }

    /// The next `length` of each remote sound track.
    ///
    /// # Errors
    /// As for [`FarEnd::telephone`].
    pub async fn listen(&self, length: Duration) -> Result<Vec<Sound>> {
        self.page.listen(length).await
    }

    /// Whose it is.
    #[must_use]
    pub fn user(&self) -> &User {
        &self.user
    }

    async fn invoke<T: DeserializeOwned>(&self, name: &str, values: Value) -> Result<T> {
        let request = json!({ "name": name, "values": values });
        self.page.ask("invoke", request).await
    }

    async fn tell(&self, name: &str, values: Value) -> Result<()> {
        self.invoke::<Value>(name, values).await.map(drop)
    }
}
