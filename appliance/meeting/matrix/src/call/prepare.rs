//! Everything that has to be known before a call can begin.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use matrix_sdk::ruma::TransactionId;
use saal_meeting::{CallId, EndReason, MatrixRoom, ResumeToken};

use super::{
    Environment,
    entrance::{self, Doorstep},
    machine::{CallSetup, MediaSecret},
};
use crate::{
    account::RoomState,
    homeserver::RequestError,
    livekit::token::Abilities,
    rtc::{Device, Member, Mode, keeper::Terms, membership, resume::Resume},
    unix_ms,
};

const PREPARE_WITHIN: Duration = Duration::from_secs(20);
/// Longer, and the room joins as if nobody was there by sticky events.
const STICKIES_WITHIN: Duration = Duration::from_secs(2);
const AGAIN_AFTER: Duration = Duration::from_millis(500);

/// The call to make.
pub(crate) struct Join {
    pub call: CallId,
    pub room: MatrixRoom,
    /// Servers through which the room can be joined.
    pub via: Vec<String>,
    /// The room is left after the call if it is joined for it.
    pub visit: bool,
    pub microphone: bool,
    pub camera: bool,
    pub resume: Option<ResumeToken>,
    /// From the call's link; without, the room's encryption decides.
    pub media_secret: Option<MediaSecret>,
}

/// Finds out who we are, who is in the call and where our media go. Tries again while the
/// homeserver can't be reached, for a while.
pub(crate) async fn prepare(
    environment: &Environment,
    join: &Join,
    doorstep: &mut Doorstep,
) -> Result<CallSetup, EndReason> {
    let own = tokio::time::timeout(PREPARE_WITHIN, own(environment)).await;
    let own = own.unwrap_or_else(|_| {
        let reason = "the room's Matrix account is not signed in".to_owned();
        Err(EndReason::Failed { reason })
    })?;
    let room_id = entrance::enter(environment, join, &own, doorstep).await?;
    let mut last = String::new();
    let trying = async {
        loop {
            match try_prepare(environment, join, &room_id, &own).await {
                Ok(setup) => return setup,
                Err(error) => last = error.to_string(),
            }
            tokio::time::sleep(AGAIN_AFTER).await;
        }
    };
    match tokio::time::timeout(PREPARE_WITHIN, Box::pin(trying)).await {
        Ok(setup) => setup,
        Err(_) => Err(EndReason::Failed { reason: last }),
    }
}

pub(super) async fn own(environment: &Environment) -> Result<Device, EndReason> {
    let mut identity = environment.identity.clone();
    let known = identity
        .wait_for(Option::is_some)
        .await
        .ok()
        .and_then(|own| own.clone());
    // The account's task ends when the homeserver refuses the access token.
    known.ok_or_else(|| EndReason::Failed {
        reason: "the homeserver refuses the room".to_owned(),
    })
}

/// The outer error is worth another attempt, the inner one is the answer.
async fn try_prepare(
    environment: &Environment,
    join: &Join,
    room_id: &str,
    own: &Device,
) -> Result<Result<CallSetup, EndReason>, RequestError> {
    let focus = environment.prefetch.focus(
        &environment.homeserver,
        own,
        environment.configured.as_ref(),
    );
    let (room, focus) = tokio::join!(room(environment, room_id), focus);
    let room = match room {
        Err(error) if error.is_final() => {
            return Ok(Err(EndReason::NotAllowed {
                reason: error.to_string(),
            }));
        }
        room => room?,
    };
    let Some(focus) = focus? else {
        let reason = "the homeserver names no call service and the configuration has none";
        return Ok(Err(EndReason::Failed {
            reason: reason.to_owned(),
        }));
    };
    let resume = join
        .resume
        .as_ref()
        .and_then(|token| Resume::from_token(token, room_id, &own.device));
    let abilities = environment
        .prefetch
        .abilities(&environment.homeserver, &focus)
        .await;
    if abilities.hashed_names {
        stickies_are_read(environment, room_id).await;
    }
    let members = room.everybody(environment.stickies.borrow().get(room_id));
    let mode = match &resume {
        Some(resume) => resume.mode.clone(),
        None => mode(&members, own, abilities),
    };
    let terms = Terms::new(&mode, environment.leave_delay, abilities.delegation);
    Ok(Ok(CallSetup {
        call: join.call,
        own: own.clone(),
        room_id: room_id.to_owned(),
        encrypts_state: room.encrypts_state,
        focus,
        microphone: join.microphone,
        camera: join.camera,
        presents: BTreeSet::new(),
        delay_id: resume.map(|resume| resume.delay_id),
        media_secret: media_secret(join, &room),
        members,
        mode,
        terms,
    }))
}

/// What the link says goes before what the room says.
fn media_secret(join: &Join, room: &RoomState) -> MediaSecret {
    join.media_secret.clone().unwrap_or(if room.encrypted {
        MediaSecret::PerMember
    } else {
        MediaSecret::Plain
    })
}

/// Right after the account came into a room, who is in its call is still on the way.
async fn stickies_are_read(environment: &Environment, room_id: &str) {
    let mut stickies = environment.stickies.clone();
    let read = stickies.wait_for(|stickies| stickies.is_read(room_id));
    let _ = tokio::time::timeout(STICKIES_WITHIN, read).await;
}

fn mode(members: &[Member], own: &Device, abilities: Abilities) -> Mode {
    let mut others = membership::active(members, unix_ms());
    others.retain(|member| member.device != *own);
    Mode::choose(&others, abilities.hashed_names, uuid())
}

/// A version 4 UUID, as clients name their stays.
fn uuid() -> String {
    let digits = TransactionId::new().to_string();
    match [0..8, 8..12, 12..16, 16..20, 20..32].map(|part| digits.get(part)) {
        [Some(a), Some(b), Some(c), Some(d), Some(e)] => format!("{a}-{b}-{c}-{d}-{e}"),
        _ => digits,
    }
}

/// As the last sync knows it; asked for when it does not (a fresh start, a fresh invitation).
pub(super) async fn room(
    environment: &Environment,
    id: &str,
) -> Result<Arc<RoomState>, RequestError> {
    if let Some(room) = environment.rooms.borrow().get(id) {
        return Ok(room.clone());
    }
    let events = environment.homeserver.room_state(id).await?;
    Ok(Arc::new(RoomState::from_events(id, String::new(), &events)))
}
