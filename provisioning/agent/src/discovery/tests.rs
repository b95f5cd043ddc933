//! A domain whose name server is on loopback.

use std::{collections::BTreeMap, net::Ipv4Addr, str::FromStr as _};

use hickory_resolver::{
    config::{ConnectionConfig, NameServerConfig, ResolverConfig},
    net::runtime::TokioRuntimeProvider,
    proto::{
        op::{Message, ResponseCode},
        rr::{
            Name, RData, Record, RecordType,
            rdata::{PTR, SRV, TXT},
        },
    },
};
use tokio::net::UdpSocket;

use super::*;

type Records = BTreeMap<(String, RecordType), Vec<RData>>;

async fn names(records: Records) -> TokioResolver {
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let at = socket.local_addr().unwrap();
    tokio::spawn(async move {
        let mut buffer = [0; 1500];
        while let Ok((length, from)) = socket.recv_from(&mut buffer).await {
            let mut message = Message::from_vec(&buffer[..length])
                .unwrap()
                .into_response();
            let asked = message.queries[0].clone();
            let name = asked.name().to_lowercase().to_ascii();
            match records.get(&(name, asked.query_type())) {
                Some(found) => {
                    for data in found.clone() {
                        message.add_answer(Record::from_rdata(asked.name().clone(), 60, data));
                    }
                }
                None => message.metadata.response_code = ResponseCode::NXDomain,
            }
            let answer = message.to_vec().unwrap();
            socket.send_to(&answer, from).await.unwrap();
        }
    });
    let mut udp = ConnectionConfig::udp();
    udp.port = at.port();
    let server = NameServerConfig::new(at.ip(), true, vec![udp]);
    let config = ResolverConfig::from_name_servers(vec![server]);
    let provider = TokioRuntimeProvider::default();
    let resolver = TokioResolver::builder_with_config(config, provider).build();
    resolver.unwrap()
}

fn srv(priority: u16, port: u16, target: &str) -> RData {
    RData::SRV(SRV::new(priority, 0, port, Name::from_str(target).unwrap()))
}

async fn found(records: Vec<(&str, RecordType, Vec<RData>)>) -> Vec<String> {
    let records = records.into_iter();
    let records = records.map(|(name, kind, data)| ((name.to_owned(), kind), data));
    let names = names(records.collect()).await;
    let domains = vec!["rooms.example.org".to_owned(), "Example.org.".to_owned()];
    let found = service::find(Some(&names), domains).await;
    found
        .iter()
        .map(|server| server.url().to_string())
        .collect()
}

#[tokio::test]
async fn an_instance_of_the_service_names_its_server() {
    let instance = "fleet._saal-fleet._tcp.example.org.";
    let text = ["txtvers=1", "Server=https://saal.example.org:8443"];
    let found = found(vec![
        (
            "_saal-fleet._tcp.example.org.",
            RecordType::PTR,
            vec![RData::PTR(PTR(Name::from_str(instance).unwrap()))],
        ),
        (
            instance,
            RecordType::SRV,
            vec![srv(0, 8443, "host7.example.org.")],
        ),
        (
            instance,
            RecordType::TXT,
            vec![RData::TXT(TXT::new(text.map(str::to_owned).to_vec()))],
        ),
    ])
    .await;
    assert_eq!(found, ["https://saal.example.org:8443/"]);
}

#[tokio::test]
async fn a_bare_record_is_enough_and_the_first_of_a_priority_comes_first() {
    let found = found(vec![(
        "_saal-fleet._tcp.rooms.example.org.",
        RecordType::SRV,
        vec![
            srv(20, 8443, "b.example.org."),
            srv(10, 443, "a.example.org."),
        ],
    )])
    .await;
    assert_eq!(
        found,
        ["https://a.example.org/", "https://b.example.org:8443/"]
    );
}

#[tokio::test]
async fn a_domain_that_says_there_is_none_has_none() {
    let service = "_saal-fleet._tcp.example.org.";
    let none = found(vec![(service, RecordType::SRV, vec![srv(0, 0, ".")])]).await;
    assert_eq!(none, Vec::<String>::new());
    assert_eq!(found(Vec::new()).await, Vec::<String>::new());
}
