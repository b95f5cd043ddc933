//! What somebody sees who flashes the image, plugs in two displays, and touches the panel; and what its fleet does. By software
//! emulation: minutes.

#![allow(
    clippy::print_stdout,
    reason = "who waits for a machine wants to see how far it is"
)]

mod broken;
mod flaws;
mod meeting;
mod poor;

use anyhow::{Context, Result, ensure};
use meeting::Meeting;
use saal_image_tests::{
    Bundle, Fleet, GOOD, Image, Monitor, Panel, Room, STARTED_WITHIN, TOKEN, shown, text, within,
};
use serde_json::Value;

const PIN: &str = "4711";
/// Where the room is in its fleet.
const PLACE: &str = "kassel/rathaus/lahn";
/// What the fleet says of the room. Its web view can be reached when this counts, and not before.
const CONFIG: &str = r#"
[room]
name = "Raum Lahn"
language = "en"
time_zone = "Europe/Berlin"
[network]
authorities_file = "authorities.pem"
[[meetings]]
title = "Daily"
link = "LINK"
[panel]
display = "Virtual-1"
pin_file = "pin"
[television]
display = "auto"
width = 640
height = 360
[web]
listen = "0.0.0.0:8480"
token_file = "token"
[updates]
windows = ["00:00-24:00"]
kilobytes_per_second = 1000000
"#;
/// What IT writes before flashing. These machines have a TPM, and no device comes in without its keys there. Everything is a hundred times slower than in a room: so are trials.
const AGENT: &str = r#"
version = 1
server = "SERVER"
ca_file = "fleet-ca.pem"
token_file = "enrolment-token"
keys = "tpm"
confirm_seconds = 900
update_seconds = 800
[first]
name = "New room"
language = "en"
time_zone = "Europe/Berlin"
"#;

