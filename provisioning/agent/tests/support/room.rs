//! A room's daemon with nothing but its control socket: it reads its configuration as saald does and
//! says what the test wants it to.

use std::{
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
};

use jiff::Timestamp;
use saal_control::{
    Answer, DayStatus, EngineProcess, EngineStatus, EnrolmentStatus, ErrorCode, HelpState,
    HelpStatus, MeetingLine, NumberedPicture, OtherRoom, PhaseName, Question, Refused, Reply,
    Request, SOCKET_NAME, Status, TroubleLine,
};
use saal_fleet_protocol::{
    config,
    fleet::{KeyProblem, help::HelpWanted},
};
use saal_meeting::{AccountState, MeetingId};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader},
    net::{UnixListener, UnixStream},
    sync::watch,
};

use super::fleet::PATIENCE;

/// What the room is at.
#[derive(Clone, Debug)]
pub struct Room(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    /// What it reads.
    document: PathBuf,
    said: Mutex<Said>,
    /// What the panel shows of the enrolment.
    shown: watch::Sender<Option<EnrolmentStatus>>,
    /// What its panel says of the device's key, once something was said.
    key: watch::Sender<Option<Option<KeyProblem>>>,
    /// How often the agent has looked at it.
    looks: watch::Sender<u64>,
    /// The document in use.
    used: watch::Sender<String>,
    /// Where its next meeting could go, as the panel says.
    others: watch::Sender<Option<Vec<OtherRoom>>>,
    /// What whoever helps wanted, in order.
    wanted: watch::Sender<Vec<HelpWanted>>,
}

#[derive(Debug, Default)]
struct Said {
    phase: Option<PhaseName>,
    day: DayStatus,
    troubles: Vec<String>,
    meeting: Option<Timestamp>,
    /// What it read.
    tried: Vec<String>,
    /// How a help stands, and the panel.
    help: Option<(HelpState, Option<NumberedPicture>)>,
    /// A document with this in it makes the room ill.
    poison: Option<(String, String)>,
}

