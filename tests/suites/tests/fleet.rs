//! The five lines of docs/fleet.md: a new server, a new device, the code on its panel, its first configuration, and
//! one that it takes back. And the dashboard, in Chromium: somebody is invited, claims a device and changes a room.

use std::time::{SystemTime, UNIX_EPOCH};

use saal_harness::{
    FarEnd, Fleet, FleetDevice, Laptop, PanelTree, RunFolder, authenticator, run, until,
};
use saal_suites::{PATIENCE, Result, shows};

const CODE: &str = "Code of this device: ";

/// What all rooms have in common.
const EVERYWHERE: &str = "[room]
language = \"en\"
time_zone = \"Europe/Berlin\"

[[meetings]]
title = \"Open office\"
link = \"https://meet.example.org/open-office\"
";

/// The room of these tests.
const LAHN: &str = "kassel/rathaus/lahn";

/// A new device, and a fleet that has something to tell it once it is claimed.
async fn prepared(fleet: &Fleet, folder: &RunFolder) -> Result<FleetDevice> {
    let everywhere = folder.path().join("everywhere.toml");
    std::fs::write(&everywhere, EVERYWHERE).expect("the run's folder is writable");
    fleet
        .ctl(&["config", "apply", "/", &everywhere.display().to_string()])
        .await?;
    fleet
        .ctl(&["config", "set", LAHN, "room.name", "Raum Lahn"])
        .await?;
    let device = fleet.unpack(folder.path()).await?;
    let address = device.room.web().trim_start_matches("http://").to_owned();
    fleet
        .ctl(&["config", "set", LAHN, "web.listen", &address])
        .await?;
    Ok(device)
}

/// What a new device's panel shows.
async fn code(device: &FleetDevice) -> Result<String> {
    let panel = device
        .room
        .panel_shows("its code", PATIENCE, |tree| shows(tree, CODE))
        .await?;
    let text = panel.text();
    let after = text.split(CODE).nth(1).and_then(|rest| rest.get(..9));
    Ok(after.unwrap_or_default().to_owned())
}

/// Follows the link of an invitation: a password, an authenticator, and in.
async fn welcomed(page: &Laptop) -> Result<()> {
    const KEY: &str = "Or type this key there:";
    let text = page.reads(KEY).await?;
    let key = text.split(KEY).nth(1).unwrap_or_default();
    let key: String = key
        .lines()
        .find(|line| !line.trim().is_empty())
        .unwrap_or_default()
        .to_owned();
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .expect("it is later than 1970");
    page.fill("Password", "correct horse battery").await?;
    page.fill("Once more", "correct horse battery").await?;
    page.fill(
        "Code of your authenticator",
        &authenticator(&key, now.as_secs()),
    )
    .await?;
    page.click("Done").await?;
    page.reads("Overview").await.map(drop)
}

async fn no_barriers(page: &Laptop, place: &str) -> Result<()> {
    let found = page.barriers().await?;
    assert!(found.is_empty(), "{place}: {}", found.join("\n"));
    Ok(())
}

/// Claims the device with this code for a place, and sees it come.
async fn claims(page: &Laptop, code: &str, place: &str) -> Result<()> {
    no_barriers(page, "claiming").await?;
    page.fill("Code on the device", code).await?;
    page.fill("Where it is", place).await?;
    page.click("Claim").await?;
    // Nobody loads the page again: it is told.
    page.reads("up to date").await?;
    page.reads("online").await?;
    no_barriers(page, "the room").await
}

/// Asks the room for its log, on the page that is open and by the command.
async fn reads_the_log(page: &Laptop, fleet: &Fleet) -> Result<()> {
    page.click("Ask for the log").await?;
    page.reads("from the room's log file").await?;
    no_barriers(page, "the room's log").await?;
    let log = fleet.ctl(&["logs", LAHN, "--lines", "50"]).await?;
    assert!(log.contains("saal"), "{log}");
    Ok(())
}

