//! Starting the room's computer anew, and having it forget everything.

use saal_core::{Intent, SettingsAction, SystemRequest};

use super::{
    super::{
        Density, Fit, Page,
        call::{
            more::{Tile, tile_row},
            sheet::frame,
        },
        joining::waiting,
        paging::List,
        parts::Tones,
    },
    head, note,
};
use crate::{
    Layout, SettingsPage, SettingsView, Sheet,
    element::Role,
    icon::Icon,
    language::Message,
    navigation::Step,
    node::{Meaning, Node, column, icon, row, spacer, text},
    style::Type,
};

pub(super) fn lay_out(fit: &mut Fit<'_>, settings: &SettingsView) -> Layout {
    let page = &fit.page;
    let takes = settings.facts.takes_requests;
    let said = match (takes, settings.failed) {
        (false, _) => Some(Message::SystemCannot),
        (true, Some(SystemRequest::Restart)) => Some(Message::RestartFailed),
        (true, Some(SystemRequest::FactoryReset)) => Some(Message::FactoryResetFailed),
        (true, None) => None,
    };
    let tiles: Vec<Tile> = if takes { tiles(page) } else { Vec::new() };
    let head = head(page, Message::System, Sheet::Settings(SettingsPage::Start));
    let notes = usize::from(said.is_some());
    let list = List {
        len: tiles.len() + notes,
        row: &|page, index| match (said, index) {
            (Some(message), 0) => note(page, "system-note", &page.words.say(message)),
            (_, index) => tile_row(page, &tiles[index - notes..=index - notes], 1),
        },
        leads: &|_| false,
        uniform: false,
        newest_last: false,
    };
    fit.paged(&list, &|page, rows, pager| {
        frame(page, None, &head, rows, pager)
    })
}

fn tiles(page: &Page<'_>) -> Vec<Tile> {
    let words = |label, more| (page.words.say(label), page.words.say(more));
    let restart = words(Message::Restart, Message::RestartHint);
    let reset = words(Message::FactoryReset, Message::FactoryResetHint);
    let to = |id: &str, label: &str, page| {
        Meaning::new(id, Role::Button, label).step(Step::Open(Sheet::Settings(page)))
    };
    let restarts = to("restart", &restart.0, SettingsPage::Restart);
    let resets = to("factory-reset", &reset.0, SettingsPage::FactoryReset);
    vec![
        Tile::saying_more(page, Icon::Restart, restart, restarts),
        Tile::danger(page, Icon::FactoryReset, reset, resets),
    ]
}

fn ask(request: SystemRequest) -> Intent {
    Intent::Settings(SettingsAction::System(request))
}

/// The question, and what lies below its words.
fn question(page: &Page<'_>, mark: Icon, (what, more): (String, String), below: Vec<Node>) -> Node {
    let wide = page.em(680.0).min(page.scale.width - 2.0 * page.px(40.0));
    let size = page.em(96.0);
    let (circle, on) = (page.theme.danger_soft.0, page.theme.on_danger_soft.0);
    let picture = (page.density == Density::Roomy).then(|| {
        let mark = row([icon(mark, page.em(44.0), on)]).centred();
        mark.fixed(size, size).fill(circle).round(size / 2.0)
    });
    let heading = if page.density == Density::Roomy {
        Type::Display
    } else {
        Type::Title
    };
    let title = text(
        what.clone(),
        page.font(heading).lines(2).centred(),
        page.theme.text.0,
    );
    // All that is lost is read, whatever else has no room.
    let said = text(
        more.clone(),
        page.font(Type::Body).lines(12).centred(),
        page.theme.text_quiet.0,
    )
    .whole()
    .above(page.px(12.0));
    let message = column(
        picture
            .into_iter()
            .chain([title.above(page.px(16.0)), said]),
    )
    .align(taffy::AlignItems::CENTER)
    .most_wide(wide)
    .means(Meaning::new("question", Role::Alert, what.clone()).described(more));
    let below = below
        .into_iter()
        .map(|part| row([part]).centred().above(page.px(24.0)));
    let dialog = column([row([message]).centred()].into_iter().chain(below));
    let dialog = dialog.means(Meaning::new("dialog", Role::AlertDialog, what));
    column([page.top_bar(), spacer(), dialog, spacer(), page.banners()])
        .padding(page.px(40.0))
        .fill(page.theme.background.0)
}

fn not(page: &Page<'_>, about: &str) -> Node {
    let label = page.words.say(Message::Cancel);
    let meaning = Meaning::new("back", Role::Button, label.clone())
        .described(about)
        .step(Step::Open(Sheet::Settings(SettingsPage::System)));
    page.button(Icon::Cancel, &label, page.quiet(), meaning)
}

pub(super) fn restart(page: &Page<'_>) -> Node {
    let what = page.words.say(Message::RestartQuestion);
    let label = page.words.say(Message::Restart);
    let meaning = Meaning::new("restart", Role::Button, label.clone())
        .described(what.clone())
        .intent(ask(SystemRequest::Restart));
    let buttons = [
        not(page, &what),
        page.button(Icon::Restart, &label, page.accent(), meaning),
    ];
    let words = (what, page.words.say(Message::RestartQuestionHint));
    question(page, Icon::Restart, words, vec![page.buttons(buttons)])
}

/// What is lost, and two ways to say that one knows: holding the button, or a switch first.
pub(super) fn factory_reset(page: &Page<'_>) -> Node {
    let what = page.words.say(Message::FactoryResetQuestion);
    let understood = page.view.navigation.has_understood();
    let (tones, label) = if understood {
        (page.danger(), Message::FactoryResetNow)
    } else {
        let soft = Tones {
            rest: page.theme.danger_soft.0,
            pressed: page.theme.danger.0,
            on: page.theme.on_danger_soft.0,
        };
        (soft, Message::FactoryResetHold)
    };
    let label = page.words.say(label);
    let meaning =
        Meaning::new("factory-reset", Role::Button, label.clone()).described(what.clone());
    let intent = ask(SystemRequest::FactoryReset);
    let meaning = match understood {
        true => meaning.intent(intent),
        // A finger that goes at once changes nothing.
        false => meaning.held(intent).step(Step::Understand(false)),
    };
    let buttons = [
        not(page, &what),
        page.button(Icon::FactoryReset, &label, tones, meaning),
    ];
    let switch = (
        page.words.say(Message::Understood),
        page.words.say(Message::UnderstoodHint),
    );
    let meaning = Meaning::new("understood", Role::Switch, switch.0.clone())
        .step(Step::Understand(!understood));
    let mark = if understood {
        Icon::Check
    } else {
        Icon::Unsure
    };
    let switch = Tile::held(page, mark, switch, understood, meaning);
    let wide = page.em(680.0).min(page.scale.width - 2.0 * page.px(40.0));
    let switch = row([switch.node(page).share()]).width(wide);
    let words = (what, page.words.say(Message::FactoryResetLost));
    let below = vec![switch, page.buttons(buttons)];
    question(page, Icon::FactoryReset, words, below)
}

/// The computer goes down any moment.
pub(in super::super) fn going_down(page: &Page<'_>, request: SystemRequest) -> Node {
    let (mark, what, hint) = match request {
        SystemRequest::Restart => (
            Icon::Restart,
            Message::GoingDownRestart,
            Message::GoingDownRestartHint,
        ),
        SystemRequest::FactoryReset => (
            Icon::FactoryReset,
            Message::GoingDownReset,
            Message::GoingDownResetHint,
        ),
    };
    let (what, hint) = (page.words.say(what), page.words.say(hint));
    waiting(page, (mark, "going-down"), &what, &hint, Vec::new())
}
