//! The end of a peer: goodbye, everything that runs is ended, whoever waits gets an answer.
//!
//! Invariant: it takes no longer than `Timing::shutdown`, whatever does not answer. What operations
//! began is settled at the next start. Who was expelled and what is limited is written down, and whoever waits for that is
//! told how it went, if the disk answers in time.

use lanspread_proto::Response;

use super::{Moving, Peer, Phase};
use crate::{CommandRefused, Ctx, Effect, ErrorKind, Input, Now, Purpose};

/// Why nothing new is begun.
const ENDS: &str = "Lanspread is shutting down";

impl Peer {
    /// Says goodbye, and ends everything that runs.
    pub(super) fn shut_down(&mut self, now: Now) {
        self.refuse_waiting_commands();
        let running = self.out.owed();
        let to_abort: Vec<_> = running
            .filter(|(_, purpose)| {
                !matches!(purpose, Purpose::KeepExpelled | Purpose::KeepRateLimits)
            })
            .map(|(effect, _)| effect)
            .collect();
        for effect in to_abort {
            self.out.abort(effect);
        }
        self.with_operations(now, |operations, _, world| operations.part(world));
        let (members, mut ctx) = self.membership(now);
        members.farewell(&mut ctx);
        self.phase = Phase::Ending {
            at: now + self.config.timing.shutdown,
        };
        self.end_if_done(now);
    }

    /// The peer ends: only answers that are still owed matter.
    pub(super) fn handle_ending(&mut self, now: Now, at: Now, input: &Input) {
        if let Some(effect) = input.effect() {
            if !input.is_progress() {
                self.out.settle(effect);
            }
            if let Input::ExpelledKept { result, .. } = input {
                let mut ctx = Ctx {
                    now,
                    config: &self.config,
                    out: &mut self.out,
                };
                self.expulsions.saved(&mut ctx, result);
                self.expulsions.save(&mut ctx, &self.conduct);
            } else if let Input::RateLimitsKept { result, .. } = input {
                let (rates, mut ctx) = self.rates(now);
                rates.saved(&mut ctx, result);
            }
        } else {
            self.turn_away(input);
        }
        if now >= at {
            self.end(now);
        } else {
            self.end_if_done(now);
        }
    }

    fn end_if_done(&mut self, now: Now) {
        if self.out.owed().next().is_none() {
            self.end(now);
        }
    }

    fn end(&mut self, now: Now) {
        let expulsions = self.expulsions.take_waiting();
        for id in expulsions.into_iter().chain(self.rates.take_waiting()) {
            let message = "Lanspread ended before this was written down for the next start";
            self.out.answer(id, shutting_down(message));
        }
        self.with_operations(now, |operations, _, world| operations.shut_down(world));
        self.phase = Phase::Ended;
        self.out.tell(Effect::Stopped);
    }

    /// The peer ends: whoever waits for what will not happen any more gets an answer.
    fn refuse_waiting_commands(&mut self) {
        let moving = match self.moving.take() {
            Some(Moving::Closing(id, _) | Moving::Opening(id)) => Some(id),
            None => None,
        };
        let held = std::mem::take(&mut self.held).into_iter().map(|(id, _)| id);
        for id in held.chain(moving) {
            self.out.answer(id, shutting_down(ENDS));
        }
    }

    /// What still comes in while the peer ends.
    fn turn_away(&mut self, input: &Input) {
        if let Input::Command { id, .. } = input {
            self.out.answer(*id, shutting_down(ENDS));
        } else if let Input::Requested { reply, .. } = input {
            let message = "this peer is shutting down".to_owned();
            let response = Response::InternalPeerError { message };
            self.out.tell(Effect::Reply {
                reply: *reply,
                response,
            });
        }
    }
}

fn shutting_down(message: &str) -> Result<(), CommandRefused> {
    Err(CommandRefused {
        kind: ErrorKind::ShuttingDown,
        message: message.to_owned(),
    })
}
