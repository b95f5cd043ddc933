//! The loop: one input in, the core decides, its effects are carried out.

mod at_guest;
mod at_help;
mod at_panel;
mod at_system;
mod by_calendar;
mod saving;
mod serving;

use std::{collections::HashMap, path::PathBuf};

use anyhow::Result;
use saal_calendar::Calendar;
use saal_control::{Reply, Request};
use saal_core::{CalendarProblem, Effect, Event, HelpId, Room};
use saal_fleet_protocol::Config;
use saal_hal_linux::memory;
use saal_media_protocol::{
    MediaCommand, MediaEvent, TransportCommand, TransportEvent, TransportId,
};
use saal_meeting::{CallEvent, CallId, MeetingCommand, MeetingEvent};
use tokio::sync::{mpsc, watch};

use crate::{
    authorities::Trust,
    browsers::Browsers,
    calendars::Calendars,
    clock::Clock,
    config_file::ConfigFile,
    control,
    discovery::{self, LookUp},
    engine::{Engine, Launcher, Television},
    guests::Guests,
    input::{EngineInput, Input, Inputs},
    local_api,
    output::Output,
    panel::Panel,
    phone_keys::PhoneKeyReader,
    saved::SavedCallFile,
    service_manager::ServiceManager,
    services::Services,
    status,
    still::Still,
    system::Requests,
    web::Web,
};

/// What the loop holds. Fields are executors; the decisions are in `room`.
pub(crate) struct Daemon {
    clock: Clock,
    room: Room,
    calendar: Calendar,
    panel: Panel,
    output: Output,
    file: ConfigFile,
    trust: Trust,
    state: PathBuf,
    saved: SavedCallFile,
    requests: Requests,
    phone_keys: PhoneKeyReader,
    inputs: Inputs,
    engine: Option<Engine>,
    engine_generation: u64,
    launcher: Launcher,
    services: Services,
    /// Where the home server's name leads.
    looking_up: Option<LookUp>,
    /// Whose transport is whose call; kept while the transport is open.
    transports: HashMap<TransportId, CallId>,
    television: Television,
    still: Still,
    web: Option<Web>,
    browsers: Option<Browsers>,
    guests: Guests,
    /// Tells pages that the room is other than before.
    changed: watch::Sender<()>,
    calendars: Option<Calendars>,
    /// Entries that can't be read, as they are in the log.
    unread: Vec<CalendarProblem>,
    /// How it ends, once it does.
    end: Option<End>,
}

/// How the daemon ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// It is left.
    Over,
    /// It is to begin anew.
    Anew,
}

impl Daemon {
    pub(crate) fn new(
        file: ConfigFile,
        trust: Trust,
        state: PathBuf,
        requests: Requests,
        launcher: Launcher,
        inputs: Inputs,
    ) -> Result<Self> {
        control::listen(&state.join("control.sock"), inputs.clone())?;
        let changed = watch::Sender::new(());
        local_api::listen(&state, &inputs, changed.subscribe())?;
        let saved = SavedCallFile::new(&state);
        let panel = Panel::new(&state, &inputs);
        Ok(Self {
            clock: Clock::start(),
            room: Room::new(),
            calendar: Calendar::default(),
            output: Output::start(panel.watch(), &inputs),
            panel,
            file,
            trust,
            state,
            saved,
            requests,
            phone_keys: PhoneKeyReader::start(&inputs),
            inputs,
            engine: None,
            engine_generation: 0,
            launcher,
            services: Services::default(),
            looking_up: None,
            transports: HashMap::new(),
            television: watch::Sender::new(None),
            still: Still::new(),
            web: None,
            browsers: None,
            guests: Guests::default(),
            changed,
            calendars: None,
            unread: Vec::new(),
            end: None,
        })
    }

