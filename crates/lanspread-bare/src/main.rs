//! The least program that moves a file over s2n-quic: what Lanspread's own data path is measured
//! against.
//!
//! The invariant: it is tuned as Lanspread is and does nothing else. It reads a file, sends it
//! encrypted, receives it and writes it; it hashes nothing, keeps no library and asks no core.
//!
//! ```text
//! lanspread-bare serve ADDRESS FILE CERTIFICATE     serves FILE until it is killed
//! lanspread-bare fetch ADDRESS BYTES CERTIFICATE FILE
//! ```
//!
//! The server writes its certificate to `CERTIFICATE` when it listens; the other side reads it there.

mod endpoint;
mod fetch;
mod serve;

use std::path::Path;

use eyre::{Result, bail};

/// The name that the certificate is made for, and the protocol that both sides speak.
const NAME: &str = "bare";

/// Bytes read, sent and written in one piece.
const PIECE_BYTES: usize = 256 * 1024;

/// See `docs/decisions/0013-the-data-path.md`.
#[cfg(target_os = "linux")]
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let application = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    match arguments[..] {
        ["serve", address, file, certificate] => application.block_on(serve::serve(
            address.parse()?,
            Path::new(file),
            Path::new(certificate),
        )),
        ["fetch", address, bytes, certificate, file] => application.block_on(fetch::fetch(
            address.parse()?,
            bytes.parse()?,
            Path::new(certificate),
            Path::new(file),
        )),
        _ => {
            bail!("say `serve ADDRESS FILE CERTIFICATE` or `fetch ADDRESS BYTES CERTIFICATE FILE`")
        }
    }
}
