//! The server of a store, for the operator.

/// The server of a store.
pub(crate) struct Server {
    pub version: String,
    /// Whether it is on this machine.
    pub is_local: bool,
    pub is_encrypted: bool,
    /// Whether its certificate was verified.
    pub is_verified: bool,
    /// Whether the connection goes through a pooler.
    pub is_pooled: bool,
    /// Whether the pooler was found to pool transactions. It may do so undetected.
    pub shares_processes: bool,
    /// How many milliseconds the server's clock is ahead of this machine's, estimated by a round trip.
    pub ahead_ms: i64,
}
