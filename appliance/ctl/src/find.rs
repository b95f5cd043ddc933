//! Which meeting somebody means.

use saal_control::MeetingLine;

use crate::text::plain;

/// No meeting, or too many, go by that name.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum FindError {
    #[error("no meeting is called \"{wanted}\"; {}", listed(.present))]
    None {
        wanted: String,
        present: Vec<String>,
    },
    #[error("no meeting is planned today and tomorrow")]
    Unplanned,
    #[error(
        "several meetings begin with \"{wanted}\"; name one by its id:\n  {}", .ids.join("\n  ")
    )]
    Several { wanted: String, ids: Vec<String> },
}

fn listed(present: &[String]) -> String {
    match present {
        [] => "there are none today and tomorrow".to_owned(),
        titles => format!("there are: {}", titles.join(", ")),
    }
}

/// By id; else by the beginning of the title, upper and lower case alike. Of several, one that
/// has exactly this title, then the one that can be entered now.
pub(crate) fn find<'a>(
    wanted: &str,
    meetings: &'a [MeetingLine],
) -> Result<&'a MeetingLine, FindError> {
    if let Some(meeting) = meetings.iter().find(|m| m.id.0 == wanted) {
        return Ok(meeting);
    }
    let key = wanted.trim().to_lowercase();
    let title = |m: &MeetingLine| m.title.trim().to_lowercase();
    let begin: Vec<_> = meetings
        .iter()
        .filter(|m| title(m).starts_with(&key))
        .collect();
    let exact = narrowed(&begin, |m| title(m) == key);
    let open = narrowed(&exact, |m| m.can_join);
    match open[..] {
        [meeting] if !key.is_empty() => Ok(meeting),
        [] => Err(FindError::None {
            wanted: wanted.to_owned(),
            present: meetings.iter().map(|m| plain(&m.title)).collect(),
        }),
        _ => Err(FindError::Several {
            wanted: wanted.to_owned(),
            ids: open
                .iter()
                .map(|m| format!("{}  {}", m.id.0, plain(&m.title)))
                .collect(),
        }),
    }
}

/// The one that has the room now, else the next.
pub(crate) fn first(meetings: &[MeetingLine]) -> Result<&MeetingLine, FindError> {
    let planned = |m: &&MeetingLine| m.start.is_some();
    let first = meetings.iter().find(planned);
    first.ok_or(FindError::Unplanned)
}

/// Those that fit, or all if none does.
fn narrowed<'a>(
    all: &[&'a MeetingLine],
    fits: impl Fn(&MeetingLine) -> bool,
) -> Vec<&'a MeetingLine> {
    let some: Vec<_> = all.iter().copied().filter(|m| fits(m)).collect();
    if some.is_empty() { all.to_vec() } else { some }
}
