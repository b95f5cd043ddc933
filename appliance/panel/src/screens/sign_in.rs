//! Somebody signs the room in to its account: what they need of it, legible from two metres.

use std::sync::Arc;

use saal_core::Intent;
use saal_meeting::{AccountAction, SignIn, SignInCode, SignInProblem, SignInWay};

use super::{
    Density, Fit, Page,
    digits::digits,
    joining::waiting,
    scanning::{SIZES, Scan, side},
};
use crate::{
    Layout,
    element::Role,
    icon::Icon,
    language::{Message, Value},
    navigation::Step,
    node::{Meaning, Node, column, qr_code, row, spacer, text},
    qr_code::QrCode,
    style::Type,
    trouble,
    view::Screen,
};

/// The code's letters, in pixels at 1280x800: a finger's width on a panel of ten inches.
const CODE: f32 = 92.0;
/// Characters of codes take so much of an em: of short ones, which have some wide and some narrow
/// ones, and at most.
const EMS: (f32, f32) = (0.72, 1.1);
/// Longer codes are not short.
const SHORT: f32 = 10.0;

pub(super) fn lay_out(fit: &mut Fit<'_>, server: &str, of: &SignIn) -> Layout {
    match of {
        SignIn::Code(code) => {
            if let Some(picture) = QrCode::of(code.link.as_bytes()) {
                return fit.most(SIZES, |page, size| coded(page, (&picture, size), code));
            }
            // An address that no code holds is entered by hand.
            fit.most(0, |page, _| by_hand(page, code))
        }
        SignIn::Scan { qr } => match QrCode::of(qr) {
            Some(picture) => {
                let scan = Scan {
                    what: Message::SignInScan,
                    hint: Message::SignInScanHint,
                    code: Message::SignInScanCode,
                    note: None,
                };
                fit.scan(&picture, &scan, |page| {
                    let begin = begin(page, SignInWay::Code);
                    [begin].into_iter().chain(cancel(page)).collect()
                })
            }
            None => fit.most(0, |page, _| busy(page, starting())),
        },
        SignIn::Digits => fit.most(0, |page, _| digits(page, cancel(page).unwrap_or_default())),
        SignIn::Allow { code } => fit.most(0, |page, _| allow(page, code)),
        SignIn::Needed { problem } => fit.most(0, |page, _| needed(page, server, problem.as_ref())),
        SignIn::Starting => fit.most(0, |page, _| busy(page, starting())),
        SignIn::Finishing => {
            let words = (Message::SignInFinishing, Message::SignInFinishingHint);
            fit.most(0, |page, _| busy(page, words))
        }
    }
}

fn starting() -> (Message, Message) {
    (Message::SignInStarting, Message::SignInStartingHint)
}

fn busy(page: &Page<'_>, (what, hint): (Message, Message)) -> Node {
    let (what, hint) = (page.words.say(what), page.words.say(hint));
    let below = cancel(page).into_iter().collect();
    waiting(page, (Icon::Busy, "sign-in"), &what, &hint, below)
}

/// What became of it, and a new beginning.
fn needed(page: &Page<'_>, server: &str, problem: Option<&SignInProblem>) -> Node {
    let (what, advice) = trouble::sign_in::explain(page.words, server, problem);
    let mark = if problem.is_some() {
        Icon::Limiting
    } else {
        Icon::Key
    };
    let label = page.words.say(Message::SignInNewCode);
    let meaning = Meaning::new("sign-in", Role::Button, label.clone());
    let meaning = meaning.intent(Intent::Account(AccountAction::SignIn {
        way: SignInWay::Code,
    }));
    let again = page.button(Icon::Reconnect, &label, page.accent(), meaning);
    let buttons = page.buttons(cancel(page).into_iter().chain([again]));
    waiting(
        page,
        (mark, "sign-in-problem"),
        &what,
        &advice,
        vec![buttons],
    )
}

/// The other device asks whether to let the room in.
fn allow(page: &Page<'_>, code: &str) -> Node {
    let what = page.words.say(Message::SignInAllow);
    let hint = page.words.say(Message::SignInAllowHint);
    let room = page.scale.width - 2.0 * page.px(40.0);
    let below = [big(page, code, room, true)];
    let below = below.into_iter().chain(cancel(page)).collect();
    waiting(page, (Icon::Scanned, "sign-in-allow"), &what, &hint, below)
}

/// QR code, address and code beside each other, or below.
fn coded(page: &Page<'_>, (picture, size): (&Arc<QrCode>, usize), code: &SignInCode) -> Node {
    let portrait = page.scale.is_narrow();
    // Beside it stands what has to be read from as far away.
    let side = side(page, size) * if portrait { 0.8 } else { 0.86 };
    let label = page.words.say(Message::SignInQrCode);
    let picture = qr_code(picture.clone(), side);
    let (wide, picture) = (picture.style.size.width, picture.round(page.px(20.0)));
    let picture = picture.means(Meaning::new("code", Role::Image, label));
    let inner = page.scale.width - 2.0 * page.px(40.0);
    let main = if portrait {
        let words = words(page, code, inner, true);
        column([row([picture]).centred(), words]).gap(page.px(24.0))
    } else {
        let gap = page.px(48.0);
        let beside = words(page, code, inner - wide.value() - gap, false).share();
        row([picture, beside]).gap(gap)
    };
    whole_page(page, main)
}

