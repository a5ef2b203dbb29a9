//! Whole parties: real `lanspread` processes, real mDNS and real QUIC, each peer on a host of its own
//! in network namespaces.
//!
//! Invariant: nothing here sleeps. Every wait is for an event or an answer, with a deadline that only
//! a broken peer reaches; every comparison is of bytes, counts or messages, not of times. Without the
//! right to make namespaces the tests fail and say so, they are never passed over in silence.

#![cfg(target_os = "linux")]

mod guest;
mod order;
mod scene;
mod stranger;
mod trace;

mod addresses;
mod cancelling;
mod catalogs;
mod cold_start;
mod conflicts;
mod corruption;
mod crashes;
mod doors;
mod expelling;
mod folders;
mod full_disk;
mod hostile;
mod installing;
mod interruptions;
mod lanes;
mod leaving;
mod library;
mod pins;
mod recovery;
mod serving;
mod sources;
mod updates;
mod verifying;
mod versions;
