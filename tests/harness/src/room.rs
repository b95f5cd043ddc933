//! A room: saald under a supervisor, touched and looked at as a person would.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use reqwest::Method;
use saal_control::{Answer, PanelAction, Question, Reply, Request, SOCKET_NAME, Status, Taps};
use saal_hal::{KeyName, Modifiers};
use saal_network_sim::Forwarding;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::UnixStream;

use crate::error::{Error, Result};
use crate::farend::Picture;
use crate::matrix::User;
use crate::onlooker::Onlooker;
use crate::panel::{Element, PanelTree};
use crate::process::{Program, tail};
use crate::room_options::RoomOptions;
use crate::servers::Servers;
use crate::supervisor::Supervisor;
use crate::usage::Usage;
use crate::wait::until;
use crate::{http, ports};

/// How long a room may take until its web view answers; generous, since a machine that also builds is slow.
const UP_WITHIN: Duration = Duration::from_secs(30);
/// A panel answers in milliseconds; this is how long a test waits for what a touch has to bring up.
const PANEL_WITHIN: Duration = Duration::from_secs(60);

/// The Matrix account of a room.
#[derive(Clone, Copy)]
struct Account<'a> {
    homeserver: &'a str,
    token: &'a str,
}

/// A running room. Dropping it kills it.
#[derive(Debug)]
pub struct Room {
    supervisor: Supervisor,
    config: PathBuf,
    state: PathBuf,
    log: PathBuf,
    web: String,
    http: reqwest::Client,
    /// To the web view in a network of its own.
    _view: Option<Forwarding>,
}

impl Room {
    /// Starts saald for `account` and waits until its web view answers.
    ///
    /// # Errors
    /// When it does not come up; the error has the end of its log.
    pub async fn start(servers: &Servers, account: &User, options: &RoomOptions) -> Result<Self> {
        Self::launch(servers, account, options).await?.up().await
    }

    /// Starts saald without a Matrix account, with the meetings that the options name, and waits until its web view
    /// answers. Its files are below `folder`.
    ///
    /// # Errors
    /// As for [`Self::start`].
    pub async fn standing(folder: &Path, options: &RoomOptions) -> Result<Self> {
        Self::spawn(folder, None, options).await?.up().await
    }

    /// Starts saald without waiting for anything.
    ///
    /// # Errors
    /// When its files cannot be written or it cannot be run.
    pub async fn launch(servers: &Servers, account: &User, options: &RoomOptions) -> Result<Self> {
        let homeserver = options.homeserver.as_deref();
        let account = Account {
            homeserver: homeserver.unwrap_or_else(|| servers.homeserver()),
            token: options
                .access_token
                .as_deref()
                .unwrap_or(&account.access_token),
        };
        Self::spawn(servers.folder(), Some(account), options).await
    }

    async fn spawn(
        folder: &Path,
        account: Option<Account<'_>>,
        options: &RoomOptions,
    ) -> Result<Self> {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let folder = folder.join(format!("room-{}", COUNT.fetch_add(1, Ordering::Relaxed)));
        let state = options
            .state
            .clone()
            .unwrap_or_else(|| folder.join("state"));
        for needed in [&folder, &state] {
            std::fs::create_dir_all(needed).map_err(Error::file("create", needed))?;
        }
        let port = options.web_port.map_or_else(ports::free_tcp, Ok)?;
        let view = match &options.network {
            Some(network) => Some(network.reach(port).await.map_err(Error::Port)?),
            None => None,
        };
        let config = options.config.clone();
        let config = config.unwrap_or_else(|| folder.join("saal.toml"));
        if let Some(account) = &account {
            write(&folder.join("token"), account.token)?;
        }
        let homeserver = account.map(|account| account.homeserver);
        if options.config.is_none() {
            write(&config, &options.configuration(homeserver, port))?;
        }
        let log = folder.join("saald.log");
        let program = product("saald");
        let make = {
            let (config, state, log, options) =
                (config.clone(), state.clone(), log.clone(), options.clone());
            move || saald(&program, &config, &state, log.clone(), &options)
        };
        let supervisor = Supervisor::start(make).await?;
        Ok(Self {
            supervisor,
            config,
            state,
            log,
            web: format!("http://127.0.0.1:{port}"),
            http: http::client(),
            _view: view,
        })
    }

    async fn up(self) -> Result<Self> {
        let up = until(
            "the room's web view",
            UP_WITHIN,
            async || self.panel().await,
            |_| true,
        )
        .await;
        up.map_err(|error| self.explain(error))?;
        Ok(self)
    }

