//! What the television may show between meetings, with something in it. What is listed here is drawn for the golden pictures
//! and for docs/panel.md.

use std::sync::Arc;

use saal_core::{Obstacle, Trouble};
use saal_fleet_protocol::config::{Language, Theme};
use saal_meeting::{JoinStage, Secret, Waiting};
use saal_panel::{Picture, Screen, Signage, StillScreen, StillView, View};

use crate::scenes;

pub(crate) const DAY: StillScreen = StillScreen::Day {
    titles: true,
    laptops: true,
    dial_in: None,
    phone: None,
};
/// What televisions have.
pub(crate) const SIZE: (u32, u32) = (1280, 720);

/// What stands beside the day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Beside {
    Nothing,
    Poster,
    Page,
}

/// A picture of the television as an example.
pub(crate) struct StillExample {
    /// Its own among all.
    pub(crate) name: &'static str,
    screen: Screen,
    of: StillScreen,
    beside: Beside,
    troubles: Vec<Trouble>,
}

impl StillExample {
    pub(crate) fn new(name: &'static str, screen: Screen, of: StillScreen) -> Self {
        Self {
            name,
            screen,
            of,
            beside: Beside::Nothing,
            troubles: Vec::new(),
        }
    }

    pub(crate) fn beside(self, beside: Beside) -> Self {
        Self { beside, ..self }
    }

    /// On a television of this size, in pixels.
    pub(crate) fn view(&self, language: Language, theme: Theme, size: (u32, u32)) -> StillView {
        let mut view = View {
            width: size.0,
            height: size.1,
            ..scenes::view(language, self.screen.clone())
        };
        view.comfort.theme = theme;
        view.troubles.clone_from(&self.troubles);
        let signage = match self.beside {
            Beside::Nothing => Signage::default(),
            Beside::Poster => poster(size),
            Beside::Page => page(),
        };
        StillView::new(view, signage, self.of.clone())
    }
}

/// All of them.
pub(crate) fn all() -> Vec<StillExample> {
    let example = StillExample::new;
    let day = |titles, laptops, dial_in: Option<&str>| StillScreen::Day {
        titles,
        laptops,
        dial_in: dial_in.map(str::to_owned),
        phone: None,
    };
    // Where a room's own address and certificate lead.
    let address = "https://192.168.178.123:8443/phone/4pLq0wq8Yt7o0mJ1Qp5mVA";
    let by_phone = |laptops, dial_in: Option<&str>| StillScreen::Day {
        titles: true,
        laptops,
        dial_in: dial_in.map(str::to_owned),
        phone: Some(Secret::new(address)),
    };
    let number = Some("+49 641 5550123, PIN 4711");
    let laptop = StillScreen::Laptop {
        address: "https://lahn.example.org:8443".to_owned(),
        code: "482913".to_owned(),
    };
    let lobby = Obstacle::Waiting(Waiting::Admission);
    let way_in = |name, obstacle| example(name, joining(obstacle), StillScreen::Joining);
    vec![
        example("television-day", one_is_private(), DAY),
        example("television-tentative", scenes::several_ways(), DAY),
        example("television-free", scenes::free(), by_phone(false, number)),
        example("television-busy", scenes::home(), day(false, true, None)),
        example("television-full", scenes::full(), by_phone(true, number)),
        example("television-by-phone", scenes::home(), by_phone(true, None)),
        example("television-picture", scenes::home(), DAY).beside(Beside::Poster),
        example("television-page", scenes::upcoming(), DAY).beside(Beside::Page),
        example("television-laptop", scenes::home(), laptop),
        way_in("television-joining", None),
        way_in(
            "television-password",
            Some(Obstacle::Password { refused: false }),
        ),
        way_in("television-lobby", Some(lobby)),
        set_up(),
    ]
}

/// Nobody has claimed the device.
fn set_up() -> StillExample {
    let (server, code) = ("fleet.example.org", "BCDF-GHJK");
    let of = StillScreen::SetUp {
        server: server.to_owned(),
        code: code.to_owned(),
    };
    let mut example = StillExample::new("television-set-up", scenes::free(), of);
    example.troubles = vec![scenes::unclaimed(server, Some(code))];
    example
}

/// The second one that comes has no title for everybody.
fn one_is_private() -> Screen {
    let mut home = scenes::home();
    if let Screen::Home { next, .. } = &mut home
        && let Some(secret) = next.get_mut(1)
    {
        (secret.private, secret.title) = (true, String::new());
    }
    home
}

pub(crate) fn joining(obstacle: Option<Obstacle>) -> Screen {
    Screen::Joining {
        title: "Team Weekly Produktentwicklung".to_owned(),
        stage: JoinStage::Connecting,
        returning: false,
        obstacle,
        heard: Vec::new(),
        word: None,
    }
}

/// As large as a picture beside the day is.
fn poster((width, height): (u32, u32)) -> Signage {
    let (width, height) = StillView::picture_size(width, height);
    let stripes = (0..height).flat_map(|y| {
        let colour = if y * 5 / height % 2 == 0 {
            [200, 90, 40]
        } else {
            [235, 225, 200]
        };
        colour.repeat(width as usize)
    });
    Signage {
        picture: Picture::from_rgb(width, height, stripes.collect()).map(Arc::new),
        text: None,
    }
}

pub(crate) fn page() -> Signage {
    let text = "Willkommen im Haus am Fluss\n\nWLAN für Gäste: Fluss-Gast, das Passwort steht auf dem Tisch.\n                Kaffee gibt es im ersten Stock.";
    Signage {
        picture: None,
        text: Some(text.to_owned()),
    }
}
