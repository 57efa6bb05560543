//! What a service can be told: threads, intervals, whose policies it takes.

/// Settings of a service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// Threads that run policies.
    pub policy_threads: usize,
    /// Calls that wait for such a thread.
    pub policy_queue_max: usize,
    /// Time between two looks for undecided encounters; 0 turns the worker off.
    pub worker_interval_ms: u64,
    /// Waiting encounters that the worker decides in one transaction.
    pub worker_encounters_max: usize,
    /// Time between two looks for activations of other hosts.
    pub activation_poll_ms: u64,
    /// File of the publishers whose policies are taken; empty means that policies need no signature.
    pub publishers_file: String,
    /// Times that a decision is made again because the client's ledger moved meanwhile.
    pub ledger_retries_max: u32,
}
