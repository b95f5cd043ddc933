//! A service that somebody on the link announces (RFC 6762).

use std::{
    net::{SocketAddr, SocketAddrV6},
    time::Duration,
};

use mdns_sd::{ResolvedService, ScopedIp, ServiceDaemon, ServiceEvent};
use saal_fleet_protocol::fleet::discovery::{SERVER_KEY, SERVICE};
use tokio::time::{Instant, timeout_at};
use url::Url;

use super::Place;

/// Who is there has answered by then; questions are asked again after one and three seconds.
const LISTEN: Duration = Duration::from_secs(5);
/// After the first answer others have so long.
const OTHERS: Duration = Duration::from_secs(1);

/// Servers on all links of this computer, by their names.
pub(super) async fn find(port: u16) -> Vec<Place> {
    let listening = ServiceDaemon::new_with_port(port).and_then(|daemon| {
        let events = daemon.browse(&format!("{SERVICE}.local."))?;
        Ok((daemon, events))
    });
    let (daemon, events) = match listening {
        Ok(both) => both,
        Err(error) => {
            tracing::warn!(%error, "no multicast DNS");
            return Vec::new();
        }
    };
    let mut places: Vec<Place> = Vec::new();
    let mut until = Instant::now() + LISTEN;
    while let Ok(Ok(event)) = timeout_at(until, events.recv_async()).await {
        let ServiceEvent::ServiceResolved(service) = event else {
            continue;
        };
        match place(&service) {
            Ok(place) => {
                if places.is_empty() {
                    until = until.min(Instant::now() + OTHERS);
                }
                // Said again with more addresses.
                places.retain(|other| other.server != place.server);
                places.push(place);
            }
            Err(problem) => {
                tracing::warn!(service = service.fullname, problem, "no fleet's server");
            }
        }
    }
    // Its thread ends by itself.
    let _ = daemon.shutdown();
    places.sort_by(|one, other| one.server.url().cmp(other.server.url()));
    places
}

fn place(service: &ResolvedService) -> Result<Place, String> {
    let host = service.host.trim_end_matches('.');
    let text = service.txt_properties.get_property_val_str(SERVER_KEY);
    let text = text.map_or_else(|| format!("https://{host}:{}", service.port), str::to_owned);
    let url = Url::parse(&text).map_err(|e| format!("{text:?}: {e}"))?;
    let mut addresses: Vec<_> = service
        .addresses
        .iter()
        .map(|address| match address {
            ScopedIp::V6(scoped) => {
                let index = scoped.scope_id().index;
                SocketAddrV6::new(*scoped.addr(), service.port, 0, index).into()
            }
            other => SocketAddr::new(other.to_ip_addr(), service.port),
        })
        .collect();
    addresses.sort();
    Ok(Place {
        server: url.try_into()?,
        addresses,
    })
}
