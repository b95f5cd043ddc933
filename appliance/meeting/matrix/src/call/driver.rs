//! Carries out what [`Machine`] decides: requests to the homeserver, sockets to media servers.

mod exchange;
mod keeping;
mod media_server;
mod talk;

use std::{collections::HashMap, sync::Arc, time::Duration};

use livekit_protocol::SignalRequest;
use saal_media_protocol::{SourceKind, TransportEvent};
use saal_meeting::{CallEvent, EndReason, JoinStage, MeetingAction, MeetingEvent, Watched};
use tokio::{
    sync::{
        broadcast::{self, error::RecvError},
        mpsc, watch,
    },
    task::JoinSet,
    time::Instant,
};

use self::{
    keeping::{CallRoom, ask},
    media_server::{Target, connect, resume},
};
use super::{
    Environment,
    entrance::Doorstep,
    links::ConnectionId,
    machine::{CallSetup, ConnectFailure, Effect, Machine, MediaSecret, Now, Talk, Talked},
    prepare::{Join, prepare},
};
use crate::{
    account::{Heard, Rooms},
    homeserver::Homeserver,
    jitter,
    livekit::{Grant, socket::SocketEvent},
    rtc::{
        Device,
        keeper::{Action, Outcome},
        keys::{Entropy, Generation, KEY_LENGTH, KeyEvent, VouchId},
        membership,
    },
    unix_ms,
};

/// Last messages get this long after the call is over.
const FLUSH_WITHIN: Duration = Duration::from_secs(3);

/// From the daemon to a running call.
#[derive(Debug)]
pub(crate) enum Command {
    SetMuted {
        source: SourceKind,
        muted: bool,
    },
    Watch(Vec<Watched>),
    Present(SourceKind, bool),
    /// To whoever may let the room in.
    LobbyMessage(String),
    Act(MeetingAction),
    Leave,
    MediaRestarted,
    Transport(TransportEvent),
}

/// What tasks bring back.
enum Input {
    Outcome(Outcome),
    Connected(ConnectionId, mpsc::UnboundedSender<SignalRequest>, Grant),
    Socket(ConnectionId, SocketEvent),
    ConnectFailed(ConnectionId, ConnectFailure),
    Name {
        user: String,
        name: String,
    },
    KeySent {
        generation: Generation,
        to: Vec<Device>,
        failed: Vec<Device>,
    },
    Vouched {
        id: VouchId,
        doubt: Option<String>,
    },
    Talked(Talked),
    /// Our membership is to be said again.
    SayAgain,
}

/// Runs a call until `Ended` is said. When `commands` closes, the call is left.
pub(crate) async fn run(
    environment: Environment,
    join: Join,
    mut commands: mpsc::UnboundedReceiver<Command>,
) {
    let call = join.call;
    let say = |event| {
        let _ = environment.events.send(MeetingEvent::Call { call, event });
    };
    say(CallEvent::Progress(JoinStage::Contacting));
    // Before anybody sees us in the call, so that no key is missed.
    let key_events = environment.key_events.subscribe();
    let (mut waiting, words) = (Vec::new(), mpsc::unbounded_channel());
    let (speak, mut doorstep) = (words.0, Doorstep::new(words.1));
    let setup = tokio::select! {
        setup = prepare(&environment, &join, &mut doorstep) => setup,
        () = until_leave(&mut commands, &mut waiting, &speak) => Err(EndReason::Left),
    };
    match setup {
        Ok(setup) => Box::pin(go_on(&environment, setup, key_events, waiting, commands)).await,
        Err(reason) => {
            drop(commands);
            say(CallEvent::Ended(reason));
        }
    }
    Box::pin(doorstep.clear(&environment, &join)).await;
}

/// From the first message to the media servers to the last one.
async fn go_on(
    environment: &Environment,
    setup: CallSetup,
    key_events: broadcast::Receiver<KeyEvent>,
    waiting: Vec<Command>,
    commands: mpsc::UnboundedReceiver<Command>,
) {
    let call = setup.call;
    let encrypted = setup.media_secret == MediaSecret::PerMember;
    let others = membership::active(&setup.members, unix_ms());
    let begins = setup.delay_id.is_none() && others.iter().all(|m| m.device == setup.own);
    let call_room = CallRoom::of(&setup);
    let machine = Machine::new(setup, now());
    let (inputs, receiver) = mpsc::unbounded_channel();
    let mut driver = Driver {
        environment: environment.clone(),
        call_room: Arc::new(call_room),
        machine,
        inputs,
        tasks: JoinSet::new(),
        sockets: HashMap::new(),
        room_seen: false,
        key_events,
        begins,
    };
    if encrypted {
        driver.track_devices();
    }
    driver.run(call, waiting, commands, receiver).await;
}

