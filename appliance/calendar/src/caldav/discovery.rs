//! From an address to the calendars behind it: the address itself, or RFC 6764 section 6: its well-known address, and what
//! its domain's name server tells of a service.

use url::Url;

use super::{
    CalDavError, Request, Response, accepted, bodies,
    multistatus::{self, Multistatus, Resource},
};

/// Calendars of one account that are looked at.
const MOST_CALENDARS: usize = 20;

/// Services of one domain that are tried.
const MOST_SERVICES: usize = 4;

/// How far it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// The address that was configured.
    Base,
    /// `/.well-known/caldav`
    WellKnown,
    /// The domain's service.
    Service,
    Principal,
    Home,
}

/// A CalDAV service of a domain, as its name server tells (RFC 6764 sections 3 and 4).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Service {
    /// SRV's priority: the lowest is tried first.
    pub priority: u16,
    /// SRV's weight: of one priority the highest is tried first.
    pub weight: u16,
    /// SRV's target; empty: the domain has no such service.
    pub host: String,
    /// SRV's port.
    pub port: u16,
    /// TXT's `path`.
    pub path: Option<String>,
}

#[derive(Clone, Debug)]
pub(super) struct Discovery {
    stage: Stage,
    addresses: Vec<String>,
    inbox: Option<Url>,
    /// Services that were not tried yet, the next one last.
    services: Vec<Url>,
    looked_up: bool,
}

pub(super) enum Next {
    Ask(Discovery, Request),
    /// Look the services of this domain up.
    LookUp(Discovery, String),
    Found {
        calendars: Vec<Url>,
        addresses: Vec<String>,
        /// Where messages about the account's meetings are laid, if the server schedules.
        inbox: Option<Url>,
    },
}

impl Discovery {
    pub(super) fn begin(base: &Url) -> (Self, Request) {
        let discovery = Self {
            stage: Stage::Base,
            addresses: Vec::new(),
            inbox: None,
            services: Vec::new(),
            looked_up: false,
        };
        (discovery, ask(base.clone(), "0"))
    }

    /// What an answer to the question at `asked` leads to.
    pub(super) fn answer(mut self, asked: &Url, response: &Response) -> Result<Next, CalDavError> {
        // Servers answer many things at an address that is none of theirs.
        let elsewhere = matches!(response.status, 400 | 404 | 405 | 410 | 501);
        if elsewhere && self.is_looking() {
            return self.somewhere_else(asked);
        }
        accepted(response, asked)?;
        let read = match multistatus::read(&response.body) {
            Ok(read) => read,
            Err(_) if self.stage == Stage::Base => return self.somewhere_else(asked),
            Err(error) => return Err(error),
        };
        self.addresses.extend(addresses(&read));
        self.inbox = self.inbox.take().or_else(|| inbox(asked, &read));
        if self.stage == Stage::Home {
            return self.calendars(asked, &read);
        }
        let here = read.resources.iter().find(|r| r.is_calendar);
        if here.is_some() && matches!(self.stage, Stage::Base | Stage::Service) {
            return Ok(Next::Found {
                calendars: vec![asked.clone()],
                addresses: self.addresses,
                inbox: self.inbox,
            });
        }
        let of = |href: &Option<&String>| href.and_then(|href| asked.join(href).ok());
        let home = read.resources.iter().find_map(|r| r.homes.first());
        if let Some(home) = of(&home) {
            self.stage = Stage::Home;
            return Ok(Next::Ask(self, ask(same_host(asked, home)?, "1")));
        }
        let principal = read.resources.iter().find_map(|r| r.principal.as_ref());
        match of(&principal) {
            Some(principal) if self.stage != Stage::Principal => {
                self.stage = Stage::Principal;
                Ok(Next::Ask(self, ask(same_host(asked, principal)?, "0")))
            }
            _ if self.is_looking() => self.somewhere_else(asked),
            _ => Err(CalDavError::NoCalendar(asked.clone())),
        }
    }

    /// Nobody has said yet that there are calendars.
    fn is_looking(&self) -> bool {
        matches!(self.stage, Stage::Base | Stage::WellKnown | Stage::Service)
    }

    /// What was asked knows of no calendars.
    pub(super) fn somewhere_else(mut self, asked: &Url) -> Result<Next, CalDavError> {
        match self.stage {
            Stage::Base => self.well_known(asked),
            Stage::WellKnown if !self.looked_up => self.look_up(asked),
            Stage::Service => match self.services.pop() {
                Some(url) => Ok(Next::Ask(self, ask(url, "0"))),
                None => Err(CalDavError::NoCalendar(asked.clone())),
            },
            _ => Err(CalDavError::NoCalendar(asked.clone())),
        }
    }

