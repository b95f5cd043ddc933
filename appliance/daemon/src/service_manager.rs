//! Tells the service manager that the room is up, and again and again that its loop still turns (sd_notify(3)).
//!
//! Without one, as when somebody runs the daemon by hand, nothing is told.

use std::{
    env,
    ffi::OsStr,
    io,
    os::{
        linux::net::SocketAddrExt,
        unix::{
            ffi::OsStrExt,
            net::{SocketAddr, UnixDatagram},
        },
    },
    time::Duration,
};

/// Where the service manager listens.
const SOCKET: &str = "NOTIFY_SOCKET";
/// After how many microseconds of silence it kills the service.
const WATCHDOG: &str = "WATCHDOG_USEC";

/// What [`ServiceManager::alive`] tells; [`ServiceManager::ready`] tells the first.
#[derive(Default)]
pub(crate) struct ServiceManager {
    socket: Option<(UnixDatagram, SocketAddr)>,
    /// Between two signs of life.
    every: Option<Duration>,
    /// When the next one is due (monotonic).
    due: Duration,
}

impl ServiceManager {
    /// The one that started this process, as its environment says.
    pub(crate) fn of_this_process() -> Self {
        let socket = env::var_os(SOCKET).and_then(|name| {
            connect(&name)
                .inspect_err(|error| tracing::warn!(%error, "the service manager is not reached"))
                .ok()
        });
        let watchdog = env::var(WATCHDOG).ok().and_then(|text| text.parse().ok());
        Self::new(socket, watchdog.map(Duration::from_micros))
    }

    fn new(socket: Option<(UnixDatagram, SocketAddr)>, watchdog: Option<Duration>) -> Self {
        Self {
            // A third: one that is late is no death.
            every: watchdog.filter(|_| socket.is_some()).map(|all| all / 3),
            socket,
            due: Duration::ZERO,
        }
    }

    /// The room is up.
    pub(crate) fn ready(&self) {
        self.tell("READY=1");
    }

    /// The loop has come round at this time (monotonic). Gives the time of the next sign of life, if one is waited for.
    pub(crate) fn alive(&mut self, now: Duration) -> Option<Duration> {
        let every = self.every?;
        if now >= self.due {
            self.tell("WATCHDOG=1");
            self.due = now + every;
        }
        Some(self.due)
    }

    fn tell(&self, what: &str) {
        if let Some((socket, address)) = &self.socket
            && let Err(error) = socket.send_to_addr(what.as_bytes(), address)
        {
            tracing::warn!(%error, what, "the service manager does not hear");
        }
    }
}

/// `/path`, or `@name` in the abstract name space.
fn connect(name: &OsStr) -> io::Result<(UnixDatagram, SocketAddr)> {
    let address = match name.as_bytes() {
        [b'@', rest @ ..] => SocketAddr::from_abstract_name(rest)?,
        _ => SocketAddr::from_pathname(name)?,
    };
    Ok((UnixDatagram::unbound()?, address))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn heard(socket: &UnixDatagram) -> Option<String> {
        let mut buffer = [0; 64];
        let length = socket.recv(&mut buffer).ok()?;
        Some(String::from_utf8_lossy(&buffer[..length]).into_owned())
    }

    #[test]
    fn it_hears_of_the_start_and_then_as_often_as_it_wants() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("notify");
        let listener = UnixDatagram::bind(&path).unwrap();
        listener.set_nonblocking(true).unwrap();
        let seconds = Duration::from_secs;
        let mut manager =
            ServiceManager::new(Some(connect(path.as_os_str()).unwrap()), Some(seconds(30)));
        manager.ready();
        assert_eq!(heard(&listener).as_deref(), Some("READY=1"));
        assert_eq!(manager.alive(seconds(1)), Some(seconds(11)));
        assert_eq!(heard(&listener).as_deref(), Some("WATCHDOG=1"));
        assert_eq!(manager.alive(seconds(10)), Some(seconds(11)));
        assert_eq!(heard(&listener), None, "it is not due");
        assert_eq!(manager.alive(seconds(12)), Some(seconds(22)));
        assert_eq!(heard(&listener).as_deref(), Some("WATCHDOG=1"));
    }

    #[test]
    fn names_of_the_abstract_name_space_are_reached() {
        let name = format!("saal-test-{}", std::process::id());
        let address = SocketAddr::from_abstract_name(&name).unwrap();
        let listener = UnixDatagram::bind_addr(&address).unwrap();
        let socket = connect(OsStr::new(&format!("@{name}"))).unwrap();
        ServiceManager::new(Some(socket), None).ready();
        assert_eq!(heard(&listener).as_deref(), Some("READY=1"));
    }

    #[test]
    fn without_one_nothing_is_due() {
        let mut nobody = ServiceManager::new(None, Some(Duration::from_secs(3)));
        nobody.ready();
        assert_eq!(nobody.alive(Duration::ZERO), None);
    }
}
