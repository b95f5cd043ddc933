//! One stay: performs what [`Conference`] wants and feeds back what came of it.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Instant,
};

use saal_meeting::{CallEvent, CallId, EndReason, JoinStage, MeetingCommand, MeetingEvent, Secret};
use tokio::{sync::mpsc, task::JoinSet};
use url::Url;

use super::{
    Join,
    prepare::{Prepared, prepare},
};
use crate::{
    link::ConferenceLink,
    protocol::{BridgeEvent, Conference, LinkEvent, Output},
    server_config::{Reach, ServerConfig},
    settings::JitsiSettings,
    transport::{Closed, SocketEvent, bosh, http, socket},
};

/// What tasks bring back. Sockets are numbered: what an earlier one still says is old.
#[derive(Debug)]
enum Input {
    Link(u64, SocketEvent),
    Bridge(u64, SocketEvent),
    Http(u64, Option<(u16, String)>),
}

/// Runs a stay until `Ended` is said. When `commands` closes, it is left.
pub(super) async fn run(
    settings: Arc<JitsiSettings>,
    join: Join,
    mut commands: mpsc::UnboundedReceiver<MeetingCommand>,
    events: mpsc::UnboundedSender<MeetingEvent>,
) {
    let call = join.call;
    let say = |event| {
        let _ = events.send(MeetingEvent::Call { call, event });
    };
    say(CallEvent::Progress(JoinStage::Contacting));
    let client = match http::client(settings.proxy.as_ref()) {
        Ok(client) => client,
        Err(error) => {
            let reason = error.reason;
            return say(CallEvent::Ended(EndReason::Failed { reason }));
        }
    };
    let mut waiting = Vec::new();
    let prepared = tokio::select! {
        prepared = prepare(&settings, &client, join) => prepared,
        () = until_leave(&mut commands, &mut waiting) => Err(EndReason::Left),
    };
    let prepared = match prepared {
        Ok(prepared) => prepared,
        Err(reason) => {
            let event = CallEvent::Ended(reason);
            log(&event);
            return say(event);
        }
    };
    // Before anything is captured: what the others are told to be muted must not leave the room.
    for source in &prepared.silenced {
        let (source, by) = (*source, None);
        say(CallEvent::MutedByOther { source, by });
    }
    let driver = Driver::new(settings, client, prepared, events.clone());
    driver.run(waiting, commands).await;
}

/// Keeps what is said while the stay is being prepared; ends when the daemon leaves.
async fn until_leave(
    commands: &mut mpsc::UnboundedReceiver<MeetingCommand>,
    waiting: &mut Vec<MeetingCommand>,
) {
    while let Some(command) = commands.recv().await {
        if matches!(command, MeetingCommand::Leave { .. }) {
            return;
        }
        waiting.push(command);
    }
}

/// A socket's writing end; dropping it closes the socket after what was sent.
#[derive(Debug)]
struct Socket {
    number: u64,
    texts: mpsc::UnboundedSender<String>,
}

struct Driver {
    call: CallId,
    settings: Arc<JitsiSettings>,
    client: reqwest::Client,
    way: Way,
    conference: Conference,
    events: mpsc::UnboundedSender<MeetingEvent>,
    inputs: mpsc::UnboundedSender<Input>,
    receiver: mpsc::UnboundedReceiver<Input>,
    tasks: JoinSet<()>,
    next_socket: u64,
    link: Option<Socket>,
    bridge: Option<Socket>,
    /// A WebSocket got through: what fails from then on is an outage and no wall.
    passable: Arc<AtomicBool>,
}

/// How the installation is reached.
struct Way {
    link: ConferenceLink,
    config: ServerConfig,
    token: Option<Secret>,
}

impl Driver {
    fn new(
        settings: Arc<JitsiSettings>,
        client: reqwest::Client,
        prepared: Prepared,
        events: mpsc::UnboundedSender<MeetingEvent>,
    ) -> Self {
        let Prepared {
            link,
            config,
            setup,
            silenced: _,
        } = prepared;
        let (inputs, receiver) = mpsc::unbounded_channel();
        let token = setup.token.clone();
        Self {
            call: setup.call,
            settings,
            client,
            way: Way {
                link,
                config,
                token,
            },
            conference: Conference::new(Instant::now(), setup),
            events,
            inputs,
            receiver,
            tasks: JoinSet::new(),
            next_socket: 0,
            link: None,
            bridge: None,
            passable: Arc::default(),
        }
    }

    async fn run(
        mut self,
        waiting: Vec<MeetingCommand>,
        mut commands: mpsc::UnboundedReceiver<MeetingCommand>,
    ) {
        for command in waiting {
            self.conference.handle_command(Instant::now(), command);
        }
        let mut open = true;
        loop {
            while let Some(output) = self.conference.poll() {
                self.perform(output);
            }
            if self.conference.is_over() {
                break;
            }
            let deadline = self.conference.deadline();
            tokio::select! {
                command = commands.recv(), if open => {
                    open = command.is_some();
                    // The service is gone: so are we.
                    let command = command.unwrap_or(MeetingCommand::Leave { call: self.call });
                    self.conference.handle_command(Instant::now(), command);
                }
                Some(input) = self.receiver.recv() => self.input(input),
                Some(_) = self.tasks.join_next() => {}
                () = at(deadline) => self.conference.handle_deadline(Instant::now()),
            }
        }
        tracing::debug!(unknown = self.conference.unknown(), "the stay is over");
        // What was said last is still sent.
        (self.link, self.bridge) = (None, None);
        while self.tasks.join_next().await.is_some() {}
    }

