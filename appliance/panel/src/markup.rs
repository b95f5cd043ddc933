//! Screens as HTML, for browsers: the same tree that becomes pixels becomes elements, words and roles, and a style
//! sheet says how they look.
//!
//! Only what a visitor may do can be pressed: the rest of a screen's buttons is left out, here and where presses are
//! taken ([`pressed`]). Every button is part of one form, so that a browser without scripts works.

mod at_home;
pub(crate) mod icons;

use std::fmt::Write as _;

pub use at_home::{OFFERS, phone_at_home};
use saal_core::{Intent, Now, Room};
use saal_fleet_protocol::config::Language;
use taffy::{FlexDirection, Size, prelude::auto};

use crate::{
    Comfort, LanguageFile, Navigation, Screen, Step, View,
    element::Role,
    language::{Message, words_of},
    node::{Content, Meaning, Node},
    plain::unisolated,
    scale::Scale,
    screens,
    style::{TextStyle, Type},
};

/// A page's words around a screen, and the screen as HTML.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Document {
    /// The language as BCP 47 has it.
    pub language: String,
    /// `ltr` or `rtl`.
    pub direction: &'static str,
    /// Of the page.
    pub title: String,
    /// The screen: flow content.
    pub main: String,
    /// What a button says that asks for the page again.
    pub refresh: String,
    /// What a page says that does not hear of its room any more.
    pub lost: String,
}

/// Pixels that a phone has, about: things stand below each other.
pub(crate) const PHONE: (u32, u32) = (400, 800);

impl View {
    /// What a phone shows of the meeting that the room is in, to somebody who went to `navigation` there; `None`: no
    /// phone is let in. In this language, or the room's.
    #[must_use]
    pub fn for_phone(
        room: &Room,
        now: Now,
        navigation: &Navigation,
        language: Option<Language>,
    ) -> Option<Self> {
        room.phone_door()?;
        let mut view = Self::of(room, now, navigation);
        (view.width, view.height) = PHONE;
        view.comfort = Comfort::default();
        if let Some(language) = language {
            (view.language, view.file) = (language, None);
        }
        matches!(view.screen, Screen::Call(_)).then_some(view)
    }
}

/// The page of a visitor's phone.
#[must_use]
pub fn phone(view: &View) -> Document {
    let mut main = Writer::new(view, allowed).node(&screens::outline(view), Around::Flow);
    if let Screen::Call(call) = &view.screen
        && call.meeting.consent_asked
    {
        let words = words_of(view.language, view.file.as_ref());
        let note = escaped(&words.say(Message::PhoneAnswer));
        let _ = write!(main, "<p id=\"answer\">{note}</p>");
    }
    let words = words_of(view.language, view.file.as_ref());
    let page = words.say(Message::PhonePage);
    Document {
        title: format!("{} – {page}", crate::plain(&view.room)),
        ..Document::around(view.language, view.file.as_ref(), main)
    }
}

/// The page of a phone that has no say any more.
#[must_use]
pub fn phone_over(language: Language) -> Document {
    let words = words_of(language, None);
    let (what, hint) = (
        words.say(Message::PhoneOver),
        words.say(Message::PhoneOverHint),
    );
    let main = format!(
        "<div class=\"message\"><h1 id=\"over\">{}</h1><p>{}</p></div>",
        escaped(&what),
        escaped(&hint)
    );
    Document::around(language, None, main)
}

impl Document {
    /// With the words that stand around every screen.
    pub(crate) fn around(language: Language, file: Option<&LanguageFile>, main: String) -> Self {
        let words = words_of(language, file);
        Self {
            language: words.voice().to_owned(),
            direction: if words.right_to_left() { "rtl" } else { "ltr" },
            title: words.say(Message::PhonePage),
            main,
            refresh: words.say(Message::PhoneRefresh),
            lost: words.say(Message::PhoneLost),
        }
    }
}

/// What pressing this element of a visitor's page means, if it is there, may be pressed and still stands as it did
/// (`on`, [`crate::State::pressed`]): who saw "Mute" does not unmute.
#[must_use]
pub fn pressed(view: &View, id: &str, on: Option<bool>) -> Option<(Option<Intent>, Option<Step>)> {
    let tree = screens::outline(view);
    allowed(found(&tree, id, on)?)
}

/// The element of this identity, if it still stands so.
pub(crate) fn found<'a>(node: &'a Node, id: &str, on: Option<bool>) -> Option<&'a Meaning> {
    let own = node.meaning.as_ref();
    let own = own.filter(|meaning| meaning.id == id && meaning.state.pressed == on);
    own.or_else(|| node.children.iter().find_map(|child| found(child, id, on)))
}

