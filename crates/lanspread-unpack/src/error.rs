//! Why a job failed, in words a player can act on.

use std::io;

/// Why a job failed. Archives are named by their file name.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum UnpackError {
    /// The job was cancelled by its caller.
    #[error("unpacking was cancelled")]
    Cancelled,
    /// The archive could not be opened or read from the disk.
    #[error("cannot read the archive {archive}: {source}")]
    Read {
        /// File name of the archive.
        archive: String,
        /// What the operating system said.
        source: io::Error,
    },
    /// The content is of no format that this unpacker reads.
    #[error(
        "cannot unpack {archive}: its content is none of RAR, zip, 7z, tar, tar.gz and tar.zst \
         ({found}); fetch it again, or pack it in one of these formats"
    )]
    UnknownFormat {
        /// File name of the archive.
        archive: String,
        /// What its first bytes look like.
        found: String,
    },
    /// The archive uses a feature of its format that this unpacker does not read.
    #[error("cannot unpack {archive}: {detail}; pack it again without that")]
    Unsupported {
        /// File name of the archive.
        archive: String,
        /// Which feature.
        detail: String,
    },
    /// The archive needs a password.
    #[error("cannot unpack {archive}: it is encrypted; pack it again without a password")]
    Encrypted {
        /// File name of the archive.
        archive: String,
    },
    /// The archive is cut short, a checksum does not match, or it contradicts itself.
    #[error(
        "cannot unpack {archive}: it is damaged or incomplete ({detail}); verify or fetch it again"
    )]
    Damaged {
        /// File name of the archive.
        archive: String,
        /// What was found, and in which entry.
        detail: String,
    },
    /// A volume of a multi-volume archive is missing.
    #[error("cannot unpack {archive}: its volume {volume} is missing; put it beside the others")]
    MissingVolume {
        /// File name of the volume that leads to the missing one.
        archive: String,
        /// The name or number of the missing volume.
        volume: String,
    },
    /// An entry would do what no archive may do.
    #[error("refused to unpack {archive}: its entry \"{entry}\" {refusal}")]
    Refused {
        /// File name of the archive.
        archive: String,
        /// Name of the entry, with control characters escaped.
        entry: String,
        /// What is wrong with it.
        refusal: EntryRefusal,
    },
    /// The archive asks for more than a limit allows.
    #[error(
        "refused to unpack {archive}: it holds more than {allowed} {limit}, which looks like an \
         archive made to fill disks"
    )]
    LimitExceeded {
        /// File name of the archive.
        archive: String,
        /// Which limit.
        limit: LimitKind,
        /// The limit's value.
        allowed: u64,
    },
    /// The target could not be written.
    #[error("cannot write {path} while unpacking {archive}: {source}")]
    Write {
        /// File name of the archive.
        archive: String,
        /// Path below the target.
        path: String,
        /// What the operating system said.
        source: io::Error,
    },
    /// Everything was written, but the disk did not confirm that it keeps it.
    #[error("cannot make {path} durable after unpacking: {source}")]
    Sync {
        /// Path below the target.
        path: String,
        /// What the operating system said.
        source: io::Error,
    },
}

impl UnpackError {
    /// Says whether the caller itself ended the job.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        matches!(self, Self::Cancelled)
    }

    /// Says whether the content of an archive is at fault, so that trying again with the same file
    /// is pointless.
    #[must_use]
    pub fn blames_archive(&self) -> bool {
        match self {
            Self::UnknownFormat { .. }
            | Self::Unsupported { .. }
            | Self::Encrypted { .. }
            | Self::Damaged { .. }
            | Self::MissingVolume { .. }
            | Self::Refused { .. }
            | Self::LimitExceeded { .. } => true,
            Self::Cancelled | Self::Read { .. } | Self::Write { .. } | Self::Sync { .. } => false,
        }
    }

    /// File name of the archive at which the job ended, if one was being unpacked.
    #[must_use]
    pub fn archive(&self) -> Option<&str> {
        match self {
            Self::Read { archive, .. }
            | Self::UnknownFormat { archive, .. }
            | Self::Unsupported { archive, .. }
            | Self::Encrypted { archive }
            | Self::Damaged { archive, .. }
            | Self::MissingVolume { archive, .. }
            | Self::Refused { archive, .. }
            | Self::LimitExceeded { archive, .. }
            | Self::Write { archive, .. } => Some(archive),
            Self::Cancelled | Self::Sync { .. } => None,
        }
    }
}

/// What an entry would do that no archive may do.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EntryRefusal {
    /// The name is empty, or only separators and dots.
    #[error("has no name")]
    NoName,
    /// The name is not text.
    #[error("has a name that is no Unicode text")]
    NotUnicode,
    /// The path starts at the root of a file system.
    #[error("has an absolute path")]
    AbsolutePath,
    /// The path starts with a drive letter.
    #[error("names a drive")]
    DrivePath,
    /// The path climbs with `..`.
    #[error("climbs out of its directory with \"..\"")]
    ParentComponent,
    /// The name holds a NUL byte or another control character.
    #[error("has a control character in its name")]
    ControlCharacter,
    /// The name holds a character that Windows does not allow in names.
    #[error("has the character {0:?} in its name, which Windows does not allow")]
    ForbiddenCharacter(char),
    /// A component is a device on Windows.
    #[error("names the Windows device {0}")]
    DeviceName(String),
    /// A component ends in a dot or a space, which Windows drops.
    #[error("has a name that ends in a dot or a space")]
    TrailingDotOrSpace,
    /// A component is longer than file systems take.
    #[error("has a name of more than 255 bytes")]
    ComponentTooLong,
    /// The path is longer than the limit.
    #[error("has a path of more than {0} bytes")]
    PathTooLong(usize),
    /// The path has more components than the limit.
    #[error("lies more than {0} directories deep")]
    PathTooDeep(usize),
    /// Another entry of the archive has the same path, or one that only differs by case or Unicode
    /// normalisation.
    #[error("collides with the entry \"{0}\"")]
    Collision(String),
    /// A file stands where a directory is needed, or the other way round.
    #[error("needs a directory where there is a file, or a file where there is a directory")]
    KindConflict,
    /// The path leads through a symbolic link.
    #[error("would be written through the link \"{0}\"")]
    ThroughLink(String),
    /// A link points outside the target.
    #[error("is a link to \"{0}\", which lies outside")]
    LinkLeaves(String),
    /// A link leads back to itself.
    #[error("is a link that leads back to itself")]
    LinkLoop,
    /// A hard link points to a file that no earlier entry has written.
    #[error("is a hard link to \"{0}\", which no earlier entry is")]
    HardLinkTarget(String),
    /// A device, a named pipe or a socket.
    #[error("is a device, a pipe or a socket")]
    SpecialFile,
    /// The path is reserved by the caller.
    #[error("has a name that is reserved")]
    Reserved,
}

/// A limit that an archive can exceed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LimitKind {
    /// Number of entries.
    Entries,
    /// Bytes of all files together.
    TotalBytes,
    /// Bytes of one file.
    FileBytes,
    /// Bytes unpacked per byte of archive.
    Ratio,
    /// Bytes of memory that decoding would take.
    DecoderMemory,
}

impl std::fmt::Display for LimitKind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Entries => "entries",
            Self::TotalBytes => "bytes of content",
            Self::FileBytes => "bytes in one file",
            Self::Ratio => "bytes of content per byte of archive",
            Self::DecoderMemory => "bytes of memory needed to unpack it",
        })
    }
}
