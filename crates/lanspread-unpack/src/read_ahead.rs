//! Reads a file in large pieces for a reader that jumps.
//!
//! The RAR reader seeks before every read, which would throw away the buffer of a standard
//! `BufReader` each time. Here a seek only notes the position, and a read within the piece that is
//! already in memory costs no system call.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};

const PIECE_BYTES: usize = 256 * 1024;

/// A file with one piece of it in memory.
#[derive(Debug)]
pub(crate) struct ReadAhead {
    file: File,
    /// Where the next read starts.
    position: u64,
    /// Where the piece in memory starts.
    piece_start: u64,
    piece: Vec<u8>,
}

impl ReadAhead {
    pub(crate) fn new(file: File) -> Self {
        Self {
            file,
            position: 0,
            piece_start: 0,
            piece: Vec::new(),
        }
    }

    fn fill(&mut self) -> io::Result<()> {
        self.file.seek(SeekFrom::Start(self.position))?;
        self.piece.clear();
        self.piece_start = self.position;
        self.piece.resize(PIECE_BYTES, 0);
        let count = loop {
            match self.file.read(&mut self.piece) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                read => break read,
            }
        };
        self.piece
            .truncate(count.as_ref().map_or(0, |count| *count));
        count.map(|_| ())
    }

    /// The bytes in memory from the current position on.
    fn ahead(&self) -> &[u8] {
        self.position
            .checked_sub(self.piece_start)
            .and_then(|offset| usize::try_from(offset).ok())
            .and_then(|offset| self.piece.get(offset..))
            .unwrap_or_default()
    }
}

impl Read for ReadAhead {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.ahead().is_empty() && !buffer.is_empty() {
            self.fill()?;
        }
        let ahead = self.ahead();
        let count = ahead.len().min(buffer.len());
        buffer[..count].copy_from_slice(&ahead[..count]);
        self.position += count as u64;
        Ok(count)
    }
}

impl Seek for ReadAhead {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.position = match to {
            SeekFrom::Start(position) => position,
            SeekFrom::Current(offset) => self
                .position
                .checked_add_signed(offset)
                .ok_or_else(|| io::Error::from(io::ErrorKind::InvalidInput))?,
            SeekFrom::End(_) => self.file.seek(to)?,
        };
        Ok(self.position)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    #[test]
    fn reads_are_the_same_wherever_they_start() {
        let content: Vec<u8> = (0..=250).cycle().take(PIECE_BYTES * 3 + 17).collect();
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(&content).unwrap();
        let mut reader = ReadAhead::new(file);
        for start in [
            0,
            5,
            PIECE_BYTES - 1,
            PIECE_BYTES,
            3,
            content.len() - 4,
            content.len() + 9,
        ] {
            reader.seek(SeekFrom::Start(start as u64)).unwrap();
            let mut read = Vec::new();
            reader.by_ref().take(1000).read_to_end(&mut read).unwrap();
            let expected = content.get(start..).unwrap_or_default();
            assert_eq!(read, &expected[..expected.len().min(1000)], "from {start}");
        }
        assert_eq!(
            reader.seek(SeekFrom::End(-1)).unwrap(),
            content.len() as u64 - 1
        );
        assert_eq!(
            reader.seek(SeekFrom::Current(-1)).unwrap(),
            content.len() as u64 - 2
        );
        assert!(reader.seek(SeekFrom::Current(i64::MIN)).is_err());
    }
}
