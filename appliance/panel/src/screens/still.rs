//! The television between meetings: the room's day, how to begin, and how far the room is on its way in.
//!
//! Whatever people have to read has capitals of a thirty-sixth of the picture's height at least: 19 mm on 55 inches,
//! which is eleven minutes of arc from six metres (see saal-core's `screen_text`).

mod middle;

use std::sync::Arc;

use jiff::Timestamp;
use saal_meeting::Meeting;
use taffy::AlignItems;

use super::{Density, Fit, Page, home, rows};
use crate::{
    Layout, StillScreen, StillView,
    element::Role,
    icon::Icon,
    language::{Message, Value},
    node::{Meaning, Node, column, icon, picture, qr_code, row, spacer, text},
    plain::{isolated, paragraph, plain},
    qr_code::QrCode,
    style::TextStyle,
    view::Screen,
};

/// Ems in pixels at a height of 720; Inter's capitals are 0.727 of them.
const CLOCK: f32 = 150.0;
const HEADING: f32 = 56.0;
const ROOM: f32 = 46.0;
const LEAD: f32 = 36.0;
const TITLE: f32 = 34.0;
const TEXT: f32 = 30.0;
const CODE: f32 = 132.0;
/// Of a code for phones, at most: 230 mm on 55 inches, which a phone reads from two metres and more (a tenth of the way).
const CODE_SIDE: f32 = 250.0;
/// The same where names and dates have two lines: 150 mm.
const CODE_SIDE_TIGHT: f32 = 200.0;
/// The widest time is so many ems wide.
const CLOCK_EMS: f32 = 2.85;
/// The same of heavy letters.
const TIME_EMS: f32 = 3.2;
const MARGIN: f32 = 48.0;
const SIDE: f32 = 500.0;
/// Meetings from which people learn what comes; more are on the panel.
const MOST_MEETINGS: usize = 4;
/// Of a page from the configuration.
const MOST_LINES: usize = 12;

pub(super) fn lay_out(fit: &mut Fit<'_>, still: &StillView) -> Layout {
    match &still.screen {
        StillScreen::Day {
            titles,
            laptops,
            dial_in,
            phone,
        } => {
            let day = Day {
                titles: *titles,
                laptops: *laptops,
                dial_in: dial_in.as_deref(),
                phone: (phone.as_ref()).and_then(|to| QrCode::of(to.reveal().as_bytes())),
                ..Day::of(&fit.page)
            };
            let most = match (&still.signage.picture, &still.signage.text) {
                (None, None) => MOST_MEETINGS,
                _ => day.of_today(&fit.page).min(1),
            };
            let count = day.meetings.len().min(most);
            fit.most(count, |page, visible| day.draw(page, still, visible))
        }
        StillScreen::SetUp { server, code } => {
            fit.most(0, |page, _| middle::set_up(page, server, code))
        }
        StillScreen::Laptop { address, code } => {
            fit.most(0, |page, _| middle::laptop(page, address, code))
        }
        StillScreen::Joining => fit.most(0, |page, _| middle::joining(page)),
    }
}

impl Page<'_> {
    fn type_of(&self, em: f32, weight: u16) -> TextStyle {
        TextStyle {
            size: self.px(em) as u32,
            weight,
            lines: 1,
            centred: false,
            figures: false,
            stretch: 1,
        }
    }

    /// A few pixels this way and that, another place each minute, so that nothing burns in.
    fn drift(&self) -> (f32, f32) {
        const WAY: [(f32, f32); 8] = [
            (0.0, 0.0),
            (1.0, 0.0),
            (1.0, 1.0),
            (0.0, 1.0),
            (-1.0, 1.0),
            (-1.0, 0.0),
            (-1.0, -1.0),
            (0.0, -1.0),
        ];
        let minute = self.view.now.as_second().div_euclid(60);
        let (right, down) = WAY[minute.rem_euclid(8) as usize];
        (right * self.px(6.0), down * self.px(6.0))
    }

    /// The whole picture with its margins.
    fn still(&self, node: Node) -> Node {
        node.padding_moved(self.px(MARGIN), self.drift())
    }
}

/// The room's day.
#[derive(Default)]
struct Day<'a> {
    meetings: Vec<&'a Meeting>,
    /// How many of them go on now.
    under_way: usize,
    titles: bool,
    laptops: bool,
    dial_in: Option<&'a str>,
    phone: Option<Arc<QrCode>>,
}

impl<'a> Day<'a> {
    fn of(page: &Page<'a>) -> Self {
        let Screen::Home {
            under_way, next, ..
        } = &page.view.screen
        else {
            return Self::default();
        };
        // What is always there is nothing that comes.
        let dated = next.iter().filter(|meeting| meeting.start.is_some());
        Self {
            meetings: under_way.iter().chain(dated).collect(),
            under_way: under_way.len(),
            ..Self::default()
        }
    }

