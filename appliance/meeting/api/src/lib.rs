//! One vocabulary for every meeting service.
