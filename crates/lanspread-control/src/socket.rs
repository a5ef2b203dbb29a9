//! The local socket over which commands reach a peer that is already running on a state directory.
//!
//! Invariant: only the user who runs the peer can reach it: the socket is a private file, on Windows a
//! named pipe of that user. What is spoken on it is the JSON interface.

use std::{
    io,
    path::{Path, PathBuf},
    time::Duration,
};

use interprocess::local_socket::{
    GenericFilePath, ListenerOptions, Name,
    tokio::{Listener, Stream, prelude::*},
};
use lanspread_app::NoticeAbout;
use tokio::{
    io::BufReader,
    task::{JoinHandle, JoinSet},
};

use crate::{
    lines::{self, AtEnd},
    session::Served,
};

/// Most clients served at the same time.
const CLIENTS_MAX: usize = 32;

/// How long clients have to read the last lines of a peer that ended.
const LAST_LINES: Duration = Duration::from_millis(200);

/// Pause after the system refused to hand over a client, for example because files ran out.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Longest path that every supported system takes as a socket's name, in bytes.
#[cfg(unix)]
const SOCKET_PATH_BYTES_MAX: usize = 100;

/// A name for a state directory that no other one has, also where several paths lead to it: 32 letters and
/// digits.
#[must_use]
pub fn key_of(state_dir: &Path) -> String {
    let name = blake3::hash(real(state_dir).as_os_str().as_encoded_bytes());
    name.to_hex()[..32].to_owned()
}

/// A path without links on the way, as far as it exists.
fn real(path: &Path) -> PathBuf {
    let whole = path.ancestors().find_map(|there| {
        let rest = path.strip_prefix(there).ok()?;
        let there = there.canonicalize().ok()?;
        // Joining nothing would end the path in a separator.
        Some(if rest.as_os_str().is_empty() {
            there
        } else {
            there.join(rest)
        })
    });
    whole.unwrap_or_else(|| path.to_owned())
}

/// Where the socket of a state directory is.
fn socket_path(state_dir: &Path) -> PathBuf {
    #[cfg(unix)]
    {
        let inside = real(state_dir).join("control.sock");
        if inside.as_os_str().len() <= SOCKET_PATH_BYTES_MAX {
            return inside;
        }
        std::env::temp_dir().join(format!("lanspread-{}.sock", key_of(state_dir)))
    }
    #[cfg(not(unix))]
    {
        PathBuf::from(format!(r"\\.\pipe\lanspread-{}", key_of(state_dir)))
    }
}

/// Connects to the peer that runs on this state directory; `None` if none does that could be talked to.
pub async fn connect(state_dir: &Path) -> Option<Stream> {
    let path = socket_path(state_dir);
    if !is_own(&path, state_dir) {
        return None;
    }
    Stream::connect(socket_name(path).ok()?).await.ok()
}

/// Whether the socket was made by the owner of the state directory: one outside of it has a name
/// that anybody could take first.
#[cfg(unix)]
fn is_own(socket: &Path, state_dir: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    let owner = |path: &Path| path.symlink_metadata().map(|metadata| metadata.uid()).ok();
    owner(socket).is_some_and(|uid| Some(uid) == owner(&real(state_dir)))
}

/// Pipes of other users cannot take this name while the peer runs.
#[cfg(not(unix))]
fn is_own(_socket: &Path, _state_dir: &Path) -> bool {
    true
}

fn socket_name(path: PathBuf) -> io::Result<Name<'static>> {
    path.to_fs_name::<GenericFilePath>()
}

/// The control socket of a peer.
#[derive(Debug)]
pub struct Control {
    /// `None` where no socket can be made.
    task: Option<JoinHandle<()>>,
}

impl Control {
    /// Serves a peer's commands on the socket of its state directory, until the peer has ended. Where none
    /// can be made, a notice says so.
    ///
    /// The peer holds the lock of its state directory, so the socket is its own to take; the one of an
    /// earlier peer of this process has to be [closed](Self::closed) before.
    #[must_use]
    pub fn open(served: Served) -> Self {
        let task = match ControlSocket::bind(&served.app.facts().state_dir) {
            Ok(socket) => Some(tokio::spawn(socket.serve(served))),
            Err(error) => {
                let told = format!("{error}; other commands cannot talk to this peer");
                served.app.notice(NoticeAbout::NoControl, told);
                None
            }
        };
        Self { task }
    }

    /// Waits until the socket is gone, after the peer.
    pub async fn closed(self) {
        if let Some(task) = self.task
            && let Err(error) = task.await
        {
            tracing::error!(%error, "the control socket's task failed");
        }
    }
}

/// A socket that clients can connect to.
#[derive(Debug)]
struct ControlSocket {
    listener: Listener,
}

impl ControlSocket {
    /// Makes the socket of a state directory.
    ///
    /// The caller holds the lock of the directory, so a socket that is there already was left behind
    /// by a peer that was killed, and is replaced.
    ///
    /// # Errors
    /// The system does not allow it there.
    fn bind(state_dir: &Path) -> io::Result<Self> {
        let path = socket_path(state_dir);
        let listener = private_listener(&path).map_err(|error| {
            let message = format!(
                "the control socket {} cannot be made: {error}",
                path.display()
            );
            io::Error::new(error.kind(), message)
        })?;
        Ok(Self { listener })
    }

