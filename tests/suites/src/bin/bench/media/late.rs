//! How late pictures and sound are, and how far apart: each turn is a call of a minute with the far end.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use anyhow::{Context, ensure};
use saal_hal_sim::{Luma, pattern};
use saal_harness::{Caller, Desktop, FarEnd, Loudspeaker, Picture, Place};
use saal_media::transport::Frame;

use super::{
    calibrating,
    outputs::{self, Mark},
};
use crate::report::Row;
use crate::stand::{FAR_END_SEED, Outputs, Peer, SHOWN, Stand, first_picture};

/// Estimates, jitter buffers and what puts sound and picture together have found their values by then.
const SETTLED_AFTER: Duration = Duration::from_secs(10);
/// How long is looked and listened.
const WATCHED: Duration = Duration::from_secs(15);
/// A second of sound that began at the end of that is heard by then.
const HEARD_AFTER: Duration = Duration::from_secs(1);
/// How far a window's frame moves what is in it, in pixels.
const FRAME: (i32, i32) = (40, 220);

/// What one turn tells, in milliseconds.
struct Turn {
    sent: f64,
    received: f64,
    /// How much sound is ahead of its picture, sorted; nothing without a loudspeaker.
    ahead: Vec<f64>,
}

/// Measures in turns; and why there are no figures of sound, if there are none.
pub(super) async fn measure(turns: u32) -> anyhow::Result<(Vec<Row>, Option<String>)> {
    let place = tempfile::tempdir()?;
    let (loudspeaker, silent) = match Loudspeaker::start(place.path()).await {
        Ok(loudspeaker) => (Some(loudspeaker), None),
        Err(error) => (None, Some(error.to_string())),
    };
    let untold_ms = match &loudspeaker {
        Some(loudspeaker) => calibrating::untold(loudspeaker).await?,
        None => 0.0,
    };
    println!(
        "The loudspeaker adds {untold_ms:.1} ms to the sound's delay that it does not tell; they are taken out."
    );
    let desktop = Arc::new(Desktop::seen(place.path()).await?);
    let outputs = Outputs {
        display: desktop.display().to_owned(),
        loudspeaker: loudspeaker.as_ref().map(|l| l.address().to_owned()),
    };
    let stand = Stand::with_outputs(&outputs).await?;
    let marks = outputs::marks(&stand.recording, FAR_END_SEED)?;
    let bench = Bench {
        stand,
        desktop,
        loudspeaker,
        untold_ms,
        marks,
    };
    let mut rows = Rows::new();
    for turn in 1..=turns {
        let ours = bench.room_turn().await.context("the room's turn")?;
        let theirs = bench.chromium_turn().await.context("Chromium's turn")?;
        println!(
            "turn {turn} of {turns}: Saal {}; Chromium {}",
            ours.text(),
            theirs.text()
        );
        rows.add(&ours, &theirs);
    }
    bench.stand.take_down().await;
    Ok((rows.all(), silent))
}

struct Rows {
    whole: Row,
    sent: Row,
    received: Row,
    middle: Row,
    ahead: Row,
    behind: Row,
    apart: Row,
}

impl Rows {
    fn new() -> Self {
        Self {
            whole: Row::beside(
                "picture's delay, camera to display, both ways of a call",
                "ms",
                0.8,
            ),
            sent: Row::beside("  of it, own camera to the far end's network", "ms", 0.8),
            received: Row::beside("  of it, far end's network to own display", "ms", 0.8),
            middle: Row::compared("sound ahead of its picture, median", "ms"),
            ahead: Row::compared("sound ahead of its picture, p99", "ms").at_most(15.0),
            behind: Row::compared("sound behind its picture, p99", "ms").at_most(45.0),
            apart: Row::beside("sound apart from its picture, p99", "ms", 0.5),
        }
    }

    fn add(&mut self, ours: &Turn, theirs: &Turn) {
        self.whole
            .add(ours.sent + ours.received, theirs.sent + theirs.received);
        self.sent.add(ours.sent, theirs.sent);
        self.received.add(ours.received, theirs.received);
        if ours.ahead.is_empty() || theirs.ahead.is_empty() {
            return;
        }
        let add = |row: &mut Row, of: &dyn Fn(&[f64]) -> f64| {
            row.add(of(&ours.ahead), of(&theirs.ahead));
        };
        add(&mut self.middle, &|ahead| part(ahead, 0.5));
        add(&mut self.ahead, &|ahead| part(ahead, 0.99));
        add(&mut self.behind, &|ahead| -part(ahead, 0.01));
        add(&mut self.apart, &|ahead| {
            let mut apart: Vec<f64> = ahead.iter().map(|ms| ms.abs()).collect();
            apart.sort_by(f64::total_cmp);
            part(&apart, 0.99)
        });
    }