    /// What was asked does not answer at all; `None`: there is nothing else to be asked.
    pub(super) fn unanswered(self, asked: &Url) -> Option<Next> {
        match self.stage {
            // Where nobody answers, nobody knows a well-known address either.
            Stage::Base | Stage::WellKnown if !self.looked_up => self.look_up(asked).ok(),
            Stage::Service => self.somewhere_else(asked).ok(),
            _ => None,
        }
    }

    /// A port of its own is a server's, no domain's.
    fn look_up(mut self, asked: &Url) -> Result<Next, CalDavError> {
        let domain = asked.domain().filter(|_| asked.port().is_none());
        let domain = domain.map(str::to_owned);
        let domain = domain.ok_or_else(|| CalDavError::NoCalendar(asked.clone()))?;
        self.looked_up = true;
        Ok(Next::LookUp(self, domain))
    }

    /// What the domain's name server tells. RFC 6764 section 8: whoever can forge its answers must not get the password, so
    /// that a service has to be within the domain that was configured.
    pub(super) fn services(
        mut self,
        base: &Url,
        mut services: Vec<Service>,
    ) -> Result<Next, CalDavError> {
        services.sort_by_key(|of| (of.priority, std::cmp::Reverse(of.weight)));
        let urls = services.iter().filter_map(|service| service.url(base));
        let urls: Vec<Url> = urls.take(MOST_SERVICES).collect();
        if let Some(outside) = urls.iter().find(|url| !is_within(url, base)) {
            return Err(CalDavError::Elsewhere(outside.clone()));
        }
        self.services = urls.into_iter().rev().collect();
        self.stage = Stage::Service;
        self.somewhere_else(base)
    }

    fn well_known(mut self, asked: &Url) -> Result<Next, CalDavError> {
        let url = asked.join("/.well-known/caldav");
        let url = url.map_err(|_| CalDavError::NoCalendar(asked.clone()))?;
        self.stage = Stage::WellKnown;
        Ok(Next::Ask(self, ask(url, "0")))
    }

    fn calendars(self, asked: &Url, read: &Multistatus) -> Result<Next, CalDavError> {
        let holds_events = |r: &&Resource| {
            let events = r
                .components
                .iter()
                .any(|name| name.eq_ignore_ascii_case("VEVENT"));
            r.is_calendar && (r.components.is_empty() || events)
        };
        let found = read.resources.iter().filter(holds_events);
        let urls = found.filter_map(|r| asked.join(&r.href).ok());
        let calendars: Vec<Url> = urls.take(MOST_CALENDARS).collect();
        if calendars.is_empty() {
            return Err(CalDavError::NoCalendar(asked.clone()));
        }
        Ok(Next::Found {
            calendars,
            addresses: self.addresses,
            inbox: self.inbox,
        })
    }
}

impl Service {
    /// Its address, with TLS or without as what was configured.
    fn url(&self, base: &Url) -> Option<Url> {
        let host = self.host.trim_end_matches('.');
        let path = self.path.as_deref();
        let path = path.filter(|path| path.starts_with('/'));
        let mut url = base.join(path.unwrap_or("/.well-known/caldav")).ok()?;
        (!host.is_empty()).then_some(())?;
        url.set_host(Some(host)).ok()?;
        url.set_port(Some(self.port)).ok()?;
        Some(url)
    }
}

fn is_within(url: &Url, base: &Url) -> bool {
    let (Some(host), Some(domain)) = (url.domain(), base.domain()) else {
        return false;
    };
    let above = host.strip_suffix(domain);
    above.is_some_and(|above| above.is_empty() || above.ends_with('.'))
}

fn ask(url: Url, depth: &'static str) -> Request {
    Request::xml("PROPFIND", url, depth, bodies::what_is_there())
}

/// An address in an answer gets the password as a redirect would.
fn same_host(asked: &Url, url: Url) -> Result<Url, CalDavError> {
    if url.host_str() == asked.host_str() {
        Ok(url)
    } else {
        Err(CalDavError::Elsewhere(url))
    }
}

/// As the principal says, or as it lies among its calendars; one elsewhere is not asked for.
fn inbox(asked: &Url, read: &Multistatus) -> Option<Url> {
    let named = read.resources.iter().find_map(|r| r.inbox.as_ref());
    let here = || read.resources.iter().find(|r| r.is_inbox).map(|r| &r.href);
    let mut url = asked.join(named.or_else(here)?).ok()?;
    // A collection, however the server writes it (RFC 4918 section 5.2).
    if !url.path().ends_with('/') {
        let path = format!("{}/", url.path());
        url.set_path(&path);
    }
    same_host(asked, url).ok()
}

fn addresses(read: &Multistatus) -> impl Iterator<Item = String> {
    let all = read.resources.iter().flat_map(|r| &r.addresses);
    all.filter_map(|address| {
        let scheme = address.get(..7)?;
        let rest = address.get(7..)?;
        scheme
            .eq_ignore_ascii_case("mailto:")
            .then(|| rest.to_owned())
    })
}
