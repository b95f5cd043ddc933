//! End-to-end suites over the harness.
