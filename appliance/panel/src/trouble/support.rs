//! Whom to call about what people in the room can't mend.

use saal_core::{Part, Trouble};
use saal_fleet_protocol::config::Support;
use saal_media_protocol::MediaTrouble;
use saal_meeting::EndReason;

use crate::{
    language::{Message, Words},
    plain::{isolated, plain},
};

/// Advice with whom to call behind it, where that is known and of use.
pub(super) fn advised(
    words: &Words,
    trouble: &Trouble,
    support: Option<&Support>,
    advice: String,
) -> String {
    let Some(support) = support.filter(|_| can_help(trouble)) else {
        return advice;
    };
    let ways = ways(support);
    let help = words.tell(Message::SupportHelp, [("ways", (&ways).into())]);
    let ends = advice.ends_with(['.', '!', '?', '\u{2026}']);
    format!("{advice}{} {help}", if ends { "" } else { "." })
}

/// Name, telephone and mail in one line, each isolated for drawing.
pub(crate) fn ways(support: &Support) -> String {
    let name = Some(support.name.as_str());
    let telephone = support.telephone.as_ref().map(|number| number.as_str());
    let mail = support.mail.as_ref().map(|address| address.as_str());
    let all = [name, telephone, mail].into_iter().flatten();
    let all: Vec<String> = all.map(|way| isolated(&plain(way))).collect();
    all.join(", ")
}

/// Whoever looks after the room can do something about it; else people here can, or whoever organises the meeting, or
/// nothing is wrong.
fn can_help(trouble: &Trouble) -> bool {
    match trouble {
        Trouble::SignInNeeded { under_way, .. } => !under_way,
        Trouble::JoinFailed { reason, .. } => of_the_room(reason),
        Trouble::Device(trouble) => !matches!(trouble, MediaTrouble::Covered { .. }),
        Trouble::NotReady { part, .. } => *part != Part::Microphone,
        Trouble::OtherRoom { .. } | Trouble::Calendar { .. } => false,
        Trouble::Enrolment { .. }
        | Trouble::SignedOut { .. }
        | Trouble::Removed { .. }
        | Trouble::Unreachable { .. }
        | Trouble::Untrusted { .. }
        | Trouble::SocketBlocked { .. }
        | Trouble::EngineFailing
        | Trouble::Store { .. }
        | Trouble::Identity(_)
        | Trouble::Voice
        | Trouble::CallNotSaved { .. }
        | Trouble::DeviceKey(_)
        | Trouble::ConfigRefused { .. }
        | Trouble::AuthorityOver { .. }
        | Trouble::Signage { .. }
        | Trouble::CalendarUnreachable { .. }
        | Trouble::NotInCalendar
        | Trouble::Encoder { .. } => true,
    }
}

fn of_the_room(reason: &EndReason) -> bool {
    matches!(
        reason,
        EndReason::Untrusted { .. }
            | EndReason::Blocked { .. }
            | EndReason::WrongCall { .. }
            | EndReason::LoginNeeded { .. }
            | EndReason::EncryptionNeeded
            | EndReason::Failed { .. }
    )
}
