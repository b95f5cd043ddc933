//! Stanzas as small trees: read with limits, built by hand, written with escapes.

use thiserror::Error;

/// A stanza larger than this is refused, in bytes. A conference of a hundred without SSRC
/// rewriting is offered in about a quarter of it.
pub(crate) const MAX_BYTES: usize = 1 << 20;
/// Elements and texts in one stanza.
const MAX_NODES: u32 = 50_000;
/// Jingle nests six deep.
const MAX_DEPTH: usize = 24;

/// Why a text is not a stanza.
#[derive(Debug, Error, PartialEq, Eq)]
pub(crate) enum XmlError {
    /// More than a mebibyte.
    #[error("the stanza has {0} bytes")]
    TooLong(usize),
    /// Nested too deep.
    #[error("the stanza is nested more than {MAX_DEPTH} deep")]
    TooDeep,
    /// Not well-formed, or with a document type, or with too many nodes.
    #[error("{0}")]
    Malformed(String),
}

/// An element. Names are local; a namespace is always that of the element itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Element {
    pub(crate) name: String,
    pub(crate) ns: String,
    attributes: Vec<(String, String)>,
    nodes: Vec<Node>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Node {
    Element(Element),
    Text(String),
}

impl Element {
    pub(crate) fn new(name: &str, ns: &str) -> Self {
        Self {
            name: name.to_owned(),
            ns: ns.to_owned(),
            attributes: Vec::new(),
            nodes: Vec::new(),
        }
    }

    /// Reads one stanza.
    pub(crate) fn parse(text: &str) -> Result<Self, XmlError> {
        if text.len() > MAX_BYTES {
            return Err(XmlError::TooLong(text.len()));
        }
        let options = roxmltree::ParsingOptions {
            nodes_limit: MAX_NODES,
            ..Default::default()
        };
        let document = roxmltree::Document::parse_with_options(text, options)
            .map_err(|error| XmlError::Malformed(error.to_string()))?;
        from_tree(document.root_element(), 0)
    }

    pub(crate) fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self.attributes.push((name.to_owned(), value.into()));
        self
    }

    pub(crate) fn with_some(self, name: &str, value: Option<impl Into<String>>) -> Self {
        match value {
            Some(value) => self.with(name, value),
            None => self,
        }
    }

    pub(crate) fn text_node(mut self, text: impl Into<String>) -> Self {
        self.nodes.push(Node::Text(text.into()));
        self
    }

    pub(crate) fn child(mut self, child: Element) -> Self {
        self.push(child);
        self
    }

    pub(crate) fn children(mut self, children: impl IntoIterator<Item = Element>) -> Self {
        self.nodes.extend(children.into_iter().map(Node::Element));
        self
    }

    pub(crate) fn push(&mut self, child: Element) {
        self.nodes.push(Node::Element(child));
    }

    pub(crate) fn is(&self, name: &str, ns: &str) -> bool {
        self.name == name && self.ns == ns
    }

    pub(crate) fn attr(&self, name: &str) -> Option<&str> {
        let found = self.attributes.iter().find(|(key, _)| key == name);
        found.map(|(_, value)| value.as_str())
    }

    /// All child elements.
    pub(crate) fn elements(&self) -> impl Iterator<Item = &Element> {
        self.nodes.iter().filter_map(|node| match node {
            Node::Element(element) => Some(element),
            Node::Text(_) => None,
        })
    }

    /// The first child of this name, whatever its namespace: servers differ in it.
    pub(crate) fn find(&self, name: &str) -> Option<&Element> {
        self.elements().find(|child| child.name == name)
    }

    /// The first child of this name in this namespace.
    pub(crate) fn get(&self, name: &str, ns: &str) -> Option<&Element> {
        self.elements().find(|child| child.is(name, ns))
    }

    pub(crate) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Element> {
        self.elements().filter(move |child| child.name == name)
    }

    /// Texts directly in this element.
    pub(crate) fn text(&self) -> String {
        let texts = self.nodes.iter().filter_map(|node| match node {
            Node::Text(text) => Some(text.as_str()),
            Node::Element(_) => None,
        });
        texts.collect()
    }

    /// The text of the first child of this name.
    pub(crate) fn text_of(&self, name: &str) -> Option<String> {
        self.find(name).map(Element::text)
    }

    /// As it goes over the wire; declares its namespace.
    pub(crate) fn to_xml(&self) -> String {
        let mut out = String::new();
        self.write(&mut out, "");
        out
    }

    fn write(&self, out: &mut String, around: &str) {
        out.push('<');
        out.push_str(&self.name);
        if self.ns != around {
            attribute(out, "xmlns", &self.ns);
        }
        for (name, value) in &self.attributes {
            attribute(out, name, value);
        }
        if self.nodes.is_empty() {
            out.push_str("/>");
            return;
        }
        out.push('>');
        for node in &self.nodes {
            match node {
                Node::Element(child) => child.write(out, &self.ns),
                Node::Text(text) => escape(out, text),
            }
        }
        out.push_str("</");
        out.push_str(&self.name);
        out.push('>');
    }
}

