//! How a laptop's screen is shared into the meeting.

use super::{
    super::{Page, laptop::invitation},
    sheet::{Head, sheet},
};
use crate::{
    language::Message,
    node::{Node, column, spacer},
    view::Call,
};

pub(super) fn laptop(page: &Page<'_>, call: &Call) -> Node {
    let head = Head {
        title: page.words.say(Message::LaptopTitle),
        back: None,
    };
    let words = call.door.as_ref().map(|door| invitation(page, door));
    let content = column([spacer(), words.unwrap_or_default(), spacer()]);
    sheet(page, call, &head, content, None)
}
