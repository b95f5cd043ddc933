//! Becoming a member of the call's Matrix room, where the room's account is none yet: looked up by
//! its alias, joined through other servers, knocked on where somebody has to let us in.
//!
//! A link is followed because people in the room (or IT) gave it, so it may lead to any server;
//! the configuration's `allowed_servers` are about invitations that nobody here asked for.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use saal_meeting::{CallEvent, EndReason, JoinStage, MatrixRoom, MeetingEvent};
use serde_json::json;
use tokio::{
    sync::{OwnedMutexGuard, mpsc},
    time::Instant,
};

use super::{
    Environment,
    prepare::{self, Join},
};
use crate::{
    account::{Standing, Successor},
    homeserver::RequestError,
    rtc::Device,
};

/// A home server that can't be reached is asked again this long.
const TRY_FOR: Duration = Duration::from_secs(20);
const AGAIN_AFTER: Duration = Duration::from_millis(500);
/// Rooms that were replaced one after the other; more are a circle.
const MOST_UPGRADES: usize = 16;
/// A sync says within this that a room was left.
const GONE_WITHIN: Duration = Duration::from_secs(3);
/// Marks, in the account's own notes about a room, that it was joined for one call.
const VISIT: &str = "saal.visit";

/// What was done on the way in and may have to be undone.
#[derive(Debug)]
pub(crate) struct Doorstep {
    /// Nobody has answered this knock yet.
    knocked: Option<String>,
    /// The room that the call is in.
    inside: Option<String>,
    /// What people say while they wait.
    words: mpsc::UnboundedReceiver<String>,
    /// Held until a visit is over and everybody knows.
    visiting: Option<OwnedMutexGuard<()>>,
}

/// Rooms that the account is in for one call. They are no meetings of this room's day.
#[derive(Clone, Debug, Default)]
pub(crate) struct Visits(Arc<Mutex<BTreeSet<String>>>);

impl Visits {
    fn begin(&self, room: &str) {
        self.all().insert(room.to_owned());
    }

    fn end(&self, room: &str) {
        self.all().remove(room);
    }

    pub(crate) fn has(&self, room: &str) -> bool {
        self.all().contains(room)
    }

    fn all(&self) -> MutexGuard<'_, BTreeSet<String>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Doorstep {
    pub(crate) fn new(words: mpsc::UnboundedReceiver<String>) -> Self {
        Self {
            knocked: None,
            inside: None,
            words,
            visiting: None,
        }
    }

    /// The call is over, or was given up: takes a knock back, and leaves a room that was joined
    /// for nothing else.
    pub(crate) async fn clear(self, environment: &Environment, join: &Join) {
        let homeserver = &environment.homeserver;
        if let Some(room) = &self.knocked
            && let Err(error) = Box::pin(homeserver.leave(room)).await
        {
            tracing::warn!(room, %error, "the knock is not taken back");
        }
        let own = environment.identity.borrow().clone();
        if let (Some(room), Some(own), true) = (&self.inside, own, join.visit) {
            Box::pin(end_visit(environment, room, &own)).await;
            environment.visits.end(room);
        }
    }
}

/// Leaves a room that was joined for one call and waits until a sync says so: who comes back at once
/// must not find what was true before.
async fn end_visit(environment: &Environment, room: &str, own: &Device) {
    let homeserver = &environment.homeserver;
    match Box::pin(homeserver.room_note(&own.user, room, VISIT)).await {
        Ok(Some(note)) if note["until"] == "call" => {}
        Ok(_) => return,
        Err(error) => return tracing::warn!(room, %error, "the room may stay a member"),
    }
    let before = environment.doors.borrow().count();
    // A later stay there begins anew.
    let nothing = json!({});
    let forgotten = homeserver.put_room_note(&own.user, room, VISIT, &nothing);
    let _ = Box::pin(forgotten).await;
    match Box::pin(homeserver.leave(room)).await {
        Ok(()) => tracing::info!(room, "left the room that was joined for one call"),
        Err(error) => return tracing::warn!(room, %error, "the room stays a member"),
    }
    let mut doors = environment.doors.clone();
    let gone = doors.wait_for(|doors| doors.since(before, room).is_some());
    let _ = tokio::time::timeout(GONE_WITHIN, gone).await;
}

