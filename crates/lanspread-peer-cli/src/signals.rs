//! The ways in which the system asks a program to end.
//!
//! Invariant: from [`EndSignal::listen`] on, none of these signals ends the process by itself.

use std::io;

#[cfg(unix)]
use tokio::signal::unix::{Signal, SignalKind, signal};
#[cfg(windows)]
use tokio::signal::windows::{CtrlC, CtrlClose, CtrlShutdown, ctrl_c, ctrl_close, ctrl_shutdown};

/// Ctrl-C, and what service managers and closed terminals send.
#[cfg(unix)]
#[derive(Debug)]
pub(crate) struct EndSignal {
    interrupt: Signal,
    terminate: Signal,
    hang_up: Signal,
}

#[cfg(unix)]
impl EndSignal {
    /// Begins to listen.
    ///
    /// # Errors
    /// The system does not let this process listen to signals.
    pub(crate) fn listen() -> io::Result<Self> {
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
            hang_up: signal(SignalKind::hangup())?,
        })
    }

    /// Waits until this process is asked to end.
    pub(crate) async fn wait(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
            _ = self.hang_up.recv() => {}
        }
    }
}

/// Ctrl-C, and what closed consoles and a shutdown of the system send.
#[cfg(windows)]
#[derive(Debug)]
pub(crate) struct EndSignal {
    interrupt: CtrlC,
    close: CtrlClose,
    shutdown: CtrlShutdown,
}

#[cfg(windows)]
impl EndSignal {
    /// Begins to listen.
    ///
    /// # Errors
    /// The system does not let this process listen to signals.
    pub(crate) fn listen() -> io::Result<Self> {
        Ok(Self {
            interrupt: ctrl_c()?,
            close: ctrl_close()?,
            shutdown: ctrl_shutdown()?,
        })
    }

    /// Waits until this process is asked to end.
    pub(crate) async fn wait(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.close.recv() => {}
            _ = self.shutdown.recv() => {}
        }
    }
}
