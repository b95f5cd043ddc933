//! A screen as a tree of boxes, texts and icons, before it is laid out.

use std::sync::Arc;

use embedded_graphics::pixelcolor::Rgb888;
use saal_core::Intent;
use taffy::prelude::*;

use crate::{
    Picture, Step,
    element::{Role, State},
    icon::Icon,
    qr_code::{self, QrCode},
    shapes::{Fill, Shadow},
    style::TextStyle,
};

/// What is drawn in a leaf.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Content {
    /// A line or more of text.
    Text(String, TextStyle, Rgb888),
    /// A square icon of so many pixels.
    Icon(Icon, f32, Rgb888),
    /// A code whose modules are so many pixels wide.
    Code(Arc<QrCode>, u32),
    /// A picture as it is.
    Picture(Arc<Picture>),
}

/// What a box means to people.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Meaning {
    pub(crate) id: String,
    pub(crate) role: Role,
    pub(crate) label: String,
    pub(crate) description: String,
    pub(crate) state: State,
    pub(crate) intent: Option<Intent>,
    /// What a finger that stays on it means.
    pub(crate) held: Option<Intent>,
    pub(crate) step: Option<Step>,
}

/// A box of the tree.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Node {
    pub(crate) style: Style,
    pub(crate) fill: Option<Fill>,
    pub(crate) radius: f32,
    pub(crate) ring: Option<(f32, Rgb888)>,
    pub(crate) shadow: Option<Shadow>,
    pub(crate) content: Option<Content>,
    /// The text is to be read to its end.
    pub(crate) whole: bool,
    /// The text may end early: all of it is a touch away.
    pub(crate) brief: bool,
    /// Children stand in this order whatever the direction of reading and whichever hand touches: keys, arrows.
    pub(crate) keeps_order: bool,
    /// Its parts change places for the left hand, though there is something to touch in each.
    pub(crate) mirrors: bool,
    pub(crate) meaning: Option<Meaning>,
    pub(crate) children: Vec<Node>,
}

/// Children from left to right, centred vertically.
pub(crate) fn row(children: impl IntoIterator<Item = Node>) -> Node {
    let mut node = stack(FlexDirection::Row, children);
    node.style.align_items = AlignItems::CENTER;
    node
}

/// Children from top to bottom, as wide as the column.
pub(crate) fn column(children: impl IntoIterator<Item = Node>) -> Node {
    stack(FlexDirection::Column, children)
}

fn stack(direction: FlexDirection, children: impl IntoIterator<Item = Node>) -> Node {
    let mut node = Node {
        children: children.into_iter().collect(),
        ..Node::default()
    };
    node.style.flex_direction = direction;
    node.style.min_size = Size {
        width: length(0.0),
        height: auto(),
    };
    node
}

/// Room that grows.
pub(crate) fn spacer() -> Node {
    Node::default().grow()
}

/// Text that takes the width it is given and no more.
pub(crate) fn text(text: impl Into<String>, style: TextStyle, colour: Rgb888) -> Node {
    let mut node = Node {
        content: Some(Content::Text(text.into(), style, colour)),
        ..Node::default()
    };
    node.style.min_size.width = length(0.0);
    node
}

/// An icon.
pub(crate) fn icon(icon: Icon, size: f32, colour: Rgb888) -> Node {
    Node {
        content: Some(Content::Icon(icon, size, colour)),
        ..Node::default()
    }
    .fixed(size, size)
}

/// A code of at most so many pixels from edge to edge.
pub(crate) fn qr_code(code: Arc<QrCode>, most: f32) -> Node {
    let module = code.module(most);
    let side = code.side(module) as f32;
    Node {
        content: Some(Content::Code(code, module)),
        ..Node::default()
    }
    .fixed(side, side)
    .fill(qr_code::LIGHT)
}

/// A picture of exactly this size.
pub(crate) fn picture(picture: Arc<Picture>) -> Node {
    let (width, height) = (picture.width() as f32, picture.height() as f32);
    Node {
        content: Some(Content::Picture(picture)),
        ..Node::default()
    }
    .fixed(width, height)
}

impl Node {
    pub(crate) fn gap(mut self, pixels: f32) -> Self {
        self.style.gap = Size::length(pixels);
        self
    }

    pub(crate) fn gaps(mut self, columns: f32, rows: f32) -> Self {
        self.style.gap = Size {
            width: length(columns),
            height: length(rows),
        };
        self
    }

    pub(crate) fn padding(self, pixels: f32) -> Self {
        self.paddings(pixels, pixels)
    }

    pub(crate) fn paddings(mut self, horizontal: f32, vertical: f32) -> Self {
        self.style.padding = Rect {
            left: length(horizontal),
            right: length(horizontal),
            top: length(vertical),
            bottom: length(vertical),
        };
        self
    }

    /// A margin inside, with everything in it a little to the right and down, or back.
    pub(crate) fn padding_moved(mut self, pixels: f32, (right, down): (f32, f32)) -> Self {
        self.style.padding = Rect {
            left: length(pixels + right),
            right: length(pixels - right),
            top: length(pixels + down),
            bottom: length(pixels - down),
        };
        self
    }

