//! Everything that wakes the daemon's loop, in one queue.

use std::sync::Arc;

use saal_control::{Reply, Request};
use saal_core::{EngineEvent, Event};
use saal_hal::{Contact, Key, Touch, TouchScreen};
use saal_media_protocol::{MediaCommand, MediaEvent};
use saal_meeting::MeetingEvent;
use saal_panel::Picture;
use tokio::sync::{mpsc, oneshot};

use crate::{
    calendars::CalendarNews,
    guests::{PageReply, PageRequest},
    screen::Glass,
};

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
    /// A key of a keyboard or switch that works the panel.
    Key(Key),
    /// A finger on a picture of the panel, somewhere else.
    RemoteTouch(Touch),
    /// A key there.
    RemoteKey(Key),
    /// What the panel says, as sound, for the engine.
    Voice(MediaCommand),
    /// A finger on the touch screen with this id.
    Contact(String, Contact),
    /// The touch screens that are connected now.
    TouchScreens(Vec<TouchScreen>),
    /// The panel is on a display of this machine, or no more.
    Glass(Option<Glass>),
    /// From `saalctl` or the web view.
    Request(Request, oneshot::Sender<Reply>),
    /// The picture whose turn it is on the television between meetings.
    Slide(Option<Arc<Picture>>),
    /// From a page of the panel elsewhere.
    Guest(PageRequest, oneshot::Sender<PageReply>),
    /// Read the configuration again.
    Reload,
    /// The calendar's meetings may be others than before.
    Calendar,
    /// One of the configured calendars was looked at.
    Calendars(CalendarNews),
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

    /// Does the same for a page of the panel elsewhere.
    pub(crate) async fn ask_page(&self, request: PageRequest) -> Option<PageReply> {
        let (reply, answer) = oneshot::channel();
        self.send(Input::Guest(request, reply));
        answer.await.ok()
    }
}
