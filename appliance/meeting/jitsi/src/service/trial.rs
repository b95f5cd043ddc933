//! Before people come: whether picture and sound would get to a conference's servers and back. The room logs in, asks for
//! the servers, has the engine ask those, and enters nothing.

use std::{sync::Arc, time::Duration};

use saal_media_protocol::{IceServer, TransportCommand, TransportEvent, TransportId};
use saal_meeting::{
    CallEvent, CallId, EndReason, MediaWay, MeetingCommand, MeetingEvent, SocketWay,
};
use tokio::sync::mpsc;

use super::{
    Join,
    driver::{Addresses, carry_link},
    prepare::{Prepared, prepare},
};
use crate::{
    protocol::{Trial, TrialError},
    settings::JitsiSettings,
    transport::{SocketEvent, http},
};

/// For all steps together; nobody waits for it.
const WITHIN: Duration = Duration::from_secs(30);

/// Why it was not found out.
#[derive(Debug, thiserror::Error)]
enum Unknown {
    #[error("{0}")]
    Client(String),
    #[error("the room is not let in: {0:?}")]
    Prepare(EndReason),
    /// The room came with a token.
    #[error("the room's login: {0}")]
    Login(String),
    #[error("the link to the server: {0}")]
    Link(String),
    #[error(transparent)]
    Trial(#[from] TrialError),
    #[error("nothing after {} s", WITHIN.as_secs())]
    Slow,
}

/// Finds out and says it. Ends without a word when `commands` closes or asks for it.
pub(super) async fn run(
    settings: Arc<JitsiSettings>,
    join: Join,
    mut commands: mpsc::UnboundedReceiver<MeetingCommand>,
    events: mpsc::UnboundedSender<MeetingEvent>,
) {
    let call = join.call;
    let (engine, answers) = mpsc::unbounded_channel();
    let trying = tokio::time::timeout(WITHIN, find_out(&settings, join, &events, answers));
    let way = tokio::select! {
        tried = Box::pin(trying) => match tried.unwrap_or(Err(Unknown::Slow)) {
            Ok(way) => way,
            Err(error @ (Unknown::Login(_) | Unknown::Prepare(EndReason::LoginNeeded { .. }))) => {
                MediaWay::Refused { reason: error.to_string() }
            }
            Err(error) => MediaWay::Unknown { reason: error.to_string() },
        },
        () = until_leave(&mut commands, &engine) => return,
    };
    let event = CallEvent::Tried(way);
    let _ = events.send(MeetingEvent::Call { call, event });
}

/// Passes on what the engine says.
async fn until_leave(
    commands: &mut mpsc::UnboundedReceiver<MeetingCommand>,
    engine: &mpsc::UnboundedSender<TransportEvent>,
) {
    while let Some(command) = commands.recv().await {
        match command {
            MeetingCommand::Leave { .. } => return,
            MeetingCommand::Transport { event, .. } => drop(engine.send(event)),
            _ => {}
        }
    }
}

async fn find_out(
    settings: &JitsiSettings,
    join: Join,
    events: &mpsc::UnboundedSender<MeetingEvent>,
    mut answers: mpsc::UnboundedReceiver<TransportEvent>,
) -> Result<MediaWay, Unknown> {
    let call = join.call;
    let client = http::client(settings.proxy.as_ref());
    let client = client.map_err(|error| Unknown::Client(error.reason))?;
    let prepared = prepare(settings, &client, join).await;
    let prepared = prepared.map_err(Unknown::Prepare)?;
    let server = prepared.link.base.host_str().unwrap_or_default().to_owned();
    let with_token = prepared.setup.token.is_some();
    let (answer, blocked) = ask(settings, client, &prepared).await;
    if let Some(way) = socket_way(server, blocked, answer.is_ok()) {
        let event = CallEvent::Socket(way);
        let _ = events.send(MeetingEvent::Call { call, event });
    }
    let ice_servers = answer.map_err(|error| match error {
        // A guest who is not let in to ask is none of the room's affair.
        Unknown::Trial(TrialError::Refused(reason)) if with_token => Unknown::Login(reason),
        other => other,
    })?;
    let transport = transport_of(call);
    let event = CallEvent::Transport(TransportCommand::Probe {
        transport,
        ice_servers,
    });
    let _ = events.send(MeetingEvent::Call { call, event });
    while let Some(answer) = answers.recv().await {
        if let TransportEvent::Probed {
            datagrams, streams, ..
        } = answer
        {
            return Ok(MediaWay::of(&datagrams, &streams));
        }
    }
    // Whoever passes answers on lives as long as this.
    Err(Unknown::Slow)
}

/// What is known of WebSockets to the installation, one of which went wrong for this reason, when the server answered or did not. The
/// bridge's channel, which no conference works well without, is mostly behind the same address.
fn socket_way(server: String, blocked: Option<String>, answered: bool) -> Option<SocketWay> {
    let way = match blocked {
        Some(reason) => SocketWay::Blocked {
            server,
            needed: false,
            reason,
        },
        None => SocketWay::Through,
    };
    answered.then_some(way)
}

/// Each call has its own range.
fn transport_of(call: CallId) -> TransportId {
    TransportId(call.0 << 16)
}

/// The servers that the installation names, and why no WebSocket got there.
async fn ask(
    settings: &JitsiSettings,
    client: reqwest::Client,
    prepared: &Prepared,
) -> (Result<Vec<IceServer>, Unknown>, Option<String>) {
    let trial = Trial::new(&prepared.setup.hosts);
    let (texts, receiver) = mpsc::unbounded_channel();
    let (tell, heard) = mpsc::unbounded_channel();
    let addresses = Addresses::of(settings, prepared);
    let carrying = carry_link(addresses, client, receiver, move |event| {
        let _ = tell.send(event);
    });
    let mut blocked = None;
    let asking = converse(trial, texts, heard, &mut blocked);
    let (answer, ()) = tokio::join!(asking, carrying);
    (answer, blocked)
}

/// The link ends with the texts, after the goodbye among them was carried.
async fn converse(
    mut trial: Trial,
    texts: mpsc::UnboundedSender<String>,
    mut heard: mpsc::UnboundedReceiver<SocketEvent>,
    blocked: &mut Option<String>,
) -> Result<Vec<IceServer>, Unknown> {
    while let Some(event) = heard.recv().await {
        let answer = match event {
            SocketEvent::Blocked(closed) => {
                *blocked = Some(closed.reason);
                None
            }
            SocketEvent::Opened => {
                trial.opened();
                None
            }
            SocketEvent::Text(text) => trial.handle(&text),
            SocketEvent::Closed(closed) => return Err(Unknown::Link(closed.reason)),
        };
        while let Some(frame) = trial.poll() {
            let _ = texts.send(frame);
        }
        if let Some(answer) = answer {
            return Ok(answer?);
        }
    }
    Err(Unknown::Link("it ended".to_owned()))
}

#[cfg(test)]
mod tests {
    use saal_media_protocol::Answers;
    use saal_meeting::{Destination, MeetingLink};
    use tokio::{
        io::{AsyncReadExt as _, AsyncWriteExt as _},
        net::{TcpListener, TcpStream},
    };
    use tokio_tungstenite::tungstenite::{
        Message,
        handshake::server::{ErrorResponse, Request, Response},
        http::HeaderValue,
    };

