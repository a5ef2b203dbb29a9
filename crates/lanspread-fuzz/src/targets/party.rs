//! A whole party of real peers, simulated from one input.
//!
//! Property: whatever the bytes are, every invariant of the simulator holds (`docs/SIMULATION.md`).

/// The input as the simulator reads it: the party first, then one step after the other.
pub(crate) fn party(bytes: &[u8]) {
    if let Err(failure) = lanspread_sim::run(bytes) {
        let input = lanspread_sim::to_hex(bytes);
        panic!("{failure}\nreplay: cargo xtask sim --trace --input {input}");
    }
}
