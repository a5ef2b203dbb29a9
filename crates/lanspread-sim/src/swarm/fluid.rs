//! The links of a swarm as a fluid: every flow gets its max-min fair share of the links it crosses,
//! which is about what congestion control makes of them.
//!
//! Invariant: no link carries more than its rate, and no flow can get more without taking it from
//! one that has no more than it (Bertsekas and Gallager: "Data Networks", 1992, section 6.5.2).

use std::{
    cmp::{Ordering, Reverse},
    collections::{BTreeMap, BinaryHeap},
};

/// Names a link.
pub(super) type LinkId = usize;
/// Names a flow.
pub(super) type FlowId = u64;

/// One flow and what is left of it.
#[derive(Debug)]
struct Flow {
    id: FlowId,
    /// None: its place is free for another flow.
    links: Vec<LinkId>,
    left_bytes: f64,
    rate: f64,
}

/// One link.
#[derive(Debug)]
struct Link {
    /// Bytes per second.
    rate: f64,
    carried_bytes: f64,
    /// The places of the flows that cross it, in no order.
    flows: Vec<usize>,
}

/// What is to be shared of a link yet.
#[derive(Debug, Clone, Copy)]
struct Share {
    bytes_per_s: f64,
    link: LinkId,
}

/// All links and what flows over them.
#[derive(Debug, Default)]
pub(super) struct Fluid {
    links: Vec<Link>,
    flows: Vec<Flow>,
    places: BTreeMap<FlowId, usize>,
    free: Vec<usize>,
    stale: bool,
}

impl Fluid {
    /// A link of so many bytes per second.
    pub(super) fn link(&mut self, bytes_per_s: f64) -> LinkId {
        self.links.push(Link {
            rate: bytes_per_s,
            carried_bytes: 0.0,
            flows: Vec::new(),
        });
        self.links.len() - 1
    }

    /// Bytes that a link carried.
    pub(super) fn carried_bytes(&self, link: LinkId) -> f64 {
        self.links[link].carried_bytes
    }

    /// So many bytes begin to flow over these links.
    pub(super) fn start(&mut self, id: FlowId, links: Vec<LinkId>, bytes: u64) {
        let flow = Flow {
            id,
            links,
            left_bytes: bytes as f64,
            rate: 0.0,
        };
        let place = self.free.pop().unwrap_or(self.flows.len());
        for &link in &flow.links {
            self.links[link].flows.push(place);
        }
        if place < self.flows.len() {
            self.flows[place] = flow;
        } else {
            self.flows.push(flow);
        }
        self.places.insert(id, place);
        self.stale = true;
    }

    /// A flow ends before its time.
    pub(super) fn stop(&mut self, id: FlowId) {
        let Some(place) = self.places.remove(&id) else {
            return;
        };
        for link in std::mem::take(&mut self.flows[place].links) {
            let flows = &mut self.links[link].flows;
            if let Some(at) = flows.iter().position(|&it| it == place) {
                flows.swap_remove(at);
            }
        }
        self.free.push(place);
        self.stale = true;
    }

    /// Lets everything flow for so many seconds, and names the flows that came to their end.
    pub(super) fn advance(&mut self, seconds: f64) -> Vec<FlowId> {
        if std::mem::take(&mut self.stale) {
            self.share();
        }
        let mut ended = Vec::new();
        for flow in &mut self.flows {
            if flow.links.is_empty() {
                continue;
            }
            let bytes = (flow.rate * seconds).min(flow.left_bytes);
            flow.left_bytes -= bytes;
            for &link in &flow.links {
                self.links[link].carried_bytes += bytes;
            }
            if flow.left_bytes < 0.5 {
                ended.push(flow.id);
            }
        }
        for &id in &ended {
            self.stop(id);
        }
        ended
    }

    /// Fills the links: the one with the smallest share fixes the flows it carries, and so on. A share
    /// never falls while others are fixed, so one that has grown since it was noted is noted anew.
    fn share(&mut self) {
        let mut left: Vec<(f64, u32)> = Vec::with_capacity(self.links.len());
        let mut heap: BinaryHeap<Reverse<Share>> = BinaryHeap::with_capacity(self.links.len());
        for (link, it) in self.links.iter().enumerate() {
            let open = u32::try_from(it.flows.len()).unwrap_or(u32::MAX);
            left.push((it.rate, open));
            heap.extend(Share::of(left[link], link).map(Reverse));
        }
        for flow in &mut self.flows {
            flow.rate = f64::NAN;
        }
        while let Some(Reverse(noted)) = heap.pop() {
            let Some(share) = Share::of(left[noted.link], noted.link) else {
                continue;
            };
            if share.bytes_per_s > noted.bytes_per_s * (1.0 + f64::EPSILON) {
                heap.push(Reverse(share));
                continue;
            }
            for &place in &self.links[share.link].flows {
                let flow = &mut self.flows[place];
                if !flow.rate.is_nan() {
                    continue;
                }
                flow.rate = share.bytes_per_s;
                for &link in &flow.links {
                    let (rate, open) = left[link];
                    left[link] = ((rate - share.bytes_per_s).max(0.0), open - 1);
                }
            }
        }
    }
}

impl Share {
    /// What each flow gets that is not fixed yet; `None` if all are.
    fn of((left, open): (f64, u32), link: LinkId) -> Option<Self> {
        (open > 0).then(|| Self {
            bytes_per_s: left / f64::from(open),
            link,
        })
    }
}

impl Ord for Share {
    fn cmp(&self, other: &Self) -> Ordering {
        let by_share = self.bytes_per_s.total_cmp(&other.bytes_per_s);
        by_share.then(self.link.cmp(&other.link))
    }
}

impl PartialOrd for Share {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Share {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Share {}

#[cfg(test)]
mod tests {
    use super::*;

    fn rates(fluid: &mut Fluid) -> Vec<f64> {
        fluid.share();
        let running = fluid.places.values();
        running
            .map(|&place| fluid.flows[place].rate.round())
            .collect()
    }

    #[test]
    fn who_cannot_use_his_share_of_a_link_leaves_it_to_the_others() {
        let mut fluid = Fluid::default();
        let (wide, narrow) = (fluid.link(90.0), fluid.link(10.0));
        fluid.start(1, vec![wide], 1_000);
        fluid.start(2, vec![wide, narrow], 1_000);
        fluid.start(3, vec![wide], 1_000);
        assert_eq!(rates(&mut fluid), [40.0, 10.0, 40.0]);
        fluid.stop(1);
        assert_eq!(rates(&mut fluid), [10.0, 80.0]);
    }

    #[test]
    fn what_flowed_is_what_was_carried() {
        let mut fluid = Fluid::default();
        let link = fluid.link(100.0);
        fluid.start(1, vec![link], 50);
        fluid.start(2, vec![link], 150);
        let mut ended = Vec::new();
        for _ in 0..20 {
            ended.extend(fluid.advance(0.1));
        }
        assert_eq!(ended, [1, 2]);
        assert!((fluid.carried_bytes(link) - 200.0).abs() < 1e-6);
        assert!(fluid.links[link].flows.is_empty());
    }
}