fn from_tree(node: roxmltree::Node<'_, '_>, depth: usize) -> Result<Element, XmlError> {
    if depth >= MAX_DEPTH {
        return Err(XmlError::TooDeep);
    }
    let name = node.tag_name();
    let mut element = Element::new(name.name(), name.namespace().unwrap_or_default());
    // Of attributes with a namespace only xml:lang occurs, which nothing here depends on.
    let plain = node.attributes().filter(|a| a.namespace().is_none());
    let owned = plain.map(|a| (a.name().to_owned(), a.value().to_owned()));
    element.attributes = owned.collect();
    for child in node.children() {
        if child.is_element() {
            element
                .nodes
                .push(Node::Element(from_tree(child, depth + 1)?));
        } else if let Some(text) = child.text().filter(|_| child.is_text()) {
            element.nodes.push(Node::Text(text.to_owned()));
        }
    }
    Ok(element)
}

fn attribute(out: &mut String, name: &str, value: &str) {
    out.push(' ');
    out.push_str(name);
    out.push_str("=\"");
    escape(out, value);
    out.push('"');
}

/// Also drops what XML 1.0 can't carry at all, such as control characters in a pasted name.
fn escape(out: &mut String, text: &str) {
    for character in text.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\n' => out.push_str("&#10;"),
            '\t' => out.push_str("&#9;"),
            '\r' => out.push_str("&#13;"),
            '\u{0}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => {}
            other => out.push(other),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_reads_back() {
        let stanza = Element::new("message", "jabber:client")
            .with("to", "a\"b&c<d>'e'")
            .child(Element::new("body", "jabber:client").text_node("1 < 2 &\n\u{1}\u{1f600}"))
            .child(Element::new("x", "urn:x").child(Element::new("y", "urn:x")));
        let read = Element::parse(&stanza.to_xml()).unwrap();
        assert_eq!(read.attr("to"), Some("a\"b&c<d>'e'"));
        assert_eq!(read.text_of("body").as_deref(), Some("1 < 2 &\n\u{1f600}"));
        assert!(read.get("x", "urn:x").unwrap().get("y", "urn:x").is_some());
    }

    #[test]
    fn what_strangers_send_has_limits() {
        let deep = "<a>".repeat(1000) + &"</a>".repeat(1000);
        assert_eq!(Element::parse(&deep), Err(XmlError::TooDeep));
        let long = format!("<a>{}</a>", "x".repeat(MAX_BYTES));
        assert!(matches!(Element::parse(&long), Err(XmlError::TooLong(_))));
        let many = format!("<a>{}</a>", "<b/>".repeat(60_000));
        assert!(matches!(Element::parse(&many), Err(XmlError::Malformed(_))));
        let entity = "<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>";
        assert!(matches!(
            Element::parse(entity),
            Err(XmlError::Malformed(_))
        ));
    }
}
