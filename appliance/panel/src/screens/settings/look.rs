//! How this room's panel is for everybody, and what its televisions do.

use saal_core::{Intent, Setting, SettingsAction};
use saal_fleet_protocol::config::{BrightnessPercent, Language};

use super::{
    super::{
        Fit, Page,
        access::{self, change},
        call::{
            more::{Tile, tile_row},
            sheet::frame,
        },
        paging::List,
    },
    head,
};
use crate::{
    Layout, LookView, SettingsPage, SettingsView, Sheet,
    element::Role,
    icon::Icon,
    language::Message,
    node::{Meaning, Node},
};

/// Percent that one touch changes.
const STEP: u32 = 10;

pub(super) fn lay_out(fit: &mut Fit<'_>, settings: &SettingsView) -> Layout {
    let page = &fit.page;
    let across = access::across(page);
    let look = settings.look;
    let themes = access::themes(page, look.theme, |meaning, theme| {
        meaning.intent(set(Setting::Theme(theme)))
    });
    let set_scale = |meaning: Meaning, scale| meaning.intent(set(Setting::Scale(scale)));
    let tiles: Vec<Tile> = themes
        .into_iter()
        .chain(languages(page))
        .chain(look.cec.map(|on| cec(page, on)))
        .collect();
    let lines: Vec<&[Tile]> = tiles.chunks(across).collect();
    let head = head(page, Message::Look, Sheet::Settings(SettingsPage::Start));
    let list = List {
        len: lines.len() + 2,
        row: &|page, index| match index {
            0 => access::text_size(page, look.scale, &set_scale),
            1 => brightness(page, look),
            index => tile_row(page, lines[index - 2], across),
        },
        leads: &|_| false,
        uniform: false,
        newest_last: false,
    };
    fit.paged(&list, &|page, rows, pager| {
        frame(page, None, &head, rows, pager)
    })
}

fn set(setting: Setting) -> Intent {
    Intent::Settings(SettingsAction::Set(setting))
}

/// Each in its own words, so that whoever can't read the other finds it.
fn languages(page: &Page<'_>) -> [Tile; 2] {
    let names = [
        (Language::De, "language-de", Message::LanguageDe),
        (Language::En, "language-en", Message::LanguageEn),
    ];
    names.map(|(language, id, name)| {
        let words = (page.words.say(name), page.words.say(Message::LanguageHint));
        let meaning =
            Meaning::new(id, Role::Radio, words.0.clone()).intent(set(Setting::Language(language)));
        let holds = page.view.language == language;
        Tile::held(page, Icon::Language, words, holds, meaning)
    })
}

fn cec(page: &Page<'_>, on: bool) -> Tile {
    let words = (
        page.words.say(Message::Cec),
        page.words.say(Message::CecHint),
    );
    let meaning = Meaning::new("cec", Role::Switch, words.0.clone()).intent(set(Setting::Cec(!on)));
    Tile::held(page, Icon::Television, words, on, meaning)
}

fn brightness(page: &Page<'_>, look: LookView) -> Node {
    let now = u32::from(look.brightness);
    let to = |percent: Option<u32>| {
        let brightness = BrightnessPercent::try_from(percent?).ok()?;
        Some(move |meaning: Meaning| meaning.intent(set(Setting::Brightness(brightness))))
    };
    let values = [("percent", i64::from(now).into())];
    let words = page.words.tell(Message::Brightness, values);
    page.between(
        change(
            page,
            "darker",
            Icon::Quieter,
            Message::Darker,
            to(now.checked_sub(STEP)),
        ),
        Meaning::new("brightness", Role::Status, words),
        change(
            page,
            "brighter",
            Icon::Louder,
            Message::Brighter,
            to(Some(now + STEP)),
        ),
    )
}
