//! Why the room is not signed in, and what people do about it.

use saal_meeting::SignInProblem;

use crate::language::{Message, Value, Words};

/// As long as the room is not signed in.
pub(super) fn trouble(
    words: &Words,
    server: &str,
    problem: Option<&SignInProblem>,
    under_way: bool,
) -> (String, String) {
    if under_way {
        let server = [("server", Value::Foreign(server))];
        let advice = words.tell(Message::SignInUnderWayAdvice, server);
        return (words.say(Message::SignInUnderWay), advice);
    }
    explain(words, server, problem)
}

/// What is wrong and what to do; `None`: nothing went wrong yet.
pub(crate) fn explain(
    words: &Words,
    server: &str,
    problem: Option<&SignInProblem>,
) -> (String, String) {
    use Message as M;
    use SignInProblem as P;
    let (what, advice) = match problem {
        None => (M::SignInNeeded, M::SignInNeededAdvice),
        Some(P::Ended) => (M::SignInEnded, M::SignInEndedAdvice),
        Some(P::Denied) => (M::SignInDenied, M::SignInDeniedAdvice),
        Some(P::Expired) => (M::SignInExpired, M::SignInExpiredAdvice),
        Some(P::OtherAccount { user }) => {
            let user = [("user", Value::Foreign(user))];
            let advice = words.tell(M::SignInOtherAccountAdvice, user);
            return (words.say(M::SignInOtherAccount), advice);
        }
        Some(P::WrongDigits) => (M::SignInWrongDigits, M::SignInWrongDigitsAdvice),
        Some(P::OtherDevice { .. }) => (M::SignInOtherDevice, M::SignInOtherDeviceAdvice),
        Some(P::NotOffered { .. }) => (M::SignInNotOffered, M::SignInNotOfferedAdvice),
        Some(P::Refused { .. }) => (M::SignInRefused, M::SignInRefusedAdvice),
        Some(P::Unreachable { .. }) => (M::SignInUnreachable, M::SignInUnreachableAdvice),
    };
    let server = [("server", Value::Foreign(server))];
    (words.say(what), words.tell(advice, server))
}
