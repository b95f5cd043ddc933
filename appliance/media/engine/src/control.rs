//! The engine's two sockets, and the one loop that serves them.

use std::{io::ErrorKind, sync::Arc, time::Duration};

use saal_hal_linux::{PlugEvents, Priorities};
use saal_media_protocol::{MediaCommand, MediaEvent, StillPicture, VERSION};
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::{
        UnixStream,
        unix::{OwnedReadHalf, OwnedWriteHalf},
    },
    sync::{mpsc, watch},
    time::MissedTickBehavior,
};

use crate::{
    engine::{DisplaySource, EncoderSource, Engine, GLANCE, Machine},
    graph::{self, Graph, GraphError, Picture},
    transport::Proxy,
};

/// Why the engine ends other than by its daemon's wish.
#[derive(Debug, thiserror::Error)]
pub enum ControlError {
    /// GStreamer is not usable.
    #[error("the media graph can't be built")]
    Graph(#[from] GraphError),
    /// The control socket broke.
    #[error("the control socket can't be read")]
    Read(#[source] std::io::Error),
    /// Daemon and engine are not from one image.
    #[error("the daemon speaks version {theirs} of the media protocol, this engine {VERSION}")]
    Version {
        /// The daemon's.
        theirs: u16,
    },
}

/// What an engine has around it.
pub struct House {
    /// Where displays come from.
    pub displays: DisplaySource,
    /// Where encoders come from.
    pub encoders: EncoderSource,
    /// What devices are found by.
    pub machine: Machine,
    /// Says each time that something was plugged or pulled; without it the engine looks by itself.
    pub plugs: Option<mpsc::UnboundedReceiver<()>>,
    /// What its threads may be preferred by.
    pub priorities: Priorities,
}

impl House {
    /// The computer that this runs on, with these displays; its threads are left as they are.
    #[must_use]
    pub fn real(displays: DisplaySource) -> Self {
        Self {
            displays,
            encoders: EncoderSource::machine(),
            machine: Machine::real(),
            plugs: listen(),
            priorities: Priorities::left_alone(),
        }
    }
}

/// Serves a daemon until it closes the control socket.
///
/// # Errors
/// When GStreamer does not work, the socket breaks, or the daemon is of another version.
pub async fn serve(
    control: UnixStream,
    pictures: UnixStream,
    house: House,
) -> Result<(), ControlError> {
    let (graph_events, mut saw) = mpsc::unbounded_channel();
    let (network, mut heard) = mpsc::unbounded_channel();
    let (events, outgoing) = mpsc::unbounded_channel();
    let (preview, shown) = watch::channel(None);
    let mut graph = Graph::new(graph_events)?;
    graph::prewarm()?;
    let House {
        displays,
        encoders,
        machine,
        mut plugs,
        priorities,
    } = house;
    // Packets go through here. After GLib has its threads, or it gives them what this one has.
    priorities.prefer_in_part();
    graph.prefer_sound(priorities);
    let proxy = Proxy::of_the_environment();
    let mut engine = Engine::new(graph, events, network, preview, proxy, machine);
    engine.take_displays_from(displays);
    engine.take_encoders_from(encoders);
    let hears_plugs = plugs.is_some();
    let (read, write) = control.into_split();
    tokio::spawn(write_events(write, outgoing));
    let (drawn, write) = pictures.into_split();
    tokio::spawn(write_pictures(write, shown));
    let (draw, mut stills) = mpsc::channel(1);
    tokio::spawn(read_stills(drawn, draw));
    let mut commands = Commands {
        lines: BufReader::new(read).lines(),
    };
    let mut second = tokio::time::interval(Duration::from_secs(1));
    let mut glance = tokio::time::interval(GLANCE);
    for often in [&mut second, &mut glance] {
        often.set_missed_tick_behavior(MissedTickBehavior::Delay);
    }
    loop {
        tokio::select! {
            biased;
            // What is due comes before what waits: the daemon takes an engine that says nothing for a hanging one, and under a
            // load that it can't keep up with, queues are never empty.
            _ = second.tick() => engine.tick(hears_plugs),
            _ = glance.tick(), if engine.encodes_in_hardware() => engine.glance(),
            command = commands.next() => match command? {
                Some(command) => engine.obey(command),
                None => return Ok(()),
            },
            Some(event) = saw.recv() => engine.saw(event),
            Some(from) = heard.recv() => engine.heard(from),
            Some(still) = stills.recv() => engine.show_still(&still),
            () = plugged(&mut plugs) => engine.plugged(),
        }
    }
}

/// How often the thread that waits for the kernel looks whether anybody still listens.
const LOOK_UP: Duration = Duration::from_secs(1);

/// What the kernel tells of devices, one message for each time that something was plugged or pulled; in a sandbox without
/// netlink nothing is told, and the engine looks by itself.
fn listen() -> Option<mpsc::UnboundedReceiver<()>> {
    let (tell, told) = mpsc::unbounded_channel();
    let events = PlugEvents::open();
    let wait = |events: PlugEvents| {
        let wait = move || {
            while !tell.is_closed() {
                if events.wait(LOOK_UP) {
                    // The engine is gone when nobody hears it.
                    let _ = tell.send(());
                }
            }
        };
        std::thread::Builder::new()
            .name("plug-events".to_owned())
            .spawn(wait)
    };
    match events.and_then(wait) {
        Ok(_) => Some(told),
        Err(error) => {
            tracing::warn!(%error, "no events tell what is plugged in");
            None
        }
    }
}

async fn plugged(plugs: &mut Option<mpsc::UnboundedReceiver<()>>) {
    let told = match plugs {
        Some(plugs) => plugs.recv().await,
        None => None,
    };
    if told.is_none() {
        std::future::pending().await
    }
}

struct Commands {
    lines: tokio::io::Lines<BufReader<OwnedReadHalf>>,
}

impl Commands {
    /// The next command; `None` when the daemon is gone. Cancelling loses nothing.
    async fn next(&mut self) -> Result<Option<MediaCommand>, ControlError> {
        loop {
            let line = match self.lines.next_line().await {
                Ok(Some(line)) => line,
                Ok(None) => return Ok(None),
                // unix(7): so it ends where the daemon left something unread, and it never has to read everything.
                Err(error) if error.kind() == ErrorKind::ConnectionReset => return Ok(None),
                Err(error) => return Err(ControlError::Read(error)),
            };
            match serde_json::from_str(&line) {
                Ok(MediaCommand::Hello { version }) if version != VERSION => {
                    return Err(ControlError::Version { theirs: version });
                }
                Ok(command) => return Ok(Some(command)),
                // Same version, so a fault of ours; the call goes on without this command.
                Err(error) => tracing::error!(%error, "a command can't be read"),
            }
        }
    }
}

async fn write_events(mut socket: OwnedWriteHalf, mut events: mpsc::UnboundedReceiver<MediaEvent>) {
    while let Some(event) = events.recv().await {
        let mut line = match serde_json::to_vec(&event) {
            Ok(line) => line,
            Err(error) => {
                tracing::error!(%error, "an event can't be written");
                continue;
            }
        };
        line.push(b'\n');
        // The reading side notices that the daemon is gone.
        if socket.write_all(&line).await.is_err() {
            return;
        }
    }
}

/// Reads what the daemon draws until it is gone, or writes something else.
async fn read_stills(mut socket: OwnedReadHalf, to: mpsc::Sender<StillPicture>) {
    let mut header = [0; StillPicture::HEADER];
    while socket.read_exact(&mut header).await.is_ok() {
        let Ok((width, height, bytes)) = StillPicture::announced(header) else {
            tracing::error!("the daemon sent an impossible picture");
            return;
        };
        let mut planes = vec![0; bytes];
        if socket.read_exact(&mut planes).await.is_err() {
            return;
        }
        let Ok(still) = StillPicture::new(width, height, planes) else {
            return;
        };
        if to.send(still).await.is_err() {
            return;
        }
    }
}

/// Writes the newest picture; those that a slow reader misses are never queued.
async fn write_pictures(mut socket: OwnedWriteHalf, mut shown: watch::Receiver<Option<Picture>>) {
    while shown.changed().await.is_ok() {
        let picture = shown.borrow_and_update().as_ref().map(Arc::clone);
        let Some(picture) = picture else { continue };
        let Ok(length) = u32::try_from(picture.len()) else {
            continue;
        };
        let header = length.to_be_bytes();
        if socket.write_all(&header).await.is_err() || socket.write_all(&picture).await.is_err() {
            return;
        }
    }
}