    /// How many have no need of a day beside their time.
    fn of_today(&self, page: &Page<'_>) -> usize {
        let later = self.meetings.iter().skip(self.under_way);
        let starts = later.filter_map(|meeting| meeting.start);
        self.under_way
            + starts
                .take_while(|start| page.moments.is_today(*start))
                .count()
    }

    fn draw(&self, page: &Page<'_>, still: &StillView, visible: usize) -> Node {
        let side = page.still(side(page, self.phone.as_ref()));
        let main = page.still(self.main(page, still, visible)).share();
        let root = if page.scale.is_portrait() {
            column([side.rigid(), main])
        } else {
            row([side.width(page.px(SIDE)), main]).align(AlignItems::STRETCH)
        };
        root.fill(page.theme.background.0)
    }

    fn main(&self, page: &Page<'_>, still: &StillView, visible: usize) -> Node {
        let signage = &still.signage;
        let shown = match (&signage.picture, &signage.text) {
            (Some(shown), _) => Some(poster(page, shown)),
            (None, Some(words)) => Some(notes(page, words)),
            (None, None) => None,
        };
        let brief = shown.is_some();
        let meetings = if self.meetings.is_empty() && !brief {
            vec![nothing(page)]
        } else {
            let all = self.meetings(page, visible, brief);
            all.into_iter().chain([spacer()]).collect()
        };
        let parts = shown.into_iter().chain(meetings);
        column(parts.chain(self.how(page))).gap(page.px(16.0))
    }

    /// Beside something else the next one has a line, or two if there is room.
    fn meetings(&self, page: &Page<'_>, visible: usize, brief: bool) -> Vec<Node> {
        if brief {
            let all = self.meetings.iter().take(visible).enumerate();
            let lines = if page.density == Density::Roomy { 2 } else { 1 };
            return all
                .map(|(index, m)| self.card(page, index, m, lines))
                .collect();
        }
        let mut all = Vec::new();
        let mut heading = String::new();
        for (index, meeting) in self.meetings.iter().take(visible).enumerate() {
            let of = self.heading(page, index, meeting);
            if of != heading {
                let style = page.type_of(TEXT, 600);
                let label = text(of.clone(), style, page.theme.text_quiet.0).rigid();
                let id = format!("day:{index}");
                all.push(label.means(Meaning::new(id, Role::Heading, of.clone())));
                heading = of;
            }
            all.push(self.card(page, index, meeting, 2));
        }
        all
    }

    fn heading(&self, page: &Page<'_>, index: usize, meeting: &Meeting) -> String {
        if index < self.under_way {
            return page.words.say(Message::Now);
        }
        let start = meeting.start.unwrap_or(Timestamp::UNIX_EPOCH);
        page.moments.day(start)
    }

    fn card(&self, page: &Page<'_>, index: usize, meeting: &Meeting, lines: u8) -> Node {
        let title = if self.titles && !meeting.private {
            page.title(&meeting.title)
        } else {
            page.words.say(Message::StillBusy)
        };
        let ink = page.theme.text.0;
        let time = meeting.start.map(|start| {
            let time = page.moments.time(start);
            text(
                time,
                page.type_of(TITLE, 600).figures(),
                page.theme.accent.0,
            )
            .width(page.px(TITLE) * TIME_EMS)
        });
        let words = text(title.clone(), page.type_of(TITLE, 600).lines(lines), ink);
        let unsure = rows::unsure(page, meeting);
        let note = unsure.clone().map(|unsure| {
            let quiet = page.theme.text_quiet.0;
            text(unsure, page.type_of(TEXT, 400), quiet)
        });
        let words = column([words].into_iter().chain(note)).share();
        let when = [Some(page.moments.range(meeting)), unsure];
        let when: Vec<String> = when.into_iter().flatten().collect();
        let content = row(time.into_iter().chain([words]))
            .gap(page.px(24.0))
            .paddings(page.px(28.0), page.px(20.0))
            .rigid();
        let meaning = Meaning::new(format!("meeting:{index}"), Role::ListItem, title);
        page.card(content).means(meaning.described(when.join(", ")))
    }