/// What a visitor may do with it; `None`: nothing.
fn allowed(meaning: &Meaning) -> Option<(Option<Intent>, Option<Step>)> {
    let step = match &meaning.step {
        None => None,
        Some(Step::Open(sheet)) if !sheet.is_for_visitors() => return None,
        Some(step @ (Step::Open(_) | Step::Close | Step::Dialled(_))) => Some(step.clone()),
        Some(_) => return None,
    };
    let intent = meaning.intent.clone().filter(Intent::is_for_visitors);
    let there = !meaning.state.disabled && (intent.is_some() || step.is_some());
    there.then_some((intent, step))
}

/// What HTML allows here.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Around {
    /// Anything.
    Flow,
    /// Words, within something that people know by its name.
    Phrase,
}

/// What may be done with an element; `None`: nothing.
pub(crate) type May = fn(&Meaning) -> Option<(Option<Intent>, Option<Step>)>;

pub(crate) struct Writer {
    may: May,
    headings: usize,
    small: u32,
    body: u32,
}

impl Writer {
    pub(crate) fn new(view: &View, may: May) -> Self {
        let scale = Scale::of(view.width, view.height, view.comfort.scale);
        Self {
            may,
            headings: 0,
            small: Type::Small.at(&scale).size,
            body: Type::Body.at(&scale).size,
        }
    }

    /// The same below what has the first heading.
    pub(crate) fn below(&mut self, node: &Node) -> String {
        self.headings = 1;
        self.node(node, Around::Flow)
    }

    fn node(&mut self, node: &Node, around: Around) -> String {
        match (&node.meaning, &node.content) {
            (Some(meaning), _) => self.meant(node, meaning, around),
            // What stands outside of everything that has a name is told by what has one.
            (None, Some(_)) if around == Around::Flow => String::new(),
            (None, Some(content)) => self.content(content),
            (None, None) => self.boxed(node, around),
        }
    }

    fn boxed(&mut self, node: &Node, around: Around) -> String {
        let inner = self.children(node, around);
        if inner.is_empty() {
            return inner;
        }
        let tag = if around == Around::Flow {
            "div"
        } else {
            "span"
        };
        let class = if is_disc(node) {
            "disc"
        } else {
            direction(node)
        };
        format!("<{tag} class=\"{class}\">{inner}</{tag}>")
    }

    fn children(&mut self, node: &Node, around: Around) -> String {
        let parts = node.children.iter().map(|child| self.node(child, around));
        // Words of parts beside each other are not one.
        parts
            .filter(|part| !part.is_empty())
            .collect::<Vec<_>>()
            .join(" ")
    }

    /// What is drawn within something that has a name.
    fn drawn(&mut self, node: &Node) -> String {
        match &node.content {
            Some(content) => self.content(content),
            None => self.children(node, Around::Phrase),
        }
    }

    fn content(&self, content: &Content) -> String {
        match content {
            Content::Text(text, style, _) => {
                let class = self.class(*style);
                format!("<span{class}>{}</span>", escaped(text))
            }
            Content::Icon(icon, ..) => icons::svg(*icon),
            Content::Code(..) | Content::Picture(_) => String::new(),
        }
    }

