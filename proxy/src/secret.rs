//! What is never shown: the values of header fields that only the two ends of a connection should know.

use tidegate_config::HeaderName;

/// What stands in their place.
pub const MASK: &str = "***";

/// Whether a header field of this name lets people in, or knows them again.
pub fn is_secret(field: &str) -> bool {
    let is_credential = field.parse().is_ok_and(|name: HeaderName| name.is_credential());
    is_credential
        || ["cookie", "set-cookie"]
            .iter()
            .any(|secret| secret.eq_ignore_ascii_case(field))
}