    /// How to begin, from the panel, with a laptop or by telephone.
    fn how(&self, page: &Page<'_>) -> Vec<Node> {
        let panel = page.words.say(Message::StillHowPanel);
        let laptop = page.words.say(Message::StillHowLaptop);
        let dial_in = self.dial_in.map(|dial_in| {
            let number = plain(dial_in);
            let number = [("number", Value::Foreign(&number))];
            page.words.tell(Message::StillHowPhone, number)
        });
        let all = [
            Some((Icon::Join, "how-panel", panel)),
            self.laptops.then_some((Icon::Laptop, "how-laptop", laptop)),
            dial_in.map(|words| (Icon::Answer, "how-phone", words)),
        ];
        let line = |(mark, id, words): (Icon, &str, String)| {
            let quiet = page.theme.text_quiet.0;
            let style = page.type_of(TEXT, 400).lines(2);
            let shown = text(words.clone(), style, quiet).whole().share();
            row([icon(mark, page.px(36.0), page.theme.accent.0), shown])
                .gap(page.px(20.0))
                .rigid()
                .means(Meaning::new(id, Role::Text, words))
        };
        all.into_iter().flatten().map(line).collect()
    }
}

/// Room, clock, date, how a phone gets in, and whether it is free.
fn side(page: &Page<'_>, phone: Option<&Arc<QrCode>>) -> Node {
    let portrait = page.scale.is_portrait();
    let (on, quiet) = (page.theme.on_side.0, page.theme.on_side_quiet.0);
    let name = plain(&page.view.room);
    let room = text(isolated(&name), page.type_of(ROOM, 600).lines(2), on);
    let clock = page.moments.clock();
    let width = if portrait {
        page.scale.width
    } else {
        page.px(SIDE)
    };
    let most = (width - 2.0 * page.px(MARGIN)) / CLOCK_EMS;
    let style = page.type_of(CLOCK, 300).at_most(most);
    let time = text(clock.clone(), style, on).rigid();
    let today = page.moments.today();
    let date = text(today.clone(), page.type_of(LEAD, 400).lines(2), quiet).rigid();
    let gap = if portrait {
        Node::default().height(page.px(24.0))
    } else {
        spacer()
    };
    let parts = [
        room.means(Meaning::new("room", Role::Heading, name)),
        gap.clone(),
        time.means(Meaning::new("clock", Role::Timer, clock)),
        date.means(Meaning::new("date", Role::Text, today)),
        gap.clone(),
    ];
    let code = phone
        .into_iter()
        .flat_map(|code| [by_phone(page, code), gap.clone()]);
    let parts = parts.into_iter().chain(code).chain([status(page)]);
    column(parts).shade(page.theme.side_top.0, page.theme.side_bottom.0)
}

/// A code, and what it is for.
fn by_phone(page: &Page<'_>, code: &Arc<QrCode>) -> Node {
    let side = if page.density == Density::Roomy {
        CODE_SIDE
    } else {
        CODE_SIDE_TIGHT
    };
    let picture = qr_code(code.clone(), page.px(side)).round(page.px(12.0));
    let label = page.words.say(Message::LinkByPhoneCode);
    let words = page.words.say(Message::StillHowScan);
    let style = page.type_of(TEXT, 600).lines(4);
    let shown = text(words.clone(), style, page.theme.on_side.0).whole();
    row([
        picture.means(Meaning::new("phone-code", Role::Image, label)),
        shown
            .share()
            .means(Meaning::new("how-scan", Role::Text, words)),
    ])
    .gap(page.px(20.0))
    .rigid()
}

fn status(page: &Page<'_>) -> Node {
    let Some((lamp, words)) = home::occupation(page) else {
        return Node::default();
    };
    let size = page.px(20.0);
    let dot = Node::default().fixed(size, size).fill(lamp);
    let style = page.type_of(TEXT, 600).lines(2);
    let words_shown = text(words.clone(), style, page.theme.on_side.0).share();
    row([dot.round(size / 2.0), words_shown])
        .gap(page.px(18.0))
        .means(Meaning::new("status", Role::Status, words))
}

/// Nothing comes, or nothing is known.
fn nothing(page: &Page<'_>) -> Node {
    let (mark, id, words) = match page.view.troubles.first() {
        Some(worst) if page.blocking() => {
            let words = crate::trouble::explain(page.words, worst, &page.moments, None).what;
            (Icon::Blocking, "trouble", words)
        }
        _ => (Icon::Free, "free", page.words.say(Message::NothingMore)),
    };
    let style = page.type_of(LEAD, 600).lines(3).centred();
    let shown = text(words.clone(), style, page.theme.text.0).rigid();
    let parts = [spacer(), circle(page, mark), shown, spacer()];
    let meaning = Meaning::new(id, Role::Status, words);
    column(parts).gap(page.px(24.0)).means(meaning).grow()
}

