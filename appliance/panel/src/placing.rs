//! One pass from a tree to places.

use taffy::{
    AvailableSpace, FlexDirection, LayoutInput, LayoutOutput, NodeId, Point, Size, Style,
    TaffyTree, compute_leaf_layout,
    prelude::{auto, length, percent},
};

use crate::{
    element::{Area, Element, Role},
    fonts::Fonts,
    layout::{Finish, Layout, Paint, Shortened},
    node::{Content, Meaning, Node},
    plain::{is_foreign, unisolated},
    shapes::Rounded,
};

impl Layout {
    /// Lays out a tree over the whole panel.
    pub(crate) fn of(
        mut root: Node,
        (width, height): (u32, u32),
        fonts: &mut Fonts,
        finish: &Finish<'_>,
    ) -> Self {
        root.style.size.height = length(height as f32);
        let available = AvailableSpace::Definite(height as f32);
        let (mut layout, _) = Self::over(root, width as f32, available, fonts, finish);
        layout.height = height;
        layout
    }

    /// Lays out a tree over a width, as high as it has to be; says how high that is, in pixels.
    pub(crate) fn over(
        mut root: Node,
        width: f32,
        height: AvailableSpace,
        fonts: &mut Fonts,
        finish: &Finish<'_>,
    ) -> (Self, f32) {
        let mut tree: TaffyTree<Content> = TaffyTree::new();
        root.style.size.width = length(width);
        let (id, placed) = plant(&mut tree, root, finish, true);
        compute(&mut tree, id, width, height, fonts);
        let high = tree.layout(id).map_or(0.0, |found| found.size.height);
        let layout = Self {
            width: width as u32,
            height: high as u32,
            paints: Vec::new(),
            elements: Vec::new(),
            overflow: false,
            shortened: Vec::new(),
            broken: Vec::new(),
            cut: 0,
            lessened: 0,
            solid: Vec::new(),
            leads: Vec::new(),
        };
        let mut taking = Taking {
            tree: &tree,
            fonts,
            finish,
            layout,
            within: Vec::new(),
            focused: None,
        };
        taking.take(&placed, Point::ZERO);
        (taking.finished(), high)
    }

    /// How high a part is that is so wide, in pixels.
    pub(crate) fn height_of(
        mut part: Node,
        width: f32,
        fonts: &mut Fonts,
        finish: &Finish<'_>,
    ) -> f32 {
        let mut tree: TaffyTree<Content> = TaffyTree::new();
        part.style.size.width = length(width);
        let (id, _) = plant(&mut tree, part, finish, true);
        compute(&mut tree, id, width, AvailableSpace::MaxContent, fonts);
        tree.layout(id).map_or(0.0, |found| found.size.height)
    }
}

/// Reads places out of a tree.
struct Taking<'a> {
    tree: &'a TaffyTree<Content>,
    fonts: &'a mut Fonts,
    finish: &'a Finish<'a>,
    layout: Layout,
    /// The elements around what is being taken, by their place in the layout, the outermost first.
    within: Vec<usize>,
    focused: Option<Rounded>,
}

