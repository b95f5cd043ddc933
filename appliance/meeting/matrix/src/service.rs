//! The meeting service: one loop that hands commands to the call and tells what the account sees.

mod ringing;

use std::{
    collections::{BTreeMap, BTreeSet},
    path::PathBuf,
    sync::Arc,
    time::Duration,
};

use saal_media_protocol::SourceKind;
use saal_meeting::{
    AccountAction, AccountState, CallEvent, CallId, Destination, EndReason, Invitation,
    MeetingAction, MeetingCommand, MeetingEvent, ResumeToken,
};
use tokio::{
    sync::{Mutex, broadcast, mpsc, watch},
    task::JoinSet,
};

use crate::{
    account::{self, Account, Aliases, Doors, Rooms, Stickies},
    call::{
        Environment,
        driver::{self, Command},
        entrance::Visits,
        machine::MediaSecret,
        prefetch::{Prefetch, REFRESH_EVERY},
        prepare::Join,
        trial,
    },
    credential::Credential,
    homeserver::Homeserver,
    legacy::driver::Join as Place,
    ring::{heard::Heard, machine::Ringing},
    rtc::Device,
    settings::MatrixSettings,
    unix_ms,
};

/// Memberships expire without an event: they are counted again this often.
const COUNT_EVERY: Duration = Duration::from_secs(10);
/// Syncs that a call may be behind before it has to look back.
const HEARD_AT_ONCE: usize = 256;

/// Keys of a call that may come in one sync before the call takes them.
const KEYS_AT_ONCE: usize = 256;

/// Matrix meetings of one account.
pub struct Service {
    environment: Environment,
    identity: watch::Receiver<Option<Device>>,
    rooms: watch::Receiver<Rooms>,
    stickies: watch::Receiver<Stickies>,
    aliases: watch::Receiver<Aliases>,
    states: mpsc::UnboundedReceiver<MeetingEvent>,
    heard: mpsc::UnboundedReceiver<Heard>,
    ringing: Ringing,
    /// To the account.
    actions: mpsc::UnboundedSender<AccountAction>,
    call: Option<Call>,
    /// A call that is tried before people come.
    trial: Option<(CallId, mpsc::UnboundedSender<Command>)>,
    told: Vec<Invitation>,
    tasks: JoinSet<()>,
}

struct Call {
    id: CallId,
    commands: mpsc::UnboundedSender<Command>,
    /// The Matrix room of a meeting's call.
    meets_in: Option<String>,
    legacy: Option<ringing::Legacy>,
}

impl Service {
    /// Starts the account, which keeps what it has to remember in `store_dir`. Needs a tokio
    /// runtime. When the sender is dropped, a running call is left and the account ends.
    pub fn start(
        settings: MatrixSettings,
        store_dir: impl Into<PathBuf>,
    ) -> (
        mpsc::UnboundedSender<MeetingCommand>,
        mpsc::UnboundedReceiver<MeetingEvent>,
    ) {
        let (commands, command_receiver) = mpsc::unbounded_channel();
        let (events, event_receiver) = mpsc::unbounded_channel();
        let _ = events.send(MeetingEvent::Account(AccountState::Starting));
        let credential = Credential::new(None);
        match Homeserver::new(settings.homeserver.clone(), credential.clone()) {
            Ok(homeserver) => {
                let asking = (homeserver, credential);
                let service = Self::new(settings, store_dir.into(), asking, events);
                tokio::spawn(Box::pin(service.run(command_receiver)));
            }
            Err(error) => {
                let state = AccountState::Unreachable {
                    server: settings.homeserver.to_string(),
                    reason: error.to_string(),
                };
                let _ = events.send(MeetingEvent::Account(state));
            }
        }
        (commands, event_receiver)
    }

