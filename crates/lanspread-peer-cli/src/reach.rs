//! Finds the peer that a command is for: the one that runs on the state directory already, else one of
//! its own, for as long as the command takes.
//!
//! Invariant: whichever it is, the command speaks to it through the same [`Client`].

use std::time::Duration;

use eyre::{Result, bail, eyre};
use lanspread_app::Events;
use lanspread_control::{AtEnd, RunBy};
use lanspread_peer::RuntimeEnd;
use serde_json::{Value, json};
use tokio::io::{BufReader, duplex, split};

use crate::{answers::Status, client::Client, node::Node, output::note, refused, setup::Setup};

/// How long a peer that holds the state directory has to come up, or to end, before it is given up on.
const BUSY_PATIENCE: Duration = Duration::from_secs(2);

/// Pause between two looks at such a peer.
const BUSY_PAUSE: Duration = Duration::from_millis(50);

/// How long a peer that runs may take for its first answer; it may be reading its games at first.
const ANSWER_PATIENCE: Duration = Duration::from_secs(30);

/// Bytes on their way between a peer and a command within this process.
const PIPE_BYTES: usize = 64 * 1024;

/// A peer that can be talked to.
pub(crate) struct Reached {
    pub(crate) client: Client,
    pub(crate) whose: Whose,
}

/// Whose peer it is.
pub(crate) enum Whose {
    /// It ran before, and goes on afterwards.
    Running,
    /// It was started for this command.
    Own(Node),
}

impl Reached {
    /// Finds or starts the peer.
    ///
    /// # Errors
    /// None runs, and none can be started.
    pub(crate) async fn new(setup: &Setup) -> Result<Self> {
        let began = std::time::Instant::now();
        loop {
            if let Some(client) = client_of_running(setup).await {
                return Self::running(client, setup).await;
            }
            match Node::start(setup, RunBy::Command) {
                Ok((node, events)) => return Self::own(node, events).await,
                Err(error) if error.is_busy() && began.elapsed() < BUSY_PATIENCE => {
                    tokio::time::sleep(BUSY_PAUSE).await;
                }
                Err(error) => return Err(refused::explain(error, setup).await),
            }
        }
    }

    async fn running(mut client: Client, setup: &Setup) -> Result<Self> {
        let status = status_of(&mut client, setup).await?;
        if setup.said.games_dir && !setup.games_dirs().eq(status.games_dirs()) {
            note(&format!(
                "a peer runs here already and uses {}; --games-dir has no effect on it",
                status.games_dirs_named()
            ));
        }
        if setup.said.party_code && !status.party_code {
            note(
                "a peer runs here already, without a party code; the code that you gave has no effect \
                 on it",
            );
        }
        for addr in &setup.connect {
            client
                .call(json!({ "cmd": "connect", "addr": addr }))
                .await?;
        }
        Ok(Self {
            client,
            whose: Whose::Running,
        })
    }

    async fn own(node: Node, events: Events) -> Result<Self> {
        let mut client = talk_to(&node, events);
        loop {
            match client.next_event().await {
                Some(event) if event["event"] == "ready" => break,
                Some(event) => tell_early(&event)?,
                None => {
                    let end = node.finish().await;
                    bail!("the peer ended while it started: {end:?}");
                }
            }
        }
        Ok(Self {
            client,
            whose: Whose::Own(node),
        })
    }

    /// Whether the peer was started for this command and ends with it.
    pub(crate) const fn is_own(&self) -> bool {
        matches!(self.whose, Whose::Own(_))
    }

    /// Lets the peer go; one of our own ends.
    ///
    /// # Errors
    /// A peer of our own did not end well.
    pub(crate) async fn leave(self) -> Result<()> {
        drop(self.client);
        match self.whose {
            Whose::Running => Ok(()),
            Whose::Own(node) => match node.finish().await {
                RuntimeEnd::Stopped => Ok(()),
                RuntimeEnd::Failed(reason) => Err(eyre!(reason)),
            },
        }
    }
}

/// A client of the peer that runs on the state directory already, if one does.
pub(crate) async fn client_of_running(setup: &Setup) -> Option<Client> {
    let stream = lanspread_control::connect(&setup.state_dir).await?;
    let (input, output) = split(stream);
    Some(Client::new(BufReader::new(input), output))
}

/// What a peer that runs already says of itself.
///
/// # Errors
/// It does not answer, or went away.
pub(crate) async fn status_of(client: &mut Client, setup: &Setup) -> Result<Status> {
    let asked = client.ask(json!({ "cmd": "status" }));
    let status = tokio::time::timeout(ANSWER_PATIENCE, asked).await;
    let status = status.map_err(|_| {
        eyre!(
            "the peer that runs on the state directory {} does not answer; end it and try again",
            setup.state_dir.display()
        )
    })?;
    Ok(status?)
}

/// A client of a peer in this process.
pub(crate) fn talk_to(node: &Node, events: Events) -> Client {
    let (near, far) = duplex(PIPE_BYTES);
    let (input, output) = split(far);
    let served = node.served().clone();
    tokio::spawn(async move {
        let input = BufReader::new(input);
        let spoken = lanspread_control::serve(served, events, input, output, AtEnd::EndClient);
        if let Err(error) = spoken.await {
            tracing::debug!(%error, "the command has all it wanted");
        }
    });
    let (input, output) = split(near);
    Client::new(BufReader::new(input), output)
}

/// What a starting peer has to say.
fn tell_early(event: &Value) -> Result<()> {
    let message = event["message"].as_str().unwrap_or_default();
    if event["event"] == "runtime-failed" {
        bail!("the peer could not start: {message}");
    }
    if event["event"] == "notice" {
        note(message);
    }
    Ok(())
}
