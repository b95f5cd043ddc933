//! The room account's inbox on a server that schedules (RFC 6638). The room follows its calendar, into which the server has put
//! what the messages say, and nobody else reads them: they would lie there for good.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use saal_calendar::{
    caldav::{
        CalDav, Condition, Request,
        inbox::{self, Message},
    },
    edit,
};
use tracing::{debug, info};
use url::Url;

use crate::{Failure, answering::addresses, caldav::ask, look::Looker};

/// Messages that are read in one round: nobody waits for it, and the calendar does.
const AT_ONCE: usize = 20;
/// What was left is looked at again after so long.
const AGAIN: SignedDuration = SignedDuration::from_hours(1);
/// Meetings whose requests were cleared are remembered, as servers differ in whether they keep what is cancelled.
const MOST_CLEARED: usize = 1_000;

/// What is known of it from round to round.
#[derive(Debug, Default)]
pub(crate) struct Inbox {
    /// It was not looked at since the calendar changed, or not to its end.
    news: bool,
    looked: Option<Timestamp>,
    /// Messages that are not handled.
    left: BTreeMap<Url, Left>,
    /// UIDs of requests that were.
    cleared: BTreeSet<String>,
}

/// A message that stays for now.
#[derive(Debug)]
struct Left {
    etag: Option<String>,
    /// When it was read; `None`: it is to be read again.
    read: Option<Timestamp>,
    /// It was read only once: the calendar may have been older than it.
    first: bool,
}

impl Inbox {
    /// The calendar changed: there may be a message that says so, and one that was read before has what it lacked.
    pub(crate) fn has_news(&mut self) {
        self.news = true;
        for left in self.left.values_mut().filter(|left| left.first) {
            (left.read, left.first) = (None, false);
        }
    }

    fn is_due(&self, now: Timestamp) -> bool {
        let long_ago = |at: Timestamp| now.duration_since(at) >= AGAIN;
        self.news || self.looked.is_none_or(long_ago)
    }

    /// What is to be read of what is there, what is new first, and whether that is all.
    fn next(&mut self, there: Vec<Message>, now: Timestamp) -> (Vec<Message>, bool) {
        let urls: BTreeSet<&Url> = there.iter().map(|message| &message.url).collect();
        self.left.retain(|url, _| urls.contains(url));
        let read = |message: &Message| {
            let left = self.left.get(&message.url)?;
            left.read.filter(|_| left.etag == message.etag)
        };
        let mut due: Vec<(Option<Timestamp>, Message)> = there
            .into_iter()
            .map(|message| (read(&message), message))
            .filter(|(at, _)| at.is_none_or(|at| now.duration_since(at) >= AGAIN))
            .collect();
        due.sort_by_key(|(at, _)| *at);
        let all = due.len() <= AT_ONCE;
        due.truncate(AT_ONCE);
        (due.into_iter().map(|(_, message)| message).collect(), all)
    }

    fn is_handled(&self, text: &str, dav: &CalDav, room: &[String]) -> Option<String> {
        let message = edit::Message::read(text)?;
        let uid = message.uid();
        let handled = match dav.find(uid) {
            Some((_, _, object)) => message.is_handled_in(&object, room),
            None => message.cancels() && self.cleared.contains(uid),
        };
        handled.then(|| uid.to_owned())
    }

    fn leave(&mut self, message: Message, now: Timestamp) {
        let before = self.left.get(&message.url);
        let first = before.is_none_or(|before| before.etag != message.etag);
        let left = Left {
            etag: message.etag,
            read: Some(now),
            first,
        };
        self.left.insert(message.url, left);
    }

    fn clear(&mut self, uid: String) {
        if self.cleared.len() == MOST_CLEARED {
            self.cleared.pop_first();
        }
        self.cleared.insert(uid);
    }
}

impl Looker {
    /// Deletes messages about meetings that the calendar has as they say, with the room's answer; all others stay. What goes
    /// wrong there is no trouble of the calendar.
    pub(crate) async fn clear_inbox(&mut self) {
        let now = Timestamp::now();
        let waits = self.unanswered || !self.inbox.is_due(now);
        let dav = self.dav.as_ref().filter(|_| !waits);
        let Some(at) = dav.and_then(CalDav::inbox).cloned() else {
            return;
        };
        (self.inbox.news, self.inbox.looked) = (false, Some(now));
        if let Err(error) = self.clear_some(&at, now).await {
            let source = &self.source.name;
            debug!(source, %error, "the inbox can't be cleared");
        }
    }

    async fn clear_some(&mut self, at: &Url, now: Timestamp) -> Result<(), Failure> {
        let listed = self.ask_inbox(inbox::list(at)).await?;
        let (messages, all) = self.inbox.next(inbox::messages(at, &listed)?, now);
        self.inbox.news = !all;
        let mut cleared = 0;
        for message in messages {
            if self.clear_one(&message).await? {
                cleared += 1;
            } else {
                self.inbox.leave(message, now);
            }
        }
        if cleared > 0 {
            let source = &self.source.name;
            info!(
                source,
                cleared, "messages of the inbox are handled and deleted"
            );
        }
        Ok(())
    }

    /// Whether it is gone.
    async fn clear_one(&mut self, message: &Message) -> Result<bool, Failure> {
        let url = &message.url;
        let read = self
            .ask_inbox(Request::of_object("GET", url.clone(), None))
            .await?;
        let Some(dav) = self.dav.as_ref().filter(|_| read.status == 200) else {
            return Ok(matches!(read.status, 404 | 410));
        };
        let room = addresses(&self.room.settings, dav);
        let Some(uid) = self.inbox.is_handled(&read.body, dav, &room) else {
            return Ok(false);
        };
        // As it was read, and not one that came meanwhile under its name.
        let etag = read.etag.or_else(|| message.etag.clone());
        let strong = etag.filter(|etag| !etag.starts_with("W/"));
        let delete = Request::of_object("DELETE", url.clone(), strong.map(Condition::Is));
        let gone = self.ask_inbox(delete).await?;
        let is_gone = matches!(gone.status, 200..=299 | 404 | 410);
        if is_gone {
            self.inbox.clear(uid);
        }
        Ok(is_gone)
    }

    async fn ask_inbox(
        &self,
        request: Request,
    ) -> Result<saal_calendar::caldav::Response, Failure> {
        ask(&self.client, self.source.at.login(), request).await
    }
}
