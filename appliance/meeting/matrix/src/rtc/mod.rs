//! MatrixRTC, pure: who is in a room's call, where its media go, with which keys, and how the room's own
//! membership is kept alive (MSC3401, MSC4143, MSC4195, MSC4140, MSC4354).

pub(crate) mod keeper;
pub(crate) mod keys;
pub(crate) mod membership;
pub(crate) mod mode;
pub(crate) mod resume;
pub(crate) mod sticky;
pub(crate) mod transports;

pub(crate) use membership::{Device, Member, StateEvent};
pub(crate) use mode::Mode;
