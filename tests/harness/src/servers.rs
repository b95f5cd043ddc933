//! Everything a call needs, on loopback: home server, media server, token service, web host.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::path::Path;

use saal_network_sim::Line;

use crate::account_service::{self, AccountService};
use crate::authority::Authority;
use crate::error::{Error, Result};
use crate::livekit::{LiveKit, LiveKitClient, Participant};
use crate::matrix::{User, segment};
use crate::run_folder::RunFolder;
use crate::synapse::{Identity, Synapse};
use crate::token_service::{Bound, TokenWays, Tokens, call_room};
use crate::tools::Tools;
use crate::turn::TurnServer;
use crate::web::Web;

/// Servers that run; whom the token service knows is still open.
struct Started {
    tools: Tools,
    identity: Identity,
    synapse: Synapse,
    livekit: LiveKit,
    web: Web,
    tokens: Bound,
    folder: RunFolder,
}

impl Started {
    async fn new(folder: RunFolder, identity: Identity, media: Ipv4Addr) -> Result<Self> {
        let tools = Tools::find()?;
        let tokens = Bound::new().await?;
        let (synapse, livekit) = (folder.path().join("synapse"), folder.path().join("livekit"));
        let (synapse, livekit, web) = tokio::try_join!(
            Synapse::start(&tools, &synapse, &identity, tokens.url()),
            LiveKit::start(&tools, &livekit, media),
            Web::start(&tools, folder.path()),
        )?;
        Ok(Self {
            tools,
            identity,
            synapse,
            livekit,
            web,
            tokens,
            folder,
        })
    }

    /// The home server's name and where it answers.
    fn homeserver(&self) -> (String, String) {
        (self.identity.name.clone(), self.synapse.base().to_owned())
    }

    fn serve(self, known: &BTreeMap<String, String>) -> Servers {
        let token_service = self.tokens.url().to_owned();
        let serving = self.tokens.serve(known.clone(), self.livekit.client());
        Servers {
            tools: self.tools,
            identity: self.identity,
            synapse: self.synapse,
            livekit: self.livekit,
            web: self.web,
            token_service,
            tokens: serving,
            relay: None,
            folder: self.folder,
        }
    }
}

/// One more media server with a call service of its own.
#[derive(Debug)]
pub struct MediaServer {
    livekit: LiveKit,
    token_service: String,
    _tokens: Tokens,
}

impl MediaServer {
    /// Where its token service answers.
    #[must_use]
    pub fn token_service(&self) -> &str {
        &self.token_service
    }

    /// Who is in a Matrix room's call there.
    ///
    /// # Errors
    /// When it does not answer.
    pub async fn participants(&self, room_id: &str) -> Result<Vec<Participant>> {
        let client = self.livekit.client();
        client.participants(&call_room(room_id)).await
    }
}

/// The running servers. Dropping them ends every process and removes their files.
#[derive(Debug)]
pub struct Servers {
    tools: Tools,
    identity: Identity,
    synapse: Synapse,
    livekit: LiveKit,
    web: Web,
    token_service: String,
    tokens: Tokens,
    relay: Option<TurnServer>,
    // Last: its processes write into it until they are dropped.
    folder: RunFolder,
}

impl Servers {
    /// Starts them on free ports and waits until each answers.
    ///
    /// # Errors
    /// When the set-up is missing or a server does not come up; the error has the end of its log.
    pub async fn start() -> Result<Self> {
        let started =
            Started::new(RunFolder::new()?, Identity::alone(), Ipv4Addr::LOCALHOST).await?;
        let known = started.homeserver();
        Ok(started.serve(&BTreeMap::from([known])))
    }

    /// Starts them at the far end of a line, over which rooms and browsers in its namespace reach them at the same
    /// addresses as those that are here.
    ///
    /// # Errors
    /// As for [`Self::start`].
    pub async fn behind(line: &Line) -> Result<Self> {
        let started = Started::new(RunFolder::new()?, Identity::alone(), Line::HERE).await?;
        let known = started.homeserver();
        let servers = started.serve(&BTreeMap::from([known]));
        for address in [
            servers.homeserver(),
            servers.token_service(),
            servers.origin(),
            &servers.media().url(),
        ] {
            line.bring(port_of(address)?).await.map_err(Error::Port)?;
        }
        Ok(servers)
    }

