//! What this room is: its version, what runs, and what of it was in use.

use jiff::SignedDuration;
use saal_core::{Component, PrivacyEntry, Use, UseEnd};

use super::{
    Fit, Page,
    call::{
        more::{Tile, tile_row},
        sheet::{Head, frame},
    },
    paging::List,
    settings::{Fact, facts, note},
};
use crate::{
    AboutPage, Layout, SettingsView, Sheet,
    element::Role,
    icon::Icon,
    language::{Message, Value},
    navigation::Step,
    node::{Meaning, Node, row, text},
    plain::{isolated, plain},
    style::Type,
    trouble::support,
};

pub(super) fn lay_out(fit: &mut Fit<'_>, at: AboutPage, settings: &SettingsView) -> Layout {
    match at {
        AboutPage::Start => start(fit, settings),
        AboutPage::Privacy => privacy(fit, settings),
        AboutPage::Components => components(fit, settings),
        AboutPage::Licences => licences(fit),
    }
}

fn head(page: &Page<'_>, title: Message, at: AboutPage) -> Head {
    Head {
        title: page.words.say(title),
        back: Some(match at {
            AboutPage::Start => Sheet::Access,
            _ => Sheet::About(AboutPage::Start),
        }),
    }
}

fn start(fit: &mut Fit<'_>, settings: &SettingsView) -> Layout {
    let page = &fit.page;
    let to = |id: &str, mark, (label, more), to| {
        let words = (page.words.say(label), page.words.say(more));
        let meaning =
            Meaning::new(id, Role::Button, words.0.clone()).step(Step::Open(Sheet::About(to)));
        Tile::saying_more(page, mark, words, meaning)
    };
    let tiles = [
        to(
            "privacy",
            Icon::Privacy,
            (Message::Privacy, Message::PrivacyHint),
            AboutPage::Privacy,
        ),
        to(
            "components",
            Icon::Components,
            (Message::Components, Message::ComponentsHint),
            AboutPage::Components,
        ),
        to(
            "licences",
            Icon::Licences,
            (Message::Licences, Message::LicencesHint),
            AboutPage::Licences,
        ),
    ];
    let across = if page.scale.is_narrow() { 1 } else { 3 };
    let lines: Vec<&[Tile]> = tiles.chunks(across).collect();
    let facts = versions(page, settings);
    let head = head(page, Message::About, AboutPage::Start);
    let list = List {
        len: lines.len() + facts.len(),
        row: &|page, index| match lines.get(index) {
            Some(line) => tile_row(page, line, across),
            None => facts[index - lines.len()].node(page),
        },
        leads: &|_| false,
        uniform: false,
        newest_last: false,
    };
    fit.paged(&list, &|page, rows, pager| {
        frame(page, None, &head, rows, pager)
    })
}

fn versions(page: &Page<'_>, settings: &SettingsView) -> Vec<Fact> {
    let known = &settings.facts;
    let foreign = |text: &str| isolated(&plain(text));
    let version = Fact::new(
        "version",
        Icon::Version,
        page.words.say(Message::Version),
        foreign(&known.version),
    );
    let image = known.image.as_ref().map(|image| {
        let label = page.words.say(Message::Image);
        Fact::new("image", Icon::Components, label, foreign(image))
    });
    let system = known.system.as_ref().map(|system| {
        let label = page.words.say(Message::OperatingSystem);
        Fact::new("operating-system", Icon::System, label, foreign(system))
    });
    let label = page.words.say(Message::Updates);
    let update = Fact::new("updates", Icon::Update, label, updates(page, settings));
    let support = page.view.support.as_ref().map(|support| {
        let label = page.words.say(Message::Support);
        Fact::new("support", Icon::Answer, label, support::ways(support))
    });
    [support, Some(version), image, system, Some(update)]
        .into_iter()
        .flatten()
        .collect()
}

fn updates(page: &Page<'_>, settings: &SettingsView) -> String {
    let Some(update) = &settings.facts.update else {
        return page.words.say(Message::UpdatesElsewhere);
    };
    let slot = update.slot.to_uppercase();
    let runs = page
        .words
        .tell(Message::UpdatesSlot, [("slot", (&slot).into())]);
    let Some(other) = &update.other else {
        return runs;
    };
    let version = plain(&other.version);
    let values = [("version", Value::Foreign(&version))];
    let then = page.words.tell(
        match other.next {
            true => Message::UpdatesNext,
            false => Message::UpdatesBack,
        },
        values,
    );
    format!("{runs}\n{then}")
}

fn privacy(fit: &mut Fit<'_>, settings: &SettingsView) -> Layout {
    let page = &fit.page;
    let head = head(page, Message::Privacy, AboutPage::Privacy);
    let days = i64::from(settings.log_days);
    let kept = page
        .words
        .tell(Message::PrivacyKept, [("days", days.into())]);
    let kept = if settings.log.is_empty() {
        format!("{} {kept}", page.words.say(Message::PrivacyEmpty))
    } else {
        kept
    };
    let log = &settings.log;
    let list = List {
        len: log.len() + 1,
        row: &|page, index| match index.checked_sub(1) {
            None => note(page, "kept", &kept),
            Some(index) => used(page, index, &log[index]).node(page),
        },
        leads: &|_| false,
        uniform: false,
        newest_last: false,
    };
    fit.paged(&list, &|page, rows, pager| {
        frame(page, None, &head, rows, pager)
    })
}

