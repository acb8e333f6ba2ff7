//! Objects of the configuration as logs, metrics and answers name them.

use std::fmt;

/// What a request met on its way, by the ids of the objects.
#[derive(Clone, Copy, Debug)]
pub struct Met<'a> {
    pub listener: &'a str,
    pub route: Option<&'a str>,
    /// Whose filter answered.
    pub filter: Option<Object<'a>>,
    pub cluster: Option<&'a str>,
}

impl<'a> Met<'a> {
    /// Nothing but the listener.
    pub const fn of_listener(listener: &'a str) -> Self {
        Self {
            listener,
            route: None,
            filter: None,
            cluster: None,
        }
    }
}

/// An object of the configuration, written `cluster default/web`.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Object<'a> {
    kind: &'static str,
    id: &'a str,
}

impl<'a> Object<'a> {
    /// What no object of the configuration says, but the command line.
    pub const PROCESS: Object<'static> = Object::new("process", "");

    const fn new(kind: &'static str, id: &'a str) -> Self {
        Self { kind, id }
    }

    pub const fn listener(id: &'a str) -> Self {
        Self::new("listener", id)
    }

    pub const fn route(id: &'a str) -> Self {
        Self::new("route", id)
    }

    pub const fn cluster(id: &'a str) -> Self {
        Self::new("cluster", id)
    }

    /// `cluster`.
    pub const fn kind(self) -> &'static str {
        self.kind
    }

    /// `default/web`.
    pub const fn id(self) -> &'a str {
        self.id
    }
}

impl fmt::Display for Object<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.kind)?;
        match self.id {
            "" => Ok(()),
            id => write!(f, " {id}"),
        }
    }
}
