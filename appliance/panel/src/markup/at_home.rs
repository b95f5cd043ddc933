//! The page of a phone while the room is in no meeting: where the room is to go, which people at its panel then see.

use saal_core::{Elsewhere, Phase, Room};
use saal_fleet_protocol::config::Language;

use super::{Document, escaped};
use crate::{
    language::{Message, Value, Words, words_of},
    plain::{plain, unisolated},
    screens::{readable, what_to_type},
};

/// What the button of this page sends; the words come beside it.
pub const OFFERS: &str = "=offer";
/// Characters that are typed at most, as on the panel.
const MOST_TYPED: usize = 512;

/// The page; `None`: no phone may say where to go. `wrong` is what was typed there last and leads nowhere.
#[must_use]
pub fn phone_at_home(
    room: &Room,
    elsewhere: Option<&Elsewhere>,
    language: Option<Language>,
    wrong: Option<&str>,
) -> Option<Document> {
    room.phone_tickets()
        .next()
        .filter(|_| *room.phase() == Phase::Home)?;
    let elsewhere = elsewhere?;
    let config = room.config()?;
    let language = language.unwrap_or(config.room.language);
    let words = words_of(language, None);
    let name = plain(config.room.name.as_str());
    let main = main(words, &name, elsewhere, wrong);
    let title = format!("{name} – {}", words.say(Message::PhonePage));
    Some(Document {
        title,
        ..Document::around(language, None, main)
    })
}

fn main(words: &Words, room: &str, elsewhere: &Elsewhere, wrong: Option<&str>) -> String {
    let say = |message| escaped(&unisolated(&words.say(message)));
    let shown = elsewhere.offer.as_ref().map(|offer| {
        let place = plain(&readable(&offer.place));
        let values = [("place", Value::Foreign(&place))];
        let said = escaped(&unisolated(&words.tell(Message::PhoneWhereShown, values)));
        format!("<div id=\"shown\" role=\"status\" class=\"part\"><span class=\"strong\">{said}</span></div>")
    });
    let nowhere = wrong.map(|_| {
        let said = say(Message::PhoneWhereNowhere);
        format!("<div id=\"nowhere\" role=\"alert\" class=\"part\">{said}</div>")
    });
    let hint = escaped(&unisolated(&what_to_type(words, elsewhere)));
    let value = escaped(wrong.unwrap_or_default());
    let invalid = match wrong {
        Some(_) => " aria-invalid=\"true\"",
        None => "",
    };
    format!(
        "<div class=\"column\"><h1 id=\"room\">{room}</h1>{shown}{nowhere}\
         <label id=\"where\" for=\"link\">{label}</label>\
         <input id=\"link\" name=\"text\" type=\"text\" inputmode=\"url\" autocapitalize=\"off\" autocomplete=\"off\" \
         spellcheck=\"false\" maxlength=\"{MOST_TYPED}\" aria-describedby=\"hint\" value=\"{value}\"{invalid}>\
         <p id=\"hint\" class=\"small\">{hint}</p>\
         <button id=\"offer\" class=\"row\" name=\"do\" value=\"{OFFERS}\"><span class=\"strong\">{send}</span></button></div>",
        room = escaped(room),
        shown = shown.unwrap_or_default(),
        nowhere = nowhere.unwrap_or_default(),
        label = say(Message::PhoneWhere),
        send = say(Message::PhoneWhereSend),
    )
}
