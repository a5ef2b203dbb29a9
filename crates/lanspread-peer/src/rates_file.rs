//! The limits of transfers in the state directory: what holds after a restart.
//!
//! Invariant: the file is whole, old or new, whatever happens while it is written. One that cannot be
//! used is put aside and said so, and the peer starts without limits.

use std::path::{Path, PathBuf};

use lanspread_core::{DiskFailure, RateLimit, RateLimits};
use serde::{Deserialize, Serialize};

use crate::state_file::{check_format, put_aside, read_json, write_json};

/// The file, in the state directory.
pub const RATES_FILE: &str = "rates.json";

/// What a file that cannot be used is renamed to.
const DAMAGED_FILE: &str = "rates.json.damaged";

/// Longest file that is read.
pub const RATES_FILE_BYTES_MAX: u64 = 4 * 1024;

/// The format of the file.
const FORMAT: u32 = 1;

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Content {
    format: u32,
    upload_bytes_per_s: Option<u64>,
    upload_per_peer_bytes_per_s: Option<u64>,
    download_bytes_per_s: Option<u64>,
    download_per_peer_bytes_per_s: Option<u64>,
}

/// What was read at the start.
#[derive(Debug, Default)]
pub(crate) struct Loaded {
    pub(crate) limits: RateLimits,
    /// What the user should know of the file.
    pub(crate) trouble: Option<String>,
}

/// Where the limits are kept.
#[derive(Debug, Clone)]
pub(crate) struct RatesFile {
    path: PathBuf,
}

impl RatesFile {
    pub(crate) fn in_dir(state_dir: &Path) -> Self {
        Self {
            path: state_dir.join(RATES_FILE),
        }
    }

    /// Reads the limits.
    pub(crate) fn load(&self) -> Loaded {
        match self.read() {
            Ok(limits) => Loaded {
                limits,
                trouble: None,
            },
            Err(why) => Loaded {
                limits: RateLimits::default(),
                trouble: Some(self.put_aside(&why)),
            },
        }
    }

    /// Writes the limits, whole or not at all.
    ///
    /// # Errors
    /// What the system says, with the file.
    pub(crate) fn save(&self, limits: RateLimits) -> Result<(), DiskFailure> {
        let bytes_per_s = |limit: Option<RateLimit>| limit.map(RateLimit::bytes_per_s);
        let content = Content {
            format: FORMAT,
            upload_bytes_per_s: bytes_per_s(limits.upload),
            upload_per_peer_bytes_per_s: bytes_per_s(limits.upload_per_peer),
            download_bytes_per_s: bytes_per_s(limits.download),
            download_per_peer_bytes_per_s: bytes_per_s(limits.download_per_peer),
        };
        write_json(&self.path, &content)
    }

    fn read(&self) -> Result<RateLimits, String> {
        let Some(content) = read_json::<Content>(&self.path, RATES_FILE_BYTES_MAX)? else {
            return Ok(RateLimits::default());
        };
        check_format(content.format, FORMAT)?;
        let limit = |bytes_per_s: Option<u64>| {
            let limit = bytes_per_s.map(RateLimit::new).transpose();
            limit.map_err(|error| error.to_string())
        };
        Ok(RateLimits {
            upload: limit(content.upload_bytes_per_s)?,
            upload_per_peer: limit(content.upload_per_peer_bytes_per_s)?,
            download: limit(content.download_bytes_per_s)?,
            download_per_peer: limit(content.download_per_peer_bytes_per_s)?,
        })
    }

    fn put_aside(&self, why: &str) -> String {
        let kept = put_aside(&self.path, DAMAGED_FILE);
        format!(
            "the limits of transfers in {} cannot be used ({why}), so there are none until you set them \
             again; {kept}",
            self.path.display()
        )
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use lanspread_core::rates::RATE_MIN_BYTES_PER_S;

    use super::*;

    fn some() -> RateLimits {
        RateLimits {
            upload: RateLimit::new(5_000_000).ok(),
            download_per_peer: RateLimit::new(RATE_MIN_BYTES_PER_S).ok(),
            ..RateLimits::default()
        }
    }

    fn saved() -> (tempfile::TempDir, RatesFile) {
        let dir = tempfile::tempdir().unwrap();
        let file = RatesFile::in_dir(dir.path());
        file.save(some()).unwrap();
        (dir, file)
    }

    #[test]
    fn what_was_written_is_read_and_no_file_is_no_limit() {
        let (_dir, file) = saved();
        let loaded = file.load();
        assert_eq!((loaded.limits, loaded.trouble), (some(), None));
        fs::remove_file(&file.path).unwrap();
        let loaded = file.load();
        assert_eq!(
            (loaded.limits, loaded.trouble),
            (RateLimits::default(), None)
        );
    }

    #[test]
    fn a_file_that_is_cut_off_garbage_too_slow_or_of_another_format_is_put_aside_and_said_so() {
        let (_dir, file) = saved();
        let good = String::from_utf8(fs::read(&file.path).unwrap()).unwrap();
        let damaged = [
            good[..good.len() / 2].to_owned(),
            String::new(),
            "garbage".to_owned(),
            good.replace("\"format\": 1", "\"format\": 2"),
            good.replace("5000000", &(RATE_MIN_BYTES_PER_S - 1).to_string()),
        ];
        for content in damaged {
            fs::write(&file.path, &content).unwrap();
            let loaded = file.load();
            assert_eq!(loaded.limits, RateLimits::default());
            let trouble = loaded.trouble.unwrap();
            assert!(trouble.contains("cannot be used"), "{trouble}");
            let aside = file.path.with_file_name(DAMAGED_FILE);
            assert_eq!(fs::read_to_string(aside).unwrap(), content);
            assert!(file.load().trouble.is_none(), "and it goes on");
        }
    }

    #[test]
    fn a_file_at_its_longest_is_read_and_a_longer_one_is_not() {
        let (_dir, file) = saved();
        let mut bytes = fs::read(&file.path).unwrap();
        bytes.resize(usize::try_from(RATES_FILE_BYTES_MAX).unwrap(), b' ');
        fs::write(&file.path, &bytes).unwrap();
        assert_eq!(file.load().limits, some());
        bytes.push(b' ');
        fs::write(&file.path, &bytes).unwrap();
        assert!(file.load().trouble.unwrap().contains("longer"));
    }
}
