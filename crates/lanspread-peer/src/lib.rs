//! Scaffold.

pub mod disk;
pub mod identity;
pub mod net;
