//! End-to-end tests of Tidegate against the real binary, over real sockets.
//!
//! The library holds what the tests share; the tests themselves stand in `tests/`. Nothing here is linked into
//! Tidegate, and nothing here uses its codec: the judge of a message must not be the one that wrote it.

pub mod harness;
