//! How the world sees our sockets: STUN binding requests (RFC 8489), without a clock or a socket.

use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};

use stun_types::{
    attribute::XorMappedAddress,
    message::{
        BINDING, Message, MessageClass, MessageWrite, MessageWriteExt, MessageWriteVec,
        TransactionId,
    },
};

/// Before the first repetition; doubled for each (RFC 8489 section 6.2.1).
const FIRST_WAIT: Duration = Duration::from_millis(500);
/// Requests that are sent at most; a server that is this slow helps nobody to join.
const TRIES: u32 = 5;

/// All requests of a connection.
#[derive(Debug, Default)]
pub(super) struct Reflexive {
    bases: Vec<SocketAddr>,
    servers: Vec<SocketAddr>,
    requests: Vec<Request>,
}

#[derive(Debug)]
struct Request {
    base: SocketAddr,
    server: SocketAddr,
    transaction: TransactionId,
    message: Vec<u8>,
    sent: u32,
    due: Instant,
}

/// A request to send.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Ask {
    pub(super) base: SocketAddr,
    pub(super) server: SocketAddr,
    pub(super) message: Vec<u8>,
}

/// What a datagram of a server says.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Answer {
    /// It is none.
    None,
    /// Nothing new.
    Known,
    /// The socket is seen at this address.
    Seen(SocketAddr),
}

impl Reflexive {
    /// A socket of ours.
    pub(super) fn add_base(&mut self, now: Instant, base: SocketAddr) {
        self.bases.push(base);
        for server in self.servers.clone() {
            self.ask(now, base, server);
        }
    }

    /// A socket is gone.
    pub(super) fn drop_base(&mut self, base: SocketAddr) {
        self.bases.retain(|other| *other != base);
        self.requests.retain(|request| request.base != base);
    }

    /// A server's address is known.
    pub(super) fn add_server(&mut self, now: Instant, server: SocketAddr) {
        if self.servers.contains(&server) {
            return;
        }
        self.servers.push(server);
        for base in self.bases.clone() {
            self.ask(now, base, server);
        }
    }

    fn ask(&mut self, now: Instant, base: SocketAddr, server: SocketAddr) {
        let reachable = base.ip().is_loopback() == server.ip().is_loopback();
        if base.is_ipv4() != server.is_ipv4() || !reachable {
            return;
        }
        let message = Message::builder_request(BINDING, MessageWriteVec::new());
        self.requests.push(Request {
            base,
            server,
            transaction: message.transaction_id(),
            message: message.finish(),
            sent: 0,
            due: now,
        });
    }

    /// When to call [`Reflexive::poll`] next.
    pub(super) fn due(&self) -> Option<Instant> {
        self.requests.iter().map(|request| request.due).min()
    }

    /// The next request to send, where it is time for one.
    pub(super) fn poll(&mut self, now: Instant) -> Option<Ask> {
        self.requests
            .retain(|request| request.due > now || request.sent < TRIES);
        let request = self.requests.iter_mut().find(|r| r.due <= now)?;
        request.due = now + FIRST_WAIT * 2_u32.pow(request.sent);
        request.sent += 1;
        Some(Ask {
            base: request.base,
            server: request.server,
            message: request.message.clone(),
        })
    }

    /// Reads a datagram that came to `base`.
    pub(super) fn read(&mut self, source: SocketAddr, base: SocketAddr, datagram: &[u8]) -> Answer {
        if !self.servers.contains(&source) {
            return Answer::None;
        }
        let Ok(message) = Message::from_bytes(datagram) else {
            return Answer::None;
        };
        let asked = |r: &Request| {
            (r.server, r.base, r.transaction) == (source, base, message.transaction_id())
        };
        let Some(index) = self.requests.iter().position(asked) else {
            return Answer::None;
        };
        self.requests.swap_remove(index);
        if message.class() != MessageClass::Success {
            return Answer::Known;
        }
        let seen = message.attribute::<XorMappedAddress>();
        let seen = seen.map(|address| address.addr(message.transaction_id()));
        match seen {
            Ok(seen) if seen != base => Answer::Seen(seen),
            _ => Answer::Known,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> SocketAddr {
        text.parse().expect("an address")
    }

    fn answer(ask: &Ask, seen: SocketAddr) -> Vec<u8> {
        let request = Message::from_bytes(&ask.message).expect("a message");
        let mut answer = Message::builder_success(&request, MessageWriteVec::new());
        let seen = XorMappedAddress::new(seen, request.transaction_id());
        answer.add_attribute(&seen).expect("there is room");
        answer.finish()
    }

    #[test]
    fn each_socket_asks_each_server_of_its_kind() {
        let now = Instant::now();
        let mut reflexive = Reflexive::default();
        for base in ["10.0.0.1:1", "127.0.0.1:2", "[2001:db8::1]:3"] {
            reflexive.add_base(now, address(base));
        }
        reflexive.add_server(now, address("192.0.2.1:3478"));
        reflexive.add_server(now, address("192.0.2.1:3478"));
        let ask = reflexive.poll(now).expect("it is time");
        assert_eq!(ask.base, address("10.0.0.1:1"));
        assert_eq!(reflexive.poll(now), None);
        let seen = address("203.0.113.9:99");
        let answer = answer(&ask, seen);
        let mut read = |source, base, bytes: &[u8]| reflexive.read(source, base, bytes);
        assert_eq!(
            read(address("192.0.2.2:3478"), ask.base, &answer),
            Answer::None
        );
        assert_eq!(
            read(ask.server, address("127.0.0.1:2"), &answer),
            Answer::None
        );
        assert_eq!(read(ask.server, ask.base, &answer[..20]), Answer::None);
        assert_eq!(read(ask.server, ask.base, &answer), Answer::Seen(seen));
        assert_eq!(read(ask.server, ask.base, &answer), Answer::None, "once");
        assert_eq!(reflexive.due(), None);
    }

    #[test]
    fn a_server_that_says_nothing_is_asked_five_times() {
        let start = Instant::now();
        let mut reflexive = Reflexive::default();
        reflexive.add_server(start, address("192.0.2.1:3478"));
        reflexive.add_base(start, address("10.0.0.1:1"));
        let mut asked = Vec::new();
        while let Some(due) = reflexive.due() {
            asked.extend(reflexive.poll(due).map(|_| (due - start).as_millis()));
        }
        assert_eq!(asked, [0, 500, 1_500, 3_500, 7_500]);
    }

    #[test]
    fn a_socket_without_translation_has_no_second_address() {
        let now = Instant::now();
        let mut reflexive = Reflexive::default();
        reflexive.add_server(now, address("192.0.2.1:3478"));
        reflexive.add_base(now, address("198.51.100.7:7"));
        let ask = reflexive.poll(now).expect("it is time");
        let same = answer(&ask, ask.base);
        assert_eq!(reflexive.read(ask.server, ask.base, &same), Answer::Known);
    }
}
