//! A laptop in the room shares its screen by its browser: Chromium, and what people see of it on the
//! television and in the meeting.

use saal_control::Status;
use saal_harness::{FarEnd, Laptop, PanelTree, Picture, Room, RoomOptions, run, until};
use saal_suites::{PATIENCE, Result, Taken};

const CODE: &str = "Code from the touch panel in the room";

fn takes_laptops() -> RoomOptions {
    RoomOptions {
        more: "[browsers]\nlisten = \"127.0.0.1:0\"\n".to_owned(),
        ..RoomOptions::default()
    }
}

/// What stands at this place of the panel, without the marks that keep other scripts apart.
fn words(tree: &PanelTree, id: &str) -> Option<String> {
    let element = tree.elements.iter().find(|element| element.id == id)?;
    Some(element.label.chars().filter(char::is_ascii).collect())
}

/// People have the panel show address and code.
async fn invited(room: &Room, button: &str) -> Result<(String, String)> {
    room.touch_element(button).await?;
    let there = |tree: &PanelTree| words(tree, "laptop-code").is_some();
    let tree = room.panel_shows("a code", PATIENCE, there).await?;
    let at = |id| words(&tree, id).unwrap_or_default();
    Ok((at("address"), at("laptop-code")))
}

/// A laptop that is shown.
async fn shared(far_end: &FarEnd, (address, code): &(String, String)) -> Result<Laptop> {
    let laptop = far_end.laptop(address, "en").await?;
    laptop.fill(CODE, code).await?;
    laptop.click("Continue").await?;
    laptop.reads("is being seen in: Raum Lahn").await?;
    Ok(laptop)
}

/// Chromium's own screen, on which a disc turns; it carries no code of ours.
fn is_a_screen(picture: &Picture) -> bool {
    let (darkest, brightest) = (picture.plane.iter().min(), picture.plane.iter().max());
    let spread = brightest.unwrap_or(&0) - darkest.unwrap_or(&0);
    picture.code().is_none() && spread > 100
}

async fn television_shows_a_screen(room: &Room) -> Result<()> {
    let look = async || room.television().await;
    let first = until("a screen on the television", PATIENCE, look, is_a_screen).await?;
    let moved = |now: &Picture| is_a_screen(now) && now.plane != first.plane;
    until("the screen to move", PATIENCE, look, moved)
        .await
        .map(drop)
}

/// Beside the far end's picture, which has a code of its own where it is not alone.
async fn television_shows_a_screen_beside(room: &Room) -> Result<()> {
    let left = |picture: &Picture| -> Vec<u8> {
        let rows = picture.plane.chunks(picture.width as usize);
        rows.flat_map(|row| &row[..row.len() / 2])
            .copied()
            .collect()
    };
    let look = async || room.television().await.map(|picture| left(&picture));
    let first = look().await?;
    let moved = |now: &Vec<u8>| *now != first;
    until("the screen to move", PATIENCE, look, moved)
        .await
        .map(drop)
}

#[test]
fn a_laptop_is_shown_on_the_television_until_either_side_stops() -> Result<()> {
    run(async {
        let mut stage = Taken::take().await?;
        let scene = stage.scene("Later", &takes_laptops()).await?;
        let (room, far_end) = (&scene.room, stage.far_end().await?);
        let (address, code) = invited(room, "Share a laptop").await?;

        let first = far_end.laptop(&address, "de-DE").await?;
        first.reads("Zeigen Sie Ihren Bildschirm").await?;
        let wrong = if code == "000 000" {
            "000 001"
        } else {
            "000 000"
        };
        first.fill("Code vom Bedienfeld im Raum", wrong).await?;
        first.click("Weiter").await?;
        first.reads("Der Code stimmt nicht").await?;
        first.fill("Code vom Bedienfeld im Raum", &code).await?;
        first.click("Weiter").await?;
        first
            .reads("Ihr Bildschirm ist zu sehen in: Raum Lahn")
            .await?;
        television_shows_a_screen(room).await?;

        // The code was good for one laptop.
        let late = far_end.laptop(&address, "en").await?;
        late.fill(CODE, &code).await?;
        late.click("Continue").await?;
        late.reads("That code is not right").await?;

        let (_, other) = invited(room, "Another laptop").await?;
        assert_ne!(other, code, "another laptop, another code");
        late.fill(CODE, &other).await?;
        late.click("Continue").await?;
        late.reads("Another laptop is being shown").await?;
        late.click("Show mine instead").await?;
        first.reads("Jetzt wird ein anderer Laptop gezeigt").await?;
        late.reads("is being seen in: Raum Lahn").await?;
        television_shows_a_screen(room).await?;

        room.touch_element("Stop the laptop").await?;
        late.reads("Your screen is no longer shown").await?;
        let look = async || room.television().await;
        let dark = |picture: &Picture| !is_a_screen(picture);
        until("the end of the screen", PATIENCE, look, dark).await?;
        scene.room.stop().await;
        Ok(())
    })
}

#[test]
fn a_laptop_presents_in_the_meeting() -> Result<()> {
    run(async {
        let mut stage = Taken::take().await?;
        let scene = stage.scene("Numbers", &takes_laptops()).await?;
        let (room, far_end) = (&scene.room, stage.far_end().await?);
        let before = shared(far_end, &invited(room, "Share a laptop").await?).await?;
        // What is shown goes along into the meeting.
        scene.join().await?;
        let screens = async || {
            let pictures = scene.host.pictures().await?;
            let screens = pictures.iter().filter(|one| is_a_screen(one));
            Result::<_>::Ok((screens.count(), pictures.len()))
        };
        let both = |seen: &(usize, usize)| *seen == (1, 2);
        until("camera and screen at the far end", PATIENCE, screens, both).await?;
        before.click("Stop sharing").await?;
        let camera = |seen: &(usize, usize)| *seen == (0, 1);
        until("the camera alone", PATIENCE, screens, camera).await?;

        // And one begins there.
        room.touch_element("More").await?;
        let invitation = invited(room, "Share a laptop").await?;
        let laptop = shared(far_end, &invitation).await?;
        until("camera and screen again", PATIENCE, screens, both).await?;
        // It is there again after the engine's death, by itself.
        let killed = room.kill_engine().await?;
        let other = |status: &Status| status.engine.pid.is_some_and(|pid| pid != killed);
        room.status_is("another engine", PATIENCE, other).await?;
        until("camera and screen after all", PATIENCE, screens, both).await?;
        television_shows_a_screen_beside(room).await?;
        room.touch_element("More").await?;
        room.touch_element("Stop the laptop").await?;
        laptop.reads("Your screen is no longer shown").await?;
        until("the camera alone again", PATIENCE, screens, camera).await?;
        scene.room.stop().await;
        Ok(())
    })
}
