//! Whether a party has a code, and why two peers are not of one party.

use std::fmt;

/// Whether a peer's party has a code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Door {
    /// It has none: the open living room.
    Open,
    /// Whoever connects has to prove the code first.
    Code,
}

/// Why two peers are not of one party; reads as the end of a sentence that begins with the other one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum PartyMismatch {
    /// Both have a code, and not the same.
    OtherCode,
    /// The other one has a code and this peer has none.
    CodeNeeded,
    /// This peer has a code and the other one has none.
    CodeMissing,
}

impl PartyMismatch {
    /// What follows from what both say of their doors, if they do not fit.
    #[must_use]
    pub const fn between(own: Door, other: Door) -> Option<Self> {
        match (own, other) {
            (Door::Open, Door::Open) | (Door::Code, Door::Code) => None,
            (Door::Open, Door::Code) => Some(Self::CodeNeeded),
            (Door::Code, Door::Open) => Some(Self::CodeMissing),
        }
    }
}

impl fmt::Display for PartyMismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::OtherCode => {
                "has another party code than this peer: either one of the two was typed wrong, or it \
                 belongs to another party; compare the codes, and start whoever is wrong again with \
                 the right one"
            }
            Self::CodeNeeded => {
                "is in a party with a code, and this peer was started without one: to join, ask the \
                 organiser for the party code and start again with it"
            }
            Self::CodeMissing => {
                "takes part without a party code, this peer with one: to meet, start it again with \
                 the code of this party"
            }
        })
    }
}
