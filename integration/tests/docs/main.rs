//! What the pages of this repository say is so: every command in a `console` block prints what the page shows, every
//! YAML loads, every link leads somewhere.
//!
//! - `transcript` runs the pages' commands against the real binary, in order, on addresses of this test's own;
//! - `yaml` loads every ```` ```yaml ```` block, whole or completed to the object that its info string names;
//! - `tables` does the same for the tables of the pages for people who come from other proxies;
//! - `sources` finds every ```` ```rust ```` block in the file that it names;
//! - `links` follows every link that stays in the repository.
//!
//! `TIDEGATE_WRITE_DOCS=1` writes what the commands print now into the pages, to be read before it is committed.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]
#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "wall time and real sockets are the subject"
)]

mod addresses;
mod check;
mod links;
mod output;
mod page;
mod sources;
mod stage;
mod tables;
mod transcript;
mod yaml;
