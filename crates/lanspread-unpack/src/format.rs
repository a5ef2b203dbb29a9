//! The formats: each translates its archives into calls of an [`Extractor`].
//!
//! A format decodes and verifies checksums. It makes no decision about paths, links or sizes, and
//! never touches the target itself.

pub(crate) mod rar;
pub(crate) mod rar_volumes;
pub(crate) mod sevenz;
pub(crate) mod tar;
pub(crate) mod zip;

use std::io::{self, Read};

use crate::error::UnpackError;
use crate::extractor::{ArchiveFacts, Extractor};

/// Bytes of memory that decoding one archive may take for its dictionary: 1 GiB, the most that
/// common packers use.
pub(crate) const DECODER_MEMORY_BYTES_MAX: u64 = 1 << 30;

/// Bytes of a symbolic link's target that are read; limits on paths apply further on.
const LINK_TARGET_BYTES_MAX: u64 = 64 * 1024;

/// Reads what a symbolic link holds; a target past the limit is an error, never a part of it.
fn read_link_target(content: &mut dyn Read) -> io::Result<Vec<u8>> {
    let mut points_to = Vec::new();
    content
        .take(LINK_TARGET_BYTES_MAX + 1)
        .read_to_end(&mut points_to)?;
    if points_to.len() as u64 > LINK_TARGET_BYTES_MAX {
        return Err(io::Error::new(
            io::ErrorKind::InvalidData,
            format!("it is a link to more than {LINK_TARGET_BYTES_MAX} bytes of a name"),
        ));
    }
    Ok(points_to)
}

/// The bits of a Unix mode that tell the kind of a file.
const MODE_KIND: u32 = 0o170_000;
const MODE_KIND_FILE: u32 = 0o100_000;
const MODE_KIND_DIRECTORY: u32 = 0o040_000;
const MODE_KIND_LINK: u32 = 0o120_000;

/// An archive whose headers have been read.
pub(crate) trait OpenArchive {
    fn facts(&self) -> &ArchiveFacts;

    /// Hands every entry to `out`, verifying all content.
    fn unpack_into(self: Box<Self>, out: &mut Extractor<'_>) -> Result<(), UnpackError>;
}

/// What a Unix mode says a file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ModeKind {
    File,
    Directory,
    Link,
    Special,
}

/// Reads the kind from a Unix mode; packers leave it zero when they mean a file.
fn mode_kind(mode: u32) -> ModeKind {
    match mode & MODE_KIND {
        0 | MODE_KIND_FILE => ModeKind::File,
        MODE_KIND_DIRECTORY => ModeKind::Directory,
        MODE_KIND_LINK => ModeKind::Link,
        _ => ModeKind::Special,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_target_of_a_link_is_read_up_to_the_limit_and_refused_past_it() {
        let read = |bytes: u64| read_link_target(&mut io::repeat(b'x').take(bytes));
        let whole = read(LINK_TARGET_BYTES_MAX).unwrap();
        assert_eq!(whole.len() as u64, LINK_TARGET_BYTES_MAX);
        let refused = read(LINK_TARGET_BYTES_MAX + 1).unwrap_err();
        assert_eq!(refused.kind(), io::ErrorKind::InvalidData);
    }
}
