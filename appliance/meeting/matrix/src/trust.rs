//! Whether a connection failed because of the server's certificate.

use std::error::Error;

use saal_meeting::has_cause;

use crate::homeserver::RequestError;

/// Looks for the verdict on the certificate through an error and its causes.
pub(crate) fn distrusts(error: &(dyn Error + 'static)) -> bool {
    let verdict = |error: &rustls::Error| matches!(error, rustls::Error::InvalidCertificate(_));
    let told = |error: &RequestError| matches!(error, RequestError::Untrusted { .. });
    has_cause(error, &verdict) || has_cause(error, &told)
}
