//! Who finds whom: advertisements, dials, and the connections that are open.
//!
//! Invariant: a connection belongs to one run of each of its two peers. When it breaks, both hear so,
//! each once, as far as they are still there.

use std::time::Duration;

use lanspread_core::{Advertisement, DialFailure, Dialed, EffectId, Input};
use lanspread_proto::{ListenAddr, PeerId, TransportAddr};

use crate::{
    exchange::{IDLE_TIMEOUT, transport},
    world::{Happening, World},
};

fn pair(one: usize, other: usize) -> (usize, usize) {
    (one.min(other), one.max(other))
}

impl World {
    /// A peer shows itself, and asks who else is there.
    pub(crate) fn advertise(&mut self, n: usize) {
        if !self.is_advertised(n) {
            return;
        }
        for other in 0..self.nodes.len() {
            if other == n || !self.is_running(other) {
                continue;
            }
            for delay in self.network.throw() {
                self.after(delay, other, Happening::Seen { from: n });
            }
            if self.is_advertised(other) {
                for delay in self.network.throw() {
                    self.after(delay, n, Happening::Seen { from: other });
                }
            }
        }
    }

    fn is_advertised(&self, n: usize) -> bool {
        let running = self.nodes[n].running.as_ref();
        self.nodes[n].asleep.is_none() && running.is_some_and(|running| running.advertised)
    }

    pub(crate) fn see(&mut self, n: usize, from: usize) {
        if !self.network.is_heard(from, n) || !self.is_advertised(from) {
            return self.counts.add("advertisement that did not get through", 1);
        }
        let shown = self.shown(from);
        self.tell(n, Input::Discovered(shown));
    }

    /// What a peer shows of itself.
    pub(crate) fn shown(&self, n: usize) -> Advertisement {
        let node = &self.nodes[n];
        Advertisement {
            peer_id: node.id,
            candidates: vec![node.addr],
            protocol_version: node.version,
            door: node.door(),
            host_name: node.name.clone(),
        }
    }

    pub(crate) fn dial(
        &mut self,
        n: usize,
        effect: EffectId,
        candidates: &[ListenAddr],
        expect: Option<PeerId>,
        timeout: Duration,
    ) {
        #[cfg(test)]
        if let Some(record) = &mut self.record {
            *record.dials.entry(n).or_default() += 1;
        }
        let delay = self.network.latency() * 3 + self.nodes[n].lag;
        let found = candidates.iter().find_map(|&addr| {
            let to = self.holder(addr)?;
            (to == n || self.network.is_open(n, to)).then_some((addr, to))
        });
        if let Some(running) = self.nodes[n].running.as_mut() {
            running.dialing.insert(effect);
        }
        if let Some((addr, to)) = found {
            let happening = Happening::Dialed {
                effect,
                to,
                expect,
                addr,
            };
            return self.after(delay, n, happening);
        }
        let tried = format!("{candidates:?}");
        self.counts.add("dial in vain", 1);
        self.after(timeout, n, Happening::DialedNobody { effect, tried });
    }

    /// A dial has waited long enough.
    pub(crate) fn dialed_nobody(&mut self, n: usize, effect: EffectId, tried: String) {
        let running = self.nodes[n].running.as_mut();
        if running.is_some_and(|running| running.dialing.remove(&effect)) {
            let result = Err(DialFailure::Unreachable { tried });
            self.tell(n, Input::Dialed { effect, result });
        }
    }

    pub(crate) fn dialed(
        &mut self,
        n: usize,
        effect: EffectId,
        to: usize,
        expect: Option<PeerId>,
        addr: ListenAddr,
    ) {
        let running = self.nodes[n].running.as_mut();
        if !running.is_some_and(|running| running.dialing.remove(&effect)) {
            return;
        }
        let there = self.holder(addr) == Some(to) && self.nodes[to].asleep.is_none();
        let found = self.nodes[to].id;
        let result = if to == n {
            Err(DialFailure::Myself {
                addr: addr.socket_addr(),
            })
        } else if !there || !self.network.is_open(n, to) {
            let tried = format!("{addr:?}");
            Err(DialFailure::Unreachable { tried })
        } else if let Some(expected) = expect.filter(|&id| id != found) {
            Err(DialFailure::OtherPeer {
                addr: addr.socket_addr(),
                found,
                expected,
            })
        } else if let Some(mismatch) = self.mismatch(n, to) {
            self.turn_away(n, to);
            Err(DialFailure::OtherParty {
                addr: addr.socket_addr(),
                mismatch,
            })
        } else if self.nodes[n].version != self.nodes[to].version {
            Err(DialFailure::OtherVersion {
                addr: addr.socket_addr(),
                theirs: self.nodes[to].version,
                ours: self.nodes[n].version,
            })
        } else if self.nodes[n].keeps_away(found) {
            Err(DialFailure::KeptAway {
                addr: addr.socket_addr(),
            })
        } else if self.nodes[to].keeps_away(self.nodes[n].id) {
            self.counts.add("dial that was refused", 1);
            Err(DialFailure::Handshake {
                addr: addr.socket_addr(),
                reason: "it keeps this peer away".to_owned(),
            })
        } else {
            self.link(n, to);
            self.counts.add("dial", 1);
            Ok(Dialed {
                peer_id: found,
                remote: addr,
                local_listen_addr: self.nodes[n].addr,
            })
        };
        self.tell(n, Input::Dialed { effect, result });
    }