    /// The same with a home server that names a relay (TURN) for 1:1 calls.
    ///
    /// # Errors
    /// As for [`Self::start`].
    pub async fn with_a_relay() -> Result<Self> {
        let folder = RunFolder::new()?;
        let relay = TurnServer::start(folder.path()).await?;
        let identity = Identity {
            relay: Some(relay.uri()),
            ..Identity::alone()
        };
        let started = Started::new(folder, identity, Ipv4Addr::LOCALHOST).await?;
        let known = started.homeserver();
        Ok(Self {
            relay: Some(relay),
            ..started.serve(&BTreeMap::from([known]))
        })
    }

    /// The same with a home server that has no sliding sync.
    ///
    /// # Errors
    /// As for [`Self::start`].
    pub async fn classic() -> Result<Self> {
        let started =
            Started::new(RunFolder::new()?, Identity::classic(), Ipv4Addr::LOCALHOST).await?;
        let known = started.homeserver();
        Ok(started.serve(&BTreeMap::from([known])))
    }

    /// Starts two sets of them whose home servers know each other, each with a media server of its own.
    ///
    /// # Errors
    /// As for [`Self::start`].
    pub async fn federating() -> Result<(Self, Self)> {
        let (first, second) = (RunFolder::new()?, RunFolder::new()?);
        let authority = Authority::new(first.path())?;
        let (first, second) = tokio::try_join!(
            Started::new(
                first,
                Identity::federating(authority.clone())?,
                Ipv4Addr::LOCALHOST
            ),
            Started::new(
                second,
                Identity::federating(authority)?,
                Ipv4Addr::LOCALHOST
            ),
        )?;
        let known = BTreeMap::from([first.homeserver(), second.homeserver()]);
        Ok((first.serve(&known), second.serve(&known)))
    }

    /// The home server's name in user ids.
    #[must_use]
    pub fn server_name(&self) -> &str {
        &self.identity.name
    }

    /// Where the home server answers by TLS, with a certificate that only [`Self::authority`] vouches for; `None`
    /// where it does not federate.
    #[must_use]
    pub fn secure_homeserver(&self) -> Option<String> {
        let (port, _) = self.identity.federation.as_ref()?;
        Some(format!("https://127.0.0.1:{port}"))
    }

    /// The file with the certificate of the tests' authority.
    #[must_use]
    pub fn authority(&self) -> Option<&Path> {
        let (_, authority) = self.identity.federation.as_ref()?;
        Some(&authority.authority)
    }

    /// Registers a user.
    ///
    /// # Errors
    /// When the home server refuses, as for a name that is taken.
    pub async fn create_user(&self, name: &str) -> Result<User> {
        self.synapse.register(name).await
    }

    /// A token that allows one registration at the home server.
    ///
    /// # Errors
    /// When the home server refuses; it makes an administrator for it, so once a run.
    pub async fn registration_token(&self) -> Result<String> {
        self.synapse.registration_token().await
    }

    /// Who is in a Matrix room's call, as the media server sees it.
    ///
    /// # Errors
    /// When the media server does not answer.
    pub async fn participants(&self, room_id: &str) -> Result<Vec<Participant>> {
        self.media().participants(&call_room(room_id)).await
    }

    /// The media server's interface for questions.
    #[must_use]
    pub fn media(&self) -> LiveKitClient {
        self.livekit.client()
    }

    /// At which port of 127.0.0.1 the media server is spoken to.
    #[must_use]
    pub fn media_port(&self) -> u16 {
        self.livekit.port()
    }

    /// Starts one more media server, which the home server does not name.
    ///
    /// # Errors
    /// When it does not come up.
    pub async fn another_media_server(&self) -> Result<MediaServer> {
        let tokens = Bound::new().await?;
        let token_service = tokens.url().to_owned();
        let livekit = LiveKit::start(
            &self.tools,
            &self.folder.path().join("livekit-2"),
            Ipv4Addr::LOCALHOST,
        )
        .await?;
        let known = (self.identity.name.clone(), self.synapse.base().to_owned());
        let tokens = tokens.serve(BTreeMap::from([known]), livekit.client());
        Ok(MediaServer {
            livekit,
            token_service,
            _tokens: tokens,
        })
    }

    /// Kills the media server: every call breaks.
    pub async fn stop_livekit(&mut self) {
        self.livekit.kill().await;
    }

    /// Starts the media server again on the same ports.
    ///
    /// # Errors
    /// When it does not come up.
    pub async fn start_livekit(&mut self) -> Result<()> {
        self.livekit.resume().await
    }

