//! The local socket over which commands reach a peer that is already running on a state directory.
//!
//! Invariant: only the user who runs the peer can reach it: the socket is a private file, on Windows a
//! named pipe of that user. What is spoken on it is the JSON interface.

use std::{
    io,
    path::{Path, PathBuf},
    sync::Arc,
};

use interprocess::local_socket::{
    GenericFilePath, ListenerOptions, Name,
    tokio::{Stream, prelude::*},
};
use tokio::{io::BufReader, task::JoinSet};

use crate::{lines, session::Session};

/// Most clients served at the same time.
pub(crate) const CLIENTS_MAX: usize = 32;

/// Longest path that every supported system takes as a socket's name, in bytes.
#[cfg(unix)]
const SOCKET_PATH_BYTES_MAX: usize = 100;

/// Where the socket of a state directory is.
pub(crate) fn socket_path(state_dir: &Path) -> PathBuf {
    let name = blake3::hash(state_dir.as_os_str().as_encoded_bytes()).to_hex();
    #[cfg(unix)]
    {
        let inside = state_dir.join("control.sock");
        if inside.as_os_str().len() <= SOCKET_PATH_BYTES_MAX {
            return inside;
        }
        std::env::temp_dir().join(format!("lanspread-{}.sock", &name[..16]))
    }
    #[cfg(not(unix))]
    {
        PathBuf::from(format!(r"\\.\pipe\lanspread-{}", &name[..16]))
    }
}

fn socket_name(state_dir: &Path) -> io::Result<Name<'static>> {
    socket_path(state_dir).to_fs_name::<GenericFilePath>().map(Name::into_owned)
}

/// Connects to the peer that runs on this state directory, if one does.
pub(crate) async fn connect(state_dir: &Path) -> Option<Stream> {
    Stream::connect(socket_name(state_dir).ok()?).await.ok()
}

/// Serves the session's commands to whoever connects, until the session is left.
///
/// The caller holds the lock of the state directory, so a socket that is there already was left
/// behind and is replaced.
///
/// # Errors
/// The socket cannot be made.
pub(crate) async fn serve(session: Arc<Session>, state_dir: &Path) -> io::Result<()> {
    let path = socket_path(state_dir);
    let options = ListenerOptions::new().name(socket_name(state_dir)?).try_overwrite(true);
    #[cfg(unix)]
    let options = {
        use interprocess::os::unix::local_socket::ListenerOptionsExt;
        options.mode(0o600)
    };
    let listener = options.create_tokio().map_err(|error| {
        io::Error::new(error.kind(), format!("the control socket {} cannot be made: {error}", path.display()))
    })?;
    let mut clients = JoinSet::new();
    loop {
        tokio::select! {
            () = session.leave().cancelled() => return Ok(()),
            Some(_) = clients.join_next() => {}
            client = listener.accept(), if clients.len() < CLIENTS_MAX => {
                let Ok(client) = client else { continue };
                let session = Arc::clone(&session);
                clients.spawn(async move {
                    let (input, output) = client.split();
                    if let Err(error) = lines::serve(session, BufReader::new(input), output).await {
                        tracing::debug!(%error, "a control client went away");
                    }
                });
            }
        }
    }
}
