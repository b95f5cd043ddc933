//! Whether servers for connectivity answer, and over which kind of way: asked once, before anybody is in a meeting.

use std::time::{Duration, Instant};

use saal_media_protocol::{Answers, IceServer};
use tokio::{sync::mpsc, task::JoinSet, time::timeout};

use super::{
    Found, Proxy,
    reflexive::{Answer, Reflexive},
    relay,
    servers::{self, Relay, Server, Way},
    wire::Wire,
};
use crate::transport::connection::chain;

/// For all of a server's steps together; they are asked side by side.
const ANSWER_WITHIN: Duration = Duration::from_secs(8);
/// Larger than any answer.
const ANSWER: usize = 2_000;

/// Asks each of these servers; gives what came over UDP, and over TCP or TLS.
pub(in crate::transport) async fn probe(
    listed: &[IceServer],
    proxy: Option<Proxy>,
) -> (Answers, Answers) {
    let mut asking = JoinSet::new();
    let servers = servers::usable(listed);
    for (place, server) in servers.into_iter().enumerate() {
        let proxy = proxy.clone();
        asking.spawn(async move {
            let stream = server.relay.as_ref().is_some_and(|r| r.way != Way::Udp);
            let asked = timeout(ANSWER_WITHIN, ask(&server, proxy.as_ref())).await;
            let answer = asked.unwrap_or_else(|_| Err("no answer".to_owned()));
            let answer = answer.map_err(|reason| format!("{server:?}: {reason}"));
            tracing::debug!(?server, ?answer, "asked");
            (place, stream, answer)
        });
    }
    let mut answers = asking.join_all().await;
    answers.sort_by_key(|(place, ..)| *place);
    let of = |kind: bool| {
        let these = answers.iter().filter(|(_, stream, _)| *stream == kind);
        sum_up(these.map(|(_, _, answer)| answer))
    };
    (of(false), of(true))
}

fn sum_up<'a>(answers: impl Iterator<Item = &'a Result<(), String>>) -> Answers {
    let mut sum = Answers::Unasked;
    for answer in answers {
        match (answer, &sum) {
            (Ok(()), _) => return Answers::Came,
            (Err(reason), Answers::Unasked) => {
                let reason = reason.clone();
                sum = Answers::Missing { reason };
            }
            _ => {}
        }
    }
    sum
}

async fn ask(server: &Server, proxy: Option<&Proxy>) -> Result<(), String> {
    match &server.relay {
        Some(relay) => ask_relay(server, relay, proxy).await,
        None => ask_our_address(server).await,
    }
}

/// An address of the server's, which is given back at once.
async fn ask_relay(server: &Server, relay: &Relay, proxy: Option<&Proxy>) -> Result<(), String> {
    let (tell, mut found) = mpsc::unbounded_channel();
    let mut relayed = None;
    let mut session = std::pin::pin!(relay::once((server, relay, proxy), &tell, &mut relayed));
    let mut given = false;
    loop {
        tokio::select! {
            ended = &mut session => {
                return if given { Ok(()) } else { ended.map_err(|error| chain(&error)) };
            }
            Some(news) = found.recv() => {
                given |= matches!(news, Found::Relayed { .. });
                // Whoever keeps an address gives it back when nobody listens any more.
                found.close();
            }
        }
    }
}

/// How the server sees us.
async fn ask_our_address(server: &Server) -> Result<(), String> {
    let mut wire = Wire::open(Way::Udp, server, None)
        .await
        .map_err(|error| chain(&error))?;
    let (base, far) = wire.ends().map_err(|error| error.to_string())?;
    let mut asking = Reflexive::default();
    asking.add_base(Instant::now(), base);
    asking.add_server(Instant::now(), far);
    let mut buffer = vec![0; ANSWER];
    while let Some(due) = asking.due() {
        tokio::select! {
            () = tokio::time::sleep_until(due.into()) => {
                while let Some(ask) = asking.poll(Instant::now()) {
                    wire.send(&ask.message);
                }
            }
            received = wire.receive(&mut buffer) => {
                // Nobody is at that port, as the network says.
                let length = received.map_err(|error| error.to_string())?;
                if asking.read(far, base, &buffer[..length]) != Answer::None {
                    return Ok(());
                }
            }
        }
    }
    Err("no answer".to_owned())
}

#[cfg(test)]
mod tests {
    use stun_types::{
        attribute::XorMappedAddress,
        message::{Message, MessageWrite, MessageWriteExt, MessageWriteVec},
    };
    use tokio::net::UdpSocket;

    use super::*;

    fn listed(url: String) -> IceServer {
        IceServer {
            urls: vec![url],
            username: "room".to_owned(),
            credential: "secret".to_owned(),
        }
    }

    /// A STUN server that does not hear the first request.
    async fn stun() -> IceServer {
        let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let port = socket.local_addr().unwrap().port();
        tokio::spawn(async move {
            let mut buffer = [0; 500];
            socket.recv_from(&mut buffer).await.unwrap();
            let (length, from) = socket.recv_from(&mut buffer).await.unwrap();
            let request = Message::from_bytes(&buffer[..length]).unwrap();
            let mut answer = Message::builder_success(&request, MessageWriteVec::new());
            let seen = XorMappedAddress::new(from, request.transaction_id());
            answer.add_attribute(&seen).unwrap();
            socket.send_to(&answer.finish(), from).await.unwrap();
        });
        listed(format!("stun:127.0.0.1:{port}"))
    }

    /// A port at which nobody is.
    fn nobody(scheme: &str, transport: &str) -> IceServer {
        let socket = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
        let port = socket.local_addr().unwrap().port();
        listed(format!("{scheme}:127.0.0.1:{port}{transport}"))
    }

    #[tokio::test]
    async fn one_that_answers_is_enough() {
        let servers = [nobody("stun", ""), stun().await];
        let (datagrams, streams) = probe(&servers, None).await;
        assert_eq!((datagrams, streams), (Answers::Came, Answers::Unasked));
    }

    #[tokio::test]
    async fn where_nobody_is_that_is_told_with_who_was_asked() {
        let servers = [nobody("stun", ""), nobody("turn", "?transport=tcp")];
        let (datagrams, streams) = probe(&servers, None).await;
        let reason = |answers| match answers {
            Answers::Missing { reason } => reason,
            other => panic!("{other:?}"),
        };
        let (datagrams, streams) = (reason(datagrams), reason(streams));
        assert!(datagrams.starts_with("STUN 127.0.0.1"), "{datagrams}");
        assert!(streams.starts_with("Tcp relay 127.0.0.1"), "{streams}");
        assert!(!streams.contains("secret"));
    }
}
