//! How long a call is away when a process of the room dies, as people see it: the panel answers a
//! touch, the television shows a picture that the far end sent after the death. There is no peer: a
//! browser whose process dies does not come back at all.

use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use saal_harness::{Onlooker, PanelTree, Sight};
use saal_suites::PATIENCE;
use tokio::time::timeout;

use crate::report::{ROOM_AND_BROWSER, Report, Row, milliseconds};
use crate::stand::{Call, Stand};

/// A daemon that is just starting refuses; it is asked again this soon.
const AGAIN_AFTER: Duration = Duration::from_millis(5);
/// A switch that is touched while processes die.
const SWITCH: &str = "Microphone";

/// Measures in turns.
pub(crate) async fn measure(kind: Call, turns: u32) -> anyhow::Result<Report> {
    let stand = Stand::set_up(kind).await?;
    let mut onlooker = stand.room.look().await?;
    onlooker
        .tap(stand.join_button().await?.rect.middle())
        .await?;
    stand.shows_since(&mut onlooker, Instant::now()).await?;
    let mut touched = Row::alone("engine killed -> a touch shows on the panel", "ms");
    let mut engine = Row::alone("engine killed -> pictures again", "ms").at_most(2_000.0);
    let mut panel = Row::alone("daemon killed -> the panel again", "ms");
    let mut daemon = Row::alone("daemon killed -> pictures again", "ms").at_most(3_000.0);
    for turn in 1..=turns {
        let (touch, picture) = engine_turn(&stand, &mut onlooker).await?;
        touched.ours.push(touch);
        engine.ours.push(picture);
        let (shown, pictured, next) = daemon_turn(&stand).await?;
        onlooker = next;
        panel.ours.push(shown);
        daemon.ours.push(pictured);
        println!(
            "turn {turn}: engine {picture:.0} ms (touch {touch:.0} ms), daemon {pictured:.0} ms (panel {shown:.0} ms)"
        );
    }
    stand.take_down().await;
    Ok(Report {
        subjects: ROOM_AND_BROWSER,
        title: "A call of two in which a process is killed".to_owned(),
        rows: vec![touched, engine, panel, daemon],
        remarks: [
            "Pictures: of the far end, sent after the death, on the television in the web view (10 a second).",
        ].map(str::to_owned).to_vec(),
    })
}

/// Kills the engine and touches the panel at once: when the touch showed, and the pictures.
async fn engine_turn(stand: &Stand, onlooker: &mut Onlooker) -> anyhow::Result<(f64, f64)> {
    let tree = stand.room.panel().await?;
    let switch = tree.find(SWITCH).context("a call has this switch")?;
    let (middle, before) = (switch.rect.middle(), switch.state.pressed);
    stand.room.kill_engine().await?;
    let killed = Instant::now();
    onlooker.tap(middle).await?;
    let turned = |tree: &PanelTree| tree.find(SWITCH).is_some_and(|s| s.state.pressed != before);
    let touched = until_panel(onlooker, turned).await?;
    let touch = milliseconds(touched.duration_since(killed));
    stand.shows_since(onlooker, killed).await?;
    let picture = milliseconds(killed.elapsed());
    onlooker.tap(middle).await?;
    until_panel(onlooker, |tree| !turned(tree)).await?;
    Ok((touch, picture))
}

/// Waits for such a panel; it shows the call all the time.
async fn until_panel(
    onlooker: &mut Onlooker,
    wanted: impl Fn(&PanelTree) -> bool,
) -> anyhow::Result<Instant> {
    let looking = async {
        loop {
            if let Sight::Panel(tree) = onlooker.look().await? {
                ensure!(
                    tree.find(SWITCH).is_some(),
                    "the panel left the call: {}",
                    tree.text()
                );
                if wanted(&tree) {
                    return Ok(Instant::now());
                }
            }
        }
    };
    timeout(PATIENCE, looking)
        .await
        .context("the panel does not answer")?
}

/// Kills the daemon, and with it the engine: when the panel was back, and the pictures.
async fn daemon_turn(stand: &Stand) -> anyhow::Result<(f64, f64, Onlooker)> {
    stand.room.kill();
    let killed = Instant::now();
    let again = async {
        loop {
            if let Ok(onlooker) = stand.room.look().await {
                return onlooker;
            }
            tokio::time::sleep(AGAIN_AFTER).await;
        }
    };
    let mut onlooker = timeout(PATIENCE, again)
        .await
        .context("the web view is not back")?;
    while !matches!(onlooker.look().await?, Sight::Panel(_)) {}
    let panel = milliseconds(killed.elapsed());
    stand.shows_since(&mut onlooker, killed).await?;
    Ok((panel, milliseconds(killed.elapsed()), onlooker))
}