    /// Starts the media server anew, with a relay (TURN) that it tells clients of; the relay's TCP port of 127.0.0.1, at
    /// which alone clients are to come, and whose media it passes on from this address.
    ///
    /// # Errors
    /// When one of the two does not come up.
    pub async fn relay_over_tcp(&mut self, from: Ipv4Addr) -> Result<u16> {
        let relay = TurnServer::relaying_from(from, &self.folder.path().join("relay")).await?;
        let port = relay.port();
        self.livekit.name_relay(Some(port)).await?;
        self.relay = Some(relay);
        Ok(port)
    }

    /// Ends such a relay, if there is one.
    ///
    /// # Errors
    /// When the media server does not come up again.
    pub async fn no_relay(&mut self) -> Result<()> {
        match self.relay.take() {
            Some(_) => self.livekit.name_relay(None).await,
            None => Ok(()),
        }
    }

    /// Starts the media server anew, which takes media over TCP from then on (ICE over TCP), or no longer.
    ///
    /// # Errors
    /// When it does not come up.
    pub async fn media_over_tcp(&mut self, takes: bool) -> Result<()> {
        if self.livekit.takes_tcp() == takes {
            return Ok(());
        }
        self.livekit.take_tcp(takes).await
    }

    /// Gives each of these rooms a year of history, `events` messages of it; the last event of each has to be a
    /// message. The home server is started anew for that.
    ///
    /// # Errors
    /// When a room ends otherwise, or the home server does not come up again.
    pub async fn age(&mut self, rooms: &[String], events: u32) -> Result<()> {
        self.synapse.age(rooms, events).await
    }

    /// Stops the home server.
    pub async fn stop_synapse(&mut self) {
        self.synapse.stop().await;
    }

    /// Starts the home server again with the same port and database.
    ///
    /// # Errors
    /// When it does not come up.
    pub async fn start_synapse(&mut self) -> Result<()> {
        self.synapse.resume().await
    }

    /// Stops them all and waits for their end.
    pub async fn stop(mut self) {
        self.livekit.kill().await;
        self.synapse.stop().await;
    }

    /// A link to the far end's page for one's own browser: this user, in the lobby of this room's call. It carries the
    /// user's session, so it is for users of tests only.
    #[must_use]
    pub fn page_link(&self, user: &User, room_id: &str) -> String {
        let options = serde_json::json!({
            "session": user.session(), "room_id": room_id, "mode": "compatibility", "codec": "vp8", "lobby": true,
        });
        format!(
            "{}/host.html#{}",
            self.origin(),
            segment(&options.to_string())
        )
    }

    /// Where Matrix clients connect to.
    #[must_use]
    pub fn homeserver(&self) -> &str {
        self.synapse.base()
    }

    /// Where the token service answers.
    #[must_use]
    pub fn token_service(&self) -> &str {
        &self.token_service
    }

    /// Changes how the token service behaves.
    pub fn token_service_is(&self, ways: TokenWays) {
        self.tokens.set(ways);
    }

    /// Users whose delayed leaves the token service watches over now.
    #[must_use]
    pub fn watched_over(&self) -> Vec<String> {
        self.tokens.watched()
    }

    /// The origin of the far end's pages.
    #[must_use]
    pub fn origin(&self) -> &str {
        self.web.origin()
    }

    /// The folder of this run.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The programs that are not ours.
    #[must_use]
    pub fn tools(&self) -> &Tools {
        &self.tools
    }
}

fn port_of(address: &str) -> Result<u16> {
    let parsed = url::Url::parse(address).ok();
    parsed
        .and_then(|url| url.port())
        .ok_or_else(|| Error::Answer {
            what: "a server's port".to_owned(),
            answer: address.to_owned(),
        })
}

/// A home server that leaves its accounts to a service, and that service; nothing else.
#[derive(Debug)]
pub struct AccountServers {
    synapse: Synapse,
    /// The stand-in service.
    pub accounts: AccountService,
    // Last: as in [`Servers`].
    folder: RunFolder,
}

impl AccountServers {
    /// Starts both on free ports and waits until the home server answers.
    ///
    /// # Errors
    /// As for [`Servers::start`].
    pub async fn start() -> Result<Self> {
        let (folder, tools) = (RunFolder::new()?, Tools::find()?);
        let service = account_service::Bound::new().await?;
        let identity = Identity::with_accounts_at(service.url());
        let below = folder.path().join("synapse");
        let synapse = Synapse::start(&tools, &below, &identity, "http://127.0.0.1:9").await?;
        let accounts = service.serve(synapse.base());
        Ok(Self {
            synapse,
            accounts,
            folder,
        })
    }

    /// Where Matrix clients connect to.
    #[must_use]
    pub fn homeserver(&self) -> &str {
        self.synapse.base()
    }

    /// The folder of this run.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }
}
