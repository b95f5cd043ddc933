//! What whoever looks after a room wants to know of it: network, devices, account.

use std::net::IpAddr;

use embedded_graphics::pixelcolor::Rgb888;
use saal_core::{Finding, Intent, Part, SettingsAction};
use saal_meeting::AccountState;

use super::{
    super::{
        Fit, Page,
        call::{
            more::{Tile, tile_row},
            sheet::{Head, frame},
        },
        paging::List,
    },
    head,
};
use crate::{
    DevicePlace, DeviceView, Layout, SettingsPage, SettingsView, Sheet,
    element::Role,
    icon::Icon,
    language::{Message, Value},
    node::{Meaning, Node, column, icon, row, text},
    plain::{isolated, plain},
    style::Type,
};

/// Nothing that is to be known is longer, on the narrowest panel.
const MOST_LINES: u8 = 16;
/// More addresses than that are read by nobody.
const MOST_ADDRESSES: usize = 6;

/// Whether something is as it should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) enum Tone {
    /// Nothing is to be said of it.
    Plain,
    /// It works.
    Good,
    /// It does not.
    Bad,
}

/// Something to know: what, and how it is.
#[derive(Clone, Debug)]
pub(in super::super) struct Fact {
    pub(in super::super) id: String,
    pub(in super::super) mark: Icon,
    pub(in super::super) label: String,
    pub(in super::super) value: String,
    pub(in super::super) tone: Tone,
}

impl Fact {
    pub(in super::super) fn new(
        id: impl Into<String>,
        mark: Icon,
        label: String,
        value: String,
    ) -> Self {
        Self {
            id: id.into(),
            mark,
            label,
            value,
            tone: Tone::Plain,
        }
    }

    pub(in super::super) fn toned(mut self, tone: Tone) -> Self {
        self.tone = tone;
        self
    }

    /// What stands beside each other on wide panels stands below each other on narrow ones.
    pub(in super::super) fn node(&self, page: &Page<'_>) -> Node {
        let (mark, colour) = self.look(page);
        let label = text(
            self.label.clone(),
            page.font(Type::Small).lines(2),
            page.theme.text_quiet.0,
        );
        let value = text(
            self.value.clone(),
            page.font(Type::Strong).lines(MOST_LINES),
            page.theme.text.0,
        )
        .whole();
        let words = column([label, value]).gap(page.px(2.0)).share();
        let meaning = Meaning::new(self.id.clone(), Role::ListItem, self.label.clone())
            .described(self.value.clone());
        page.card(row([icon(mark, page.em(30.0), colour), words]).gap(page.px(20.0)))
            .paddings(page.px(24.0), page.px(14.0))
            .rigid()
            .means(meaning)
    }

    fn look(&self, page: &Page<'_>) -> (Icon, Rgb888) {
        let t = page.theme;
        match self.tone {
            Tone::Plain => (self.mark, t.text_quiet.0),
            Tone::Good => (Icon::Available, t.on_accent_soft.0),
            Tone::Bad => (Icon::Limiting, t.on_danger_soft.0),
        }
    }
}

/// Facts below each other, after tiles that do something.
pub(in super::super) fn facts(
    fit: &mut Fit<'_>,
    head: &Head,
    tiles: &[Tile],
    facts: &[Fact],
) -> Layout {
    let list = List {
        len: tiles.len() + facts.len(),
        row: &|page, index| match tiles.get(index) {
            Some(_) => tile_row(page, &tiles[index..=index], 1),
            None => facts[index - tiles.len()].node(page),
        },
        leads: &|_| false,
        uniform: false,
        newest_last: false,
    };
    fit.paged(&list, &|page, rows, pager| {
        frame(page, None, head, rows, pager)
    })
}

fn back_to_start() -> Sheet {
    Sheet::Settings(SettingsPage::Start)
}

