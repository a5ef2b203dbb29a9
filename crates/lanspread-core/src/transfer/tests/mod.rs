//! Tests of the transfer machine: by table, by random events, and by small parties on a virtual
//! clock. They assert counts and ratios of virtual time, never the time of the machine they run on.

mod events;
mod failures;
mod fixture;
mod partners;
mod racing;
mod random;
mod sides;
mod sim;
mod swarm;
mod take_back;
