//! What stands in the place of a match: text with groups in it, as the `regex` crate reads it. Whoever checks one and
//! whoever does it read it here, so that they agree.

/// A part of a substitution.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum SubstitutionPiece<'a> {
    /// This, as it is; `$$` is a dollar.
    Text(&'a str),
    /// The group of this number or name: `$1`, `$name`, `${name}`.
    Group(&'a str),
    /// A dollar with nothing behind it that could be a name. It means itself, and is not what anybody meant.
    LoneDollar,
}

impl<'a> SubstitutionPiece<'a> {
    /// The parts of a text, in order.
    pub fn all_of(text: &'a str) -> Vec<Self> {
        let mut pieces = Vec::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('$') {
            pieces.push(Self::Text(before));
            let (piece, left) = match (after.strip_prefix('$'), group_name(after)) {
                (Some(left), _) => (Self::Text("$"), left),
                (None, Some((name, left))) => (Self::Group(name), left),
                (None, None) => (Self::LoneDollar, after),
            };
            pieces.push(piece);
            rest = left;
        }
        pieces.push(Self::Text(rest));
        pieces
    }
}

/// The name behind a `$` and what comes after it: in braces, or as long as letters, digits and underscores go.
fn group_name(text: &str) -> Option<(&str, &str)> {
    if let Some(braced) = text.strip_prefix('{') {
        return braced.split_once('}');
    }
    let end = text
        .find(|c: char| !c.is_ascii_alphanumeric() && c != '_')
        .unwrap_or(text.len());
    text.split_at_checked(end).filter(|(name, _)| !name.is_empty())
}
