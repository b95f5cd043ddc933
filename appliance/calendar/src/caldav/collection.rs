//! One calendar: its objects around now, kept in step.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use url::Url;

use super::{
    CalDavError, Request, Response, accepted, bodies,
    multistatus::{self, Multistatus, Resource},
    weeks,
};

/// So often the weeks are asked for anew: they move on.
const ANEW: SignedDuration = SignedDuration::from_hours(12);
/// So often what the server's token tells is compared with what is there.
const COMPARED: SignedDuration = SignedDuration::from_mins(30);
/// Objects of one request.
const AT_ONCE: usize = 50;
/// After more changes than this the weeks are asked for anew: somebody imported a life.
const MOST_CHANGES: usize = 500;
/// Between two questions something may really have changed; twice in a row it is the token.
const TOO_SILENT: u8 = 2;
/// A sync report that goes on longer than this is given up.
const MOST_PAGES: u8 = 100;

#[derive(Clone, Debug, PartialEq, Eq)]
struct Object {
    etag: Option<String>,
    data: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Doing {
    Nothing,
    /// Which versions it has, before everything is asked for.
    Versions {
        anew: bool,
    },
    Everything,
    /// What changed since the token.
    Changes {
        pages: u8,
    },
    /// Which ETags there are.
    Etags,
    /// Objects that are still to be fetched.
    Fetching {
        left: Vec<Url>,
    },
}

/// A calendar.
#[derive(Clone, Debug)]
pub(super) struct Collection {
    url: Url,
    ahead: SignedDuration,
    objects: BTreeMap<Url, Object>,
    token: Option<String>,
    /// Holds once all it tells of is fetched.
    next_token: Option<String>,
    ctag: Option<String>,
    /// When everything was asked for; `None`: not yet.
    asked: Option<Timestamp>,
    compared: Option<Timestamp>,
    /// How often in a row its token was silent about a change.
    silent: u8,
    doing: Doing,
    /// Something changed beside the looks.
    learnt: bool,
    changed: bool,
}

pub(super) enum Next {
    Ask(Request),
    Done { changed: bool },
}

impl Collection {
    pub(super) fn new(url: Url, ahead: SignedDuration) -> Self {
        Self {
            url,
            ahead,
            objects: BTreeMap::new(),
            token: None,
            next_token: None,
            ctag: None,
            asked: None,
            compared: None,
            silent: 0,
            doing: Doing::Nothing,
            learnt: false,
            changed: false,
        }
    }

    pub(super) fn objects(&self) -> impl Iterator<Item = (&Url, &[u8])> {
        let all = self.objects.iter();
        all.map(|(url, object)| (url, object.data.as_bytes()))
    }

    pub(super) fn url(&self) -> &Url {
        &self.url
    }

    /// Its objects with their ETags.
    pub(super) fn texts(&self) -> impl Iterator<Item = (&Url, Option<&String>, &str)> {
        let all = self.objects.iter();
        all.map(|(url, object)| (url, object.etag.as_ref(), object.data.as_str()))
    }

    pub(super) fn compare(&mut self) {
        self.compared = None;
    }

    /// What an object is now; without text it is gone.
    pub(super) fn learn(&mut self, url: &Url, etag: Option<String>, text: Option<String>) {
        match text {
            Some(data) => self.objects.insert(url.clone(), Object { etag, data }),
            None => self.objects.remove(url),
        };
        self.learnt = true;
    }

    /// Its token tells of no change, so that everything is compared each time.
    pub(super) fn is_compared(&self) -> bool {
        self.silent >= TOO_SILENT
    }

    /// The first question of a look.
    pub(super) fn look(&mut self, now: Timestamp) -> Request {
        self.next_token = None;
        self.changed = std::mem::take(&mut self.learnt);
        if self.asked.is_none_or(|at| now.duration_since(at) >= ANEW) {
            return self.versions(true);
        }
        match &self.token {
            Some(token) if !self.is_compared() => {
                let body = bodies::changes(token);
                self.doing = Doing::Changes { pages: 0 };
                Request::xml("REPORT", self.url.clone(), "0", body)
            }
            None if self.ctag.is_some() && !self.is_to_be_compared(now) => self.versions(false),
            _ => self.etags(now),
        }
    }

