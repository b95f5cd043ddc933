//! Every page that visitors' phones, laptops and the door have, in Chromium: what axe-core finds, in light and dark, and with text of
//! twice the size. The pages are those of all examples of the panel, so that a new screen is among them.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test prints and may panic"
)]

#[path = "../../../appliance/panel/tests/panel/day_scenes.rs"]
#[allow(dead_code, reason = "shared with the panel's tests")]
mod day_scenes;
#[path = "../../../appliance/panel/tests/panel/examples.rs"]
#[allow(dead_code, reason = "shared with the panel's tests")]
mod examples;
#[path = "../../../appliance/panel/tests/panel/meeting_scenes.rs"]
#[allow(dead_code, reason = "shared with the panel's tests")]
mod meeting_scenes;
#[path = "../../../appliance/panel/tests/panel/scenes.rs"]
#[allow(dead_code, reason = "shared with the panel's tests")]
mod scenes;
#[path = "../../../appliance/panel/tests/panel/settings_scenes.rs"]
#[allow(dead_code, reason = "shared with the panel's tests")]
mod settings_scenes;

#[path = "../../../appliance/daemon/src/browsers/words.rs"]
mod words;

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
    time::Duration,
};

use saal_core::{Event, Intent, Now, PhoneAction, PhoneTicket, Room};
use saal_fleet_protocol::config::{Language, parse};
use saal_harness::{FarEnd, run};
use saal_meeting::{Meeting, Secret};
use saal_panel::{
    Comfort, Document, DoorView, Navigation, Screen, Sheet, Step, View, door, escaped, phone,
    phone_at_home, phone_over,
};
use saal_suites::Result;

/// As the daemon serves them (`appliance/daemon/src/browsers`).
const SCREEN: &str = include_str!("../../../appliance/daemon/src/browsers/screen.html");
const OVER: &str = include_str!("../../../appliance/daemon/src/browsers/over.html");
const STYLE: &str = include_str!("../../../appliance/daemon/src/browsers/screen.css");
const PLAIN_STYLE: &str = include_str!("../../../appliance/daemon/src/browsers/page.css");
const LINK: &str = "<link rel=\"stylesheet\" href=\"/screen.css\">";

/// Pages by their names.
#[derive(Default)]
struct Pages(BTreeMap<String, String>);

impl Pages {
    fn add(&mut self, name: String, kind: &str, template: &str, of: &Document) {
        assert!(template.contains(LINK), "the style stands in the page");
        let html = template
            .replace(LINK, &format!("<style>{STYLE}</style>"))
            .replace("<script src=\"/follow.js\" defer></script>", "")
            .replace("{path}", &format!("/{kind}"))
            .replace("{kind}", kind)
            .replace("{language}", &of.language)
            .replace("{direction}", of.direction)
            .replace("{refresh}", &of.refresh)
            .replace("{lost}", &of.lost)
            .replace("{title}", &escaped(&of.title))
            .replace("{main}", &of.main);
        let before = self.0.insert(name.clone(), html);
        assert!(before.is_none(), "two pages are {name}");
    }

    /// A page with a style and words of its own, as its script would have it with this step and these words.
    fn add_plain(&mut self, name: String, html: &str, step: Option<&str>, says: Option<&str>) {
        let link =
            ["page.css", "/page.css"].map(|at| format!("<link rel=\"stylesheet\" href={at:?}>"));
        let at = link.iter().find(|link| html.contains(*link));
        let link = at.expect("the style stands in the page");
        let mut html = html.replace(link, &format!("<style>{PLAIN_STYLE}</style>"));
        for script in ["share.js", "view.js"] {
            html = html.replace(&format!("<script src={script:?} defer></script>"), "");
        }
        if let Some(step) = step {
            html = html.replace("class=\"step\" hidden>", "class=\"step\">");
            html = html.replace("class=\"step\">", "class=\"step\" hidden>");
            let hidden = format!("id={step:?} class=\"step\" hidden>");
            assert!(html.contains(&hidden), "there is a step {step}");
            html = html.replace(&hidden, &format!("id={step:?} class=\"step\">"));
        }
        if let Some(says) = says {
            let words = said(&html, says).to_owned();
            let status = "aria-live=\"polite\">";
            html = html.replace(status, &format!("{status}{words}"));
        }
        let before = self.0.insert(name.clone(), html);
        assert!(before.is_none(), "two pages are {name}");
    }