    fn new(
        settings: MatrixSettings,
        dir: PathBuf,
        (homeserver, credential): (Homeserver, Credential),
        events: mpsc::UnboundedSender<MeetingEvent>,
    ) -> Self {
        let (identity_sender, identity) = watch::channel(None);
        let (rooms_sender, rooms) = watch::channel(Arc::new(BTreeMap::new()));
        let (client_sender, client) = watch::channel(None);
        let (session_sender, sessions) = watch::channel(None);
        let (key_events, _) = broadcast::channel(KEYS_AT_ONCE);
        let (doors_sender, doors) = watch::channel(Doors::default());
        let (sticky_sender, stickies) = watch::channel(Stickies::default());
        let (ignored_sender, ignored) = watch::channel(BTreeSet::new());
        let (heard, _) = broadcast::channel(HEARD_AT_ONCE);
        let (state_sender, states) = mpsc::unbounded_channel();
        let (actions, asked) = mpsc::unbounded_channel();
        let environment = Environment {
            homeserver: homeserver.clone(),
            configured: settings.call_service.clone(),
            identity,
            rooms,
            client,
            sessions,
            key_events: key_events.clone(),
            doors,
            aliases: watch::channel(Aliases::default()).0,
            threshold: Arc::default(),
            visits: Visits::default(),
            stickies,
            heard: heard.clone(),
            ignored,
            leave_delay: settings.leave_delay,
            prefetch: Arc::default(),
            events,
        };
        let account = Account {
            settings,
            dir,
            homeserver,
            credential,
            identity: identity_sender,
            rooms: rooms_sender,
            client: client_sender,
            sessions: session_sender,
            key_events,
            doors: doors_sender,
            heard,
            ignored: ignored_sender,
            states: state_sender,
            asked: Mutex::new(asked),
        };
        Self::begin(environment, account, sticky_sender, states, actions)
    }

    /// Starts what runs beside the loop.
    fn begin(
        environment: Environment,
        account: Account,
        sticky_sender: watch::Sender<Stickies>,
        states: mpsc::UnboundedReceiver<MeetingEvent>,
        actions: mpsc::UnboundedSender<AccountAction>,
    ) -> Self {
        let mut tasks = JoinSet::new();
        let (client, ignoring) = (environment.client.clone(), environment.ignored.clone());
        let heard = ringing::listen(&mut tasks, client, ignoring, &environment.heard);
        let ringing = Ringing::new(account.settings.allowed_servers.clone());
        run_beside(&mut tasks, account, &environment, sticky_sender);
        Self {
            identity: environment.identity.clone(),
            rooms: environment.rooms.clone(),
            stickies: environment.stickies.clone(),
            aliases: environment.aliases.subscribe(),
            environment,
            states,
            heard,
            ringing,
            actions,
            call: None,
            trial: None,
            told: Vec::new(),
            tasks,
        }
    }

    async fn run(mut self, mut commands: mpsc::UnboundedReceiver<MeetingCommand>) {
        let mut count = tokio::time::interval(COUNT_EVERY);
        loop {
            self.follow_ringing();
            let gives_up = self.ringing.deadline();
            tokio::select! {
                command = commands.recv() => match command {
                    Some(command) => self.command(command),
                    // Dropping the call's commands makes it leave; the account's tasks end here.
                    None => return,
                },
                Some(state) = self.states.recv() => self.say_of_account(state),
                Some(heard) = self.heard.recv() => self.hear(heard),
                () = driver::at(gives_up) => {
                    self.ringing.handle_timeout(std::time::Instant::now());
                }
                Ok(()) = self.rooms.changed() => self.tell_invitations(),
                Ok(()) = self.stickies.changed() => self.tell_invitations(),
                Ok(()) = self.aliases.changed() => self.tell_invitations(),
                Ok(()) = self.identity.changed() => self.tell_invitations(),
                _ = count.tick() => self.tell_invitations(),
                Some(ended) = self.tasks.join_next() => {
                    if let Err(error) = ended {
                        tracing::error!(%error, "a task of the account died");
                    }
                }
            }
        }
    }

    /// What is told of the rooms' age is about what stands on the panel then.
    fn say_of_account(&mut self, state: MeetingEvent) {
        if matches!(state, MeetingEvent::RoomsKnown { .. }) {
            self.tell_invitations();
        }
        self.say(state);
    }

    fn say(&self, event: MeetingEvent) {
        let _ = self.environment.events.send(event);
    }

