//! Buffers that chunks are read into for others, used again: memory that is asked of the system anew for
//! each chunk costs as much as reading the chunk.
//!
//! Invariant: a buffer is back only when the last part of its bytes has left, and what is kept between
//! uploads is bounded. It knows no chunk and no stream.

use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;

/// Bytes of all buffers that are kept for the next reading.
pub(super) const KEPT_BYTES_MAX: usize = 16 << 20;

/// Buffers to read into. Clones share them.
#[derive(Debug, Clone, Default)]
pub(super) struct ReadBuffers(Arc<Mutex<Kept>>);

#[derive(Debug, Default)]
struct Kept {
    buffers: Vec<Vec<u8>>,
    bytes: usize,
}

/// A buffer of a certain length, on its way back when it is dropped. What it holds at first is what was
/// in it before.
#[derive(Debug)]
pub(super) struct ReadBuffer {
    bytes: Vec<u8>,
    home: ReadBuffers,
}

impl ReadBuffers {
    /// A buffer of exactly so many bytes.
    pub(super) fn take(&self, len: usize) -> ReadBuffer {
        let mut bytes = self.kept().take().unwrap_or_default();
        if bytes.capacity() < len {
            // Another one is not worth copying what is in this.
            bytes = vec![0; len];
        }
        // Zeros are written only where it grows.
        bytes.resize(len, 0);
        ReadBuffer {
            bytes,
            home: self.clone(),
        }
    }

    fn kept(&self) -> std::sync::MutexGuard<'_, Kept> {
        // A panic elsewhere leaves the list as whole as it was.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Kept {
    fn take(&mut self) -> Option<Vec<u8>> {
        let buffer = self.buffers.pop()?;
        self.bytes -= buffer.capacity();
        Some(buffer)
    }

    fn give_back(&mut self, buffer: Vec<u8>) {
        let bytes = self.bytes + buffer.capacity();
        if bytes <= KEPT_BYTES_MAX {
            self.bytes = bytes;
            self.buffers.push(buffer);
        }
    }
}

impl ReadBuffer {
    /// The whole buffer.
    pub(super) fn as_mut(&mut self) -> &mut [u8] {
        &mut self.bytes
    }

    /// The same memory, to be sent.
    pub(super) fn into_bytes(self) -> Bytes {
        Bytes::from_owner(self)
    }
}

impl AsRef<[u8]> for ReadBuffer {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

impl Drop for ReadBuffer {
    fn drop(&mut self) {
        let bytes = std::mem::take(&mut self.bytes);
        self.home.kept().give_back(bytes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(buffers: &ReadBuffers) -> usize {
        buffers.kept().buffers.len()
    }

    #[test]
    fn a_buffer_comes_back_when_the_last_part_of_its_bytes_has_left() {
        let buffers = ReadBuffers::default();
        let mut buffer = buffers.take(10);
        buffer.as_mut().copy_from_slice(b"0123456789");
        let mut bytes = buffer.into_bytes();
        let first = bytes.split_to(4);
        drop(bytes);
        assert_eq!((&first[..], kept(&buffers)), (&b"0123"[..], 0));
        drop(first);
        assert_eq!(kept(&buffers), 1);
        assert_eq!(buffers.take(3).as_ref(), b"012", "and nothing is cleared");
        assert_eq!(buffers.take(20).as_ref().len(), 20);
    }

    #[test]
    fn buffers_are_kept_up_to_the_limit_and_one_more_is_let_go() {
        let buffers = ReadBuffers::default();
        let half = KEPT_BYTES_MAX / 2;
        let all = [half, half, 1].map(|len| buffers.take(len));
        for (buffer, expected) in all.into_iter().zip([1, 2, 2]) {
            drop(buffer);
            assert_eq!(kept(&buffers), expected);
        }
    }
}