/// Where to go in.
struct Place {
    room: MatrixRoom,
    via: Vec<String>,
}

/// Sees to it that the account is a member of the call's room, or of the one that has replaced it;
/// gives its id. Waits as long as nobody answers a knock.
pub(crate) async fn enter(
    environment: &Environment,
    join: &Join,
    own: &Device,
    doorstep: &mut Doorstep,
) -> Result<String, EndReason> {
    // A visit that ends now is over first.
    let threshold = environment.threshold.clone().lock_owned().await;
    doorstep.visiting = join.visit.then_some(threshold);
    let mut place = Place {
        room: join.room.clone(),
        via: join.via.clone(),
    };
    for _ in 0..MOST_UPGRADES {
        let room = Box::pin(
            Entering {
                environment,
                join,
                own,
            }
            .enter(&place, doorstep),
        )
        .await?;
        doorstep.inside = Some(room.clone());
        match successor(environment, &room).await {
            None => return Ok(room),
            Some(next) => {
                tracing::info!(room, next = next.room_id, "the room was replaced");
                place = Place {
                    room: MatrixRoom::id(next.room_id),
                    via: next.via,
                };
            }
        }
    }
    let reason = "the room was replaced again and again".to_owned();
    Err(EndReason::Failed { reason })
}

/// A room that can't be read now is read again by whoever prepares the call.
async fn successor(environment: &Environment, room: &str) -> Option<Successor> {
    let room = Box::pin(prepare::room(environment, room)).await.ok()?;
    room.replaced_by.clone()
}

struct Entering<'a> {
    environment: &'a Environment,
    join: &'a Join,
    own: &'a Device,
}

