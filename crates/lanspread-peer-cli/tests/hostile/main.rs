//! A hostile peer at the table: every attack against a real `lanspread` process, whose own memory and
//! processor time are measured, while an honest third peer is served.
//!
//! Each test prints one row of the table that `cargo xtask hostile` shows and `docs/SECURITY.md` keeps.
//! Invariant: the liar shares no code with the transport of the program; it speaks what
//! `docs/PROTOCOL.md` says, up to the point where it lies.

#![cfg(target_os = "linux")]

// The scene, its guests and the stranger's handshake are those of the parties, which use more of them.
#[allow(dead_code)]
#[path = "../party/guest.rs"]
mod guest;
#[allow(dead_code)]
#[path = "../party/order.rs"]
mod order;
#[allow(dead_code)]
#[path = "../party/scene.rs"]
mod scene;
#[allow(dead_code)]
#[path = "../party/stranger.rs"]
mod stranger;

mod attack;
mod liar;
mod lies;

mod discovery;
mod libraries;
mod manifests;
mod partners;
mod storms;
mod trickles;
mod wire;
