//! What an error came of.

use std::{error::Error, io};

/// True when `is` holds for an error of type `E` among `error` and its causes. Errors of sockets
/// hide theirs inside.
pub fn has_cause<E: Error + 'static>(
    error: &(dyn Error + 'static),
    is: &dyn Fn(&E) -> bool,
) -> bool {
    if let Some(error) = error.downcast_ref::<E>() {
        return is(error);
    }
    let inside = error
        .downcast_ref::<io::Error>()
        .and_then(io::Error::get_ref);
    let inside = inside.is_some_and(|inside| has_cause(inside, is));
    inside || error.source().is_some_and(|cause| has_cause(cause, is))
}

#[cfg(test)]
mod tests {
    use std::fmt;

    use super::*;

    #[derive(Debug)]
    struct Fault(u8);

    impl fmt::Display for Fault {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            self.0.fmt(f)
        }
    }

    impl Error for Fault {}

    #[derive(Debug, thiserror::Error)]
    #[error("outside")]
    struct Outside(#[source] io::Error);

    #[test]
    fn a_cause_is_found_inside_a_sockets_error_inside_another() {
        let error = Outside(io::Error::other(Fault(7)));
        assert!(has_cause(&error, &|fault: &Fault| fault.0 == 7));
        assert!(!has_cause(&error, &|fault: &Fault| fault.0 == 8));
        let error = Outside(io::Error::other("7"));
        assert!(!has_cause(&error, &|fault: &Fault| fault.0 == 7));
    }
}
