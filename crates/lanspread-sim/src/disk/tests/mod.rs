//! The virtual disk against the real one, against its own promises, and under the real disk side.

mod counts;
mod crashes;
mod loss;
mod planted;
mod rig;
#[cfg(target_os = "linux")]
mod same_as_real;
mod trouble;
