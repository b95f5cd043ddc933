//! Links to meetings as people paste them, read into a [`Destination`].
//!
//! Known are Element Call's links (its `docs/url-params.md`), matrix.to and Element Web's links to
//! rooms, `matrix:` URIs (Matrix specification, appendices, "URIs"), bare room ids and aliases;
//! every other web address is a Jitsi conference.

use percent_encoding::percent_decode_str;
use thiserror::Error;
use url::{Url, form_urlencoded};

use crate::{Destination, MatrixRoom, MeetingLink, Secret, matrix_room::is_server_name};

/// A link longer than this is none, in bytes; tokens are about a tenth of it.
const MAX_BYTES: usize = 16 * 1024;
/// More servers than this help nobody to join a room.
const MAX_VIA: usize = 10;
/// Element's own Element Call, whose links may name a room by the path alone.
const ELEMENT_CALL_HOSTS: [&str; 2] = ["call.element.io", "call.element.dev"];

/// Where a link leads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinkTarget {
    /// The meeting.
    pub destination: Destination,
    /// What the link calls it; empty where it has no name for people.
    pub title: String,
}

/// Why a text is not a link to a meeting; the message is for people who look after the room.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum LinkError {
    /// Longer than any link.
    #[error("the link is too long")]
    TooLong,
    /// Neither an address of the web nor of Matrix.
    #[error("the link is neither a web address nor a Matrix room")]
    NotAnAddress,
    /// It leads to a person or a message.
    #[error("the link leads to no room")]
    NoRoom,
    /// What stands in the place of the room is none.
    #[error("{0:?} is no Matrix room")]
    BadRoom(String),
    /// Of a form that names a room by a word, which leads nowhere without its server.
    #[error("this form of an Element Call link has no room id; make a new link in Element Call")]
    Outdated,
}

impl LinkTarget {
    /// Reads a link.
    ///
    /// # Errors
    /// Where it leads to no meeting.
    pub fn of(link: &MeetingLink) -> Result<Self, LinkError> {
        read(link.reveal(), true)
    }

    /// What people mean who type this: a link, an address without `https://`, a room's alias, or else the name of a meeting
    /// at `names_at`, a Jitsi installation.
    ///
    /// # Errors
    /// Where it leads to no meeting; [`LinkError::NotAnAddress`] for a name where names lead nowhere.
    pub fn typed(text: &str, names_at: Option<&str>) -> Result<Self, LinkError> {
        let text = text.trim();
        let host = names_at.filter(|_| !text.is_empty() && !text.contains(['/', '@']));
        match (read(text, true), host) {
            (Err(LinkError::NotAnAddress), Some(host)) => named(text, host),
            (read, _) => read,
        }
    }
}

fn named(name: &str, host: &str) -> Result<LinkTarget, LinkError> {
    let mut url = Url::parse(&format!("https://{host}")).map_err(|_| LinkError::NotAnAddress)?;
    url.path_segments_mut()
        .map_err(|()| LinkError::NotAnAddress)?
        .push(name);
    Ok(jitsi(url.as_str()))
}

fn read(text: &str, wrapped: bool) -> Result<LinkTarget, LinkError> {
    if text.len() > MAX_BYTES {
        return Err(LinkError::TooLong);
    }
    let text = printable(text);
    if text.starts_with(['#', '!']) {
        let (room, query) = split(text, '?');
        return matrix(room, &pairs(query));
    }
    let Ok(url) = Url::parse(text) else {
        // `meet.example.org/room`, as people write it; a space is in no link.
        let host = text.split(['/', '?', '#']).next().unwrap_or_default();
        let web = host.contains('.') && !host.contains(['@', ' ']);
        let web = web.then(|| jitsi(text));
        return web.ok_or(LinkError::NotAnAddress);
    };
    match url.scheme() {
        "matrix" => matrix_uri(&url),
        // Element's applications put it around the link.
        "io.element.call" if wrapped => match value(&pairs(url.query().unwrap_or("")), "url") {
            Some(inside) => read(inside, false),
            None => Err(LinkError::NoRoom),
        },
        "http" | "https" => web(&url, text),
        // `org.jitsi.meet://host/room`: Jitsi knows its own.
        _ if text.contains("://") => Ok(jitsi(text)),
        _ => Err(LinkError::NotAnAddress),
    }
}

/// Without what copying puts around a link and nobody sees.
fn printable(text: &str) -> &str {
    text.trim_matches(|c: char| !c.is_ascii_graphic() && !c.is_alphanumeric())
}

