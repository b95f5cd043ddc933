//! From a tap on Join to the first remote picture.

use std::time::Instant;

use anyhow::Context;
use saal_harness::FarEnd;

use crate::report::{ROOM_AND_BROWSER, Report, Row, milliseconds};
use crate::stand::{Call, Stand, first_picture};

/// Measures in turns.
pub(crate) async fn measure(kind: Call, turns: u32) -> anyhow::Result<Report> {
    let stand = Stand::set_up(kind).await?;
    let (browser, _desktop) = stand.browser().await?;
    let mut opened = Row::beside("opening the page -> first picture", "ms", 0.35);
    let mut joined = Row::beside("joining with the page open -> first picture", "ms", 0.6);
    for turn in 1..=turns {
        let ours = room_turn(&stand).await.context("the room's turn")?;
        let (open, join) = chromium_turn(&stand, &browser)
            .await
            .context("Chromium's turn")?;
        println!(
            "turn {turn}: Saal {ours:.0} ms, Chromium {open:.0} ms, with the page open {join:.0} ms"
        );
        opened.add(ours, open);
        joined.add(ours, join);
    }
    stand.take_down().await;
    browser.close().await;
    Ok(Report {
        subjects: ROOM_AND_BROWSER,
        title: format!(
            "Tap on Join -> first {} picture on the television; {}",
            if kind.encrypted {
                "decrypted"
            } else {
                "remote"
            },
            kind.peer()
        ),
        rows: vec![opened, joined],
        remarks: [
            "Saal's figure includes the wait for the web view's next picture of the television (10 a second).",
            "Goals are those of a call at 50 ms round trip; this one is on loopback.",
        ].map(str::to_owned).to_vec(),
    })
}

async fn room_turn(stand: &Stand) -> anyhow::Result<f64> {
    let join = stand.join_button().await?;
    let mut onlooker = stand.room.look().await?;
    let started = Instant::now();
    onlooker.tap(join.rect.middle()).await?;
    stand.shows_since(&mut onlooker, started).await?;
    let took = milliseconds(started.elapsed());
    stand.room_leaves().await?;
    Ok(took)
}

async fn chromium_turn(stand: &Stand, browser: &FarEnd) -> anyhow::Result<(f64, f64)> {
    let guest = stand.guest().await?;
    let started = Instant::now();
    let mut caller = stand.browser_joins(browser, guest.as_ref()).await?;
    first_picture(&caller).await?;
    let open = milliseconds(started.elapsed());
    stand.browser_leaves(&caller).await?;
    let started = Instant::now();
    stand.browser_joins_again(&mut caller).await?;
    first_picture(&caller).await?;
    let join = milliseconds(started.elapsed());
    stand.browser_leaves(&caller).await?;
    caller.close().await?;
    Ok((open, join))
}
