//! One pass from a tree to places: what to draw, what is where and what touching it means.

use std::sync::Arc;

use embedded_graphics::pixelcolor::Rgb888;
use taffy::{
    AvailableSpace, LayoutInput, LayoutOutput, NodeId, Point, Size, Style, TaffyTree,
    compute_leaf_layout,
};

use crate::{
    element::{Area, Element},
    fonts::{Fonts, Shaped},
    node::{Content, Meaning, Node},
    plain::unisolated,
    qr_code::QrCode,
    shapes::{Fill, Rounded, Shadow},
};

/// One thing to draw, in order.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Paint {
    Shadow(Rounded, Shadow),
    Fill(Rounded, Fill),
    Ring(Rounded, f32, Rgb888),
    Text(Arc<Shaped>, (f32, f32), Rgb888),
    Code(Arc<QrCode>, (f32, f32), u32),
}

/// A screen laid out: pixels to be, touch targets and semantics.
#[derive(Clone, Debug, PartialEq)]
pub struct Layout {
    width: u32,
    height: u32,
    pub(crate) paints: Vec<Paint>,
    elements: Vec<Element>,
    overflow: bool,
}

impl Layout {
    /// The panel's width in pixels.
    #[must_use]
    pub fn width(&self) -> u32 {
        self.width
    }

    /// The panel's height in pixels.
    #[must_use]
    pub fn height(&self) -> u32 {
        self.height
    }

    /// All that can be seen, in reading order.
    #[must_use]
    pub fn elements(&self) -> &[Element] {
        &self.elements
    }

    /// What a finger at this pixel touches: the element that does something, if it can be used.
    #[must_use]
    pub fn hit(&self, x: i32, y: i32) -> Option<&Element> {
        self.elements
            .iter()
            .filter(|e| e.is_touchable())
            .rfind(|e| e.rect.contains(x, y))
    }

    /// Something did not fit into its parent: the panel is too small for this screen.
    #[must_use]
    pub fn overflows(&self) -> bool {
        self.overflow
    }

    /// Lays out a tree over the whole panel.
    pub(crate) fn of(mut root: Node, width: u32, height: u32, fonts: &mut Fonts) -> Self {
        let mut tree: TaffyTree<Content> = TaffyTree::new();
        root.style.size = Size {
            width: taffy::prelude::length(width as f32),
            height: taffy::prelude::length(height as f32),
        };
        let (id, placed) = plant(&mut tree, root);
        let height_available = AvailableSpace::Definite(height as f32);
        compute(&mut tree, id, width as f32, height_available, fonts);
        let mut layout = Self {
            width,
            height,
            paints: Vec::new(),
            elements: Vec::new(),
            overflow: false,
        };
        layout.take(&tree, &placed, Point::ZERO, fonts);
        layout
    }

    /// How high a part is that is so wide, in pixels.
    pub(crate) fn height_of(mut part: Node, width: f32, fonts: &mut Fonts) -> f32 {
        let mut tree: TaffyTree<Content> = TaffyTree::new();
        part.style.size.width = taffy::prelude::length(width);
        let (id, _) = plant(&mut tree, part);
        compute(&mut tree, id, width, AvailableSpace::MaxContent, fonts);
        tree.layout(id).map_or(0.0, |found| found.size.height)
    }

    fn take(
        &mut self,
        tree: &TaffyTree<Content>,
        placed: &Placed,
        origin: Point<f32>,
        fonts: &mut Fonts,
    ) {
        let found = tree.layout(placed.id).expect("every node was planted");
        let at = Point {
            x: origin.x + found.location.x,
            y: origin.y + found.location.y,
        };
        let shape = Rounded {
            x: at.x,
            y: at.y,
            width: found.size.width,
            height: found.size.height,
            radius: placed.look.radius,
        };
        self.paint_box(&placed.look, shape);
        self.elements
            .extend(placed.look.meaning.clone().map(|m| element(m, shape)));
        if let Some(content) = tree.get_node_context(placed.id) {
            let rigid = placed.look.style.flex_shrink == 0.0;
            self.overflow |= rigid && is_cut(content, shape.width, fonts);
            self.overflow |= placed.look.whole && is_shortened(content, shape.width, fonts);
            self.paint_content(content, shape, fonts);
        }
        for child in &placed.children {
            let inner = tree.layout(child.id).expect("every node was planted");
            let end = Point {
                x: inner.location.x + inner.size.width,
                y: inner.location.y + inner.size.height,
            };
            let room = Point {
                x: found.size.width - found.padding.right,
                y: found.size.height - found.padding.bottom,
            };
            // Half a pixel is rounding.
            self.overflow |= end.x > room.x + 0.5 || end.y > room.y + 0.5;
            self.take(tree, child, at, fonts);
        }
    }

