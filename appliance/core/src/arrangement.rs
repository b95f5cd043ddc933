//! How people want to see the others, and who of them is seen when not all can be.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use saal_fleet_protocol::config::{Layout, Television};
use saal_meeting::Participant;

/// How the television is arranged in this call.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Arrangement {
    /// What is large.
    pub layout: Layout,
    /// The room sees itself too.
    pub self_view: bool,
    /// Which page of many people, from 0; there may be fewer pages by now.
    page: usize,
    /// When each who is there was last heard to speak (monotonic).
    spoke: BTreeMap<String, Duration>,
    /// Who is large where one is.
    speaker: Option<String>,
}

impl Arrangement {
    /// As the configuration begins a call.
    #[must_use]
    pub fn of(television: &Television) -> Self {
        Self {
            layout: television.layout,
            self_view: television.self_view,
            ..Self::default()
        }
    }

    /// Another page of people; one behind the last is the last.
    pub(crate) fn turn(&mut self, page: usize) {
        self.page = page;
    }

    /// Takes in who speaks now. Who is large stays so while they speak, and until somebody else
    /// does.
    pub(crate) fn hear(&mut self, now: Duration, participants: &[Participant]) {
        self.spoke
            .retain(|id, _| participants.iter().any(|p| p.id == *id));
        for person in participants.iter().filter(|p| p.speaking) {
            self.spoke.insert(person.id.clone(), now);
        }
        let large = participants
            .iter()
            .find(|p| self.speaker.as_ref() == Some(&p.id));
        if large.is_none_or(|large| !large.speaking) {
            let next = participants.iter().find(|p| p.speaking).or(large);
            self.speaker = next.map(|p| p.id.clone());
        }
    }

    /// Who is large where one is: who speaks or spoke last, else the first one with a picture.
    #[must_use]
    pub fn speaker<'a>(&self, participants: &'a [Participant]) -> Option<&'a Participant> {
        let spoke = |p: &&Participant| self.speaker.as_ref() == Some(&p.id);
        let seen = || participants.iter().find(|p| p.camera);
        participants
            .iter()
            .find(spoke)
            .or_else(seen)
            .or_else(|| participants.first())
    }

    /// Of these people as many as there are places: on the first page those who spoke last, so that
    /// nobody who speaks is missing; each page in the order given, so that few pictures move.
    pub(crate) fn seen<'a>(&self, people: Vec<&'a Participant>, places: usize) -> Seen<'a> {
        let count = people.len();
        let places = places.max(1);
        let pages = count.div_ceil(places).max(1);
        let page = self.page.min(pages - 1);
        let mut order: Vec<usize> = (0..count).collect();
        order.sort_by_key(|at| Reverse(self.spoke.get(&people[*at].id)));
        let first: BTreeSet<usize> = order.into_iter().take(places).collect();
        let later = (0..count).filter(|at| !first.contains(at));
        let shown: Vec<usize> = if page == 0 {
            first.iter().copied().collect()
        } else {
            later.skip((page - 1) * places).take(places).collect()
        };
        Seen {
            people: shown.into_iter().map(|at| people[at]).collect(),
            from: page * places,
            page,
            pages,
            count,
        }
    }
}

/// The people of one page.
#[derive(Clone, Debug, PartialEq)]
pub struct Seen<'a> {
    /// In the order of their places.
    pub people: Vec<&'a Participant>,
    /// How many are on the pages before.
    pub from: usize,
    /// Which page, from 0.
    pub page: usize,
    /// How many there are, at least one.
    pub pages: usize,
    /// People on all pages.
    pub count: usize,
}
