//! Display and accessibility: how the panel looks and works for whoever is there, until their meeting is over.

use saal_core::{Intent, SettingsAction};
use saal_fleet_protocol::config::{ScalePercent, ScanSeconds, Theme};

use super::{
    Fit, Page,
    call::{
        more::{Tile, tile_row},
        sheet::{Head, frame},
    },
    paging::List,
};
use crate::{
    AboutPage, Comfort, Layout, SettingsPage, Sheet,
    element::Role,
    icon::Icon,
    language::Message,
    navigation::Step,
    node::{Meaning, Node, row},
    view::Call,
};

pub(super) fn lay_out(fit: &mut Fit<'_>, call: Option<&Call>) -> Layout {
    let page = &fit.page;
    let across = across(page);
    let now = page.view.comfort;
    let themes = themes(page, now.theme, |meaning, theme| {
        meaning.step(Step::Prefer(Some(Comfort { theme, ..now })))
    });
    let prefer_scale =
        |meaning: Meaning, scale| meaning.step(Step::Prefer(Some(Comfort { scale, ..now })));
    let tiles: Vec<Tile> = themes.into_iter().chain(ways(page)).collect();
    let about: Vec<Tile> = match call {
        Some(_) => Vec::new(),
        None => about(page).into(),
    };
    let beside = across.min(about.len().max(1));
    let about: Vec<&[Tile]> = about.chunks(beside).collect();
    let lines: Vec<&[Tile]> = tiles.chunks(across).collect();
    let scanning = page.view.comfort.scan.get().is_some();
    let head = Head {
        title: page.words.say(Message::Access),
        back: call.map(|_| Sheet::More),
    };
    let scan_at = scanning.then_some(lines.len() + 1);
    let before = lines.len() + 1 + usize::from(scanning);
    let rows = List {
        len: before + about.len(),
        row: &|page, index| match index {
            0 => text_size(page, now.scale, &prefer_scale),
            index if index <= lines.len() => tile_row(page, lines[index - 1], across),
            index if Some(index) == scan_at => scan_time(page),
            index => tile_row(page, about[index - before], beside),
        },
        leads: &|_| false,
        uniform: false,
        newest_last: false,
    };
    fit.paged(&rows, &|page, rows, pager| {
        frame(page, call, &head, rows, pager)
    })
}

/// How many tiles stand in a line.
pub(super) fn across(page: &Page<'_>) -> usize {
    let scale = &page.scale;
    match (scale.is_portrait() || scale.is_slim(), scale.is_narrow()) {
        (true, _) => 1,
        (false, true) => 2,
        (false, false) => 3,
    }
}

/// The colours to choose from; `choose` gives each what its touch means.
pub(super) fn themes(
    page: &Page<'_>,
    now: Theme,
    choose: impl Fn(Meaning, Theme) -> Meaning,
) -> [Tile; 3] {
    [
        (
            Theme::Light,
            "theme-light",
            Icon::Light,
            Message::ThemeLight,
            Message::ThemeLightHint,
        ),
        (
            Theme::Dark,
            "theme-dark",
            Icon::Dark,
            Message::ThemeDark,
            Message::ThemeDarkHint,
        ),
        (
            Theme::Contrast,
            "theme-contrast",
            Icon::Contrast,
            Message::ThemeContrast,
            Message::ThemeContrastHint,
        ),
    ]
    .map(|(theme, id, mark, label, more)| {
        let words = (page.words.say(label), page.words.say(more));
        let meaning = choose(Meaning::new(id, Role::Radio, words.0.clone()), theme);
        Tile::held(page, mark, words, now == theme, meaning)
    })
}

