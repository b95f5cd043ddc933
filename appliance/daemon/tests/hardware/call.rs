//! A room in a call, with a television that the daemon lends to its engine, and a grabber.

use std::time::Duration;

use saal_control::{PhaseName, Status};
use saal_hal::{Camera, Cameras, PictureKind};
use saal_hal_linux::V4l2Cameras;
use saal_harness::{JitsiOptions, JitsiServers, Room, RoomOptions, run, until};
use saal_media_protocol::SourceKind;

use crate::{hdmi::plug_into, outputs, seen};

/// The machine counts its time in instructions, of which pictures in software take many.
const PATIENCE: Duration = Duration::from_secs(180);
/// What the meeting is called.
const MEETING: &str = "Weekly";

/// A room and another one that it meets.
struct Call {
    room: Room,
    other: Room,
    servers: JitsiServers,
    _folder: tempfile::TempDir,
}

impl Call {
    /// Starts both; the meeting is on their panels.
    async fn prepare(room: RoomOptions, other: RoomOptions) -> Self {
        let servers = JitsiServers::start(JitsiOptions::default()).await.unwrap();
        let folder = tempfile::tempdir().unwrap();
        let link = servers.link("weekly");
        let room = room.with_meeting(MEETING, &link);
        let other = RoomOptions {
            name: "Raum Eder".to_owned(),
            ..other
        };
        let other = other.with_meeting(MEETING, &link);
        let other = Room::standing(folder.path(), &other).await.unwrap();
        let room = Room::standing(folder.path(), &room).await.unwrap();
        Self {
            room,
            other,
            servers,
            _folder: folder,
        }
    }

    /// Both enter, and `sees` sees the camera of the other.
    async fn begin(&self, sees: &Room) {
        for room in [&self.other, &self.room] {
            room.touch_element("Join").await.unwrap();
            is_in(room, PhaseName::Call).await;
        }
        let seen = |status: &Status| {
            let call = status.call.as_ref();
            call.is_some_and(|call| call.participants.iter().any(|one| one.camera))
        };
        let there = sees.status_is("the other room's camera", PATIENCE, seen);
        there.await.unwrap();
    }

    async fn end(self) {
        self.room.stop().await;
        self.other.stop().await;
        drop(self.servers);
    }
}

/// A room of which nothing is seen or heard: a processor of few instructions a second draws what a test needs, and no more.
fn quiet() -> RoomOptions {
    let none = || "none".to_owned();
    RoomOptions {
        television: (640, 360),
        camera: none(),
        microphone: none(),
        loudspeaker: none(),
        ..RoomOptions::default()
    }
}

async fn is_in(room: &Room, phase: PhaseName) {
    let what = format!("the phase {}", phase.as_str());
    let there = room.status_is(&what, PATIENCE, |status| status.phase == phase);
    there.await.unwrap();
}

/// Waits until the television's display shows what the web view does.
async fn television_is_shown(room: &Room, name: &str) {
    let mut request = seen::Request::new(name, "jpg");
    loop {
        // There is none before the engine has composed one.
        let look = async || room.television_jpeg().await.map(Jpeg);
        let picture = until("the television", PATIENCE, look, |_| true).await;
        if request.ask(&picture.unwrap().0) {
            return;
        }
    }
}

/// Too long to be written out where it was not awaited in time.
struct Jpeg(Vec<u8>);

impl std::fmt::Debug for Jpeg {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "a JPEG of {} bytes", self.0.len())
    }
}

#[test]
#[ignore = "needs a graphics card with two outputs, root, and somebody who looks at the displays"]
fn the_television_that_is_lent_shows_the_day_and_the_meeting() {
    let (_plugged, television, panel) = outputs::Plugged::beside();
    run(async {
        let options = RoomOptions {
            // A mode of the display, whose pixels are not square by what it says of its size.
            television: (640, 480),
            display: television.id.clone(),
            more: format!("[panel]\ndisplay = {:?}\n", panel.id),
            ..quiet()
        };
        let seen = RoomOptions {
            camera: "simulated".to_owned(),
            ..quiet()
        };
        let call = Call::prepare(options, seen).await;
        television_is_shown(&call.room, "before").await;
        call.begin(&call.room).await;
        let mut request = seen::Request::new("meeting", "code");
        while !request.ask(b"") {}
        call.room.touch_element("Leave").await.unwrap();
        is_in(&call.room, PhaseName::Home).await;
        television_is_shown(&call.room, "after").await;
        let status = call.room.status().await.unwrap();
        assert!(status.troubles.is_empty(), "{:?}", status.troubles);
        call.end().await;
    });
}

/// The grabber's input.
fn input() -> Camera {
    let all = V4l2Cameras.list().unwrap();
    let mut inputs = all.into_iter().filter(|one| one.kind == PictureKind::Input);
    inputs.next().expect("vivid has an HDMI input")
}

#[test]
#[ignore = "needs vivid with an HDMI input"]
fn what_is_plugged_into_the_grabber_is_presented_until_it_is_pulled_out() {
    let input = input();
    plug_into(&input, false);
    run(async {
        let presents = RoomOptions {
            content: input.id.clone(),
            ..quiet()
        };
        let seen = RoomOptions {
            camera: "simulated".to_owned(),
            ..quiet()
        };
        let call = Call::prepare(presents, seen).await;
        call.begin(&call.room).await;
        let presented = |status: &Status| {
            let call = status.call.as_ref();
            call.is_some_and(|call| call.participants.iter().any(|one| one.content))
        };
        let status = call.other.status().await.unwrap();
        assert!(!presented(&status), "nothing is plugged in yet");
        for _ in 0..2 {
            plug_into(&input, true);
            let seen = |status: &Status| {
                let pictures = status.media.iter().flat_map(|media| &media.received_video);
                let mut content = pictures.filter(|one| one.source == SourceKind::Content);
                presented(status) && content.any(|one| one.frames_decoded > 3)
            };
            let there = call
                .other
                .status_is("what is presented", PATIENCE, seen)
                .await;
            there.unwrap();
            plug_into(&input, false);
            let ended = |status: &Status| !presented(status);
            let over = call.other.status_is("its end", PATIENCE, ended).await;
            over.unwrap();
        }
        is_in(&call.room, PhaseName::Call).await;
        call.end().await;
    });
}