/// Keeps what is said while the call is being prepared; ends when the daemon leaves.
async fn until_leave(
    commands: &mut mpsc::UnboundedReceiver<Command>,
    waiting: &mut Vec<Command>,
    speak: &mpsc::UnboundedSender<String>,
) {
    while let Some(command) = commands.recv().await {
        match command {
            Command::Leave => return,
            Command::LobbyMessage(words) => {
                let _ = speak.send(words);
            }
            other => waiting.push(other),
        }
    }
}

fn now() -> Now {
    Now {
        instant: std::time::Instant::now(),
        unix_ms: unix_ms(),
        jitter: jitter(),
        entropy: entropy(),
    }
}

fn entropy() -> Entropy {
    let mut key = [0; KEY_LENGTH];
    let mut index = [0];
    let drawn = getrandom::fill(&mut key).and_then(|()| getrandom::fill(&mut index));
    drawn.expect("Linux gives random bytes as soon as it has started");
    Entropy {
        key,
        index: index[0],
    }
}

struct Driver {
    environment: Environment,
    call_room: Arc<CallRoom>,
    machine: Machine,
    inputs: mpsc::UnboundedSender<Input>,
    tasks: JoinSet<()>,
    sockets: HashMap<ConnectionId, mpsc::UnboundedSender<SignalRequest>>,
    /// A sync knew the call's room; one that knows it no more means that we are out of it.
    room_seen: bool,
    key_events: broadcast::Receiver<KeyEvent>,
    /// Nobody was in the call: whoever comes first tells the room.
    begins: bool,
}

impl Driver {
    async fn run(
        mut self,
        call: saal_meeting::CallId,
        waiting: Vec<Command>,
        mut commands: mpsc::UnboundedReceiver<Command>,
        mut inputs: mpsc::UnboundedReceiver<Input>,
    ) {
        let mut rooms = self.environment.rooms.clone();
        let mut stickies = self.environment.stickies.clone();
        let mut ignored = self.environment.ignored.clone();
        ignored.mark_changed();
        let mut heard = self.environment.heard.subscribe();
        self.room_seen = rooms.borrow().contains_key(&self.call_room.room_id);
        let mut open = true;
        for command in waiting {
            self.command(Some(command));
        }
        loop {
            while let Some(effect) = self.machine.poll() {
                self.perform(call, effect);
            }
            if self.machine.is_over() {
                break;
            }
            let deadline = self.machine.deadline();
            tokio::select! {
                command = commands.recv(), if open => {
                    open = command.is_some();
                    self.command(command);
                }
                Some(input) = inputs.recv() => self.input(input),
                Ok(event) = self.key_events.recv() => self.machine.handle_key_event(now(), &event),
                Some(_) = self.tasks.join_next() => {}
                Ok(()) = rooms.changed() => self.rooms_changed(&mut rooms),
                Ok(()) = stickies.changed() => {
                    stickies.borrow_and_update();
                    self.rooms_changed(&mut rooms);
                }
                Ok(()) = ignored.changed() => {
                    let users = ignored.borrow_and_update().clone();
                    self.machine.handle_talk(now(), Talked::Ignored(users));
                }
                news = heard.recv() => self.hear(news),
                () = at(deadline) => self.machine.handle_timeout(now()),
            }
        }
        self.sockets.clear();
        drop(commands);
        flush(self.tasks).await;
    }

    fn command(&mut self, command: Option<Command>) {
        match command {
            Some(Command::SetMuted { source, muted }) => {
                self.machine.set_muted(now(), source, muted);
            }
            Some(Command::Watch(pictures)) => self.machine.watch(now(), pictures),
            // The room is in by now.
            Some(Command::LobbyMessage(_)) => {}
            Some(Command::Present(what, on)) => self.machine.present(now(), what, on),
            Some(Command::Act(action)) => self.machine.act(now(), action),
            Some(Command::MediaRestarted) => self.machine.media_restarted(now()),
            Some(Command::Transport(event)) => self.machine.handle_transport(now(), event),
            // The service is gone: so are we.
            Some(Command::Leave) | None => self.machine.leave(now()),
        }
    }

    fn input(&mut self, input: Input) {
        match input {
            Input::Outcome(outcome) => {
                self.tell_begun(&outcome);
                self.machine.handle_outcome(now(), outcome);
            }
            Input::Connected(connection, requests, grant) => {
                self.sockets.insert(connection, requests);
                self.machine.handle_connected(now(), connection, grant);
            }
            Input::Socket(connection, SocketEvent::Message(message)) => {
                self.machine.handle_signal(now(), connection, *message);
            }
            Input::Socket(connection, SocketEvent::Closed { reason }) => {
                self.sockets.remove(&connection);
                let failure = ConnectFailure {
                    ends: None,
                    refused: false,
                    blocked: None,
                    reason,
                };
                self.machine.handle_disconnected(now(), connection, failure);
            }
            Input::ConnectFailed(connection, failure) => {
                self.machine.handle_disconnected(now(), connection, failure);
            }
            Input::KeySent {
                generation,
                to,
                failed,
            } => self
                .machine
                .handle_key_sent(now(), generation, &to, &failed),
            Input::Vouched { id, doubt } => self.machine.handle_vouched(now(), id, doubt),
            Input::Name { user, name } => self.machine.handle_name(now(), &user, &name),
            Input::Talked(talked) => self.machine.handle_talk(now(), talked),
            Input::SayAgain => self.machine.say_again(now()),
        }
    }