impl Taking<'_> {
    fn finished(mut self) -> Layout {
        let (width, outer, inner) = self.finish.focus_ring;
        if let Some(shape) = self.focused {
            let paints = &mut self.layout.paints;
            paints.push(Paint::Ring(shape.grown(width / 2.0), width, outer));
            let inside = shape.grown(-width / 2.0);
            paints.push(Paint::Ring(inside, width / 2.0, inner));
        }
        self.layout
    }

    fn take(&mut self, placed: &Placed, origin: Point<f32>) {
        let tree = self.tree;
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
        let named = placed.look.meaning.clone();
        let named = named.map(|meaning| self.add(meaning, shape));
        self.within.extend(named);
        if let Some(content) = tree.get_node_context(placed.id) {
            self.content(&placed.look, content, shape);
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
            self.layout.overflow |= end.x > room.x + 0.5 || end.y > room.y + 0.5;
            self.layout.overflow |= inner.location.x < found.padding.left - 0.5;
            self.take(child, at);
        }
        if named.is_some() {
            self.within.pop();
        }
    }

    fn add(&mut self, meaning: Meaning, shape: Rounded) -> usize {
        if self.finish.focus == Some(meaning.id.as_str()) {
            self.focused = Some(shape);
        }
        if !meaning.role.is_group() {
            self.solid(shape);
        }
        if meaning.role == Role::Heading {
            self.layout.leads.push(from_to(shape));
        }
        let around = self.within.last().map(|at| &self.layout.elements[*at]);
        let element = element(meaning, shape, around.map(|e| e.id.clone()));
        self.layout.elements.push(element);
        self.layout.elements.len() - 1
    }

    fn solid(&mut self, shape: Rounded) {
        self.layout.solid.push(from_to(shape));
    }

    fn paint_box(&mut self, look: &Node, shape: Rounded) {
        let paints = &mut self.layout.paints;
        paints.extend(look.shadow.map(|shadow| Paint::Shadow(shape, shadow)));
        paints.extend(look.fill.map(|fill| Paint::Fill(shape, fill)));
        let control = look.meaning.as_ref().is_some_and(|m| m.role.is_control());
        let edge = self.finish.edge.filter(|_| control);
        let ring = look.ring.or(edge);
        paints.extend(ring.map(|(width, colour)| Paint::Ring(shape, width, colour)));
    }

    fn content(&mut self, look: &Node, content: &Content, shape: Rounded) {
        self.solid(shape);
        if let Content::Text(text, ..) = content
            && is_shortened(content, shape.width, self.fonts)
        {
            let rigid = look.style.flex_shrink == 0.0;
            let one_line = rigid && is_cut(content, shape.width, self.fonts);
            let shortened = self.told(text);
            // What is compiled in is tested; larger or other words have to prove themselves.
            let ours = !look.brief && shortened.is_ours();
            self.layout.cut += usize::from(ours);
            self.layout.overflow |= one_line || look.whole || (self.finish.strict && ours);
            self.layout.shortened.push(shortened);
        }
        if let Content::Text(text, style, _) = content {
            let shaped = self.fonts.text(text, *style, Some(shape.width));
            self.layout.lessened += usize::from(shaped.lessened && !is_foreign(text));
            if shaped.breaks_a_word {
                let broken = self.told(text);
                self.layout.broken.push(broken);
            }
        }
        self.paint_content(content, shape);
    }

    /// A text, and where it stands.
    fn told(&self, text: &str) -> Shortened {
        let around = self.within.last().map(|at| &self.layout.elements[*at]);
        Shortened {
            text: text.to_owned(),
            within: around.map(|e| e.id.clone()),
        }
    }

    fn paint_content(&mut self, content: &Content, shape: Rounded) {
        let (shaped, colour) = match content {
            Content::Text(text, style, colour) => {
                (self.fonts.text(text, *style, Some(shape.width)), *colour)
            }
            Content::Icon(icon, size, colour) => (self.fonts.icon(*icon, *size), *colour),
            Content::Code(code, module) => {
                let code = Paint::Code(code.clone(), (shape.x, shape.y), *module);
                return self.layout.paints.push(code);
            }
            Content::Picture(picture) => {
                let picture = Paint::Picture(picture.clone(), (shape.x, shape.y));
                return self.layout.paints.push(picture);
            }
        };
        let text = Paint::Text(shaped, (shape.x, shape.y), colour);
        self.layout.paints.push(text);
    }
}

/// From where to where it stands, in whole pixels from the top.
fn from_to(shape: Rounded) -> (f32, f32) {
    (shape.y.floor(), (shape.y + shape.height).ceil())
}

/// Whether a line does not have the width that it needs.
fn is_cut(content: &Content, width: f32, fonts: &mut Fonts) -> bool {
    match content {
        Content::Text(text, style, _) if style.lines == 1 => {
            fonts.text(text, *style, None).width > width.ceil()
        }
        Content::Text(..) | Content::Icon(..) | Content::Code(..) | Content::Picture(_) => false,
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

fn element(meaning: Meaning, shape: Rounded, within: Option<String>) -> Element {
    Element {
        id: meaning.id,
        within,
        role: meaning.role,
        live: meaning.role.live(),
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
        held: meaning.held,
        step: meaning.step,
    }
}

/// A node of the tree and what it looks like (its own children taken out).
struct Placed {
    id: NodeId,
    look: Node,
    children: Vec<Placed>,
}

fn plant(
    tree: &mut TaffyTree<Content>,
    mut node: Node,
    finish: &Finish<'_>,
    turns: bool,
) -> (NodeId, Placed) {
    let turns = turns && !node.keeps_order;
    let in_a_row = node.style.flex_direction == FlexDirection::Row;
    let hands = finish.hands && (node.mirrors || has_both(&node));
    if turns && in_a_row && (hands ^ finish.reading) {
        node.style.flex_direction = FlexDirection::RowReverse;
    }
    let children: Vec<Placed> = std::mem::take(&mut node.children)
        .into_iter()
        .map(|mut child| {
            if finish.enlarged && in_a_row {
                give_way(&mut child);
            }
            plant(tree, child, finish, turns).1
        })
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

/// Something to touch beside something that only stands there.
fn has_both(row: &Node) -> bool {
    let touched = row
        .children
        .iter()
        .filter(|child| has_control(child))
        .count();
    let rest = row.children.iter().filter(|child| !has_control(child));
    touched > 0 && rest.into_iter().any(has_content)
}

fn has_control(node: &Node) -> bool {
    let control = node.meaning.as_ref().is_some_and(|m| m.role.is_control());
    control || node.children.iter().any(has_control)
}

fn has_content(node: &Node) -> bool {
    node.content.is_some() || node.children.iter().any(has_content)
}

/// Larger words wrap where smaller ones would have kept their line.
fn give_way(child: &mut Node) {
    let free = child.style.size.width == auto();
    if free && child.style.flex_shrink == 0.0 {
        if child.style.max_size.width == auto() {
            child.style.max_size.width = percent(1.0);
        }
        if matches!(child.content, Some(Content::Text(..))) {
            child.style.flex_shrink = 1.0;
        }
    }
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
            Some(Content::Code(..) | Content::Picture(_)) | None => Size::ZERO,
        },
    )
}