    fn is_to_be_compared(&self, now: Timestamp) -> bool {
        self.compared
            .is_none_or(|at| now.duration_since(at) >= COMPARED)
    }

    fn versions(&mut self, anew: bool) -> Request {
        self.doing = Doing::Versions { anew };
        Request::xml("PROPFIND", self.url.clone(), "0", bodies::versions())
    }

    fn everything(&mut self, now: Timestamp) -> Request {
        let (from, to) = weeks(now, self.ahead);
        self.doing = Doing::Everything;
        Request::xml(
            "REPORT",
            self.url.clone(),
            "1",
            bodies::query(from, to, true),
        )
    }

    fn etags(&mut self, now: Timestamp) -> Request {
        let (from, to) = weeks(now, self.ahead);
        self.doing = Doing::Etags;
        Request::xml(
            "REPORT",
            self.url.clone(),
            "1",
            bodies::query(from, to, false),
        )
    }

    /// What an answer leads to.
    pub(super) fn answer(
        &mut self,
        now: Timestamp,
        response: &Response,
    ) -> Result<Next, CalDavError> {
        let doing = std::mem::replace(&mut self.doing, Doing::Nothing);
        let in_changes = matches!(doing, Doing::Changes { .. });
        if in_changes && self.token_is_refused(response) {
            self.token = None;
            return Ok(Next::Ask(self.versions(true)));
        }
        accepted(response, &self.url)?;
        let read = multistatus::read(&response.body)?;
        match doing {
            Doing::Nothing => Ok(self.done(now)),
            Doing::Versions { anew } => Ok(self.with_versions(&read, anew, now)),
            Doing::Everything => Ok(self.with_everything(read, now)),
            Doing::Changes { pages } => self.with_changes(&read, pages, now),
            Doing::Etags => Ok(self.with_etags(&read, now)),
            Doing::Fetching { left } => Ok(self.with_objects(read, left, now)),
        }
    }

    /// The end of a look, or a last question: whether the token has told everything.
    fn done(&mut self, now: Timestamp) -> Next {
        if let Some(token) = self.next_token.take() {
            self.token = Some(token);
        }
        if self.token.is_some() && self.is_to_be_compared(now) {
            return Next::Ask(self.etags(now));
        }
        let changed = self.changed;
        Next::Done { changed }
    }

    /// RFC 6578 section 3.2: `valid-sync-token`; some servers answer with other statuses of the kind.
    fn token_is_refused(&self, response: &Response) -> bool {
        let refused = matches!(
            response.status,
            403 | 409 | 410 | 412 | 415 | 400 | 405 | 501 | 507
        );
        refused
            && (response.status != 403
                || multistatus::names_precondition(&response.body, "valid-sync-token"))
    }

    fn with_versions(&mut self, read: &Multistatus, anew: bool, now: Timestamp) -> Next {
        let here = read.resources.first();
        let ctag = here.and_then(|r| r.ctag.clone());
        let same = ctag.is_some() && ctag == self.ctag;
        self.ctag = ctag;
        if anew {
            let syncs =
                here.is_some_and(|r| r.reports.iter().any(|name| name == "sync-collection"));
            let token = here.and_then(|r| r.sync_token.clone());
            self.token = token.filter(|_| syncs);
            return Next::Ask(self.everything(now));
        }
        if same {
            self.done(now)
        } else {
            Next::Ask(self.etags(now))
        }
    }

    fn with_everything(&mut self, read: Multistatus, now: Timestamp) -> Next {
        let before = std::mem::take(&mut self.objects);
        for resource in read.resources {
            self.put(resource);
        }
        (self.asked, self.compared) = (Some(now), Some(now));
        self.changed |= before != self.objects;
        self.done(now)
    }