    fn hear(&mut self, news: Result<Heard, RecvError>) {
        match news {
            Ok(heard) if heard.room_id == self.call_room.room_id => {
                self.meet_joiners(&heard.events);
                self.machine.handle_talk(now(), Talked::Heard(heard.events));
                if heard.gap {
                    self.talk(Talk::LearnHistory);
                }
            }
            Err(RecvError::Lagged(_)) => self.talk(Talk::LearnHistory),
            // Of another room; or the service ends, and this call with it.
            Ok(_) | Err(RecvError::Closed) => {}
        }
    }

    fn rooms_changed(&mut self, rooms: &mut watch::Receiver<Rooms>) {
        let room = rooms
            .borrow_and_update()
            .get(&self.call_room.room_id)
            .cloned();
        match room {
            Some(room) => {
                self.room_seen = true;
                let stickies = self.environment.stickies.borrow().clone();
                let members = room.everybody(stickies.get(&self.call_room.room_id));
                self.meet(
                    members
                        .iter()
                        .map(|member| member.device.identity())
                        .collect(),
                );
                self.machine.handle_members(now(), members);
            }
            None if self.room_seen => self.machine.handle_expelled(now()),
            // The room is too new for the store that was read.
            None => {}
        }
    }

    fn perform(&mut self, call: saal_meeting::CallId, effect: Effect) {
        match effect {
            Effect::Emit(event) => {
                let _ = self
                    .environment
                    .events
                    .send(MeetingEvent::Call { call, event });
            }
            Effect::Membership(action) => self.membership(action),
            Effect::Connect {
                connection,
                focus,
                publishes,
            } => self.connect(connection, focus, publishes),
            Effect::Resume {
                connection,
                grant,
                stay,
            } => {
                let inputs = self.inputs.clone();
                self.tasks
                    .spawn(async move { resume(grant, &stay, connection, inputs).await });
            }
            Effect::Send {
                connection,
                request,
            } => {
                if let Some(socket) = self.sockets.get(&connection) {
                    let _ = socket.send(*request);
                }
            }
            Effect::Disconnect { connection } => {
                self.sockets.remove(&connection);
            }
            Effect::SendKey {
                generation,
                index,
                key,
                to,
            } => self.send_key(generation, index, &key, to),
            Effect::Vouch {
                id,
                device,
                curve25519,
            } => self.vouch(id, device, curve25519),
            Effect::Talk(talk) => self.talk(talk),
            Effect::LearnName { user } => {
                let (room, inputs) = (self.call_room.clone(), self.inputs.clone());
                let homeserver = self.environment.homeserver.clone();
                self.tasks.spawn(async move {
                    if let Some(name) = display_name(&homeserver, &room.room_id, &user).await {
                        let _ = inputs.send(Input::Name { user, name });
                    }
                });
            }
        }
    }

    fn connect(&mut self, connection: ConnectionId, focus: String, publishes: bool) {
        let environment = self.environment.clone();
        let (room, inputs) = (self.call_room.clone(), self.inputs.clone());
        self.tasks.spawn(async move {
            let to = Target {
                focus: &focus,
                publishes,
            };
            Box::pin(connect(environment, &room, to, connection, inputs)).await;
        });
    }

    fn membership(&mut self, action: Action) {
        let content = match &action {
            Action::PutMember { periods } => self.machine.membership_content(*periods),
            _ => self.call_room.left(),
        };
        let environment = self.environment.clone();
        let (room, inputs) = (self.call_room.clone(), self.inputs.clone());
        let focus = self.machine.focus().to_owned();
        self.tasks.spawn(async move {
            let outcome = Box::pin(ask(&environment, &room, &focus, action, &content)).await;
            let _ = inputs.send(Input::Outcome(outcome));
        });
    }
}

/// Waits for a moment, or for ever.
pub(crate) async fn at(deadline: Option<std::time::Instant>) {
    match deadline {
        Some(deadline) => tokio::time::sleep_until(Instant::from_std(deadline)).await,
        None => std::future::pending().await,
    }
}

async fn flush(mut tasks: JoinSet<()>) {
    let all = async { while tasks.join_next().await.is_some() {} };
    let _ = tokio::time::timeout(FLUSH_WITHIN, all).await;
}

/// What the room calls a user; `None` when it can't be known now.
async fn display_name(homeserver: &Homeserver, room: &str, user: &str) -> Option<String> {
    let content = homeserver
        .state_content(room, "m.room.member", user)
        .await
        .ok()??;
    content
        .get("displayname")?
        .as_str()
        .filter(|name| !name.is_empty())
        .map(str::to_owned)
}
