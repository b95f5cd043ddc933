//! Laptops and those who look, in the random walk: what their pages do, and what has to hold of them.

use std::{
    collections::BTreeMap,
    net::{IpAddr, Ipv4Addr},
};

use proptest::prelude::*;
use saal_core::{
    Effect, Event, Intent, Invitation, LaptopAction, LaptopEvent, LaptopId, LaptopReply, Onlooker,
    Room, Sharing, ViewAction, ViewerEvent, ViewerId, ViewerReply,
};
use saal_media_protocol::{
    BrowserCommand, BrowserEnd, BrowserEvent, BrowserId, BrowserUse, MediaCommand, MediaEvent,
    RoomPicture,
};

/// Pages of each kind that are open at a time.
const PAGES: usize = 3;
const CODE: &str = "274061";
const ADDRESS: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 7));

/// What a page or the engine's connection with it does; which one is told apart.
#[derive(Clone, Debug)]
pub(crate) enum Visit {
    Knocks { page: usize, right: bool },
    Ready { page: usize },
    LaptopAnswers { page: usize },
    LaptopGone { page: usize },
    Asks { page: usize, of: RoomPicture },
    ViewerAnswers { page: usize },
    ViewerGone { page: usize },
    Decided { page: usize, allowed: bool },
    Offers { ago: u64 },
    Shows { ago: u64 },
    Ends { ago: u64 },
}

pub(crate) fn visit() -> impl Strategy<Value = Visit> {
    let page = || 0..PAGES;
    let ago = || prop_oneof![6 => Just(0u64), 1 => 1u64..4];
    let of = prop::sample::select(vec![RoomPicture::Television, RoomPicture::Camera]);
    let knock = (page(), prop::bool::weighted(0.8));
    let decided = (page(), prop::bool::weighted(0.8));
    prop_oneof![
        4 => knock.prop_map(|(page, right)| Visit::Knocks { page, right }),
        4 => page().prop_map(|page| Visit::Ready { page }),
        1 => page().prop_map(|page| Visit::LaptopAnswers { page }),
        1 => page().prop_map(|page| Visit::LaptopGone { page }),
        3 => (page(), of).prop_map(|(page, of)| Visit::Asks { page, of }),
        1 => page().prop_map(|page| Visit::ViewerAnswers { page }),
        1 => page().prop_map(|page| Visit::ViewerGone { page }),
        4 => decided.prop_map(|(page, allowed)| Visit::Decided { page, allowed }),
        1 => ago().prop_map(|ago| Visit::Offers { ago }),
        4 => ago().prop_map(|ago| Visit::Shows { ago }),
        1 => ago().prop_map(|ago| Visit::Ends { ago }),
    ]
}

fn invitation() -> Invitation {
    Invitation {
        address: "https://192.0.2.7:8443".to_owned(),
        code: CODE.to_owned(),
        fingerprint: None,
    }
}

/// What people do about browsers, and what the daemon answers.
pub(crate) fn about_browsers() -> impl Strategy<Value = Event> {
    let intent = |intent| Just(Event::Intent(intent));
    prop_oneof![
        1 => intent(Intent::Laptop(LaptopAction::Invite)),
        1 => Just(Event::Invitation(Some(invitation()))),
        1 => Just(Event::Invitation(None)),
        1 => intent(Intent::Laptop(LaptopAction::CloseDoor)),
        1 => intent(Intent::Laptop(LaptopAction::Stop)),
        1 => intent(Intent::View(ViewAction::End)),
    ]
}

/// What pages and the engine know of each other from the effects alone.
pub(crate) struct Browsers {
    laptops: [LaptopId; PAGES],
    viewers: [ViewerId; PAGES],
    next: u64,
    open: BTreeMap<BrowserId, BrowserUse>,
    newest: u64,
    /// What people just allowed.
    allowed: Option<ViewerId>,
    /// The laptop whose picture came.
    shown: Option<BrowserId>,
    /// Pages that were told the end, and close.
    closing: Vec<Event>,
}