    fn input(&mut self, input: Input) {
        let now = Instant::now();
        let is_new = |socket: &Option<Socket>, number| {
            socket
                .as_ref()
                .is_some_and(|socket| socket.number == number)
        };
        match input {
            Input::Link(number, event) if is_new(&self.link, number) => match event {
                SocketEvent::Opened => self.conference.handle_link(now, LinkEvent::Opened),
                // What that means for the conference shows at the bridge's channel.
                SocketEvent::Blocked(_) => {}
                SocketEvent::Text(text) => self.conference.handle_stanza(now, &text),
                SocketEvent::Closed(Closed { reason, untrusted }) => {
                    self.link = None;
                    let lost = LinkEvent::Lost { reason, untrusted };
                    self.conference.handle_link(now, lost);
                }
            },
            Input::Bridge(number, event) if is_new(&self.bridge, number) => match event {
                SocketEvent::Opened => self.conference.handle_bridge(now, BridgeEvent::Opened),
                SocketEvent::Blocked(_) => {}
                SocketEvent::Text(text) => {
                    self.conference.handle_bridge(now, BridgeEvent::Text(&text));
                }
                SocketEvent::Closed(closed) => {
                    let reason = closed.reason.as_str();
                    tracing::info!(reason, "the bridge's channel is closed");
                    self.bridge = None;
                    self.conference
                        .handle_bridge(now, BridgeEvent::Closed(reason));
                }
            },
            Input::Link(..) | Input::Bridge(..) => {}
            Input::Http(request, answer) => {
                let answer = answer
                    .as_ref()
                    .map(|(status, text)| (*status, text.as_str()));
                self.conference.handle_http(now, request, answer);
            }
        }
    }

    fn perform(&mut self, output: Output) {
        match output {
            Output::Emit(event) => {
                let call = self.call;
                log(&event);
                let _ = self.events.send(MeetingEvent::Call { call, event });
            }
            Output::Transport(command) => {
                let (call, event) = (self.call, CallEvent::Transport(command));
                let _ = self.events.send(MeetingEvent::Call { call, event });
            }
            Output::Send(text) => send(self.link.as_ref(), text),
            Output::SendBridge(text) => send(self.bridge.as_ref(), text),
            Output::OpenLink {
                resume,
                vnode,
                username,
            } => self.open_link(&resume, &vnode, &username),
            Output::CloseLink => self.link = None,
            Output::OpenBridge { url } => self.open_bridge(url),
            Output::CloseBridge => self.bridge = None,
            Output::Http { request, url, body } => self.ask(request, url, body),
        }
    }

    fn socket(&mut self) -> (Socket, mpsc::UnboundedReceiver<String>) {
        self.next_socket += 1;
        let (texts, receiver) = mpsc::unbounded_channel();
        let number = self.next_socket;
        (Socket { number, texts }, receiver)
    }

    fn open_link(
        &mut self,
        resume: &Option<String>,
        vnode: &Option<String>,
        username: &Option<String>,
    ) {
        let (socket, texts) = self.socket();
        let (number, inputs) = (socket.number, self.inputs.clone());
        let tell = move |event| {
            let _ = inputs.send(Input::Link(number, event));
        };
        let reach = Reach {
            token: self.way.token.as_ref().map(Secret::reveal),
            resume: resume.as_deref(),
            vnode: vnode.as_deref(),
            username: username.as_deref(),
        };
        let (config, link) = (&self.way.config, &self.way.link);
        let addresses = Addresses {
            websocket: config.websocket_url(link, &reach),
            bosh: config.bosh_url(link, &reach),
            origin: link.base.clone(),
            proxy: self.settings.proxy.clone(),
            passable: Arc::clone(&self.passable),
        };
        self.tasks.spawn(Box::pin(carry_link(
            addresses,
            self.client.clone(),
            texts,
            tell,
        )));
        self.link = Some(socket);
    }

    fn open_bridge(&mut self, url: String) {
        let (socket, texts) = self.socket();
        let (number, inputs) = (socket.number, self.inputs.clone());
        let tell = move |event| {
            let _ = inputs.send(Input::Bridge(number, event));
        };
        let proxy = self.settings.proxy.clone();
        self.tasks.spawn(Box::pin(async move {
            let opened = match Url::parse(&url) {
                Ok(url) => socket::connect(&url, None, None, proxy.as_ref()).await,
                Err(error) => Err(Closed::because(error)),
            };
            match opened {
                Ok(stream) => socket::carry(stream, texts, tell).await,
                Err(closed) => tell(SocketEvent::Closed(closed)),
            }
        }));
        self.bridge = Some(socket);
    }

