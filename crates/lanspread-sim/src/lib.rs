//! The simulator: whole parties of real peers on virtual machines, in one thread, from one seed.
//!
//! Invariant: what happens follows from the input alone. Nothing here reads a clock, draws random
//! numbers, touches the machine it runs on, or depends on the order of a hash map.
//!
//! This crate is for development only and never shipped.

pub mod disk;
