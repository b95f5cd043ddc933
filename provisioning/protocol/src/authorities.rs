//! Authorities (RFC 5280) that an organisation has of its own, as people hand them over: certificates in PEM (RFC 7468).

use std::fmt;

use jiff::Timestamp;
use rustls_pki_types::pem::{PemObject as _, SectionKind};
use x509_cert::{
    Certificate, TbsCertificate,
    der::{Decode as _, Error as DerError},
    ext::pkix::BasicConstraints,
};

/// An authority's certificate.
#[derive(Clone, PartialEq, Eq)]
pub struct Authority {
    /// What it calls itself, for people: its common name, else all of its name.
    pub name: String,
    /// From then on its certificate counts no more.
    pub until: Timestamp,
    /// The certificate (DER).
    pub der: Vec<u8>,
}

impl fmt::Debug for Authority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} until {}", self.name, self.until)
    }
}

/// Why a file is none of authorities.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AuthoritiesError {
    /// Nothing in it is PEM with a certificate.
    #[error(
        "there is no certificate in it; put the authority's there in PEM (-----BEGIN CERTIFICATE-----)"
    )]
    Nothing,
    /// It is PEM, and damaged.
    #[error("it is no whole PEM file: {0}; copy it anew")]
    Pem(String),
    /// Somebody copied more than others may have.
    #[error(
        "there is a private key in it; take that out, and make the authority a new one if others may have read it"
    )]
    Key,
    /// A certificate can't be read.
    #[error("certificate {number} in it can't be read: {problem}")]
    Unreadable {
        /// Counted from 1.
        number: usize,
        /// What is wrong with it.
        problem: DerError,
    },
    /// A certificate of a server, or of somebody.
    #[error(
        "certificate {number} in it ({name}) is not an authority's (CA:TRUE); name the authority that has signed it"
    )]
    NoAuthority {
        /// Counted from 1.
        number: usize,
        /// Whose it is.
        name: String,
    },
}

/// Reads a file's content: one certificate of an authority or more, and text between them. Those that are over are read
/// too: servers that one of them vouches for are refused later, one by one.
///
/// # Errors
/// [`AuthoritiesError`], with what to do.
pub fn read(pem: &[u8]) -> Result<Vec<Authority>, AuthoritiesError> {
    let mut authorities = Vec::new();
    for section in <(SectionKind, Vec<u8>)>::pem_slice_iter(pem) {
        let (kind, der) = section.map_err(|error| AuthoritiesError::Pem(error.to_string()))?;
        match kind {
            SectionKind::Certificate => authorities.push(authority(authorities.len() + 1, der)?),
            SectionKind::PrivateKey | SectionKind::RsaPrivateKey | SectionKind::EcPrivateKey => {
                return Err(AuthoritiesError::Key);
            }
            _ => {}
        }
    }
    if authorities.is_empty() {
        return Err(AuthoritiesError::Nothing);
    }
    Ok(authorities)
}

fn authority(number: usize, der: Vec<u8>) -> Result<Authority, AuthoritiesError> {
    let unreadable = |problem| AuthoritiesError::Unreadable { number, problem };
    let certificate = Certificate::from_der(&der).map_err(unreadable)?;
    let certificate = certificate.tbs_certificate();
    let name = name(certificate);
    let constraints = certificate.get_extension::<BasicConstraints>();
    // Older ones (version 1) say nothing of it; what checks certificates takes none of those for an authority.
    if !constraints
        .map_err(unreadable)?
        .is_some_and(|(_, is)| is.ca)
    {
        return Err(AuthoritiesError::NoAuthority { number, name });
    }
    let end = certificate.validity().not_after.to_unix_duration();
    let until = Timestamp::from_second(end.as_secs().cast_signed()).unwrap_or(Timestamp::MAX);
    Ok(Authority { name, until, der })
}

fn name(certificate: &TbsCertificate) -> String {
    let subject = certificate.subject();
    match subject.common_name() {
        Ok(Some(name)) => name.value().into_owned(),
        _ => subject.to_string(),
    }
}
