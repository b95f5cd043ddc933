//! The room's answers to invitations, decided with all its calendars in view.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

use jiff::Timestamp;
use saal_calendar::{
    CalendarFile, Reading,
    answer::{Answer, answers},
    caldav::CalDav,
    edit::{self, Context, EditError, Edited},
};
use tracing::{info, warn};

use crate::{
    ChangeError, Settings,
    caldav::{self, Changing},
    look::{Looker, blocking},
};

/// What all sources know of the room's day.
#[derive(Debug)]
pub(crate) struct Known {
    /// By name; `None` until the source has been read or has failed.
    files: Mutex<BTreeMap<String, Option<Arc<CalendarFile>>>>,
}

impl Known {
    pub(crate) fn new(names: impl IntoIterator<Item = String>) -> Self {
        let files = names.into_iter().map(|name| (name, None)).collect();
        Self {
            files: Mutex::new(files),
        }
    }

    pub(crate) fn set(&self, name: &str, file: Arc<CalendarFile>) {
        let mut files = self.files.lock().unwrap_or_else(PoisonError::into_inner);
        files.insert(name.to_owned(), Some(file));
    }

    /// It can't be asked; what it said before holds.
    pub(crate) fn failed(&self, name: &str) {
        let mut files = self.files.lock().unwrap_or_else(PoisonError::into_inner);
        files
            .entry(name.to_owned())
            .or_default()
            .get_or_insert_default();
    }

    /// All but this one; `None` while one has not been asked yet: the room might be taken by it.
    fn others(&self, name: &str) -> Option<Vec<Arc<CalendarFile>>> {
        let files = self.files.lock().unwrap_or_else(PoisonError::into_inner);
        let others = files.iter().filter(|(other, _)| *other != name);
        others.map(|(_, file)| file.clone()).collect()
    }
}

impl Looker {
    /// Answers what waits for an answer; whether anything was written. An object whose answer was refused is left alone until
    /// it changes.
    pub(crate) async fn answer_invitations(&mut self) -> bool {
        let others = self.room.known.others(&self.source.name);
        let Some(others) = others.filter(|_| self.unanswered) else {
            return false;
        };
        let Some(dav) = self.dav.take() else {
            return false;
        };
        let settings = self.room.settings.clone();
        let room = addresses(&settings, &dav);
        let (mut dav, others, room, open) = blocking(move || {
            let open = decide(&dav, &settings, &room, &others);
            (dav, others, room, open)
        })
        .await;
        self.unanswered = false;
        let mut wrote = false;
        for (uid, answer) in open {
            let before = dav.find(&uid).map(|(_, _, text)| text);
            if before.is_none() || self.refused.get(&uid) == before.as_ref() {
                continue;
            }
            let result = self.answer(&mut dav, &uid, answer, &others, &room).await;
            wrote |= self.answered(uid, before, &result);
        }
        self.dav = Some(dav);
        wrote
    }

    /// Writes one answer; when the object is another by now, it is decided anew.
    async fn answer(
        &self,
        dav: &mut CalDav,
        uid: &str,
        answer: Answer,
        others: &[Arc<CalendarFile>],
        room: &[String],
    ) -> Result<(), ChangeError> {
        let settings = &self.room.settings;
        let mut first = Some(answer);
        let by = |dav: &CalDav, text: &str| {
            let answer = first
                .take()
                .or_else(|| decide(dav, settings, room, others).remove(uid));
            answer_one(text, uid, answer.as_ref(), settings, room)
        };
        let what = Changing {
            uid,
            by,
            client: &self.client,
            login: self.source.at.login(),
        };
        caldav::change(dav, what).await
    }

    fn answered(
        &mut self,
        uid: String,
        before: Option<String>,
        result: &Result<(), ChangeError>,
    ) -> bool {
        let source = &self.source.name;
        match result {
            Ok(()) => info!(source, uid, "invitation answered"),
            Err(error) => warn!(source, uid, %error, "invitation can't be answered"),
        }
        match result {
            Ok(()) => return true,
            Err(ChangeError::Failed(_) | ChangeError::Conflict) => self.unanswered = true,
            Err(_) => self.refused.extend(before.map(|before| (uid, before))),
        }
        false
    }
}

/// The room's addresses, as the configuration and the server know them.
pub(crate) fn addresses(settings: &Settings, dav: &CalDav) -> Vec<String> {
    let all = settings.room.iter().chain(dav.addresses());
    all.cloned().collect()
}

fn decide(
    dav: &CalDav,
    settings: &Settings,
    room: &[String],
    others: &[Arc<CalendarFile>],
) -> BTreeMap<String, Answer> {
    let now = Timestamp::now();
    let reading = Reading {
        now,
        zone: &settings.zone,
        room,
        jitsi: &settings.jitsi,
        ahead: Reading::YEAR,
    };
    let own = CalendarFile::read_all(dav.objects().map(|(_, bytes)| bytes), reading);
    let others: Vec<&CalendarFile> = others.iter().map(AsRef::as_ref).collect();
    answers(&own, &others, now, &settings.taken)
}

fn answer_one(
    text: &str,
    uid: &str,
    answer: Option<&Answer>,
    settings: &Settings,
    room: &[String],
) -> Result<Edited, EditError> {
    // Somebody else answered meanwhile.
    let Some(answer) = answer else {
        return Ok(Edited::Same);
    };
    let context = Context {
        now: Timestamp::now(),
        zone: &settings.zone,
        room,
    };
    edit::answered(text, uid, answer, context)
}
