//! The panel as the web view gives it: the tree of elements.

use serde::Deserialize;

/// What stands on the panel.
#[derive(Debug, Clone, Deserialize)]
pub struct PanelTree {
    /// Pixels.
    pub width: u32,
    /// Pixels.
    pub height: u32,
    /// `home`, `joining`, `call`, ...
    pub screen: String,
    /// What a keyboard, a switch or a listening finger is at, by [`Element::id`].
    #[serde(default)]
    pub focus: Option<String>,
    /// Where a finger listens.
    #[serde(default)]
    pub explored: Option<Explored>,
    /// What the spoken panel said last, oldest first.
    #[serde(default)]
    pub said: Vec<Utterance>,
    /// From the top.
    pub elements: Vec<Element>,
}

/// Something that the spoken panel said.
#[derive(Debug, Clone, Deserialize)]
pub struct Utterance {
    /// Counts on.
    pub number: u64,
    /// What.
    pub text: String,
    /// What a finger or a key came to, by [`Element::id`]; `None`: said by itself.
    #[serde(default)]
    pub element: Option<String>,
}

/// A finger that feels over the spoken panel.
#[derive(Debug, Clone, Deserialize)]
pub struct Explored {
    /// Pixels from the left.
    pub x: i32,
    /// Pixels from the top.
    pub y: i32,
    /// What is below it, by [`Element::id`].
    pub element: Option<String>,
}

/// One element of the panel.
#[derive(Debug, Clone, Deserialize)]
pub struct Element {
    /// Identity on this screen.
    pub id: String,
    /// What it is, in the words of WAI-ARIA.
    pub role: String,
    /// What it is called.
    pub label: String,
    /// What else there is to know.
    #[serde(default)]
    pub description: String,
    /// Its changeable properties.
    #[serde(default)]
    pub state: ElementState,
    /// Where it is.
    pub rect: Rect,
}

/// The changeable properties of an element.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
pub struct ElementState {
    /// Can't be used now.
    #[serde(default)]
    pub disabled: bool,
    /// On or off, for switches.
    #[serde(default)]
    pub pressed: Option<bool>,
}

/// Pixels from the top left corner.
#[derive(Debug, Clone, Copy, Deserialize)]
pub struct Rect {
    /// Left edge.
    pub x: i32,
    /// Top edge.
    pub y: i32,
    /// Width.
    pub width: i32,
    /// Height.
    pub height: i32,
}

impl PanelTree {
    /// The element that is called `label`, and if several are, the first that can be used.
    #[must_use]
    pub fn find(&self, label: &str) -> Option<&Element> {
        let named = || {
            self.elements
                .iter()
                .filter(|element| element.label == label)
        };
        named()
            .find(|element| !element.state.disabled)
            .or_else(|| named().next())
    }

    /// The element that is called `label` and can be used: no heading, as a sheet is often headed by the words of the button
    /// that opened it.
    #[must_use]
    pub fn control(&self, label: &str) -> Option<&Element> {
        let usable = |element: &&Element| !element.state.disabled && element.role != "heading";
        let mut named = self.elements.iter().filter(|e| e.label == label);
        named.find(usable)
    }

    /// All text on the panel.
    #[must_use]
    pub fn text(&self) -> String {
        let lines = self
            .elements
            .iter()
            .flat_map(|element| [element.label.as_str(), element.description.as_str()]);
        lines
            .filter(|line| !line.is_empty())
            .collect::<Vec<_>>()
            .join("\n")
    }
}

impl Rect {
    /// The pixel in the middle.
    #[must_use]
    pub fn middle(&self) -> (i32, i32) {
        (self.x + self.width / 2, self.y + self.height / 2)
    }
}