impl Default for Browsers {
    fn default() -> Self {
        let mut browsers = Self {
            laptops: [LaptopId(0); PAGES],
            viewers: [ViewerId(0); PAGES],
            next: 0,
            open: BTreeMap::new(),
            newest: 0,
            allowed: None,
            shown: None,
            closing: Vec::new(),
        };
        browsers.open_pages();
        browsers
    }
}

impl Browsers {
    /// The pages before are gone without a word.
    fn open_pages(&mut self) {
        for page in 0..PAGES {
            self.laptops[page] = LaptopId(self.fresh());
            self.viewers[page] = ViewerId(self.fresh());
        }
    }

    fn fresh(&mut self) -> u64 {
        self.next += 1;
        self.next
    }

    /// A laptop's picture is there.
    pub(crate) fn is_shown(&self) -> bool {
        self.shown.is_some()
    }

    /// What leads to a visit, and it.
    pub(crate) fn events(&self, visit: &Visit) -> Vec<Event> {
        let mut events = Vec::new();
        if let Visit::Knocks { right: true, .. } = visit {
            let invite = Intent::Laptop(LaptopAction::Invite);
            events.extend([Event::Intent(invite), Event::Invitation(Some(invitation()))]);
        }
        events.push(self.event(visit));
        events
    }

    fn event(&self, visit: &Visit) -> Event {
        let sdp = || "v=0".to_owned();
        let laptop = |event: LaptopEvent, page: usize| Event::Laptop(self.laptops[page], event);
        let viewer = |event: ViewerEvent, page: usize| Event::Viewer(self.viewers[page], event);
        let browser = |ago: u64| BrowserId(self.newest.saturating_sub(ago));
        match *visit {
            Visit::Knocks { page, right } => {
                let code = if right { CODE } else { "000000" }.to_owned();
                let last = u8::try_from(page).unwrap();
                let from = Ipv4Addr::new(192, 0, 2, last).into();
                laptop(LaptopEvent::Knocks { code, from }, page)
            }
            Visit::Ready { page } => laptop(
                LaptopEvent::Ready {
                    address: ADDRESS,
                    sound: page % 2 == 0,
                },
                page,
            ),
            Visit::LaptopAnswers { page } => laptop(LaptopEvent::Answers(sdp()), page),
            Visit::LaptopGone { page } => laptop(LaptopEvent::Gone, page),
            Visit::Asks { page, of } => {
                let address = ADDRESS;
                viewer(ViewerEvent::Asks { of, address }, page)
            }
            Visit::ViewerAnswers { page } => viewer(ViewerEvent::Answers(sdp()), page),
            Visit::ViewerGone { page } => viewer(ViewerEvent::Gone, page),
            Visit::Decided { page, allowed } => {
                let viewer = self.viewers[page];
                Event::Intent(Intent::View(if allowed {
                    ViewAction::Allow(viewer)
                } else {
                    ViewAction::Refuse(viewer)
                }))
            }
            Visit::Offers { ago } => {
                let (browser, sdp) = (browser(ago), sdp());
                Event::Media(MediaEvent::Browser(BrowserEvent::Offer { browser, sdp }))
            }
            Visit::Shows { ago } => {
                let browser = browser(ago);
                Event::Media(MediaEvent::Browser(BrowserEvent::Showing { browser }))
            }
            Visit::Ends { ago } => {
                let (browser, reason) = (browser(ago), BrowserEnd::Lost);
                Event::Media(MediaEvent::Browser(BrowserEvent::Ended { browser, reason }))
            }
        }
    }

    /// Before the room hears of it.
    pub(crate) fn before(&mut self, event: &Event) {
        self.allowed = match event {
            Event::Intent(Intent::View(ViewAction::Allow(viewer))) => Some(*viewer),
            _ => None,
        };
        if let Event::Media(MediaEvent::Browser(BrowserEvent::Ended { browser, .. })) = event {
            self.close(*browser);
        }
    }

    /// Once the room has heard of it.
    pub(crate) fn after(&mut self, event: &Event) {
        match event {
            Event::Laptop(laptop, LaptopEvent::Gone) => self.laptop_left(*laptop),
            Event::Viewer(viewer, ViewerEvent::Gone) => self.viewer_left(*viewer),
            _ => {}
        }
    }