#[test]
fn somebody_is_invited_claims_a_device_and_changes_its_room_in_a_browser() -> Result<()> {
    run(async {
        let folder = RunFolder::new()?;
        let fleet = Fleet::start(folder.path()).await?;
        let device = prepared(&fleet, &folder).await?;

        let far_end = FarEnd::alone(folder.path()).await?;
        let invited = fleet
            .ctl(&["person", "invite", "anna", "--may", "administrator:/"])
            .await?;
        let link = invited.lines().next().unwrap_or_default();
        let page = far_end.laptop(link, "en").await?;
        no_barriers(&page, "the invitation").await?;
        welcomed(&page).await?;
        no_barriers(&page, "the overview").await?;

        page.go(&fleet.page("/claim")).await?;
        claims(&page, &code(&device).await?, LAHN).await?;

        reads_the_log(&page, &fleet).await?;

        page.go(&fleet.page("/configuration?scope=kassel/rathaus/lahn"))
            .await?;
        page.fill("Key", "room.name").await?;
        page.fill("Value", "Raum Eder").await?;
        page.click("Preview").await?;
        page.reads("One room would change").await?;
        no_barriers(&page, "the configuration").await?;
        page.click("Apply").await?;
        let renamed = |tree: &_| shows(tree, "Raum Eder");
        device
            .room
            .panel_shows("its new name", PATIENCE, renamed)
            .await?;

        for (path, words) in [
            ("/rooms", "SAAL-0001"),
            ("/audit", "claimed a device"),
            ("/audit?act=log_asked", "asked for a log"),
            ("/keys", "this server"),
            ("/people", "anna"),
            ("/alerts", "Who is told"),
        ] {
            page.go(&fleet.page(path)).await?;
            page.reads(words).await?;
            no_barriers(&page, path).await?;
        }
        let german = far_end.laptop(&fleet.page("/audit"), "de-DE").await?;
        german.reads("Anmelden").await?;
        no_barriers(&german, "the sign-in").await?;
        Ok(())
    })
}

/// The pixels of a PNG, and how many in a row.
fn pixels(png: &[u8]) -> (u32, Vec<u8>) {
    let mut reader = png::Decoder::new(std::io::Cursor::new(png))
        .read_info()
        .expect("a PNG");
    let size = reader.output_buffer_size().expect("a panel has a size");
    let mut pixels = vec![0; size];
    let frame = reader.next_frame(&mut pixels).expect("a whole picture");
    (frame.width, pixels)
}

const PICTURE: &str = "The room's panel";

/// The page's picture is the panel's.
async fn sees_the_panel(page: &Laptop, device: &FleetDevice) -> Result<()> {
    let same = async || -> Result<bool> {
        let seen = page.image(PICTURE).await?;
        let shown = device.room.panel_picture().await?;
        Ok(seen.as_deref().map(pixels) == Some(pixels(&shown)))
    };
    until("the panel's own picture", PATIENCE, same, |same| *same).await?;
    Ok(())
}

/// Taps what has this id, on the picture.
async fn taps(page: &Laptop, device: &FleetDevice, id: &str) -> Result<()> {
    let panel = device.room.panel().await?;
    let found = panel.elements.iter().find(|e| e.id == id);
    let (x, y) = found.expect("it is on the panel").rect.middle();
    let (width, height) = (f64::from(panel.width), f64::from(panel.height));
    let at = (f64::from(x) / width, f64::from(y) / height);
    page.tap_image(PICTURE, at).await
}

/// What the log says of help, oldest first: who, and what.
async fn helped(fleet: &Fleet) -> Result<Vec<String>> {
    let log = fleet.ctl(&["--json", "audit"]).await?;
    let log: serde_json::Value = serde_json::from_str(&log).expect("JSON");
    let items = log["items"].as_array().expect("lines").iter().rev();
    let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
    let line = |item: &serde_json::Value| {
        assert_eq!(item["scope"], LAHN);
        format!("{} {}", text(&item["by"]["kind"]), text(&item["act"]))
    };
    let helps = items.filter(|item| text(&item["act"]).starts_with("help_"));
    Ok(helps.map(line).collect())
}

