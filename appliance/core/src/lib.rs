//! The room as a pure state machine: events in, effects out, time as an argument.