    /// Serves the peer's commands to whoever connects, until the peer has ended. The socket is
    /// gone afterwards.
    async fn serve(self, served: Served) {
        let mut clients = JoinSet::new();
        loop {
            tokio::select! {
                () = served.app.ended().cancelled() => break,
                Some(_) = clients.join_next() => {}
                client = self.listener.accept(), if clients.len() < CLIENTS_MAX => match client {
                    Ok(client) => {
                        clients.spawn(serve_client(served.clone(), client));
                    }
                    Err(error) => {
                        tracing::warn!(%error, "a control client could not be let in");
                        tokio::time::sleep(ACCEPT_PAUSE).await;
                    }
                },
            }
        }
        drop(self.listener);
        let last = async { while clients.join_next().await.is_some() {} };
        if tokio::time::timeout(LAST_LINES, last).await.is_err() {
            tracing::debug!("a control client did not read the last lines");
        }
    }
}

async fn serve_client(served: Served, client: Stream) {
    let events = served.app.events();
    let (input, output) = tokio::io::split(client);
    let input = BufReader::new(input);
    if let Err(error) = lines::serve(served, events, input, output, AtEnd::EndClient).await {
        tracing::debug!(%error, "a control client went away");
    }
}

fn options(path: &Path) -> io::Result<ListenerOptions<'static>> {
    Ok(ListenerOptions::new()
        .name(socket_name(path.to_owned())?)
        .try_overwrite(true))
}

#[cfg(unix)]
fn private_listener(path: &Path) -> io::Result<Listener> {
    use std::os::unix::fs::PermissionsExt;

    use interprocess::os::unix::local_socket::ListenerOptionsExt;

    match options(path)?.mode(0o600).create_tokio() {
        Err(error) if error.kind() == io::ErrorKind::Unsupported => {
            // The state directory around it is private as well.
            let listener = options(path)?.create_tokio()?;
            std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600))?;
            Ok(listener)
        }
        other => other,
    }
}

/// Whoever owns the pipe, the system and its administrators; the list that a pipe has by itself lets everybody
/// on the machine read from it as well.
#[cfg(not(unix))]
const PRIVATE: &widestring::U16CStr =
    widestring::u16cstr!("D:P(A;;GA;;;OW)(A;;GA;;;SY)(A;;GA;;;BA)");

#[cfg(not(unix))]
fn private_listener(path: &Path) -> io::Result<Listener> {
    use interprocess::os::windows::{
        local_socket::ListenerOptionsExt, security_descriptor::SecurityDescriptor,
    };

    let private = SecurityDescriptor::deserialize(PRIVATE)?;
    options(path)?.security_descriptor(private).create_tokio()
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn state_dir_with_socket_of(bytes: usize, parent: &Path) -> PathBuf {
        let used = parent
            .canonicalize()
            .expect("it is there")
            .as_os_str()
            .len();
        let name = bytes - used - "//control.sock".len();
        let dir = parent.join("x".repeat(name));
        std::fs::create_dir(&dir).expect("writable");
        dir
    }

    #[test]
    fn a_socket_lies_in_its_state_directory_as_long_as_its_name_is_short_enough() {
        let parent = tempfile::tempdir().expect("a temporary directory");
        let fits = state_dir_with_socket_of(SOCKET_PATH_BYTES_MAX, parent.path());
        assert_eq!(
            socket_path(&fits).parent(),
            fits.canonicalize().ok().as_deref()
        );
        let too_long = state_dir_with_socket_of(SOCKET_PATH_BYTES_MAX + 1, parent.path());
        assert_eq!(
            socket_path(&too_long).parent(),
            Some(&*std::env::temp_dir())
        );
        assert!(socket_path(&too_long).as_os_str().len() <= SOCKET_PATH_BYTES_MAX);
    }

    #[test]
    fn all_paths_to_a_state_directory_lead_to_one_name_also_before_it_is_made() {
        let parent = tempfile::tempdir().expect("a temporary directory");
        let (there, link) = (parent.path().join("there"), parent.path().join("link"));
        std::fs::create_dir(&there).expect("writable");
        std::os::unix::fs::symlink(&there, &link).expect("writable");
        assert_eq!(key_of(&link), key_of(&there));
        let before = key_of(&link.join("new/state"));
        assert_eq!(before, key_of(&there.join("new/state")));
        std::fs::create_dir_all(there.join("new/state")).expect("writable");
        assert_eq!(before, key_of(&there.join("new/state")));
        assert_ne!(before, key_of(&there));
    }

    #[tokio::test]
    async fn a_socket_that_was_left_behind_is_replaced_and_private() {
        let state = tempfile::tempdir().expect("a temporary directory");
        let path = socket_path(state.path());
        drop(std::os::unix::net::UnixListener::bind(&path).expect("a socket"));
        assert!(path.exists(), "the standard library leaves it behind");
        assert!(
            connect(state.path()).await.is_none(),
            "nobody listens there"
        );
        let socket = ControlSocket::bind(state.path()).expect("replaced");
        let mode = std::fs::metadata(&path)
            .expect("there")
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600);
        assert!(connect(state.path()).await.is_some());
        drop(socket);
        assert!(!path.exists(), "it goes with its owner");
    }
}
