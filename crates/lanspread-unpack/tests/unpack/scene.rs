//! A directory with archives, a target beside them, and a look at both afterwards.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use cap_std::ambient_authority;
use cap_std::fs::Dir;
use lanspread_unpack::{
    AnyUnpacker, CancelFlag, EntryRefusal, UnpackError, UnpackJob, UnpackReport, Unpacker,
};

/// Files and links by path; what a link holds follows an arrow, directories end in a slash.
pub(crate) type Snapshot = BTreeMap<String, Vec<u8>>;

pub(crate) struct Scene {
    directory: tempfile::TempDir,
    pub(crate) archives: Vec<PathBuf>,
    pub(crate) target: Dir,
    outside: Snapshot,
}

impl Scene {
    /// Sets up archives with these names, to be unpacked in this order.
    pub(crate) fn new<N: AsRef<str>>(archives: &[(N, Vec<u8>)]) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let root = directory.path();
        fs::create_dir(root.join("target")).unwrap();
        fs::create_dir(root.join("archives")).unwrap();
        fs::create_dir(root.join("precious")).unwrap();
        fs::write(root.join("precious/save.dat"), "forty hours of play").unwrap();
        let archives: Vec<PathBuf> = archives
            .iter()
            .map(|(name, content)| {
                let path = root.join("archives").join(name.as_ref());
                fs::write(&path, content).unwrap();
                path
            })
            .collect();
        let target = Dir::open_ambient_dir(root.join("target"), ambient_authority()).unwrap();
        let outside = snapshot(root, Some("target"));
        Self {
            directory,
            archives,
            target,
            outside,
        }
    }

    pub(crate) fn one(name: &str, content: Vec<u8>) -> Self {
        Self::new(&[(name, content)])
    }

    pub(crate) fn unpack(&self) -> Result<UnpackReport, UnpackError> {
        let cancel = CancelFlag::new();
        self.unpack_job(UnpackJob::new(&self.archives, &self.target, &cancel))
    }

    /// Unpacks a job, and fails the test if anything outside the target has changed.
    pub(crate) fn unpack_job(&self, job: UnpackJob<'_>) -> Result<UnpackReport, UnpackError> {
        let result = AnyUnpacker.unpack(job);
        assert_eq!(
            snapshot(self.directory.path(), Some("target")),
            self.outside,
            "something outside the target has changed"
        );
        if let Ok(report) = &result {
            self.check_report(report);
        }
        result
    }

    /// Unpacks and answers with what is wrong with which entry.
    pub(crate) fn refusal(&self) -> (String, EntryRefusal) {
        match self.unpack() {
            Err(UnpackError::Refused { entry, refusal, .. }) => (entry, refusal),
            other => panic!("expected a refusal, got {other:?}"),
        }
    }

    pub(crate) fn target_path(&self) -> PathBuf {
        self.directory.path().join("target")
    }

    pub(crate) fn outside_path(&self) -> PathBuf {
        self.directory.path().join("precious")
    }

    /// Everything in the target.
    pub(crate) fn content(&self) -> Snapshot {
        snapshot(&self.target_path(), None)
    }

    /// The files in the target, without directories and links.
    pub(crate) fn files(&self) -> Snapshot {
        let mut content = self.content();
        content.retain(|path, _| !path.ends_with('/') && !path.contains(" -> "));
        content
    }

    fn check_report(&self, report: &UnpackReport) {
        let reported: Vec<(String, u64)> = report
            .files
            .iter()
            .map(|file| (file.path.clone(), file.size_bytes))
            .collect();
        let found: Vec<(String, u64)> = self
            .files()
            .into_iter()
            .map(|(path, content)| (path, content.len() as u64))
            .collect();
        assert_eq!(reported, found, "the report is not what is on disk");
    }
}

fn snapshot(root: &Path, except: Option<&str>) -> Snapshot {
    let mut found = Snapshot::new();
    visit(root, "", except, &mut found);
    found
}

fn visit(directory: &Path, prefix: &str, except: Option<&str>, found: &mut Snapshot) {
    for entry in fs::read_dir(directory).unwrap() {
        let entry = entry.unwrap();
        let name = entry.file_name().into_string().unwrap();
        if prefix.is_empty() && except == Some(name.as_str()) {
            continue;
        }
        let path = format!("{prefix}{name}");
        let kind = entry.file_type().unwrap();
        if kind.is_dir() {
            visit(&entry.path(), &format!("{path}/"), except, found);
            found.insert(format!("{path}/"), Vec::new());
        } else if kind.is_symlink() {
            let points_to = fs::read_link(entry.path()).unwrap();
            found.insert(format!("{path} -> {}", points_to.display()), Vec::new());
        } else {
            found.insert(path, fs::read(entry.path()).unwrap());
        }
    }
}
