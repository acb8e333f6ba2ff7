//! Single values, each a type that cannot hold a bad one: its `FromStr` or `new` is the only way in.

mod address;
mod duration;
mod field;
mod header;
mod host;
mod number;
mod path;
mod pattern;
mod ratio;
mod size;
mod status;
mod substitution;
#[cfg(test)]
mod tests;

pub use self::address::{EndpointAddress, ListenerAddress};
pub use self::duration::TimeSpan;
pub use self::field::{HeaderName, HeaderText, MethodName};
pub use self::header::{Product, Pseudonym};
pub use self::host::{Authority, Host, HostPattern};
pub(crate) use self::number::checked;
pub use self::number::{FrameSize, Weight, WindowSize};
pub use self::path::{PathPrefix, PathText};
pub use self::pattern::{Pattern, WholePattern};
pub use self::ratio::Ratio;
pub use self::size::ByteSize;
pub use self::status::StatusRange;
pub use self::substitution::SubstitutionPiece;
