//! Digital framing, by choice: the far end sees the view ease to where people want it and back, whoever turns it last has it,
//! and without the choice nothing of it.

#![allow(clippy::unwrap_used, reason = "tests and what only they call")]

mod support;

use saal_media_protocol::{
    CameraView, Codec, DeviceChoice, MediaCommand, MediaEvent, PictureSettings, TransportId,
};
use support::{
    Daemon,
    far_end::{FarEnd, PICTURE_MS, Shown},
    simulated,
};

const CALL: TransportId = TransportId(1);
/// Half of the picture in each direction: the square root of the narrowest, which is a quarter.
const HALF: CameraView = CameraView {
    zoom: 500,
    pan: 0,
    tilt: 0,
};
/// The same, at the picture's lower edge.
const LOWER_HALF: CameraView = CameraView {
    tilt: -1_000,
    ..HALF
};
const WHOLE: CameraView = CameraView {
    zoom: 0,
    pan: 0,
    tilt: 0,
};
/// How exactly a part can be read in a coded picture.
const NEARLY: f64 = 0.03;
/// The same while it moves, and what is in front of the background with it.
const LOOSELY: f64 = 0.1;
/// Pictures on the way that show it as a way; a jump has none.
const SEVERAL: usize = 4;

/// What of the camera's picture is seen, in parts of its height.
#[derive(Clone, Copy, Debug)]
struct Part {
    top: f64,
    height: f64,
}

impl Part {
    /// The background of the simulated camera is lighter by 110 steps at the bottom than at the top, where it is 60. Below
    /// the strip of its code, in the lower half of any view, most pixels of a row are background.
    fn of(shown: &Shown) -> Self {
        let (width, rows) = (shown.size.0 as usize, shown.size.1 as usize);
        let light = |row: usize| {
            let mut row = shown.luma[row * width..(row + 1) * width].to_vec();
            row.sort_unstable();
            f64::from(row[width / 2])
        };
        let (half, quarter) = (rows / 2, rows / 4);
        let slopes = (half..half + quarter).map(|row| light(row + quarter) - light(row));
        let slope = middle(slopes) / quarter as f64;
        let tops = (half..rows).map(|row| light(row) - slope * (row as f64 + 0.5));
        Self {
            top: (middle(tops) - 60.0) / 110.0,
            height: slope * rows as f64 / 110.0,
        }
    }

    fn is(self, top: f64, height: f64) -> bool {
        (self.top - top).abs() < NEARLY && (self.height - height).abs() < NEARLY
    }
}

/// The mean without the quarter that is smallest and the one that is largest: steps of light are whole numbers, and in some rows
/// there is more in front of the background than of it.
fn middle(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_unstable_by(f64::total_cmp);
    let quarter = values.len() / 4;
    let values = &values[quarter..values.len() - quarter];
    values.iter().sum::<f64>() / values.len() as f64
}

struct Room {
    daemon: Daemon,
    far_end: FarEnd,
}

impl Room {
    async fn in_a_call(digital_framing: bool) -> Self {
        let devices = DeviceChoice {
            picture: PictureSettings {
                digital_framing,
                ..PictureSettings::default()
            },
            ..simulated()
        };
        let mut daemon = Daemon::engine(devices).await;
        let far_end = FarEnd::of(&mut daemon, CALL, Codec::Vp8).await;
        let mut room = Self { daemon, far_end };
        room.arrives(0.0, 1.0).await;
        room
    }

    /// As from the panel.
    async fn look(&mut self, view: CameraView) {
        self.far_end.forget();
        self.daemon.send(MediaCommand::Look { view }).await;
    }

    /// Until this part is seen and stays; returns all that were seen on the way, with their times.
    async fn arrives(&mut self, top: f64, height: f64) -> Vec<(u64, Part)> {
        let mut seen: Vec<(u64, Part)> = Vec::new();
        let there = |shown: &[Shown]| {
            let new = shown[seen.len()..].iter();
            seen.extend(new.map(|one| (one.time, Part::of(one))));
            let last = seen.iter().rev().take(5);
            seen.len() >= 5 && last.into_iter().all(|(_, part)| part.is(top, height))
        };
        let mut there = there;
        self.far_end.until(|shown, _| there(shown)).await;
        seen
    }
}

/// A view that eases: pictures in between, each nearer than the one before, and no longer than people wait for.
fn eases(way: &[(u64, Part)], from: f64, to: f64) {
    let distance = |part: &Part| (part.height - to).abs();
    let between = |part: &&Part| distance(part) > NEARLY && (part.height - from).abs() > NEARLY;
    let parts: Vec<Part> = way.iter().map(|(_, part)| *part).collect();
    let several = parts.iter().filter(between).count();
    assert!(
        several >= SEVERAL,
        "{several} pictures on the way: {parts:?}"
    );
    for pair in parts.windows(2) {
        assert!(
            distance(&pair[1]) <= distance(&pair[0]) + LOOSELY,
            "{pair:?}"
        );
    }
    let moves = way.iter().position(|(_, part)| between(&part));
    let (begun, _) = way[moves.expect("just counted")];
    let arrived = way.iter().find(|(_, part)| distance(part) <= NEARLY);
    let took = arrived.expect("it arrives").0 - begun;
    eprintln!("{several} pictures on the way, {} ms", took / PICTURE_MS);
    assert!(took <= 2_000 * PICTURE_MS, "{} ms", took / PICTURE_MS);
}

#[tokio::test]
async fn the_view_eases_to_where_people_want_it_and_back() {
    let mut room = Room::in_a_call(true).await;
    room.look(HALF).await;
    let there = room.arrives(0.25, 0.5).await;
    eases(&there, 1.0, 0.5);
    room.look(WHOLE).await;
    let back = room.arrives(0.0, 1.0).await;
    eases(&back, 0.5, 1.0);
    let code = room.far_end.came.shown.last().and_then(|shown| shown.code);
    assert!(code.is_some(), "all of the picture, and sharp");
}

#[tokio::test]
async fn who_turns_it_on_the_panel_meanwhile_has_it_as_they_want() {
    let mut room = Room::in_a_call(true).await;
    room.look(HALF).await;
    let on_the_way = |shown: &[Shown]| shown.iter().any(|one| Part::of(one).height < 0.9);
    room.far_end.until(|shown, _| on_the_way(shown)).await;
    room.look(LOWER_HALF).await;
    let way = room.arrives(0.5, 0.5).await;
    let tops = way.iter().map(|(_, part)| part.top);
    assert!(
        tops.clone().is_sorted_by(|a, b| *b >= a - LOOSELY),
        "{way:?}"
    );
    let views = room.daemon.log_of_views().await;
    assert_eq!(views.last(), Some(&LOWER_HALF), "the panel shows it so");
}

#[tokio::test]
async fn without_the_choice_the_picture_stays_whole() {
    let mut room = Room::in_a_call(false).await;
    room.look(HALF).await;
    room.far_end.until(|shown, _| shown.len() >= 30).await;
    for shown in &room.far_end.came.shown {
        assert!(shown.code.is_some(), "{:?}", Part::of(shown));
    }
    assert_eq!(room.daemon.log_of_views().await, []);
}

impl Daemon {
    /// How the camera was told to look, each time.
    async fn log_of_views(&mut self) -> Vec<CameraView> {
        let views = self.heard_so_far().await;
        let views = views.iter().filter_map(|event| match event {
            MediaEvent::Camera { state } => state.as_ref().map(|state| state.view),
            _ => None,
        });
        views.collect()
    }
}