    fn command(&mut self, command: MeetingCommand) {
        match command {
            MeetingCommand::Join {
                call,
                destination,
                microphone,
                camera,
                resume,
                name: _,
                encodes: _,
            } => {
                let place = Place {
                    call,
                    microphone,
                    camera,
                };
                self.enter(place, destination, resume);
            }
            MeetingCommand::Try {
                call,
                destination: Destination::Matrix { .. },
            } => self.try_out(call),
            MeetingCommand::Decline { ring } => self.ringing.decline(&ring),
            MeetingCommand::SetMuted {
                call,
                source,
                muted,
            } => self.pass_on(call, Command::SetMuted { source, muted }),
            MeetingCommand::Watch { call, pictures } => {
                self.pass_on(call, Command::Watch(pictures));
            }
            MeetingCommand::Act {
                call,
                action: MeetingAction::Present { on },
            } => self.pass_on(call, Command::Present(SourceKind::Content, on)),
            MeetingCommand::Act {
                call,
                action: MeetingAction::PresentSound { on },
            } => self.pass_on(call, Command::Present(SourceKind::ContentAudio, on)),
            MeetingCommand::Act {
                call,
                action: MeetingAction::LobbyMessage { text },
            } => self.pass_on(call, Command::LobbyMessage(text)),
            MeetingCommand::Act { call, action } => self.pass_on(call, Command::Act(action)),
            // A caller is there when it calls. Element Call asks for no password. Nobody says beforehand what all who will
            // subscribe decode; all decode VP8.
            MeetingCommand::Try { .. }
            | MeetingCommand::GivePassword { .. }
            | MeetingCommand::Encodes { .. } => {}
            MeetingCommand::Account(action) => {
                let _ = self.actions.send(action);
            }
            MeetingCommand::Leave { call } => self.pass_on(call, Command::Leave),
            MeetingCommand::MediaRestarted { call } => self.pass_on(call, Command::MediaRestarted),
            MeetingCommand::Transport { call, event } => {
                self.pass_on(call, Command::Transport(event));
            }
        }
    }

    fn enter(&mut self, place: Place, destination: Destination, resume: Option<ResumeToken>) {
        let Place {
            call,
            microphone,
            camera,
        } = place;
        match destination {
            Destination::Matrix {
                room,
                via,
                password,
                visit,
            } => self.join(Join {
                call,
                room,
                via,
                visit,
                microphone,
                camera,
                resume,
                media_secret: password.map(|words| MediaSecret::of_link(&words)),
            }),
            Destination::Caller { room_id, call_id } => {
                self.answer(place, &room_id, &call_id, resume);
            }
            Destination::Jitsi { .. } | Destination::Nowhere { .. } => {
                self.refuse(call, "this is no Matrix meeting");
            }
        }
    }

    fn refuse(&self, call: saal_meeting::CallId, reason: &str) {
        let reason = reason.to_owned();
        let event = CallEvent::Ended(EndReason::Failed { reason });
        self.say(MeetingEvent::Call { call, event });
    }

    fn is_in_call(&self) -> bool {
        let call = self.call.as_ref();
        call.is_some_and(|call| !call.commands.is_closed())
    }

    fn join(&mut self, join: Join) {
        if self.is_in_call() {
            return self.refuse(join.call, "the room is in another call");
        }
        self.trial = None;
        let (commands, receiver) = mpsc::unbounded_channel();
        self.call = Some(Call {
            id: join.call,
            commands,
            meets_in: Some(join.room.as_str().to_owned()),
            legacy: None,
        });
        self.ringing.joined(join.room.as_str());
        // On its own, so that it still leaves when the service ends.
        tokio::spawn(Box::pin(driver::run(
            self.environment.clone(),
            join,
            receiver,
        )));
    }

    /// Commands for a call that is over are late, not wrong.
    fn pass_on(&self, call: CallId, command: Command) {
        let current = self.call.as_ref().map(|call| (call.id, &call.commands));
        let trial = self.trial.as_ref().map(|(id, commands)| (*id, commands));
        let mut known = current.into_iter().chain(trial);
        if let Some((_, commands)) = known.find(|(id, _)| *id == call) {
            let _ = commands.send(command);
        }
    }

    /// Where picture and sound of all calls go: that is the account's own media server.
    fn try_out(&mut self, call: CallId) {
        let (commands, receiver) = mpsc::unbounded_channel();
        self.trial = Some((call, commands));
        let environment = self.environment.clone();
        tokio::spawn(Box::pin(trial::run(environment, call, receiver)));
    }