fn circle(page: &Page<'_>, mark: Icon) -> Node {
    let side = page.px(132.0);
    let circle = row([icon(mark, page.px(64.0), page.theme.on_accent_soft.0)])
        .centred()
        .fixed(side, side)
        .fill(page.theme.accent_soft.0)
        .round(side / 2.0);
    row([circle]).centred()
}

/// In the middle of its place, on a ground of its own.
fn poster(page: &Page<'_>, shown: &Arc<crate::Picture>) -> Node {
    let (width, height) = StillView::picture_size(page.view.width, page.view.height);
    let size = (width as f32, height as f32);
    row([picture(shown.clone())])
        .centred()
        .at_least(0.0, size.1)
        .most_wide(size.0)
        .rigid()
        .means(Meaning::new(
            "picture",
            Role::Image,
            page.words.say(Message::StillPicture),
        ))
}

/// A page of text, line by line.
fn notes(page: &Page<'_>, words: &str) -> Node {
    let lines: Vec<String> = words.lines().take(MOST_LINES).map(paragraph).collect();
    let label = lines.join("\n");
    let ink = page.theme.text.0;
    let line = |(index, line): (usize, String)| {
        if line.is_empty() {
            return Node::default().height(page.px(8.0));
        }
        // The first is what it is about.
        let style = match index {
            0 => page.type_of(TITLE, 600),
            _ => page.type_of(TEXT, 400),
        };
        text(isolated(&line), style.lines(4), ink).rigid()
    };
    let lines = lines.into_iter().enumerate().map(line);
    let content = column(lines)
        .gap(page.px(10.0))
        .paddings(page.px(32.0), page.px(26.0));
    page.card(content)
        .means(Meaning::new("text", Role::Text, label))
}

#[cfg(test)]
mod tests {
    use saal_core::{Obstacle, Sharing};
    use saal_fleet_protocol::config::Language;
    use saal_meeting::{JoinStage, Waiting};

    use super::*;
    use crate::{
        Comfort, Navigation, Signage, View, fonts::Fonts, layout::Paint, screens::lay_out_still,
    };

    /// Inter's capitals, in ems (sCapHeight of its OS/2 table).
    const CAPITALS: f32 = 0.727;

    fn still(size: (u32, u32), screen: StillScreen) -> StillView {
        let view = View {
            width: size.0,
            height: size.1,
            language: Language::De,
            file: None,
            comfort: Comfort::default(),
            time_zone: jiff::tz::TimeZone::UTC,
            now: Timestamp::UNIX_EPOCH,
            room: "Raum Lahn".to_owned(),
            support: None,
            screen: match screen {
                StillScreen::Joining => Screen::Joining {
                    title: "Team Weekly".to_owned(),
                    stage: JoinStage::Connecting,
                    returning: false,
                    obstacle: Some(Obstacle::Waiting(Waiting::Admission)),
                    heard: Vec::new(),
                    word: None,
                },
                _ => Screen::Home {
                    under_way: Vec::new(),
                    next: Vec::new(),
                    sharing: Sharing::Impossible,
                },
            },
            onlooker: saal_core::Onlooker::default(),
            settings: None,
            day: crate::DayView::default(),
            elsewhere: None,
            troubles: Vec::new(),
            navigation: Navigation::default(),
        };
        let text = Some("Willkommen\nWLAN: Gast".to_owned());
        let signage = Signage {
            picture: None,
            text,
        };
        StillView::new(view, signage, screen)
    }

    #[test]
    fn everything_is_read_from_six_metres() {
        let mut fonts = Fonts::new(&[]);
        let laptop = StillScreen::Laptop {
            address: "lahn.example.org".to_owned(),
            code: "123456".to_owned(),
        };
        let day = StillScreen::Day {
            titles: true,
            laptops: true,
            dial_in: Some("+49 641 5550123, PIN 4711".to_owned()),
            phone: Some(saal_meeting::Secret::new(
                "https://lahn.example.org:8443/phone",
            )),
        };
        for size in [(1280, 720), (1920, 1080), (3840, 2160)] {
            for screen in [&laptop, &day, &StillScreen::Joining] {
                let layout = lay_out_still(&still(size, screen.clone()), &mut fonts);
                let texts = layout.paints.iter().filter_map(|paint| match paint {
                    Paint::Text(shaped, ..) => Some((shaped.em(), shaped.words()?)),
                    _ => None,
                });
                let texts: Vec<(u32, &str)> = texts.collect();
                assert!(texts.len() > 1);
                for (em, words) in texts {
                    let least = size.1 as f32 / 36.0;
                    assert!(
                        em as f32 * CAPITALS >= least,
                        "\"{words}\" has {em} pixels at {size:?}"
                    );
                }
            }
        }
    }
}
