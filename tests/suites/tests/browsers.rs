//! Browsers of the room's network, here Chromium: a laptop shares its screen to the television and into the
//! meeting; IT looks at the room, and people there know; a phone is a second panel.

use std::{os::unix::fs::PermissionsExt, path::Path, time::Duration};

use saal_control::{LookedAt, OnlookerStatus, Status};
use saal_harness::{
    Caller, FarEnd, Laptop, PanelTree, Picture, Room, RoomOptions, RunFolder, run, until,
};
use saal_suites::{
    PATIENCE, Result, Taken, far_end_hears_nothing, far_end_hears_seconds, loudspeaker_sounds,
    scanned, scanned_on_television,
};
use serde_json::{Value, json};

const CODE: &str = "Code from the touch panel in the room";

fn takes_browsers() -> RoomOptions {
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

/// As axe-core sees it, in light and dark.
async fn has_no_barriers(page: &Laptop) -> Result<()> {
    assert_eq!(page.barriers().await?, Vec::<String>::new());
    Ok(())
}

/// Chromium's own screen, on which a disc turns; it carries no code of ours.
fn is_a_screen(picture: &Picture) -> bool {
    let (darkest, brightest) = (picture.plane.iter().min(), picture.plane.iter().max());
    let spread = brightest.unwrap_or(&0) - darkest.unwrap_or(&0);
    picture.code().is_none() && spread > 100
}

/// More changes than there are screens of the room's own.
const MOVES: usize = 5;

async fn television_shows_a_screen(room: &Room) -> Result<()> {
    let look = async || room.television().await;
    let mut last = until("a screen on the television", PATIENCE, look, is_a_screen).await?;
    // What the room shows by itself changes too when a laptop comes, but does not go on to.
    for _ in 0..MOVES {
        let moved = |now: &Picture| is_a_screen(now) && now.plane != last.plane;
        last = until("the screen to move", PATIENCE, look, moved).await?;
    }
    Ok(())
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
        let scene = stage.scene("Later", &takes_browsers()).await?;
        let (room, far_end) = (&scene.room, stage.far_end().await?);
        let (address, code) = invited(room, "Share a laptop").await?;

        let first = far_end.laptop(&address, "de-DE").await?;
        first.reads("Zeigen Sie Ihren Bildschirm").await?;
        has_no_barriers(&first).await?;
        let wrong = if code == "000 000" {
            "000 001"
        } else {
            "000 000"
        };
        first.fill("Code vom Bedienfeld im Raum", wrong).await?;
        first.click("Weiter").await?;
        first.reads("Der Code stimmt nicht").await?;
        has_no_barriers(&first).await?;
        first.fill("Code vom Bedienfeld im Raum", &code).await?;
        first.click("Weiter").await?;
        first
            .reads("Ihr Bildschirm ist zu sehen in: Raum Lahn")
            .await?;
        has_no_barriers(&first).await?;
        television_shows_a_screen(room).await?;
        loudspeaker_sounds(room).await?;

        // The code was good for one laptop.
        let late = far_end.laptop(&address, "en").await?;
        late.fill(CODE, &code).await?;
        late.click("Continue").await?;
        late.reads("That code is not right").await?;
        has_no_barriers(&late).await?;

        let (_, other) = invited(room, "Another laptop").await?;
        assert_ne!(other, code, "another laptop, another code");
        late.fill(CODE, &other).await?;
        late.click("Continue").await?;
        late.reads("Another laptop is being shown").await?;
        has_no_barriers(&late).await?;
        late.click("Show mine instead").await?;
        first.reads("Jetzt wird ein anderer Laptop gezeigt").await?;
        late.reads("is being seen in: Raum Lahn").await?;
        television_shows_a_screen(room).await?;

        room.touch_element("Stop the laptop").await?;
        late.reads("Your screen is no longer shown").await?;
        has_no_barriers(&late).await?;
        let look = async || {
            Result::<[Picture; 2]>::Ok([room.television().await?, room.television().await?])
        };
        let still = |[one, next]: &[Picture; 2]| one.plane == next.plane;
        until("the end of the screen", PATIENCE, look, still).await?;
        scene.room.stop().await;
        Ok(())
    })
}