    fn tell_invitations(&mut self) {
        let Some(own) = self.identity.borrow_and_update().clone() else {
            return;
        };
        let rooms = self.rooms.borrow_and_update().clone();
        let stickies = self.stickies.borrow_and_update().clone();
        self.follow_callers(&own);
        let visits = &self.environment.visits;
        let mut invitations = invitations(&rooms, &stickies, &own, unix_ms());
        invitations.retain(|one| !visits.has(&one.destination.place()));
        let aliases = self.aliases.borrow_and_update().clone();
        for one in &mut invitations {
            let room = one.destination.place();
            let more = aliases.of(&room).cloned();
            one.aliases.extend(more);
        }
        if invitations != self.told {
            self.told.clone_from(&invitations);
            self.say(MeetingEvent::Invitations(invitations));
        }
    }
}

/// The account, and what keeps ready what calls need of it.
fn run_beside(
    tasks: &mut JoinSet<()>,
    account: Account,
    environment: &Environment,
    stickies: watch::Sender<Stickies>,
) {
    let homeserver = environment.homeserver.clone();
    let (identity, client) = (environment.identity.clone(), environment.client.clone());
    tasks.spawn(Box::pin(account::run(account)));
    let (server, own) = (homeserver.clone(), identity.clone());
    tasks.spawn(account::follow_stickies(server, own, client, stickies));
    let (rooms, aliases) = (environment.rooms.clone(), environment.aliases.clone());
    tasks.spawn(account::follow_aliases(homeserver.clone(), rooms, aliases));
    let prefetch = environment.prefetch.clone();
    tasks.spawn(keep_fresh(prefetch, homeserver, identity));
}

/// The rooms with an appointment or with somebody in their call, and those that a widget gives a
/// conference. Servers copy nothing of a meeting into the room that replaces its own, so it keeps
/// its predecessor's until it has one of its own.
fn invitations(rooms: &Rooms, stickies: &Stickies, own: &Device, now_ms: u64) -> Vec<Invitation> {
    let before = predecessors(rooms);
    let invitation = |(id, room): (&String, &Arc<account::RoomState>)| {
        let in_call = room.in_call(stickies.get(id), own, now_ms);
        let metadata = inherited(rooms, &before, id, |room| room.metadata.clone());
        let widgets = inherited(rooms, &before, id, |room| {
            Some(&room.jitsi_widgets)
                .filter(|all| !all.is_empty())
                .cloned()
        });
        let meets = metadata.is_some() || widgets.is_some() || in_call > 0;
        (meets && !room.closed).then(|| Invitation {
            destination: Destination::matrix(id.clone()),
            name: room.name.clone(),
            aliases: room.aliases.clone(),
            calendar_event: metadata,
            jitsi_widgets: widgets.unwrap_or_default(),
            in_call,
            part_of: room.breakout_of.clone(),
        })
    };
    rooms.iter().filter_map(invitation).collect()
}

/// Which room each one replaces.
fn predecessors(rooms: &Rooms) -> BTreeMap<&str, &str> {
    let replaces = rooms.iter().filter_map(|(id, room)| {
        let next = room.replaced_by.as_ref()?;
        Some((next.room_id.as_str(), id.as_str()))
    });
    replaces.collect()
}

/// The nearest value on the way from a room to the first of those that it replaces.
fn inherited<T>(
    rooms: &Rooms,
    before: &BTreeMap<&str, &str>,
    id: &str,
    read: impl Fn(&account::RoomState) -> Option<T>,
) -> Option<T> {
    let mut id = id;
    // Whoever writes tombstones can write a circle.
    for _ in 0..=before.len() {
        if let Some(value) = rooms.get(id).and_then(|room| read(room)) {
            return Some(value);
        }
        id = before.get(id)?;
    }
    None
}

async fn keep_fresh(
    prefetch: Arc<Prefetch>,
    homeserver: Homeserver,
    mut identity: watch::Receiver<Option<Device>>,
) {
    loop {
        let Ok(own) = identity
            .wait_for(Option::is_some)
            .await
            .map(|own| own.clone())
        else {
            return;
        };
        if let Some(own) = own {
            prefetch.refresh(&homeserver, &own).await;
        }
        tokio::time::sleep(REFRESH_EVERY).await;
    }
}
