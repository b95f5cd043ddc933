//! Where a meeting takes place, found in what people and their calendars wrote.
//!
//! Properties that were made for it (RFC 7986 section 5.11, producers' own) are believed first, then the place, then the
//! text. Links that a mail gateway rewrote are read from the inside where they carry their target.

mod gateway;
mod html;
mod password;
mod services;
mod text;

use saal_meeting::{Destination, LinkTarget, MeetingLink, NoWay, Secret};
use url::Url;

use self::{gateway::Unwrapped, services::Service, text::Written};

/// More places than this are a list of links, not a meeting's place.
const MOST_PLACES: usize = 50;
/// Links of one text that are looked at.
const MOST_LINKS: usize = 1_000;
/// Of a text; what is longer is read up to here, in bytes.
const MOST_TEXT: usize = 256 * 1024;

/// Where something was written, the most telling first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Field {
    /// `CONFERENCE` of RFC 7986.
    Conference,
    /// A producer's own property for the meeting's link.
    Vendor,
    /// `LOCATION`.
    Location,
    /// `URL`.
    Url,
    /// `DESCRIPTION`, or what stands for it.
    Description,
    /// The description as HTML.
    Html,
}

impl Field {
    fn weight(self) -> i32 {
        match self {
            Self::Conference => 1000,
            Self::Vendor => 900,
            Self::Location => 700,
            Self::Url => 600,
            Self::Description => 500,
            Self::Html => 480,
        }
    }

    /// Made for the meeting's link alone: what stands there is meant to be gone to.
    fn is_for_links(self) -> bool {
        matches!(self, Self::Conference | Self::Vendor)
    }
}

/// Which Jitsi installations the room goes to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum JitsiHosts {
    /// Any; outside of properties made for it only those whose name tells that they are one.
    #[default]
    Any,
    /// These: `meet.example.org`, or `*.example.org` for all below.
    Only(Vec<String>),
}

impl JitsiHosts {
    fn has(&self, host: &str) -> bool {
        let Self::Only(hosts) = self else {
            return false;
        };
        hosts.iter().any(|known| match known.strip_prefix('*') {
            Some(below) => {
                host.len() > below.len()
                    && host
                        .to_ascii_lowercase()
                        .ends_with(&below.to_ascii_lowercase())
            }
            None => host.eq_ignore_ascii_case(known),
        })
    }
}

/// What was found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// Where the meeting may be, the likeliest first; each place once.
    pub destinations: Vec<Destination>,
    /// Why others are none, the most telling first.
    pub no_way: Vec<NoWay>,
}

/// One link, judged.
struct Candidate {
    weight: i32,
    what: Result<Destination, NoWay>,
}

/// Looks for the meeting's place in all that was written.
#[must_use]
pub fn find<'a>(fields: impl IntoIterator<Item = (Field, &'a str)>, jitsi: &JitsiHosts) -> Found {
    let mut candidates = Vec::new();
    let mut loose: Option<String> = None;
    for (field, text) in fields {
        let (links, words) = written(field, clip(text));
        let judged: Vec<(Written, Option<Candidate>)> = links
            .into_iter()
            .take(MOST_LINKS)
            .map(|link| {
                let candidate = judge(field, &link, jitsi);
                (link, candidate)
            })
            .collect();
        let ends: Vec<usize> = judged.iter().map(|(link, _)| link.at).collect();
        let mut passwords = password::in_text(&words, &ends);
        let mut later = 0;
        for (at, (_, candidate)) in judged.into_iter().enumerate() {
            let Some(mut found) = candidate else { continue };
            if candidates.len() == MOST_PLACES {
                break;
            }
            let password = passwords.of_link.remove(&at).map(Secret::new);
            let token = passwords.tokens.remove(&at);
            found.weight -= later;
            later = (later + 1).min(9);
            found.what = found
                .what
                .map(|place| with_password(place, password.as_ref()))
                .map(|place| with_token(place, token));
            candidates.push(found);
        }
        loose = loose.or_else(|| passwords.of_none.map(str::to_owned));
    }
    let mut found = ranked(candidates);
    let beside = loose.map(Secret::new);
    let places = std::mem::take(&mut found.destinations).into_iter();
    let places = places.map(|place| with_password(place, beside.as_ref()));
    found.destinations = places.collect();
    found
}

/// Links of a text, and its words without markup, in which the links have their places.
fn written(field: Field, text: &str) -> (Vec<Written>, String) {
    if field == Field::Html || html::is_html(text) {
        let page = html::read(text);
        let links = text::links(&page.words);
        return (links, page.words);
    }
    (text::links(text), text.to_owned())
}

