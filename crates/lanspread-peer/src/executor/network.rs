//! The effects of the control plane: dials, requests, replies.

use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};

use lanspread_core::{DialFailure, Effect, EffectId, Input, RequestFailure, Route};
use lanspread_db::{GameId, ManifestHash};
use lanspread_proto::{ListenAddr, PeerId, PeerStatus, Request, Response};
use tokio_util::sync::CancellationToken;

use super::{Executor, Shared};

impl Executor {
    pub(super) fn start_network(&self, effect: Effect) {
        match effect {
            Effect::Disconnect { peer_id } => {
                if let Some(transport) = self.shared.transports.get() {
                    transport.disconnect(peer_id);
                }
            }
            Effect::KeepAway { peer_id } => {
                if let Some(transport) = self.shared.transports.get() {
                    transport.keep_away(peer_id);
                }
            }
            Effect::Readmit { peer_id } => {
                if let Some(transport) = self.shared.transports.get() {
                    transport.readmit(peer_id);
                }
            }
            Effect::Reply { reply, response } => self.reply(reply, response),
            Effect::Dial {
                effect,
                candidates,
                expect,
                timeout,
            } => self.spawn(
                effect,
                |shared, abort| dial(shared, abort, effect, candidates, expect, timeout),
                move |_| Input::Dialed {
                    effect,
                    result: Err(DialFailure::ListenerNotReady),
                },
            ),
            Effect::Request {
                effect,
                to,
                request,
                timeout,
            } => self.spawn(
                effect,
                |shared, abort| ask(shared, abort, effect, to, request, timeout),
                move |why| Input::Responded {
                    effect,
                    result: Err(RequestFailure::Connection(why)),
                },
            ),
            Effect::FetchManifest {
                effect,
                from,
                id,
                expect,
                timeout,
            } => self.spawn(
                effect,
                |shared, abort| fetch_manifest(shared, abort, effect, (from, id, expect), timeout),
                move |why| Input::ManifestFetched {
                    effect,
                    result: Err(RequestFailure::Connection(why)),
                },
            ),
            other => tracing::error!(effect = ?other, "not an effect of the control plane"),
        }
    }

    fn reply(&self, reply: lanspread_core::ReplyId, response: Response) {
        let Some(responder) = self.shared.take_responder(reply) else {
            return;
        };
        self.shared.tasks.spawn(async move {
            if let Err(error) = responder.reply(&response).await {
                tracing::debug!(%error, "an answer did not arrive");
            }
        });
    }
}

async fn dial(
    shared: Arc<Shared>,
    abort: CancellationToken,
    effect: EffectId,
    candidates: Vec<ListenAddr>,
    expect: Option<PeerId>,
    timeout: Duration,
) -> Input {
    let result = match shared.transports.get() {
        None => Err(DialFailure::ListenerNotReady),
        Some(transport) => tokio::select! {
            result = transport.dial(&candidates, expect, timeout) => result,
            () = abort.cancelled() => Err(DialFailure::Aborted),
        },
    };
    Input::Dialed { effect, result }
}

async fn ask(
    shared: Arc<Shared>,
    abort: CancellationToken,
    effect: EffectId,
    to: Route,
    request: Request,
    timeout: Duration,
) -> Input {
    let request = with_clock(request);
    let result = match shared.transports.get() {
        None => Err(not_ready()),
        Some(transport) => tokio::select! {
            result = transport.request(to, &request, timeout) => result,
            () = abort.cancelled() => Err(RequestFailure::Aborted),
        },
    };
    Input::Responded { effect, result }
}

/// A status says what the clock says, which the core does not know.
fn with_clock(request: Request) -> Request {
    match request {
        Request::Status(status) => {
            let since_1970 = SystemTime::now()
                .duration_since(SystemTime::UNIX_EPOCH)
                .ok();
            let clock_ms = since_1970.and_then(|time| u64::try_from(time.as_millis()).ok());
            Request::Status(PeerStatus { clock_ms, ..status })
        }
        other => other,
    }
}

async fn fetch_manifest(
    shared: Arc<Shared>,
    abort: CancellationToken,
    effect: EffectId,
    (from, id, expect): (Route, GameId, ManifestHash),
    timeout: Duration,
) -> Input {
    let result = match shared.transports.get() {
        None => Err(not_ready()),
        Some(transport) => tokio::select! {
            result = transport.fetch_manifest(from, id, expect, timeout) => result,
            () = abort.cancelled() => Err(RequestFailure::Aborted),
        },
    };
    Input::ManifestFetched { effect, result }
}

fn not_ready() -> RequestFailure {
    RequestFailure::Connection(DialFailure::ListenerNotReady.to_string())
}
