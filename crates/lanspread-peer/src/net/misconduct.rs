//! What peers do wrong on the wire, counted, and told seldom.
//!
//! Invariant: however fast a peer misbehaves, it costs one entry here and one report for each pause
//! of [`MISCONDUCT_PAUSE`]; nothing that was counted is lost before it is told.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

use lanspread_core::{Inbound, Offence};
use lanspread_proto::{PeerId, TransportAddr};
use tokio::{sync::Notify, time};

use super::{
    limits::MISCONDUCT_PAUSE,
    transport::{NetEvent, Shared},
};

/// What was seen and not told yet. It has no more entries than peers are connected, times the kinds.
#[derive(Debug, Default)]
pub(super) struct Misconduct {
    seen: Mutex<BTreeMap<(PeerId, Offence), Seen>>,
    news: Notify,
}

#[derive(Debug, Clone, Copy)]
struct Seen {
    transport_addr: TransportAddr,
    times: u32,
}

impl Misconduct {
    /// Counts one offence.
    pub(super) fn count(&self, from: Inbound, offence: Offence) {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let entry = seen.entry((from.peer_id, offence)).or_insert(Seen {
            transport_addr: from.transport_addr,
            times: 0,
        });
        entry.times = entry.times.saturating_add(1);
        drop(seen);
        self.news.notify_one();
    }

    fn take(&self) -> BTreeMap<(PeerId, Offence), Seen> {
        std::mem::take(&mut *self.seen.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Tells what was counted, until the transport closes.
pub(super) async fn tell_misconduct(shared: Arc<Shared>) {
    loop {
        tokio::select! {
            () = shared.misconduct.news.notified() => {}
            () = shared.stop.cancelled() => return,
        }
        for (
            (peer_id, offence),
            Seen {
                transport_addr,
                times,
            },
        ) in shared.misconduct.take()
        {
            shared
                .report(NetEvent::Misbehaved {
                    peer_id,
                    transport_addr,
                    offence,
                    times,
                })
                .await;
        }
        tokio::select! {
            () = time::sleep(MISCONDUCT_PAUSE) => {}
            () = shared.stop.cancelled() => return,
        }
    }
}