    /// The laptop's pages at each step, with all that they say there, and the one on which the door's tablet is signed in.
    fn add_laptops_and_sign_in(&mut self, german: bool) {
        let language = if german { "De" } else { "En" };
        for (page, html) in [
            ("share", words::share(german)),
            ("view", words::view(german)),
        ] {
            let steps = between(&html, "id=\"", "\" class=\"step\"");
            let says = between(&html, "id=\"say-", "\">");
            assert!(steps.len() > 1 && says.len() > steps.len());
            for step in &steps {
                let name = format!("{page}, {step} {language}");
                self.add_plain(name, &html, Some(step), None);
            }
            for says in &says {
                let name = format!("{page}, {says} {language}");
                self.add_plain(name, &html, Some(&steps[0]), Some(says));
            }
        }
        for (name, wrong) in [("", false), (", wrong", true)] {
            let html = words::sign_in_door(german, wrong);
            self.add_plain(
                format!("door's sign-in{name} {language}"),
                &html,
                None,
                None,
            );
        }
    }

    /// Every example of a call, as a phone has it.
    fn add_calls(&mut self, language: Language) {
        for example in examples::all() {
            let mut view = example.view(language);
            if !matches!(view.screen, Screen::Call(_)) || !seen_by_visitors(&view) {
                continue;
            }
            (view.width, view.height, view.comfort) = (400, 800, Comfort::default());
            let name = format!("phone {} {language:?}", example.name);
            self.add(name, "phone", SCREEN, &phone(&view));
        }
        let name = format!("phone over {language:?}");
        self.add(name, "phone", OVER, &phone_over(language));
    }

    /// The page of a phone while the room is in no meeting.
    fn add_at_home(&mut self, language: Language) {
        let mut room = room(Vec::new(), "14:05");
        let invite = Intent::Phone(PhoneAction::Invite);
        room.handle(at("14:05"), Event::Intent(invite));
        let ticket = PhoneTicket {
            address: Secret::new("https://192.0.2.7:8443/phone/token"),
            token: Secret::new("token"),
            fingerprint: None,
        };
        room.handle(at("14:05"), Event::PhoneTicket(Some(ticket)));
        for (name, wrong) in [("empty", None), ("wrong", Some("nowhere at all"))] {
            self.add_where(&room, language, name, wrong);
        }
        let offer = Secret::new("https://meet.example.org/Jour%20fixe");
        let offer = Event::Intent(Intent::Phone(PhoneAction::Offer(offer)));
        room.handle(at("14:05"), offer);
        self.add_where(&room, language, "offered", None);
    }

    fn add_where(&mut self, room: &Room, language: Language, name: &str, wrong: Option<&str>) {
        let elsewhere = room.elsewhere(at("14:05"));
        let page = phone_at_home(room, elsewhere.as_ref(), Some(language), wrong).unwrap();
        let name = format!("phone at home, {name} {language:?}");
        self.add(name, "phone", SCREEN, &page);
    }

    /// The door at all hours of a day, with what people open there.
    fn add_doors(&mut self, language: Language) {
        for clock in ["12:00", "13:52", "14:05", "14:20", "15:30", "18:00"] {
            let room = room(day(), clock);
            for (name, sheet) in [
                ("", None),
                (" book", Some(Sheet::Book)),
                (" change", Some(Sheet::Time(day()[0].id.clone()))),
            ] {
                let mut navigation = Navigation::default();
                if let Some(sheet) = sheet {
                    navigation.take(Step::Open(sheet));
                }
                navigation.follow(&room);
                let Some(of) = DoorView::of(&room, at(clock), &navigation, Some(language)) else {
                    panic!("there is a door");
                };
                let name = format!("door {clock}{name} {language:?}");
                self.add(name, "door", SCREEN, &door(&of));
            }
        }
    }
}