    /// What stands on the panel.
    ///
    /// # Errors
    /// When the web view does not answer.
    pub async fn panel(&self) -> Result<PanelTree> {
        let url = format!("{}/api/panel.json", self.web);
        let tree = http::json(&self.http, Method::GET, &url, None, None).await?;
        serde_json::from_value(tree.clone()).map_err(|error| Error::Answer {
            what: url,
            answer: format!("{error}: {tree}"),
        })
    }

    /// Presses a key of a keyboard at the panel, and lets it go.
    ///
    /// # Errors
    /// When the room does not take it.
    pub async fn key(&self, key: KeyName) -> Result<()> {
        let modifiers = Modifiers::default();
        self.work_panel(PanelAction::Key { key, modifiers }).await
    }

    /// Taps the panel twice in a corner where nothing is.
    ///
    /// # Errors
    /// When the room does not take it.
    pub async fn tap_twice(&self) -> Result<()> {
        let (x, y, taps) = (2, 2, Taps::Two);
        self.work_panel(PanelAction::Touch { x, y, taps }).await
    }

    async fn work_panel(&self, action: PanelAction) -> Result<()> {
        match self.ask(Request::Panel { action }).await? {
            Reply::Done {} => Ok(()),
            answer => Err(Error::Answer {
                what: format!("{action:?}"),
                answer: format!("{answer:?}"),
            }),
        }
    }

    /// Waits until the panel shows something that `done` accepts.
    ///
    /// # Errors
    /// With what it showed last, and the end of the room's log.
    pub async fn panel_shows(
        &self,
        what: &str,
        within: Duration,
        done: impl FnMut(&PanelTree) -> bool,
    ) -> Result<PanelTree> {
        until(what, within, async || self.panel().await, done)
            .await
            .map_err(|error| self.explain(error))
    }

    /// Taps a pixel of the panel.
    ///
    /// # Errors
    /// When the web view does not take it.
    pub async fn touch(&self, x: i32, y: i32) -> Result<()> {
        let mut onlooker = self.look().await?;
        onlooker.tap((x, y)).await?;
        onlooker.close().await
    }

    /// Opens the web view; while it is open, the television's pictures are made.
    ///
    /// # Errors
    /// When it does not answer.
    pub async fn look(&self) -> Result<Onlooker> {
        Onlooker::open(&self.web).await
    }

    /// Waits for the element that is called `label` and taps its middle.
    ///
    /// # Errors
    /// When there is none, or it cannot be used.
    pub async fn touch_element(&self, label: &str) -> Result<Element> {
        let usable = |tree: &PanelTree| tree.control(label).is_some();
        let tree = self
            .panel_shows(&format!("\"{label}\" on the panel"), PANEL_WITHIN, usable)
            .await?;
        let element = tree.control(label).cloned().expect("just seen");
        let (x, y) = element.rect.middle();
        self.touch(x, y).await?;
        Ok(element)
    }

    /// The panel as PNG.
    ///
    /// # Errors
    /// When the web view does not answer.
    pub async fn panel_picture(&self) -> Result<Vec<u8>> {
        http::bytes(
            &self.http,
            Method::GET,
            &format!("{}/panel.png", self.web),
            None,
            None,
        )
        .await
    }

    /// The television as JPEG.
    ///
    /// # Errors
    /// When the web view does not answer or the television shows nothing.
    pub async fn television_jpeg(&self) -> Result<Vec<u8>> {
        http::bytes(
            &self.http,
            Method::GET,
            &format!("{}/television.jpg", self.web),
            None,
            None,
        )
        .await
    }

    /// The television's next picture, brightness only.
    ///
    /// # Errors
    /// As for [`Self::television_jpeg`].
    pub async fn television(&self) -> Result<Picture> {
        let jpeg = self.television_jpeg().await?;
        Picture::from_jpeg(&jpeg).ok_or_else(|| Error::Answer {
            what: "/television.jpg".to_owned(),
            answer: "no JPEG".to_owned(),
        })
    }

    /// How the room is doing, as saalctl asks.
    ///
    /// # Errors
    /// When it does not answer on its control socket.
    pub async fn status(&self) -> Result<Status> {
        match self.ask(Request::Status {}).await? {
            Reply::Status(status) => Ok(*status),
            other => Err(Error::Answer {
                what: "status".to_owned(),
                answer: format!("{other:?}"),
            }),
        }
    }

    /// Waits until the room's status is one that `done` accepts.
    ///
    /// # Errors
    /// With the last status, and the end of the room's log.
    pub async fn status_is(
        &self,
        what: &str,
        within: Duration,
        done: impl FnMut(&Status) -> bool,
    ) -> Result<Status> {
        until(what, within, async || self.status().await, done)
            .await
            .map_err(|error| self.explain(error))
    }

