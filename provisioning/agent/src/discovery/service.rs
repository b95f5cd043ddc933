//! A service in the network's domains, as their name servers tell it (DNS-SD, RFC 6763).

use std::time::Duration;

use hickory_resolver::{
    TokioResolver,
    proto::rr::{
        Name, RData, RecordType,
        rdata::{SRV, TXT},
    },
};
use saal_fleet_protocol::fleet::discovery::{SERVER_KEY, SERVICE};
use url::Url;

use crate::settings::Server;

/// For all that is asked of a domain.
const ANSWER_WITHIN: Duration = Duration::from_secs(10);
/// A domain has few servers; more are somebody's mistake.
const MOST: usize = 8;

/// In these domains, and in those where this computer looks for names.
pub(super) async fn find(names: Option<&TokioResolver>, mut domains: Vec<String>) -> Vec<Server> {
    let (resolver, search) = match names {
        Some(resolver) => (resolver.clone(), Vec::new()),
        None => match system() {
            Ok(both) => both,
            Err(problem) => {
                tracing::warn!(problem, "no name servers");
                return Vec::new();
            }
        },
    };
    domains.extend(search);
    let mut seen = std::collections::BTreeSet::new();
    domains.retain(|domain| seen.insert(domain.trim_end_matches('.').to_ascii_lowercase()));
    let mut found = Vec::new();
    for domain in domains {
        let asked = tokio::time::timeout(ANSWER_WITHIN, in_domain(&resolver, &domain)).await;
        found.extend(asked.unwrap_or_default());
    }
    found
}

fn system() -> Result<(TokioResolver, Vec<String>), String> {
    let read = hickory_resolver::system_conf::read_system_conf();
    let (config, options) = read.map_err(|e| e.to_string())?;
    let search = config.domain().into_iter().chain(config.search());
    let search = search.filter(|name| !name.is_root()).map(Name::to_ascii);
    let search = search.collect();
    let builder = TokioResolver::builder_with_config(config, Default::default());
    let resolver = builder.with_options(options).build();
    Ok((resolver.map_err(|e| e.to_string())?, search))
}

/// Instances of the service, or the service itself as an SRV record.
async fn in_domain(resolver: &TokioResolver, domain: &str) -> Vec<Server> {
    // With the dot no search domain is added.
    let service = format!("{SERVICE}.{}.", domain.trim_end_matches('.'));
    let instances = ask(resolver, &service, RecordType::PTR).await;
    let instances = instances.into_iter().filter_map(|record| match record {
        RData::PTR(instance) => Some(instance.0.to_ascii()),
        _ => None,
    });
    let mut names: Vec<_> = instances.take(MOST).collect();
    if names.is_empty() {
        names.push(service);
    }
    let mut ranked = Vec::new();
    for name in names {
        let texts = ask(resolver, &name, RecordType::TXT).await;
        let text = texts.iter().find_map(|record| match record {
            RData::TXT(text) => address(text),
            _ => None,
        });
        for record in ask(resolver, &name, RecordType::SRV).await {
            let RData::SRV(target) = record else { continue };
            match server(text.as_deref(), &target) {
                Ok(server) => ranked.push((target.priority, server)),
                Err(problem) => tracing::warn!(name, problem, "no fleet's server"),
            }
        }
    }
    ranked.sort_by_key(|(priority, _)| *priority);
    ranked.into_iter().take(MOST).map(|(_, one)| one).collect()
}

/// Nothing where there is nothing, or nobody who knows.
async fn ask(resolver: &TokioResolver, name: &str, kind: RecordType) -> Vec<RData> {
    match resolver.lookup(name, kind).await {
        Ok(found) => found.answers().iter().map(|one| one.data.clone()).collect(),
        Err(error) => {
            tracing::debug!(name, ?kind, %error, "no record");
            Vec::new()
        }
    }
}

fn address(text: &TXT) -> Option<String> {
    text.txt_data.iter().find_map(|part| {
        let (key, value) = std::str::from_utf8(part).ok()?.split_once('=')?;
        key.eq_ignore_ascii_case(SERVER_KEY)
            .then(|| value.to_owned())
    })
}

/// A target of "." says that there is decidedly none (RFC 2782).
fn server(text: Option<&str>, target: &SRV) -> Result<Server, String> {
    let host = target.target.to_ascii();
    let of_target = || format!("https://{}:{}", host.trim_end_matches('.'), target.port);
    if target.target.is_root() {
        return Err("its record says that there is none".to_owned());
    }
    let text = text.map_or_else(of_target, str::to_owned);
    let url = Url::parse(&text).map_err(|e| format!("{text:?}: {e}"))?;
    url.try_into()
}
