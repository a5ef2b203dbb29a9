//! Unpacks real archives of every format, made here: well-formed, hostile, damaged and too large.

mod cancelling;
mod damage;
mod hostile;
mod limits;
mod links;
mod pack;
mod patches;
mod round_trip;
mod scene;
mod volumes;