    pub(crate) fn above(mut self, pixels: f32) -> Self {
        self.style.margin.top = length(pixels);
        self
    }

    /// Takes the room that is left.
    pub(crate) fn grow(mut self) -> Self {
        self.style.flex_grow = 1.0;
        self
    }

    /// Shares the room with others of its kind, whatever is in it.
    pub(crate) fn share(mut self) -> Self {
        self.style.flex_grow = 1.0;
        self.style.flex_basis = length(0.0);
        self
    }

    /// Never smaller than what is in it.
    pub(crate) fn rigid(mut self) -> Self {
        self.style.flex_shrink = 0.0;
        self
    }

    /// A text that is nothing worth without its end: where it does not fit, the page is too full.
    pub(crate) fn whole(mut self) -> Self {
        self.whole = true;
        self
    }

    /// Nothing in it is mirrored.
    pub(crate) fn keeps_order(mut self) -> Self {
        self.keeps_order = true;
        self
    }

    /// Its parts change places for the left hand in any case.
    pub(crate) fn mirrors(mut self) -> Self {
        self.mirrors = true;
        self
    }

    /// A text that may end early, as a touch shows all of it.
    pub(crate) fn brief(mut self) -> Self {
        self.brief = true;
        self
    }

    /// Takes so many parts of the width, whatever is in it.
    pub(crate) fn parts(mut self, parts: f32) -> Self {
        self.style.flex_grow = parts;
        self.style.flex_basis = length(0.0);
        self
    }

    pub(crate) fn fixed(mut self, width: f32, height: f32) -> Self {
        self.style.size = Size {
            width: length(width),
            height: length(height),
        };
        self.rigid()
    }

    pub(crate) fn width(mut self, pixels: f32) -> Self {
        self.style.size.width = length(pixels);
        self.rigid()
    }

    pub(crate) fn height(mut self, pixels: f32) -> Self {
        self.style.size.height = length(pixels);
        self.rigid()
    }

    pub(crate) fn at_least(mut self, width: f32, height: f32) -> Self {
        self.style.min_size = Size {
            width: length(width),
            height: length(height),
        };
        self
    }

    /// Never wider than this.
    pub(crate) fn most_wide(mut self, pixels: f32) -> Self {
        self.style.max_size.width = length(pixels);
        self
    }

    /// Never higher than this.
    pub(crate) fn most_high(mut self, pixels: f32) -> Self {
        self.style.max_size.height = length(pixels);
        self
    }

    /// Children go on in a new line where they do not fit.
    pub(crate) fn wrapping(mut self) -> Self {
        self.style.flex_wrap = FlexWrap::Wrap;
        self.style.align_content = AlignContent::FLEX_START;
        self
    }

    /// Children in the middle of both directions.
    pub(crate) fn centred(mut self) -> Self {
        self.style.align_items = AlignItems::CENTER;
        self.style.justify_content = JustifyContent::CENTER;
        self
    }

    pub(crate) fn align(mut self, align: AlignItems) -> Self {
        self.style.align_items = align;
        self
    }

    pub(crate) fn fill(mut self, colour: Rgb888) -> Self {
        self.fill = Some(Fill::Plain(colour));
        self
    }

    pub(crate) fn shade(mut self, top: Rgb888, bottom: Rgb888) -> Self {
        self.fill = Some(Fill::Vertical(top, bottom));
        self
    }

    pub(crate) fn round(mut self, radius: f32) -> Self {
        self.radius = radius;
        self
    }

    pub(crate) fn ring(mut self, width: f32, colour: Rgb888) -> Self {
        self.ring = Some((width, colour));
        self
    }

    pub(crate) fn shadow(mut self, shadow: Shadow) -> Self {
        self.shadow = Some(shadow);
        self
    }

    pub(crate) fn means(mut self, meaning: Meaning) -> Self {
        self.meaning = Some(meaning);
        self
    }
}

impl Meaning {
    pub(crate) fn new(id: impl Into<String>, role: Role, label: impl Into<String>) -> Self {
        Self {
            id: id.into(),
            role,
            label: label.into(),
            description: String::new(),
            state: State::default(),
            intent: None,
            held: None,
            step: None,
        }
    }

    pub(crate) fn described(mut self, description: impl Into<String>) -> Self {
        self.description = description.into();
        self
    }

    pub(crate) fn intent(mut self, intent: Intent) -> Self {
        self.intent = Some(intent);
        self
    }

    /// What a finger means that stays on it for [`crate::HOLD`].
    pub(crate) fn held(mut self, intent: Intent) -> Self {
        self.held = Some(intent);
        self
    }

    /// What it changes on the panel itself.
    pub(crate) fn step(mut self, step: Step) -> Self {
        self.step = Some(step);
        self
    }

    /// Can't be used now; what it means is forgotten.
    pub(crate) fn disabled(mut self, disabled: bool) -> Self {
        self.state.disabled = disabled;
        if disabled {
            (self.intent, self.held, self.step) = (None, None, None);
        }
        self
    }

    pub(crate) fn pressed(mut self, pressed: bool) -> Self {
        self.state.pressed = Some(pressed);
        self
    }
}
