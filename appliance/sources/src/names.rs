//! CalDAV services of a domain (RFC 6764), as its name server tells them. Addresses of hosts are the system's business.

use std::time::Duration;

use hickory_resolver::{
    Resolver, TokioResolver,
    net::NetError,
    proto::rr::{RData, RecordType},
};
use saal_calendar::caldav::Service;

use crate::Failure;

/// For a name server's answer.
const ANSWER_WITHIN: Duration = Duration::from_secs(10);

/// Who is asked.
#[derive(Debug)]
pub(crate) enum NameServers {
    /// Those of `/etc/resolv.conf`, as it is at that moment: a room may be moved to another network.
    System,
    #[cfg(test)]
    Only(Box<TokioResolver>),
}

impl NameServers {
    /// The services under a name such as `_caldavs._tcp.example.org`; none where it has none.
    ///
    /// # Errors
    /// Where no name server answers.
    pub(crate) async fn services(&self, name: &str) -> Result<Vec<Service>, Failure> {
        let resolver = match self {
            Self::System => system()?,
            #[cfg(test)]
            Self::Only(resolver) => TokioResolver::clone(resolver),
        };
        // With the dot no search domain is added.
        let name = format!("{name}.");
        let asked = async {
            let services = ask(&resolver, &name, RecordType::SRV).await?;
            let texts = if services.is_empty() {
                Vec::new()
            } else {
                ask(&resolver, &name, RecordType::TXT).await?
            };
            Ok::<_, Failure>((services, texts))
        };
        let answer = tokio::time::timeout(ANSWER_WITHIN, asked).await;
        let (services, texts) = answer.map_err(|_| failure(&name, "no answer in time"))??;
        let path = texts.iter().find_map(path);
        Ok(services
            .iter()
            .filter_map(|record| service(record, path.as_deref()))
            .collect())
    }
}

fn system() -> Result<TokioResolver, Failure> {
    let builder = Resolver::builder_tokio();
    let built = builder.and_then(hickory_resolver::ResolverBuilder::build);
    built.map_err(|error| failure("the system's name servers", &error.to_string()))
}

async fn ask(
    resolver: &TokioResolver,
    name: &str,
    kind: RecordType,
) -> Result<Vec<RData>, Failure> {
    match resolver.lookup(name, kind).await {
        Ok(found) => {
            let answers = found.answers().iter();
            Ok(answers.map(|record| record.data.clone()).collect())
        }
        Err(error) if has_none(&error) => Ok(Vec::new()),
        Err(error) => Err(failure(name, &error.to_string())),
    }
}

fn has_none(error: &NetError) -> bool {
    error.is_no_records_found() || error.is_nx_domain()
}

fn service(record: &RData, path: Option<&str>) -> Option<Service> {
    let RData::SRV(service) = record else {
        return None;
    };
    Some(Service {
        priority: service.priority,
        weight: service.weight,
        host: service.target.to_ascii(),
        port: service.port,
        path: path.map(str::to_owned),
    })
}

/// `path=/dav/` of RFC 6764 section 4.
fn path(record: &RData) -> Option<String> {
    let RData::TXT(text) = record else {
        return None;
    };
    text.txt_data.iter().find_map(|part| {
        let text = std::str::from_utf8(part).ok()?;
        let (key, value) = text.split_once('=')?;
        key.eq_ignore_ascii_case("path").then(|| value.to_owned())
    })
}

fn failure(name: &str, reason: &str) -> Failure {
    Failure::Http(format!("{name} can't be looked up: {reason}"))
}

#[cfg(test)]
mod tests;
