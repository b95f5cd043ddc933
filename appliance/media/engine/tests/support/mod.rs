//! Engines in this process, spoken to over their sockets as the daemon does.

#![allow(dead_code, reason = "each test binary uses its own part")]
#![allow(clippy::unwrap_used, reason = "only tests call this")]

pub(crate) mod bridge;
pub(crate) mod cards;
pub(crate) mod clip;
pub(crate) mod coturn;
pub(crate) mod far_end;
pub(crate) mod faulty;
pub(crate) mod passive;
pub(crate) mod talk;
pub(crate) mod turn;
pub(crate) mod webrtcbin;

use std::{os::unix::net::UnixStream as StdStream, path::Path, process::Stdio, time::Duration};

use command_fds::{CommandFdExt, FdMapping};
use saal_hal_linux::DrmDisplays;
use saal_hal_sim::{Luma, pattern};
use saal_media::{
    control::{House, serve},
    engine::DisplaySource,
};
use saal_media_protocol::{
    AudioChoice, CONTROL_FD, CameraChoice, Candidate, Codec, DescriptionKind, DeviceChoice,
    DisplayChoice, EncoderChoice, KeyOwner, MediaCommand, MediaEvent, MediaKey, MediaStats,
    PICTURE_FD, PictureSettings, SourceKind, Television, Tile, TileSource, TransportCommand,
    TransportEvent, TransportId, TransportRole, TransportState, VideoLayer, VideoSend,
};
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader, Lines},
    net::{
        UnixStream,
        unix::{OwnedReadHalf, OwnedWriteHalf},
    },
    process::{Child, Command},
    time::{Instant, timeout_at},
};

/// Longer than anything here takes on a machine of two busy cores.
pub(crate) const DEADLINE: Duration = Duration::from_secs(60);

/// The far side of an engine's sockets.
pub(crate) struct Daemon {
    lines: Lines<BufReader<OwnedReadHalf>>,
    write: OwnedWriteHalf,
    pictures: UnixStream,
    /// Everything heard so far.
    pub(crate) log: Vec<MediaEvent>,
}

/// This computer, with its own displays.
pub(crate) fn house() -> House {
    House::real(DisplaySource::Own(DrmDisplays::default()))
}

impl Daemon {
    /// Over the daemon's ends of the two sockets.
    pub(crate) fn over(control: UnixStream, pictures: UnixStream) -> Self {
        let (read, write) = control.into_split();
        Self {
            lines: BufReader::new(read).lines(),
            write,
            pictures,
            log: Vec::new(),
        }
    }

    /// Returns when the engine has said something that is still unread.
    pub(crate) async fn has_news(&mut self) {
        self.lines.get_mut().get_mut().readable().await.unwrap();
    }

    /// An engine in this process, greeted and configured.
    pub(crate) async fn engine(devices: DeviceChoice) -> Self {
        Self::engine_in(house(), devices).await
    }

    /// The same with this around it.
    pub(crate) async fn engine_in(house: House, devices: DeviceChoice) -> Self {
        let mut daemon = Self::ungreeted(house);
        daemon.greet(devices).await;
        daemon
    }

    /// An engine in this process, to which nothing was said yet.
    pub(crate) fn ungreeted(house: House) -> Self {
        let (control, theirs) = UnixStream::pair().unwrap();
        let (pictures, their_pictures) = UnixStream::pair().unwrap();
        tokio::spawn(async move {
            serve(theirs, their_pictures, house)
                .await
                .expect("the engine serves");
        });
        Self::over(control, pictures)
    }

    pub(crate) async fn greet(&mut self, devices: DeviceChoice) {
        self.send(MediaCommand::Hello {
            version: saal_media_protocol::VERSION,
        })
        .await;
        self.until(|e| matches!(e, MediaEvent::Hello { .. }).then_some(()))
            .await;
        let television = Television {
            width: 1280,
            height: 720,
            frames_per_second: 30,
            reduced_motion: false,
        };
        self.send(MediaCommand::Configure {
            devices,
            television,
        })
        .await;
        self.until(|e| matches!(e, MediaEvent::Devices(_)).then_some(()))
            .await;
    }

