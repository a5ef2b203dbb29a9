//! A bounded number of open files, the longest unused closed first.
//!
//! Invariant: never more than the limit are kept; whoever still uses a closed one keeps it open for
//! as long as that takes. While one is being opened, which a disk that hangs never ends, the others are
//! at hand.

use std::{
    io,
    sync::{Arc, Mutex},
};

use super::{library::lock, port::FileHandle};

/// Most files that one download or one peer's serving keeps open.
pub(crate) const OPEN_FILES_MAX: usize = 64;

/// Open files by a key, the most recently used last.
#[derive(Debug)]
pub(crate) struct Handles<K>(Mutex<Vec<(K, Arc<dyn FileHandle>)>>);

impl<K> Default for Handles<K> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<K: PartialEq> Handles<K> {
    /// The open file of a key; `open` opens it if it is not.
    pub(crate) fn get(
        &self,
        key: K,
        open: impl FnOnce() -> io::Result<Arc<dyn FileHandle>>,
    ) -> io::Result<Arc<dyn FileHandle>> {
        if let Some(known) = self.known(&key) {
            return Ok(known);
        }
        let opened = open()?;
        // Somebody else may have opened it meanwhile.
        if let Some(known) = self.known(&key) {
            return Ok(known);
        }
        let mut kept = lock(&self.0);
        if kept.len() == OPEN_FILES_MAX {
            kept.remove(0);
        }
        kept.push((key, Arc::clone(&opened)));
        Ok(opened)
    }

    /// The open file of a key, if it is open: the one used last from here on.
    pub(crate) fn known(&self, key: &K) -> Option<Arc<dyn FileHandle>> {
        let mut kept = lock(&self.0);
        let at = kept.iter().position(|(known, _)| known == key)?;
        let known = kept.remove(at);
        let handle = Arc::clone(&known.1);
        kept.push(known);
        Some(handle)
    }

    /// Closes the files whose key says so.
    pub(crate) fn close(&self, mut which: impl FnMut(&K) -> bool) {
        lock(&self.0).retain(|(key, _)| !which(key));
    }
}

#[cfg(test)]
mod tests {
    use super::{
        super::port::{Kind, Stamp, Stat},
        *,
    };

    #[derive(Debug)]
    struct Nothing;

    impl FileHandle for Nothing {
        fn stat(&self) -> io::Result<Stat> {
            let stamp = Stamp {
                size_bytes: 0,
                modified_ns: 0,
                changed_ns: 0,
            };
            Ok(Stat {
                kind: Kind::File,
                stamp,
            })
        }

        fn read_at(&self, _into: &mut [u8], _offset_bytes: u64) -> io::Result<usize> {
            Ok(0)
        }

        fn write_at(&self, _bytes: &[u8], _offset_bytes: u64) -> io::Result<()> {
            Ok(())
        }

        fn sync(&self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn as_many_files_as_the_limit_stay_open_and_one_more_closes_the_longest_unused() {
        let handles = Handles::default();
        let mut opened = Vec::new();
        let get = |key: usize, opened: &mut Vec<usize>| {
            handles
                .get(key, || {
                    opened.push(key);
                    Ok(Arc::new(Nothing))
                })
                .unwrap();
        };
        for key in 0..OPEN_FILES_MAX {
            get(key, &mut opened);
        }
        get(0, &mut opened);
        assert_eq!(
            opened.len(),
            OPEN_FILES_MAX,
            "all at the limit are still open"
        );
        get(OPEN_FILES_MAX, &mut opened);
        get(0, &mut opened);
        assert_eq!(
            opened.len(),
            OPEN_FILES_MAX + 1,
            "the one used last is still open"
        );
        get(1, &mut opened);
        assert_eq!(opened.last(), Some(&1), "the longest unused one was closed");
    }

    #[test]
    fn a_file_whose_opening_hangs_keeps_nobody_from_the_others() {
        let handles = Handles::default();
        let nothing = || -> io::Result<Arc<dyn FileHandle>> { Ok(Arc::new(Nothing)) };
        handles.get(1, nothing).unwrap();
        let opened = handles.get(2, || {
            // As long as this lasts:
            handles.get(1, || panic!("it is open"))?;
            handles.get(3, nothing)?;
            nothing()
        });
        opened.unwrap();
    }
}