fn by_hand(page: &Page<'_>, code: &SignInCode) -> Node {
    let inner = page.scale.width - 2.0 * page.px(40.0);
    whole_page(page, words(page, code, inner, true))
}

fn whole_page(page: &Page<'_>, main: Node) -> Node {
    let buttons = [cancel(page), Some(new_code(page)), by_device(page)];
    let buttons = page.buttons(buttons.into_iter().flatten());
    let parts = [
        page.top_bar(),
        spacer(),
        main.rigid(),
        buttons.above(page.px(24.0)),
        spacer(),
        page.banners(),
    ];
    column(parts)
        .padding(page.px(40.0))
        .fill(page.theme.background.0)
}

/// What to do, where, and with which code.
fn words(page: &Page<'_>, code: &SignInCode, room: f32, centred: bool) -> Node {
    let style = |of: Type, lines| {
        let font = page.font(of).lines(lines);
        if centred { font.centred() } else { font }
    };
    let (ink, quiet) = (page.theme.text.0, page.theme.text_quiet.0);
    let part = |id: &str, role, words: String, style, colour| {
        text(words.clone(), style, colour).means(Meaning::new(id, role, words))
    };
    let heading = if page.density == Density::Roomy {
        Type::Display
    } else {
        Type::Title
    };
    let title = page.words.say(Message::SignInTitle);
    let hint = page.words.say(Message::SignInHint);
    let time = page.moments.time(code.expires);
    let until = page
        .words
        .tell(Message::SignInUntil, [("time", (&time).into())]);
    let address = page.title(&shown(&code.address));
    let parts = [
        Some(part("title", Role::Heading, title, style(heading, 2), ink).whole()),
        (page.density < Density::Tighter)
            .then(|| part("hint", Role::Text, hint, style(Type::Body, 3), quiet).whole()),
        // The code leads there as well, however long a name somebody gave the place.
        Some(part(
            "address",
            Role::Text,
            address,
            style(Type::Title, 2),
            ink,
        )),
        Some(big(page, &code.code, room, centred)),
        Some(part("until", Role::Text, until, style(Type::Strong, 1), ink).whole()),
        Some(part(
            "whose",
            Role::Text,
            whose(page),
            style(Type::Small, 3),
            quiet,
        )),
    ];
    column(parts.into_iter().flatten()).gap(page.px(12.0))
}

/// As whom people sign in there: whoever is on a telephone is themselves by habit.
fn whose(page: &Page<'_>) -> String {
    let Screen::SignIn { user, .. } = &page.view.screen else {
        return String::new();
    };
    let user = [("user", Value::Foreign(user))];
    page.words.tell(Message::SignInWhose, user)
}

/// Browsers add what stands in front by themselves.
fn shown(address: &str) -> String {
    let address = address.strip_prefix("https://").unwrap_or(address);
    address.trim_end_matches('/').to_owned()
}

/// The code, as large as there is room for a line.
fn big(page: &Page<'_>, code: &str, room: f32, centred: bool) -> Node {
    let letters = code.chars().count().max(1) as f32;
    let code = page.title(code);
    let mut style = page.font(Type::Display).figures();
    let ems = if letters > SHORT { EMS.1 } else { EMS.0 };
    style.size = page.scale.font(CODE).min(room / (letters * ems)) as u32;
    if centred {
        style = style.centred();
    }
    text(code.clone(), style, page.theme.text.0)
        .rigid()
        .means(Meaning::new("user-code", Role::Text, code))
}

fn by_device(page: &Page<'_>) -> Option<Node> {
    let Screen::SignIn { of, .. } = &page.view.screen else {
        return None;
    };
    matches!(of, SignIn::Code(code) if code.by_device).then(|| begin(page, SignInWay::Device))
}

fn new_code(page: &Page<'_>) -> Node {
    let action = AccountAction::SignIn {
        way: SignInWay::Code,
    };
    let what = ("new-code", Message::SignInNewCode, Icon::Reconnect);
    page.account_button(what, page.quiet(), action)
}

/// Changes over to another way.
fn begin(page: &Page<'_>, way: SignInWay) -> Node {
    let what = match way {
        SignInWay::Code => ("by-code", Message::SignInByCode, Icon::Key),
        SignInWay::Device => ("by-device", Message::SignInByDevice, Icon::Scanned),
    };
    page.account_button(what, page.quiet(), AccountAction::SignIn { way })
}

/// Not now.
pub(super) fn cancelling(page: &Page<'_>) -> Meaning {
    let label = page.words.say(Message::Cancel);
    Meaning::new("cancel", Role::Button, label)
        .described(page.words.say(Message::SignInTitle))
        .intent(Intent::Account(AccountAction::CancelSignIn))
        .step(Step::Close)
}

/// The button; beside pages that are turned, it stands beside each.
fn cancel(page: &Page<'_>) -> Option<Node> {
    (!page.turned).then(|| {
        let meaning = cancelling(page);
        page.button(Icon::Cancel, &meaning.label.clone(), page.quiet(), meaning)
    })
}
