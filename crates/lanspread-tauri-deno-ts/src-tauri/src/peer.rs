//! The peer behind the window: started, ended, started again.
//!
//! Invariant: at most one runs, and one that ends does so politely: the others are told, and it has ended
//! before the next one starts or the program does.

use std::sync::{Arc, Mutex, PoisonError};

use lanspread_app::{
    App, ApplicationLog, Events, IfAway, Ran, Scripts, Settings, StartError, Update,
};
use lanspread_control::{Control, RunBy, Served};
use lanspread_jsonl::bad_input;
use tauri::{async_runtime::JoinHandle, ipc::Channel};
use tokio::sync::watch;

use crate::{follow::follow, place::Place, refused::Refused, said::Said};

/// The peer, running or not.
#[derive(Debug)]
pub(crate) struct Peer {
    place: Place,
    log: ApplicationLog,
    /// Games that run go on when one peer makes room for another.
    scripts: Scripts,
    current: watch::Sender<Option<Arc<App>>>,
    following: Mutex<Option<JoinHandle<()>>>,
    /// The control socket of the peer; held by whoever starts or ends one.
    control: tokio::sync::Mutex<Option<Control>>,
}

impl Peer {
    /// Nothing runs yet.
    pub(crate) fn new(place: Place, log: ApplicationLog) -> Self {
        Self {
            place,
            log,
            scripts: Scripts::default(),
            current: watch::Sender::new(None),
            following: Mutex::default(),
            control: tokio::sync::Mutex::default(),
        }
    }

    /// Where it keeps things.
    pub(crate) const fn place(&self) -> &Place {
        &self.place
    }

    /// Starts a peer as the user wishes it, after one that runs has ended. The listener hears its events from the first on.
    ///
    /// # Errors
    /// See [`StartError`].
    pub(crate) async fn start(
        &self,
        settings: Settings,
        if_away: IfAway,
    ) -> Result<(Arc<App>, Events), StartError> {
        let log = self.log.clone();
        let mut options = self.place.options(settings, if_away, log)?;
        options.scripts = self.scripts.clone();
        let mut control = self.control.lock().await;
        self.end_current(&mut control).await;
        let (app, events) = App::start(options)?;
        *control = Some(Control::open(Served {
            app: Arc::clone(&app),
            run_by: RunBy::Window,
        }));
        self.current.send_replace(Some(Arc::clone(&app)));
        Ok((app, events))
    }

    /// Ends the peer, if one runs, and waits for that.
    pub(crate) async fn end(&self) {
        self.end_current(&mut *self.control.lock().await).await;
    }

    async fn end_current(&self, control: &mut Option<Control>) {
        let Some(app) = self.current.send_replace(None) else {
            return;
        };
        app.leave().cancel();
        let end = app.handle().shutdown().await;
        app.ended().cancelled().await;
        if let Some(control) = control.take() {
            control.closed().await;
        }
        tracing::info!(?end, "the peer has ended");
    }

    /// The peer that runs.
    ///
    /// # Errors
    /// None does.
    pub(crate) fn app(&self) -> Result<Arc<App>, Refused> {
        self.current.borrow().clone().ok_or_else(Refused::no_peer)
    }

    /// Whether this is the peer that runs, and not one that makes room for another.
    pub(crate) fn is_current(&self, app: &Arc<App>) -> bool {
        let current = self.current.borrow();
        current.as_ref().is_some_and(|it| Arc::ptr_eq(it, app))
    }

    /// Has a command carried out or accepted.
    ///
    /// # Errors
    /// It cannot be carried out now; the refusal says why.
    pub(crate) async fn run(&self, Said(command): Said) -> Result<(), Refused> {
        match self.app()?.run(command).await? {
            Ran::Accepted => Ok(()),
            Ran::Asked(_) => Err(Refused::from(bad_input(
                "a window is sent the state unasked".to_owned(),
            ))),
        }
    }

    /// Sends the state from here on, and nothing more to whoever followed before.
    pub(crate) fn follow(&self, on_update: Channel<Update>) {
        let task = tauri::async_runtime::spawn(follow(self.current.subscribe(), on_update));
        let before = self
            .following
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .replace(task);
        if let Some(before) = before {
            before.abort();
        }
    }
}
