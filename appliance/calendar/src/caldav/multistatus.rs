//! `207 Multi-Status`, RFC 4918 section 13.

use roxmltree::{Document, Node, ParsingOptions};

use super::CalDavError;

const DAV: &str = "DAV:";
const CALDAV: &str = "urn:ietf:params:xml:ns:caldav";
/// Ten thousand events with their ETags are a tenth of it.
const MOST_NODES: u32 = 2_000_000;

/// One resource, with the properties that the server has of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Resource {
    /// As the server writes it: a path or an address, percent-encoded.
    pub(super) href: String,
    /// Of the resource itself, where it stands outside of properties: 404 for what is gone.
    pub(super) status: Option<u16>,
    pub(super) etag: Option<String>,
    pub(super) data: Option<String>,
    pub(super) is_calendar: bool,
    /// Messages of others lie in it (RFC 6638 section 2.2).
    pub(super) is_inbox: bool,
    /// Where the principal's is.
    pub(super) inbox: Option<String>,
    /// What may be in it; empty where the server does not tell.
    pub(super) components: Vec<String>,
    pub(super) principal: Option<String>,
    pub(super) homes: Vec<String>,
    pub(super) addresses: Vec<String>,
    pub(super) sync_token: Option<String>,
    pub(super) ctag: Option<String>,
    pub(super) reports: Vec<String>,
}

/// An answer about several resources.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Multistatus {
    pub(super) resources: Vec<Resource>,
    /// Of a sync report.
    pub(super) sync_token: Option<String>,
}

pub(super) fn read(body: &str) -> Result<Multistatus, CalDavError> {
    let options = ParsingOptions {
        allow_dtd: false,
        nodes_limit: MOST_NODES,
        ..ParsingOptions::default()
    };
    let malformed = |what: &dyn std::fmt::Display| CalDavError::Malformed(what.to_string());
    let document =
        Document::parse_with_options(body.trim_start_matches('\u{feff}').trim_start(), options);
    let document = document.map_err(|error| malformed(&error))?;
    let root = document.root_element();
    if !is(root, DAV, "multistatus") {
        return Err(malformed(&"no multistatus"));
    }
    let responses = children(root, DAV, "response");
    Ok(Multistatus {
        resources: responses.map(resource).collect(),
        sync_token: text(root, DAV, "sync-token"),
    })
}

/// Whether an error's body names a precondition, RFC 4918 section 16.
pub(super) fn names_precondition(body: &str, name: &str) -> bool {
    let document = Document::parse(body.trim_start());
    document.is_ok_and(|d| d.descendants().any(|node| node.tag_name().name() == name))
}

fn resource(response: Node<'_, '_>) -> Resource {
    let mut resource = Resource {
        href: text(response, DAV, "href").unwrap_or_default(),
        status: text(response, DAV, "status").and_then(|line| status(&line)),
        ..Resource::default()
    };
    for found in children(response, DAV, "propstat") {
        let ok = text(found, DAV, "status").and_then(|line| status(&line));
        if ok.is_some_and(|status| status / 100 != 2) {
            continue;
        }
        for properties in children(found, DAV, "prop") {
            let list = properties.children().filter(Node::is_element);
            list.for_each(|property| take(&mut resource, property));
        }
    }
    resource
}

fn take(resource: &mut Resource, property: Node<'_, '_>) {
    let inside = || words(property);
    let hrefs = || {
        let list = children(property, DAV, "href");
        list.filter_map(words).collect::<Vec<_>>()
    };
    match property.tag_name().name() {
        "getetag" => resource.etag = inside(),
        "calendar-data" => resource.data = property.text().map(str::to_owned),
        "resourcetype" => {
            let is = |kind| children(property, CALDAV, kind).next().is_some();
            (resource.is_calendar, resource.is_inbox) = (is("calendar"), is("schedule-inbox"));
        }
        "supported-calendar-component-set" => {
            let list = children(property, CALDAV, "comp");
            let names = list.filter_map(|comp| comp.attribute("name"));
            resource.components = names.map(str::to_owned).collect();
        }
        "current-user-principal" => resource.principal = hrefs().into_iter().next(),
        "calendar-home-set" => resource.homes = hrefs(),
        "schedule-inbox-URL" => resource.inbox = hrefs().into_iter().next(),
        "calendar-user-address-set" => resource.addresses = hrefs(),
        "sync-token" => resource.sync_token = inside(),
        "getctag" => resource.ctag = inside(),
        "supported-report-set" => {
            let named = property.descendants().filter(Node::is_element);
            resource.reports = named.map(|n| n.tag_name().name().to_owned()).collect();
        }
        _ => {}
    }
}

/// `HTTP/1.1 404 Not Found`
fn status(line: &str) -> Option<u16> {
    line.split_whitespace().nth(1)?.parse().ok()
}

fn is(node: Node<'_, '_>, space: &str, name: &str) -> bool {
    node.tag_name().name() == name && node.tag_name().namespace() == Some(space)
}

fn children<'a, 'input: 'a>(
    node: Node<'a, 'input>,
    space: &'static str,
    name: &'static str,
) -> impl Iterator<Item = Node<'a, 'input>> {
    node.children().filter(move |child| is(*child, space, name))
}

fn text(node: Node<'_, '_>, space: &'static str, name: &'static str) -> Option<String> {
    children(node, space, name).next().and_then(words)
}

fn words(node: Node<'_, '_>) -> Option<String> {
    let text = node.text()?.trim();
    (!text.is_empty()).then(|| text.to_owned())
}
