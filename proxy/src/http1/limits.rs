//! How much of a message is taken before it is refused. docs/limits.md has the numbers.

/// What happens to a field whose name has an underscore: CGI and its heirs read `x_user` and `x-user` as one.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Underscores {
    Allow,
    #[default]
    Refuse,
}

/// The most fields that any setting allows: what one head is tokenised into lives on the stack.
pub const MAX_FIELDS: usize = 256;

/// Limits and choices of one listener or cluster.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Limits {
    /// The whole head, first line and the empty line included; at most 64 KiB, whatever this says.
    pub head_bytes: usize,
    /// One line of the head, its CRLF not counted.
    pub line_bytes: usize,
    pub target_bytes: usize,
    /// Fields of a head; above [`MAX_FIELDS`] it means that.
    pub fields: usize,
    pub trailer_fields: usize,
    /// At most 64 KiB, whatever this says.
    pub trailer_bytes: usize,
    /// Chunk extensions of a whole body, together.
    pub chunk_extension_bytes: usize,
    /// Of requests and their trailers; in responses they do no harm.
    pub underscores: Underscores,
    /// Give each path its one form (see [`super::path`]) before anyone sees it.
    pub normalise_path: bool,
    /// Keep the names as they were written, for peers that care.
    pub preserve_case: bool,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            head_bytes: 60 * 1024,
            line_bytes: 16 * 1024,
            target_bytes: 16 * 1024,
            fields: 100,
            trailer_fields: 32,
            trailer_bytes: 16 * 1024,
            chunk_extension_bytes: 16 * 1024,
            underscores: Underscores::Refuse,
            normalise_path: true,
            preserve_case: false,
        }
    }
}