    pub(crate) async fn send(&mut self, command: MediaCommand) {
        let mut line = serde_json::to_vec(&command).unwrap();
        line.push(b'\n');
        self.write.write_all(&line).await.unwrap();
    }

    /// Has the television show these tiles, to somebody who looks on.
    pub(crate) async fn show(&mut self, tiles: Vec<Tile>) {
        self.send(MediaCommand::SetTiles { tiles }).await;
        self.send(MediaCommand::SetPreview {
            pictures_per_second: 10,
        })
        .await;
    }

    /// The frame number in the television's next picture, where it shows the simulated camera.
    pub(crate) async fn frame_number(&mut self, rect: (u32, u32, u32, u32)) -> Option<u32> {
        let (data, width, height) = luma_of(&self.picture().await);
        let luma = Luma {
            data: &data,
            stride: (width as usize).next_multiple_of(4),
            width,
            height,
        };
        pattern::read(&luma.part(rect.0, rect.1, rect.2, rect.3)?).map(|code| code.frame)
    }

    pub(crate) async fn transport(&mut self, command: TransportCommand) {
        self.send(MediaCommand::Transport(command)).await;
    }

    /// All that the engine said so far.
    pub(crate) async fn heard_so_far(&mut self) -> Vec<MediaEvent> {
        // It answers in order.
        self.send(MediaCommand::Hello {
            version: saal_media_protocol::VERSION,
        })
        .await;
        self.until(|e| matches!(e, MediaEvent::Hello { .. }).then_some(()))
            .await;
        self.log.clone()
    }

    /// The next event; `None` when the engine is gone.
    pub(crate) async fn next(&mut self) -> Option<MediaEvent> {
        let line = self.lines.next_line().await.ok()??;
        let event: MediaEvent = serde_json::from_str(&line).unwrap();
        self.log.push(event.clone());
        Some(event)
    }

    /// Waits for an event that `wanted` picks.
    pub(crate) async fn until<T>(&mut self, mut wanted: impl FnMut(&MediaEvent) -> Option<T>) -> T {
        let deadline = Instant::now() + DEADLINE;
        loop {
            match timeout_at(deadline, self.next()).await {
                Ok(Some(event)) => {
                    if let Some(found) = wanted(&event) {
                        return found;
                    }
                }
                Ok(None) => panic!("the engine is gone; it had said {:#?}", self.log),
                Err(_) => panic!("not in time; the engine had said {:#?}", self.log),
            }
        }
    }

    pub(crate) async fn stats_until(
        &mut self,
        mut wanted: impl FnMut(&MediaStats) -> bool,
    ) -> MediaStats {
        self.until(|event| match event {
            MediaEvent::Stats(stats) if wanted(stats) => Some(stats.clone()),
            _ => None,
        })
        .await
    }

    /// Waits until the connection is; it may have come up while something else was waited for.
    pub(crate) async fn connected(&mut self, transport: TransportId) {
        let state_of_it = |event: &MediaEvent| match event {
            MediaEvent::Transport(TransportEvent::State {
                transport: of,
                state,
            }) if *of == transport => Some(*state),
            _ => None,
        };
        let connected = |state: TransportState| state == TransportState::Connected;
        if self
            .log
            .iter()
            .rev()
            .find_map(state_of_it)
            .is_some_and(connected)
        {
            return;
        }
        self.until(|event| state_of_it(event).filter(|state| connected(*state)))
            .await;
    }

    pub(crate) async fn description(&mut self) -> (DescriptionKind, String) {
        self.until(|event| match event {
            MediaEvent::Transport(TransportEvent::Description { kind, sdp, .. }) => {
                Some((*kind, sdp.clone()))
            }
            _ => None,
        })
        .await
    }

