//! Whether an address translation on the way still sees our sockets where it did. Each answer to a connectivity check says where
//! the check came from (RFC 8445 section 7.2.5.3.1); when that changes, the translation forgot us, and what the other side sends is lost
//! until it looks for a way anew.
//!
//! Answers alone do not tell: they come to wherever the check came from, so that the way looks well.

use std::{collections::VecDeque, net::SocketAddr};

use stun_types::{
    attribute::XorMappedAddress,
    message::{Message, MessageClass},
};

/// Checks whose answer is waited for. There is one each half second for a way, and some ten ways at most.
const ASKED: usize = 32;
/// Ways whose translation is known.
const WAYS: usize = 32;
/// Where the type, and where the transaction stands (RFC 8489 section 5).
const BINDING_REQUEST: [u8; 2] = [0, 1];
const BINDING_SUCCESS: [u8; 2] = [1, 1];
const TRANSACTION: std::ops::Range<usize> = 8..20;

/// One of our addresses and one of the other side.
type Way = (SocketAddr, SocketAddr);

#[derive(Debug, Default)]
pub(super) struct Mappings {
    asked: VecDeque<(Way, [u8; 12])>,
    seen: VecDeque<(Way, SocketAddr)>,
}

fn transaction(datagram: &[u8], kind: [u8; 2]) -> Option<[u8; 12]> {
    let transaction = datagram.get(TRANSACTION)?.try_into().ok()?;
    datagram.starts_with(&kind).then_some(transaction)
}

fn push<T>(all: &mut VecDeque<T>, one: T, most: usize) {
    if all.len() == most {
        all.pop_front();
    }
    all.push_back(one);
}

impl Mappings {
    /// Notes what is sent.
    pub(super) fn sent(&mut self, base: SocketAddr, peer: SocketAddr, datagram: &[u8]) {
        if let Some(transaction) = transaction(datagram, BINDING_REQUEST) {
            push(&mut self.asked, ((base, peer), transaction), ASKED);
        }
    }

    /// Reads what came to `base`; true when it says that a translation sees that elsewhere than before. Only who saw the check can
    /// say so: nobody else knows its transaction.
    pub(super) fn read(&mut self, peer: SocketAddr, base: SocketAddr, datagram: &[u8]) -> bool {
        let Some(transaction) = transaction(datagram, BINDING_SUCCESS) else {
            return false;
        };
        let asked = ((base, peer), transaction);
        let Some(index) = self.asked.iter().position(|one| *one == asked) else {
            return false;
        };
        self.asked.remove(index);
        let Some(now) = mapped(datagram) else {
            return false;
        };
        let way = (base, peer);
        match self.seen.iter_mut().find(|(known, _)| *known == way) {
            Some((_, before)) => std::mem::replace(before, now) != now,
            None => {
                push(&mut self.seen, (way, now), WAYS);
                false
            }
        }
    }
}

fn mapped(datagram: &[u8]) -> Option<SocketAddr> {
    let message = Message::from_bytes(datagram).ok()?;
    let address = message.attribute::<XorMappedAddress>().ok()?;
    (message.class() == MessageClass::Success).then(|| address.addr(message.transaction_id()))
}

#[cfg(test)]
mod tests {
    use stun_types::message::{BINDING, MessageWrite as _, MessageWriteExt as _, MessageWriteVec};

    use super::*;

    fn address(text: &str) -> SocketAddr {
        text.parse().expect("an address")
    }

    /// A check and its answer by who saw it come from there.
    fn check(seen: &str) -> [Vec<u8>; 2] {
        let request = Message::builder_request(BINDING, MessageWriteVec::new()).finish();
        let asked = Message::from_bytes(&request).expect("a message");
        let mut answer = Message::builder_success(&asked, MessageWriteVec::new());
        let seen = XorMappedAddress::new(address(seen), asked.transaction_id());
        answer.add_attribute(&seen).expect("there is room");
        let answer = answer.finish();
        [request, answer]
    }

    #[test]
    fn a_translation_that_forgot_us_is_noticed_once() {
        let (base, peer) = (address("10.0.0.1:1"), address("198.51.100.7:7"));
        let mut mappings = Mappings::default();
        let moved = |mappings: &mut Mappings, seen| {
            let [check, answer] = check(seen);
            mappings.sent(base, peer, &check);
            mappings.read(peer, base, &answer)
        };
        assert!(!moved(&mut mappings, "203.0.113.9:99"));
        assert!(!moved(&mut mappings, "203.0.113.9:99"));
        assert!(moved(&mut mappings, "203.0.113.9:100"));
        assert!(!moved(&mut mappings, "203.0.113.9:100"));
        assert!(moved(&mut mappings, "203.0.113.10:100"));
    }

    #[test]
    fn who_did_not_see_the_check_can_say_nothing() {
        let (base, peer) = (address("10.0.0.1:1"), address("198.51.100.7:7"));
        let mut mappings = Mappings::default();
        let [first, answer] = check("203.0.113.9:99");
        mappings.sent(base, peer, &first);
        assert!(!mappings.read(peer, base, &answer));
        let [_, forged] = check("203.0.113.9:100");
        assert!(!mappings.read(peer, base, &forged), "of no check of ours");
        let [second, elsewhere] = check("203.0.113.9:100");
        mappings.sent(base, peer, &second);
        assert!(!mappings.read(address("192.0.2.1:1"), base, &elsewhere));
        assert!(!mappings.read(peer, base, &elsewhere[..19]));
    }

    #[test]
    fn what_is_remembered_is_bounded() {
        let base = address("10.0.0.1:1");
        let mut mappings = Mappings::default();
        for port in 1..1_000 {
            let peer = SocketAddr::from(([198, 51, 100, 7], port));
            let [check, answer] = check("203.0.113.9:99");
            mappings.sent(base, peer, &check);
            mappings.sent(base, peer, &answer);
            assert!(!mappings.read(peer, base, &answer));
            mappings.sent(base, peer, &check);
        }
        assert_eq!((mappings.asked.len(), mappings.seen.len()), (ASKED, WAYS));
    }
}
