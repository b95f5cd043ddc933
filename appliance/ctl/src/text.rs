//! Answers in plain words, for people at a terminal.

mod day;
mod devices;
mod media;

use jiff::tz::TimeZone;
use saal_control::{
    CallStatus, EngineProcess, EngineStatus, LookedAt, OnlookerStatus, PhaseName, Reply, Status,
    TelevisionStatus,
};
use saal_meeting::{AccountState, Participant, Ring, Role, SignIn, SignInProblem};

use self::{
    day::{meetings, of_calendar, prepared},
    devices::{camera, cameras, devices, sound},
    media::media,
};
use crate::cli::{AccountCommand, CameraCommand, Command, PanelCommand, Switch};

/// Longer names and titles of others are cut.
const MOST_CHARS: usize = 80;
/// Sentences may be longer: what is wrong stands at their end.
const MOST_CHARS_OF_A_SENTENCE: usize = 500;

/// A reply as lines of text.
pub(crate) fn reply(reply: &Reply, command: &Command, zone: &TimeZone) -> String {
    match reply {
        Reply::Status(of) => match command {
            Command::Account { .. } => account_lines(&of.account, zone),
            _ => status(of, zone),
        },
        Reply::Meetings(all) => meetings(all, zone),
        Reply::Devices(of) => devices(of),
        Reply::Sound(of) => sound(of),
        Reply::Camera(of) => match command {
            Command::Camera {
                command: CameraCommand::List,
            } => cameras(of),
            _ => camera(of),
        },
        Reply::Panel(tree) => format!("{tree:#}\n"),
        Reply::RecoveryKey { key: Some(key) } => key.reveal().to_owned() + "\n",
        Reply::RecoveryKey { key: None } => "The room has no recovery key.\n".to_owned(),
        // Nobody here asks how a help stands.
        Reply::Done {} | Reply::PanelPicture { .. } | Reply::Help(_) => {
            done(command).to_owned() + "\n"
        }
        Reply::Error(refused) => format!("{refused}\n"),
    }
}

fn done(command: &Command) -> &'static str {
    match command {
        Command::Join { .. } => "Joining; `saalctl status` tells how it goes on.",
        Command::Password => "The password is given; `saalctl status` tells how it goes on.",
        Command::Hand { switch: Switch::On } => "The room's hand is up.",
        Command::Hand {
            switch: Switch::Off,
        } => "The room's hand is down.",
        Command::Admit { .. } => "Asked to let them in.",
        Command::EndForAll => "Ending the meeting for everybody.",
        Command::Leave => "Leaving.",
        Command::Book { .. } => "The room is booked; its calendar is being told.",
        Command::Extend { .. } => "The room stays taken; its calendar is being told.",
        Command::CheckIn { .. } => "Checked in; the calendar is being told.",
        Command::Release { .. } | Command::End { .. } => {
            "The room is free of it; the calendar is being told."
        }
        Command::Answer { .. } => "Answering; `saalctl status` tells how it goes on.",
        Command::Decline => "The call is declined.",
        Command::Mute { switch: Switch::On } => "The microphone is muted.",
        Command::Mute {
            switch: Switch::Off,
        } => "The microphone is on.",
        Command::Volume { .. } => "The volume is set.",
        Command::Camera { command } => camera_done(command),
        Command::Sound { .. } => "Changing the sound; `saalctl status` tells if it can't be used.",
        Command::Television { .. } => "The television shows the others so now.",
        Command::Account { command } => done_with_account(command),
        Command::Restart => "The computer restarts.",
        Command::FactoryReset { .. } => "The computer restarts and forgets everything.",
        Command::Panel {
            command: PanelCommand::Picture { .. },
        } => "The panel's picture is written.",
        Command::Panel { .. } => "Done; `saalctl panel tree` tells what stands there now.",
        Command::Status
        | Command::Meetings
        | Command::Devices
        | Command::Selftest
        | Command::Ports { .. }
        | Command::ResetKey { .. }
        | Command::Provision(_) => "Done.",
    }
}

fn done_with_account(command: &AccountCommand) -> &'static str {
    match command {
        AccountCommand::Recover => {
            "The recovery key is tried; `saalctl status` tells whether it fits."
        }
        AccountCommand::SignIn { by_device: false } => {
            "The sign-in begins; `saalctl account show` has the address and the code."
        }
        AccountCommand::SignIn { by_device: true } => {
            "The sign-in begins; the panel shows the code that the other device scans."
        }
        AccountCommand::SignInDigits { .. } => {
            "The digits are handed on; `saalctl account show` tells how it goes on."
        }
        AccountCommand::CancelSignIn => "The sign-in is cancelled.",
        AccountCommand::RecoveryKey | AccountCommand::Show => "Done.",
    }
}

