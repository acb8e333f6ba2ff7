//! The configuration language of Tidegate: YAML in, a validated [`Snapshot`] out.
//!
//! Three shapes. What people write becomes raw documents that know where everything stands; those become typed objects
//! that cannot hold a bad value ([`Listener`], [`Route`], [`Cluster`]); those become a [`Snapshot`], whose references
//! were looked up. What is wrong on the way becomes a [`Diagnostic`] with a stable [`Code`], a place and advice, and
//! sets aside one object, never its neighbours.
//!
//! A type without a public constructor comes from text: its `FromStr` is the only way in, and fails with a [`ValueError`],
//! which has a code and advice. Lengths of time are [`std::time::Duration`]s, sizes are bytes.
//!
//! Not here: what compiled tables look like, and anything that opens a socket.
//!
//! ```
//! let loaded = tidegate_config::parse_str("gateway.yaml", "
//! listeners:
//!   web: { address: 127.0.0.1:8080 }
//! routes:
//!   all: { listeners: [web], rules: [{ backends: [{ cluster: echo }] }] }
//! clusters:
//!   echo: { endpoints: [{ address: 127.0.0.1:9000 }] }
//! ");
//! assert!(!loaded.has_errors());
//! let route = loaded.snapshot.routes().next().unwrap();
//! let cluster = route.rules()[0].backends()[0].cluster().id().unwrap();
//! assert_eq!(cluster.to_string(), "cluster default/echo");
//! ```

#![warn(missing_docs, clippy::missing_errors_doc, clippy::missing_panics_doc)]

mod access_log;
mod build;
mod cluster;
mod diagnostic;
mod diff;
mod digest;
mod file;
mod filter;
mod id;
mod lint;
mod listener;
mod load;
mod matching;
mod origin;
mod raw;
mod route;
mod schema;
mod secret;
mod snapshot;
mod store;
mod suggest;
mod values;
mod watch;
mod yaml;

pub use self::access_log::{AccessLog, LogField, LogFilter, LogFormat, LogPattern, LogTarget};
pub use self::cluster::{Balancer, Cluster, ClusterLimits, ClusterTimeouts, Endpoint, Protocol};
pub use self::diagnostic::{Code, Diagnostic, Label, Severity, ValueError};
pub use self::diff::{Change, Difference, ObjectChange, Share, diff};
pub use self::digest::Digest;
pub use self::filter::{
    DirectResponse, Filter, FilterKind, FilterSpec, HeaderEdits, PathRewrite, RateKey, RateLimit, Redirect,
    RedirectPath, RedirectStatus, Rewrite, Scheme,
};
pub use self::id::{Kind, Namespace, ObjectId, ObjectName};
pub use self::listener::{
    Http2Settings, HttpSettings, Listener, ListenerLimits, ListenerTimeouts, Profile, ServerHeader, Underscores,
    ViaHeader,
};
pub use self::load::{Loaded, check, check_files, load, parse_files, parse_str};
pub use self::matching::{HeaderMatch, Match, PathMatch, QueryMatch, ValueMatch};
pub use self::origin::Origin;
pub use self::route::{Backend, Policies, Reference, Route, RouteTimeouts, Rule, WrittenTimeouts};
pub use self::schema::schema;
pub use self::secret::{Secret, SecretSource};
pub use self::snapshot::Snapshot;
pub use self::store::{LoadError, ObjectStatus, Objects, Reload, Report, Store};
pub use self::values::{
    Authority, ByteSize, EndpointAddress, FrameSize, HeaderName, HeaderText, Host, HostPattern, ListenerAddress,
    MethodName, PathPrefix, PathText, Pattern, Product, Pseudonym, Ratio, StatusRange, SubstitutionPiece, TimeSpan,
    Weight, WholePattern, WindowSize,
};
pub use self::watch::{Wake, Waker, Watcher};
