//! The server of a store, for the operator.

/// The server of a store.
pub(crate) struct Server {
    pub version: String,
    /// Whether it is on this machine.
    pub is_local: bool,
    pub is_encrypted: bool,
    /// Whether its certificate was verified.
    pub is_verified: bool,
    /// Whether a pooler stands before it.
    pub is_pooled: bool,
    /// Whether the pooler was seen to pool transactions. It may do so without being seen.
    pub shares_processes: bool,
    /// How many milliseconds its clock is ahead of this machine's, as far as a round trip tells.
    pub ahead_ms: i64,
}
