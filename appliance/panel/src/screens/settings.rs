//! The settings: for whoever looks after the room, behind a PIN.

mod facts;
mod look;
mod pin;
mod system;

use saal_core::LockState;

use super::{
    Fit, Page,
    call::{
        more::{Tile, tile_row},
        sheet::{Head, frame},
    },
    paging::List,
    ways::pairs,
};
use crate::{
    Layout, SettingsPage, SettingsView, Sheet,
    element::Role,
    icon::Icon,
    language::Message,
    navigation::Step,
    node::{Meaning, Node, row, text},
    style::Type,
};

pub(super) use facts::{Fact, facts};
pub(super) use system::going_down;

pub(super) fn lay_out(fit: &mut Fit<'_>, at: SettingsPage, settings: &SettingsView) -> Layout {
    match (settings.lock, at) {
        (LockState::Locked { wrong, wait }, _) => {
            fit.most(0, |page, _| pin::pin(page, wrong, wait))
        }
        (LockState::NoPin, _) => no_pin(fit),
        (LockState::Open, SettingsPage::Start) => start(fit),
        (LockState::Open, SettingsPage::Network) => facts::network(fit, settings),
        (LockState::Open, SettingsPage::Devices) => facts::devices(fit, settings),
        (LockState::Open, SettingsPage::Account) => facts::account(fit, settings),
        (LockState::Open, SettingsPage::Look) => look::lay_out(fit, settings),
        (LockState::Open, SettingsPage::System) => system::lay_out(fit, settings),
        (LockState::Open, SettingsPage::Restart) => fit.most(0, |page, _| system::restart(page)),
        (LockState::Open, SettingsPage::FactoryReset) => {
            fit.most(0, |page, _| system::factory_reset(page))
        }
    }
}

/// A head with the way to the page before.
fn head(page: &Page<'_>, title: Message, before: Sheet) -> Head {
    Head {
        title: page.words.say(title),
        back: Some(before),
    }
}

fn start(fit: &mut Fit<'_>) -> Layout {
    let page = &fit.page;
    let to = |id: &str, mark, (label, more), to| {
        let words = (page.words.say(label), page.words.say(more));
        let meaning =
            Meaning::new(id, Role::Button, words.0.clone()).step(Step::Open(Sheet::Settings(to)));
        Tile::saying_more(page, mark, words, meaning)
    };
    let tiles = [
        to(
            "network",
            Icon::Network,
            (Message::Network, Message::NetworkHint),
            SettingsPage::Network,
        ),
        to(
            "devices",
            Icon::Devices,
            (Message::Devices, Message::DevicesHint),
            SettingsPage::Devices,
        ),
        to(
            "look",
            Icon::Look,
            (Message::Look, Message::LookHint),
            SettingsPage::Look,
        ),
        to(
            "account",
            Icon::Account,
            (Message::Account, Message::AccountHint),
            SettingsPage::Account,
        ),
        to(
            "system",
            Icon::System,
            (Message::System, Message::SystemHint),
            SettingsPage::System,
        ),
    ];
    let head = head(page, Message::Settings, Sheet::Access);
    pairs(fit, &head, &tiles)
}

/// Nobody said who may change what lasts: then nobody may, and people learn where to change what is theirs.
fn no_pin(fit: &mut Fit<'_>) -> Layout {
    let page = &fit.page;
    let words = (
        page.words.say(Message::Access),
        page.words.say(Message::SettingsYours),
    );
    let meaning = Meaning::new("access", Role::Button, words.0.clone());
    let meaning = meaning.step(Step::Open(Sheet::Access));
    let tiles = [Tile::saying_more(page, Icon::Access, words, meaning)];
    let head = head(page, Message::Settings, Sheet::Access);
    let list = List {
        len: 2,
        row: &|page, index| match index {
            0 => note(page, "no-pin", &page.words.say(Message::SettingsNoPin)),
            _ => tile_row(page, &tiles, 1),
        },
        leads: &|_| false,
        uniform: false,
        newest_last: false,
    };
    fit.paged(&list, &|page, rows, pager| {
        frame(page, None, &head, rows, pager)
    })
}

/// A sentence that explains what stands below.
pub(super) fn note(page: &Page<'_>, id: &str, words: &str) -> Node {
    let style = page.font(Type::Body).lines(6);
    let drawn = text(words, style, page.theme.text_quiet.0).whole();
    row([drawn.share()])
        .paddings(0.0, page.px(8.0))
        .rigid()
        .means(Meaning::new(id, Role::Text, words))
}
