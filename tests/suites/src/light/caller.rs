//! A far end in a call, in a task of its own.

use std::sync::Arc;

use anyhow::{Context, bail};
use saal_hal_sim::SimulatedSealer;
use saal_harness::{SERVER_NAME, Servers, User};
use saal_jitsi::JitsiSettings;
use saal_matrix::{LogIn, MatrixSettings, Sealing};
use saal_media_protocol::SourceKind;
use saal_meeting::{
    CallEvent, CallId, Destination, MeetingCommand, MeetingEvent, MeetingLink, Participant, Watched,
};
use tempfile::TempDir;
use tokio::{
    sync::{mpsc, watch},
    task::JoinHandle,
};

use super::{LightEngine, Recording, Traffic};
use crate::PATIENCE;

/// Its only call.
const CALL: CallId = CallId(1);
/// What it would show everybody's picture at, pixels.
const WATCHED_HEIGHT: u32 = 720;
/// Any device has a number of its own; 32 hexadecimal digits.
const MACHINE: &str = "11697407000000000000000000000000";

/// A user in a call. Dropping it ends its tasks; the membership ends by itself, as with a
/// participant who loses power.
pub struct LightCaller {
    traffic: Traffic,
    task: JoinHandle<()>,
    store: Option<TempDir>,
}

/// A meeting service that runs: what it is told, what it says.
type Service = (
    mpsc::UnboundedSender<MeetingCommand>,
    mpsc::UnboundedReceiver<MeetingEvent>,
);

impl LightCaller {
    /// Brings a user, who has joined the Matrix room, into its call.
    ///
    /// # Errors
    /// When the user does not get into the call.
    pub async fn join(
        servers: &Servers,
        user: &User,
        matrix_room: &str,
        recording: Arc<Recording>,
    ) -> anyhow::Result<Self> {
        let store = tempfile::tempdir()?;
        let settings = MatrixSettings {
            homeserver: servers.homeserver().parse()?,
            log_in: LogIn::AccessToken(user.access_token.clone().into()),
            device_name: "Light".to_owned(),
            allowed_servers: vec![SERVER_NAME.to_owned()],
            verifiers: Vec::new(),
            call_service: None,
            leave_delay: saal_matrix::LEAVE_DELAY,
            recovery_key: None,
            sealing: Sealing(Arc::new(SimulatedSealer::new(1))),
        };
        let service = saal_matrix::Service::start(settings, store.path());
        let destination = Destination::matrix(matrix_room);
        let mut joined = Self::enter(service, destination, recording).await?;
        joined.store = Some(store);
        Ok(joined)
    }

    /// Brings a guest into a Jitsi conference.
    ///
    /// # Errors
    /// When the guest does not get into the conference.
    pub async fn join_jitsi(link: &str, recording: Arc<Recording>) -> anyhow::Result<Self> {
        let service = saal_jitsi::Service::start(JitsiSettings {
            machine_uid: MACHINE.to_owned(),
            ..JitsiSettings::default()
        });
        Self::enter(
            service,
            Destination::jitsi(MeetingLink::new(link)),
            recording,
        )
        .await
    }

    async fn enter(
        (commands, events): Service,
        destination: Destination,
        recording: Arc<Recording>,
    ) -> anyhow::Result<Self> {
        commands.send(MeetingCommand::Join {
            call: CALL,
            destination,
            name: "Light".to_owned(),
            microphone: true,
            camera: true,
            resume: None,
            encodes: Vec::new(),
        })?;
        let engine = LightEngine::new(recording);
        let traffic = engine.traffic().clone();
        let (tell, mut told) = watch::channel(None);
        let task = tokio::spawn(live(engine, commands, events, tell));
        let joined =
            told.wait_for(|event| matches!(event, Some(CallEvent::Joined | CallEvent::Ended(_))));
        let outcome = tokio::time::timeout(PATIENCE, joined)
            .await
            .context("a far end is not in the call in time")?
            .context("a far end's task ended")?
            .clone();
        if let Some(CallEvent::Ended(reason)) = outcome {
            bail!("a far end does not get into the call: {reason:?}");
        }
        Ok(Self {
            traffic,
            task,
            store: None,
        })
    }

    /// What it sent and received.
    #[must_use]
    pub fn traffic(&self) -> &Traffic {
        &self.traffic
    }
}

impl Drop for LightCaller {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Until the service ends; `tell` gets what happens to the call as a whole.
async fn live(
    mut engine: LightEngine,
    commands: mpsc::UnboundedSender<MeetingCommand>,
    mut events: mpsc::UnboundedReceiver<MeetingEvent>,
    tell: watch::Sender<Option<CallEvent>>,
) {
    loop {
        tokio::select! {
            event = events.recv() => match event {
                Some(MeetingEvent::Call { event: CallEvent::Transport(command), .. }) => {
                    engine.perform(command);
                }
                Some(MeetingEvent::Call { event: CallEvent::Participants(all), .. }) => {
                    let _ = commands.send(watch_all(&all));
                }
                Some(MeetingEvent::Call { event, .. }) => {
                    if matches!(event, CallEvent::Joined | CallEvent::Reconnecting { .. } | CallEvent::Ended(_)) {
                        tell.send_replace(Some(event));
                    }
                }
                Some(
                    MeetingEvent::Account(_)
                    | MeetingEvent::Identity(_)
                    | MeetingEvent::Verification(_)
                    | MeetingEvent::Invitations(_)
                    | MeetingEvent::RoomsKnown { .. }
                    | MeetingEvent::Ringing(_)
                    | MeetingEvent::RingEnded { .. },
                ) => {}
                None => return,
            },
            event = engine.next() => {
                let _ = commands.send(MeetingCommand::Transport { call: CALL, event });
            }
        }
    }
}

/// As a television with a large tile for each would.
fn watch_all(participants: &[Participant]) -> MeetingCommand {
    let pictures = participants.iter().map(|one| Watched {
        participant: one.id.clone(),
        source: SourceKind::Camera,
        height: WATCHED_HEIGHT,
    });
    MeetingCommand::Watch {
        call: CALL,
        pictures: pictures.collect(),
    }
}
