//! Pages of the panel elsewhere, on visitors' phones and at the door: who is in, and where each is on its page.

use std::time::Duration;

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use saal_core::{Intent, Now, PhoneAction, Room};
use saal_fleet_protocol::config::Language;
use saal_meeting::Secret;
use saal_panel::{Document, DoorView, Navigation, OFFERS, View};
use subtle::ConstantTimeEq;

/// Bytes of a token: nobody guesses one.
const TOKEN: usize = 16;
/// Phones at a time; another one takes the place of that which was silent for longest.
const MOST_PHONES: usize = 16;

/// A choice that nobody makes at the door is closed: who comes next wants to see whether the room is free.
const DOOR_PATIENCE: Duration = Duration::from_secs(60);

/// Who looks at a page.
#[derive(Clone, Debug)]
pub(crate) enum Guest {
    /// The phone of this name.
    Phone(String),
    /// The tablet at the door, which has shown its token.
    Door,
}

/// What comes from a page.
#[derive(Debug)]
pub(crate) enum PageRequest {
    /// Somebody scanned the code.
    Enter { token: String },
    /// Somebody who is in asks for the page.
    Look {
        guest: Guest,
        language: Option<Language>,
    },
    /// Somebody pressed a button; `what` is its value.
    Press {
        guest: Guest,
        language: Option<Language>,
        what: String,
        /// What was typed beside it.
        text: Secret,
    },
}

/// What the page is told.
#[derive(Debug)]
pub(crate) enum PageReply {
    /// The phone is in, under this name that nobody else knows.
    Entered(String),
    /// As it stands now.
    Page(Box<Document>),
    /// The guest has no say, or no more.
    Over(Box<Document>),
}

/// A secret that stands in an address or cookie.
pub(crate) fn new_secret() -> Option<String> {
    let mut bytes = [0; TOKEN];
    getrandom::fill(&mut bytes).ok()?;
    Some(BASE64_URL_SAFE_NO_PAD.encode(bytes))
}

/// Those that are in, the phone that was heard of last behind.
#[derive(Default)]
pub(crate) struct Guests {
    phones: Vec<(String, Visit)>,
    door: Navigation,
    /// When something was pressed at the door (monotonic).
    door_pressed: Duration,
}

impl Guests {
    /// Answers, and says what the room is to do.
    pub(crate) fn take(
        &mut self,
        request: PageRequest,
        room: &Room,
        now: Now,
    ) -> (Option<Intent>, PageReply) {
        self.follow(room, now);
        let (guest, language, what) = match request {
            PageRequest::Enter { token } => return (None, self.enter(&token, room)),
            PageRequest::Look { guest, language } => (guest, language, None),
            PageRequest::Press {
                guest,
                language,
                what,
                text,
            } => (guest, language, Some((what, text))),
        };
        let intent = what.and_then(|what| self.press(&guest, what, room, now));
        (intent, self.page(&guest, language, room, now))
    }

    /// As it stands now, for this guest.
    pub(crate) fn page(
        &mut self,
        guest: &Guest,
        language: Option<Language>,
        room: &Room,
        now: Now,
    ) -> PageReply {
        self.follow(room, now);
        let document = match guest {
            Guest::Phone(phone) => self
                .visit(phone)
                .and_then(|visit| on_a_phone(visit, language, room, now)),
            Guest::Door => {
                DoorView::of(room, now, &self.door, language).map(|view| saal_panel::door(&view))
            }
        };
        match document {
            Some(document) => PageReply::Page(Box::new(document)),
            None => over(language, room),
        }
    }

    /// A token that is no longer good takes all with it that it let in.
    fn follow(&mut self, room: &Room, now: Now) {
        self.phones.retain(|(_, visit)| {
            room.phone_tickets()
                .any(|ticket| ticket.token == visit.token)
        });
        for (_, visit) in &mut self.phones {
            visit.navigation.follow(room);
        }
        if now.mono.saturating_sub(self.door_pressed) >= DOOR_PATIENCE {
            self.door = Navigation::default();
        }
        self.door.follow(room);
    }