fn camera_done(command: &CameraCommand) -> &'static str {
    match command {
        CameraCommand::On => "The camera is on.",
        CameraCommand::Off => "The camera is off.",
        CameraCommand::List | CameraCommand::Show => "Done.",
        CameraCommand::Look { .. } | CameraCommand::Go { .. } => "The camera turns.",
        CameraCommand::Set { .. } => {
            "The camera is asked; `saalctl camera show` tells what it made of it."
        }
        CameraCommand::Use { .. } | CameraCommand::Usual => {
            "Changing the camera; `saalctl status` tells if it can't be used."
        }
        CameraCommand::Save { .. } => "The view is saved.",
        CameraCommand::Forget { .. } => "The view is forgotten.",
    }
}

/// What others wrote, safe for a terminal: no control characters, no change of direction, not
/// longer than a line.
pub(crate) fn plain(text: &str) -> String {
    plain_up_to(MOST_CHARS, text)
}

fn sentence(text: &str) -> String {
    plain_up_to(MOST_CHARS_OF_A_SENTENCE, text)
}

fn plain_up_to(most: usize, text: &str) -> String {
    let mut chars = text.chars();
    let mut clean: String = chars.by_ref().take(most).map(tamed).collect();
    if chars.next().is_some() {
        clean.push('…');
    }
    clean
}

fn tamed(c: char) -> char {
    let turns =
        matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    if turns || c.is_control() {
        '\u{fffd}'
    } else {
        c
    }
}

fn line(label: &str, text: &str) -> String {
    format!("{label:<12}{text}\n")
}

fn status(status: &Status, zone: &TimeZone) -> String {
    let mut text = line("Room", &plain(&status.room));
    text += &line("State", phase(status.phase));
    for ring in &status.ringing {
        text += &line("Calling", &calling(ring));
    }
    if let Some(of) = &status.call {
        text += &call(of);
    }
    if status.laptop {
        text += &line("Laptop", "shares its screen");
    }
    if let Some(of) = status.onlooker {
        text += &line("Onlooker", onlooker(of));
    }
    let chosen = status.prepared.as_ref().map(prepared);
    text += &chosen.map_or_else(String::new, |of| line("Prepared", &of));
    text += &account_lines(&status.account, zone);
    text += &line("Engine", &engine(&status.engine));
    if let Some(of) = &status.media {
        text += &media(of);
    }
    let web = status.web.as_deref().unwrap_or("does not listen");
    text += &line("Web view", web);
    for calendar in &status.calendars {
        text += &line("Calendar", &of_calendar(calendar, zone));
    }
    text += &line("Daemon", &format!("process {}", status.pid));
    if status.troubles.is_empty() {
        return text + &line("Troubles", "none");
    }
    for trouble in &status.troubles {
        text += &line(
            "Trouble",
            &format!("{}: {}", trouble.code, sentence(&trouble.text)),
        );
    }
    text
}

fn onlooker(onlooker: OnlookerStatus) -> &'static str {
    match (onlooker.allowed, onlooker.of) {
        (true, LookedAt::Panel) => "sees the panel, and helps",
        (false, LookedAt::Panel) => "asks people to let it see the panel, to help",
        (true, LookedAt::Television) => "sees the television",
        (true, LookedAt::Camera) => "sees through the camera",
        (false, LookedAt::Television) => "asks people to let it see the television",
        (false, LookedAt::Camera) => "asks people to let it see through the camera",
    }
}

fn phase(phase: PhaseName) -> &'static str {
    match phase {
        PhaseName::Home => "waiting for people",
        PhaseName::Joining => "entering a meeting",
        PhaseName::Call => "in a meeting",
        PhaseName::Reconnecting => "in a meeting, connection lost, trying again",
        PhaseName::Leaving => "leaving a meeting",
    }
}

fn calling(ring: &Ring) -> String {
    let kind = if ring.pictures {
        "picture and sound"
    } else {
        "sound only"
    };
    match &ring.meeting {
        Some(meeting) => format!("{} to \"{}\" ({kind})", plain(&ring.from), plain(meeting)),
        None => format!("{} ({kind})", plain(&ring.from)),
    }
}

fn call(call: &CallStatus) -> String {
    let switch = |muted: bool, off: &'static str| if muted { off } else { "on" };
    let mut text = line("Meeting", &plain(&call.title));
    if let Some(obstacle) = call.obstacle {
        text += &line("Entrance", obstacle.as_str());
    }
    for knocker in &call.state.knocking {
        text += &line(
            "In the lobby",
            &format!("{} ({})", plain(&knocker.name), plain(&knocker.id)),
        );
    }
    text += &line("Microphone", switch(call.muted.microphone, "muted"));
    text += &line("Camera", switch(call.muted.camera, "off"));
    if let Some(of) = call.television {
        text += &line("Television", &television(of));
    }
    if call.participants.is_empty() {
        return text + &line("People", "nobody else");
    }
    for (index, person) in call.participants.iter().enumerate() {
        let label = if index == 0 { "People" } else { "" };
        text += &line(label, &participant(person));
    }
    text
}