    fn all(self) -> Vec<Row> {
        vec![
            self.whole,
            self.sent,
            self.received,
            self.middle,
            self.ahead,
            self.behind,
            self.apart,
        ]
    }
}

impl Turn {
    fn text(&self) -> String {
        let sound = match self.ahead.as_slice() {
            [] => "sound not measured".to_owned(),
            ahead => format!(
                "sound ahead by {:.0} ({:.0} to {:.0}) ms",
                part(ahead, 0.5),
                part(ahead, 0.01),
                part(ahead, 0.99)
            ),
        };
        format!(
            "sent {:.0} ms, received {:.0} ms, {sound}",
            self.sent, self.received
        )
    }
}

/// The figure below which this part of all lies.
fn part(sorted: &[f64], of: f64) -> f64 {
    let last = sorted.len().saturating_sub(1);
    sorted
        .get((of * last as f64).round() as usize)
        .copied()
        .unwrap_or(f64::NAN)
}

fn sorted(mut figures: Vec<f64>) -> Vec<f64> {
    figures.sort_by(f64::total_cmp);
    figures
}

/// What is measured with.
struct Bench {
    stand: Stand,
    desktop: Arc<Desktop>,
    loudspeaker: Option<Loudspeaker>,
    /// What it adds to the sound's delay without telling, milliseconds.
    untold_ms: f64,
    marks: Vec<Mark>,
}

impl Bench {
    async fn room_turn(&self) -> anyhow::Result<Turn> {
        let traffic = self.stand.far_end.traffic();
        traffic.keep();
        let join = self.stand.join_button().await?;
        let mut onlooker = self.stand.room.look().await?;
        let tapped = Instant::now();
        onlooker.tap(join.rect.middle()).await?;
        self.stand.shows_since(&mut onlooker, tapped).await?;
        // Nobody looks on any more: the display is what composition is for.
        onlooker.close().await?;
        let place = Place {
            x: 0,
            y: 0,
            width: SHOWN.0,
            height: SHOWN.1,
        };
        tokio::time::sleep(SETTLED_AFTER).await;
        let since = Instant::now();
        let (received, ahead) = self.outputs(&self.desktop, place).await?;
        let kept = traffic.kept();
        self.stand.room_leaves().await?;
        let sent = decoded(kept, since, |code, arrival| {
            let late = pattern::clock_ms(wall(arrival)).wrapping_sub(code.time_ms);
            (late < 5_000).then(|| f64::from(late))
        });
        Ok(Turn {
            sent: sent.await?,
            received,
            ahead,
        })
    }

    async fn chromium_turn(&self) -> anyhow::Result<Turn> {
        let traffic = self.stand.far_end.traffic();
        traffic.keep();
        let place = tempfile::tempdir()?;
        let desktop = Arc::new(Desktop::seen(place.path()).await?);
        let browser = self.stand.browser_with(&self.outputs_of(&desktop)).await?;
        let turn = self.in_browser(&browser, &desktop).await;
        browser.close().await;
        turn
    }

    fn outputs_of(&self, desktop: &Desktop) -> Outputs {
        Outputs {
            display: desktop.display().to_owned(),
            loudspeaker: self.loudspeaker.as_ref().map(|l| l.address().to_owned()),
        }
    }

    async fn in_browser(&self, browser: &FarEnd, desktop: &Arc<Desktop>) -> anyhow::Result<Turn> {
        let guest = self.stand.guest().await?;
        let caller = self.stand.browser_joins(browser, guest.as_ref()).await?;
        first_picture(&caller).await?;
        let Peer::ElementCall(page) = &caller else {
            anyhow::bail!("this is measured in Matrix meetings");
        };
        tokio::time::sleep(SETTLED_AFTER).await;
        let place = place_of(page, desktop).await?;
        let since = Instant::now();
        let (outputs, captures) =
            tokio::join!(self.outputs(desktop, place), page.captures(WATCHED));
        let ((received, ahead), captures) = (outputs?, captures?);
        let kept = self.stand.far_end.traffic().kept();
        self.stand.browser_leaves(&caller).await?;
        let captured = by_number(&captures);
        let sent = decoded(kept, since, move |code, arrival| {
            let arrival = wall(arrival).duration_since(SystemTime::UNIX_EPOCH).ok()?;
            let arrival = arrival.as_secs_f64() * 1e3;
            let late = captured.get(&code.frame)?.iter().map(|at| arrival - at);
            // The clip is played over and over: it was the last time before.
            late.filter(|late| (0.0..2_000.0).contains(late))
                .reduce(f64::min)
        });
        Ok(Turn {
            sent: sent.await?,
            received,
            ahead,
        })
    }

