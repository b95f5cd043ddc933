//! Everything that wakes the daemon's loop, in one queue.

use saal_control::{Reply, Request};
use saal_core::{EngineEvent, Event};
use saal_hal::Touch;
use saal_media_protocol::MediaEvent;
use saal_meeting::MeetingEvent;
use tokio::sync::{mpsc, oneshot};

/// From the engine's process.
#[derive(Debug)]
pub(crate) enum EngineInput {
    /// It came or went.
    Process(EngineEvent),
    /// It said something.
    Media(MediaEvent),
}

/// What wakes the loop.
#[derive(Debug)]
pub(crate) enum Input {
    /// For the room as it is.
    Room(Event),
    /// From the engine of this generation; earlier ones are gone and not listened to.
    Engine(u64, EngineInput),
    /// From the account of this generation.
    Meeting(u64, MeetingEvent),
    /// A finger on the panel.
    Touch(Touch),
    /// From `saalctl` or the web view.
    Request(Request, oneshot::Sender<Reply>),
    /// Read the configuration again.
    Reload,
    /// The calendar's meetings may be others than before.
    Calendar,
}

/// The sending end, for tasks.
#[derive(Clone, Debug)]
pub(crate) struct Inputs(mpsc::UnboundedSender<Input>);

impl Inputs {
    pub(crate) fn channel() -> (Self, mpsc::UnboundedReceiver<Input>) {
        let (sender, receiver) = mpsc::unbounded_channel();
        (Self(sender), receiver)
    }

    /// The loop ends last; when it is gone nobody needs the input.
    pub(crate) fn send(&self, input: Input) {
        let _ = self.0.send(input);
    }

    /// Asks the loop and waits for its answer; `None` while it goes down.
    pub(crate) async fn ask(&self, request: Request) -> Option<Reply> {
        let (reply, answer) = oneshot::channel();
        self.send(Input::Request(request, reply));
        answer.await.ok()
    }
}
