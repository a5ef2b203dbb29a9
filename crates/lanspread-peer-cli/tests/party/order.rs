//! The order of events that users are promised of every operation: it is active, it works, the library
//! settles, it is active no more, its one terminal event.
//!
//! Invariant: it looks only at events about one operation of one game; what comes between is others'.

use serde_json::Value;

/// Expects the promised order of `operation` on the game `id` in `events`, the last of which is its
/// terminal event.
pub(crate) fn assert_order(events: &[Value], operation: &str, id: &str) {
    Order {
        events,
        operation,
        id,
    }
    .check();
}

struct Order<'a> {
    events: &'a [Value],
    operation: &'a str,
    id: &'a str,
}

impl Order<'_> {
    fn check(&self) {
        let active = self.first("activity", 0, |event| {
            is_change(event) && self.is_active(event)
        });
        let begin = self.first("beginning", active, |event| self.is(event, &["began"]));
        let over = self.first("end of activity", begin, |event| {
            is_change(event) && !self.is_active(event)
        });
        let settled = self.events[begin..over]
            .iter()
            .rposition(|event| event["event"] == "games-list-updated")
            .map(|at| begin + at);
        let worked = self
            .events
            .iter()
            .rposition(|event| self.is(event, &["progress"]));
        let ends = ["finished", "failed", "cancelled"];
        let terminal = self.first("end", over, |event| self.is(event, &ends));
        let terminals = self
            .events
            .iter()
            .filter(|event| self.is(event, &ends))
            .count();
        assert_eq!(terminals, 1, "terminal events of {self}");
        assert_eq!(
            terminal + 1,
            self.events.len(),
            "the terminal event is the last of {self}"
        );
        assert!(
            worked < Some(over),
            "the work ends before the activity of {self}"
        );
        if self.is(&self.events[terminal], &["finished"]) {
            assert!(
                settled.is_some(),
                "the library settles while it is active in {self}"
            );
            assert!(
                worked < settled,
                "the library settles after the last work in {self}"
            );
        }
    }

    fn first(&self, what: &str, from: usize, is_it: impl Fn(&Value) -> bool) -> usize {
        let found = self.events[from..].iter().position(is_it);
        from + found.unwrap_or_else(|| panic!("there is no {what} in {self}"))
    }

    fn is(&self, event: &Value, how: &[&str]) -> bool {
        let name = event["event"]
            .as_str()
            .and_then(|name| name.strip_prefix(self.operation));
        let how_it_is = name.and_then(|name| name.strip_prefix('-'));
        event["id"] == self.id && how_it_is.is_some_and(|it| how.contains(&it))
    }

    fn is_active(&self, event: &Value) -> bool {
        let active = event["active"].as_array();
        let mut active = active.into_iter().flatten();
        active.any(|one| one["id"] == self.id && one["kind"] == self.operation)
    }
}

impl std::fmt::Display for Order<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(f, "the {} of {}:", self.operation, self.id)?;
        self.events
            .iter()
            .try_for_each(|event| writeln!(f, "{event}"))
    }
}

fn is_change(event: &Value) -> bool {
    event["event"] == "active-operations-changed"
}