    /// How late pictures are there, and how much sound is ahead of them.
    async fn outputs(
        &self,
        desktop: &Arc<Desktop>,
        place: Place,
    ) -> anyhow::Result<(f64, Vec<f64>)> {
        let listening = match &self.loudspeaker {
            Some(loudspeaker) => Some(loudspeaker.listen().await?),
            None => None,
        };
        let (desktop, marks) = (desktop.clone(), self.marks.clone());
        let traffic = self.stand.far_end.traffic().clone();
        let seen = tokio::task::spawn_blocking(move || {
            let screen = desktop.screen().context("a desktop that is seen")?;
            anyhow::Ok(outputs::watch(screen, place, &traffic, &marks, WATCHED))
        });
        let seen = seen.await??;
        tokio::time::sleep(HEARD_AFTER).await;
        let played = listening.map(|listening| listening.played());
        let late = sorted(seen.late());
        ensure!(!late.is_empty(), "no picture of the far end at the display");
        let untold = self.untold_ms;
        let ahead = tokio::task::spawn_blocking(move || {
            played.map(|played| seen.ahead(&played, FAR_END_SEED, untold))
        });
        let ahead = ahead.await?;
        ensure!(
            ahead.as_ref().is_none_or(|ahead| !ahead.is_empty()),
            "no sound of the far end at the loudspeaker"
        );
        Ok((part(&late, 0.5), sorted(ahead.unwrap_or_default())))
    }
}

/// When pictures with a number were captured, in milliseconds since 1970.
fn by_number(captures: &[Picture]) -> HashMap<u32, Vec<f64>> {
    let mut captured: HashMap<u32, Vec<f64>> = HashMap::new();
    for picture in captures {
        if let Some(code) = picture.code() {
            captured.entry(code.frame).or_default().push(picture.at_ms);
        }
    }
    captured
}

/// Where the far end's picture is on the desktop: the page says where it is on the page, and the window is looked for.
async fn place_of(page: &Caller, desktop: &Desktop) -> anyhow::Result<Place> {
    let places = page.places().await?;
    let screen = desktop.screen().context("a desktop that is seen")?;
    let moved = |place: &Place, x: i32, y: i32| Place {
        x: place.x + x,
        y: place.y + y,
        ..*place
    };
    let step = |most: i32| (0..most).step_by(4);
    for place in &places {
        let mut all = step(FRAME.1).flat_map(|y| step(FRAME.0).map(move |x| (x, y)));
        if let Some((x, y)) = all.find(|(x, y)| screen.code(moved(place, *x, *y)).is_some()) {
            return Ok(moved(place, x, y));
        }
    }
    anyhow::bail!("no picture with a code on the desktop; the page has some at {places:?}")
}

/// The computer's clock at this moment.
fn wall(at: Instant) -> SystemTime {
    SystemTime::now() - at.elapsed()
}

/// The median of what `late` says of the pictures that arrived after `since`.
async fn decoded(
    kept: Vec<(Instant, Frame)>,
    since: Instant,
    late: impl Fn(pattern::Code, Instant) -> Option<f64> + Send + 'static,
) -> anyhow::Result<f64> {
    let all = tokio::task::spawn_blocking(move || {
        let mut all = Vec::new();
        outputs::decoded_pictures(&kept, |number, data, width, height| {
            let Some((arrival, _)) = kept.get(number).filter(|(at, _)| *at >= since) else {
                return;
            };
            let stride = width.next_multiple_of(4) as usize;
            let luma = Luma {
                data,
                stride,
                width,
                height,
            };
            all.extend(pattern::read(&luma).and_then(|code| late(code, *arrival)));
        })?;
        anyhow::Ok(sorted(all))
    });
    let all = all.await??;
    ensure!(!all.is_empty(), "no picture with a code at the far end");
    Ok(part(&all, 0.5))
}
