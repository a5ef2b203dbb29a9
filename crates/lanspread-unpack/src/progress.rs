//! What a running job tells its caller.

/// Where a running job stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnpackProgress<'a> {
    /// What the job is doing.
    pub phase: UnpackPhase,
    /// Position of the current archive in the job, from zero.
    pub archive_index: usize,
    /// Number of archives in the job.
    pub archive_count: usize,
    /// File name of the current archive.
    pub archive_name: &'a str,
    /// Bytes written so far, over all archives of the job. Never decreases.
    pub bytes_unpacked: u64,
    /// Bytes that all archives of the job announce, if each of their formats says so up front.
    pub bytes_total: Option<u64>,
}

/// The two halves of a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnpackPhase {
    /// Archives are read and files written.
    Unpacking,
    /// Everything is written and the disk is asked to keep it.
    Syncing,
}