fn television(television: TelevisionStatus) -> String {
    let mut facts = vec![television.layout.as_str().to_owned()];
    if television.self_view {
        facts.push("own picture".to_owned());
    }
    if television.pages > 1 {
        facts.push(format!(
            "page {} of {}",
            television.page + 1,
            television.pages
        ));
    }
    facts.join(", ")
}

fn participant(person: &Participant) -> String {
    let facts = [
        (person.role == Role::Moderator, "moderator"),
        (person.key_missing, "waiting for the key"),
        (person.hand_raised, "hand raised"),
        (person.speaking, "speaking"),
        (person.content, "presenting"),
        (!person.microphone, "muted"),
        (!person.camera, "camera off"),
    ];
    let facts: Vec<&str> = facts
        .iter()
        .filter(|(is, _)| *is)
        .map(|(_, word)| *word)
        .collect();
    match facts[..] {
        [] => plain(&person.name),
        _ => format!("{} ({})", plain(&person.name), facts.join(", ")),
    }
}

fn account_lines(of: &AccountState, zone: &TimeZone) -> String {
    let mut text = line("Account", &account(of));
    let AccountState::SigningIn { sign_in, .. } = of else {
        return text;
    };
    match sign_in {
        SignIn::Code(code) => {
            let until = zone.to_datetime(code.expires).strftime("%H:%M").to_string();
            text += &line("Address", &sentence(&code.address));
            text += &line(
                "Code",
                &format!("{}, good until {until}", plain(&code.code)),
            );
            text += &line("Link", &sentence(&code.link));
        }
        SignIn::Allow { code } => text += &line("Code", &plain(code)),
        _ => {}
    }
    text
}

fn sign_in(server: &str, of: &SignIn) -> String {
    let at = |what: &str| format!("{what} {server}");
    match of {
        SignIn::Needed { problem: None } => {
            format!("has to be signed in to {server}: `saalctl account sign-in`, or at the panel")
        }
        SignIn::Needed {
            problem: Some(problem),
        } => format!(
            "{}: {}",
            at("is not signed in to"),
            sign_in_problem(problem)
        ),
        SignIn::Starting => at("asks for a code at"),
        SignIn::Code(_) => at("is being signed in to"),
        SignIn::Scan { .. } => "waits for another device to scan the panel".to_owned(),
        SignIn::Digits => {
            "needs the two digits of the other device: `saalctl account sign-in-digits`".to_owned()
        }
        SignIn::Allow { .. } => "has to be allowed on the other device".to_owned(),
        SignIn::Finishing => at("is nearly signed in to"),
    }
}

fn sign_in_problem(problem: &SignInProblem) -> String {
    match problem {
        SignInProblem::Ended => "somebody ended its session".to_owned(),
        SignInProblem::Denied => "somebody declined".to_owned(),
        SignInProblem::Expired => "nobody did it in time".to_owned(),
        SignInProblem::OtherAccount { user } => {
            format!("{} is not the account of the configuration", plain(user))
        }
        SignInProblem::WrongDigits => "the digits were wrong".to_owned(),
        SignInProblem::OtherDevice { reason }
        | SignInProblem::NotOffered { reason }
        | SignInProblem::Refused { reason }
        | SignInProblem::Unreachable { reason } => sentence(reason),
    }
}

fn account(account: &AccountState) -> String {
    match account {
        AccountState::Unused => "none".to_owned(),
        AccountState::Starting => "starting".to_owned(),
        AccountState::Online { user } => format!("{user}, online"),
        AccountState::Unreachable { server, reason } => {
            format!("{server} can't be reached: {}", sentence(reason))
        }
        AccountState::Untrusted { server, reason } => {
            format!("{server} is not trusted: {}", sentence(reason))
        }
        AccountState::SignedOut { server, reason } => {
            format!("{server} refuses the log-in: {}", sentence(reason))
        }
        AccountState::SigningIn {
            server,
            sign_in: of,
        } => sign_in(server, of),
        AccountState::Removed { server, reason } => {
            format!("{server} no longer knows this device: {}", sentence(reason))
        }
        AccountState::StoreFailed { path, reason, .. } => {
            format!("{path} can't be used: {}", sentence(reason))
        }
    }
}

fn engine(engine: &EngineStatus) -> String {
    let state = match engine.state {
        EngineProcess::Off => "off",
        EngineProcess::Starting => "starting",
        EngineProcess::Ready => "runs",
        EngineProcess::Waiting => "ended too often, is started again in seconds",
    };
    match engine.pid {
        Some(pid) => format!("{state}, process {pid}"),
        None => state.to_owned(),
    }
}

/// An id is never cut, or it would not be one.
fn plain_id(id: &str) -> String {
    id.chars()
        .map(|c| if c.is_control() { '\u{fffd}' } else { c })
        .collect()
}
