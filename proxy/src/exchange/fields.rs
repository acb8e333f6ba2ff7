//! What is done to the fields of a message in more than one place.

use http::{HeaderMap, HeaderName};

/// Removes every field whose name is unwanted. Looks at each name once and allocates only for what goes.
pub(crate) fn remove_all(fields: &mut HeaderMap, is_unwanted: impl Fn(&HeaderName) -> bool) {
    let unwanted: Vec<HeaderName> = fields.keys().filter(|name| is_unwanted(name)).cloned().collect();
    for name in unwanted {
        fields.remove(name);
    }
}
