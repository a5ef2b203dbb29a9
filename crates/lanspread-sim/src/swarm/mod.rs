//! Swarms of many: the scheduler and the upload slots of the product, on links as a fluid.
//!
//! The simulator of whole parties moves every byte through real disks and is made to find mistakes;
//! this one moves numbers, and is made to see how close to the bound a party of 200 comes. Invariant:
//! who fetches what from whom is decided by `Transfer` and `Uploads` alone; the same party and seed
//! end in the same time.

#![expect(
    clippy::cast_precision_loss,
    reason = "bytes and seconds of a fluid are far below 2^52"
)]

mod bound;
mod fluid;
mod party;
mod table;
#[cfg(test)]
mod tests;

pub use party::{Churn, Outcome, Party, Peer};
pub use table::{CHUNKS, DELAY_MS, EQUAL_MBIT, HEAD, Kind, row};
