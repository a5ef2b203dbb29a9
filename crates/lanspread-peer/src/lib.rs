//! Scaffold.

pub mod identity;
pub mod net;