    fn enter(&mut self, token: &str, room: &Room) -> PageReply {
        // All of them are looked at, so that the time it takes says nothing.
        let tickets = room.phone_tickets().map(|ticket| &ticket.token);
        let right = tickets.fold(None, |right, known| {
            let same: bool = known.reveal().as_bytes().ct_eq(token.as_bytes()).into();
            if same { Some(known) } else { right }
        });
        let (Some(phone), Some(token)) = (new_secret(), right) else {
            return over(None, room);
        };
        if self.phones.len() == MOST_PHONES {
            self.phones.remove(0);
        }
        let mut visit = Visit {
            token: token.clone(),
            navigation: Navigation::default(),
            wrong: None,
        };
        visit.navigation.follow(room);
        self.phones.push((phone.clone(), visit));
        PageReply::Entered(phone)
    }

    /// Where they are; a phone was heard of now.
    fn navigation(&mut self, guest: &Guest) -> Option<&mut Navigation> {
        let Guest::Phone(phone) = guest else {
            return Some(&mut self.door);
        };
        self.visit(phone).map(|visit| &mut visit.navigation)
    }

    /// Whoever says where to go has been let in; where it leads nowhere their page says so.
    fn offer(&mut self, guest: &Guest, text: Secret, room: &Room) -> Option<Intent> {
        let Guest::Phone(phone) = guest else {
            return None;
        };
        let visit = self.visit(phone)?;
        if room.leads(&text).is_none() {
            visit.wrong = Some(text);
            return None;
        }
        visit.wrong = None;
        Some(Intent::Phone(PhoneAction::Offer(text)))
    }

    fn visit(&mut self, phone: &str) -> Option<&mut Visit> {
        let at = self.phones.iter().position(|(known, _)| {
            let same: bool = known.as_bytes().ct_eq(phone.as_bytes()).into();
            same
        })?;
        let known = self.phones.remove(at);
        self.phones.push(known);
        self.phones.last_mut().map(|(_, visit)| visit)
    }

    /// The element is looked for on the page as it stands now: what is gone or other than it was means nothing.
    fn press(
        &mut self,
        guest: &Guest,
        (what, text): (String, Secret),
        room: &Room,
        now: Now,
    ) -> Option<Intent> {
        if matches!(guest, Guest::Phone(_)) && what == OFFERS {
            return self.offer(guest, text, room);
        }
        if matches!(guest, Guest::Door) {
            self.door_pressed = now.mono;
        }
        let navigation = self.navigation(guest)?;
        let (id, on) = saal_panel::pressed_from(&what)?;
        let (intent, step) = match guest {
            Guest::Phone(_) => {
                let view = View::for_phone(room, now, navigation, None)?;
                saal_panel::pressed(&view, id, on)?
            }
            Guest::Door => {
                let view = DoorView::of(room, now, navigation, None)?;
                saal_panel::door_pressed(&view, id, on)?
            }
        };
        if let Some(step) = step {
            navigation.take(step);
        }
        intent
    }
}

fn on_a_phone(
    visit: &Visit,
    language: Option<Language>,
    room: &Room,
    now: Now,
) -> Option<Document> {
    let in_call = View::for_phone(room, now, &visit.navigation, language);
    if let Some(view) = in_call {
        return Some(saal_panel::phone(&view));
    }
    let (elsewhere, wrong) = (room.elsewhere(now), visit.wrong.as_ref());
    saal_panel::phone_at_home(
        room,
        elsewhere.as_ref(),
        language,
        wrong.map(Secret::reveal),
    )
}

/// Where somebody on a phone is.
struct Visit {
    /// What let it in.
    token: Secret,
    navigation: Navigation,
    /// What was typed there and leads nowhere.
    wrong: Option<Secret>,
}

