//! STUN and TURN servers (XEP-0215).

use saal_media_protocol::IceServer;

use super::{ns, xml::Element};

/// More than any installation has; a hostile list costs no more.
const MAX_SERVERS: usize = 16;

/// Asks the server, in the newer or the older namespace.
pub(crate) fn question(namespace: &str) -> Element {
    Element::new("services", namespace)
}

/// Reads the answer, or the same list in a room's metadata.
pub(crate) fn read(services: &Element) -> Vec<IceServer> {
    let listed = services.all("service").filter_map(|service| {
        let field = |name| service.attr(name).unwrap_or_default();
        ice_server(
            field("type"),
            field("host"),
            field("port"),
            field("transport"),
            (field("username"), field("password")),
        )
    });
    listed.take(MAX_SERVERS).collect()
}

/// Reads the list as JSON, which the metadata component sends.
pub(crate) fn read_json(services: &serde_json::Value) -> Vec<IceServer> {
    let list = services.as_array().map(Vec::as_slice).unwrap_or_default();
    let listed = list.iter().filter_map(|service| {
        let field = |name: &str| match &service[name] {
            serde_json::Value::String(text) => text.clone(),
            serde_json::Value::Number(number) => number.to_string(),
            _ => String::new(),
        };
        ice_server(
            &field("type"),
            &field("host"),
            &field("port"),
            &field("transport"),
            (&field("username"), &field("password")),
        )
    });
    listed.take(MAX_SERVERS).collect()
}

fn ice_server(
    kind: &str,
    host: &str,
    port: &str,
    transport: &str,
    (username, password): (&str, &str),
) -> Option<IceServer> {
    if !matches!(kind, "stun" | "stuns" | "turn" | "turns") || host.is_empty() {
        return None;
    }
    let port = match port {
        "" => String::new(),
        port => format!(":{}", port.parse::<u16>().ok()?),
    };
    let turn = kind.starts_with("turn");
    let transport = match transport {
        "udp" | "tcp" if turn => format!("?transport={transport}"),
        _ => String::new(),
    };
    Some(IceServer {
        urls: vec![format!("{kind}:{host}{port}{transport}")],
        username: if turn {
            username.to_owned()
        } else {
            String::new()
        },
        credential: if turn {
            password.to_owned()
        } else {
            String::new()
        },
    })
}

/// True for the answer of either namespace.
pub(crate) fn is_list(element: &Element) -> bool {
    element.name == "services" && matches!(element.ns.as_str(), ns::SERVICES_1 | ns::SERVICES_2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_servers_and_leaves_out_what_is_none() {
        let list = Element::parse(
            "<services xmlns='urn:xmpp:extdisco:2'>\
             <service type='stun' host='turn.example.org' port='3478' transport='udp'/>\
             <service type='turns' host='turn.example.org' port='443' transport='tcp' username='u' password='p'/>\
             <service type='turn' host='turn.example.org' port='99999'/>\
             <service type='ftp' host='ftp.example.org'/></services>",
        )
        .unwrap();
        assert!(is_list(&list));
        let servers = read(&list);
        assert_eq!(servers.len(), 2);
        assert_eq!(servers[0].urls, ["stun:turn.example.org:3478"]);
        assert_eq!(
            servers[1].urls,
            ["turns:turn.example.org:443?transport=tcp"]
        );
        assert_eq!(servers[1].credential, "p");
    }

    #[test]
    fn the_room_s_metadata_carries_the_same_list() {
        let list = serde_json::json!([
            {"type": "turn", "host": "t.example.org", "port": 3478, "username": "u", "password": "p"}
        ]);
        assert_eq!(read_json(&list)[0].urls, ["turn:t.example.org:3478"]);
    }
}