/// What stands between two texts, everywhere; never over a quotation mark.
fn between(html: &str, before: &str, after: &str) -> Vec<String> {
    let rests = html.split(before).skip(1);
    let found = rests.filter_map(|rest| rest.split_once(after));
    let found = found.map(|(found, _)| found.to_owned());
    found.filter(|found| !found.contains('"')).collect()
}

/// What the page's script would say.
fn said<'a>(html: &'a str, says: &str) -> &'a str {
    let (_, rest) = html
        .split_once(&format!("<span id=\"say-{says}\">"))
        .expect("the page has these words");
    rest.split_once("</span>").expect("and their end").0
}

/// What only people in the room open is on no phone.
fn seen_by_visitors(view: &View) -> bool {
    const OURS: [Sheet; 5] = [
        Sheet::Laptop,
        Sheet::Phone,
        Sheet::SavePosition,
        Sheet::Access,
        Sheet::Troubles,
    ];
    view.navigation
        .sheet()
        .is_none_or(|sheet| !OURS.contains(sheet) && !matches!(sheet, Sheet::Time(_)))
}

fn day() -> Vec<Meeting> {
    let meeting = |title, from, to| scenes::meeting(title, scenes::at(from), scenes::at(to));
    vec![
        meeting("Team <Weekly>", "14:00", "15:00"),
        meeting("Jour fixe", "16:00", "17:00"),
    ]
}

fn at(clock: &str) -> Now {
    Now {
        wall: scenes::at(clock),
        mono: Duration::from_secs(60),
    }
}

fn room(meetings: Vec<Meeting>, clock: &str) -> Room {
    let text = "version = 1\n[room]\nname = \"Raum <Lahn>\"\ntime_zone = \"Europe/Berlin\"\n\
                [[meetings]]\ntitle = \"Standing\"\nlink = \"https://meet.example.org/Standing\"\n\
                [browsers]\nlisten = \"0.0.0.0:8443\"\nphone = true\n\
                [door]\ntoken_file = \"door\"\ntitles = true\n[day]\ncheck_in_minutes = 10\n";
    let mut room = Room::new();
    room.handle(at(clock), Event::Config(Box::new(parse(text).unwrap())));
    room.handle(at(clock), Event::CalendarWritable(true));
    let problems = Vec::new();
    room.handle(
        at(clock),
        Event::Meetings {
            meetings,
            problems,
            put_off: Vec::new(),
        },
    );
    room
}

fn all() -> Pages {
    let mut pages = Pages::default();
    // German words are the longer ones.
    pages.add_calls(Language::De);
    for language in [Language::De, Language::En] {
        pages.add_at_home(language);
        pages.add_doors(language);
        pages.add_laptops_and_sign_in(language == Language::De);
    }
    pages
}

/// Looks at each of them; where two are the same in all but their name, at one.
async fn barriers(pages: &Pages, folder: &Path) -> Result<Vec<String>> {
    let far_end = FarEnd::alone(folder).await?;
    let file = folder.join("page.html");
    fs::write(&file, "<!doctype html><title>Saal</title>").unwrap();
    let address = format!("file://{}", file.display());
    let browser = far_end.phone(&address, "de").await?;
    let (mut found, mut seen) = (Vec::new(), BTreeSet::new());
    for (name, html) in &pages.0 {
        if !seen.insert(html) {
            continue;
        }
        fs::write(&file, html).unwrap();
        browser.go(&address).await?;
        let barriers = browser.barriers().await?;
        found.extend(barriers.into_iter().map(|what| format!("{name}: {what}")));
    }
    Ok(found)
}

#[test]
fn axe_finds_nothing_on_any_page_of_phones_laptops_and_doors() -> Result<()> {
    let pages = all();
    println!("{} pages", pages.0.len());
    let folder = tempfile::tempdir().unwrap();
    let found = run(barriers(&pages, folder.path()))?;
    assert!(found.is_empty(), "{}", found.join("\n"));
    Ok(())
}