fn over(language: Option<Language>, room: &Room) -> PageReply {
    let rooms_own = || room.config().map(|c| c.room.language).unwrap_or_default();
    let language = language.unwrap_or_else(rooms_own);
    PageReply::Over(Box::new(saal_panel::phone_over(language)))
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use saal_core::Event;
    use saal_fleet_protocol::config;

    use super::*;

    fn now(seconds: u64) -> Now {
        Now {
            wall: Timestamp::UNIX_EPOCH,
            mono: Duration::from_secs(seconds),
        }
    }

    fn html(reply: PageReply) -> String {
        match reply {
            PageReply::Page(document) => document.main,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_page_from_the_television_outlives_the_next_code_and_not_the_one_after() {
        let text = "version = 1\n[room]\nname = \"Raum Lahn\"\ntime_zone = \"UTC\"\n\
                    [[meetings]]\ntitle = \"Standing\"\nlink = \"https://meet.example.org/Standing\"\n\
                    [browsers]\nlisten = \"0.0.0.0:8443\"\nphone = true\n";
        let mut room = Room::new();
        let config = Box::new(config::parse(text).unwrap());
        room.handle(now(1), Event::Config(config));
        let show = |room: &mut Room, at: u64, token: &str| {
            room.handle(now(at), Event::Deadline);
            let ticket = saal_core::PhoneTicket {
                address: Secret::new("https://192.0.2.7:8443/phone"),
                token: Secret::new(token),
                fingerprint: None,
            };
            room.handle(now(at), Event::PhoneTicket(Some(ticket)));
        };
        show(&mut room, 2, "one");
        let mut guests = Guests::default();
        let enter = |token: &str| PageRequest::Enter {
            token: token.to_owned(),
        };
        let wrong = guests.take(enter("other"), &room, now(3)).1;
        assert!(matches!(wrong, PageReply::Over(_)), "{wrong:?}");
        let PageReply::Entered(phone) = guests.take(enter("one"), &room, now(3)).1 else {
            panic!("it has the code of the television");
        };
        let look = |guests: &mut Guests, room: &Room, at: u64| {
            let guest = Guest::Phone(phone.clone());
            matches!(guests.page(&guest, None, room, now(at)), PageReply::Page(_))
        };
        assert!(look(&mut guests, &room, 4));
        show(&mut room, 602, "two");
        assert!(look(&mut guests, &room, 603), "somebody is typing there");
        show(&mut room, 1_203, "three");
        assert!(!look(&mut guests, &room, 1_204));
    }

    #[test]
    fn a_choice_that_nobody_makes_at_the_door_is_closed() {
        let text = "version = 1\n[room]\nname = \"Raum Lahn\"\ntime_zone = \"UTC\"\n\
                    [[meetings]]\ntitle = \"Standing\"\nlink = \"https://meet.example.org/Standing\"\n\
                    [browsers]\nlisten = \"0.0.0.0:8443\"\n[door]\ntoken_file = \"door\"\n";
        let mut room = Room::new();
        let config = Box::new(config::parse(text).unwrap());
        room.handle(now(1), Event::Config(config));
        room.handle(now(1), Event::CalendarWritable(true));
        let mut guests = Guests::default();
        let press = |what: &str| PageRequest::Press {
            guest: Guest::Door,
            language: None,
            what: what.to_owned(),
            text: Secret::new(""),
        };
        let (intent, reply) = guests.take(press("=book"), &room, now(100));
        assert_eq!(intent, None);
        assert!(html(reply).contains("=book:0"));
        let later = guests.page(&Guest::Door, None, &room, now(159));
        assert!(html(later).contains("=book:0"), "people take their time");
        let left = html(guests.page(&Guest::Door, None, &room, now(160)));
        assert!(
            !left.contains("=book:0") && left.contains("=book\""),
            "{left}"
        );
        assert_eq!(guests.take(press("=book:0"), &room, now(161)).0, None);
    }
}
