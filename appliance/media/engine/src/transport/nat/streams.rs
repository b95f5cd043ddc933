//! A connection's ways over TCP: one for each address at which the other side waits, as long as it is the same other side.

use std::net::SocketAddr;

use tokio::{sync::mpsc, task::AbortHandle};

use super::{
    Found,
    framing::Framing,
    proxy::Proxy,
    tcp::{self, Listener},
};

/// What the other side names beyond this is left out: a media server has one or two.
const MOST: usize = 4;

/// One way.
#[derive(Debug)]
struct Stream {
    number: u64,
    listener: Listener,
    task: AbortHandle,
    /// While it is connected: our end, and what takes pieces.
    open: Option<(SocketAddr, mpsc::Sender<Vec<u8>>)>,
}

/// All ways over TCP.
#[derive(Debug, Default)]
pub(in crate::transport) struct Streams {
    all: Vec<Stream>,
    numbers: u64,
    /// The other side's, as it calls itself (RFC 8839 section 5.4); another name is another side.
    ufrag: Option<String>,
}

/// A way that is open, by its two ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::transport) struct Open {
    pub(in crate::transport) local: SocketAddr,
    pub(in crate::transport) listener: Listener,
}

impl Streams {
    /// The other side is called so now. After ICE began anew servers know nothing of the old connections: those that were open
    /// are given back.
    pub(in crate::transport) fn belong_to(&mut self, ufrag: &str) -> Vec<Open> {
        let before = self.ufrag.replace(ufrag.to_owned());
        if before.is_none_or(|before| before == ufrag) {
            return Vec::new();
        }
        let all = std::mem::take(&mut self.all);
        all.into_iter()
            .filter_map(|stream| {
                stream.task.abort();
                let (local, _) = stream.open?;
                let listener = stream.listener;
                Some(Open { local, listener })
            })
            .collect()
    }

    /// Begins to connect, where that is not done already.
    pub(super) fn reach(
        &mut self,
        listener: Listener,
        proxy: Option<Proxy>,
        tell: mpsc::UnboundedSender<Found>,
    ) {
        let known = self.all.iter().any(|stream| stream.listener == listener);
        if known || self.all.len() == MOST {
            return;
        }
        self.numbers += 1;
        let number = self.numbers;
        let task = tokio::spawn(tcp::keep(number, listener, proxy, tell)).abort_handle();
        self.all.push(Stream {
            number,
            listener,
            task,
            open: None,
        });
    }

    /// It is connected; `None`: nobody wants it any more.
    pub(in crate::transport) fn opened(
        &mut self,
        number: u64,
        local: SocketAddr,
        outlet: mpsc::Sender<Vec<u8>>,
    ) -> Option<Open> {
        let stream = self.all.iter_mut().find(|stream| stream.number == number)?;
        stream.open = Some((local, outlet));
        let listener = stream.listener;
        Some(Open { local, listener })
    }

    /// Its connection is gone; what it was, where it was one.
    pub(in crate::transport) fn closed(&mut self, number: u64) -> Option<Open> {
        let stream = self.all.iter_mut().find(|stream| stream.number == number)?;
        let (local, _) = stream.open.take()?;
        let listener = stream.listener;
        Some(Open { local, listener })
    }

    /// Its ends, while it is connected.
    pub(in crate::transport) fn get(&self, number: u64) -> Option<Open> {
        let stream = self.all.iter().find(|stream| stream.number == number)?;
        let (local, _) = stream.open.as_ref()?;
        let (local, listener) = (*local, stream.listener);
        Some(Open { local, listener })
    }

    /// Whether this is our end of one.
    pub(super) fn has(&self, local: SocketAddr) -> bool {
        let mut open = self.all.iter().filter_map(|stream| stream.open.as_ref());
        open.any(|(at, _)| *at == local)
    }

    /// Sends a packet or drops it: where no connection is, or the way is behind, that is a loss as on any network.
    pub(in crate::transport) fn send(&self, local: SocketAddr, peer: SocketAddr, packet: &[u8]) {
        let outlet = self.all.iter().find_map(|stream| {
            let (at, outlet) = stream.open.as_ref()?;
            (*at == local && stream.listener.at == peer).then_some(outlet)
        });
        if let Some((outlet, piece)) = outlet.zip(Framing::Packets.frame(packet)) {
            drop(outlet.try_send(piece));
        }
    }
}

#[cfg(test)]
mod tests {
    use str0m::net::Protocol;

    use super::*;

    fn listener(port: u16) -> Listener {
        Listener {
            at: ([127, 0, 0, 1], port).into(),
            protocol: Protocol::Tcp,
        }
    }

    /// An address at which nobody is.
    fn nobody() -> Listener {
        let socket = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
        listener(socket.local_addr().expect("its address").port())
    }

    #[tokio::test]
    async fn each_address_is_one_way_and_there_are_few() {
        let (tell, _found) = mpsc::unbounded_channel();
        let mut streams = Streams::default();
        for port in (2_000..2_010).chain(2_000..2_010) {
            streams.reach(listener(port), None, tell.clone());
        }
        let ports: Vec<_> = streams.all.iter().map(|s| s.listener.at.port()).collect();
        assert_eq!(ports, [2_000, 2_001, 2_002, 2_003]);
    }

    #[tokio::test]
    async fn what_was_open_ends_with_the_side_that_it_led_to() {
        let (tell, _found) = mpsc::unbounded_channel();
        let mut streams = Streams::default();
        assert_eq!(streams.belong_to("abcd"), []);
        streams.reach(nobody(), None, tell.clone());
        streams.reach(nobody(), None, tell.clone());
        let local = ([127, 0, 0, 1], 9).into();
        let (outlet, mut pieces) = mpsc::channel(1);
        let open = streams.opened(1, local, outlet).expect("it is wanted");
        assert_eq!(streams.get(1), Some(open));
        streams.send(local, open.listener.at, b"packet");
        assert_eq!(pieces.recv().await.as_deref(), Some(&b"\0\x06packet"[..]));
        assert_eq!(streams.belong_to("abcd"), [], "the same side");
        assert_eq!(streams.belong_to("efgh"), [open]);
        assert_eq!(streams.get(1), None);
        assert_eq!(streams.closed(1), None, "its task may have said so");
        let (outlet, _pieces) = mpsc::channel(1);
        assert_eq!(streams.opened(2, local, outlet), None);
    }
}
