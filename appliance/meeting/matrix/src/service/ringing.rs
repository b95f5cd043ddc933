//! Who calls the room, and the 1:1 call that it answered.

use std::{collections::BTreeSet, time::Instant};

use matrix_sdk::Client;
use saal_meeting::{CallEvent, EndReason, MeetingEvent, ResumeToken};
use tokio::{
    sync::{broadcast, mpsc, watch},
    task::JoinSet,
};

use super::{Call, Service};
use crate::{
    account,
    legacy::{
        self,
        driver::{Join, Said},
        events,
    },
    ring::{
        self,
        heard::Heard,
        machine::{Now, Output},
        notification::{self, Notification},
    },
    rtc::{Device, membership},
    unix_ms,
};

/// What tells a 1:1 call from others, and where to say what is said in it.
pub(super) struct Legacy {
    room_id: String,
    call_id: String,
    said: mpsc::UnboundedSender<Said>,
}

/// Starts to listen to what rooms say about calls.
pub(super) fn listen(
    tasks: &mut JoinSet<()>,
    client: watch::Receiver<Option<Client>>,
    ignored: watch::Receiver<BTreeSet<String>>,
    heard: &broadcast::Sender<account::Heard>,
) -> mpsc::UnboundedReceiver<Heard> {
    let (calls, rings) = mpsc::unbounded_channel();
    let listening = ring::heard::listen(client, ignored, heard.subscribe(), calls);
    tasks.spawn(Box::pin(listening));
    rings
}

impl Service {
    /// Answers somebody who calls the room.
    pub(super) fn answer(
        &mut self,
        join: Join,
        room_id: &str,
        call_id: &str,
        resume: Option<ResumeToken>,
    ) {
        let environment = legacy::driver::Environment {
            homeserver: self.environment.homeserver.clone(),
            client: self.environment.client.clone(),
            events: self.environment.events.clone(),
        };
        if let Some(token) = resume {
            let hung_up = legacy::driver::hang_up_for_predecessor(environment, join.call, token);
            tokio::spawn(Box::pin(hung_up));
            return;
        }
        if self.is_in_call() {
            return self.refuse(join.call, "the room is in another call");
        }
        let Some(answered) = self.ringing.answer(room_id, call_id) else {
            let call = join.call;
            let event = CallEvent::Ended(EndReason::HungUp);
            return self.say(MeetingEvent::Call { call, event });
        };
        let (commands, receiver) = mpsc::unbounded_channel();
        let (said, hears) = mpsc::unbounded_channel();
        self.call = Some(Call {
            id: join.call,
            commands,
            meets_in: None,
            legacy: Some(Legacy {
                room_id: room_id.to_owned(),
                call_id: call_id.to_owned(),
                said,
            }),
        });
        let run = legacy::driver::run(environment, join, answered, receiver, hears);
        tokio::spawn(Box::pin(run));
    }

    /// What a room says about a call goes to the call, or says who rings.
    pub(super) fn hear(&mut self, heard: Heard) {
        let Some(own) = self.identity.borrow().clone() else {
            return;
        };
        let broken = |reason: serde_json::Error| {
            let (room, kind) = (&heard.room_id, &heard.event.kind);
            tracing::warn!(room, kind, %reason, "skipped a call event");
        };
        if let Some(declined) = notification::declined(&heard.event) {
            return self.ringing.handle_declined(&own, &heard, declined);
        }
        match Notification::read(&heard.event) {
            Some(Ok(notification)) => return self.notified(&own, &heard, &notification),
            Some(Err(reason)) => return broken(reason),
            None => {}
        }
        match events::parse(&heard.event.kind, &heard.event.content) {
            Some(Ok(message)) => self.hear_call(&own, heard, message),
            Some(Err(reason)) => broken(reason),
            None => {}
        }
    }

    /// A meeting's call has begun; the room may be in it.
    fn notified(&mut self, own: &Device, heard: &Heard, notification: &Notification) {
        let current = self.call.as_ref().filter(|call| !call.commands.is_closed());
        if current.is_some_and(|call| call.meets_in.as_ref() == Some(&heard.room_id)) {
            return;
        }
        self.ringing
            .handle_notification(clocks(), own, heard, notification);
    }

    fn hear_call(&mut self, own: &Device, heard: Heard, message: events::CallMessage) {
        let current = self.call.as_ref().and_then(|call| call.legacy.as_ref());
        let of_it = |call: &&Legacy| {
            call.room_id == heard.room_id
                && call.call_id == message.call_id
                && !call.said.is_closed()
        };
        if let Some(call) = current.filter(of_it) {
            let sender = heard.event.sender;
            return drop(call.said.send(Said { sender, message }));
        }
        self.ringing.handle(clocks(), own, &heard, message);
    }

    pub(super) fn follow_ringing(&mut self) {
        while let Some(output) = self.ringing.poll() {
            match output {
                Output::Say(event) => self.say(event),
                Output::Send { room_id, event } => {
                    let (outbox, letters) = mpsc::unbounded_channel();
                    let _ = outbox.send(event);
                    let post =
                        legacy::driver::post(self.environment.client.clone(), room_id, letters);
                    self.tasks.spawn(Box::pin(post));
                }
            }
        }
    }

    /// Somebody who rang may have left, or another device of the account may have answered.
    pub(super) fn follow_callers(&mut self, own: &Device) {
        let rooms = self.rooms.borrow().clone();
        let stickies = self.stickies.borrow().clone();
        let in_call = |id: &str| {
            let room = rooms.get(id);
            let all = room.map(|room| room.everybody(stickies.get(id)));
            let all = all.unwrap_or_default();
            let active = membership::active(&all, unix_ms());
            active.iter().map(|member| member.device.clone()).collect()
        };
        self.ringing.follow_members(own, in_call);
    }
}

fn clocks() -> Now {
    Now {
        instant: Instant::now(),
        unix_ms: unix_ms(),
    }
}