impl Room {
    /// Listens in `state`; reads `agent/current/saal.toml`.
    pub fn start(state: &Path, agent: &Path) -> Self {
        let document = agent.join("current/saal.toml");
        let text = std::fs::read_to_string(&document).expect("the agent prepared it");
        let room = Self(Arc::new(Inner {
            document,
            said: Mutex::default(),
            shown: watch::Sender::new(None),
            key: watch::Sender::new(None),
            looks: watch::Sender::new(0),
            used: watch::Sender::new(text),
            others: watch::Sender::new(None),
            wanted: watch::Sender::default(),
        }));
        std::fs::create_dir_all(state).unwrap();
        let listener = UnixListener::bind(state.join(SOCKET_NAME)).unwrap();
        let serving = room.clone();
        tokio::spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                tokio::spawn(serving.clone().serve(socket));
            }
        });
        room
    }

    /// A document with `mark` in it brings this trouble.
    pub fn fall_ill_of(&self, mark: &str, trouble: &str) {
        self.0.said.lock().unwrap().poison = Some((mark.to_owned(), trouble.to_owned()));
    }

    /// These are its troubles.
    pub fn suffer(&self, troubles: &[&str]) {
        let troubles = troubles.iter().map(|code| (*code).to_owned());
        self.0.said.lock().unwrap().troubles = troubles.collect();
    }

    /// A meeting begins at this time.
    pub fn expects(&self, start: Option<Timestamp>) {
        self.0.said.lock().unwrap().meeting = start;
    }

    /// It is in a meeting, or at home again.
    pub fn be(&self, phase: PhaseName) {
        self.0.said.lock().unwrap().phase = Some(phase);
    }

    /// Its meetings, and whether it can hold them.
    #[allow(dead_code, reason = "not every test's rooms have meetings")]
    pub fn plan(&self, day: DayStatus) {
        self.0.said.lock().unwrap().day = day;
    }

    /// Where its next meeting could go, once the fleet has said it.
    #[allow(dead_code, reason = "not every test's rooms have meetings")]
    pub async fn others(&self) -> Vec<OtherRoom> {
        let mut others = self.0.others.subscribe();
        let said = others.wait_for(Option::is_some).await.unwrap();
        said.clone().unwrap()
    }

    /// The code on its panel, once there is one.
    pub async fn code(&self) -> String {
        let mut shown = self.0.shown.subscribe();
        let with_code = |shown: &Option<EnrolmentStatus>| {
            shown.as_ref().is_some_and(|shown| shown.code.is_some())
        };
        let shown = shown.wait_for(with_code).await.unwrap();
        shown.clone().unwrap().code.unwrap()
    }

    /// Its panel says this of the device's key.
    #[allow(dead_code, reason = "not every test's devices have a TPM")]
    pub async fn says_of_its_key(&self, problem: Option<KeyProblem>) {
        let mut said = self.0.key.subscribe();
        let said = said.wait_for(|said| *said == Some(problem));
        let said = tokio::time::timeout(PATIENCE, said).await;
        let last = || *self.0.key.borrow();
        assert!(
            said.is_ok(),
            "{problem:?} is wanted, and it says {:?}",
            last()
        );
    }

    /// The agent looks at it so often more.
    #[allow(
        dead_code,
        reason = "not every test has something that holds an agent up"
    )]
    pub async fn is_looked_at(&self, times: u64) {
        let mut looks = self.0.looks.subscribe();
        let before = *looks.borrow();
        let looked = looks.wait_for(|looks| *looks >= before + times);
        let looked = tokio::time::timeout(PATIENCE, looked).await;
        assert!(looked.is_ok(), "nobody looks after the room");
    }

    /// The server that the room waits to be claimed at, as its panel says.
    pub async fn waits_at(&self) -> String {
        let mut shown = self.0.shown.subscribe();
        let shown = shown.wait_for(Option::is_some).await.unwrap();
        shown.clone().unwrap().server
    }

    /// The document in use, once it has `mark` in it.
    pub async fn uses(&self, mark: &str) -> String {
        self.0
            .used
            .subscribe()
            .wait_for(|text| text.contains(mark))
            .await
            .unwrap()
            .clone()
    }

    /// The documents that it took, one after the other.
    pub fn tried(&self) -> Vec<String> {
        self.0.said.lock().unwrap().tried.clone()
    }

    /// People answer whoever asks to help, and the panel looks so.
    pub fn says_of_help(&self, state: HelpState, picture: Option<NumberedPicture>) {
        self.0.said.lock().unwrap().help = Some((state, picture));
    }

    /// What whoever helps wanted, once it is so much.
    pub async fn wanted(&self, count: usize) -> Vec<HelpWanted> {
        let mut wanted = self.0.wanted.subscribe();
        let all = wanted.wait_for(|wanted| wanted.len() >= count).await;
        all.unwrap().clone()
    }

    async fn serve(self, socket: UnixStream) {
        let (read, mut write) = socket.into_split();
        let mut lines = BufReader::new(read).lines();
        while let Ok(Some(line)) = lines.next_line().await {
            let reply = self.answer(Question::parse(&line).unwrap());
            if write
                .write_all(Answer::new(reply).to_line().as_bytes())
                .await
                .is_err()
            {
                return;
            }
        }
    }

    fn answer(&self, request: Request) -> Reply {
        match request {
            Request::Status {} => {
                self.0.looks.send_modify(|looks| *looks += 1);
                Reply::Status(Box::new(self.status()))
            }
            Request::DeviceKey { problem } => {
                self.0.key.send_replace(Some(problem));
                Reply::Done {}
            }
            Request::Enrolment { status } => {
                self.0.shown.send_replace(status);
                Reply::Done {}
            }
            Request::Meetings {} => Reply::Meetings(self.meetings()),
            Request::Reload {} => self.reload(),
            Request::OtherRooms { rooms } => {
                self.0.others.send_replace(Some(rooms));
                Reply::Done {}
            }
            Request::Help { wanted } => {
                self.0.wanted.send_modify(|all| all.push(wanted));
                Reply::Done {}
            }
            Request::HelpStands { seen, .. } => {
                let (state, picture) = self.0.said.lock().unwrap().help.clone().unwrap();
                let picture = picture.filter(|picture| picture.number != seen);
                Reply::Help(Box::new(HelpStatus { state, picture }))
            }
            other => panic!("the agent asks for {other:?}"),
        }
    }

    fn reload(&self) -> Reply {
        let text = std::fs::read_to_string(&self.0.document).unwrap();
        let folder = self.0.document.parent().unwrap();
        let refused = |message: String| {
            Reply::Error(Refused {
                code: ErrorCode::ConfigRefused,
                message,
            })
        };
        let config = match config::parse(&text) {
            Ok(config) => config,
            Err(error) => return refused(error.to_string()),
        };
        if let Some(file) = config.room.language_file
            && !folder.join(&file).exists()
        {
            return refused(format!("{}: no such file", file.display()));
        }
        self.0.said.lock().unwrap().tried.push(text.clone());
        self.0.used.send_replace(text);
        Reply::Done {}
    }

    fn meetings(&self) -> Vec<MeetingLine> {
        let start = self.0.said.lock().unwrap().meeting;
        let line = |start| MeetingLine {
            id: MeetingId("kalender/1".to_owned()),
            title: "Jour fixe".to_owned(),
            start: Some(start),
            end: None,
            in_call: 0,
            under_way: false,
            can_join: false,
            tentative: false,
            other_places: Vec::new(),
        };
        start.map(line).into_iter().collect()
    }

    fn status(&self) -> Status {
        let said = self.0.said.lock().unwrap();
        let mut troubles = said.troubles.clone();
        if let Some((mark, trouble)) = &said.poison
            && self.0.used.borrow().contains(mark)
        {
            troubles.push(trouble.clone());
        }
        let line = |code: String| TroubleLine {
            text: code.clone(),
            code,
        };
        Status {
            version: saal_control::VERSION,
            room: "Lahn".to_owned(),
            time_zone: "Europe/Berlin".to_owned(),
            web: None,
            phase: said.phase.unwrap_or(PhaseName::Home),
            account: AccountState::Unused,
            ringing: Vec::new(),
            calendars: Vec::new(),
            volume: 50,
            call: None,
            laptop: false,
            onlooker: None,
            prepared: None,
            engine: EngineStatus {
                pid: None,
                state: EngineProcess::Ready,
            },
            media: None,
            day: said.day.clone(),
            troubles: troubles.into_iter().map(line).collect(),
            pid: 1,
        }
    }
}
