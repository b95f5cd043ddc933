//! A domain whose name server is on loopback.

use std::{
    net::{Ipv4Addr, SocketAddr},
    sync::{
        Arc,
        atomic::{AtomicU16, Ordering},
    },
};

use axum::{
    Router,
    body::Body,
    http::{Request, Response, header},
};
use hickory_resolver::{
    config::{ConnectionConfig, NameServerConfig, ResolverConfig},
    net::runtime::TokioRuntimeProvider,
    proto::{
        op::{Message, ResponseCode},
        rr::{
            Name, Record,
            rdata::{SRV, TXT},
        },
    },
};
use jiff::Timestamp;
use saal_calendar::{CalendarFile, Reading, caldav::CalDav};
use saal_meeting::Secret;
use tokio::net::{TcpListener, UdpSocket};
use url::Url;

use super::*;
use crate::{Login, caldav};

const DOMAIN: &str = "calendar.test";

/// Tells of one service of the domain, at this host and port.
async fn name_server(host: &'static str, port: u16) -> NameServers {
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let at = socket.local_addr().unwrap();
    tokio::spawn(async move {
        let mut buffer = [0; 1500];
        while let Ok((length, from)) = socket.recv_from(&mut buffer).await {
            let answer = answer(&buffer[..length], host, port);
            socket.send_to(&answer, from).await.unwrap();
        }
    });
    let mut udp = ConnectionConfig::udp();
    udp.port = at.port();
    let server = NameServerConfig::new(at.ip(), true, vec![udp]);
    let config = ResolverConfig::from_name_servers(vec![server]);
    let provider = TokioRuntimeProvider::default();
    let resolver = TokioResolver::builder_with_config(config, provider).build();
    NameServers::Only(Box::new(resolver.unwrap()))
}

fn answer(question: &[u8], host: &str, port: u16) -> Vec<u8> {
    let mut message = Message::from_vec(question).unwrap().into_response();
    let asked = message.queries[0].clone();
    let name = asked.name().clone();
    let data = match asked.query_type() {
        RecordType::SRV => {
            let target = Name::from_ascii(host).unwrap();
            Some(RData::SRV(SRV::new(0, 0, port, target)))
        }
        RecordType::TXT => {
            let text = vec!["txtvers=1".to_owned(), "path=/dav/".to_owned()];
            Some(RData::TXT(TXT::new(text)))
        }
        _ => None,
    };
    match data.filter(|_| name.to_ascii() == format!("_caldav._tcp.{DOMAIN}.")) {
        Some(data) => {
            message.add_answer(Record::from_rdata(name, 60, data));
        }
        None => message.metadata.response_code = ResponseCode::NXDomain,
    }
    message.to_vec().unwrap()
}

const EVENT: &str = "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nUID:a\r\nDTSTAMP:20261101T000000Z\r\n\
                     DTSTART:20261126T090000Z\r\nSUMMARY:Weekly\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n";

/// The calendar that the service has at its path.
fn calendar(request: &Request<Body>) -> Response<Body> {
    let path = request.uri().path();
    let known = request.headers().contains_key(header::AUTHORIZATION);
    if path != "/dav/" || !known {
        return Response::builder().status(404).body(Body::empty()).unwrap();
    }
    let kind = "<d:resourcetype><d:collection/><c:calendar/></d:resourcetype>";
    let (path, properties) = match request.method().as_str() {
        "PROPFIND" => (path, kind.to_owned()),
        _ => (
            "/dav/a.ics",
            format!("<d:getetag>\"1\"</d:getetag><c:calendar-data>{EVENT}</c:calendar-data>"),
        ),
    };
    let body = format!(
        "<d:multistatus xmlns:d=\"DAV:\" xmlns:c=\"urn:ietf:params:xml:ns:caldav\"><d:response><d:href>{path}</d:href>\
         <d:propstat><d:prop>{properties}</d:prop><d:status>HTTP/1.1 200 OK</d:status></d:propstat>\
         </d:response></d:multistatus>"
    );
    Response::builder()
        .status(207)
        .body(Body::from(body))
        .unwrap()
}

/// Looks at the domain, whose web server is not there: all of its hosts are this computer.
async fn look(names: &NameServers, port: u16) -> Result<CalDav, Failure> {
    let nobody = SocketAddr::from((Ipv4Addr::LOCALHOST, 9));
    let here = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let client = reqwest::Client::builder()
        .no_proxy()
        .resolve(DOMAIN, nobody)
        .resolve("dav.calendar.test", here)
        .build()
        .unwrap();
    let base = Url::parse("http://calendar.test:80/").unwrap();
    let mut dav = CalDav::new(base, Reading::WEEKS);
    let login = Login {
        user: "room".to_owned(),
        password: Secret::new("secret"),
    };
    caldav::look(&mut dav, &client, Some(&login), names).await?;
    Ok(dav)
}

#[tokio::test]
async fn a_domain_leads_to_its_calendar_by_its_name_server() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let asked = Arc::new(AtomicU16::new(0));
    let counted = asked.clone();
    let router = Router::new().fallback(move |request: Request<Body>| {
        counted.fetch_add(1, Ordering::SeqCst);
        async move { calendar(&request) }
    });
    let server = tokio::spawn(async move { axum::serve(listener, router).await });
    let names = name_server("dav.calendar.test.", port).await;
    let dav = look(&names, port).await.unwrap();
    let objects: Vec<&[u8]> = dav.objects().map(|(_, bytes)| bytes).collect();
    let now: Timestamp = "2026-11-26T08:00:00Z".parse().unwrap();
    let reading = Reading {
        now,
        zone: &jiff::tz::TimeZone::UTC,
        room: &[],
        jitsi: &saal_calendar::link::JitsiHosts::Any,
        ahead: Reading::WEEKS,
    };
    let file = CalendarFile::read_all(objects, reading);
    let (found, _) = file.appointments(now, now + jiff::SignedDuration::from_hours(9));
    assert_eq!(found[0].title, "Weekly");

    // A name server that leads out of the domain does not get the password.
    let before = asked.load(Ordering::SeqCst);
    let names = name_server("dav.elsewhere.test.", port).await;
    let reason = look(&names, port).await.unwrap_err().to_string();
    assert!(reason.contains("http://dav.elsewhere.test:"), "{reason}");
    assert_eq!(asked.load(Ordering::SeqCst), before);
    server.abort();
}

#[tokio::test]
async fn a_domain_without_services_is_told_by_what_was_wrong_first() {
    let names = name_server("dav.calendar.test.", 9).await;
    let none = names.services("_caldavs._tcp.calendar.test").await.unwrap();
    assert_eq!(none, []);
    let reason = look(&names, 9).await.unwrap_err().to_string();
    assert!(
        reason.starts_with("the server can't be reached"),
        "{reason}"
    );
}
