//! Who belongs together: party codes, and whom the guests take for the organiser.
//!
//! Invariant: zeros describe an open party without an organiser.

use crate::{
    choices::Choices,
    world::{World, peer_id},
};

/// The codes that guests may be given.
pub(crate) const CODES: [Option<&str>; 3] = [None, Some("blue"), Some("red")];

/// How a party begins.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Company {
    code: usize,
    /// The code of the last guest.
    last: usize,
    has_organiser: bool,
    /// The last guest takes nobody for the organiser.
    last_has_none: bool,
}

impl Company {
    pub(crate) fn read(choices: &mut Choices<'_>) -> Self {
        let (code, last) = match choices.below(12) {
            0..=6 => (0, 0),
            7..=8 => (1, 1),
            9 => (0, 2),
            10 => (1, 0),
            _ => (1, 2),
        };
        let organiser = choices.below(4);
        Self {
            code,
            last,
            has_organiser: organiser >= 2,
            last_has_none: organiser == 3,
        }
    }

    pub(crate) fn sit_down(self, world: &mut World) {
        let last = world.nodes.len().saturating_sub(1);
        // Where only two are, they belong together.
        let code_of_last = if last < 2 { self.code } else { self.last };
        for (n, node) in world.nodes.iter_mut().enumerate() {
            node.code = CODES[if n == last { code_of_last } else { self.code }];
            let follows = self.has_organiser && !(n == last && self.last_has_none);
            node.organiser = follows.then(|| peer_id(0));
        }
    }
}
