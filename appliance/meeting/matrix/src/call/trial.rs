//! Before people come: whether picture and sound would get to the media server and back. The room enters a call of its own
//! there, in which nobody else can be, sends nothing, and leaves as soon as its connection stands or does not.

use std::time::{Duration, Instant};

use livekit_protocol::SignalRequest;
use matrix_sdk::ruma::TransactionId;
use saal_media_protocol::{TransportEvent, TransportId, TransportState};
use saal_meeting::{CallEvent, CallId, EndReason, MediaWay, MeetingEvent, SocketWay};
use tokio::sync::mpsc;

use super::{
    Environment,
    driver::{Command, at},
    links::TransportIds,
    prepare::own,
};
use crate::{
    homeserver::RequestError,
    livekit::{
        session::{Output, Session, Setup},
        socket::{self, SocketError, SocketEvent},
        token::{self, Entry, Grant, TokenError},
    },
    rtc::{Device, Mode},
    unix_ms,
};

/// Who we are and a token; nobody waits for it.
const ASK_WITHIN: Duration = Duration::from_secs(15);
/// From the server's yes until media could flow: all kinds of ways are tried side by side, relays over TLS among them.
const CONNECT_WITHIN: Duration = Duration::from_secs(15);
/// A way over TCP may have been the first one only because the network lost a datagram.
const SETTLE_WITHIN: Duration = Duration::from_secs(3);

