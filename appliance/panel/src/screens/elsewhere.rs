//! Meetings that are not in the room's day: by typing where they are, or once more where people of this room were lately.

use saal_core::{Elsewhere, Intent, Offer, PhoneAction, PhoneDoor};
use saal_meeting::Meeting;

use super::{
    Fit, Page,
    call::{more::Tile, sheet::Head},
    joining::waiting,
    rows,
    scanning::Scan,
    ways::{pairs, readable},
};
use crate::{
    Layout, Sheet,
    element::Role,
    icon::Icon,
    language::{Message, Value, Words},
    navigation::Step,
    node::{Meaning, Node},
    plain::{isolated, plain},
    qr_code::QrCode,
};

/// The way there, on the home screen.
pub(super) fn way(page: &Page<'_>) -> Option<Node> {
    page.view.elsewhere.as_ref()?;
    let label = page.words.say(Message::Elsewhere);
    let meaning = Meaning::new("elsewhere", Role::Button, label.clone());
    let meaning = meaning.step(Step::Open(Sheet::Elsewhere));
    Some(page.button(Icon::Link, &label, page.quiet(), meaning))
}

pub(super) fn lay_out(fit: &mut Fit<'_>, elsewhere: &Elsewhere) -> Layout {
    let page = &fit.page;
    let head = Head {
        title: page.words.say(Message::Elsewhere),
        back: None,
    };
    let recent = elsewhere.recent.iter().enumerate();
    let forget = (!elsewhere.recent.is_empty()).then(|| forget(page));
    let phone = elsewhere.phones.then(|| by_phone(page));
    let tiles: Vec<Tile> = [typing(page, elsewhere)]
        .into_iter()
        .chain(phone)
        .chain(recent.map(|(index, meeting)| again(page, index, meeting)))
        .chain(forget)
        .collect();
    pairs(fit, &head, &tiles)
}

fn typing(page: &Page<'_>, elsewhere: &Elsewhere) -> Tile {
    let label = page.words.say(Message::TypeLink);
    let more = what_to_type(page.words, elsewhere);
    let meaning = Meaning::new("type-link", Role::Button, label.clone());
    let meaning = meaning.step(Step::Open(Sheet::TypeLink));
    Tile::saying_more(page, Icon::Keyboard, (label, more), meaning)
}

fn by_phone(page: &Page<'_>) -> Tile {
    let label = page.words.say(Message::LinkByPhone);
    let more = page.words.say(Message::LinkByPhoneMore);
    let meaning = Meaning::new("link-by-phone", Role::Button, label.clone())
        .intent(Intent::Phone(PhoneAction::Invite))
        .step(Step::Open(Sheet::LinkByPhone));
    Tile::saying_more(page, Icon::Phone, (label, more), meaning)
}

/// A code for a phone, and once one has said where to go, whether to go there.
pub(super) fn phone(fit: &mut Fit<'_>, elsewhere: &Elsewhere) -> Layout {
    if let Some(offer) = &elsewhere.offer {
        return fit.most(0, |page, _| offered(page, offer));
    }
    let ticket = match &elsewhere.phone {
        Some(PhoneDoor::Open(ticket)) => Some(ticket),
        _ => None,
    };
    let picture = ticket.and_then(|ticket| QrCode::of(ticket.address.reveal().as_bytes()));
    let (Some(ticket), Some(picture)) = (ticket, picture) else {
        let broken = elsewhere.phone == Some(PhoneDoor::Broken);
        return fit.most(0, |page, _| no_code(page, broken));
    };
    let note = ticket.fingerprint.as_ref().map(|fingerprint| {
        let values = [("fingerprint", Value::Foreign(fingerprint))];
        fit.page.words.tell(Message::LaptopFingerprint, values)
    });
    let scan = Scan {
        what: Message::LinkByPhoneTitle,
        hint: Message::LinkByPhoneHint,
        code: Message::PhoneCode,
        note,
    };
    fit.scan(&picture, &scan, |page| vec![cancel(page)])
}

fn cancel(page: &Page<'_>) -> Node {
    let label = page.words.say(Message::Cancel);
    let meaning = Meaning::new("cancel", Role::Button, label.clone())
        .described(page.words.say(Message::LinkByPhone))
        .step(Step::Open(Sheet::Elsewhere));
    page.button(Icon::Cancel, &label, page.quiet(), meaning)
}

fn no_code(page: &Page<'_>, broken: bool) -> Node {
    let (mark, hint) = match broken {
        true => (Icon::Limiting, Message::PhoneBroken),
        false => (Icon::Busy, Message::LaptopOpening),
    };
    let what = page.words.say(Message::LinkByPhone);
    let hint = page.words.say(hint);
    waiting(
        page,
        (mark, "phone-state"),
        &what,
        &hint,
        vec![cancel(page)],
    )
}

/// What will be joined stands here before anything is.
fn offered(page: &Page<'_>, offer: &Offer) -> Node {
    let what = page.words.say(Message::PhoneOffers);
    let place = isolated(&plain(&readable(&offer.place)));
    let label = page.words.say(Message::PhoneOfferNot);
    let meaning = Meaning::new("decline", Role::Button, label.clone())
        .described(place.clone())
        .intent(Intent::Phone(PhoneAction::Decline));
    let not = page.button(Icon::Cancel, &label, page.quiet(), meaning);
    let label = page.words.say(Message::Join);
    let meaning = Meaning::new("offer-join", Role::Button, label.clone())
        .described(place.clone())
        .intent(Intent::JoinTyped(offer.typed.clone()))
        .step(Step::Close);
    let join = page.button(Icon::Join, &label, page.accent(), meaning);
    let buttons = page.buttons([not, join]);
    waiting(page, (Icon::Phone, "offer"), &what, &place, vec![buttons])
}

/// What leads to a meeting here.
pub(crate) fn what_to_type(words: &Words, elsewhere: &Elsewhere) -> String {
    match &elsewhere.names_at {
        Some(host) => {
            let host = plain(host);
            let values = [("host", Value::Foreign(&host))];
            words.tell(Message::TypeLinkOrName, values)
        }
        None => words.say(Message::TypeLinkAlone),
    }
}

fn again(page: &Page<'_>, index: usize, meeting: &Meeting) -> Tile {
    let label = rows::title(page, meeting);
    let place = meeting.destination.place();
    let more = isolated(&plain(&readable(&place)));
    let meaning = Meaning::new(format!("again:{index}"), Role::Button, label.clone())
        .intent(Intent::JoinAgain(meeting.id.clone()))
        .step(Step::Close);
    Tile::saying_more(page, Icon::Join, (label, more), meaning)
}

fn forget(page: &Page<'_>) -> Tile {
    let label = page.words.say(Message::ForgetRecent);
    let more = page.words.say(Message::ForgetRecentMore);
    let meaning = Meaning::new("forget-recent", Role::Button, label.clone());
    let meaning = meaning.intent(Intent::ForgetRecent);
    Tile::saying_more(page, Icon::Forget, (label, more), meaning)
}