fn judge(field: Field, written: &Written, jitsi: &JitsiHosts) -> Option<Candidate> {
    let quoted = if written.quoted { -300 } else { 0 };
    let weight = field.weight() + quoted;
    let link = match gateway::unwrap(&written.link) {
        Unwrapped::Link(link) => link,
        Unwrapped::Hidden { gateway, host } => {
            // Gateways rewrite each link of a mail, the signature's too.
            let what = Err(NoWay::Rewritten {
                gateway: gateway.to_owned(),
                host,
            });
            let weight = weight - 200;
            return Some(Candidate { weight, what });
        }
    };
    let url = Url::parse(&link).ok();
    if written.bare && !url.as_ref().is_some_and(|url| is_meant(url, jitsi)) {
        return None;
    }
    if let Some(Service::Other(name)) = url.as_ref().map(services::of) {
        let what = Err(NoWay::OtherService {
            name: name.to_owned(),
        });
        return Some(Candidate { weight, what });
    }
    match LinkTarget::of(&MeetingLink::new(link.clone())) {
        Ok(target) if matches!(target.destination, Destination::Matrix { .. }) => {
            let call = url.is_some_and(|url| url.scheme() != "matrix" && !is_permalink(&url));
            let weight = weight + if call { 15 } else { 5 };
            let what = Ok(target.destination);
            Some(Candidate { weight, what })
        }
        Ok(target) => {
            let (more, what) = judge_jitsi(field, &url?, target.destination, jitsi)?;
            let weight = weight + more;
            Some(Candidate { weight, what })
        }
        Err(saal_meeting::LinkError::Outdated) => {
            let what = Err(NoWay::Unreadable {
                why: saal_meeting::LinkError::Outdated.to_string(),
            });
            Some(Candidate { weight, what })
        }
        Err(_) => None,
    }
}

/// Whether something without `https://` is an address for all that.
fn is_meant(url: &Url, jitsi: &JitsiHosts) -> bool {
    services::of(url) == Service::Jitsi || url.host_str().is_some_and(|host| jitsi.has(host))
}

/// How much surer it is, and what; `None` for pages of the web that are no meeting.
fn judge_jitsi(
    field: Field,
    url: &Url,
    place: Destination,
    jitsi: &JitsiHosts,
) -> Option<(i32, Result<Destination, NoWay>)> {
    let host = url.host_str()?;
    let known = services::of(url) == Service::Jitsi;
    match jitsi {
        JitsiHosts::Only(_) if jitsi.has(host) => services::is_room(url).then_some((15, Ok(place))),
        JitsiHosts::Only(_) if known => {
            let host = host.to_owned();
            Some((0, Err(NoWay::NotAllowed { host })))
        }
        JitsiHosts::Only(_) => None,
        JitsiHosts::Any if known => Some((10, Ok(place))),
        JitsiHosts::Any if field.is_for_links() && services::is_room(url) => Some((0, Ok(place))),
        JitsiHosts::Any => None,
    }
}

fn is_permalink(url: &Url) -> bool {
    url.host_str() == Some("matrix.to")
}

/// A password beside the link is the conference's, unless the link has its own.
fn with_password(place: Destination, beside: Option<&Secret>) -> Destination {
    match place {
        Destination::Jitsi {
            link,
            password: None,
            matrix_room,
            audio_only,
        } => Destination::Jitsi {
            link,
            password: beside.cloned(),
            matrix_room,
            audio_only,
        },
        other => other,
    }
}

/// A token beside the link is what its server asks for, unless the link has its own.
fn with_token(place: Destination, beside: Option<&str>) -> Destination {
    match (place, beside) {
        (
            Destination::Jitsi {
                link,
                password,
                matrix_room,
                audio_only,
            },
            Some(token),
        ) if !link.reveal().contains("jwt=") => {
            let with = Url::parse(link.reveal()).map(|mut url| {
                url.query_pairs_mut().append_pair("jwt", token);
                MeetingLink::new(url)
            });
            Destination::Jitsi {
                link: with.unwrap_or(link),
                password,
                matrix_room,
                audio_only,
            }
        }
        (other, _) => other,
    }
}

/// The same place once, where it weighs most; of two links to it the one that carries more (a token) is kept.
fn ranked(mut candidates: Vec<Candidate>) -> Found {
    candidates.sort_by_key(|candidate| std::cmp::Reverse(candidate.weight));
    let mut found = Found::default();
    for candidate in candidates {
        match candidate.what {
            Ok(place) => add(&mut found.destinations, place),
            Err(why) if !found.no_way.contains(&why) => found.no_way.push(why),
            Err(_) => {}
        }
    }
    found
}

fn add(places: &mut Vec<Destination>, new: Destination) {
    let name = |place: &Destination| place.place().trim_end_matches('/').to_ascii_lowercase();
    match places.iter_mut().find(|known| name(known) == name(&new)) {
        None => places.push(new),
        Some(known) if carried(&new) > carried(known) => *known = new,
        Some(_) => {}
    }
}

/// How much a way in brings along: a token, servers, a password. Jitsi's own invitations have a second link for those who
/// listen by telephone, with the sound off.
fn carried(place: &Destination) -> usize {
    match place {
        Destination::Jitsi { link, password, .. } => {
            let link = link.reveal();
            let token = if link.contains("jwt=") { 4 } else { 0 };
            let plain = usize::from(!link.contains("startSilent=true"));
            token + plain + 2 * usize::from(password.is_some())
        }
        Destination::Matrix { via, password, .. } => {
            via.len() + usize::from(password.is_some()) * 1000
        }
        Destination::Caller { .. } | Destination::Nowhere { .. } => 0,
    }
}

fn clip(text: &str) -> &str {
    let mut end = text.len().min(MOST_TEXT);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

#[cfg(test)]
mod tests;