fn web(url: &Url, text: &str) -> Result<LinkTarget, LinkError> {
    let fragment = url.fragment().unwrap_or("");
    let (place, parameters) = split(fragment, '?');
    if url.host_str() == Some("matrix.to") {
        return room_of_path(place, &pairs(parameters));
    }
    // The fragment never reaches the web server, so it is where secrets stand; it wins.
    let mut parameters = pairs(parameters);
    parameters.extend(pairs(url.query().unwrap_or("")));
    if let Some(id) = value(&parameters, "roomId")
        && printable_ascii(id).starts_with('!')
    {
        let mut target = matrix(printable_ascii(id), &parameters)?;
        target.title = name(url, place);
        return Ok(target);
    }
    if let Some(room) = place.strip_prefix("/room/") {
        // Element Web.
        return room_of_path(room, &parameters);
    }
    let mut path = url.path_segments().into_iter().flatten();
    let in_room = path.next() == Some("room");
    let known = url
        .host_str()
        .is_some_and(|host| ELEMENT_CALL_HOSTS.contains(&host));
    if known || (in_room && place.starts_with('/')) {
        let alias = name(url, place);
        if alias.is_empty() {
            return Err(LinkError::NoRoom);
        }
        if !alias.contains(':') {
            return Err(LinkError::Outdated);
        }
        return matrix(&format!("#{alias}"), &parameters);
    }
    Ok(jitsi(text))
}

/// Element Call's name of the room: of the fragment, else of the path, with or without `/room/`.
fn name(url: &Url, place: &str) -> String {
    let of_fragment = place.trim_start_matches(['/', '#']);
    let mut path = url.path_segments().into_iter().flatten();
    let of_path = match path.next() {
        Some("room") => path.next(),
        first => first,
    };
    let name = if of_fragment.is_empty() {
        of_path.unwrap_or_default()
    } else {
        of_fragment
    };
    decoded(name).trim_start_matches('#').to_owned()
}

/// `/#alias:server`, `/!id:server/$event`, each with or without percent encoding.
fn room_of_path(path: &str, parameters: &[(String, String)]) -> Result<LinkTarget, LinkError> {
    let path = path.trim_start_matches('/');
    let room = decoded(path.split('/').next().unwrap_or_default());
    match room.chars().next() {
        Some('!' | '#') => matrix(&room, parameters),
        None | Some('@' | '$' | '+') => Err(LinkError::NoRoom),
        Some(_) => Err(LinkError::BadRoom(room)),
    }
}

/// `matrix:r/alias:server`, `matrix:roomid/opaque:server?via=…`, with an authority or without.
fn matrix_uri(url: &Url) -> Result<LinkTarget, LinkError> {
    let mut path = url.path().trim_start_matches('/').split('/');
    let (kind, id) = (
        path.next().unwrap_or_default(),
        path.next().unwrap_or_default(),
    );
    let id = decoded(id);
    let sigil = match kind {
        "r" => '#',
        "roomid" => '!',
        _ => return Err(LinkError::NoRoom),
    };
    matrix(&format!("{sigil}{id}"), &pairs(url.query().unwrap_or("")))
}

fn matrix(room: &str, parameters: &[(String, String)]) -> Result<LinkTarget, LinkError> {
    let bad = || LinkError::BadRoom(room.chars().take(60).collect());
    let room = MatrixRoom::parse(room).ok_or_else(bad)?;
    let named = |key: &&(String, String)| matches!(key.0.as_str(), "via" | "viaServers");
    let listed = parameters.iter().filter(named);
    let mut via: Vec<String> = Vec::new();
    for server in listed
        .flat_map(|(_, servers)| servers.split(','))
        .chain(room.server())
    {
        let fits = is_server_name(server) && via.len() < MAX_VIA;
        if fits && !via.iter().any(|known| known == server) {
            via.push(server.to_owned());
        }
    }
    let password = value(parameters, "password").filter(|word| !word.is_empty());
    let title = room.alias_name().unwrap_or_default().to_owned();
    let destination = Destination::Matrix {
        room,
        via,
        password: password.map(Secret::new),
        visit: false,
    };
    Ok(LinkTarget { destination, title })
}

fn jitsi(text: &str) -> LinkTarget {
    let link = MeetingLink::new(text);
    let shown = link.to_string();
    let last = shown.rsplit('/').find(|part| !part.is_empty());
    LinkTarget {
        title: decoded(last.unwrap_or_default()),
        destination: Destination::jitsi(link),
    }
}

fn split(text: &str, at: char) -> (&str, &str) {
    text.split_once(at).unwrap_or((text, ""))
}

fn decoded(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}

fn pairs(query: &str) -> Vec<(String, String)> {
    form_urlencoded::parse(query.as_bytes())
        .into_owned()
        .collect()
}

fn value<'a>(parameters: &'a [(String, String)], name: &str) -> Option<&'a str> {
    let found = parameters.iter().find(|(known, _)| known == name);
    found.map(|(_, value)| value.as_str())
}

/// Some applications copy invisible characters into a link's parameters.
fn printable_ascii(text: &str) -> &str {
    text.trim_matches(|c: char| !c.is_ascii_graphic())
}

#[cfg(test)]
mod tests;