pub(super) fn network(fit: &mut Fit<'_>, settings: &SettingsView) -> Layout {
    let page = &fit.page;
    let known = &settings.facts;
    let interfaces = known.interfaces.iter().map(|interface| {
        let (name, id) = (
            plain(&interface.name),
            format!("interface:{}", interface.name),
        );
        let label = page
            .words
            .tell(Message::NetworkInterface, [("name", Value::Foreign(&name))]);
        Fact::new(id, Icon::Network, label, addresses(&interface.addresses))
    });
    let none = known.interfaces.is_empty().then(|| {
        let (label, value) = (Message::Network, Message::NetworkNone);
        Fact::new(
            "interface",
            Icon::Network,
            page.words.say(label),
            page.words.say(value),
        )
        .toned(Tone::Bad)
    });
    let servers = known.servers.iter().map(|server| {
        let (tone, value) = match server.answers {
            None => (Tone::Plain, Message::ServerAsked),
            Some(true) => (Tone::Good, Message::ServerAnswers),
            Some(false) => (Tone::Bad, Message::ServerSilent),
        };
        let id = format!("server:{}", server.name);
        let label = isolated(&plain(&server.name));
        Fact::new(id, Icon::Server, label, page.words.say(value)).toned(tone)
    });
    let proxy = known.proxy.as_ref().map_or_else(
        || page.words.say(Message::ProxyNone),
        |proxy| isolated(&plain(proxy)),
    );
    let proxy = Fact::new("proxy", Icon::Proxy, page.words.say(Message::Proxy), proxy);
    let all: Vec<Fact> = none
        .into_iter()
        .chain(interfaces)
        .chain([proxy])
        .chain(servers)
        .collect();
    let head = head(page, Message::Network, back_to_start());
    facts(fit, &head, &[], &all)
}

/// One a line: nobody reads two of version 6 in one.
fn addresses(all: &[IpAddr]) -> String {
    let all: Vec<String> = all
        .iter()
        .take(MOST_ADDRESSES)
        .map(|address| isolated(&address.to_string()))
        .collect();
    all.join("\n")
}

pub(super) fn devices(fit: &mut Fit<'_>, settings: &SettingsView) -> Layout {
    let page = &fit.page;
    let trying = settings.findings.is_none();
    let (label, more) = match trying {
        true => (Message::DevicesTrying, Message::DevicesTryingHint),
        false => (Message::DevicesTry, Message::DevicesTryHint),
    };
    let words = (page.words.say(label), page.words.say(more));
    let meaning = Meaning::new("try", Role::Button, words.0.clone())
        .intent(Intent::Settings(SettingsAction::Try))
        .disabled(trying);
    let tile = Tile::saying_more(page, Icon::Check, words, meaning);
    let plugged = settings.devices.iter().map(|d| device(page, settings, d));
    let rest = Part::ALL
        .into_iter()
        .filter_map(|of| part(page, settings, of));
    let all: Vec<Fact> = plugged.chain(rest).collect();
    let head = head(page, Message::Devices, back_to_start());
    facts(fit, &head, &[tile], &all)
}

fn device(page: &Page<'_>, settings: &SettingsView, device: &DeviceView) -> Fact {
    let (id, mark, label, part) = match device.place {
        DevicePlace::Camera => ("camera", Icon::Camera, Message::Camera, Some(Part::Camera)),
        DevicePlace::Microphone => (
            "microphone",
            Icon::Microphone,
            Message::Microphone,
            Some(Part::Microphone),
        ),
        DevicePlace::Loudspeaker => ("loudspeaker", Icon::Volume, Message::SoundLoudspeaker, None),
        DevicePlace::Content => ("content", Icon::Presenting, Message::DeviceContent, None),
        DevicePlace::Television => (
            "television",
            Icon::Television,
            Message::DeviceTelevision,
            Some(Part::Display),
        ),
        DevicePlace::ContentDisplay => (
            "content-display",
            Icon::Television,
            Message::DeviceContentDisplay,
            None,
        ),
    };
    let label = page.words.say(label);
    let Some(name) = &device.name else {
        return Fact::new(id, mark, label, page.words.say(Message::DeviceNone));
    };
    let name = match name.as_str() {
        "auto" => page.words.say(Message::DeviceAuto),
        "simulated" => page.words.say(Message::DeviceSimulated),
        name => isolated(&plain(name)),
    };
    let found = part.and_then(|part| settings.findings.as_ref()?.get(&part));
    let (tone, how) = match found {
        _ if !device.present => (Tone::Bad, Some(Message::DeviceMissing)),
        Some(Finding::Good) => (Tone::Good, Some(Message::FindingGood)),
        Some(Finding::Bad { .. }) => (Tone::Bad, Some(Message::FindingBad)),
        None => (Tone::Plain, None),
    };
    let value = match how {
        Some(how) => format!("{name}\n{}", page.words.say(how)),
        None => name,
    };
    Fact::new(id, mark, label, value).toned(tone)
}