    fn class(&self, style: TextStyle) -> &'static str {
        match (style.size, style.weight) {
            (size, _) if size <= self.small => " class=\"small\"",
            (size, _) if size > self.body => " class=\"large\"",
            (_, 600..) => " class=\"strong\"",
            _ => "",
        }
    }

    fn meant(&mut self, node: &Node, meaning: &Meaning, around: Around) -> String {
        let id = format!("id=\"{}\"", escaped(&meaning.id));
        let label = escaped(&unisolated(&meaning.label));
        match meaning.role {
            role if role.is_control() => self.control(node, meaning),
            Role::Heading => {
                self.headings += 1;
                let level = self.headings.min(2);
                format!("<h{level} {id}>{label}</h{level}>")
            }
            Role::List => {
                let items = self.items(node);
                format!("<ul {id} aria-label=\"{label}\">{items}</ul>")
            }
            Role::Dialog | Role::AlertDialog => {
                let inner = self.children(node, Around::Flow);
                format!("<section {id} aria-label=\"{label}\">{inner}</section>")
            }
            Role::Image => format!("<span {id} role=\"img\" aria-label=\"{label}\"></span>"),
            Role::Text if around == Around::Flow => format!("<p {id}>{label}</p>"),
            Role::Text | Role::TextBox => format!("<span {id}>{label}</span>"),
            Role::ListItem => self.list_item(node, meaning),
            Role::Timer => self.region(node, meaning, "timer"),
            Role::Status => self.region(node, meaning, "status"),
            Role::Alert => self.region(node, meaning, "alert"),
            Role::Button | Role::Switch | Role::Radio => String::new(),
        }
    }

    /// Words that change by themselves.
    fn region(&mut self, node: &Node, meaning: &Meaning, role: &str) -> String {
        let drawn = self.drawn(node);
        let id = escaped(&meaning.id);
        let class = direction(node);
        format!("<div id=\"{id}\" role=\"{role}\" class=\"part {class}\">{drawn}</div>")
    }

    fn list_item(&mut self, node: &Node, meaning: &Meaning) -> String {
        if (self.may)(meaning).is_some() {
            return self.control(node, meaning);
        }
        let (drawn, class) = (self.described(node, meaning), direction(node));
        let id = escaped(&meaning.id);
        format!("<div id=\"{id}\" class=\"part {class}\">{drawn}</div>")
    }

    /// What is drawn, and what is only meant by it, such as by an icon.
    fn described(&mut self, node: &Node, meaning: &Meaning) -> String {
        let drawn = self.drawn(node);
        let description = unisolated(&meaning.description);
        if description.is_empty() || words(node).contains(&description) {
            return drawn;
        }
        let description = escaped(&description);
        format!("{drawn} <span class=\"unseen\">{description}</span>")
    }

    /// Each as an item of its own, whatever boxes they stand in to be beside each other on a panel.
    fn items(&mut self, list: &Node) -> String {
        let mut items = String::new();
        for child in &list.children {
            let is_box = child.meaning.is_none() && child.content.is_none() && !child.keeps_order;
            if is_box {
                items += &self.items(child);
                continue;
            }
            let inner = self.node(child, Around::Flow);
            if !inner.is_empty() {
                let heading = child
                    .meaning
                    .as_ref()
                    .is_some_and(|m| m.role == Role::Heading);
                let class = match (heading, has_words(child)) {
                    (true, _) => " class=\"heading\"",
                    (false, false) => " class=\"sign\"",
                    (false, true) => "",
                };
                let _ = write!(items, "<li{class}>{inner}</li>");
            }
        }
        items
    }

    /// Nothing where visitors can do nothing with it.
    fn control(&mut self, node: &Node, meaning: &Meaning) -> String {
        if (self.may)(meaning).is_none() && !meaning.state.disabled {
            return String::new();
        }
        let id = escaped(&meaning.id);
        let mut more = match meaning.state.pressed {
            Some(on) => format!(" data-on=\"{on}\""),
            None => String::new(),
        };
        if let (Role::Radio, Some(on)) = (meaning.role, meaning.state.pressed) {
            let _ = write!(more, " aria-pressed=\"{on}\"");
        }
        if meaning.state.disabled {
            more += " disabled";
        }
        if !has_words(node) {
            let label = escaped(&unisolated(&meaning.label));
            let _ = write!(more, " aria-label=\"{label}\"");
        }
        let (drawn, class) = (self.described(node, meaning), direction(node));
        let state = as_pressed(meaning.state.pressed);
        let sent = format!("name=\"do\" value=\"{state}{id}\"");
        format!("<button id=\"{id}\" class=\"{class}\" {sent}{more}>{drawn}</button>")
    }
}

/// How an element stood, as the first character of what its button sends.
fn as_pressed(on: Option<bool>) -> char {
    match on {
        None => '=',
        Some(true) => '+',
        Some(false) => '-',
    }
}

/// The element that a button sends, and how it stood; `None`: none of ours.
#[must_use]
pub fn pressed_from(value: &str) -> Option<(&str, Option<bool>)> {
    let on = match value.chars().next()? {
        '=' => None,
        '+' => Some(true),
        '-' => Some(false),
        _ => return None,
    };
    Some((&value[1..], on))
}

/// How its parts stand.
fn direction(node: &Node) -> &'static str {
    match node.style.flex_direction {
        FlexDirection::Row | FlexDirection::RowReverse => "row",
        FlexDirection::Column | FlexDirection::ColumnReverse => "column",
    }
}

/// A circle with something small in it.
fn is_disc(node: &Node) -> bool {
    let Size { width, height } = node.style.size;
    node.fill.is_some() && node.radius > 0.0 && width == height && width != auto()
}

/// Something to read is drawn, beside icons and signs.
fn has_words(node: &Node) -> bool {
    words(node).contains(char::is_alphanumeric)
}

/// All text that is drawn in it.
fn words(node: &Node) -> String {
    let own = match &node.content {
        Some(Content::Text(text, ..)) => unisolated(text),
        _ => String::new(),
    };
    let inner = node.children.iter().map(words);
    [own].into_iter().chain(inner).collect::<Vec<_>>().join(" ")
}

/// Text as HTML has it, within elements and quoted values.
#[must_use]
pub fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped += "&amp;",
            '<' => escaped += "&lt;",
            '>' => escaped += "&gt;",
            '"' => escaped += "&quot;",
            '\'' => escaped += "&#39;",
            c => escaped.push(c),
        }
    }
    escaped
}
