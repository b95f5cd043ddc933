//! What people do about the room's time, written into its calendars.

use saal_calendar::edit::{Change, Edit, NewEvent};
use saal_core::{Booking, CalendarChange, ChangeRefused, meeting_in_calendar};
use saal_meeting::MeetingId;
use saal_sources::{ChangeError, Writer};

/// Writes a change into the calendar that it belongs to.
///
/// # Errors
///
/// Why no calendar has taken it.
pub(crate) async fn write(writer: &Writer, change: &CalendarChange) -> Result<(), ChangeRefused> {
    let outcome = match change {
        CalendarChange::Book(booking) => book(writer, booking).await,
        CalendarChange::CheckIn { meeting, at } => {
            edit(writer, meeting, Edit::CheckIn { at: *at }).await
        }
        CalendarChange::Release { meeting, reason } => {
            let reason = reason.clone();
            edit(writer, meeting, Edit::Release { reason }).await
        }
        CalendarChange::End { meeting, at } => edit(writer, meeting, Edit::End { at: *at }).await,
    };
    outcome.map_err(|error| match error {
        ChangeError::NotOurs => ChangeRefused::NotOurs,
        other => ChangeRefused::Failed {
            reason: other.to_string(),
        },
    })
}

/// Into the first that can be written to.
async fn book(writer: &Writer, booking: &Booking) -> Result<(), ChangeError> {
    let first = writer.writable().next().ok_or(ChangeError::NotWritable)?;
    let event = NewEvent {
        uid: booking.uid.clone(),
        title: booking.title.clone(),
        start: booking.start,
        end: booking.end,
        link: None,
    };
    writer.change(first, Change::Book(event)).await
}

/// In the one that has the meeting.
async fn edit(writer: &Writer, meeting: &MeetingId, edit: Edit) -> Result<(), ChangeError> {
    let (uid, planned) = meeting_in_calendar(meeting).ok_or(ChangeError::Unknown)?;
    for calendar in writer.writable() {
        let (uid, edit) = (uid.clone(), edit.clone());
        let change = Change::Meeting { uid, planned, edit };
        match writer.change(calendar, change).await {
            Err(ChangeError::Unknown) => {}
            outcome => return outcome,
        }
    }
    Err(ChangeError::Unknown)
}