/// What was in use, when and how long.
fn used(page: &Page<'_>, index: usize, entry: &PrivacyEntry) -> Fact {
    let (mark, what) = match entry.what {
        Use::Camera => (Icon::Camera, Message::UseCamera),
        Use::Microphone => (Icon::Microphone, Message::UseMicrophone),
        Use::Recording => (Icon::Recording, Message::UseRecording),
        Use::LiveStream => (Icon::LiveStream, Message::UseLiveStream),
        Use::Transcription => (Icon::Transcription, Message::UseTranscription),
        Use::RemoteView => (Icon::Show, Message::UseRemoteView),
        Use::RemoteTouch => (Icon::Hand, Message::UseRemoteTouch),
        Use::Laptop => (Icon::Laptop, Message::UseLaptop),
    };
    let moments = &page.moments;
    let (day, from) = (moments.day(entry.from), moments.time(entry.from));
    // Past midnight the end says its day too.
    let until = if moments.day(entry.until) == day {
        moments.time(entry.until)
    } else {
        let (day, time) = (moments.day(entry.until), moments.time(entry.until));
        let values = [("day", Value::Word(&day)), ("time", Value::Word(&time))];
        page.words.tell(Message::UseDay, values)
    };
    let short = entry.until.duration_since(entry.from) < SignedDuration::from_mins(1);
    let how = match entry.end {
        UseEnd::Going => Message::UseGoing,
        UseEnd::Restart => Message::UseRestart,
        UseEnd::Over if short => Message::UseShort,
        UseEnd::Over => Message::UseOver,
    };
    let values = [
        ("day", Value::Word(&day)),
        ("from", Value::Word(&from)),
        ("until", Value::Word(&until)),
    ];
    let when = page.words.tell(how, values);
    Fact::new(format!("use:{index}"), mark, page.words.say(what), when)
}

/// Hundreds, so each is a line where there is room for that.
fn components(fit: &mut Fit<'_>, settings: &SettingsView) -> Layout {
    let page = &fit.page;
    let all = &settings.facts.components;
    let count = i64::try_from(all.len()).unwrap_or(i64::MAX);
    let counted = page
        .words
        .tell(Message::ComponentsCount, [("count", count.into())]);
    let head = Head {
        title: counted,
        ..head(page, Message::Components, AboutPage::Components)
    };
    let list = List {
        len: all.len(),
        row: &|page, index| component(page, index, &all[index]),
        leads: &|_| false,
        uniform: !in_two_lines(page),
        newest_last: false,
    };
    fit.paged(&list, &|page, rows, pager| {
        frame(page, None, &head, rows, pager)
    })
}

fn in_two_lines(page: &Page<'_>) -> bool {
    page.scale.is_narrow() || page.scale.is_enlarged()
}

fn component(page: &Page<'_>, index: usize, component: &Component) -> Node {
    let name = isolated(&plain(&component.name));
    let version = plain(&component.version);
    let how = match &component.licence {
        Some(licence) => {
            let licence = plain(licence);
            let values = [
                ("version", Value::Foreign(&version)),
                ("licence", Value::Foreign(&licence)),
            ];
            page.words.tell(Message::ComponentLicensed, values)
        }
        None => isolated(&version),
    };
    let id = format!("component:{index}");
    if in_two_lines(page) {
        return Fact::new(id, Icon::Components, name, how).node(page);
    }
    let (t, meaning) = (
        page.theme,
        Meaning::new(id, Role::ListItem, name.clone()).described(how.clone()),
    );
    let name = text(name, page.font(Type::Strong), t.text.0).parts(1.0);
    let how = text(how, page.font(Type::Small), t.text_quiet.0).parts(1.0);
    page.card(row([name, how]).gap(page.px(24.0)))
        .paddings(page.px(24.0), page.px(8.0))
        .rigid()
        .means(meaning)
}

fn licences(fit: &mut Fit<'_>) -> Layout {
    let page = &fit.page;
    let one = |id: &str, mark, label, text| {
        Fact::new(id, mark, page.words.say(label), page.words.say(text))
    };
    let all = [
        one(
            "licence-saal",
            Icon::Room,
            Message::LicenceSaal,
            Message::LicenceSaalText,
        ),
        one(
            "licence-fonts",
            Icon::Transcription,
            Message::LicenceFonts,
            Message::LicenceFontsText,
        ),
        one(
            "licence-icons",
            Icon::Smile,
            Message::LicenceIcons,
            Message::LicenceIconsText,
        ),
        one(
            "licence-others",
            Icon::Components,
            Message::LicenceOthers,
            Message::LicenceOthersText,
        ),
    ];
    let head = head(page, Message::Licences, AboutPage::Licences);
    facts(fit, &head, &[], &all)
}