    use super::*;
    use crate::Service;
    use futures_util::{SinkExt as _, StreamExt as _};

    const CALL: CallId = CallId(3);
    const OPEN: &str = "<open xmlns='urn:ietf:params:xml:ns:xmpp-framing' version='1.0'/>";
    /// What a server says to each frame that it hears, one after the other.
    const ANSWERS: [&[&str]; 5] = [
        &[
            OPEN,
            "<stream:features xmlns:stream='http://etherx.jabber.org/streams'><mechanisms \
             xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><mechanism>ANONYMOUS</mechanism></mechanisms></stream:features>",
        ],
        &["<success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>"],
        &[
            OPEN,
            "<stream:features xmlns:stream='http://etherx.jabber.org/streams'>\
             <bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></stream:features>",
        ],
        &[
            "<iq xmlns='jabber:client' id='bind' type='result'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'>\
           <jid>a@meet.example.org/b</jid></bind></iq>",
        ],
        &[
            "<iq xmlns='jabber:client' id='services-2' type='result'><services xmlns='urn:xmpp:extdisco:2'>\
           <service type='turn' host='turn.example.org' port='3478' transport='udp' username='u' password='p'/>\
           </services></iq>",
        ],
    ];

    #[expect(clippy::result_large_err, reason = "the type is the library's")]
    fn as_xmpp(_: &Request, mut response: Response) -> Result<Response, ErrorResponse> {
        let xmpp = HeaderValue::from_static("xmpp");
        response
            .headers_mut()
            .insert("sec-websocket-protocol", xmpp);
        Ok(response)
    }

    /// What a server says that does not take a token (Prosody's `mod_auth_token`).
    const REFUSES: [&[&str]; 2] = [
        ANSWERS[0],
        &[
            "<failure xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><not-allowed/><text>token expired</text></failure>",
        ],
    ];

