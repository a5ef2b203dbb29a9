//! Room for large answers: what all peers together may make this one hold and parse at a time.
//!
//! Invariant: memory for an answer is taken from the room before its bytes are read, and comes back
//! when it is dropped. Small answers take none, so nobody is held up by those of others.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::limits::{ANSWERS_BYTES_MAX, ANSWERS_PARSED_MAX, SMALL_ANSWER_BYTES_MAX};

/// Room for large answers.
#[derive(Debug)]
pub(super) struct Room {
    /// One permit for each [`SMALL_ANSWER_BYTES_MAX`] bytes.
    bytes: Arc<Semaphore>,
    parsers: Arc<Semaphore>,
}

/// A part of the room, until it is dropped.
#[derive(Debug)]
pub(super) struct Place {
    _permit: Option<OwnedSemaphorePermit>,
}

impl Default for Room {
    fn default() -> Self {
        Self {
            bytes: Arc::new(Semaphore::new(ANSWERS_BYTES_MAX / SMALL_ANSWER_BYTES_MAX)),
            parsers: Arc::new(Semaphore::new(ANSWERS_PARSED_MAX)),
        }
    }
}

impl Room {
    /// Waits for room for an answer of so many bytes. One that is larger than the whole room takes
    /// all of it.
    pub(super) async fn for_bytes(&self, len: usize) -> Place {
        if len <= SMALL_ANSWER_BYTES_MAX {
            return Place { _permit: None };
        }
        let units = len.min(ANSWERS_BYTES_MAX).div_ceil(SMALL_ANSWER_BYTES_MAX);
        let units = u32::try_from(units).unwrap_or(u32::MAX);
        // The semaphore is never closed.
        let permit = Arc::clone(&self.bytes).acquire_many_owned(units).await;
        Place {
            _permit: permit.ok(),
        }
    }

    /// Waits for the turn to parse a large answer.
    pub(super) async fn to_parse(&self) -> Place {
        let permit = Arc::clone(&self.parsers).acquire_owned().await;
        Place {
            _permit: permit.ok(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{
        pin::pin,
        task::{Context, Poll, Waker},
    };

    use super::*;

    fn poll<T>(step: impl Future<Output = T>) -> Poll<T> {
        pin!(step).poll(&mut Context::from_waker(Waker::noop()))
    }

    #[tokio::test]
    async fn the_last_of_the_room_is_given_and_more_waits_until_some_comes_back() {
        let room = Room::default();
        let most = room
            .for_bytes(ANSWERS_BYTES_MAX - 2 * SMALL_ANSWER_BYTES_MAX)
            .await;
        let rest = room.for_bytes(SMALL_ANSWER_BYTES_MAX + 1).await;
        assert!(poll(room.for_bytes(SMALL_ANSWER_BYTES_MAX + 1)).is_pending());
        assert!(poll(room.for_bytes(SMALL_ANSWER_BYTES_MAX)).is_ready());
        drop(rest);
        assert!(poll(room.for_bytes(SMALL_ANSWER_BYTES_MAX + 1)).is_ready());
        drop(most);
    }

    #[tokio::test]
    async fn an_answer_larger_than_the_room_takes_all_of_it() {
        let room = Room::default();
        let all = room.for_bytes(3 * ANSWERS_BYTES_MAX).await;
        assert!(poll(room.for_bytes(SMALL_ANSWER_BYTES_MAX + 1)).is_pending());
        drop(all);
        assert!(poll(room.for_bytes(ANSWERS_BYTES_MAX)).is_ready());
    }

    #[tokio::test]
    async fn no_more_are_parsed_at_a_time_than_the_limit() {
        let room = Room::default();
        let mut places = Vec::new();
        for _ in 0..ANSWERS_PARSED_MAX {
            places.push(room.to_parse().await);
        }
        assert!(poll(room.to_parse()).is_pending());
        places.pop();
        assert!(poll(room.to_parse()).is_ready());
    }
}
