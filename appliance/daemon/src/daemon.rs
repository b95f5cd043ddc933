//! The loop: one input in, the core decides, its effects are carried out.

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result};
use saal_calendar::Calendar;
use saal_control::{Reply, Request};
use saal_core::{Effect, Event, Room};
use saal_fleet_protocol::{Config, config};
use saal_media_protocol::{MediaCommand, MediaEvent, TransportCommand, TransportId};
use saal_meeting::{CallEvent, CallId, MeetingCommand, MeetingEvent};
use tokio::sync::{mpsc, watch};

use crate::{
    browsers::Browsers,
    clock::Clock,
    config_file::ConfigFile,
    control,
    discovery::{self, LookUp},
    engine::{Engine, Television},
    input::{EngineInput, Input, Inputs},
    mute_keys::MuteKeyReader,
    panel::Panel,
    presets,
    saved::SavedCallFile,
    services::Services,
    status,
    web::Web,
};

/// What the loop holds. Fields are executors; the decisions are in `room`.
pub(crate) struct Daemon {
    clock: Clock,
    room: Room,
    calendar: Calendar,
    panel: Panel,
    file: ConfigFile,
    state: PathBuf,
    saved: SavedCallFile,
    mute_keys: MuteKeyReader,
    inputs: Inputs,
    engine: Option<Engine>,
    engine_generation: u64,
    engine_program: PathBuf,
    services: Services,
    /// Where the home server's name leads.
    looking_up: Option<LookUp>,
    /// Whose transport is whose call; kept while the transport is open.
    transports: HashMap<TransportId, CallId>,
    television: Television,
    web: Option<Web>,
    browsers: Option<Browsers>,
    done: bool,
}

impl Daemon {
    pub(crate) fn new(file: ConfigFile, state: PathBuf, inputs: Inputs) -> Result<Self> {
        control::listen(&state.join("control.sock"), inputs.clone())?;
        let saved = SavedCallFile::new(&state);
        Ok(Self {
            clock: Clock::start(),
            room: Room::new(),
            calendar: Calendar::default(),
            panel: Panel::new(),
            file,
            state,
            saved,
            mute_keys: MuteKeyReader::start(&inputs),
            inputs,
            engine: None,
            engine_generation: 0,
            engine_program: engine_program()?,
            services: Services::default(),
            looking_up: None,
            transports: HashMap::new(),
            television: watch::Sender::new(None),
            web: None,
            browsers: None,
            done: false,
        })
    }

    /// Runs until the room has left for good.
    pub(crate) async fn run(
        &mut self,
        config: Config,
        mut inputs: mpsc::UnboundedReceiver<Input>,
    ) -> Result<()> {
        let saved = self.saved.load();
        if let Some(sound) = self.saved.load_sound() {
            self.tell(Event::SavedSound(Box::new(sound))).await;
        }
        self.tell(Event::Presets(presets::load(&self.state))).await;
        if let Some(trials) = self.saved.load_trials() {
            self.tell(Event::SavedTrials(trials)).await;
        }
        self.tell(Event::Config(Box::new(config))).await;
        if let Some(saved) = saved {
            self.tell(Event::SavedCall(Box::new(saved))).await;
        }
        while !self.done {
            let now = self.clock.now();
            let deadline = self.clock.instant(self.room.next_deadline(now));
            tokio::select! {
                input = inputs.recv() => match input {
                    Some(input) => self.take(input).await,
                    None => break,
                },
                () = tokio::time::sleep_until(deadline) => {
                    self.tell(Event::Deadline).await;
                    self.follow_calendar(now.wall).await;
                }
            }
        }
        Ok(())
    }

    async fn take(&mut self, input: Input) {
        match input {
            Input::Room(event) => self.tell(event).await,
            Input::Engine(generation, input) if generation == self.engine_generation => {
                self.take_engine(input).await;
            }
            Input::Meeting(generation, event) if self.services.is_current(generation) => {
                self.take_meeting(event).await;
            }
            // From a predecessor that is gone.
            Input::Engine(..) | Input::Meeting(..) => {}
            Input::Touch(touch) => {
                let touched = self.panel.touch(touch);
                if let Some(intent) = touched.intent {
                    tracing::info!(?intent, "touched");
                    self.tell(Event::Intent(intent)).await;
                }
                if touched.redraw {
                    self.panel.draw(&self.room, self.clock.now());
                }
            }
            Input::Request(Request::RecoveryKey {}, reply) => {
                let key = self.services.recovery_key(&self.state);
                let _ = reply.send(Reply::RecoveryKey { key });
            }
            Input::Request(request, reply) => {
                let (answer, intent) = status::answer(&request, &self.facts());
                if let Some(intent) = intent {
                    tracing::info!(?intent, "asked for");
                    self.tell(Event::Intent(intent)).await;
                }
                // Whoever asked may have hung up.
                let _ = reply.send(answer);
            }
            Input::Reload => self.reload().await,
            Input::Calendar => self.tell_meetings().await,
        }
    }