    /// A peer of another party came to a peer's listener.
    fn turn_away(&mut self, n: usize, to: usize) {
        if let Some(mismatch) = self.nodes[to].mismatch(&self.nodes[n]) {
            let input = Input::OtherParty {
                peer_id: self.nodes[n].id,
                transport_addr: TransportAddr::new(transport(n)),
                mismatch,
            };
            self.counts.add("dial from another party", 1);
            self.fact(Duration::ZERO, to, input);
        }
    }

    /// A connection between two peers is open from here on.
    pub(crate) fn link(&mut self, one: usize, other: usize) {
        let (low, high) = pair(one, other);
        let runs = (self.nodes[low].run, self.nodes[high].run);
        self.links.insert((low, high), runs);
    }

    /// Arranges for connections over which nothing gets any more to be given up.
    pub(crate) fn watch_links(&mut self, n: usize) {
        let links: Vec<_> = self.links.iter().map(|(&key, &runs)| (key, runs)).collect();
        for ((low, high), runs) in links {
            if low != n && high != n {
                continue;
            }
            for (me, other) in [(low, high), (high, low)] {
                self.after(IDLE_TIMEOUT, me, Happening::Idle { other, runs });
            }
        }
    }

    /// Nothing came over a connection for a while: it is closed, unless it works again.
    pub(crate) fn idle(&mut self, n: usize, other: usize, runs: (u32, u32)) {
        let (low, high) = pair(n, other);
        let is_same = self.links.get(&(low, high)) == Some(&runs);
        let alive = (self.nodes[low].run, self.nodes[high].run) == runs;
        let works = alive && self.network.is_open(n, other) && self.nodes[other].asleep.is_none();
        if is_same && !works {
            self.close(n, other, "idle");
        }
    }

    /// A peer closes its connections with another.
    pub(crate) fn disconnect(&mut self, n: usize, peer_id: PeerId) {
        let other = self.nodes.iter().position(|node| node.id == peer_id);
        if let Some(other) = other
            && self.links.contains_key(&pair(n, other))
        {
            self.close(n, other, "disconnect");
        }
    }

    /// A peer refuses another from here on.
    pub(crate) fn keep_away(&mut self, n: usize, peer_id: PeerId) {
        if let Some(running) = self.nodes[n].running.as_mut() {
            running.kept_away.insert(peer_id);
        }
        self.counts.add("peer kept away", 1);
        self.disconnect(n, peer_id);
    }

    /// A peer refuses another no more.
    pub(crate) fn readmit(&mut self, n: usize, peer_id: PeerId) {
        if let Some(running) = self.nodes[n].running.as_mut() {
            running.kept_away.remove(&peer_id);
        }
        self.counts.add("peer let in again", 1);
    }

    /// A connection is gone; both hear so.
    pub(crate) fn close(&mut self, n: usize, other: usize, why: &str) {
        let Some(runs) = self.links.remove(&pair(n, other)) else {
            return;
        };
        self.trace.note(self.now, n, || {
            format!("the connection with peer{other} is closed ({why})")
        });
        let (low, high) = pair(n, other);
        for (me, run, them) in [(low, runs.0, high), (high, runs.1, low)] {
            if self.nodes[me].run == run && self.is_running(me) {
                let delay = self.network.latency();
                let peer_id = self.nodes[them].id;
                self.fact(delay, me, Input::Disconnected { peer_id });
            }
        }
    }

    /// A peer has said goodbye and ends.
    pub(crate) fn stopped(&mut self, n: usize) {
        self.trace.note(self.now, n, || "has ended".to_owned());
        self.counts.add("polite end", 1);
        let others: Vec<usize> = (0..self.nodes.len())
            .filter(|&other| self.links.contains_key(&pair(n, other)))
            .collect();
        for other in others {
            if self.network.is_open(n, other) {
                self.close(n, other, "its peer ends");
            }
        }
        self.end(n);
        self.nodes[n].machine.process_died();
        self.check_disk(n);
    }
}