    /// Candidates heard so far.
    pub(crate) fn candidates(&self, of: TransportId) -> Vec<Candidate> {
        let candidates = self.log.iter().filter_map(|event| match event {
            MediaEvent::Transport(TransportEvent::Candidate {
                transport,
                candidate,
            }) if *transport == of => Some(candidate.clone()),
            _ => None,
        });
        candidates.collect()
    }

    /// The next JPEG of the television.
    pub(crate) async fn picture(&mut self) -> Vec<u8> {
        let read = async {
            let length = self.pictures.read_u32().await.unwrap();
            let mut jpeg = vec![0; length as usize];
            self.pictures.read_exact(&mut jpeg).await.unwrap();
            jpeg
        };
        tokio::time::timeout(DEADLINE, read)
            .await
            .expect("a picture of the television")
    }
}

/// An engine in a process of its own, as the daemon starts it.
pub(crate) fn start_process() -> (Child, Daemon) {
    start_process_with(&[])
}

/// With these in its environment.
pub(crate) fn start_process_with(environment: &[(&str, &Path)]) -> (Child, Daemon) {
    let (control, theirs) = StdStream::pair().unwrap();
    let (pictures, their_pictures) = StdStream::pair().unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_saal-media"));
    command.stdin(Stdio::null()).kill_on_drop(true);
    command.envs(environment.iter().copied());
    command
        .fd_mappings(vec![
            FdMapping {
                parent_fd: theirs.into(),
                child_fd: CONTROL_FD,
            },
            FdMapping {
                parent_fd: their_pictures.into(),
                child_fd: PICTURE_FD,
            },
        ])
        .unwrap();
    let into_tokio = |socket: StdStream| {
        socket.set_nonblocking(true).unwrap();
        UnixStream::from_std(socket).unwrap()
    };
    (
        command.spawn().unwrap(),
        Daemon::over(into_tokio(control), into_tokio(pictures)),
    )
}

/// Past the runner's capture: a figure that is worth seeing each time.
pub(crate) fn say(line: &str) {
    use std::io::Write;
    let _ = writeln!(std::io::stderr(), "{line}");
}

pub(crate) fn simulated() -> DeviceChoice {
    DeviceChoice {
        camera: CameraChoice::Simulated,
        microphone: AudioChoice::Simulated,
        loudspeaker: AudioChoice::Simulated,
        content: CameraChoice::Simulated,
        encoder: EncoderChoice::None,
        display: DisplayChoice::None,
        content_display: DisplayChoice::None,
        sound_processing: true,
        picture: PictureSettings::default(),
    }
}

/// An engine with a program in place of the hardware that encodes H.264.
pub(crate) async fn engine_with_h264() -> Daemon {
    let mut daemon = Daemon::engine(DeviceChoice {
        encoder: EncoderChoice::Simulated,
        ..simulated()
    })
    .await;
    let codecs = vec![Codec::Vp8, Codec::H264];
    let tried = MediaEvent::Encodes { codecs };
    if !daemon.log.contains(&tried) {
        daemon.until(|event| (*event == tried).then_some(())).await;
    }
    daemon
}

pub(crate) fn one_layer(width: u32, height: u32) -> VideoSend {
    let layer = VideoLayer {
        rid: String::new(),
        width,
        height,
        max_bitrate: 400_000,
    };
    VideoSend {
        codec: Codec::Vp8,
        frames_per_second: 30,
        layers: vec![layer],
    }
}

pub(crate) fn publish(transport: TransportId, track: &str, source: SourceKind) -> TransportCommand {
    let video = (source == SourceKind::Camera).then(|| one_layer(320, 180));
    TransportCommand::Publish {
        transport,
        track: track.to_owned(),
        source,
        video,
    }
}

pub(crate) fn assign(
    transport: TransportId,
    track: &str,
    participant: &str,
    source: SourceKind,
) -> TransportCommand {
    TransportCommand::Assign {
        transport,
        track: track.to_owned(),
        participant: participant.to_owned(),
        source,
    }
}