    fn facts(&self) -> status::Facts<'_> {
        status::Facts {
            room: &self.room,
            now: self.clock.now(),
            engine_pid: self.engine.as_ref().map(Engine::pid),
            web: self.web.as_ref().map(Web::url),
        }
    }

    async fn take_engine(&mut self, input: EngineInput) {
        match input {
            EngineInput::Process(event) => {
                tracing::info!(?event, "engine");
                self.tell(Event::Engine(event)).await;
            }
            EngineInput::Media(MediaEvent::Transport(event)) => {
                let call = self.transports.get(&event.transport()).copied();
                if let Some(call) = call {
                    self.send_meeting(MeetingCommand::Transport { call, event });
                }
            }
            EngineInput::Media(event) => {
                match &event {
                    MediaEvent::Trouble(trouble) => tracing::warn!(?trouble, "device"),
                    MediaEvent::FirstPicture {
                        participant,
                        source,
                    } => {
                        tracing::info!(participant, ?source, "first picture");
                    }
                    _ => {}
                }
                self.tell(Event::Media(event)).await;
            }
        }
    }

    async fn take_meeting(&mut self, event: MeetingEvent) {
        match event {
            MeetingEvent::Account(account) => {
                tracing::info!(?account, "account");
                self.tell(Event::Account(account)).await;
            }
            MeetingEvent::Identity(state) => {
                tracing::info!(?state, "the account's identity");
                self.tell(Event::Identity(state)).await;
            }
            MeetingEvent::Verification(verification) => {
                self.tell(Event::Verification(verification)).await;
            }
            MeetingEvent::Invitations(invitations) => {
                self.calendar.update(invitations);
                self.tell_meetings().await;
            }
            MeetingEvent::Call {
                call,
                event: CallEvent::Transport(command),
            } => {
                self.follow_transport(call, &command);
                self.send_engine(MediaCommand::Transport(command));
            }
            MeetingEvent::Ringing(ring) => {
                tracing::info!(ring = ring.id.0, "somebody calls the room");
                self.tell(Event::Ringing(ring)).await;
            }
            MeetingEvent::RingEnded { ring } => self.tell(Event::RingEnded(ring)).await,
            MeetingEvent::Call { call, event } => {
                tracing::debug!(?call, ?event, "call");
                self.tell(Event::Call(call, event)).await;
            }
        }
    }

    fn follow_transport(&mut self, call: CallId, command: &TransportCommand) {
        match command {
            TransportCommand::Open { transport, .. }
            | TransportCommand::OpenDeclared { transport, .. } => {
                self.transports.insert(*transport, call);
            }
            TransportCommand::Close { transport } => {
                self.transports.remove(transport);
            }
            _ => {}
        }
    }

    async fn tell_meetings(&mut self) {
        let (meetings, problems) = self.calendar.meetings(self.clock.now().wall);
        for problem in &problems {
            tracing::warn!(
                place = problem.place,
                reason = problem.reason,
                "calendar entry skipped"
            );
        }
        self.tell(Event::Meetings { meetings, problems }).await;
    }

    /// Recurrences move into the window of days that is shown.
    async fn follow_calendar(&mut self, before: jiff::Timestamp) {
        let now = self.clock.now().wall;
        if self
            .calendar
            .next_change(before)
            .is_some_and(|at| at <= now)
        {
            self.tell_meetings().await;
        }
    }

    async fn reload(&mut self) {
        let event = match self.file.load() {
            Ok(config) => {
                tracing::info!("configuration read again");
                Event::Config(Box::new(config))
            }
            Err(problem) => {
                tracing::error!("{problem}; the last good configuration stays");
                Event::ConfigRefused { problem }
            }
        };
        self.tell(event).await;
    }

    /// The core decides, the effects are carried out; what they cause comes back as input.
    async fn tell(&mut self, event: Event) {
        let now = self.clock.now();
        self.room.handle(now, event);
        let mut redraw = false;
        while let Some(effect) = self.room.poll_effect() {
            match effect {
                Effect::Redraw => redraw = true,
                effect => self.carry_out(effect).await,
            }
        }
        if redraw {
            self.panel.draw(&self.room, now);
        }
    }

    async fn carry_out(&mut self, effect: Effect) {
        match effect {
            Effect::StartAccount => self.start_account(),
            Effect::ReadMeetings => self.read_meetings(),
            Effect::StartWeb => self.start_web().await,
            Effect::StartBrowsers => self.start_browsers().await,
            Effect::OpenDoor => self.open_door(),
            Effect::Laptop(laptop, reply) => {
                if let Some(browsers) = &self.browsers {
                    browsers.tell(laptop, reply);
                }
            }
            Effect::StartEngine => self.start_engine(),
            Effect::Media(command) => self.send_engine(command),
            Effect::Meeting(command) => self.send_meeting(command),
            Effect::SaveCall(saved) => {
                if let Err(error) = self.saved.save(saved.as_deref()) {
                    let path = self.saved.path().display().to_string();
                    tracing::error!(path, %error, "the call is not saved");
                    let reason = error.to_string();
                    self.inputs
                        .send(Input::Room(Event::CallNotSaved { path, reason }));
                }
            }
            Effect::SaveSound(sound) => {
                if let Err(error) = self.saved.save_sound(&sound) {
                    tracing::error!(%error, "the choice of sound is not saved");
                }
            }
            Effect::SaveTrials(trials) => {
                if let Err(error) = self.saved.save_trials(trials) {
                    tracing::error!(%error, "the trials of encoders are not saved, and are made again at the next start");
                }
            }
            Effect::ShowMuted(muted) => self.mute_keys.show(muted),
            Effect::SavePresets(all) => {
                if let Err(error) = presets::save(&self.state, all) {
                    let state = self.state.display().to_string();
                    tracing::error!(state, %error, "the cameras' views are not saved");
                }
            }
            Effect::Redraw => {}
            Effect::Exit => self.done = true,
        }
    }

    fn start_engine(&mut self) {
        self.engine = None;
        self.engine_generation += 1;
        let generation = self.engine_generation;
        let television = self.television.clone();
        match Engine::start(
            &self.engine_program,
            generation,
            self.inputs.clone(),
            television,
        ) {
            Ok(engine) => self.engine = Some(engine),
            Err(error) => {
                let reason = format!("{error:#}");
                tracing::error!(reason, "the engine does not start");
                let lost = EngineInput::Process(saal_core::EngineEvent::Lost { reason });
                self.inputs.send(Input::Engine(generation, lost));
            }
        }
    }

    fn send_engine(&self, command: MediaCommand) {
        if let Some(engine) = &self.engine {
            engine.send(command);
        }
    }

    fn start_account(&mut self) {
        let Some(config) = self.room.config() else {
            return;
        };
        if config.matrix.is_none() {
            // What an account saw that is no longer configured.
            self.calendar.update(Vec::new());
            self.inputs.send(Input::Calendar);
        }
        let mut config = config.clone();
        let name = discovery::settle(&mut config, &self.state);
        self.services
            .start(&config, &self.file, &self.state, &self.inputs);
        let generation = self.services.generation();
        self.looking_up =
            name.map(|name| discovery::look_up(&name, &self.state, generation, &self.inputs));
    }

    /// What the calendar makes of them comes back as input: this runs while effects are carried out.
    fn read_meetings(&mut self) {
        let Some(config) = self.room.config() else {
            return;
        };
        let standing = config.meetings.iter();
        self.calendar
            .set_standing(standing.map(|m| (m.title.as_str(), m.link.as_str())));
        self.inputs.send(Input::Calendar);
    }

    fn send_meeting(&mut self, command: MeetingCommand) {
        self.services.send(command, &self.inputs);
    }

    async fn start_web(&mut self) {
        let Some(config) = self.room.config() else {
            return;
        };
        let (web, file) = (config.web.clone(), self.file.clone());
        // The old one lets go of its port first.
        if let Some(old) = self.web.take() {
            old.stop().await;
        }
        let panel = self.panel.watch();
        let television = self.television.subscribe();
        match Web::start(&web, &file, self.inputs.clone(), panel, television).await {
            Ok(web) => {
                tracing::info!("panel and television: {}", web.url());
                self.web = Some(web);
            }
            Err(error) => tracing::error!("no web view: {error:#}"),
        }
    }

    async fn start_browsers(&mut self) {
        // The old one lets go of its port first.
        if let Some(old) = self.browsers.take() {
            old.stop().await;
        }
        let wanted = self
            .room
            .config()
            .and_then(|config| config.browsers.clone());
        let Some(wanted) = wanted else { return };
        match Browsers::start(&wanted, &self.file, &self.state, self.inputs.clone()).await {
            Ok(browsers) => {
                tracing::info!("browsers of this network: {}", browsers.address());
                self.browsers = Some(browsers);
            }
            Err(error) => tracing::error!("no browsers: {error:#}"),
        }
    }

    fn open_door(&mut self) {
        let invitation = self.browsers.as_ref().map(Browsers::invite).transpose();
        let invitation = invitation.unwrap_or_else(|error| {
            tracing::error!("no code: {error:#}");
            None
        });
        self.inputs.send(Input::Room(Event::Invitation(invitation)));
    }

    /// Shows the panel in a window of the desktop, of the configured size.
    ///
    /// # Errors
    /// When there is no desktop.
    pub(crate) fn open_window(&mut self, panel: &config::Panel) -> Result<()> {
        let pixels = |count: config::PixelCount| count.get() as usize;
        let size = (pixels(panel.width), pixels(panel.height));
        crate::window::open(size, self.panel.watch(), self.inputs.clone())
    }
}

/// The engine lies beside the daemon; SAAL_MEDIA names another one.
fn engine_program() -> Result<PathBuf> {
    if let Some(path) = std::env::var_os("SAAL_MEDIA") {
        return Ok(path.into());
    }
    let me = std::env::current_exe().context("where is this program?")?;
    Ok(me.parent().unwrap_or(Path::new("/")).join("saal-media"))
}
