//! The targets, by what they read.

pub(crate) mod archives;
pub(crate) mod catalog;
pub(crate) mod discovery;
pub(crate) mod disk;
pub(crate) mod lines;
pub(crate) mod party;
pub(crate) mod vocabulary;
pub(crate) mod wire;