/// A room of the fleet, and an operator of its site at the room's page.
async fn operated(fleet: &Fleet, folder: &RunFolder) -> Result<(FleetDevice, FarEnd, Laptop)> {
    let device = prepared(fleet, folder).await?;
    let code = code(&device).await?;
    fleet.ctl(&["claim", &code, "--room", LAHN]).await?;
    let configured = |tree: &_| shows(tree, "Raum Lahn") && !shows(tree, CODE);
    device
        .room
        .panel_shows("its configuration", PATIENCE, configured)
        .await?;
    let far_end = FarEnd::alone(folder.path()).await?;
    let invited = fleet
        .ctl(&["person", "invite", "otto", "--may", "operator:kassel"])
        .await?;
    let link = invited.lines().next().unwrap_or_default();
    let page = far_end.laptop(link, "en").await?;
    welcomed(&page).await?;
    let list = fleet.ctl(&["--json", "devices"]).await?;
    let list: serde_json::Value = serde_json::from_str(&list).expect("JSON");
    let name = list["items"][0]["device"].as_str().unwrap_or_default();
    page.go(&fleet.page(&format!("/rooms/{name}"))).await?;
    page.reads("online").await?;
    Ok((device, far_end, page))
}

/// What is tapped on the picture, and on the buttons beside it, is tapped on the panel.
async fn works_the_panel(page: &Laptop, device: &FleetDevice) -> Result<()> {
    let home = |tree: &PanelTree| tree.elements.iter().any(|e| e.id == "access");
    taps(page, device, "access").await?;
    let opened = |tree: &PanelTree| shows(tree, MARK) && !home(tree);
    device
        .room
        .panel_shows("what was tapped", PATIENCE, opened)
        .await?;
    sees_the_panel(page, device).await?;
    page.click("Back to the start").await?;
    device
        .room
        .panel_shows("home again", PATIENCE, home)
        .await
        .map(drop)
}

const MARK: &str = "otto (IT) sees and works this panel";

#[test]
fn an_operator_sees_and_works_a_panel_for_as_long_as_somebody_in_the_room_allows_it() -> Result<()>
{
    run(async {
        let folder = RunFolder::new()?;
        let fleet = Fleet::start(folder.path()).await?;
        let (device, _far_end, page) = operated(&fleet, &folder).await?;
        page.click("Ask to see and work it").await?;
        page.reads("People in the room are being asked").await?;
        let asks = |tree: &_| shows(tree, "otto (IT) asks to see and work this panel");
        device
            .room
            .panel_shows("the question", PATIENCE, asks)
            .await?;
        assert_eq!(page.image(PICTURE).await?, None, "nobody has allowed it");

        device.room.touch_element("Allow").await?;
        page.reads("the panel is shown and can be worked").await?;
        sees_the_panel(&page, &device).await?;
        no_barriers(&page, "the panel").await?;
        works_the_panel(&page, &device).await?;

        // What is typed into is not seen from afar.
        device.room.touch_element("Another meeting").await?;
        device.room.touch_element("Type a link or a name").await?;
        page.reads("A PIN, a password or a code is on the panel now")
            .await?;
        assert_eq!(page.image(PICTURE).await?, None, "nothing of it is shown");

        device.room.touch_element("End").await?;
        page.reads("People in the room ended it.").await?;
        assert_eq!(page.image(PICTURE).await?, None, "the last one is gone");
        no_barriers(&page, "the end").await?;
        let lines = [
            "person help_asked",
            "device help_allowed",
            "person help_touched",
            "device help_ended",
        ];
        assert_eq!(helped(&fleet).await?, lines);
        Ok(())
    })
}

/// What a holder of keys types, with files of theirs in a folder: `@name` is one.
async fn types(fleet: &Fleet, folder: &RunFolder, line: &str) -> Result<String> {
    let inside = |word: &str| match word.split_once('@') {
        Some((before, name)) => format!("{before}{}", folder.path().join(name).display()),
        None => word.to_owned(),
    };
    let words: Vec<String> = line.split(' ').map(inside).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    fleet.ctl(&words).await
}

