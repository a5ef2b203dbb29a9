//! Prints a declared machine as the table and the diagram that the documentation shows.
//!
//! Invariant: what is printed is what runs: every cell comes from the machine's own function. Only
//! tests use it; the tests also hold the files in `docs/machines/` to what they print.

use std::{collections::BTreeMap, fmt::Debug, fmt::Write as _, fs, path::PathBuf};

/// A machine whose transitions are a pure function of state and event.
pub(crate) struct MachineTable<'a, S, E> {
    /// The name of the file in `docs/machines/`, without its ending.
    pub(crate) name: &'a str,
    /// What stands above the table.
    pub(crate) intro: &'a str,
    /// Every state with what it means, the first one first.
    pub(crate) states: &'a [(S, &'a str)],
    /// Every event with what it means.
    pub(crate) events: &'a [(E, &'a str)],
    /// The next state; `None` when the event changes nothing.
    pub(crate) next: &'a dyn Fn(S, E) -> Option<S>,
}

impl<S: Copy + Debug + Ord, E: Copy + Debug> MachineTable<'_, S, E> {
    /// The whole page.
    pub(crate) fn page(&self) -> String {
        let mut page = format!("{}\n\n", self.intro);
        page.push_str("| state | meaning |\n|---|---|\n");
        for (state, meaning) in self.states {
            let _ = writeln!(page, "| `{state:?}` | {meaning} |");
        }
        page.push_str("\n| event | meaning |\n|---|---|\n");
        for (event, meaning) in self.events {
            let _ = writeln!(page, "| `{event:?}` | {meaning} |");
        }
        page.push_str("\nA dot: the event changes nothing in this state.\n\n");
        self.push_table(&mut page);
        self.push_diagram(&mut page);
        page
    }

    fn push_table(&self, page: &mut String) {
        page.push_str("| event |");
        for (state, _) in self.states {
            let _ = write!(page, " {state:?} |");
        }
        page.push_str("\n|---|");
        page.push_str(&"---|".repeat(self.states.len()));
        page.push('\n');
        for &(event, _) in self.events {
            let _ = write!(page, "| `{event:?}` |");
            for &(state, _) in self.states {
                match (self.next)(state, event) {
                    Some(next) => {
                        let _ = write!(page, " {next:?} |");
                    }
                    None => page.push_str(" · |"),
                }
            }
            page.push('\n');
        }
    }

    fn push_diagram(&self, page: &mut String) {
        page.push_str("\n```mermaid\nstateDiagram-v2\n");
        let _ = writeln!(page, "    [*] --> {:?}", self.states[0].0);
        for &(state, _) in self.states {
            let mut edges: BTreeMap<S, Vec<String>> = BTreeMap::new();
            for &(event, _) in self.events {
                if let Some(next) = (self.next)(state, event) {
                    edges.entry(next).or_default().push(format!("{event:?}"));
                }
            }
            for (next, events) in edges {
                let _ = writeln!(page, "    {state:?} --> {next:?}: {}", events.join(", "));
            }
        }
        page.push_str("```\n");
    }

    /// Holds `docs/machines/<name>.md` to the page. With `UPDATE_DOCS=1` the file is written.
    pub(crate) fn assert_documented(&self) {
        let docs = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../docs/machines");
        let file = docs.join(format!("{}.md", self.name));
        let page = self.page();
        if std::env::var_os("UPDATE_DOCS").is_some() {
            fs::create_dir_all(&docs).expect("docs/machines can be created");
            fs::write(&file, &page).expect("the page can be written");
        }
        let written = fs::read_to_string(&file)
            .unwrap_or_default()
            .replace("\r\n", "\n");
        assert!(
            written == page,
            "{} is not the tested machine: run this test with UPDATE_DOCS=1\n{page}",
            file.display()
        );
    }
}