impl Entering<'_> {
    async fn enter(&self, place: &Place, doorstep: &mut Doorstep) -> Result<String, EndReason> {
        let (room, via) = self.look_up(place).await?;
        if self.is_member(&room) {
            return Ok(room);
        }
        let refusal = match self.retry(|| self.homeserver().join(&room, &via)).await {
            Ok(room) => {
                self.note_visit(&room).await;
                return Ok(room);
            }
            Err(error) if may_knock(&error) => error,
            Err(error) => return Err(ended(&error)),
        };
        self.knock(&room, &via, &refusal, doorstep).await?;
        doorstep.knocked = None;
        self.note_visit(&room).await;
        Ok(room)
    }

    async fn look_up(&self, place: &Place) -> Result<(String, Vec<String>), EndReason> {
        let (room, mut via) = (place.room.as_str().to_owned(), place.via.clone());
        if !place.room.is_alias() {
            return Ok((room, via));
        }
        let found = self.retry(|| self.homeserver().resolve_alias(&room)).await;
        let found = found.map_err(|error| ended(&error))?;
        let aliases = &self.environment.aliases;
        aliases.send_if_modified(|aliases| aliases.learn(&found.room_id, [room]));
        via.extend(found.servers);
        via.truncate(10);
        Ok((found.room_id, via))
    }

    /// Knocks and waits until somebody answers.
    async fn knock(
        &self,
        room: &str,
        via: &[String],
        refusal: &RequestError,
        doorstep: &mut Doorstep,
    ) -> Result<(), EndReason> {
        let before = self.environment.doors.borrow().count();
        let knocked = self
            .retry(|| self.homeserver().knock(room, via, None))
            .await;
        if let Err(error) = knocked {
            tracing::info!(room, %error, "knocking is of no use");
            return Err(EndReason::NotAllowed {
                reason: refusal.to_string(),
            });
        }
        doorstep.knocked = Some(room.to_owned());
        self.say(CallEvent::Waiting(saal_meeting::Waiting::Admission));
        let answered = self.answered(room, via, before, doorstep).await;
        if answered.is_err() {
            doorstep.knocked = None;
        }
        answered?;
        self.say(CallEvent::Progress(JoinStage::Contacting));
        Ok(())
    }

    async fn answered(
        &self,
        room: &str,
        via: &[String],
        before: u64,
        doorstep: &mut Doorstep,
    ) -> Result<(), EndReason> {
        let mut doors = self.environment.doors.clone();
        let mut rooms = self.environment.rooms.clone();
        loop {
            if rooms.borrow_and_update().contains_key(room) {
                return Ok(());
            }
            let standing = doors.borrow_and_update().since(before, room);
            match standing {
                Some(Standing::Invited) => {
                    let joined = self.retry(|| self.homeserver().join(room, via));
                    return joined.await.map(drop).map_err(|error| ended(&error));
                }
                Some(Standing::SentAway) => return Err(EndReason::Rejected),
                Some(Standing::Knocking | Standing::Gone) | None => {}
            }
            let changed = tokio::select! {
                changed = doors.changed() => changed,
                changed = rooms.changed() => changed,
                Some(words) = doorstep.words.recv() => {
                    self.speak(room, via, words).await;
                    Ok(())
                }
            };
            if changed.is_err() {
                let reason = "the homeserver refuses the room".to_owned();
                return Err(EndReason::Failed { reason });
            }
        }
    }

    /// Knocks again, with words: Matrix has no other way in for them.
    async fn speak(&self, room: &str, via: &[String], words: String) {
        let knocked = self.homeserver().knock(room, via, Some(&words));
        match Box::pin(knocked).await {
            Ok(_) => self.say(CallEvent::LobbyMessageTaken { text: words }),
            Err(error) => tracing::warn!(room, %error, "words at the door were not taken"),
        }
    }

    /// So that the room is left again, whatever happens to this process until then.
    async fn note_visit(&self, room: &str) {
        if !self.join.visit {
            return;
        }
        self.environment.visits.begin(room);
        let content = json!({ "until": "call" });
        let noted = self
            .homeserver()
            .put_room_note(&self.own.user, room, VISIT, &content);
        if let Err(error) = Box::pin(noted).await {
            tracing::warn!(room, %error, "the room will stay a member");
        }
    }

    /// Asks again while the home server can't be reached.
    async fn retry<T, F>(&self, ask: impl Fn() -> F) -> Result<T, RequestError>
    where
        F: Future<Output = Result<T, RequestError>>,
    {
        let until = Instant::now() + TRY_FOR;
        loop {
            match Box::pin(ask()).await {
                Err(error) if !error.is_final() && Instant::now() < until => {
                    tokio::time::sleep(AGAIN_AFTER).await;
                }
                answered => return answered,
            }
        }
    }

    fn is_member(&self, room: &str) -> bool {
        self.environment.rooms.borrow().contains_key(room)
    }

    fn homeserver(&self) -> &crate::homeserver::Homeserver {
        &self.environment.homeserver
    }

    fn say(&self, event: CallEvent) {
        let call = self.join.call;
        let _ = self
            .environment
            .events
            .send(MeetingEvent::Call { call, event });
    }
}

/// The join was refused in a way that a knock may change.
fn may_knock(error: &RequestError) -> bool {
    let restricted = ["M_UNABLE_TO_AUTHORISE_JOIN", "M_UNABLE_TO_GRANT_JOIN"];
    error.is_forbidden() || restricted.iter().any(|code| error.has_code(code))
}

fn ended(error: &RequestError) -> EndReason {
    let reason = error.to_string();
    if error.is_not_found() {
        tracing::info!(reason, "there is no such room");
        EndReason::NotFound
    } else if error.is_final() {
        EndReason::NotAllowed { reason }
    } else {
        EndReason::Failed { reason }
    }
}