/// Other ways to work the panel, and the way back to how the room is configured.
fn ways(page: &Page<'_>) -> Vec<Tile> {
    let now = page.view.comfort;
    let switch = |id: &str, mark, (label, more), on, then| {
        let words = (page.words.say(label), page.words.say(more));
        let meaning =
            Meaning::new(id, Role::Switch, words.0.clone()).step(Step::Prefer(Some(then)));
        Tile::held(page, mark, words, on, meaning)
    };
    let scanning = now.scan.get().is_some();
    let scan = ScanSeconds::try_from(if scanning { 0 } else { BEGIN }).unwrap_or_default();
    let mut ways = vec![
        switch(
            "spoken",
            Icon::Spoken,
            (Message::Spoken, Message::SpokenHint),
            now.spoken,
            Comfort {
                spoken: !now.spoken,
                ..now
            },
        ),
        switch(
            "scanning",
            Icon::Scanning,
            (Message::Scanning, Message::ScanningHint),
            scanning,
            Comfort { scan, ..now },
        ),
        switch(
            "left-handed",
            Icon::LeftHanded,
            (Message::LeftHanded, Message::LeftHandedHint),
            now.left_handed,
            Comfort {
                left_handed: !now.left_handed,
                ..now
            },
        ),
    ];
    ways.push(switch(
        "reduced-motion",
        Icon::Still,
        (Message::ReducedMotion, Message::ReducedMotionHint),
        now.reduced_motion,
        Comfort {
            reduced_motion: !now.reduced_motion,
            ..now
        },
    ));
    if page.view.navigation.comfort().is_some() {
        let words = (
            page.words.say(Message::RoomsOwn),
            page.words.say(Message::RoomsOwnHint),
        );
        let meaning =
            Meaning::new("rooms-own", Role::Button, words.0.clone()).step(Step::Prefer(None));
        ways.push(Tile::saying_more(page, Icon::Restore, words, meaning));
    }
    ways
}

/// What this room is, and what whoever looks after it changes.
fn about(page: &Page<'_>) -> [Tile; 2] {
    let to = |id: &str, mark, (label, more), sheet| {
        let words = (page.words.say(label), page.words.say(more));
        let meaning = Meaning::new(id, Role::Button, words.0.clone())
            .intent(Intent::Settings(SettingsAction::Look))
            .step(Step::Open(sheet));
        Tile::saying_more(page, mark, words, meaning)
    };
    [
        to(
            "about",
            Icon::Notice,
            (Message::About, Message::AboutHint),
            Sheet::About(AboutPage::Start),
        ),
        to(
            "settings",
            Icon::Settings,
            (Message::Settings, Message::SettingsHint),
            Sheet::Settings(SettingsPage::Start),
        ),
    ]
}

/// Seconds that scanning begins with: slow enough for whoever tries it for the first time.
const BEGIN: u32 = 3;

/// How large text is, between what makes it smaller and larger; `choose` gives those what their touch means.
pub(super) fn text_size(
    page: &Page<'_>,
    now: ScalePercent,
    choose: &impl Fn(Meaning, ScalePercent) -> Meaning,
) -> Node {
    let at = ScalePercent::ALL.iter().position(|one| *one == now);
    let at = at.unwrap_or_default();
    let to = |at: Option<usize>| {
        let scale = ScalePercent::ALL.get(at?).copied()?;
        Some(move |meaning| choose(meaning, scale))
    };
    let percent = i64::from(now.get());
    let words = page
        .words
        .tell(Message::TextSize, [("percent", percent.into())]);
    page.between(
        change(
            page,
            "text-smaller",
            Icon::Quieter,
            Message::TextSmaller,
            to(at.checked_sub(1)),
        ),
        Meaning::new("text-size", Role::Status, words),
        change(
            page,
            "text-larger",
            Icon::Louder,
            Message::TextLarger,
            to(Some(at + 1)),
        ),
    )
}

fn scan_time(page: &Page<'_>) -> Node {
    let now = page.view.comfort;
    let seconds = u32::from(now.scan);
    let to = |seconds: Option<u32>| {
        let scan = seconds
            .filter(|s| *s > 0)
            .map(ScanSeconds::try_from)?
            .ok()?;
        let then = Comfort { scan, ..now };
        Some(move |meaning: Meaning| meaning.step(Step::Prefer(Some(then))))
    };
    let words = page
        .words
        .tell(Message::ScanTime, [("seconds", i64::from(seconds).into())]);
    page.between(
        change(
            page,
            "scan-faster",
            Icon::Quieter,
            Message::ScanFaster,
            to(seconds.checked_sub(1)),
        ),
        Meaning::new("scan-time", Role::Status, words),
        change(
            page,
            "scan-slower",
            Icon::Louder,
            Message::ScanSlower,
            to(Some(seconds + 1)),
        ),
    )
}

/// A button for a little more or less; without what it would do, it does nothing.
pub(super) fn change(
    page: &Page<'_>,
    id: &str,
    mark: Icon,
    label: Message,
    to: Option<impl FnOnce(Meaning) -> Meaning>,
) -> Node {
    let meaning = Meaning::new(id, Role::Button, page.words.say(label));
    let meaning = match to {
        Some(to) => to(meaning),
        None => meaning.disabled(true),
    };
    row([page.square(mark, page.quiet(), meaning)]).rigid()
}
