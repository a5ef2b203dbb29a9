//! Prints the machine as the tables of `docs/INSTALL.md`, and holds that file to them; for tests.
//!
//! Invariant: every row comes from the machine itself, asked at every root of the space; rows that do
//! not depend on a property show a dot there.

use std::{collections::BTreeMap, fmt::Write as _, fs, path::PathBuf};

use super::{
    BlockedKind, Goal, Next, Step, next_step,
    space::{DIMENSIONS, Point, goals, observation},
};

const BEGIN: &str = "<!-- The tables below are printed by the machine; a test compares. -->\n";
const END: &str = "<!-- End of the printed tables. -->\n";

/// What a goal does where something is unfinished; these rows are not printed.
const AS_FOR_SETTLE: &str = "as for Settle";

/// A node of the decision tree: a cell of the last column, or one node for each value.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Node {
    Leaf(String),
    Branch(Vec<usize>),
}

/// Nodes that decide the same are one.
#[derive(Default)]
struct Tree {
    nodes: Vec<Node>,
    known: BTreeMap<Node, usize>,
}

impl Tree {
    fn intern(&mut self, node: Node) -> usize {
        if let Some(at) = self.known.get(&node) {
            return *at;
        }
        self.nodes.push(node.clone());
        self.known.insert(node, self.nodes.len() - 1);
        self.nodes.len() - 1
    }

    fn build(&mut self, goal: &Goal, point: &mut Point, depth: usize) -> usize {
        if depth == DIMENSIONS.len() {
            return self.intern(Node::Leaf(cell(goal, *point)));
        }
        let mut below = Vec::new();
        for value in 0..DIMENSIONS[depth].values.len() {
            point[depth] = u8::try_from(value).unwrap();
            below.push(self.build(goal, point, depth + 1));
        }
        self.intern(Node::Branch(below))
    }

    fn rows(&self, node: usize, row: &mut Vec<String>, out: &mut Vec<Vec<String>>) {
        match &self.nodes[node] {
            Node::Leaf(cell) => {
                let mut row = row.clone();
                row.push(cell.clone());
                out.push(row);
            }
            Node::Branch(below) => {
                let depth = row.len();
                let mut seen: Vec<usize> = Vec::new();
                for child in below {
                    if seen.contains(child) {
                        continue;
                    }
                    seen.push(*child);
                    let same = (0..below.len()).filter(|at| below[*at] == *child);
                    let values: Vec<&str> = same.map(|at| DIMENSIONS[depth].values[at]).collect();
                    row.push(if values.len() == below.len() {
                        "·".to_owned()
                    } else {
                        values.join(" / ")
                    });
                    self.rows(*child, row, out);
                    row.pop();
                }
            }
        }
    }
}

fn cell(goal: &Goal, point: Point) -> String {
    let root = observation(point);
    let next = next_step(goal, &root);
    let settled = next_step(&Goal::Settle, &root);
    if *goal != Goal::Settle && next == settled && next != Next::Done {
        return AS_FOR_SETTLE.to_owned();
    }
    match next {
        Next::Take(step) => format!("`{}`", name(&step)),
        Next::Done => "done".to_owned(),
        Next::Blocked(blocked) => format!(
            "blocked: {}",
            match blocked.kind {
                BlockedKind::NotDownloaded => "not downloaded",
                BlockedKind::Installed => "installed",
                BlockedKind::Foreign => "something foreign in the way",
                BlockedKind::DownloadGone => "the download is gone",
                BlockedKind::Newer => "a newer Lanspread is at work",
            }
        ),
    }
}

fn name(step: &Step) -> String {
    let debug = format!("{step:?}");
    debug
        .split_whitespace()
        .next()
        .unwrap_or_default()
        .to_owned()
}

fn tables() -> String {
    let mut page = String::new();
    for (goal_name, goal) in goals() {
        let mut tree = Tree::default();
        let top = tree.build(&goal, &mut [0; DIMENSIONS.len()], 0);
        let mut rows = Vec::new();
        tree.rows(top, &mut Vec::new(), &mut rows);
        rows.retain(|row| row.last().is_none_or(|next| next != AS_FOR_SETTLE));
        let shown: Vec<usize> = (0..DIMENSIONS.len())
            .filter(|column| rows.iter().any(|row| row[*column] != "·"))
            .collect();
        let _ = writeln!(page, "\n### Goal {goal_name}\n");
        for column in &shown {
            let _ = write!(page, "| {} ", DIMENSIONS[*column].name);
        }
        page.push_str("| next |\n|");
        page.push_str(&"---|".repeat(shown.len() + 1));
        page.push('\n');
        for row in &rows {
            for column in &shown {
                let _ = write!(page, "| {} ", row[*column]);
            }
            let _ = writeln!(page, "| {} |", row[DIMENSIONS.len()]);
        }
    }
    page.push('\n');
    page
}

#[test]
fn the_documented_table_is_the_machines() {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../docs/INSTALL.md");
    let page = fs::read_to_string(&path).unwrap();
    let (before, rest) = page
        .split_once(BEGIN)
        .expect("the file has the opening mark");
    let (documented, after) = rest.split_once(END).expect("the file has the closing mark");
    let printed = tables();
    if std::env::var_os("UPDATE_DOCS").is_some() {
        fs::write(&path, format!("{before}{BEGIN}{printed}{END}{after}")).unwrap();
        return;
    }
    assert!(
        documented == printed,
        "docs/INSTALL.md does not show the machine as it is: run this test with \
         UPDATE_DOCS=1 and look at the difference"
    );
}
