//! What a finished job put into its target.
//!
//! Paths are relative to the target, '/'-separated, and spelled as they are on disk.

/// What a finished job put into its target.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UnpackReport {
    /// The files, sorted by path. A file that several archives hold is listed once, as the last of
    /// them left it.
    pub files: Vec<UnpackedFile>,
    /// The symbolic links, sorted by path.
    pub links: Vec<UnpackedLink>,
    /// The directories, sorted by path: every one that an entry names or lies in.
    pub directories: Vec<String>,
    /// Entries that were left out on purpose.
    pub skipped: Vec<SkippedEntry>,
    /// Entries written under another spelling than the archive's, because the target already had
    /// that path in other upper and lower case.
    pub respelled: Vec<RespelledEntry>,
}

impl UnpackReport {
    /// Bytes in all files of the report.
    #[must_use]
    pub fn total_bytes(&self) -> u64 {
        self.files.iter().map(|file| file.size_bytes).sum()
    }
}

/// A regular file in the target.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnpackedFile {
    /// Path below the target.
    pub path: String,
    /// Size of the content.
    pub size_bytes: u64,
}

/// A symbolic link in the target.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnpackedLink {
    /// Path below the target.
    pub path: String,
    /// What the link holds, relative to the directory it lies in.
    pub points_to: String,
}

/// An entry that was left out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SkippedEntry {
    /// File name of the archive.
    pub archive: String,
    /// Name of the entry as the archive spells it.
    pub entry: String,
    /// Why it was left out.
    pub reason: SkipReason,
}

/// Why an entry was left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SkipReason {
    /// A symbolic link that stays inside the target, but to something no archive put there.
    DanglingLink,
    /// A symbolic link, and this system or file system does not let us make one.
    LinksUnavailable,
    /// A record that is no file, such as the volume label of a tape.
    NotAFile,
}

impl std::fmt::Display for SkipReason {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::DanglingLink => "the link points to nothing in the archives",
            Self::LinksUnavailable => "this system does not allow symbolic links here",
            Self::NotAFile => "the record is no file",
        })
    }
}

/// An entry written under another spelling.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RespelledEntry {
    /// File name of the archive.
    pub archive: String,
    /// Path of the entry as the archive spells it.
    pub entry: String,
    /// Path it was written to.
    pub written_as: String,
}