pub(crate) fn tile(participant: &str, rect: (i32, i32, u32, u32)) -> Tile {
    Tile {
        source: TileSource::Participant {
            participant: participant.to_owned(),
            source: SourceKind::Camera,
        },
        rect: saal_media_protocol::Rect {
            x: rect.0,
            y: rect.1,
            width: rect.2,
            height: rect.3,
        },
    }
}

pub(crate) fn open(transport: TransportId, role: TransportRole) -> TransportCommand {
    TransportCommand::Open {
        transport,
        role,
        ice_servers: Vec::new(),
    }
}

/// Media on this connection are encrypted from now on.
pub(crate) async fn encrypt(daemon: &mut Daemon, transport: TransportId) {
    let server_trailer = b"server".to_vec();
    daemon
        .transport(TransportCommand::Encrypt {
            transport,
            server_trailer,
        })
        .await;
}

pub(crate) async fn set_key(daemon: &mut Daemon, owner: KeyOwner, index: u8, key: &[u8]) {
    let bytes = key.to_vec();
    let key = MediaKey::Member { bytes };
    daemon
        .transport(TransportCommand::SetKey { owner, index, key })
        .await;
}

/// Carries one offer of `publisher` to `subscriber` and the answer back, then all candidates.
pub(crate) async fn negotiate(
    publisher: &mut Daemon,
    subscriber: &mut Daemon,
    transport: TransportId,
) {
    let (kind, sdp) = publisher.description().await;
    assert_eq!(kind, DescriptionKind::Offer);
    subscriber
        .transport(TransportCommand::Describe {
            transport,
            kind,
            sdp,
        })
        .await;
    let (kind, sdp) = subscriber.description().await;
    assert_eq!(kind, DescriptionKind::Answer);
    publisher
        .transport(TransportCommand::Describe {
            transport,
            kind,
            sdp,
        })
        .await;
    for candidate in publisher.candidates(transport) {
        subscriber
            .transport(TransportCommand::AddCandidate {
                transport,
                candidate,
            })
            .await;
    }
    for candidate in subscriber.candidates(transport) {
        publisher
            .transport(TransportCommand::AddCandidate {
                transport,
                candidate,
            })
            .await;
    }
}

/// Decodes a JPEG to its luma plane.
pub(crate) fn luma_of(jpeg: &[u8]) -> (Vec<u8>, u32, u32) {
    use gstreamer::prelude::*;
    gstreamer::init().unwrap();
    let pipeline = gstreamer::parse::launch(
        "appsrc name=in ! jpegdec ! videoconvert ! video/x-raw,format=GRAY8 ! appsink name=out sync=false",
    )
    .unwrap()
    .downcast::<gstreamer::Pipeline>()
    .unwrap();
    let input = pipeline
        .by_name("in")
        .unwrap()
        .downcast::<gstreamer_app::AppSrc>()
        .unwrap();
    let output = pipeline
        .by_name("out")
        .unwrap()
        .downcast::<gstreamer_app::AppSink>()
        .unwrap();
    input.set_caps(Some(&gstreamer::Caps::builder("image/jpeg").build()));
    pipeline.set_state(gstreamer::State::Playing).unwrap();
    input
        .push_buffer(gstreamer::Buffer::from_slice(jpeg.to_vec()))
        .unwrap();
    input.end_of_stream().unwrap();
    let sample = output.pull_sample().expect("a JPEG that decodes");
    let structure = sample.caps().unwrap().structure(0).unwrap();
    let (width, height) = (
        structure.get::<i32>("width").unwrap() as u32,
        structure.get::<i32>("height").unwrap() as u32,
    );
    let data = sample.buffer().unwrap().map_readable().unwrap().to_vec();
    pipeline.set_state(gstreamer::State::Null).unwrap();
    (data, width, height)
}
