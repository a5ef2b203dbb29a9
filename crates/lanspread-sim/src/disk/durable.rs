//! What survives a power cut.
//!
//! Invariant: what was synced survives, and of what was not, only what a disk may keep: of the changes
//! of names a first part in order, of a file's blocks each as it is, as it was, or zeros. Which of
//! these, the caller chooses; zero always means that as much is lost as can be.

use std::{collections::BTreeMap, sync::Arc};

use super::{
    content::{Content, Unsynced},
    image::{Body, Image, Names, NodeId, TOP},
};

/// What a file system promises of the order in which unsynced changes of names survive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NameOrder {
    /// One journal for all directories: what survives is a first part of all changes, up to the last
    /// one that was synced at least.
    Journal,
    /// Each directory is written by itself. Something that was moved from one to another stands in
    /// the old, the new or both.
    PerFolder,
    /// The same, and something that was moved can be in neither.
    Torn,
}

/// Chooses: given a number above zero, says one below it.
pub type Choose<'a> = &'a mut dyn FnMut(u32) -> u32;

impl Image {
    pub(super) fn sync_file(&mut self, id: NodeId) {
        if let Body::File(file) = &mut self.node_mut(id).body {
            file.durable = Arc::clone(&file.live);
        }
    }

    pub(super) fn sync_folder(&mut self, id: NodeId) {
        if let Body::Folder(folder) = &mut self.node_mut(id).body
            && let Some(last) = folder.pending.last()
        {
            let number = last.number;
            folder.pending.clear();
            folder.durable = folder.live.clone();
            self.committed = self.committed.max(number);
        }
    }

    pub(super) fn sync_all(&mut self) {
        let ids: Vec<NodeId> = self.nodes.keys().copied().collect();
        for id in ids {
            self.sync_folder(id);
            if let Body::File(file) = &mut self.node_mut(id).body {
                file.durable = Arc::clone(&file.live);
            }
        }
    }

    /// The power goes.
    pub(super) fn lose_unsynced(&mut self, order: NameOrder, choose: Choose<'_>) {
        let kept = match order {
            NameOrder::Journal => self.keep_in_order(choose),
            NameOrder::PerFolder => {
                let mut kept = self.keep_per_folder(choose);
                self.never_in_neither(&mut kept);
                kept
            }
            NameOrder::Torn => self.keep_per_folder(choose),
        };
        for (id, count) in kept {
            if let Body::Folder(folder) = &mut self.node_mut(id).body {
                for pending in folder.pending.drain(..).take(count) {
                    pending.apply(&mut folder.durable);
                }
            }
        }
        for node in self.nodes.values_mut() {
            if let Body::Folder(folder) = &mut node.body {
                folder.live = folder.durable.clone();
            }
        }
        self.recount();
        for node in self.nodes.values_mut() {
            if let Body::File(file) = &mut node.body
                && !Arc::ptr_eq(&file.live, &file.durable)
            {
                file.live = Arc::new(after_cut(&file.live, &file.durable, choose));
                file.durable = Arc::clone(&file.live);
            }
        }
        self.recount();
    }

    /// How many of each directory's changes survive.
    fn keep_in_order(&self, choose: Choose<'_>) -> BTreeMap<NodeId, usize> {
        let mut numbers: Vec<u64> = self.with_pending().flat_map(|(_, all)| all).collect();
        numbers.retain(|number| *number > self.committed);
        numbers.sort_unstable();
        numbers.dedup();
        let count = choose_up_to(choose, numbers.len());
        let chosen = count.checked_sub(1).map(|last| numbers[last]);
        let last = chosen.unwrap_or(self.committed);
        let survives = |number: &u64| *number <= last;
        self.with_pending()
            .map(|(id, all)| (id, all.iter().filter(|number| survives(number)).count()))
            .collect()
    }

    fn keep_per_folder(&self, choose: Choose<'_>) -> BTreeMap<NodeId, usize> {
        self.with_pending()
            .map(|(id, all)| (id, choose_up_to(choose, all.len())))
            .collect()
    }

    fn with_pending(&self) -> impl Iterator<Item = (NodeId, Vec<u64>)> {
        self.nodes
            .iter()
            .filter_map(|(&id, node)| match &node.body {
                Body::Folder(folder) if !folder.pending.is_empty() => {
                    let numbers = folder.pending.iter().map(|pending| pending.number);
                    Some((id, numbers.collect()))
                }
                Body::Folder(_) | Body::File(_) | Body::Symlink(_) => None,
            })
    }

    /// Lets no old name of a moved thing go whose new one is lost.
    fn never_in_neither(&self, kept: &mut BTreeMap<NodeId, usize>) {
        loop {
            let mut shortened = None;
            'search: for (&id, &count) in &*kept {
                let Ok(folder) = self.folder(id) else {
                    continue;
                };
                for (at, pending) in folder.pending.iter().take(count).enumerate() {
                    if pending
                        .moved_to
                        .is_some_and(|to| !self.survives(to, pending.number, kept))
                    {
                        shortened = Some((id, at));
                        break 'search;
                    }
                }
            }
            let Some((id, count)) = shortened else {
                return;
            };
            kept.insert(id, count);
        }
    }

    /// Whether a change of a directory is synced already or among those that survive.
    fn survives(&self, folder: NodeId, number: u64, kept: &BTreeMap<NodeId, usize>) -> bool {
        let Ok(folder_body) = self.folder(folder) else {
            return true;
        };
        let at = folder_body
            .pending
            .iter()
            .position(|pending| pending.number == number);
        at.is_none_or(|at| kept.get(&folder).is_some_and(|&count| at < count))
    }

    /// The names of a directory that are durable.
    pub(super) fn durable_names(&self, id: NodeId) -> Option<&Names> {
        match &self.nodes.get(&id)?.body {
            Body::Folder(folder) => Some(&folder.durable),
            Body::File(_) | Body::Symlink(_) => None,
        }
    }

    /// Whether nothing would be lost.
    pub(super) fn is_all_durable(&self) -> bool {
        self.nodes.values().all(|node| match &node.body {
            Body::Folder(folder) => folder.pending.is_empty(),
            Body::File(file) => node.links == 0 || Arc::ptr_eq(&file.live, &file.durable),
            Body::Symlink(_) => true,
        }) && self.node(TOP).links > 0
    }
}

fn choose_up_to(choose: Choose<'_>, most: usize) -> usize {
    let most = u32::try_from(most).unwrap_or(u32::MAX - 1);
    choose(most + 1).min(most) as usize
}

/// A file that was written and not synced, after the cut.
fn after_cut(live: &Content, durable: &Content, choose: Choose<'_>) -> Content {
    let unsynced = live.unsynced_blocks(durable);
    match choose(4) {
        0 => durable.clone(),
        1 => live.clone(),
        2 => live.with_blocks(&unsynced, &Unsynced::Zero),
        _ => {
            let written = choose_up_to(choose, unsynced.len());
            live.with_blocks(&unsynced[written..], &Unsynced::Old(durable))
        }
    }
}
