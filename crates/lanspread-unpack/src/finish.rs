//! The end of a job: makes the symbolic links, syncs and reports.
//!
//! The one invariant: a link is only made when everything it leads through is known and stays
//! inside the target.

use crate::Durability;
use crate::durable;
use crate::error::UnpackError;
use crate::extractor::{Extractor, is_unavailable};
use crate::links::{self, Destination};
use crate::progress::UnpackPhase;
use crate::report::{SkipReason, SkippedEntry, UnpackReport, UnpackedFile, UnpackedLink};
use crate::text::printable;
use crate::tree::NodeKind;

impl Extractor<'_> {
    /// Makes the links, syncs if asked to, and reports.
    pub(crate) fn finish(mut self) -> Result<UnpackReport, UnpackError> {
        let links = self.make_links()?;
        self.report_progress(UnpackPhase::Unpacking);
        let mut report = UnpackReport {
            links,
            skipped: std::mem::take(&mut self.skipped),
            respelled: std::mem::take(&mut self.respelled),
            ..UnpackReport::default()
        };
        for node in self.tree.nodes() {
            match &node.kind {
                NodeKind::Directory => report.directories.push(node.path.clone()),
                NodeKind::File { size_bytes } => report.files.push(UnpackedFile {
                    path: node.path.clone(),
                    size_bytes: *size_bytes,
                }),
                NodeKind::Link { .. } => {}
            }
        }
        report.files.sort_unstable_by(|a, b| a.path.cmp(&b.path));
        report.links.sort_unstable_by(|a, b| a.path.cmp(&b.path));
        report.directories.sort_unstable();
        if self.job.durability == Durability::Synced {
            self.report_progress(UnpackPhase::Syncing);
            durable::sync(self.job.target, &report, || self.check_cancelled())?;
        }
        Ok(report)
    }

    fn make_links(&mut self) -> Result<Vec<UnpackedLink>, UnpackError> {
        let mut pending = Vec::new();
        for node in self.tree.nodes() {
            if let NodeKind::Link { points_to } = &node.kind {
                let archive = self.archives[node.archive].name.clone();
                let destination =
                    links::resolve(&self.tree, &node.path, points_to).map_err(|refusal| {
                        UnpackError::Refused {
                            archive: archive.clone(),
                            entry: printable(&node.path),
                            refusal,
                        }
                    })?;
                let link = UnpackedLink {
                    path: node.path.clone(),
                    points_to: points_to.clone(),
                };
                pending.push((archive, link, destination));
            }
        }
        let mut made = Vec::new();
        for (archive, link, destination) in pending {
            self.check_cancelled()?;
            match self.make_link(&archive, &link, destination)? {
                None => made.push(link),
                Some(reason) => {
                    self.skipped.push(SkippedEntry {
                        archive,
                        entry: link.path,
                        reason,
                    });
                }
            }
        }
        Ok(made)
    }

    /// Makes one link, or answers why it is left out.
    fn make_link(
        &mut self,
        archive: &str,
        link: &UnpackedLink,
        destination: Destination,
    ) -> Result<Option<SkipReason>, UnpackError> {
        let write_failed = |source| UnpackError::Write {
            archive: archive.to_owned(),
            path: link.path.clone(),
            source,
        };
        if destination == Destination::Nothing {
            // The link may stand where an earlier archive has put a file.
            self.target.remove(&link.path).map_err(write_failed)?;
            return Ok(Some(SkipReason::DanglingLink));
        }
        match self
            .target
            .symlink(&link.points_to, &link.path, destination)
        {
            Ok(()) => Ok(None),
            Err(error) if is_unavailable(&error) => Ok(Some(SkipReason::LinksUnavailable)),
            Err(error) => Err(write_failed(error)),
        }
    }
}
