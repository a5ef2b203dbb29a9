//! What tests, the demonstration and the benchmark stand on: network namespaces, a driver for
//! `lanspread jsonl` processes, game fixtures, small disks, and real games out of Debian's archive.
//!
//! The invariant: whatever is made here is taken away again. Namespaces, mounts and processes end
//! with the value that stands for them, and what a killed run left behind is swept by the next
//! one. No packet leaves the loopback device or the namespaces.
//!
//! This crate is for development only. It deliberately knows the peer only from outside, as a
//! program with a command line and JSON lines, so that it tests what users and scripts see.

pub mod caretaker;
pub mod command;
pub mod debian;
pub mod dice;
pub mod disk;
pub mod fixture;
pub mod net;
pub mod peer;
pub mod state_files;
pub mod tree;
pub mod usage;

mod leftovers;
