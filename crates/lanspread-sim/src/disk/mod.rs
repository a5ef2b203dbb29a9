//! The virtual disk of one machine, behind the port of the real one.
//!
//! Invariant: the disk side of a peer cannot tell it from this machine's, except that everything on it
//! follows from what was asked of it, that it can lose what was not synced, and that it fails when
//! told to.
