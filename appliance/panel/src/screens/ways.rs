//! All places that a meeting's invitation names, the likeliest first.

use saal_core::Intent;
use saal_meeting::{Destination, Meeting};

use super::{
    Fit, Page,
    call::{
        more::{Tile, tile_row},
        sheet::{Head, frame},
    },
    paging::List,
    rows,
};
use crate::{
    Layout,
    element::Role,
    icon::Icon,
    language::{Message, Value},
    navigation::Step,
    node::Meaning,
    plain::{is_invisible_control, isolated, plain},
};

pub(super) fn lay_out(fit: &mut Fit<'_>, meeting: &Meeting) -> Layout {
    let page = &fit.page;
    let head = Head {
        title: rows::title(page, meeting),
        back: None,
    };
    let places = meeting.places().enumerate();
    let tiles: Vec<Tile> = places
        .map(|(index, place)| way(page, meeting, index, place))
        .collect();
    pairs(fit, &head, &tiles)
}

/// Tiles over the home screen, two beside each other where there is room.
pub(super) fn pairs(fit: &mut Fit<'_>, head: &Head, tiles: &[Tile]) -> Layout {
    let across = if fit.page.scale.is_narrow() { 1 } else { 2 };
    let lines: Vec<&[Tile]> = tiles.chunks(across).collect();
    let list = List {
        len: lines.len(),
        row: &|page, index| tile_row(page, lines[index], across),
        leads: &|_| false,
        uniform: false,
        newest_last: false,
    };
    fit.paged(&list, &|page, rows, pager| {
        frame(page, None, head, rows, pager)
    })
}

fn way(page: &Page<'_>, meeting: &Meeting, index: usize, place: &Destination) -> Tile {
    let address = place.place();
    let intent = match index {
        0 => Intent::Join(meeting.id.clone()),
        _ => Intent::JoinAt {
            meeting: meeting.id.clone(),
            place: address.clone(),
        },
    };
    let label = match place {
        Destination::Jitsi { .. } => {
            let host = plain(host(&address));
            let values = [("name", Value::Foreign(&host))];
            page.words.tell(Message::WayJitsi, values)
        }
        _ => page.words.say(Message::WayMatrix),
    };
    // The name of a conference may say what a private meeting is about.
    let more = if meeting.private {
        page.words.say(Message::Join)
    } else {
        isolated(&plain(&readable(&address)))
    };
    let meaning = Meaning::new(format!("way:{index}"), Role::Button, label.clone())
        .intent(intent)
        .step(Step::Close);
    Tile::saying_more(page, Icon::Join, (label, more), meaning)
}

fn without_scheme(address: &str) -> &str {
    address.split_once("://").map_or(address, |(_, rest)| rest)
}

/// An address as people read it: without its scheme, letters and spaces of names as such (RFC 3986, 2.1). What means
/// something to an address, and what is no text, stays escaped, so that nothing looks like another address than it is.
pub(crate) fn readable(address: &str) -> String {
    let mut read = String::new();
    let mut rest = without_scheme(address);
    while let Some(at) = rest.find('%') {
        read.push_str(&rest[..at]);
        let (escaped, bytes) = escapes(&rest[at..]);
        match std::str::from_utf8(&bytes) {
            Ok(text) if !text.is_empty() && text.chars().all(is_plain) => read.push_str(text),
            _ => read.push_str(escaped),
        }
        rest = &rest[at + escaped.len()..];
    }
    read + rest
}

/// The escapes that one character has at the beginning of this text, and their bytes; `%` alone where there are none.
fn escapes(text: &str) -> (&str, Vec<u8>) {
    let byte = |at: usize| {
        let digits = text.get(at..at + 3)?.strip_prefix('%')?;
        digits
            .bytes()
            .all(|b| b.is_ascii_hexdigit())
            .then_some(())?;
        u8::from_str_radix(digits, 16).ok()
    };
    let Some(first) = byte(0) else {
        return (&text[..1], Vec::new());
    };
    // UTF-8 says in the first byte how many follow (RFC 3629, section 3).
    let length = match first {
        0xC2..=0xDF => 2,
        0xE0..=0xEF => 3,
        0xF0..=0xF4 => 4,
        _ => 1,
    };
    let bytes: Vec<u8> = (0..length).map_while(|n| byte(3 * n)).collect();
    (&text[..3 * bytes.len()], bytes)
}

/// Nothing in an address, and nothing that is not seen.
fn is_plain(c: char) -> bool {
    let reserved = "%/?#[]@:!$&'()*+,;=\\<>\"";
    let unseen = c.is_control() || c.is_whitespace() || is_invisible_control(c);
    c == ' ' || !(unseen || reserved.contains(c))
}

fn host(address: &str) -> &str {
    let rest = without_scheme(address);
    rest.split('/').next().unwrap_or(rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_in_addresses_are_read_as_they_were_written() {
        for (address, read) in [
            (
                "https://meet.example.org/Jour%20fixe",
                "meet.example.org/Jour fixe",
            ),
            (
                "https://meet.example.org/B%C3%BCro%20S%c3%bcd",
                "meet.example.org/Büro Süd",
            ),
            (
                "https://meet.example.org/%F0%9F%8E%89",
                "meet.example.org/🎉",
            ),
            ("#bauamt:example.org", "#bauamt:example.org"),
        ] {
            assert_eq!(readable(address), read);
        }
    }

    #[test]
    fn what_means_something_to_an_address_and_what_is_no_text_stays_as_it_is() {
        for address in [
            "meet.example.org%2Fevil.example.org",
            "a%3Fb%23c%40d%3Ae%25f",
            "a%0Ab%00c%7Fd",
            "a%C3%28",
            "a%FF%FEb",
            "a%C3",
            "a%4",
            "100%",
            "%zz%+4",
            "a%E2%80%A8b",
            "é%",
            "a%E2%80%AEb",
        ] {
            assert_eq!(readable(address), address);
        }
    }
}
