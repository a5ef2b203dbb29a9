//! The program as people and scripts meet it: real processes, each with directories of its own.
//!
//! Invariant: nothing leaves the loopback device, and nothing sleeps: every wait is for a line or for
//! the end of a process. Discovery on loopback is shared with whatever else is tested at the same
//! time, so no test minds strangers; each game here has an id of its own.

mod scene;

mod catalogs;
mod people;
#[cfg(unix)]
mod playing;
mod running;
mod scripts;
mod shell;
mod state_files;