    /// A web server with `config.js` and XMPP; what was said to it comes back.
    async fn installation(
        answers: &'static [&'static [&'static str]],
    ) -> (String, mpsc::UnboundedReceiver<String>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let (tell, heard) = mpsc::unbounded_channel();
        tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                tokio::spawn(serve(stream, tell.clone(), answers));
            }
        });
        (address, heard)
    }

    async fn serve(
        mut stream: TcpStream,
        tell: mpsc::UnboundedSender<String>,
        answers: &[&[&str]],
    ) {
        let mut head = [0; 20];
        stream.peek(&mut head).await.unwrap();
        if head.starts_with(b"GET /config.js") {
            let text = "var config = { hosts: { domain: 'meet.example.org' } };";
            let length = text.len();
            let answer = format!(
                "HTTP/1.1 200 OK\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{text}"
            );
            let mut request = [0; 4096];
            let _ = stream.read(&mut request).await;
            stream.write_all(answer.as_bytes()).await.unwrap();
            return;
        }
        let mut socket = tokio_tungstenite::accept_hdr_async(stream, as_xmpp)
            .await
            .unwrap();
        let mut answers = answers.iter();
        while let Some(Ok(Message::Text(said))) = socket.next().await {
            let _ = tell.send(said.as_str().to_owned());
            for answer in answers.next().copied().unwrap_or_default() {
                socket.send(Message::text(*answer)).await.unwrap();
            }
        }
    }

    #[tokio::test]
    async fn the_servers_that_are_named_are_asked_and_no_conference_hears_of_it() {
        let (address, mut heard) = installation(&ANSWERS).await;
        let (commands, mut events) = Service::start(JitsiSettings::default());
        let destination = Destination::Jitsi {
            link: MeetingLink::new(format!("{address}/lahn")),
            password: None,
            matrix_room: None,
            audio_only: false,
        };
        let call = CALL;
        commands
            .send(MeetingCommand::Try { call, destination })
            .unwrap();
        let through = CallEvent::Socket(SocketWay::Through);
        let through = MeetingEvent::Call {
            call,
            event: through,
        };
        assert_eq!(events.recv().await, Some(through));
        let event = match events.recv().await.unwrap() {
            MeetingEvent::Call { call: CALL, event } => event,
            other => panic!("{other:?}"),
        };
        let CallEvent::Transport(TransportCommand::Probe {
            transport,
            ice_servers,
        }) = event
        else {
            panic!("{event:?}")
        };
        let asked: Vec<_> = ice_servers.iter().flat_map(|server| &server.urls).collect();
        assert_eq!(asked, ["turn:turn.example.org:3478?transport=udp"]);
        let reason = "no answer".to_owned();
        let event = TransportEvent::Probed {
            transport,
            datagrams: Answers::Missing {
                reason: reason.clone(),
            },
            streams: Answers::Unasked,
        };
        commands
            .send(MeetingCommand::Transport { call, event })
            .unwrap();
        let event = CallEvent::Tried(MediaWay::Nowhere { reason });
        let tried = MeetingEvent::Call { call, event };
        assert_eq!(events.recv().await, Some(tried));
        drop(commands);
        let mut said = String::new();
        while !said.contains("<close") {
            said += &heard.recv().await.expect("it says goodbye");
        }
        assert!(!said.contains("presence"), "{said}");
    }

    /// What a trial says of a login that the server refuses; with a token, where there is one.
    async fn refused(token: &str) -> MediaWay {
        let (address, _heard) = installation(&REFUSES).await;
        let (commands, mut events) = Service::start(JitsiSettings::default());
        let destination = Destination::Jitsi {
            link: MeetingLink::new(format!("{address}/lahn{token}")),
            password: None,
            matrix_room: None,
            audio_only: false,
        };
        let call = CALL;
        commands
            .send(MeetingCommand::Try { call, destination })
            .unwrap();
        match events.recv().await.unwrap() {
            MeetingEvent::Call {
                event: CallEvent::Tried(way),
                ..
            } => way,
            other => panic!("{other:?}"),
        }
    }

    #[tokio::test]
    async fn a_login_that_the_server_does_not_take_is_told_and_a_guest_is_not() {
        let way = refused("?jwt=a.b.c").await;
        let MediaWay::Refused { reason } = way else {
            panic!("{way:?}")
        };
        assert!(reason.contains("token expired"), "{reason}");
        assert!(!reason.contains("a.b.c"), "{reason}");
        let way = refused("").await;
        assert!(matches!(way, MediaWay::Unknown { .. }), "{way:?}");
    }
}
