//! A party's network on one Linux machine: a switch and any number of hosts, each a network
//! namespace, joined by virtual cables that can be slow, lossy, deaf to multicast or cut. A second
//! table has a switch of its own, joined to the first by one cable.
//!
//! The invariant: no packet leaves. Every device is created inside a namespace of the party, the
//! namespace of the machine gets none, and no host has a default route. The addresses are private
//! and exist nowhere but in there, so every party uses the same ones.
//!
//! Made for Linux with `iproute2`; everywhere else building a party fails with an error that says
//! so. Delay and reordering are not offered: the kernels this runs on lack the queue for them.

mod enter;
mod link;
mod party;
mod rights;
mod tables;
mod traffic;

pub use link::{Link, Loss, Multicast, Rate};
pub use party::{HOSTS_MAX, Host, NetError, Party, PartyBuilder};
pub use tables::Table;
