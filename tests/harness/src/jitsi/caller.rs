//! A participant of a Jitsi conference in a real Chromium, with the web client's own library.

use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::error::Result;
use crate::farend::{FarEnd, Picture, Sound};
use crate::page::Page;
use crate::stats::CallStats;

/// How a participant joins.
#[derive(Debug, Clone)]
pub struct JitsiJoin {
    /// The name that others see.
    pub name: String,
    /// The room's password.
    pub password: Option<String>,
    /// A JWT.
    pub token: Option<String>,
    /// The only video codec it knows: `VP8`, `VP9` or `H264`.
    pub codec: Option<&'static str>,
    /// Whether it tries to reach a single other participant directly.
    pub p2p: bool,
    /// What the servers call it, eight digits or small letters; else as its connection is called.
    pub endpoint: Option<&'static str>,
    /// Whether XMPP goes over BOSH instead of a WebSocket.
    pub bosh: bool,
    /// Whether it brings a camera.
    pub camera: bool,
    /// Whether it brings a microphone.
    pub microphone: bool,
    /// Height of its own picture, pixels.
    pub height: u32,
    /// Height that it wants of others' pictures, pixels.
    pub watch: u32,
}

impl JitsiJoin {
    /// A participant without camera and microphone.
    #[must_use]
    pub fn silent(name: &str) -> Self {
        Self {
            camera: false,
            microphone: false,
            ..Self::named(name)
        }
    }

    /// A participant with camera and microphone, without p2p.
    #[must_use]
    pub fn named(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            password: None,
            token: None,
            codec: None,
            p2p: false,
            endpoint: None,
            bosh: false,
            camera: true,
            microphone: true,
            height: 360,
            watch: 360,
        }
    }
}

/// A participant. Dropping it closes its page.
#[derive(Debug)]
pub struct JitsiCaller {
    page: Page,
    outcome: String,
}

/// What a participant sees of another one.
#[derive(Debug, Clone, Deserialize)]
pub struct JitsiParticipant {
    /// Its endpoint id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// `moderator`, `participant` or `none`.
    pub role: String,
    /// Whether its hand is up.
    pub raised_hand: bool,
    /// What it sends.
    pub tracks: Vec<JitsiTrack>,
}

/// Somebody's track.
#[derive(Debug, Clone, Deserialize)]
pub struct JitsiTrack {
    /// `audio` or `video`.
    pub kind: String,
    /// Whether its owner muted it.
    pub muted: bool,
    /// The media stream, as in [`CallStats`].
    pub stream: String,
    /// `ENDPOINT-v0`.
    pub source: String,
    /// `camera` or `desktop`.
    pub video_type: String,
}

/// A chat message.
#[derive(Debug, Clone, Deserialize, PartialEq, Eq)]
pub struct Said {
    /// The endpoint.
    pub from: String,
    /// The text.
    pub text: String,
}

/// Somebody in the lobby.
#[derive(Debug, Clone, Deserialize, PartialEq, Eq)]
pub struct Knocker {
    /// For admitting.
    pub id: String,
    /// The name given.
    pub name: String,
}

/// What the participant's client knows of itself and has been told.
#[derive(Debug, Clone, Deserialize)]
pub struct JitsiState {
    /// Its endpoint id.
    pub id: Option<String>,
    /// Its role.
    pub role: Option<String>,
    /// Whether it is in the conference.
    pub joined: bool,
    /// Whether media go directly to the other.
    pub p2p: bool,
    /// Whether the room has a lobby.
    pub members_only: bool,
    /// The chat of others.
    pub messages: Vec<Said>,
    /// Who waits in the lobby, as a moderator sees it.
    pub lobby: Vec<Knocker>,
    /// Why joining failed, each time.
    pub errors: Vec<Vec<String>>,
    /// The room's subject.
    pub subject: Option<String>,
    /// Set when it was thrown out.
    pub kicked: Option<Value>,
    /// Set when the conference is over for it.
    pub ended: Option<String>,
    /// Media whose unmuting is moderated.
    pub moderation: Value,
    /// Media that a moderator allowed it to unmute.
    pub approved: Vec<String>,
    /// Messages through the bridge.
    pub commands: Vec<Value>,
}

/// What a transcriber has understood so far of a sentence.
#[derive(Debug, Clone, Copy)]
pub struct Sentence<'a> {
    /// Which sentence; the same again corrects it.
    pub id: &'a str,
    /// Endpoint id of who says it.
    pub speaker: &'a str,
    /// Its words.
    pub text: &'a str,
    /// They stay as they are.
    pub is_final: bool,
    /// How the words come.
    pub way: TranscriptWay,
}

/// How transcripts reach the participants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TranscriptWay {
    /// As messages of the conference's chat room (Jigasi).
    Room,
    /// As endpoint messages of the bridge.
    Bridge,
}

impl JitsiCaller {
    /// Opens the page and joins. `cover` is for servers that do not have the page.
    pub(super) async fn join(
        browser: &FarEnd,
        base: &str,
        cover: Value,
        room: &str,
        options: &JitsiJoin,
    ) -> Result<Self> {
        // Several tests share a browser, and each has its Anna.
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let page = browser
            .visit(
                &format!("{}-{number}", options.name),
                &format!("{base}/client.html"),
                cover,
            )
            .await?;
        let mut caller = Self {
            page,
            outcome: String::new(),
        };
        caller.enter(room, options).await?;
        Ok(caller)
    }

