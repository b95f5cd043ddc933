//! Displays that one process lends to another.
//!
//! A graphics card has one master. Where the daemon has the panel on a card, it lends the card's other displays to the media
//! engine: messages over a socket pair, each one JSON document, and with the answer to "lend me this" the lease itself as a
//! file descriptor (unix(7), SCM_RIGHTS). Who borrows needs no right to any graphics card, and what it borrowed ends with it.

use std::{
    collections::HashMap,
    io,
    os::fd::{AsFd, OwnedFd},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use nix::sys::{
    socket::{AddressFamily, SockFlag, SockType, setsockopt, socketpair, sockopt::ReceiveTimeout},
    time::{TimeVal, TimeValLike},
};
use saal_hal::{Display, DisplayError, DisplayMode, Displays};
use serde::{Deserialize, Serialize};

use crate::{
    DrmDisplays, LeasedDisplay,
    descriptors::{receive_descriptors, send_descriptors},
};

/// The longest message: many displays with all their modes.
const LONGEST: usize = 256 << 10;
/// Setting a mode takes a fraction of this.
const ANSWERED_WITHIN: Duration = Duration::from_secs(10);

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
enum Request {
    List {},
    Lend {
        display: Display,
        width: u32,
        height: u32,
    },
    GiveBack {
        lease: u32,
    },
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
enum Answer {
    Displays(Vec<Display>),
    Lent(Lent),
    Refused(DisplayError),
    Back {},
}

/// What is lent, beside its descriptor.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Lent {
    lease: u32,
    connector: u32,
    mode: DisplayMode,
}

/// Both ends of a socket for it: for who lends, and for who borrows.
///
/// # Errors
/// When there are no descriptors left.
pub fn lending_pair() -> io::Result<(OwnedFd, OwnedFd)> {
    // Messages stay whole, and their descriptors with them.
    let kind = SockType::SeqPacket;
    Ok(socketpair(
        AddressFamily::Unix,
        kind,
        None,
        SockFlag::SOCK_CLOEXEC,
    )?)
}

/// Lends the displays of a machine. Those who clone it know of what is lent.
#[derive(Clone, Debug, Default)]
pub struct Lender {
    displays: DrmDisplays,
    lent: Arc<Mutex<HashMap<u32, (String, LeasedDisplay)>>>,
}

impl Lender {
    /// Of these displays.
    #[must_use]
    pub fn of(displays: &DrmDisplays) -> Self {
        Self {
            displays: displays.clone(),
            lent: Arc::default(),
        }
    }

    /// Takes a display back from whoever has it; its picture ends there.
    pub fn take_back(&self, id: &str) {
        self.lent().retain(|_, (display, _)| display != id);
    }

    /// Serves one borrower until it is gone, and takes back what it had. `withheld` names the display that is not lent; it is
    /// asked each time, and may wait until that is known.
    pub fn serve(&self, socket: &OwnedFd, withheld: &dyn Fn() -> Option<String>) {
        let mut own = Vec::new();
        while let Ok(Some((request, _))) = receive::<Request>(socket) {
            let (answer, fd) = self.answer(request, withheld, &mut own);
            if let Err(error) = send(socket, &answer, fd.as_ref()) {
                tracing::warn!(%error, "who borrows displays does not hear");
                break;
            }
        }
        self.lent().retain(|lease, _| !own.contains(lease));
    }

    fn answer(
        &self,
        request: Request,
        withheld: &dyn Fn() -> Option<String>,
        own: &mut Vec<u32>,
    ) -> (Answer, Option<OwnedFd>) {
        match request {
            Request::List {} => match self.list(withheld) {
                Ok(all) => (Answer::Displays(all), None),
                Err(error) => (Answer::Refused(error), None),
            },
            Request::Lend {
                display,
                width,
                height,
            } => match self.lend(&display, (width, height), withheld) {
                Ok((lent, fd)) => {
                    own.push(lent.lease);
                    (Answer::Lent(lent), Some(fd))
                }
                Err(error) => (Answer::Refused(error), None),
            },
            Request::GiveBack { lease } => {
                if own.contains(&lease) {
                    self.lent().remove(&lease);
                }
                (Answer::Back {}, None)
            }
        }
    }

    fn list(&self, withheld: &dyn Fn() -> Option<String>) -> Result<Vec<Display>, DisplayError> {
        let withheld = withheld();
        let mut all = self.displays.list()?;
        all.retain(|display| Some(&display.id) != withheld.as_ref());
        Ok(all)
    }

    fn lend(
        &self,
        display: &Display,
        (width, height): (u32, u32),
        withheld: &dyn Fn() -> Option<String>,
    ) -> Result<(Lent, OwnedFd), DisplayError> {
        let name = || display.name.clone();
        if withheld().as_ref() == Some(&display.id) {
            return Err(DisplayError::Busy { display: name() });
        }
        let lease = self.displays.lease(display, width, height)?;
        let fd = lease.duplicate().map_err(|error| failed(&name(), &error))?;
        let mut all = self.lent();
        let number = all.keys().max().map_or(1, |last| last.saturating_add(1));
        let lent = Lent {
            lease: number,
            connector: lease.connector(),
            mode: lease.mode(),
        };
        all.insert(number, (display.id.clone(), lease));
        Ok((lent, fd))
    }

    fn lent(&self) -> MutexGuard<'_, HashMap<u32, (String, LeasedDisplay)>> {
        self.lent.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The displays that another process lends.
#[derive(Clone, Debug)]
pub struct BorrowedDisplays(Arc<Mutex<OwnedFd>>);

impl BorrowedDisplays {
    /// Over this socket.
    ///
    /// # Errors
    /// When it is no socket.
    pub fn over(socket: OwnedFd) -> io::Result<Self> {
        // A lender that hangs must not take its borrower with it.
        let seconds = i64::try_from(ANSWERED_WITHIN.as_secs()).unwrap_or(i64::MAX);
        setsockopt(&socket, ReceiveTimeout, &TimeVal::seconds(seconds))?;
        Ok(Self(Arc::new(Mutex::new(socket))))
    }

    /// As [`DrmDisplays::lease`], from whoever lends.
    ///
    /// # Errors
    /// As there; and when nobody lends any more.
    pub fn lease(
        &self,
        display: &Display,
        width: u32,
        height: u32,
    ) -> Result<LeasedDisplay, DisplayError> {
        let request = Request::Lend {
            display: display.clone(),
            width,
            height,
        };
        match self.ask(&request, &display.name)? {
            (Answer::Lent(lent), Some(fd)) => {
                let back = (self.clone(), lent.lease);
                Ok(LeasedDisplay::borrowed(fd, lent.connector, lent.mode, back))
            }
            (Answer::Refused(error), _) => Err(error),
            (answer, _) => Err(nonsense(&display.name, &answer)),
        }
    }

    /// Tells that a lease is not needed any more.
    pub(crate) fn give_back(&self, lease: u32) {
        if let Err(error) = self.ask(&Request::GiveBack { lease }, "") {
            tracing::debug!(%error, "a display was given back to nobody");
        }
    }

    fn ask(
        &self,
        request: &Request,
        display: &str,
    ) -> Result<(Answer, Option<OwnedFd>), DisplayError> {
        let socket = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let answer = send(&socket, request, None).and_then(|()| receive(&socket));
        match answer {
            Ok(Some(answer)) => Ok(answer),
            Ok(None) => Err(failed(display, &io::Error::other("nobody lends any more"))),
            Err(error) => Err(failed(display, &error)),
        }
    }
}

impl Displays for BorrowedDisplays {
    fn list(&self) -> Result<Vec<Display>, DisplayError> {
        match self.ask(&Request::List {}, "")? {
            (Answer::Displays(all), _) => Ok(all),
            (Answer::Refused(error), _) => Err(error),
            (answer, _) => Err(nonsense("", &answer)),
        }
    }

    fn check(&self, display: &Display) -> Result<(), DisplayError> {
        self.lease(display, 0, 0).map(drop)
    }
}

fn send<T: Serialize>(socket: &OwnedFd, message: &T, fd: Option<&OwnedFd>) -> io::Result<()> {
    let text = serde_json::to_vec(message)?;
    let descriptors: Vec<_> = fd.map(AsFd::as_fd).into_iter().collect();
    send_descriptors(socket, &text, &descriptors)
}

/// The next message, and the descriptor that came with it; `None` when the other end is closed.
fn receive<T: for<'a> Deserialize<'a>>(
    socket: &OwnedFd,
) -> io::Result<Option<(T, Option<OwnedFd>)>> {
    let mut text = vec![0; LONGEST];
    let (length, descriptors) = receive_descriptors(socket, &mut text)?;
    if length == 0 {
        return Ok(None);
    }
    let message = serde_json::from_slice(&text[..length])?;
    Ok(Some((message, descriptors.into_iter().next())))
}

fn failed(display: &str, error: &io::Error) -> DisplayError {
    DisplayError::Device {
        display: display.to_owned(),
        operation: "borrow it".to_owned(),
        reason: error.to_string(),
    }
}

fn nonsense(display: &str, answer: &Answer) -> DisplayError {
    let error = io::Error::other(format!("the answer makes no sense: {answer:?}"));
    failed(display, &error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_borrows_hears_what_is_not_there_and_that_the_lender_is_gone() {
        let (lends, borrows) = lending_pair().unwrap();
        let borrowed = BorrowedDisplays::over(borrows).unwrap();
        let lender = std::thread::spawn(move || {
            Lender::default().serve(&lends, &|| Some("panel".to_owned()));
        });
        let display = |id: &str| Display {
            id: id.to_owned(),
            name: "TV".to_owned(),
            connector: "HDMI-A-9".to_owned(),
            node: "/dev/dri/card99".to_owned(),
            modes: Vec::new(),
            millimetres: None,
        };
        let refused = borrowed.check(&display("elsewhere"));
        assert!(
            matches!(refused, Err(DisplayError::NotFound { .. })),
            "{refused:?}"
        );
        let withheld = borrowed.check(&display("panel"));
        assert!(
            matches!(withheld, Err(DisplayError::Busy { .. })),
            "{withheld:?}"
        );
        borrowed.give_back(7);
        drop(borrowed);
        lender.join().unwrap();

        let (lends, borrows) = lending_pair().unwrap();
        drop(lends);
        let gone = BorrowedDisplays::over(borrows).unwrap().list();
        assert!(matches!(gone, Err(DisplayError::Device { .. })), "{gone:?}");
    }

    #[test]
    fn a_descriptor_arrives_with_its_message() {
        let (one, other) = lending_pair().unwrap();
        let mut file = tempfile::tempfile().unwrap();
        io::Write::write_all(&mut file, b"it is this").unwrap();
        send(&one, &Answer::Back {}, Some(&OwnedFd::from(file))).unwrap();
        let (_, fd) = receive::<Answer>(&other).unwrap().unwrap();
        let mut file = std::fs::File::from(fd.unwrap());
        let mut text = String::new();
        io::Seek::rewind(&mut file).unwrap();
        io::Read::read_to_string(&mut file, &mut text).unwrap();
        assert_eq!(text, "it is this");
        drop(one);
        assert!(receive::<Answer>(&other).unwrap().is_none());
    }
}
