//! Matrix meetings: the account, MatrixRTC membership and LiveKit signalling.