    /// Joins a room in the page that is open, as it did first.
    ///
    /// # Errors
    /// As for [`Self::call`].
    pub async fn enter(&mut self, room: &str, options: &JitsiJoin) -> Result<()> {
        let values = json!([{
            "room": room, "name": options.name, "password": options.password, "token": options.token,
            "codec": options.codec, "p2p": options.p2p, "endpoint": options.endpoint, "bosh": options.bosh, "camera": options.camera,
            "microphone": options.microphone, "height": options.height, "watch": options.watch,
        }]);
        self.outcome = self.call("join", values).await?;
        Ok(())
    }

    /// What came of joining: `joined`, or the library's name for the reason why not.
    #[must_use]
    pub fn outcome(&self) -> &str {
        &self.outcome
    }

    /// Calls a function of the page; see `farend/src/jitsi.js`.
    ///
    /// # Errors
    /// When the browser does not do it; so for every method here.
    pub async fn call<T: DeserializeOwned>(&self, name: &str, values: Value) -> Result<T> {
        let request = json!({ "name": name, "values": values });
        self.page.ask("invoke", request).await
    }

    /// Calls a function whose result does not matter.
    ///
    /// # Errors
    /// As for [`Self::call`].
    pub async fn tell(&self, name: &str, values: Value) -> Result<()> {
        self.call::<Value>(name, values).await.map(drop)
    }

    /// What the client knows of itself and has been told.
    ///
    /// # Errors
    /// As for [`Self::call`].
    pub async fn state(&self) -> Result<JitsiState> {
        self.call("state", json!([])).await
    }

    /// Its endpoint id; empty before it has joined.
    ///
    /// # Errors
    /// As for [`Self::call`].
    pub async fn id(&self) -> Result<String> {
        Ok(self.state().await?.id.unwrap_or_default())
    }

    /// The other participants.
    ///
    /// # Errors
    /// As for [`Self::call`].
    pub async fn participants(&self) -> Result<Vec<JitsiParticipant>> {
        self.call("participants", json!([])).await
    }

    /// Mutes or unmutes `audio` or `video`.
    ///
    /// # Errors
    /// As for [`Self::call`].
    pub async fn set_muted(&self, kind: &str, muted: bool) -> Result<()> {
        self.tell("mute", json!([kind, muted])).await
    }

    /// Shares a second picture.
    ///
    /// # Errors
    /// As for [`Self::call`].
    pub async fn share(&self) -> Result<()> {
        self.tell("share", json!([])).await
    }

    /// Sends its camera with another codec, such as `video/VP8`.
    ///
    /// # Errors
    /// As for [`Self::call`].
    pub async fn use_codec(&self, mime: &str) -> Result<()> {
        self.tell("useCodec", json!([mime])).await
    }

    /// Says something in the chat.
    ///
    /// # Errors
    /// As for [`Self::call`].
    pub async fn say(&self, text: &str) -> Result<()> {
        self.tell("say", json!([text])).await
    }

    /// Sends what a transcriber sends for a sentence, by the chat room or by the bridge.
    ///
    /// # Errors
    /// As for [`Self::call`].
    pub async fn transcribe(&self, sentence: &Sentence<'_>) -> Result<()> {
        let payload = json!({
            "type": "transcription-result",
            "message_id": sentence.id,
            "language": "de-DE",
            "participant": { "id": sentence.speaker, "name": "" },
            "transcript": [{ "text": sentence.text, "confidence": 0.9 }],
            "is_interim": !sentence.is_final,
            "stability": 0.5,
            "event": "SPEECH",
        });
        match sentence.way {
            TranscriptWay::Room => self.tell("sendToRoom", json!([payload])).await,
            TranscriptWay::Bridge => self.tell("send", json!(["", payload])).await,
        }
    }

    /// Throws somebody out, as a moderator.
    ///
    /// # Errors
    /// As for [`Self::call`].
    pub async fn kick(&self, endpoint: &str, reason: &str) -> Result<()> {
        self.tell("kick", json!([endpoint, reason])).await
    }

    /// Leaves as the button does.
    ///
    /// # Errors
    /// As for [`Self::call`].
    pub async fn leave(&self) -> Result<()> {
        self.tell("leave", json!([])).await
    }

    /// What WebRTC in the browser counts.
    ///
    /// # Errors
    /// As for [`Self::call`].
    pub async fn stats(&self) -> Result<CallStats> {
        self.page.ask("stats", json!({})).await
    }

    /// The next picture of each remote video track that gives one within a second.
    ///
    /// # Errors
    /// As for [`Self::call`].
    pub async fn pictures(&self) -> Result<Vec<Picture>> {
        self.page.pictures().await
    }

    /// The next `length` of each remote sound track.
    ///
    /// # Errors
    /// As for [`Self::call`].
    pub async fn listen(&self, length: Duration) -> Result<Vec<Sound>> {
        self.page.listen(length).await
    }

    /// Saves what the participant sees as PNG.
    ///
    /// # Errors
    /// As for [`Self::call`].
    pub async fn screenshot(&self, path: &Path) -> Result<()> {
        self.page.screenshot(path).await
    }
}