    /// Asks on the control socket.
    ///
    /// # Errors
    /// When there is no answer.
    pub async fn ask(&self, request: Request) -> Result<Reply> {
        let path = self.state.join(SOCKET_NAME);
        let failed = |answer: String| Error::Answer {
            what: path.display().to_string(),
            answer,
        };
        let talk = async {
            let mut socket = BufReader::new(UnixStream::connect(&path).await?);
            socket
                .write_all(Question::new(request).to_line().as_bytes())
                .await?;
            let mut line = String::new();
            socket.read_line(&mut line).await?;
            Ok::<_, std::io::Error>(line)
        };
        let line = talk.await.map_err(|error| failed(error.to_string()))?;
        Answer::parse(&line).map_err(|error| failed(format!("{error}: {line}")))
    }

    /// The address of the web view.
    #[must_use]
    pub fn web(&self) -> &str {
        &self.web
    }

    /// The folder with the room's state.
    #[must_use]
    pub fn state(&self) -> &Path {
        &self.state
    }

    /// The room's configuration file.
    #[must_use]
    pub fn config(&self) -> &Path {
        &self.config
    }

    /// Where its programs write it.
    pub(crate) fn log_file(&self) -> &Path {
        &self.log
    }

    /// Everything saald has logged.
    #[must_use]
    pub fn log(&self) -> String {
        std::fs::read(&self.log)
            .map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
            .unwrap_or_default()
    }

    /// Writes another configuration and tells saald to read it.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn configure(&self, text: &str) -> Result<()> {
        write(&self.config, text)?;
        self.supervisor.signal(Signal::SIGHUP);
        Ok(())
    }

    /// saald's process id while it runs.
    #[must_use]
    pub fn pid(&self) -> Option<u32> {
        self.supervisor.pid()
    }

    /// What saald and its engine cost together.
    #[must_use]
    pub fn usage(&self) -> Usage {
        self.pid().map(Usage::of_tree).unwrap_or_default()
    }

    /// How often saald was started.
    #[must_use]
    pub fn starts(&self) -> u32 {
        self.supervisor.starts()
    }

    /// Kills saald as the kernel would (SIGKILL); the supervisor starts it again.
    pub fn kill(&self) {
        self.supervisor.signal(Signal::SIGKILL);
    }

    /// Whether saald stays down when it ends.
    pub fn hold_restart(&self, hold: bool) {
        self.supervisor.hold_restart(hold);
    }

    /// Kills the media engine and gives the process id that it had.
    ///
    /// # Errors
    /// When the room does not answer or has no engine.
    pub async fn kill_engine(&self) -> Result<u32> {
        let status = self.status().await?;
        let none = || Error::Answer {
            what: "engine".to_owned(),
            answer: format!("{:?}", status.engine),
        };
        let pid = status.engine.pid.ok_or_else(none)?;
        // It may have ended by itself in this very moment.
        let _ = kill(Pid::from_raw(pid.cast_signed()), Signal::SIGKILL);
        Ok(pid)
    }

    /// Stops saald as systemd does and waits for its end.
    pub async fn stop(self) {
        self.supervisor.stop().await;
    }

    /// An error with the end of the room's log.
    fn explain(&self, error: Error) -> Error {
        let what = error.to_string();
        Error::Process {
            name: "saald".to_owned(),
            what,
            log: self.log.clone(),
            tail: tail(&self.log, 30),
        }
    }
}

fn saald(
    program: &Path,
    config: &Path,
    state: &Path,
    log: PathBuf,
    options: &RoomOptions,
) -> Program {
    let paths = [("--config", config), ("--state", state)];
    let mut saald = Program::new("saald", program, log);
    for (name, path) in paths {
        saald = saald.args([name.as_ref(), path.as_os_str()]);
    }
    for (name, value) in &options.environment {
        saald = saald.env(name, value);
    }
    saald
        .args(&options.arguments)
        .within(options.network.as_ref())
}

/// A program of ours, beside the program that is running: the same build.
///
/// # Panics
/// When the running program's path is unknown, which Linux tells.
#[must_use]
pub fn product(name: &str) -> PathBuf {
    let running = std::env::current_exe().expect("/proc is mounted");
    let folder = running.parent().unwrap_or(Path::new("/"));
    let folder = if folder.ends_with("deps") {
        folder.parent().unwrap_or(folder)
    } else {
        folder
    };
    folder.join(name)
}

fn write(path: &Path, text: &str) -> Result<()> {
    std::fs::write(path, text).map_err(Error::file("write", path))
}