/// What the last trial said of a part that is no device.
fn part(page: &Page<'_>, settings: &SettingsView, of: Part) -> Option<Fact> {
    let found = settings.findings.as_ref()?.get(&of)?;
    let (id, mark, label) = match of {
        Part::Network => ("part-network", Icon::Network, Message::Network),
        Part::Names => ("part-names", Icon::Server, Message::PartNames),
        Part::Server => ("part-server", Icon::Server, Message::PartServer),
        Part::Sockets => ("part-sockets", Icon::Network, Message::PartSockets),
        Part::Account => ("part-account", Icon::Server, Message::PartAccount),
        Part::Media => ("part-media", Icon::Network, Message::PartMedia),
        Part::Datagrams => ("part-datagrams", Icon::Network, Message::PartDatagrams),
        Part::Disk => ("part-disk", Icon::Components, Message::PartDisk),
        Part::Clock => ("part-clock", Icon::Clock, Message::PartClock),
        Part::Camera | Part::Microphone | Part::Display => return None,
    };
    let (tone, how) = match found {
        Finding::Good => (Tone::Good, page.words.say(Message::FindingGood)),
        Finding::Bad { reason } => (Tone::Bad, isolated(&plain(reason))),
    };
    Some(Fact::new(id, mark, page.words.say(label), how).toned(tone))
}

pub(super) fn account(fit: &mut Fit<'_>, settings: &SettingsView) -> Layout {
    let page = &fit.page;
    let mut all = vec![matrix(page, &settings.account)];
    let (tone, value) = match &settings.fleet {
        None => (Tone::Plain, page.words.say(Message::FleetNone)),
        Some(fleet) => {
            let server = plain(&fleet.server);
            let of = [("server", Value::Foreign(&server))];
            match &fleet.waits {
                None => (Tone::Plain, page.words.tell(Message::FleetMember, of)),
                Some(None) if server.is_empty() => {
                    (Tone::Bad, page.words.say(Message::FleetNowhere))
                }
                Some(None) => (Tone::Bad, page.words.tell(Message::FleetSilent, of)),
                Some(Some(code)) => {
                    let code = plain(code);
                    let [server] = of;
                    let values = [server, ("code", Value::Foreign(&code))];
                    (Tone::Bad, page.words.tell(Message::FleetWaits, values))
                }
            }
        }
    };
    let label = page.words.say(Message::Fleet);
    all.push(Fact::new("fleet", Icon::Fleet, label, value).toned(tone));
    let head = head(page, Message::Account, back_to_start());
    facts(fit, &head, &[], &all)
}

fn matrix(page: &Page<'_>, account: &AccountState) -> Fact {
    let of = |message, name, value: &str| {
        let value = plain(value);
        page.words.tell(message, [(name, Value::Foreign(&value))])
    };
    let (tone, value) = match account {
        AccountState::Unused => (Tone::Plain, page.words.say(Message::AccountUnused)),
        AccountState::Starting => (Tone::Plain, page.words.say(Message::AccountStarting)),
        AccountState::Online { user } => (Tone::Good, of(Message::AccountOnline, "user", user)),
        AccountState::SigningIn { server, .. } => {
            (Tone::Bad, of(Message::AccountSigningIn, "server", server))
        }
        AccountState::Unreachable { server, .. } => {
            (Tone::Bad, of(Message::AccountUnreachable, "server", server))
        }
        AccountState::Untrusted { server, .. } => {
            (Tone::Bad, of(Message::AccountUntrusted, "server", server))
        }
        AccountState::SignedOut { server, .. } | AccountState::Removed { server, .. } => {
            (Tone::Bad, of(Message::AccountSignedOut, "server", server))
        }
        AccountState::StoreFailed { path, .. } => {
            (Tone::Bad, of(Message::AccountStore, "path", path))
        }
    };
    let label = page.words.say(Message::AccountMatrix);
    Fact::new("matrix", Icon::Account, label, value).toned(tone)
}
