//! The fleet's certificate authority, and what IT has put above it (docs/adr/0089).

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::fleet::Digest;

/// Who vouches for the server and for devices.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AuthorityInForce {
    /// From the fleet's own certificate to IT's root; one alone: the fleet is its own authority.
    pub chain: Vec<AuthorityCertificate>,
    /// When the first of them ends.
    #[schema(value_type = String, format = DateTime)]
    pub until: Timestamp,
    /// The server that answers shows this chain; false: it does with its next start.
    pub shown: bool,
}

/// An authority's certificate.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AuthorityCertificate {
    /// What it calls itself.
    pub name: String,
    /// From then on it does not count.
    #[schema(value_type = String, format = DateTime)]
    pub until: Timestamp,
    /// SHA-256 of the certificate (DER).
    pub fingerprint: Digest,
}

/// What IT is to sign.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AuthorityRequest {
    /// For the fleet's key (PKCS #10, RFC 2986), PEM.
    pub request: String,
}

/// What IT made of the request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewAuthority {
    /// Certificates in PEM: the fleet's first, IT's root last. The fleet's own `ca.pem` makes it its own authority again.
    pub chain: String,
    /// Names and addresses of other servers of this fleet: devices have to believe them too. Those of the server that is asked
    /// are always looked at.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub names: Vec<String>,
}
