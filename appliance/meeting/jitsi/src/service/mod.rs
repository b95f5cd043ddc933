//! The service as the daemon sees it: commands in, events out, one stay at a time.

mod driver;
mod prepare;
mod trial;

use std::sync::Arc;

use saal_media_protocol::Codec;
use saal_meeting::{
    CallEvent, CallId, Destination, EndReason, MeetingCommand, MeetingEvent, MeetingLink,
    ResumeToken, Secret,
};
use tokio::sync::mpsc;

use crate::settings::JitsiSettings;

/// The service; runs until its commands end.
#[derive(Debug)]
pub struct Service {
    settings: Arc<JitsiSettings>,
    events: mpsc::UnboundedSender<MeetingEvent>,
    stay: Option<Stay>,
    /// A conference that is tried before people come.
    trial: Option<Stay>,
}

/// A stay that may be over by now.
#[derive(Debug)]
struct Stay {
    call: CallId,
    commands: mpsc::UnboundedSender<MeetingCommand>,
}

/// What the daemon wants to join.
#[derive(Clone, Debug)]
pub(crate) struct Join {
    pub(crate) call: CallId,
    pub(crate) link: MeetingLink,
    pub(crate) password: Option<Secret>,
    pub(crate) matrix_room: Option<String>,
    pub(crate) name: String,
    pub(crate) microphone: bool,
    pub(crate) camera: bool,
    pub(crate) resume: Option<ResumeToken>,
    pub(crate) encodes: Vec<Codec>,
}

impl Service {
    /// Starts the service on the current tokio runtime. A stay that is under way when the commands
    /// end is left properly.
    #[must_use]
    pub fn start(
        settings: JitsiSettings,
    ) -> (
        mpsc::UnboundedSender<MeetingCommand>,
        mpsc::UnboundedReceiver<MeetingEvent>,
    ) {
        let (commands, mut receiver) = mpsc::unbounded_channel();
        let (events, event_receiver) = mpsc::unbounded_channel();
        let mut service = Self {
            settings: Arc::new(settings),
            events,
            stay: None,
            trial: None,
        };
        tokio::spawn(async move {
            while let Some(command) = receiver.recv().await {
                service.command(command);
            }
        });
        (commands, event_receiver)
    }

    fn command(&mut self, command: MeetingCommand) {
        match command {
            MeetingCommand::Join {
                call,
                destination,
                name,
                microphone,
                camera,
                resume,
                encodes,
            } => {
                let Destination::Jitsi {
                    link,
                    password,
                    matrix_room,
                    audio_only: _,
                } = destination
                else {
                    return self.refuse(call, "this is no Jitsi conference");
                };
                self.join(Join {
                    call,
                    link,
                    password,
                    matrix_room,
                    name,
                    microphone,
                    camera,
                    resume,
                    encodes,
                });
            }
            MeetingCommand::Try { call, destination } => self.try_out(call, destination),
            other => self.pass_on(other),
        }
    }

    fn pass_on(&self, command: MeetingCommand) {
        let call = command.call();
        // A stay that is over needs nothing more.
        let mut stays = self.stay.iter().chain(&self.trial);
        if let Some(stay) = stays.find(|stay| Some(stay.call) == call) {
            let _ = stay.commands.send(command);
        }
    }

    fn try_out(&mut self, call: CallId, destination: Destination) {
        let Destination::Jitsi {
            link,
            password: _,
            matrix_room,
            audio_only: _,
        } = destination
        else {
            return;
        };
        let (commands, receiver) = mpsc::unbounded_channel();
        self.trial = Some(Stay { call, commands });
        let join = Join {
            call,
            link,
            password: None,
            matrix_room,
            name: String::new(),
            microphone: false,
            camera: false,
            resume: None,
            encodes: Vec::new(),
        };
        tokio::spawn(Box::pin(trial::run(
            Arc::clone(&self.settings),
            join,
            receiver,
            self.events.clone(),
        )));
    }

    fn refuse(&self, call: CallId, reason: &str) {
        let reason = reason.to_owned();
        let event = CallEvent::Ended(EndReason::Failed { reason });
        let _ = self.events.send(MeetingEvent::Call { call, event });
    }

    fn join(&mut self, join: Join) {
        if self
            .stay
            .as_ref()
            .is_some_and(|stay| !stay.commands.is_closed())
        {
            return self.refuse(join.call, "the room is in another call");
        }
        self.trial = None;
        let (commands, receiver) = mpsc::unbounded_channel();
        self.stay = Some(Stay {
            call: join.call,
            commands,
        });
        // On its own, so that it still leaves when the service ends.
        tokio::spawn(Box::pin(driver::run(
            Arc::clone(&self.settings),
            join,
            receiver,
            self.events.clone(),
        )));
    }
}
