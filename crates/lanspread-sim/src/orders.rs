//! Whom users expelled and let in again, as far as they were answered.
//!
//! Invariant: what was asked for and never answered, because the peer died, is held against nobody.

use std::collections::BTreeMap;

/// What one guest ordered about another.
#[derive(Debug, Clone, Copy, Default)]
struct Order {
    is_out: bool,
    unanswered: u32,
}

/// All orders, by who gave them and whom they are about.
#[derive(Debug, Default)]
pub(crate) struct Orders(BTreeMap<(usize, usize), Order>);

impl Orders {
    /// Somebody wants another one out, or in again.
    pub(crate) fn given(&mut self, by: usize, whom: usize) {
        self.0.entry((by, whom)).or_default().unanswered += 1;
    }

    /// The answer: what is so from here on, or `None` if it was refused.
    pub(crate) fn answered(&mut self, by: usize, whom: usize, is_out: Option<bool>) {
        let order = self.0.entry((by, whom)).or_default();
        order.unanswered = order.unanswered.saturating_sub(1);
        order.is_out = is_out.unwrap_or(order.is_out);
    }

    /// Whether somebody wants another one out; `None` if nobody can know.
    pub(crate) fn is_out(&self, by: usize, whom: usize) -> Option<bool> {
        let order = self.0.get(&(by, whom)).copied().unwrap_or_default();
        (order.unanswered == 0).then_some(order.is_out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_order_holds_when_it_is_answered_and_not_when_it_is_refused() {
        let mut orders = Orders::default();
        assert_eq!(orders.is_out(0, 1), Some(false));
        orders.given(0, 1);
        assert_eq!(orders.is_out(0, 1), None);
        orders.answered(0, 1, Some(true));
        assert_eq!(orders.is_out(0, 1), Some(true));
        orders.given(0, 1);
        orders.answered(0, 1, None);
        assert_eq!(orders.is_out(0, 1), Some(true));
    }
}
