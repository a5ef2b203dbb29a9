//! The links of a swarm as a fluid: every flow gets its max-min fair share of the links it crosses,
//! which is about what congestion control makes of them.
//!
//! Invariant: no link carries more than its rate, and no flow can get more without taking it from
//! one that has no more than it (Bertsekas and Gallager: "Data Networks", 1992, section 6.5.2).

use std::collections::BTreeMap;

/// Names a link.
pub(super) type LinkId = usize;
/// Names a flow.
pub(super) type FlowId = u64;

/// One flow and what is left of it.
#[derive(Debug)]
struct Flow {
    links: Vec<LinkId>,
    left_bytes: f64,
    rate: f64,
}

/// All links and what flows over them.
#[derive(Debug, Default)]
pub(super) struct Fluid {
    /// Bytes per second.
    rates: Vec<f64>,
    carried_bytes: Vec<f64>,
    flows: BTreeMap<FlowId, Flow>,
    stale: bool,
}

impl Fluid {
    /// A link of so many bytes per second.
    pub(super) fn link(&mut self, bytes_per_s: f64) -> LinkId {
        self.rates.push(bytes_per_s);
        self.carried_bytes.push(0.0);
        self.rates.len() - 1
    }

    /// Bytes that a link carried.
    pub(super) fn carried_bytes(&self, link: LinkId) -> f64 {
        self.carried_bytes[link]
    }

    /// So many bytes begin to flow over these links.
    pub(super) fn start(&mut self, id: FlowId, links: Vec<LinkId>, bytes: u64) {
        let flow = Flow {
            links,
            left_bytes: bytes as f64,
            rate: 0.0,
        };
        self.flows.insert(id, flow);
        self.stale = true;
    }

    /// A flow ends before its time.
    pub(super) fn stop(&mut self, id: FlowId) {
        self.stale |= self.flows.remove(&id).is_some();
    }

    /// Lets everything flow for so many seconds, and names the flows that came to their end.
    pub(super) fn advance(&mut self, seconds: f64) -> Vec<FlowId> {
        if std::mem::take(&mut self.stale) {
            self.share();
        }
        let mut ended = Vec::new();
        for (&id, flow) in &mut self.flows {
            let bytes = (flow.rate * seconds).min(flow.left_bytes);
            flow.left_bytes -= bytes;
            for &link in &flow.links {
                self.carried_bytes[link] += bytes;
            }
            if flow.left_bytes < 0.5 {
                ended.push(id);
            }
        }
        for id in &ended {
            self.flows.remove(id);
        }
        self.stale |= !ended.is_empty();
        ended
    }

    /// Fills the links: the one with the smallest share fixes the flows it carries, and so on.
    fn share(&mut self) {
        let mut left = self.rates.clone();
        let mut crossing: Vec<Vec<usize>> = vec![Vec::new(); left.len()];
        let mut flows: Vec<&mut Flow> = self.flows.values_mut().collect();
        for (at, flow) in flows.iter_mut().enumerate() {
            flow.rate = f64::NAN;
            for &link in &flow.links {
                crossing[link].push(at);
            }
        }
        let mut open: Vec<u32> = crossing
            .iter()
            .map(|flows| u32::try_from(flows.len()).unwrap_or(u32::MAX))
            .collect();
        loop {
            let tightest = (0..left.len())
                .filter(|&link| open[link] > 0)
                .map(|link| (left[link] / f64::from(open[link]), link))
                .min_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
            let Some((share, tightest)) = tightest else {
                return;
            };
            for &at in &crossing[tightest] {
                let flow = &mut *flows[at];
                if !flow.rate.is_nan() {
                    continue;
                }
                flow.rate = share;
                for &link in &flow.links {
                    left[link] = (left[link] - share).max(0.0);
                    open[link] -= 1;
                }
            }
        }
    }
}
