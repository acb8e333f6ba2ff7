//! What is never shown: the values of header fields that only the two ends of a connection should know.

/// What stands in their place.
pub const MASK: &str = "***";

/// Header fields that carry credentials.
const FIELDS: [&str; 6] = [
    "authorization",
    "cookie",
    "proxy-authorization",
    "set-cookie",
    "x-api-key",
    "x-auth-token",
];

pub fn is_secret(field: &str) -> bool {
    FIELDS.iter().any(|secret| secret.eq_ignore_ascii_case(field))
}
