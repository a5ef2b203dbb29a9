//! The loop around the core: inputs in, effects out, in a fixed order.
//!
//! Invariant: this task is the only one that touches the core, and it never waits for an effect. It
//! decides nothing; what an effect means is in [`crate::executor`].

use std::time::{Duration, Instant};

use lanspread_core::{Effect, Input, Now, Peer};
use tokio::{
    sync::{mpsc, watch},
    time::{self, MissedTickBehavior},
};

use crate::{events::EventOutbox, executor::Executor, game_db::PeerGameDB};

/// Inputs that wait for the core; whoever reports more waits.
pub(crate) const INPUT_QUEUE_LEN: usize = 4096;

/// Inputs handled before effects are carried out.
const INPUTS_PER_TURN: usize = 256;

/// The longest that a view waits of which no event and no answer tells. A swarm moves the core thousands of
/// times a second; a view for each was 4 % of all that 16 receivers on two processors did.
const VIEW_PERIOD: Duration = Duration::from_millis(50);

/// The core's clock: monotonic time since the peer started.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Clock(Instant);

impl Clock {
    pub(crate) fn start() -> Self {
        Self(Instant::now())
    }

    pub(crate) fn now(self) -> Now {
        Now(self.0.elapsed())
    }

    pub(crate) fn instant(self, at: Now) -> Instant {
        self.0 + at.0
    }
}

/// Everything the loop owns.
pub(crate) struct Driver {
    pub(crate) core: Peer,
    pub(crate) clock: Clock,
    pub(crate) inputs: mpsc::Receiver<Input>,
    pub(crate) executor: Executor,
    pub(crate) events: EventOutbox,
    pub(crate) game_db: PeerGameDB,
    /// Whether the core has moved since the view was published.
    pub(crate) unseen: bool,
    pub(crate) deadline: watch::Sender<Option<Instant>>,
}

/// Why the loop ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum DriverEnd {
    /// The core said all is done.
    Stopped,
    /// Nobody is left who could send inputs.
    Abandoned,
}

impl Driver {
    /// Runs until the core has stopped.
    pub(crate) async fn run(mut self) -> DriverEnd {
        let mut batch = Vec::with_capacity(INPUTS_PER_TURN);
        let mut views = time::interval(VIEW_PERIOD);
        views.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            if self.carry_out() {
                self.events.flush();
                return DriverEnd::Stopped;
            }
            self.events.flush();
            self.announce_deadline();
            tokio::select! {
                received = self.inputs.recv_many(&mut batch, INPUTS_PER_TURN) => {
                    if received == 0 {
                        return DriverEnd::Abandoned;
                    }
                    let now = self.clock.now();
                    for input in batch.drain(..) {
                        self.core.handle(now, input);
                    }
                    self.unseen = true;
                }
                () = self.events.room() => {}
                _ = views.tick(), if self.unseen => self.publish(),
            }
        }
    }

    /// Carries out all effects; whether the core has stopped.
    fn carry_out(&mut self) -> bool {
        let mut stopped = false;
        while let Some(effect) = self.core.poll_effect() {
            // Whoever reads the view after an event must find in it what the event tells of.
            let tells = matches!(
                effect,
                Effect::Emit(_) | Effect::Answer { .. } | Effect::Show | Effect::Stopped
            );
            if self.unseen && tells {
                self.publish();
            }
            match effect {
                Effect::Emit(event) => self.events.push(event),
                Effect::Stopped => stopped = true,
                Effect::Show => {}
                effect => self.executor.start(effect),
            }
        }
        stopped
    }

    fn publish(&mut self) {
        self.game_db.publish(self.core.view());
        self.unseen = false;
    }

    /// Tells the ping service when the core next wants to hear the time.
    fn announce_deadline(&self) {
        let deadline = self.core.poll_deadline().map(|at| self.clock.instant(at));
        self.deadline.send_if_modified(|known| {
            let changed = *known != deadline;
            *known = deadline;
            changed
        });
    }
}