    fn ask(&mut self, request: u64, url: String, body: String) {
        let (client, inputs) = (self.client.clone(), self.inputs.clone());
        let token = self.way.token.clone();
        self.tasks.spawn(async move {
            let answer = http::post(&client, &url, body, token.as_ref()).await;
            let answer = answer
                .inspect_err(|e| tracing::info!(reason = e.reason, "a conference request failed"))
                .ok();
            let _ = inputs.send(Input::Http(request, answer));
        });
    }
}

/// Where a link may be opened.
pub(super) struct Addresses {
    websocket: Option<Url>,
    bosh: Option<Url>,
    origin: Url,
    proxy: Option<Url>,
    passable: Arc<AtomicBool>,
}

impl Addresses {
    /// Of a stay that is about to begin.
    pub(super) fn of(settings: &JitsiSettings, prepared: &Prepared) -> Self {
        let reach = Reach {
            token: prepared.setup.token.as_ref().map(Secret::reveal),
            ..Reach::default()
        };
        let (config, link) = (&prepared.config, &prepared.link);
        Self {
            websocket: config.websocket_url(link, &reach),
            bosh: config.bosh_url(link, &reach),
            origin: link.base.clone(),
            proxy: settings.proxy.clone(),
            passable: Arc::default(),
        }
    }
}

/// By WebSocket, or by BOSH where no WebSocket gets through: a stream that began on a WebSocket
/// can't be resumed over BOSH, which has no stream management.
pub(super) async fn carry_link(
    addresses: Addresses,
    client: reqwest::Client,
    texts: mpsc::UnboundedReceiver<String>,
    tell: impl Fn(SocketEvent),
) {
    let failed = match &addresses.websocket {
        Some(url) => {
            let (origin, proxy) = (Some(&addresses.origin), addresses.proxy.as_ref());
            match socket::connect(url, Some("xmpp"), origin, proxy).await {
                Ok(stream) => {
                    addresses.passable.store(true, Ordering::Relaxed);
                    return socket::carry(stream, texts, tell).await;
                }
                Err(closed) => closed,
            }
        }
        None => Closed::because("the installation has no WebSocket"),
    };
    let no_wall = failed.untrusted.is_some() || addresses.passable.load(Ordering::Relaxed);
    match addresses.bosh.filter(|_| !no_wall) {
        Some(url) => {
            tracing::info!(reason = failed.reason, "no WebSocket; trying BOSH");
            if addresses.websocket.is_some() {
                tell(SocketEvent::Blocked(failed));
            }
            // Room for as many requests as a session can make (XEP-0124, section 14.1).
            let first_rid = fastrand::u64(1..1 << 40);
            bosh::carry(client, url, first_rid, texts, tell).await;
        }
        None => tell(SocketEvent::Closed(failed)),
    }
}

/// What whoever looks after the room asks for later: why it was away, and why it is out.
fn log(event: &CallEvent) {
    match event {
        CallEvent::Joined => tracing::info!("in the conference"),
        CallEvent::Reconnecting { reason } => tracing::info!(reason, "coming back"),
        CallEvent::Ended(EndReason::Untrusted { server, reason }) => {
            tracing::warn!(server, reason, "the server's certificate is not trusted");
        }
        CallEvent::Ended(reason) => tracing::info!(?reason, "out of the conference"),
        _ => {}
    }
}

fn send(socket: Option<&Socket>, text: String) {
    // Without a socket the conference hears of the loss and says it again.
    if let Some(socket) = socket {
        let _ = socket.texts.send(text);
    }
}

async fn at(deadline: Option<Instant>) {
    match deadline {
        Some(deadline) => tokio::time::sleep_until(deadline.into()).await,
        None => std::future::pending().await,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    /// What is told where the WebSocket does not open and BOSH would.
    async fn told(passable: bool) -> Vec<SocketEvent> {
        let nobody = Url::parse("ws://127.0.0.1:1/xmpp-websocket").unwrap();
        let addresses = Addresses {
            websocket: Some(nobody),
            bosh: Url::parse("http://127.0.0.1:1/http-bind").ok(),
            origin: Url::parse("http://127.0.0.1:1/").unwrap(),
            proxy: None,
            passable: Arc::new(AtomicBool::new(passable)),
        };
        let client = http::client(None).unwrap();
        let (texts, receiver) = mpsc::unbounded_channel();
        drop(texts);
        let told = Mutex::new(Vec::new());
        carry_link(addresses, client, receiver, |event| {
            told.lock().unwrap().push(event);
        })
        .await;
        told.into_inner().unwrap()
    }

    #[tokio::test]
    async fn a_wall_is_passed_by_bosh_and_an_outage_is_waited_out() {
        use SocketEvent::{Blocked, Closed, Opened};
        let wall = told(false).await;
        assert!(matches!(wall[..], [Blocked(_), Opened, ..]), "{wall:?}");
        let outage = told(true).await;
        assert!(matches!(outage[..], [Closed(_)]), "{outage:?}");
    }
}
