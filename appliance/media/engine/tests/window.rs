//! The television in a window, on an X server of the test's own.

#![allow(clippy::unwrap_used, reason = "tests and what only they call")]

mod support;

use std::{
    fs,
    io::Read,
    os::fd::{AsFd, AsRawFd},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use saal_media_protocol::{
    DisplayChoice, MediaCommand, MediaEvent, MediaTrouble, Tile, TileSource,
};
use support::{DEADLINE, luma_of, simulated, start_process_with, tile};
use tokio::time::{Instant, interval};

/// Pixels of the X server's screen, of which the television fills a part.
const SCREEN: (usize, usize) = (1600, 900);
/// Luma, 0 to 255, below which a part is dark.
const BLACK: f64 = 20.0;
/// Every so many pixels of a line, and lines, are looked at.
const STEP: usize = 8;

/// An X server that keeps its screen in a file.
struct Desktop {
    server: Child,
    number: String,
    folder: tempfile::TempDir,
}

impl Desktop {
    fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (mut told, number_to) = std::io::pipe().unwrap();
        let fd = number_to.as_fd().as_raw_fd();
        nix::fcntl::fcntl(&number_to, nix::fcntl::F_SETFD(nix::fcntl::FdFlag::empty())).unwrap();
        let mut server = Command::new("Xvfb");
        let (width, height) = SCREEN;
        server
            .args(["-displayfd", &fd.to_string(), "-nolisten", "tcp"])
            .args(["-screen", "0", &format!("{width}x{height}x24"), "-fbdir"])
            .arg(folder.path())
            .stderr(Stdio::null());
        let server = server.spawn().expect("./dev installs Xvfb");
        drop(number_to);
        // The server tells its number once it answers.
        let mut number = String::new();
        told.read_to_string(&mut number).unwrap();
        Self {
            server,
            number: format!(":{}", number.trim()),
            folder,
        }
    }

    fn file(&self) -> PathBuf {
        self.folder.path().join("Xvfb_screen0")
    }

    /// How bright a part of the screen is on average, 0 to 255, as television standards weigh its colours.
    fn luma(&self, corner: (usize, usize), size: (usize, usize)) -> f64 {
        let file = fs::read(self.file()).unwrap();
        let word = |index: usize| {
            let bytes = file[index * 4..][..4].try_into().unwrap();
            usize::try_from(u32::from_be_bytes(bytes)).unwrap()
        };
        // XWD, version 7: the header's size, the bytes of a line, how many colours of twelve bytes follow.
        let (header, line, colours) = (word(0), word(12), word(19));
        let pixel = |x: usize, y: usize| {
            let at = header + colours * 12 + y * line + x * 4;
            let [blue, green, red] = [0, 1, 2].map(|byte| f64::from(file[at + byte]));
            0.2126 * red + 0.7152 * green + 0.0722 * blue
        };
        let rows = (corner.1..corner.1 + size.1).step_by(STEP);
        let points = rows.flat_map(|y| {
            (corner.0..corner.0 + size.0)
                .step_by(STEP)
                .map(move |x| (x, y))
        });
        let lumas: Vec<f64> = points.map(|(x, y)| pixel(x, y)).collect();
        #[allow(clippy::cast_precision_loss, reason = "some thousands")]
        let count = lumas.len() as f64;
        lumas.iter().sum::<f64>() / count
    }
}

impl Drop for Desktop {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

#[tokio::test]
async fn the_television_is_a_window_on_the_desktop() {
    let desktop = Desktop::start();
    let environment = [
        ("DISPLAY", Path::new(&desktop.number)),
        ("WAYLAND_DISPLAY", Path::new("")),
    ];
    let (_child, mut daemon) = start_process_with(&environment);
    let mut devices = simulated();
    devices.display = DisplayChoice::Window;
    daemon.greet(devices).await;
    let own = Tile {
        source: TileSource::Own,
        ..tile("", (0, 0, 640, 360))
    };
    daemon
        .send(MediaCommand::SetTiles { tiles: vec![own] })
        .await;
    let until = Instant::now() + DEADLINE;
    let mut looks = interval(DEADLINE / 600);
    // The room sees itself in the first quarter, and nothing in the others.
    loop {
        let [own, others @ ..] =
            [(0, 0), (640, 0), (0, 360), (640, 360)].map(|corner| desktop.luma(corner, (640, 360)));
        if own > 2.0 * BLACK && others.iter().all(|luma| *luma < BLACK) {
            break;
        }
        assert!(Instant::now() < until, "in the window {own}, {others:?}");
        looks.tick().await;
    }
}

#[tokio::test]
async fn without_a_desktop_the_room_is_told_and_goes_on() {
    let none = Path::new("");
    let environment = [("DISPLAY", none), ("WAYLAND_DISPLAY", none)];
    let (_child, mut daemon) = start_process_with(&environment);
    let mut devices = simulated();
    devices.display = DisplayChoice::Window;
    daemon.greet(devices).await;
    let refused = |event: &MediaEvent| match event {
        MediaEvent::Trouble(MediaTrouble::Failed { reason, .. }) => Some(reason.clone()),
        _ => None,
    };
    let said = daemon.until(refused).await;
    assert!(said.contains("start saald in a desktop session"), "{said}");
    daemon
        .send(MediaCommand::SetPreview {
            pictures_per_second: 5,
        })
        .await;
    let (_, width, height) = luma_of(&daemon.picture().await);
    assert_eq!((width, height), (1280, 720));
}