/// Of the far end's tracks, those on which something is heard.
async fn voices(host: &Caller) -> Result<usize> {
    let sounds = host.listen(Duration::from_secs(1)).await?;
    Ok(sounds.iter().filter(|sound| sound.level() > SOFT).count())
}

/// Softer is as good as nothing; of 1.
const SOFT: f32 = 0.003;

#[test]
fn a_laptop_presents_in_the_meeting() -> Result<()> {
    run(async {
        let mut stage = Taken::take().await?;
        let scene = stage.scene("Numbers", &takes_browsers()).await?;
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
        let voices = async || voices(&scene.host).await;
        until("room and laptop to be heard", PATIENCE, voices, |n| *n == 2).await?;
        before.click("Stop sharing").await?;
        let camera = |seen: &(usize, usize)| *seen == (0, 1);
        until("the camera alone", PATIENCE, screens, camera).await?;
        until("the room alone to be heard", PATIENCE, voices, |n| *n == 1).await?;

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

const TOKEN: &str = "a-token-that-nobody-guesses";

async fn looks(page: &Laptop, token: &str, of: &str) -> Result<()> {
    page.fill("Token from the configuration", token).await?;
    page.check(of).await?;
    page.click("Ask").await
}

/// Somebody who looks sees pictures whose numbers count on.
async fn sees_it_move(page: &Laptop) -> Result<()> {
    let frame = async || {
        let pictures = page.pictures().await?;
        let codes = pictures.iter().filter_map(Picture::code);
        Result::<_>::Ok(codes.map(|code| code.frame).max())
    };
    let first = until("a picture of the room", PATIENCE, frame, Option::is_some).await?;
    let newer = |now: &Option<u32>| now.is_some() && *now > first;
    until("it to move", PATIENCE, frame, newer).await.map(drop)
}

/// What `saalctl status` tells of somebody who looks.
fn onlooker(of: LookedAt, allowed: bool) -> impl Fn(&Status) -> bool {
    move |status| status.onlooker == Some(OnlookerStatus { of, allowed })
}

/// Somebody asks to see something, people read it and allow it.
async fn allowed(room: &Room, page: &Laptop, of: &str, asks: &str) -> Result<()> {
    looks(page, TOKEN, of).await?;
    page.reads("The people in the room are being asked").await?;
    let asked = |tree: &PanelTree| tree.text().contains(asks);
    room.panel_shows("the question", PATIENCE, asked).await?;
    room.touch_element("Allow").await?;
    sees_it_move(page).await
}

#[test]
fn it_looks_at_the_room_with_peoples_leave_and_until_they_end_it() -> Result<()> {
    run(async {
        let mut stage = Taken::take().await?;
        let token = stage.servers.folder().join("view-token");
        std::fs::write(&token, TOKEN).expect("the run's folder can be written");
        let mut options = takes_browsers();
        options.more = format!("{}view_token_file = {token:?}\n", options.more);
        let scene = stage.scene("Help", &options).await?;
        scene.join().await?;
        scene.television_moves().await?;
        let room = &scene.room;
        let url = format!("{}/view", listens(room));

        let far_end = stage.far_end().await?;
        let page = far_end.laptop(&url, "en").await?;
        looks(&page, "a-token-that-is-wrong", "Camera").await?;
        page.reads("That token is not right").await?;
        has_no_barriers(&page).await?;
        let german = far_end.laptop(&url, "de-DE").await?;
        has_no_barriers(&german).await?;
        let camera = "Your IT asks to see what this room\u{2019}s camera sees";
        allowed(room, &page, "Camera", camera).await?;
        let says = |words: &'static str| move |tree: &PanelTree| tree.text().contains(words);
        let seen = says("Your IT is looking at what this room\u{2019}s camera sees");
        room.panel_shows("who sees", PATIENCE, seen).await?;
        let looking = onlooker(LookedAt::Camera, true);
        room.status_is("an onlooker", PATIENCE, looking).await?;
        has_no_barriers(&page).await?;
        let other = far_end.laptop(&url, "en").await?;
        looks(&other, TOKEN, "Television").await?;
        other.reads("Somebody looks already, or asks").await?;
        page.click("Stop").await?;
        let quiet = |tree: &PanelTree| !tree.text().contains("Your IT");
        room.panel_shows("that nobody looks", PATIENCE, quiet)
            .await?;

        let television = "Your IT asks to see what is on this room\u{2019}s television";
        allowed(room, &page, "Television", television).await?;
        let seen = says("Your IT is looking at what is on this room\u{2019}s television");
        room.panel_shows("who sees", PATIENCE, seen).await?;
        room.touch_element("End").await?;
        page.reads("The people in the room ended it").await?;
        has_no_barriers(&page).await?;
        room.panel_shows("that nobody looks", PATIENCE, quiet)
            .await?;
        looks(&page, TOKEN, "Camera").await?;
        page.reads("they are not asked again for five minutes")
            .await?;
        assert!(!room.log().contains(TOKEN), "the log keeps no secrets");
        scene.room.stop().await;
        Ok(())
    })
}

/// Where pictures of a phone's pages go, for people who want to look at them.
async fn pictured(page: &Laptop, name: &str) -> Result<()> {
    match std::env::var_os("SAAL_PAGES") {
        Some(folder) => page.screenshot(&Path::new(&folder).join(name)).await,
        None => Ok(()),
    }
}

/// In no meeting the same code leads to a field; nothing is joined before somebody at the panel wants it.
async fn a_phone_says_where_to_go(room: &Room, far_end: &FarEnd) -> Result<()> {
    room.touch_element("Another meeting").await?;
    room.touch_element("From a phone").await?;
    let address = scanned(room, "code").await?;
    let phone = asked_where(far_end, address).await?;
    pictured(&phone, "where.png").await?;
    phone.fill("Where to go", "nonsense").await?;
    phone.click("Show it in the room").await?;
    phone.reads("That leads to no meeting").await?;
    assert_eq!(phone.barriers().await?, Vec::<String>::new());
    says_where(room, &phone).await?;
    pictured(&phone, "shown.png").await?;
    room.touch_element("Not there").await?;
    room.touch_element("Cancel").await?;
    phone.reads("This has ended").await?;
    // Who is at something there would not be disturbed.
    room.touch_element("Back to the start").await?;
    // The television says the same to everybody, without a touch at the panel.
    let address = scanned_on_television(room).await?;
    let phone = asked_where(far_end, address).await?;
    says_where(room, &phone).await?;
    room.touch_element("Not there").await?;
    // The page goes on, as the television's code does.
    phone.reads("Where to go").await.map(drop)
}

/// A phone opens what its camera read.
async fn asked_where(far_end: &FarEnd, address: Vec<u8>) -> Result<Laptop> {
    let address = String::from_utf8(address).expect("an address is text");
    let phone = far_end.phone(&address, "en").await?;
    phone.reads("Where to go").await?;
    assert_eq!(phone.barriers().await?, Vec::<String>::new());
    Ok(phone)
}

/// What a phone says stands on the panel, where nothing is joined before somebody wants it.
async fn says_where(room: &Room, phone: &Laptop) -> Result<()> {
    let link = "https://meet.example.org/Jour%20fixe#config.prejoin=false";
    phone.fill("Where to go", link).await?;
    phone.click("Show it in the room").await?;
    phone
        .reads("The room shows: meet.example.org/Jour fixe")
        .await?;
    assert_eq!(phone.barriers().await?, Vec::<String>::new());
    let shows = |tree: &PanelTree| {
        let offer = tree.find("A phone would like to go here");
        offer.is_some_and(|offer| offer.description.contains("meet.example.org/Jour fixe"))
    };
    room.panel_shows("what the phone said", PATIENCE, shows)
        .await
        .map(drop)
}

#[test]
fn a_visitors_phone_is_a_second_panel_until_the_meeting_is_over() -> Result<()> {
    run(async {
        let mut stage = Taken::take().await?;
        let mut options = takes_browsers();
        options.more.push_str("phone = true\n");
        let scene = stage.scene("Numbers", &options).await?;
        scene.join().await?;
        let (room, far_end) = (&scene.room, stage.far_end().await?);
        far_end_hears_seconds(&scene.host).await?;
        room.touch_element("More").await?;
        room.touch_element("Use a phone").await?;
        let address = scanned(room, "phone-code").await?;
        let address = String::from_utf8(address).expect("an address is text");
        assert!(!room.log().contains(&address), "the log keeps no secrets");

        let phone = far_end.phone(&address, "de-DE").await?;
        phone.reads("Numbers").await?;
        assert_eq!(phone.barriers().await?, Vec::<String>::new());
        pictured(&phone, "call.png").await?;
        phone.click("Mikrofon an Stummschalten").await?;
        phone.reads("Mikrofon aus").await?;
        far_end_hears_nothing(&scene.host).await?;
        // What is done in the room is seen on the phone.
        let muted = |status: &Status| {
            status
                .call
                .as_ref()
                .is_some_and(|call| call.muted.microphone)
        };
        room.status_is("muted", PATIENCE, muted).await?;
        room.touch_element("Microphone").await?;
        phone.reads("Mikrofon an").await?;
        far_end_hears_seconds(&scene.host).await?;

        for (button, words, name) in [
            ("Mehr Hand, Chat \u{2026}", "Hand heben", "more.png"),
            (
                "Personen 1 weitere Person",
                "Mikrofon und Kamera an",
                "people.png",
            ),
        ] {
            phone.click(button).await?;
            phone.reads(words).await?;
            assert_eq!(phone.barriers().await?, Vec::<String>::new());
            pictured(&phone, name).await?;
        }
        // The panel stays where people in the room left it.
        scanned(room, "phone-code").await?;

        phone.click("Verlassen Besprechung verlassen").await?;
        phone.reads("Das ist beendet").await?;
        assert_eq!(phone.barriers().await?, Vec::<String>::new());
        pictured(&phone, "over.png").await?;
        let late = far_end.phone(&address, "en").await?;
        late.reads("This has ended").await?;
        a_phone_says_where_to_go(room, far_end).await?;
        scene.room.stop().await;
        Ok(())
    })
}

const DOOR: &str = "a-token-for-the-door";
const API: &str = "a-token-for-the-control-system";

/// A room with a tablet at its door, a control system, and a calendar that takes bookings.
fn with_door_and_api(folder: &Path) -> RoomOptions {
    let (door, api) = (folder.join("door-token"), folder.join("api-token"));
    for (path, token) in [(&door, DOOR), (&api, API)] {
        std::fs::write(path, token).expect("the run's folder can be written");
    }
    let calendar = folder.join("bookings");
    std::fs::create_dir_all(&calendar).expect("the run's folder can be written");
    let mut options = takes_browsers();
    let more = format!(
        "[[calendars]]\nname = \"Bookings\"\nfolder = {calendar:?}\nevery_seconds = 5\n[door]\ntoken_file = {door:?}\ntitles = true\n\
         [[api]]\nname = \"Desk\"\ntoken_file = {api:?}\nscopes = [\"read\", \"control\"]\n"
    );
    options.more.push_str(&more);
    options
}

/// Where the room says that it listens to browsers.
fn listens(room: &Room) -> String {
    let log = room.log();
    let address = log.split("browsers of this network: ").nth(1);
    let address = address.and_then(|rest| rest.split_whitespace().next());
    address.expect("the log names it").to_owned()
}

/// A control system at this address of the network.
struct Desk {
    client: reqwest::Client,
    url: String,
}

impl Desk {
    fn at(address: [u8; 4], url: &str) -> Self {
        let client = reqwest::Client::builder()
            .danger_accept_invalid_certs(true)
            .local_address(std::net::IpAddr::from(address))
            .build();
        Self {
            client: client.expect("a client without files can be made"),
            url: url.to_owned(),
        }
    }

    async fn ask(&self, method: &str, path: &str, body: Value) -> (u16, Value) {
        let method = method.parse().expect("a method");
        let url = format!("{}{path}", self.url);
        let request = self.client.request(method, url).bearer_auth(API);
        let answer = request.json(&body).send().await.expect("the room answers");
        let status = answer.status().as_u16();
        (status, answer.json().await.unwrap_or(Value::Null))
    }
}

#[test]
fn a_control_system_works_the_room_and_the_door_tells_the_corridor() -> Result<()> {
    run(async {
        let mut stage = Taken::take().await?;
        let options = with_door_and_api(stage.servers.folder());
        let scene = stage.scene("Numbers", &options).await?;
        let (room, far_end) = (&scene.room, stage.far_end().await?);
        let url = listens(room);
        let door = signed_in(far_end, &url).await?;
        assert_eq!(door.barriers().await?, Vec::<String>::new());
        pictured(&door, "door.png").await?;

        let desk = Desk::at([127, 0, 0, 2], &url);
        let meetings =
            async || Result::<_>::Ok(desk.ask("GET", "/v1/meetings", Value::Null).await.1);
        let there = |all: &Value| all[0]["can_join"] == true;
        let meetings = until("the meeting", PATIENCE, meetings, there).await?;
        let meeting = json!({ "meeting": meetings[0]["id"] });
        assert_eq!(desk.ask("POST", "/v1/join", meeting).await.0, 204);
        scene.in_call().await?;
        door.reads("Taken").await?;
        door.reads("Numbers").await?;
        assert_eq!(door.barriers().await?, Vec::<String>::new());
        far_end_hears_seconds(&scene.host).await?;
        let muted = json!({ "muted": true });
        assert_eq!(desk.ask("PUT", "/v1/microphone", muted).await.0, 204);
        far_end_hears_nothing(&scene.host).await?;
        let (_, status) = desk.ask("GET", "/v1/status", Value::Null).await;
        assert_eq!(status["call"]["microphone_muted"], true, "{status}");
        let (refused, why) = desk.ask("GET", "/v1/panel", Value::Null).await;
        assert_eq!((refused, &why["code"]), (403, &json!("no_scope")));

        crowd(&desk).await;
        assert_eq!(desk.ask("POST", "/v1/leave", Value::Null).await.0, 204);
        let home = |status: &Status| status.call.is_none();
        room.status_is("home", PATIENCE, home).await?;
        for token in [DOOR, API] {
            assert!(!room.log().contains(token), "the log keeps no secrets");
        }
        scene.room.stop().await;
        Ok(())
    })
}

/// The tablet at the door.
async fn signed_in(far_end: &FarEnd, url: &str) -> Result<Laptop> {
    let door = far_end.laptop(&format!("{url}/door"), "en").await?;
    door.fill("Token from the configuration", DOOR).await?;
    door.click("Sign in").await?;
    door.reads("Raum Lahn").await?;
    Ok(door)
}

#[test]
fn a_control_system_books_the_room_and_somebody_at_the_door_gives_it_back() -> Result<()> {
    run(async {
        let mut stage = Taken::take().await?;
        let account = stage.user("room").await?;
        let options = with_door_and_api(stage.servers.folder());
        let room = Room::start(&stage.servers, &account, &options).await?;
        let url = listens(&room);
        let door = signed_in(stage.far_end().await?, &url).await?;
        booked_and_given_back(&Desk::at([127, 0, 0, 2], &url), &door).await?;
        room.stop().await;
        Ok(())
    })
}

async fn booked_and_given_back(desk: &Desk, door: &Laptop) -> Result<()> {
    door.reads("Book this room").await?;
    assert_eq!(door.barriers().await?, Vec::<String>::new());
    pictured(door, "door-free.png").await?;
    let minutes = json!({ "minutes": 15 });
    assert_eq!(desk.ask("POST", "/v1/book", minutes.clone()).await.0, 204);
    let (refused, why) = desk.ask("POST", "/v1/book", minutes).await;
    assert_eq!((refused, &why["code"]), (409, &json!("not_now")));
    let text = door.reads("has this room until ").await?;
    assert_eq!(door.barriers().await?, Vec::<String>::new());
    pictured(door, "door-booked.png").await?;
    let until = text.split("has this room until ").nth(1);
    let until = until.and_then(|rest| rest.split_whitespace().next());
    let until = until.expect("it says until when");
    let booked = "\u{201c}Booked on the spot\u{201d} has this room until";
    door.click(&format!("Extend or end {booked} {until}"))
        .await?;
    door.reads("End now").await?;
    assert_eq!(door.barriers().await?, Vec::<String>::new());
    pictured(door, "door-choice.png").await?;
    door.click("End now others may have the room").await?;
    door.reads("Book this room").await.map(drop)
}

/// One address takes all connections that it gets, says nothing, too much or nonsense: others are answered meanwhile.
async fn crowd(desk: &Desk) {
    let host = desk.url.trim_start_matches("https://");
    let mut silent = Vec::new();
    for _ in 0..100 {
        silent.push(tokio::net::TcpStream::connect(host).await);
    }
    let huge = json!({ "emoji": "x".repeat(20_000) });
    assert_eq!(desk.ask("POST", "/v1/reaction", huge).await.0, 413);
    let (answered, status) = desk.ask("GET", "/v1/status", Value::Null).await;
    assert_eq!((answered, &status["phase"]), (200, &json!("call")));
    drop(silent);
}

/// A program of the room's own computer, which shows no token.
struct Macro {
    client: reqwest::Client,
}

impl Macro {
    async fn ask(&self, method: &str, path: &str, body: Value) -> (u16, Value) {
        let method = method.parse().expect("a method");
        let request = self.client.request(method, format!("http://saal{path}"));
        let answer = request.json(&body).send().await.expect("the room answers");
        let status = answer.status().as_u16();
        (status, answer.json().await.unwrap_or(Value::Null))
    }
}

/// Reads events until one has this in it.
async fn hears(events: &mut reqwest::Response, wanted: &str) {
    let mut heard = String::new();
    let reading = async {
        while !heard.contains(wanted) {
            let more = events.chunk().await.expect("events go on");
            heard.push_str(&String::from_utf8_lossy(&more.expect("events do not end")));
        }
    };
    let read = tokio::time::timeout(PATIENCE, reading).await;
    assert!(read.is_ok(), "no {wanted} in time");
}

#[test]
fn a_program_of_the_rooms_computer_needs_neither_token_nor_browsers() -> Result<()> {
    run(async {
        let folder = RunFolder::new()?;
        let options = RoomOptions {
            more: "[[meetings]]\ntitle = \"Jour fixe\"\nlink = \"https://meet.example.org/Fixe\"\n"
                .to_owned(),
            ..RoomOptions::default()
        };
        let room = Room::standing(folder.path(), &options).await?;
        let socket = room.state().join("api.sock");
        let mode = std::fs::metadata(&socket)
            .expect("it listens")
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600, "nobody else may open it");
        let client = reqwest::Client::builder().unix_socket(socket).build();
        let program = Macro {
            client: client.expect("a client without files can be made"),
        };
        let (status, told) = program.ask("GET", "/v1/status", Value::Null).await;
        assert_eq!((status, &told["phase"]), (200, &json!("home")), "{told}");
        let events = program.client.get("http://saal/v1/events").send().await;
        let mut events = events.expect("the room answers");
        hears(&mut events, "event: status").await;
        let percent = json!({ "percent": 35 });
        assert_eq!(program.ask("PUT", "/v1/volume", percent).await.0, 204);
        hears(&mut events, "\"volume\":35").await;
        assert_eq!(program.ask("GET", "/v1/panel", Value::Null).await.0, 200);
        room.stop().await;
        Ok(())
    })
}
