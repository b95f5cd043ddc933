//! What is sent: small documents, written by hand.

use std::fmt::Write as _;

use jiff::{Timestamp, tz::TimeZone};

const HEAD: &str = r#"<?xml version="1.0" encoding="utf-8"?>"#;
const SPACES: &str = r#"xmlns:d="DAV:" xmlns:c="urn:ietf:params:xml:ns:caldav" xmlns:s="http://calendarserver.org/ns/""#;

/// What a resource is and whose; RFC 5397, RFC 4791 section 5.2 and 6.2, RFC 6638 section 2.2 and 2.4.
pub(super) fn what_is_there() -> String {
    properties(
        "<d:resourcetype/><d:displayname/><d:current-user-principal/><c:calendar-home-set/>\
         <c:calendar-user-address-set/><c:supported-calendar-component-set/><c:schedule-inbox-URL/>",
    )
}

/// How to notice changes: RFC 6578 section 4, and CalendarServer's `getctag`.
pub(super) fn versions() -> String {
    properties("<d:resourcetype/><d:sync-token/><s:getctag/><d:supported-report-set/>")
}

/// What is in a collection, and in which version.
pub(super) fn members() -> String {
    properties("<d:resourcetype/><d:getetag/>")
}

fn properties(names: &str) -> String {
    format!("{HEAD}<d:propfind {SPACES}><d:prop>{names}</d:prop></d:propfind>")
}

/// Events that have a moment in these weeks, RFC 4791 section 7.8; with or without their data.
pub(super) fn query(from: Timestamp, to: Timestamp, with_data: bool) -> String {
    let data = if with_data { "<c:calendar-data/>" } else { "" };
    let (from, to) = (basic(from), basic(to));
    format!(
        "{HEAD}<c:calendar-query {SPACES}><d:prop><d:getetag/>{data}</d:prop><c:filter>\
         <c:comp-filter name=\"VCALENDAR\"><c:comp-filter name=\"VEVENT\">\
         <c:time-range start=\"{from}\" end=\"{to}\"/></c:comp-filter></c:comp-filter></c:filter>\
         </c:calendar-query>"
    )
}

/// What changed since a token, RFC 6578 section 3.2.
pub(super) fn changes(token: &str) -> String {
    format!(
        "{HEAD}<d:sync-collection {SPACES}><d:sync-token>{}</d:sync-token>\
         <d:sync-level>1</d:sync-level><d:prop><d:getetag/></d:prop></d:sync-collection>",
        escaped(token)
    )
}

/// These objects, RFC 4791 section 7.9, by their paths.
pub(super) fn these<'a>(paths: impl IntoIterator<Item = &'a str>) -> String {
    let mut list = String::new();
    for path in paths {
        let _ = write!(list, "<d:href>{}</d:href>", escaped(path));
    }
    format!(
        "{HEAD}<c:calendar-multiget {SPACES}><d:prop><d:getetag/><c:calendar-data/></d:prop>{list}\
         </c:calendar-multiget>"
    )
}

/// `20261126T080000Z`
fn basic(at: Timestamp) -> String {
    let utc = TimeZone::UTC.to_datetime(at);
    utc.strftime("%Y%m%dT%H%M%SZ").to_string()
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}