    pub(crate) fn follow(&mut self, effect: &Effect) {
        match effect {
            Effect::StartEngine => {
                self.open.clear();
                self.shown = None;
            }
            Effect::StartBrowsers => {
                assert!(self.open.is_empty(), "pages that are gone show nothing");
                self.open_pages();
            }
            Effect::Media(MediaCommand::Browser(command)) => self.follow_command(command),
            Effect::Laptop(laptop, reply) => {
                assert!(
                    self.laptops.contains(laptop),
                    "{laptop:?} is gone: {reply:?}"
                );
                match reply {
                    LaptopReply::Showing => self.shown = self.of(BrowserUse::Share),
                    LaptopReply::End(_) => {
                        self.closing.push(Event::Laptop(*laptop, LaptopEvent::Gone));
                        self.laptop_left(*laptop);
                    }
                    _ => {}
                }
            }
            Effect::Viewer(viewer, reply) => {
                assert!(
                    self.viewers.contains(viewer),
                    "{viewer:?} is gone: {reply:?}"
                );
                if matches!(reply, ViewerReply::End(_)) {
                    self.closing.push(Event::Viewer(*viewer, ViewerEvent::Gone));
                    self.viewer_left(*viewer);
                }
            }
            _ => {}
        }
    }

    /// What closes as it was told the end.
    pub(crate) fn take_closing(&mut self) -> Vec<Event> {
        std::mem::take(&mut self.closing)
    }

    fn follow_command(&mut self, command: &BrowserCommand) {
        match command {
            BrowserCommand::Open {
                browser, purpose, ..
            } => {
                assert!(browser.0 > self.newest, "{browser:?} was used before");
                self.newest = browser.0;
                let view = matches!(purpose, BrowserUse::View(_));
                assert!(!view || self.allowed.is_some(), "people said yes");
                self.open.insert(*browser, *purpose);
            }
            BrowserCommand::Answer { browser, .. } => {
                assert!(self.open.contains_key(browser), "{browser:?} is closed");
            }
            BrowserCommand::Close { browser } => self.close(*browser),
        }
    }

    fn close(&mut self, browser: BrowserId) {
        self.open.remove(&browser);
        self.shown.take_if(|shown| *shown == browser);
    }

    fn of(&self, purpose: BrowserUse) -> Option<BrowserId> {
        let mut open = self.open.iter().filter(|(_, of)| **of == purpose);
        open.next_back().map(|(browser, _)| *browser)
    }

    fn laptop_left(&mut self, laptop: LaptopId) {
        let fresh = LaptopId(self.fresh());
        for page in self.laptops.iter_mut().filter(|page| **page == laptop) {
            *page = fresh;
        }
    }

    fn viewer_left(&mut self, viewer: ViewerId) {
        let fresh = ViewerId(self.fresh());
        for page in self.viewers.iter_mut().filter(|page| **page == viewer) {
            *page = fresh;
        }
    }

    /// The panel tells the truth about who sees what.
    pub(crate) fn check(&self, room: &Room) {
        let views: Vec<Onlooker> = self
            .open
            .values()
            .filter_map(|purpose| match purpose {
                BrowserUse::View(of) => Some(Onlooker::Looks(*of)),
                BrowserUse::Share => None,
            })
            .collect();
        let told: Vec<Onlooker> = Some(room.onlooker())
            .into_iter()
            .filter(|onlooker| matches!(onlooker, Onlooker::Looks(_)))
            .collect();
        assert_eq!(views, told);
        if let Onlooker::Asks { viewer, .. } = room.onlooker() {
            assert!(self.viewers.contains(&viewer), "{viewer:?} is gone");
        }
        let shares = self.open.len() - views.len();
        assert_eq!(shares, usize::from(room.sharing() == Sharing::On));
        let listens = room.config().is_some_and(|c| c.browsers.is_some());
        assert!(listens || (self.open.is_empty() && room.door().is_none()));
    }
}