/// Why it was not found out.
#[derive(Debug, thiserror::Error)]
enum Unknown {
    #[error("the account: {0:?}")]
    Account(EndReason),
    #[error(transparent)]
    Homeserver(#[from] RequestError),
    #[error("nobody names a call service")]
    NoService,
    #[error(transparent)]
    Token(#[from] TokenError),
    /// Such as for a user who may only enter calls that others began.
    #[error(transparent)]
    Refused(SocketError),
    #[error("nothing after {} s", ASK_WITHIN.as_secs())]
    Slow,
}

/// Finds out and says it. Ends without a word when `commands` closes or asks for it.
pub(crate) async fn run(
    environment: Environment,
    call: CallId,
    mut commands: mpsc::UnboundedReceiver<Command>,
) {
    let way = tokio::select! {
        entered = Box::pin(enter(&environment)) => match entered {
            Ok(Ok(stream)) => {
                say(&environment, call, CallEvent::Socket(SocketWay::Through));
                match stay(&environment, call, stream, &mut commands).await {
                    Some(way) => way,
                    None => return,
                }
            }
            Ok(Err(SocketError::Blocked { server, reason })) => {
                let unknown = "without the media server's socket nothing is known of it".to_owned();
                let (needed, way) = (true, MediaWay::Unknown { reason: unknown });
                let blocked = SocketWay::Blocked { server, needed, reason };
                say(&environment, call, CallEvent::Socket(blocked));
                way
            }
            Ok(Err(closed)) => MediaWay::Nowhere { reason: closed.to_string() },
            Err(refused @ Unknown::Token(TokenError::Refused { .. })) => {
                MediaWay::Refused { reason: refused.to_string() }
            }
            Err(unknown) => MediaWay::Unknown { reason: unknown.to_string() },
        },
        () = until_leave(&mut commands) => return,
    };
    say(&environment, call, CallEvent::Tried(way));
}

fn say(environment: &Environment, call: CallId, event: CallEvent) {
    let _ = environment.events.send(MeetingEvent::Call { call, event });
}

async fn until_leave(commands: &mut mpsc::UnboundedReceiver<Command>) {
    while let Some(command) = commands.recv().await {
        if matches!(command, Command::Leave) {
            return;
        }
    }
}

/// The outer error says nothing of the way, the inner one that there is none.
async fn enter(environment: &Environment) -> Result<Result<socket::Stream, SocketError>, Unknown> {
    let asking = tokio::time::timeout(ASK_WITHIN, Box::pin(grant(environment)));
    let grant = asking.await.map_err(|_| Unknown::Slow)??;
    let http = environment.homeserver.http();
    match Box::pin(socket::connect(http, &grant)).await {
        Err(refused @ SocketError::Refused { .. }) => Err(Unknown::Refused(refused)),
        opened => Ok(opened),
    }
}

async fn grant(environment: &Environment) -> Result<Grant, Unknown> {
    let own = own(environment).await.map_err(Unknown::Account)?;
    let (homeserver, prefetch) = (&environment.homeserver, &environment.prefetch);
    let configured = environment.configured.as_ref();
    let focus = prefetch.focus(homeserver, &own, configured).await?;
    let focus = focus.ok_or(Unknown::NoService)?;
    let openid_token = prefetch.openid(homeserver, &own).await?;
    let room_id = nobodys_room(&own);
    let entry = Entry {
        room_id: &room_id,
        own: &own,
        openid_token: &openid_token,
        mode: &Mode::Compatibility,
        publishes: false,
        leave: None,
    };
    let fetched = token::fetch(homeserver.http(), &focus, &entry).await;
    if matches!(fetched, Err(TokenError::Refused { .. })) {
        // The token may have been thrown away by a restarted homeserver; the next one who needs it gets another.
        prefetch.forget_openid().await;
    }
    Ok(fetched?)
}

/// A place on the media server that nobody else can come to: no room of the home server has this name, and nobody can guess it.
fn nobodys_room(own: &Device) -> String {
    let server = own.user.split_once(':').map_or("", |(_, server)| server);
    format!("!saal-trial-{}:{server}", TransactionId::new())
}

/// Stays until it is known; `None`: the trial is not wanted any more.
async fn stay(
    environment: &Environment,
    call: CallId,
    stream: socket::Stream,
    commands: &mut mpsc::UnboundedReceiver<Command>,
) -> Option<MediaWay> {
    let mut trial = Trial::new(TransportIds::of_call(call.0).take());
    let (requests, receiver) = mpsc::unbounded_channel::<SignalRequest>();
    let (tell, mut heard) = mpsc::unbounded_channel();
    let carrying = tokio::spawn(Box::pin(socket::carry(stream, receiver, move |event| {
        let _ = tell.send(event);
    })));
    let until = Instant::now() + CONNECT_WITHIN;
    let perform = |output| match output {
        Output::Request(request) => drop(requests.send(*request)),
        Output::Transport(command) => {
            say(environment, call, CallEvent::Transport(command));
        }
        _ => {}
    };
    let way = loop {
        if let Some(way) = trial.follow(perform) {
            break Some(way);
        }
        let deadlines = [trial.session.deadline(), trial.settles];
        let deadline = deadlines.into_iter().flatten().fold(until, Instant::min);
        tokio::select! {
            command = commands.recv() => match command {
                Some(Command::Transport(event)) => trial.engine(Instant::now(), event),
                Some(Command::Leave) | None => break None,
                Some(_) => {}
            },
            Some(event) = heard.recv() => trial.server(event),
            () = at(Some(deadline)) => trial.time(Instant::now(), until),
        }
    };
    trial.session.leave();
    let _ = trial.follow(perform);
    drop(requests);
    // The goodbye is still carried.
    let _ = carrying.await;
    way
}

/// A stay in a call in which nobody else is.
struct Trial {
    session: Session,
    transport: TransportId,
    in_stream: bool,
    /// It stands in a stream, and no better way is waited for from then on.
    settles: Option<Instant>,
    way: Option<MediaWay>,
}

impl Trial {
    fn new(transport: TransportId) -> Self {
        let session = Session::new(Setup {
            subscriber: transport,
            publisher: None,
            encrypted: false,
        });
        Self {
            session,
            transport,
            in_stream: false,
            settles: None,
            way: None,
        }
    }

    /// Has everything done that the session wants; what was found out, once it was.
    fn follow(&mut self, mut perform: impl FnMut(Output)) -> Option<MediaWay> {
        while let Some(output) = self.session.poll() {
            if let Output::Lost { reason }
            | Output::Removed { reason }
            | Output::Resume { reason, .. } = &output
            {
                self.nowhere(reason.clone());
            }
            perform(output);
        }
        self.way.clone()
    }

    fn nowhere(&mut self, reason: String) {
        self.way.get_or_insert(MediaWay::Nowhere { reason });
    }

    fn server(&mut self, event: SocketEvent) {
        match event {
            SocketEvent::Message(message) => self.session.handle_signal(Instant::now(), *message),
            SocketEvent::Closed { reason } => self.nowhere(format!("the media server: {reason}")),
        }
    }

    fn engine(&mut self, now: Instant, event: TransportEvent) {
        match &event {
            TransportEvent::Route { in_stream, .. } => {
                self.in_stream = *in_stream;
                if self.settles.is_some() && !in_stream {
                    self.way.get_or_insert(MediaWay::Datagrams);
                }
            }
            TransportEvent::State { transport, state } if *transport == self.transport => {
                self.connection(now, *state);
            }
            _ => {}
        }
        self.session.handle_transport(now, event);
    }

    fn connection(&mut self, now: Instant, state: TransportState) {
        match state {
            TransportState::Connected if self.in_stream => {
                self.settles.get_or_insert(now + SETTLE_WITHIN);
            }
            TransportState::Connected => drop(self.way.get_or_insert(MediaWay::Datagrams)),
            TransportState::Failed => self.nowhere("the connection failed".to_owned()),
            TransportState::Connecting | TransportState::Disconnected => {}
        }
    }

    fn time(&mut self, now: Instant, until: Instant) {
        if self.settles.is_some_and(|at| now >= at.min(until)) {
            let reason = "media go over TCP".to_owned();
            self.way.get_or_insert(MediaWay::Streams { reason });
        } else if now >= until {
            let seconds = CONNECT_WITHIN.as_secs();
            self.nowhere(format!("no connection for media within {seconds} s"));
        }
        self.session.handle_timeout(now, unix_ms());
    }
}

#[cfg(test)]
mod tests {
    use livekit_protocol::{
        JoinResponse, SignalResponse, signal_request::Message as Request,
        signal_response::Message as Response,
    };
    use saal_media_protocol::TransportCommand;

    use super::*;

    const TRANSPORT: TransportId = TransportId(7);

    /// A trial that the server let in and the engine said this to.
    fn trial(events: &[TransportEvent]) -> Trial {
        let mut trial = Trial::new(TRANSPORT);
        let join = SignalResponse {
            message: Some(Response::Join(JoinResponse::default())),
        };
        trial.server(SocketEvent::Message(Box::new(join)));
        for event in events {
            trial.engine(Instant::now(), event.clone());
        }
        trial
    }

    /// What such a one found out at once and what it did.
    fn tried(events: &[TransportEvent]) -> (Option<MediaWay>, Vec<Output>) {
        let mut trial = trial(events);
        let mut done = Vec::new();
        let way = trial.follow(|output| done.push(output));
        trial.session.leave();
        trial.follow(|output| done.push(output));
        (way, done)
    }

    fn state(state: TransportState) -> TransportEvent {
        let transport = TRANSPORT;
        TransportEvent::State { transport, state }
    }

    fn route(in_stream: bool) -> TransportEvent {
        let transport = TRANSPORT;
        TransportEvent::Route {
            transport,
            in_stream,
        }
    }

    #[test]
    fn nothing_is_published_and_the_connection_is_given_back() {
        let (way, done) = tried(&[route(false), state(TransportState::Connected)]);
        assert_eq!(way, Some(MediaWay::Datagrams));
        let said = done.iter().filter_map(|output| match output {
            Output::Request(request) => request.message.as_ref(),
            _ => None,
        });
        let said: Vec<_> = said.collect();
        assert!(matches!(said[..], [Request::Leave(_)]), "{said:?}");
        let commands = done.iter().filter_map(|output| match output {
            Output::Transport(command) => Some(command),
            _ => None,
        });
        let commands: Vec<_> = commands.collect();
        assert!(
            matches!(
                commands[..],
                [
                    TransportCommand::Open { .. },
                    TransportCommand::Close { .. }
                ]
            ),
            "{commands:?}"
        );
    }

    #[test]
    fn a_way_over_tcp_is_told_from_datagrams_once_no_better_one_came() {
        let by_relay = [route(true), state(TransportState::Connected)];
        let mut waits = trial(&by_relay);
        assert_eq!(waits.follow(|_| ()), None, "a better way may come yet");
        let later = Instant::now() + CONNECT_WITHIN;
        waits.time(waits.settles.unwrap(), later);
        let way = waits.follow(|_| ());
        assert!(matches!(way, Some(MediaWay::Streams { .. })), "{way:?}");

        let mut better = trial(&by_relay);
        better.engine(Instant::now(), route(false));
        assert_eq!(better.follow(|_| ()), Some(MediaWay::Datagrams));
    }

    #[test]
    fn a_relay_that_is_reached_at_the_last_moment_is_a_way() {
        let mut trial = trial(&[route(true), state(TransportState::Connected)]);
        let until = Instant::now();
        trial.time(until, until);
        let way = trial.follow(|_| ());
        assert!(matches!(way, Some(MediaWay::Streams { .. })), "{way:?}");
    }

    #[test]
    fn what_never_connects_leads_nowhere() {
        assert_eq!(tried(&[]).0, None, "it is still waited for");
        let (way, _) = tried(&[state(TransportState::Failed)]);
        assert!(matches!(way, Some(MediaWay::Nowhere { .. })), "{way:?}");
        let mut trial = Trial::new(TRANSPORT);
        let until = Instant::now();
        trial.time(until, until);
        let way = trial.follow(|_| ());
        assert!(matches!(way, Some(MediaWay::Nowhere { .. })), "{way:?}");
    }

    #[test]
    fn no_two_trials_meet() {
        let own = Device {
            user: "@room:hs.example.org".into(),
            device: "R".into(),
        };
        let rooms = [nobodys_room(&own), nobodys_room(&own)];
        assert_ne!(rooms[0], rooms[1]);
        assert!(rooms.iter().all(|room| room.ends_with(":hs.example.org")));
    }
}
