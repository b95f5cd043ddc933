//! The chain that IT signed: from the fleet's own authority up to IT's root (RFC 5280).

use jiff::Timestamp;
use rcgen::{
    DistinguishedName, DnType, DnValue,
    string::{Ia5String, PrintableString},
};
use rustls::pki_types::CertificateDer;
use saal_fleet_protocol::authorities::{self, AuthoritiesError};
use x509_cert::{
    Certificate,
    attr::AttributeTypeAndValue,
    der::{Decode as _, Encode as _, Error as DerError, Tag, Tagged as _},
    ext::pkix::{BasicConstraints, KeyUsage, NameConstraints, name::GeneralName},
    name::Name,
};

/// Why a chain can't be the fleet's, and what to do.
#[derive(Debug, thiserror::Error)]
pub enum ChainError {
    /// It is no file of authorities.
    #[error(transparent)]
    Read(#[from] AuthoritiesError),
    /// A certificate can't be read, or made.
    #[error("certificate {number} ({name}) can't be read: {problem}")]
    Unreadable {
        /// Counted from 1.
        number: usize,
        /// Whose it is.
        name: String,
        /// What is wrong with it.
        problem: DerError,
    },
    /// It is one of another key.
    #[error(
        "certificate 1 ({name}) is not for the key of this fleet; begin with what IT made of `saal-fleet authority request`, \
         and put IT's root last"
    )]
    Key {
        /// Whose it is.
        name: String,
    },
    /// The next one did not sign it.
    #[error(
        "certificate {number} ({name}) is from {issuer}, and the next one is another; put each authority behind the one that it \
         signed, IT's root last"
    )]
    Order {
        /// Counted from 1.
        number: usize,
        /// Whose it is.
        name: String,
        /// Who signed it.
        issuer: String,
    },
    /// Its end is missing.
    #[error(
        "the last certificate ({name}) is from {issuer}; put IT's root at the end, so that all of the chain is checked"
    )]
    NoRoot {
        /// Whose it is.
        name: String,
        /// Who signed it.
        issuer: String,
    },
    /// It may sign no certificates.
    #[error(
        "certificate {number} ({name}) may not sign certificates (keyCertSign); ask IT for one that may"
    )]
    Usage {
        /// Counted from 1.
        number: usize,
        /// Whose it is.
        name: String,
    },
    /// There are more below it than it allows.
    #[error(
        "certificate {number} ({name}) allows {allowed} authorities below it (pathLen), and there are {below}; \
         let one of IT's sign that may have them"
    )]
    Path {
        /// Counted from 1.
        number: usize,
        /// Whose it is.
        name: String,
        /// How many it allows.
        allowed: u8,
        /// How many there are.
        below: usize,
    },
    /// Not yet, or not any more.
    #[error(
        "certificate {number} ({name}) is good from {from} to {until}, which is not now; ask IT for another one"
    )]
    Time {
        /// Counted from 1.
        number: usize,
        /// Whose it is.
        name: String,
        /// When it begins.
        from: Timestamp,
        /// When it ends.
        until: Timestamp,
    },
    /// Names of people and organisations are limited.
    #[error(
        "certificate {number} ({name}) limits what certificates below it may be called (nameConstraints with a directoryName), \
         which those of devices are not; ask IT for one that limits names of servers at most"
    )]
    Directory {
        /// Counted from 1.
        number: usize,
        /// Whose it is.
        name: String,
    },
    /// It can't be written as issuer.
    #[error(
        "certificate 1 calls the fleet's authority \"{name}\", which it can't write into certificates; ask IT for the name of the request"
    )]
    Name {
        /// What IT calls it.
        name: String,
    },
    /// What the fleet would show is refused.
    #[error(
        "with this chain devices would not believe that the server is {name} ({source}); where the chain limits names \
         (nameConstraints) serve with `--name` of one that it allows, and give the same here, else ask IT for another one"
    )]
    Server {
        /// Which name.
        name: String,
        /// Why.
        source: rustls::Error,
    },
    /// What devices would show is refused.
    #[error("with this chain the server would not believe devices ({0}); ask IT for another one")]
    Device(rustls::Error),
    /// A certificate can't be made.
    #[error("no certificate can be made with this chain: {0}")]
    Make(#[from] rcgen::Error),
}

/// A chain that is one: each certificate an authority's, for the fleet's key, in order.
pub(crate) struct Chain {
    /// From the fleet's own to IT's root.
    pub(crate) certificates: Vec<CertificateDer<'static>>,
    /// As issuer of certificates.
    pub(crate) name: DistinguishedName,
    /// When the first of them ends.
    pub(crate) until: Timestamp,
    read: Vec<(String, Certificate)>,
}