/// A fleet that waits for a room with this meeting, and what to write to the room's disk. The token is good for one device.
fn fleet(image: &Image, name: &str, link: &str) -> Result<(Fleet, [(&'static str, String); 3])> {
    let fleet = Fleet::start(image, name)?;
    let layer = image.write(
        &format!("{name}-fleet"),
        "layer.toml",
        &CONFIG.replace("LINK", link),
    )?;
    fleet.ask(&["config", "apply", PLACE, &layer.display().to_string()])?;
    fleet.told(&["secret", "set", PLACE, "token"], TOKEN)?;
    fleet.told(&["secret", "set", PLACE, "pin"], PIN)?;
    // Where there is no meeting any authority does.
    trusts(&fleet, &fleet.authority()?)?;
    let issued = fleet.ask(&["token", "new", "stick", "--room", PLACE])?;
    let token = issued["token"].as_str().context("a token is shown once")?;
    let files = [
        ("agent.toml", AGENT.replace("SERVER", &fleet.address())),
        ("enrolment-token", token.to_owned()),
        ("fleet-ca.pem", fleet.authority()?),
    ];
    Ok((fleet, files))
}

/// The room is to trust this authority beside its own.
fn trusts(fleet: &Fleet, authority: &str) -> Result<()> {
    fleet.told(&["secret", "set", PLACE, "authorities.pem"], authority)?;
    Ok(())
}

/// Waits until the fleet knows this of its only device.
fn known(fleet: &Fleet, what: &str, is_so: impl Fn(&Value) -> bool) -> Result<Value> {
    let mut device = Value::Null;
    let waited = within(STARTED_WITHIN, what, || {
        device = fleet.device()?;
        Ok(is_so(&device))
    });
    waited.with_context(|| format!("{device:#}"))?;
    Ok(device)
}

/// It has what its fleet wants it to have.
fn is_settled(device: &Value) -> bool {
    let wanted = &device["wanted"];
    *wanted != 0 && *wanted == device["generation"] && device["online"] == true
}

fn step(device: &Value) -> &Value {
    &device["system"]["update"]["step"]
}

/// One that reaches no room, or whose only room said no, ends by itself.
fn no_rollout_goes_on(fleet: &Fleet) -> Result<()> {
    within(STARTED_WITHIN, "the end of the rollout", || {
        let rollouts = fleet.ask(&["rollout", "list"])?;
        let mut rollouts = rollouts.as_array().context("a list")?.iter();
        Ok(rollouts.all(|rollout| rollout["state"] == "stopped" || rollout["state"] == "done"))
    })
}

/// Brings a release to the room.
fn bring(image: &Image, fleet: &Fleet, version: &str, kind: Bundle) -> Result<()> {
    let bundle = image.bundle("room", version, kind)?;
    fleet.ask(&["release", "add", &bundle.display().to_string()])?;
    no_rollout_goes_on(fleet)?;
    let name = format!("to-{}", version.replace('.', "-"));
    fleet.ask(&["rollout", "start", &name, "--release", version])?;
    Ok(())
}

#[test]
fn a_flashed_room_joins_its_fleet_answers_to_a_finger_and_is_updated() -> Result<()> {
    let Some(image) = Image::find()? else {
        return Ok(());
    };
    let meeting = Meeting::start()?;
    let (fleet, files) = fleet(&image, "room", &meeting.link())?;
    trusts(&fleet, &meeting.authority()?)?;
    let disk = image.flash("room", &files)?;
    let mut machine = image.start(&disk, true)?;
    // Its web view is the fleet's wish, and the firewall's. With the fleet's authorities the daemon starts anew.
    machine.room(TOKEN)?;
    let device = known(&fleet, "a room of the fleet", is_settled)?;
    let (room, mut monitor) = (machine.room(TOKEN)?, machine.monitor()?);
    the_panel_answers_to_a_finger(&room, &mut monitor)?;
    let (id, version) = (device["device"].clone(), env!("CARGO_PKG_VERSION"));
    let system = &device["system"];
    ensure!(
        system["compatible"] == "saal-x86-64"
            && system["version"] == version
            && system["slot"] == "a",
        "what RAUC says: {device:#}"
    );

    it_meets_another_room(&meeting, &room, &mut monitor)?;
    engines_are_a_service_of_their_own(&fleet)?;

    // A name tells how many attempts a slot has left and how many it had; without the latter it is good, or was never started.
    let entries = |what: &str, wanted: [&str; 2]| image.entries_become(&disk, what, wanted);
    entries("a good system", GOOD)?;
    what_no_room_takes(&image, &fleet, &room)?;
    entries("nothing was begun", GOOD)?;

    // What runs then calls itself as what was flashed did, so the rollout ends as a failed one; the room's own word is asked for.
    bring(&image, &fleet, "900.0.1", Bundle::Small)?;
    entries("the update's start", ["saal-a+3.conf", "saal-b+2-1.conf"])?;
    machine.room(TOKEN)?;
    let done = |device: &Value| {
        step(device)["done"].is_object()
            && device["system"]["slot"] == "b"
            && device["online"] == true
    };
    let after = known(&fleet, "a good update", done)?;
    ensure!(
        after["device"] == id,
        "it is still the one that it was: {after:#}"
    );
    entries("a good update's mark", GOOD)?;
    // What is in it was in the slots, too.
    let size = image.size("room", "900.0.1")?;
    let fetched = after["system"]["update"]["fetched"].as_u64();
    println!("of an update's {size} bytes {fetched:?} were fetched");
    ensure!(
        fetched.is_some_and(|fetched| fetched < size / 4),
        "what of the update was fetched: {after:#}"
    );

    bring(&image, &fleet, "900.0.2", Bundle::Damaged)?;
    entries("a bad update's start", ["saal-a+2-1.conf", "saal-b+3.conf"])?;
    entries("the way back", ["saal-a+0-3.conf", "saal-b+2-1.conf"])?;
    machine.room(TOKEN)?;
    let not_started = |device: &Value| step(device)["failed"]["why"] == "not_started";
    known(&fleet, "why it is back", not_started)?;
    entries("what was good", ["saal-a+0-3.conf", "saal-b+3.conf"])
}

/// A finger joins the meeting, where another room sees it, and leaves it.
fn it_meets_another_room(meeting: &Meeting, room: &Room, monitor: &mut Monitor) -> Result<()> {
    let other = meeting.another_joins()?;
    let mut panel = Panel { room, monitor };
    panel.touch("Join")?;
    panel.shows("Leave").context("the meeting on the panel")?;
    other.sees_somebody()?;
    let before = panel.monitor.pixels(1)?;
    let moved = before.rgb.len() / 3 / 20;
    within(STARTED_WITHIN, "a moving picture on the television", || {
        Ok(panel.monitor.pixels(1)?.differing(&before) > moved)
    })?;
    panel.touch("Leave")?;
    panel
        .shows("Daily")
        .context("the start, with the meeting")?;
    other.stop();
    Ok(())
}

/// The system's own log has lines of the engine, by its unit, which lets it have threads in real time (docs/adr/0081).
fn engines_are_a_service_of_their_own(fleet: &Fleet) -> Result<()> {
    let log = fleet.ask(&["logs", PLACE, "--lines", "1000"])?.to_string();
    ensure!(
        // The number is in sysusers.d.
        log.contains("\"saal-media\"") && log.contains("the engine is confined user=961"),
        "of an engine with a unit and a user of its own: {log}"
    );
    ensure!(
        log.contains("sound comes before pictures, in real time"),
        "of what its unit lets it do: {log}"
    );
    Ok(())
}

/// Bundles that RAUC refuses: the room goes on, and its fleet hears why. One for other computers does not even reach it.
fn what_no_room_takes(image: &Image, fleet: &Fleet, room: &Room) -> Result<()> {
    for (version, kind, said) in [
        ("900.1.1", Bundle::Stranger, "signature"),
        ("900.1.2", Bundle::Truncated, "dm-verity"),
    ] {
        bring(image, fleet, version, kind)?;
        let what = format!("no to {kind:?}");
        let refused = |device: &Value| {
            device["system"]["update"]["version"] == version
                && step(device)["failed"]["why"] == "install"
        };
        let device = known(fleet, &what, refused)?;
        let why = step(&device)["failed"]["detail"]
            .as_str()
            .unwrap_or_default();
        ensure!(why.contains(said), "{kind:?}: {why}");
        ensure!(
            text(&room.tree()?).contains("Raum Lahn"),
            "the room goes on"
        );
    }
    let version = "900.1.3";
    bring(image, fleet, version, Bundle::OtherHardware)?;
    no_rollout_goes_on(fleet)?;
    let device = fleet.device()?;
    ensure!(
        device["system"]["update"]["version"] != version,
        "what is for other computers: {device:#}"
    );
    Ok(())
}

/// What somebody sees and does who stands before it.
fn the_panel_answers_to_a_finger(room: &Room, monitor: &mut Monitor) -> Result<()> {
    shown(room, monitor).context("the panel on its display")?;
    let tree = room.tree()?;
    ensure!(
        text(&tree).contains("Raum Lahn"),
        "whose room it is: {tree:#}"
    );
    ensure!(text(&tree).contains("Daily"), "its meeting: {tree:#}");

    let mut panel = Panel { room, monitor };
    panel.touch("Display and accessibility")?;
    panel.shows("Back to the start")?;
    shown(room, panel.monitor).context("the page that was touched, on the display")?;
    panel.touch("About this room")?;
    panel
        .shows(env!("CARGO_PKG_VERSION"))
        .context("which version it is")?;
    panel.touch("What runs")?;
    panel.shows(" parts").context("the list of parts")?;
    panel.touch("Back")?;
    panel.touch("Back")?;
    panel.touch("Back to the start")
}

/// To the page where the computer is started anew or reset.
fn to_the_computer(panel: &mut Panel<'_>) -> Result<()> {
    panel.touch("Display and accessibility")?;
    panel.touch("Settings")?;
    for digit in PIN.chars() {
        panel.touch(&digit.to_string())?;
    }
    panel.touch("Open the settings")?;
    panel.touch("Computer")
}

#[test]
#[ignore = "three starts of an emulated computer: ./dev test image -- --ignored"]
fn it_starts_anew_and_forgets_everything_at_its_panel() -> Result<()> {
    let Some(image) = Image::find()? else {
        return Ok(());
    };
    let (fleet, files) = fleet(&image, "settings", "https://meet.example.org/daily")?;
    let disk = image.flash("settings", &files)?;
    let mut machine = image.start(&disk, true)?;
    let (room, mut monitor) = (machine.room(TOKEN)?, machine.monitor()?);
    let id = known(&fleet, "a room of the fleet", is_settled)?["device"].clone();

    let mut panel = Panel {
        room: &room,
        monitor: &mut monitor,
    };
    to_the_computer(&mut panel)?;
    panel.touch("Restart")?;
    panel.shows("Restart the computer?")?;
    panel.touch("Restart")?;
    known(&fleet, "its going", |device| device["online"] == false)?;
    machine.room(TOKEN)?;
    let device = known(&fleet, "its return", is_settled)?;
    ensure!(device["device"] == id, "it is still enrolled: {device:#}");

    let mut panel = Panel {
        room: &room,
        monitor: &mut monitor,
    };
    to_the_computer(&mut panel)?;
    panel.touch("Factory state")?;
    panel.touch("I know what is lost")?;
    panel.touch("Forget everything")?;
    // Its token was for one device, which it is no more.
    within(STARTED_WITHIN, "a new device", || {
        Ok(fleet.ask(&["waiting"])?.to_string().contains("SAAL-0001"))
    })
}

#[test]
fn the_daemons_may_do_little() -> Result<()> {
    let Some(image) = Image::find()? else {
        return Ok(());
    };
    // Tenths of 10, the most exposed. The content that mkosi made lies there.
    let limits = [
        ("saald", 15),
        // It has a network, cameras and sound, and a code generator.
        ("saal-media@", 25),
        ("saal-agent", 15),
        ("saal-request", 15),
        ("saal-restart", 10),
        // It may configure the network: that is what it is for.
        ("saal-ports", 20),
    ];
    for (service, limit) in limits {
        let (limit, unit) = (format!("--threshold={limit}"), format!("{service}.service"));
        let words = "systemd-analyze security --offline=yes --no-pager --root=/work/work/root";
        let words: Vec<&str> = words.split(' ').chain([&*limit, &*unit]).collect();
        image.ask(&words)?;
    }
    Ok(())
}
