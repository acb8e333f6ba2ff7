//! The stable codes. A code keeps its number and meaning for ever; one that is no longer given is not given again.
//!
//! 00xx the file, 01xx its shape, 02xx single values, 03xx what objects say of each other, 04xx what is
//! probably not meant (lints), 05xx what the machine says.

use std::fmt;

use super::Severity;

macro_rules! codes {
    ($($(#[doc = $doc:literal])+ $name:ident = $text:literal $severity:ident,)+) => {
        /// A stable code of a mistake, shown as `TG0101`.
        #[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
        #[non_exhaustive]
        pub enum Code {
            $($(#[doc = $doc])+ $name,)+
        }

        impl Code {
            /// Every code, in order.
            pub const ALL: &[Self] = &[$(Self::$name,)+];

            /// The code as text: `TG0101`.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text,)+ }
            }

            /// How bad a mistake of this code is.
            pub const fn severity(self) -> Severity {
                match self { $(Self::$name => Severity::$severity,)+ }
            }
        }
    };
}

codes! {
    /// A file or directory below the one that was given cannot be read.
    UnreadableFile = "TG0001" Error,
    /// A file is not UTF-8.
    NotUtf8 = "TG0002" Error,
    /// A file is not YAML.
    YamlSyntax = "TG0003" Error,
    /// A file is too large, nested too deeply, or grows too much through its aliases.
    TooLarge = "TG0004" Error,
    /// A file holds something other than a map of sections.
    WrongRoot = "TG0005" Error,
    /// A file holds more than one YAML document.
    SeveralDocuments = "TG0006" Error,
    /// A file or directory says nothing.
    Empty = "TG0007" Warning,

    /// A key that does not exist.
    UnknownKey = "TG0101" Error,
    /// A key that must be there is missing.
    MissingKey = "TG0102" Error,
    /// A value of another type than expected.
    WrongType = "TG0103" Error,
    /// A key stands twice in one map.
    DuplicateKey = "TG0104" Error,
    /// A value that is none of the possible ones.
    UnknownChoice = "TG0105" Error,
    /// An alias without an anchor, mostly a `*` that should be in quotes.
    UnknownAlias = "TG0106" Error,
    /// A YAML tag.
    UnsupportedTag = "TG0107" Error,
    /// A list that must not be empty is.
    EmptyList = "TG0108" Error,

    /// A name, namespace or reference has characters that names do not have.
    BadName = "TG0201" Error,
    /// Not a duration.
    BadDuration = "TG0202" Error,
    /// Not a size.
    BadSize = "TG0203" Error,
    /// Not an address.
    BadAddress = "TG0204" Error,
    /// Not a host pattern.
    BadHost = "TG0205" Error,
    /// Not a path prefix.
    BadPathPrefix = "TG0206" Error,
    /// A number outside its range.
    OutOfRange = "TG0207" Error,
    /// A text that cannot stand in the header it is for.
    BadHeaderText = "TG0208" Error,
    /// A key that says nothing beside another one.
    Pointless = "TG0209" Error,
    /// A value stands twice in a list whose members differ.
    Repeated = "TG0210" Error,
    /// Not a path.
    BadPath = "TG0211" Error,
    /// Not a regular expression, or one that is too large.
    BadPattern = "TG0212" Error,
    /// Not a header name.
    BadHeaderName = "TG0213" Error,
    /// Not a method.
    BadMethod = "TG0214" Error,
    /// A file that the configuration names cannot be read, is none, or is too large.
    BadFile = "TG0215" Error,
    /// A map says none or several of the things of which it has to say one.
    NotOneOf = "TG0216" Error,
    /// A filter is not a map with exactly one key.
    NotOneFilter = "TG0217" Error,
    /// Backends beside a filter that answers by itself.
    NeedlessBackends = "TG0218" Error,
    /// A filter that does not go where it stands.
    MisplacedFilter = "TG0219" Error,
    /// A filter replaces the prefix that matched where no prefix is matched.
    NoPrefix = "TG0220" Error,
    /// A substitution names a group that the pattern does not have, or makes no path.
    BadSubstitution = "TG0221" Error,
    /// A variable or file that holds a secret has none, or one that cannot be used.
    BadSecret = "TG0222" Error,
    /// Not a pattern of an access log's lines.
    BadLogPattern = "TG0223" Error,
    /// Not a status or a range of them.
    BadStatus = "TG0224" Error,
    /// Not a share.
    BadRatio = "TG0225" Error,

    /// Two objects have the same kind, namespace and name.
    NamedTwice = "TG0301" Error,
    /// A reference to an object that does not exist.
    UnknownReference = "TG0302" Error,
    /// A reference to an object that was set aside.
    BrokenReference = "TG0303" Error,
    /// Two listeners have the same address.
    SameAddress = "TG0304" Error,

    /// No request can reach a rule: one that is tried earlier takes all of them.
    UnreachableRule = "TG0401" Warning,
    /// None of the listeners of a route exists.
    UnattachedRoute = "TG0402" Warning,
    /// No route is attached to a listener.
    IdleListener = "TG0403" Warning,
    /// No route sends requests to a cluster.
    UnusedCluster = "TG0404" Warning,
    /// The weights of all backends of a rule, or of all endpoints of a cluster, are 0.
    NoWeight = "TG0405" Warning,
    /// A single try may take longer than the whole request.
    TryOutlastsRequest = "TG0406" Warning,
    /// A kind of filter is disabled that is inherited from nowhere.
    NothingToDisable = "TG0407" Warning,
    /// A filter for the way to a backend, on a rule that answers by itself.
    IdleFilter = "TG0408" Warning,
    /// A credential is written in the configuration.
    WrittenCredential = "TG0409" Warning,

    /// The machine refuses what an object asks for, such as an address that another process holds.
    Refused = "TG0501" Error,
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
