//! From a domain to its calendars by what its name server tells (RFC 6764).
#![allow(clippy::unwrap_used, reason = "a test")]

use jiff::Timestamp;
use saal_calendar::{
    Reading,
    caldav::{CalDav, CalDavError, Response, Service, Step},
};
use url::Url;

fn now() -> Timestamp {
    "2026-11-26T08:00:00Z".parse().unwrap()
}

fn dav(base: &str) -> CalDav {
    CalDav::new(Url::parse(base).unwrap(), Reading::WEEKS)
}

fn says(status: u16, body: &str) -> Response {
    Response {
        status,
        location: None,
        etag: None,
        retry_after: None,
        body: body.to_owned(),
    }
}

fn asked(step: &Step) -> &str {
    match step {
        Step::Ask(request) => request.url.as_str(),
        other => panic!("{other:?}"),
    }
}

fn looks_up(step: &Step) -> &str {
    match step {
        Step::LookUp { name } => name,
        other => panic!("{other:?}"),
    }
}

fn service(priority: u16, weight: u16, host: &str, path: Option<&str>) -> Service {
    Service {
        priority,
        weight,
        host: host.to_owned(),
        port: 8443,
        path: path.map(str::to_owned),
    }
}

/// A page at the address and nothing at its well-known one.
fn to_the_look_up(dav: &mut CalDav) -> Step {
    let first = dav.look(now());
    assert!(matches!(first, Step::Ask(_)));
    let second = dav.answer(now(), &says(405, ""));
    assert!(asked(&second).ends_with("/.well-known/caldav"));
    dav.answer(now(), &says(404, ""))
}

#[test]
fn the_domains_services_are_tried_in_their_order() {
    let mut dav = dav("https://example.org/");
    let step = to_the_look_up(&mut dav);
    assert_eq!(looks_up(&step), "_caldavs._tcp.example.org");
    let services = vec![
        service(10, 0, "spare.example.org.", None),
        service(0, 1, "b.example.org", Some("/dav/")),
        service(0, 5, "a.example.org", Some("no path")),
    ];
    let step = dav.services(now(), services);
    assert_eq!(
        asked(&step),
        "https://a.example.org:8443/.well-known/caldav"
    );
    let step = dav.unanswered().expect("the next one is asked");
    assert_eq!(asked(&step), "https://b.example.org:8443/dav/");
    let step = dav.answer(now(), &says(404, ""));
    assert_eq!(
        asked(&step),
        "https://spare.example.org:8443/.well-known/caldav"
    );
    let calendar = "<d:multistatus xmlns:d=\"DAV:\" xmlns:c=\"urn:ietf:params:xml:ns:caldav\"><d:response>\
                    <d:href>/.well-known/caldav</d:href><d:propstat><d:prop><d:current-user-principal><d:href>/u/room/\
                    </d:href></d:current-user-principal></d:prop><d:status>HTTP/1.1 200 OK</d:status></d:propstat>\
                    </d:response></d:multistatus>";
    let step = dav.answer(now(), &says(207, calendar));
    assert_eq!(asked(&step), "https://spare.example.org:8443/u/room/");
}

#[test]
fn a_domain_without_a_web_server_has_its_services_too() {
    let mut dav = dav("http://example.org/");
    dav.look(now());
    let step = dav.unanswered().expect("the name server is asked");
    assert_eq!(looks_up(&step), "_caldav._tcp.example.org");
    let none = dav.services(now(), Vec::new());
    assert!(matches!(none, Step::Failed(CalDavError::NoCalendar(_))));
}

#[test]
fn a_service_in_another_domain_gets_no_password() {
    for host in ["evil.example", "notexample.org", "192.0.2.1"] {
        let mut dav = dav("https://example.org/");
        to_the_look_up(&mut dav);
        let services = vec![service(0, 0, host, Some("/dav/"))];
        let Step::Failed(CalDavError::Elsewhere(url)) = dav.services(now(), services) else {
            panic!("{host} is asked")
        };
        assert_eq!(url.host_str(), Some(host));
    }
}

#[test]
fn a_domain_that_says_that_it_has_none_has_none() {
    let mut dav = dav("https://example.org/");
    to_the_look_up(&mut dav);
    let step = dav.services(now(), vec![service(0, 0, ".", None)]);
    assert!(matches!(step, Step::Failed(CalDavError::NoCalendar(_))));
}

#[test]
fn servers_by_address_or_port_are_no_domains() {
    for base in ["https://192.0.2.1/", "https://example.org:8443/"] {
        let mut dav = dav(base);
        let step = to_the_look_up(&mut dav);
        assert!(
            matches!(step, Step::Failed(CalDavError::NoCalendar(_))),
            "{base}: {step:?}"
        );
        let mut dav = self::dav(base);
        dav.look(now());
        assert_eq!(dav.unanswered(), None, "{base}");
    }
}