    /// Runs until the room has left for good.
    pub(crate) async fn run(
        &mut self,
        config: Config,
        mut inputs: mpsc::UnboundedReceiver<Input>,
    ) -> Result<End> {
        let saved = self.remember().await;
        self.tell(Event::Config(Box::new(config))).await;
        if let Some(saved) = saved {
            self.tell(Event::SavedCall(Box::new(saved))).await;
        }
        let mut manager = ServiceManager::of_this_process();
        manager.ready();
        while self.end.is_none() {
            let now = self.clock.now();
            let alive = manager.alive(now.mono);
            self.output.follow(&self.room, now);
            let deadline = self.room.next_deadline(now);
            let rest = self.output.next_deadline(&self.room, now);
            let moves = self.panel.next_picture(now);
            let deadline = [self.panel.deadline(), moves, Some(rest), alive]
                .into_iter()
                .flatten()
                .fold(deadline, Ord::min);
            let deadline = self.clock.instant(deadline);
            tokio::select! {
                input = inputs.recv() => match input {
                    Some(input) => self.take(input).await,
                    None => break,
                },
                () = tokio::time::sleep_until(deadline) => {
                    let at = self.clock.now();
                    self.panel.move_on(at);
                    let worked = self.panel.tick(at);
                    // Nobody knows whose it was.
                    self.follow(worked, false).await;
                    self.tell(Event::Deadline).await;
                    self.follow_calendar(now.wall).await;
                }
            }
        }
        Ok(self.end.unwrap_or(End::Over))
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
            Input::Touch(touch) => self.touch(touch, true).await,
            Input::Key(key) => self.key(key, true).await,
            Input::RemoteTouch(touch) => self.touch(touch, false).await,
            Input::RemoteKey(key) => self.key(key, false).await,
            Input::Voice(command) => self.send_engine(command),
            Input::Contact(screen, contact) => self.contact(&screen, contact).await,
            Input::TouchScreens(all) => self.output.set_touch_screens(all),
            Input::Glass(glass) => self.move_panel(glass),
            Input::Request(Request::HelpStands { number, seen }, reply) => {
                self.help_stands(HelpId(number), seen, reply).await;
            }
            Input::Request(request, reply) => {
                let answer = self.answer(request).await;
                // Whoever asked may have hung up.
                let _ = reply.send(answer);
            }
            Input::Slide(picture) => {
                self.still.turn(picture);
                self.draw_still();
            }
            Input::Guest(request, reply) => {
                let answer = self.guest(request).await;
                let _ = reply.send(answer);
            }
            Input::Reload => drop(self.reload().await),
            Input::Calendar => self.tell_meetings().await,
            Input::Calendars(news) => self.take_calendar(news).await,
        }
    }

    /// Does what a client of the control socket asks for.
    async fn answer(&mut self, request: Request) -> Reply {
        match request {
            Request::Panel { action } => return self.work_panel(action).await,
            Request::Reload {} => return self.reload().await,
            Request::Help { wanted } => self.help(wanted).await,
            Request::Enrolment { status } => self.tell(status::enrolment(status)).await,
            Request::DeviceKey { problem } => self.tell(Event::DeviceKey(problem)).await,
            Request::OtherRooms { rooms } => self.tell(status::other_rooms(rooms)).await,
            Request::System { request } => return self.ask_system(request).await,
            Request::RecoveryKey {} => {
                let key = self.services.recovery_key(&self.state);
                return Reply::RecoveryKey { key };
            }
            request => {
                let (answer, intent) = status::answer(&request, &self.facts());
                if let Some(intent) = intent {
                    tracing::info!(?intent, "asked for");
                    self.tell(Event::Intent(intent)).await;
                }
                return answer;
            }
        }
        Reply::Done {}
    }

    fn facts(&self) -> status::Facts<'_> {
        status::Facts {
            room: &self.room,
            now: self.clock.now(),
            engine_pid: self.engine.as_ref().and_then(Engine::pid),
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
                if matches!(event, TransportEvent::Probed { .. }) {
                    self.transports.remove(&event.transport());
                }
                if let Some(call) = call {
                    self.send_meeting(MeetingCommand::Transport { call, event });
                }
            }
            EngineInput::Media(event) => {
                match &event {
                    MediaEvent::Checked(report) => tracing::info!(?report, "devices tried"),
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
            MeetingEvent::RoomsKnown { at } => self.tell(Event::RoomsKnown(at)).await,
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
                if let CallEvent::Tried(way) = &event {
                    tracing::info!(?way, "the way of picture and sound was tried");
                }
                let over = matches!(event, CallEvent::Ended(_));
                self.tell(Event::Call(call, event)).await;
                if over {
                    memory::give_back();
                }
            }
        }
    }

    fn follow_transport(&mut self, call: CallId, command: &TransportCommand) {
        match command {
            TransportCommand::Open { transport, .. }
            | TransportCommand::Probe { transport, .. }
            | TransportCommand::OpenDeclared { transport, .. } => {
                self.transports.insert(*transport, call);
            }
            TransportCommand::Close { transport } => {
                self.transports.remove(transport);
            }
            _ => {}
        }
    }

    async fn reload(&mut self) -> Reply {
        match self.file.load() {
            Ok(config) => {
                tracing::info!("configuration read again");
                self.tell(Event::Config(Box::new(config))).await;
                Reply::Done {}
            }
            Err(problem) => {
                tracing::error!("{problem}; the last good configuration stays");
                let refused = status::config_refused(&problem);
                self.tell(Event::ConfigRefused { problem }).await;
                refused
            }
        }
    }

    /// The core decides, the effects are carried out; what they cause comes back as input.
    async fn tell(&mut self, event: Event) {
        if let Event::Config(config) = &event {
            // It was read a moment ago, when the configuration was.
            let words = self.file.language(config).unwrap_or_default();
            self.panel.use_words(words);
            let pin = self.file.pin(config).unwrap_or_default();
            self.room.handle(self.clock.now(), Event::SettingsPin(pin));
            let own = self.file.authorities(config).unwrap_or_default();
            let authorities = self.trust.tell(&own);
            self.room.handle(self.clock.now(), authorities);
        }
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
            self.draw_still();
            self.changed.send_replace(());
        }
    }

    fn draw_still(&mut self) {
        let now = self.clock.now();
        self.still.draw(&self.room, now, &self.file, &self.inputs);
    }

    async fn carry_out(&mut self, effect: Effect) {
        match effect {
            Effect::StartAccount => self.start_account(),
            Effect::ReadMeetings => self.read_meetings(),
            Effect::StartWeb => self.start_web().await,
            Effect::StartBrowsers => self.start_browsers().await,
            Effect::OpenDoor => self.open_door(),
            Effect::InvitePhones => self.invite_phones(),
            Effect::Viewer(viewer, reply) => {
                if let Some(browsers) = &self.browsers {
                    browsers.tell_viewer(viewer, reply);
                }
            }
            Effect::Laptop(laptop, reply) => {
                if let Some(browsers) = &self.browsers {
                    browsers.tell(laptop, reply);
                }
            }
            Effect::StartEngine => self.start_engine(),
            Effect::Media(command) => self.send_engine(command),
            Effect::Meeting(command) => self.send_meeting(command),
            Effect::Check(checkup) => self.check(&checkup),
            Effect::Calendar(change) => self.change_calendar(change),
            Effect::ShowLights(lights) => self.phone_keys.show(lights),
            Effect::LookAtSystem => self.look_at_system(),
            Effect::AskSystem(request) => self.requests.ask(request, &self.inputs),
            effect @ (Effect::SaveCall(_)
            | Effect::SaveSound(_)
            | Effect::SaveBookings(_)
            | Effect::SaveTrials(_)
            | Effect::SaveSettings(_)
            | Effect::SavePrivacy(_)
            | Effect::SavePresets(_)) => self.save(effect),
            Effect::Redraw => {}
            Effect::StartAnew => self.end = Some(End::Anew),
            Effect::Exit => self.end = Some(End::Over),
        }
    }

    fn start_engine(&mut self) {
        self.engine = None;
        self.engine_generation += 1;
        let generation = self.engine_generation;
        let television = self.television.clone();
        match Engine::start(
            &self.launcher,
            generation,
            self.inputs.clone(),
            television,
            self.output.lend(),
            self.still.for_engine(),
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

    fn send_meeting(&mut self, command: MeetingCommand) {
        self.services.send(command, &self.inputs);
    }
}