#[test]
fn two_people_take_the_root_over_and_a_third_one_signs_settings_away_from_the_server() -> Result<()>
{
    run(async {
        let folder = RunFolder::new()?;
        let fleet = Fleet::start(folder.path()).await?;
        let device = prepared(&fleet, &folder).await?;
        let code = code(&device).await?;
        fleet.ctl(&["claim", &code, "--room", LAHN]).await?;
        let standing = async || fleet.ctl(&["devices"]).await;
        let up_to_date = |list: &String| list.contains("up to date");
        until("the confirmation", PATIENCE, standing, up_to_date).await?;

        std::fs::write(folder.path().join("phrase"), "correct horse battery\n").expect("a file");
        let phrase = "--passphrase-file @phrase";
        for name in ["anna", "ben", "carla", "emil"] {
            types(&fleet, &folder, &format!("keys new @{name} {phrase}")).await?;
        }
        let shown = fleet.ctl(&["--json", "keys", "show"]).await?;
        let shown: serde_json::Value = serde_json::from_str(&shown).expect("JSON");
        let server = shown["server_key"].as_str().unwrap_or_default();
        types(&fleet, &folder, "keys fetch @1.json").await?;
        let edit = format!(
            "keys edit @2.json --from @1.json --add root=@anna.pub --add root=@ben.pub --add root=@carla.pub \
             --add configuration=@emil.pub --remove root={server} --remove configuration={server}"
        );
        types(&fleet, &folder, &edit).await?;
        fleet.sign_file(&folder.path().join("2.json")).await?;
        types(
            &fleet,
            &folder,
            &format!("keys sign @2.json --key @anna {phrase}"),
        )
        .await?;
        let early = types(&fleet, &folder, "keys publish @2.json").await;
        let early = early.expect_err("one of two").to_string();
        assert!(early.contains("1 of the 2 signatures"), "{early}");
        types(
            &fleet,
            &folder,
            &format!("keys sign @2.json --key @carla {phrase}"),
        )
        .await?;
        types(&fleet, &folder, "keys publish @2.json").await?;

        fleet
            .ctl(&["config", "set", LAHN, "room.name", "Raum Eder"])
            .await?;
        let waiting = fleet.ctl(&["keys", "show"]).await?;
        assert!(waiting.contains("1 orders wait"), "{waiting}");
        types(
            &fleet,
            &folder,
            &format!("keys sign-orders --key @emil --yes {phrase}"),
        )
        .await?;
        let renamed = |tree: &_| shows(tree, "Raum Eder");
        device
            .room
            .panel_shows("its new name", PATIENCE, renamed)
            .await?;
        Ok(())
    })
}

#[test]
fn a_new_device_claims_itself_takes_its_configuration_and_takes_a_bad_one_back() -> Result<()> {
    run(async {
        let folder = RunFolder::new()?;
        let fleet = Fleet::start(folder.path()).await?;
        let device = prepared(&fleet, &folder).await?;
        let code = code(&device).await?;
        fleet.ctl(&["claim", &code, "--room", LAHN]).await?;

        let configured =
            |tree: &_| shows(tree, "Raum Lahn") && shows(tree, "Open office") && !shows(tree, CODE);
        device
            .room
            .panel_shows("its first configuration", PATIENCE, configured)
            .await?;
        let standing = async || fleet.ctl(&["devices"]).await;
        let up_to_date = |list: &String| list.contains("up to date") && list.contains("online");
        until("the confirmation", PATIENCE, standing, up_to_date).await?;

        let set = [
            "config",
            "set",
            "kassel",
            "room.language_file",
            "missing.ftl",
        ];
        fleet.ctl(&set).await?;
        until("the way back", PATIENCE, standing, |list| {
            list.contains("rolled back")
        })
        .await?;
        device
            .room
            .panel_shows("the good configuration", PATIENCE, configured)
            .await?;
        let one = fleet.ctl(&["--json", "devices"]).await?;
        assert!(one.contains("missing.ftl"), "the fleet is told why: {one}");
        Ok(())
    })
}
