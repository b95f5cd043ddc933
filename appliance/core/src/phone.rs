//! Visitors' phones as a second panel, for one meeting, or to say where the room is to go.
//!
//! People have the panel show a code that a phone's camera reads. It leads to a page with a token, which is good until
//! the room is out of that meeting, or goes into one, or people send all phones away.

use std::time::Duration;

use saal_meeting::{CallId, Secret};

/// What people do about phones.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PhoneAction {
    /// Show the code.
    Invite,
    /// The phones that came have no say any more.
    Dismiss,
    /// A phone says where the room might go: a link, an alias, or a name. People at the panel decide.
    Offer(Secret),
    /// Not there.
    Decline,
}

/// What the panel shows of how a phone becomes a second panel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PhoneDoor {
    /// There is no token yet.
    Opening,
    /// A phone that shows the token gets in.
    Open(PhoneTicket),
    /// The room does not listen; the log says why.
    Broken,
}

/// What lets phones in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PhoneTicket {
    /// What the code says: the page's address, `https://…`, with the token.
    pub address: Secret,
    /// What a phone has to show.
    pub token: Secret,
    /// Beginning of the SHA-256 of a certificate that browsers warn of, as they write it; `None` where they know who
    /// signed it.
    pub fingerprint: Option<String>,
}

/// A place to which a phone would like the room to go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offer {
    /// As it was typed there.
    pub typed: Secret,
    /// Where it leads, without tokens and passwords.
    pub place: String,
}

/// What phones are let in to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Let {
    /// Work this call.
    In(CallId),
    /// Say where to go, while the room is in no meeting; until then at most (monotonic).
    Home(Duration),
}

/// How long a code is good that leads to no meeting yet, and how long the panel asks whether to go where a phone would like
/// to: whoever fetches their phone, or comes to the panel, does so within that.
const GOOD_FOR: Duration = Duration::from_secs(10 * 60);
/// Where the room does not listen it may do so later.
const BROKEN_FOR: Duration = Duration::from_secs(30);

/// The door to a call, or to the room at home, and the code on the television.
#[derive(Debug, Default)]
pub(crate) struct Phones {
    door: Option<(Let, PhoneDoor)>,
    board: Option<Board>,
    /// What a phone would like, for people at the panel to say yes or no to; and until when they are asked (monotonic).
    offer: Option<(Offer, Duration)>,
}

/// The code on the television while the room is in no meeting. Another one takes its place from time to time, so that whoever
/// took a picture of it has no say for long; the page of who scanned it just then stays.
#[derive(Debug)]
struct Board {
    door: PhoneDoor,
    /// When another one takes its place (monotonic).
    until: Duration,
    before: Option<PhoneTicket>,
}

/// What became of the code on the television.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BoardNews {
    /// Nothing.
    Same,
    /// It is gone.
    Gone,
    /// There is a token to be thought of.
    Asks,
}

impl Phones {
    pub(crate) fn door(&self) -> Option<&PhoneDoor> {
        self.door.as_ref().map(|(_, door)| door)
    }

    pub(crate) fn offer(&self) -> Option<&Offer> {
        self.offer.as_ref().map(|(offer, _)| offer)
    }

    /// What the code on the television says.
    pub(crate) fn board(&self) -> Option<&PhoneTicket> {
        ticket(&self.board.as_ref()?.door)
    }

    /// All that let phones in.
    pub(crate) fn tickets(&self) -> impl Iterator<Item = &PhoneTicket> {
        let before = self.board.as_ref().and_then(|board| board.before.as_ref());
        let door = self.door().and_then(ticket);
        door.into_iter().chain(self.board()).chain(before)
    }

    /// True if there is a token to be thought of.
    pub(crate) fn open(&mut self, call: Option<CallId>, now: Duration) -> bool {
        let opens = !matches!(self.door(), Some(PhoneDoor::Open(_)));
        if opens {
            let to = call.map_or(Let::Home(now + GOOD_FOR), Let::In);
            self.door = Some((to, PhoneDoor::Opening));
        }
        opens
    }

    /// A token, or none as nobody listens. Too late for a door that was closed.
    pub(crate) fn invite(&mut self, ticket: Option<PhoneTicket>, now: Duration) {
        let broken = ticket.is_none();
        let new = ticket.map_or(PhoneDoor::Broken, PhoneDoor::Open);
        if let Some((_, door)) = self.door.as_mut().filter(|(_, d)| *d == PhoneDoor::Opening) {
            *door = new;
        } else if let Some(board) = self.board.as_mut()
            && board.door == PhoneDoor::Opening
        {
            board.door = new;
            if broken {
                board.until = now + BROKEN_FOR;
            }
        }
    }

    /// The phones that people wanted have no say any more.
    pub(crate) fn close(&mut self) {
        (self.door, self.offer) = (None, None);
    }

    /// A phone says where to go; the last one counts.
    pub(crate) fn take(&mut self, offer: Offer, now: Duration) {
        self.offer = Some((offer, now + GOOD_FOR));
    }

    /// People at the panel did not want that.
    pub(crate) fn decline(&mut self) {
        self.offer = None;
    }

    /// There is a code on the television, or none.
    pub(crate) fn follow_board(&mut self, wanted: bool, now: Duration) -> BoardNews {
        if !wanted {
            return match self.board.take() {
                Some(_) => BoardNews::Gone,
                None => BoardNews::Same,
            };
        }
        let before = match self.board.take() {
            Some(board) if now < board.until => {
                self.board = Some(board);
                return BoardNews::Same;
            }
            Some(board) => ticket(&board.door).cloned(),
            None => None,
        };
        self.board = Some(Board {
            door: PhoneDoor::Opening,
            until: now + GOOD_FOR,
            before,
        });
        BoardNews::Asks
    }

    /// Nothing is left of a call that is over, nor of a code that nobody used; says whether something went.
    pub(crate) fn follow(&mut self, call: Option<CallId>, at_home: bool, now: Duration) -> bool {
        let good = |to: Let| match to {
            Let::In(of) => Some(of) == call,
            Let::Home(until) => at_home && now < until,
        };
        let gone = self.door.as_ref().is_some_and(|(to, _)| !good(*to));
        if gone {
            self.close();
        }
        let late = |until: Duration| !at_home || now >= until;
        let forgot = self.offer.take_if(|(_, until)| late(*until)).is_some();
        gone || forgot
    }

    pub(crate) fn next_deadline(&self) -> Option<Duration> {
        let door = self.door.as_ref().and_then(|(to, _)| match to {
            Let::Home(until) => Some(*until),
            Let::In(_) => None,
        });
        let board = self.board.as_ref().map(|board| board.until);
        let offer = self.offer.as_ref().map(|(_, until)| *until);
        [door, board, offer].into_iter().flatten().min()
    }
}

fn ticket(door: &PhoneDoor) -> Option<&PhoneTicket> {
    match door {
        PhoneDoor::Open(ticket) => Some(ticket),
        PhoneDoor::Opening | PhoneDoor::Broken => None,
    }
}
