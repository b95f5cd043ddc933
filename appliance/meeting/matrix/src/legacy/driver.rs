//! Carries out what [`Machine`] decides: events to the room, in order, and the daemon's commands.

use std::time::Duration;

use matrix_sdk::Client;
use saal_media_protocol::IceServer;
use saal_meeting::{CallEvent, CallId, EndReason, MeetingEvent, ResumeToken};
use serde::{Deserialize, Serialize};
use tokio::sync::{mpsc, watch};

use super::{
    events::{CallMessage, Kept, Outgoing, Speaker},
    machine::{Effect, Machine, Setup},
};
use crate::{
    account,
    call::{
        driver::{Command, at},
        links::TransportIds,
    },
    homeserver::Homeserver,
    ring::machine::Answered,
};

/// A call without relays is better than a late one.
const SERVERS_WITHIN: Duration = Duration::from_secs(2);
/// A homeserver that is away for a moment gets the event when it is back.
const SEND_ATTEMPTS: u32 = 4;
const SEND_PAUSE: Duration = Duration::from_secs(1);
/// Last words get this long after the call is over.
const FLUSH_WITHIN: Duration = Duration::from_secs(4);

/// What a call needs of the service.
#[derive(Clone)]
pub(crate) struct Environment {
    pub homeserver: Homeserver,
    pub client: watch::Receiver<Option<Client>>,
    pub events: mpsc::UnboundedSender<MeetingEvent>,
}

/// What the daemon wants.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Join {
    pub call: CallId,
    pub microphone: bool,
    pub camera: bool,
}

/// What the caller, or another device of the account, says in the call.
#[derive(Debug)]
pub(crate) struct Said {
    pub sender: String,
    pub message: CallMessage,
}

/// What a daemon that was killed in a call leaves: its successor hangs up, since the connection
/// died with it and the caller does not offer another.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Left {
    room_id: String,
    call_id: String,
    party: String,
}

/// Runs an answered call until `Ended` is said. When `commands` closes, the call is left.
pub(crate) async fn run(
    environment: Environment,
    join: Join,
    call: Answered,
    mut commands: mpsc::UnboundedReceiver<Command>,
    mut said: mpsc::UnboundedReceiver<Said>,
) {
    let say = |event| {
        let call = join.call;
        let _ = environment.events.send(MeetingEvent::Call { call, event });
    };
    if let Some(token) = left(&call) {
        say(CallEvent::Resume(token));
    }
    let (outbox, letters) = mpsc::unbounded_channel();
    let posted = tokio::spawn(post(
        environment.client.clone(),
        call.room_id.clone(),
        letters,
    ));
    let ice_servers = ice_servers(&environment.homeserver).await;
    let mut machine = Machine::new(Setup {
        call,
        transport: TransportIds::of_call(join.call.0).take(),
        ice_servers,
        kept: Kept {
            microphone: !join.microphone,
            camera: !join.camera,
        },
    });
    let mut open = true;
    loop {
        while let Some(effect) = machine.poll() {
            match effect {
                Effect::Emit(event) => say(event),
                Effect::Send(event) => drop(outbox.send(event)),
            }
        }
        if machine.is_over() {
            break;
        }
        tokio::select! {
            command = commands.recv(), if open => {
                open = command.is_some();
                obey(&mut machine, command);
            }
            Some(Said { sender, message }) = said.recv() => {
                machine.handle_signal(&sender, message);
            }
            () = at(machine.deadline()) => machine.handle_timeout(std::time::Instant::now()),
        }
    }
    drop(outbox);
    let _ = tokio::time::timeout(FLUSH_WITHIN, posted).await;
}

fn obey(machine: &mut Machine, command: Option<Command>) {
    match command {
        Some(Command::SetMuted { source, muted }) => machine.set_muted(source, muted),
        Some(Command::Transport(event)) => {
            machine.handle_transport(std::time::Instant::now(), event);
        }
        Some(Command::MediaRestarted) => machine.media_restarted(),
        Some(Command::Leave) | None => machine.leave(),
        // One picture comes in one size, and the room presents only where it may offer.
        Some(_) => {}
    }
}

fn left(call: &Answered) -> Option<ResumeToken> {
    let left = Left {
        room_id: call.room_id.clone(),
        call_id: call.speaker.call_id.clone(),
        party: call.speaker.party.clone(),
    };
    serde_json::to_string(&left).ok().map(ResumeToken)
}

/// Hangs up for a daemon that was killed in a call.
pub(crate) async fn hang_up_for_predecessor(
    environment: Environment,
    call: CallId,
    token: ResumeToken,
) {
    match serde_json::from_str::<Left>(&token.0) {
        Ok(left) => {
            let speaker = Speaker {
                call_id: left.call_id,
                party: left.party,
            };
            let (outbox, letters) = mpsc::unbounded_channel();
            let _ = outbox.send(speaker.hang_up("unknown_error"));
            drop(outbox);
            Box::pin(post(environment.client.clone(), left.room_id, letters)).await;
        }
        Err(reason) => tracing::error!(%reason, "the saved call can't be read"),
    }
    let event = CallEvent::Ended(EndReason::Left);
    let _ = environment.events.send(MeetingEvent::Call { call, event });
}

/// Sends events to a room one after the other, encrypted where the room is. Ends with `letters`.
pub(crate) async fn post(
    mut client: watch::Receiver<Option<Client>>,
    room_id: String,
    mut letters: mpsc::UnboundedReceiver<Outgoing>,
) {
    while let Some((kind, content)) = letters.recv().await {
        for attempt in 1..=SEND_ATTEMPTS {
            let Err(reason) = Box::pin(send(&mut client, &room_id, kind, &content)).await else {
                break;
            };
            tracing::warn!(
                room = room_id,
                kind,
                attempt,
                reason,
                "an event was not sent"
            );
            tokio::time::sleep(SEND_PAUSE * attempt).await;
        }
    }
}

async fn send(
    client: &mut watch::Receiver<Option<Client>>,
    room_id: &str,
    kind: &str,
    content: &serde_json::Value,
) -> Result<(), String> {
    let signed_in = client.wait_for(Option::is_some).await.map(drop);
    signed_in.map_err(|error| error.to_string())?;
    Box::pin(account::say(client, room_id, kind, content.clone())).await
}

/// The homeserver's relays; none where it has none or does not say in time.
async fn ice_servers(homeserver: &Homeserver) -> Vec<IceServer> {
    let asked = tokio::time::timeout(SERVERS_WITHIN, homeserver.turn_servers()).await;
    match asked {
        Ok(Ok(server)) => server.into_iter().collect(),
        Ok(Err(error)) => {
            tracing::warn!(%error, "calling without relays");
            Vec::new()
        }
        Err(_) => {
            tracing::warn!("calling without relays: the homeserver does not say in time");
            Vec::new()
        }
    }
}