    /// Keeps an object; answers whether it is other than before.
    fn put(&mut self, resource: Resource) -> bool {
        let (Ok(url), Some(data)) = (self.url.join(&resource.href), resource.data) else {
            return false;
        };
        let etag = resource.etag;
        let object = Object { etag, data };
        let same = self.objects.get(&url) == Some(&object);
        self.objects.insert(url, object);
        !same
    }

    fn with_changes(
        &mut self,
        read: &Multistatus,
        pages: u8,
        now: Timestamp,
    ) -> Result<Next, CalDavError> {
        let mut left = Vec::new();
        let mut more = false;
        for resource in &read.resources {
            let Ok(url) = self.url.join(&resource.href) else {
                continue;
            };
            match resource.status {
                // RFC 6578 section 3.6: there is more.
                Some(507) => more = true,
                Some(404 | 410) => self.changed |= self.objects.remove(&url).is_some(),
                _ if url == self.url => {}
                _ if self.has(&url, resource.etag.as_ref()) => {}
                _ => left.push(url),
            }
        }
        if left.len() > MOST_CHANGES || pages >= MOST_PAGES {
            return Ok(Next::Ask(self.versions(true)));
        }
        let Some(token) = read.sync_token.clone() else {
            return Err(CalDavError::Malformed(
                "a sync report without a token".to_owned(),
            ));
        };
        let moved_on = self.token.as_ref() != Some(&token);
        if more && left.is_empty() && moved_on {
            let body = bodies::changes(&token);
            self.token = Some(token);
            self.doing = Doing::Changes { pages: pages + 1 };
            return Ok(Next::Ask(Request::xml(
                "REPORT",
                self.url.clone(),
                "0",
                body,
            )));
        }
        // What is still to come is asked for by the next look, with the new token; with the old one, if fetching fails.
        self.next_token = Some(token);
        Ok(self.fetch(left, now))
    }

    fn has(&self, url: &Url, etag: Option<&String>) -> bool {
        let known = self.objects.get(url);
        known.is_some_and(|known| etag.is_some() && known.etag.as_ref() == etag)
    }

    fn with_etags(&mut self, read: &Multistatus, now: Timestamp) -> Next {
        let (mut left, mut there) = (Vec::new(), BTreeSet::new());
        for resource in &read.resources {
            if let Ok(url) = self.url.join(&resource.href) {
                if !self.has(&url, resource.etag.as_ref()) {
                    left.push(url.clone());
                }
                there.insert(url);
            }
        }
        // Gone, or brought by a change and beyond these weeks.
        let gone: Vec<Url> = self
            .objects
            .keys()
            .filter(|url| !there.contains(url))
            .cloned()
            .collect();
        self.changed |= !gone.is_empty();
        for url in &gone {
            self.objects.remove(url);
        }
        if left.is_empty() {
            self.silent = 0;
        } else if self.token.is_some() {
            self.silent = self.silent.saturating_add(1);
        }
        self.compared = Some(now);
        self.fetch(left, now)
    }

    fn fetch(&mut self, mut left: Vec<Url>, now: Timestamp) -> Next {
        if left.is_empty() {
            return self.done(now);
        }
        let rest = left.split_off(left.len().min(AT_ONCE));
        let body = bodies::these(left.iter().map(Url::path));
        self.doing = Doing::Fetching { left: rest };
        Next::Ask(Request::xml("REPORT", self.url.clone(), "1", body))
    }

    fn with_objects(&mut self, read: Multistatus, left: Vec<Url>, now: Timestamp) -> Next {
        for resource in read.resources {
            if matches!(resource.status, Some(404 | 410)) {
                if let Ok(url) = self.url.join(&resource.href) {
                    self.changed |= self.objects.remove(&url).is_some();
                }
                continue;
            }
            self.changed |= self.put(resource);
        }
        self.fetch(left, now)
    }
}
