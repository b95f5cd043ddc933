//! From calendar entries to the meetings of the day.