impl Chain {
    /// Reads a chain for a key (DER, subject public key info), without what changes with time or depends on the server.
    pub(crate) fn read(pem: &[u8], key: &[u8]) -> Result<Self, ChainError> {
        let all = authorities::read(pem)?;
        let until = all.iter().map(|one| one.until).min();
        let mut read = Vec::new();
        for (at, one) in all.iter().enumerate() {
            let certificate = Certificate::from_der(&one.der);
            let certificate = certificate.map_err(|problem| unreadable(at, &one.name, problem))?;
            read.push((one.name.clone(), certificate));
        }
        let (name, own) = &read[0];
        let theirs = own.tbs_certificate().subject_public_key_info().to_der();
        if theirs.map_err(|problem| unreadable(0, name, problem))? != key {
            return Err(ChainError::Key { name: name.clone() });
        }
        in_order(&read)?;
        let subject = own.tbs_certificate().subject();
        let dn = distinguished(subject).ok_or_else(|| ChainError::Name {
            name: subject.to_string(),
        })?;
        Ok(Self {
            certificates: all.into_iter().map(|one| one.der.into()).collect(),
            name: dn,
            until: until.unwrap_or(Timestamp::MIN),
            read,
        })
    }

    /// Whether each may do now what it is to do.
    pub(crate) fn check(&self, now: Timestamp) -> Result<(), ChainError> {
        let all = self.read.iter().enumerate();
        all.into_iter()
            .try_for_each(|(at, (name, certificate))| may(at, name, certificate, now))
    }

    /// Whether certificates with [`Self::name`] as issuer name the fleet's authority, byte for byte.
    pub(crate) fn issued(&self, certificate: &CertificateDer<'_>) -> bool {
        let own = self.read[0].1.tbs_certificate().subject();
        let issued = Certificate::from_der(certificate);
        issued.is_ok_and(|issued| issued.tbs_certificate().issuer() == own)
    }

    /// How IT calls the fleet's authority.
    pub(crate) fn called(&self) -> String {
        self.read[0].1.tbs_certificate().subject().to_string()
    }
}

fn unreadable(at: usize, name: &str, problem: DerError) -> ChainError {
    ChainError::Unreadable {
        number: at + 1,
        name: name.to_owned(),
        problem,
    }
}

fn in_order(all: &[(String, Certificate)]) -> Result<(), ChainError> {
    for (at, pair) in all.windows(2).enumerate() {
        let [(name, below), (_, above)] = pair else {
            continue;
        };
        let issuer = below.tbs_certificate().issuer();
        if issuer != above.tbs_certificate().subject() {
            return Err(ChainError::Order {
                number: at + 1,
                name: name.clone(),
                issuer: issuer.to_string(),
            });
        }
    }
    let (name, last) = all.last().expect("a file without certificates was refused");
    let last = last.tbs_certificate();
    if last.issuer() != last.subject() {
        return Err(ChainError::NoRoot {
            name: name.clone(),
            issuer: last.issuer().to_string(),
        });
    }
    Ok(())
}

fn may(
    below: usize,
    name: &str,
    certificate: &Certificate,
    now: Timestamp,
) -> Result<(), ChainError> {
    let (number, name) = (below + 1, name.to_owned());
    let problem = |problem| unreadable(below, &name, problem);
    let about = certificate.tbs_certificate();
    let usage = about.get_extension::<KeyUsage>().map_err(problem)?;
    if usage.is_some_and(|(_, usage)| !usage.key_cert_sign()) {
        return Err(ChainError::Usage { number, name });
    }
    let basic = about.get_extension::<BasicConstraints>().map_err(problem)?;
    let allowed = basic.and_then(|(_, basic)| basic.path_len_constraint);
    if let Some(allowed) = allowed.filter(|allowed| usize::from(*allowed) < below) {
        return Err(ChainError::Path {
            number,
            name,
            allowed,
            below,
        });
    }
    let second = |time: x509_cert::time::Time| {
        let second = time.to_unix_duration().as_secs().cast_signed();
        Timestamp::from_second(second).unwrap_or(Timestamp::MAX)
    };
    let validity = about.validity();
    let (from, until) = (second(validity.not_before), second(validity.not_after));
    if now < from || now >= until {
        return Err(ChainError::Time {
            number,
            name,
            from,
            until,
        });
    }
    let limits = about.get_extension::<NameConstraints>().map_err(problem)?;
    let trees = limits.map(|(_, limits)| [limits.permitted_subtrees, limits.excluded_subtrees]);
    let mut trees = trees.into_iter().flatten().flatten().flatten();
    if trees.any(|tree| matches!(tree.base, GeneralName::DirectoryName(_))) {
        return Err(ChainError::Directory { number, name });
    }
    Ok(())
}

/// The same name for new certificates; `None` where it has parts that can't be written.
fn distinguished(name: &Name) -> Option<DistinguishedName> {
    let mut dn = DistinguishedName::new();
    for part in name.iter() {
        let oid: Vec<u64> = part.oid.arcs().map(u64::from).collect();
        dn.push(DnType::from_oid(&oid), value(part)?);
    }
    Some(dn)
}

fn value(part: &AttributeTypeAndValue) -> Option<DnValue> {
    let text = std::str::from_utf8(part.value.value()).ok()?;
    Some(match part.value.tag() {
        Tag::Utf8String => DnValue::Utf8String(text.to_owned()),
        Tag::PrintableString => DnValue::PrintableString(PrintableString::try_from(text).ok()?),
        Tag::Ia5String => DnValue::Ia5String(Ia5String::try_from(text).ok()?),
        _ => return None,
    })
}