    fn paint_box(&mut self, look: &Node, shape: Rounded) {
        self.paints
            .extend(look.shadow.map(|shadow| Paint::Shadow(shape, shadow)));
        self.paints
            .extend(look.fill.map(|fill| Paint::Fill(shape, fill)));
        self.paints.extend(
            look.ring
                .map(|(width, colour)| Paint::Ring(shape, width, colour)),
        );
    }

    fn paint_content(&mut self, content: &Content, shape: Rounded, fonts: &mut Fonts) {
        let (shaped, colour) = match content {
            Content::Text(text, style, colour) => {
                (fonts.text(text, *style, Some(shape.width)), *colour)
            }
            Content::Icon(icon, size, colour) => (fonts.icon(*icon, *size), *colour),
            Content::Code(code, module) => {
                let code = Paint::Code(code.clone(), (shape.x, shape.y), *module);
                return self.paints.push(code);
            }
        };
        self.paints
            .push(Paint::Text(shaped, (shape.x, shape.y), colour));
    }
}

/// Whether a line does not have the width that it needs.
fn is_cut(content: &Content, width: f32, fonts: &mut Fonts) -> bool {
    match content {
        Content::Text(text, style, _) if style.lines == 1 => {
            fonts.text(text, *style, None).width > width + 1.0
        }
        Content::Text(..) | Content::Icon(..) | Content::Code(..) => false,
    }
}

/// Whether a text of ours ends with an ellipsis.
fn is_shortened(content: &Content, width: f32, fonts: &mut Fonts) -> bool {
    let Content::Text(text, style, _) = content else {
        return false;
    };
    let whole = fonts.text(text, style.lines(u8::MAX), Some(width)).height;
    whole > fonts.text(text, *style, Some(width)).height
        || (style.lines == 1 && is_cut(content, width, fonts))
}

fn element(meaning: Meaning, shape: Rounded) -> Element {
    Element {
        id: meaning.id,
        role: meaning.role,
        label: unisolated(&meaning.label),
        description: unisolated(&meaning.description),
        state: meaning.state,
        rect: Area {
            x: shape.x as i32,
            y: shape.y as i32,
            width: shape.width as u32,
            height: shape.height as u32,
        },
        intent: meaning.intent,
        step: meaning.step,
    }
}

/// A node of the tree and what it looks like (its own children taken out).
struct Placed {
    id: NodeId,
    look: Node,
    children: Vec<Placed>,
}

fn plant(tree: &mut TaffyTree<Content>, mut node: Node) -> (NodeId, Placed) {
    let children: Vec<Placed> = std::mem::take(&mut node.children)
        .into_iter()
        .map(|child| plant(tree, child).1)
        .collect();
    let ids: Vec<NodeId> = children.iter().map(|child| child.id).collect();
    let id = match node.content.take() {
        Some(content) => tree.new_leaf_with_context(node.style.clone(), content),
        None => tree.new_with_children(node.style.clone(), &ids),
    }
    .expect("new nodes of a new tree");
    let placed = Placed {
        id,
        look: node,
        children,
    };
    (id, placed)
}

fn compute(
    tree: &mut TaffyTree<Content>,
    root: NodeId,
    width: f32,
    height: AvailableSpace,
    fonts: &mut Fonts,
) {
    let width = AvailableSpace::Definite(width);
    let available = Size { width, height };
    tree.compute_layout_with_measure(root, available, |inputs, _, content, style| {
        measure(inputs, content, style, fonts)
    })
    .expect("every node of the tree was planted in it");
}

fn measure(
    inputs: LayoutInput,
    content: Option<&mut Content>,
    style: &Style,
    fonts: &mut Fonts,
) -> LayoutOutput {
    compute_leaf_layout(
        inputs,
        style,
        |_, _| 0.0,
        |known, available| match content {
            Some(Content::Text(text, style, _)) => {
                let width = known.width.or(match available.width {
                    AvailableSpace::Definite(width) => Some(width),
                    AvailableSpace::MinContent => Some(0.0),
                    AvailableSpace::MaxContent => None,
                });
                let natural = fonts.text(text, *style, None);
                let fits = style.lines == 1 || width.is_none_or(|w| w >= natural.width);
                let height = if fits {
                    natural.height
                } else {
                    fonts.text(text, *style, width).height
                };
                Size {
                    width: width.map_or(natural.width, |w| w.min(natural.width)),
                    height,
                }
            }
            Some(Content::Icon(_, size, _)) => Size {
                width: *size,
                height: *size,
            },
            // Its size is fixed.
            Some(Content::Code(..)) | None => Size::ZERO,
        },
    )
}
