//! What discovery reports.

use crate::{Advertisement, Rejection, limits::INSTANCES_TRACKED_MAX};

/// Something discovery learned. All of it is hearsay until a connection proves it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DiscoveryEvent {
    /// A peer is advertised: for the first time, with anything changed (address, port, revision,
    /// name), or still, as a reminder every [`crate::Timing::remind_every`].
    Seen(Advertisement),
    /// A peer said goodbye or was not heard of for two minutes. A hint: multicast gets lost, and a
    /// peer may well be reachable by connection.
    Gone {
        /// The peer's id, as last advertised.
        peer_id: String,
    },
    /// An instance of the service is not a peer's; reported (and logged) once per instance and
    /// reason.
    Rejected(Rejection),
    /// This peer is advertised: for the first time, or again after [`Trouble::NoInterface`].
    Works,
    /// Discovery works less well than a user would expect. Each kind is reported once, and
    /// [`Trouble::NoInterface`] again when it comes back after [`DiscoveryEvent::Works`].
    Trouble(Trouble),
}

/// What a user might want to know when peers do not show up.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Trouble {
    /// No interface could be used.
    #[error(
        "this peer is not advertised: no network interface is up, or another program keeps \
         UDP port 5353 to itself; discovery goes on trying, meanwhile connect by address"
    )]
    NoInterface,
    /// More instances are advertised than are tracked.
    #[error(
        "more than {INSTANCES_TRACKED_MAX} peers are advertised; the others are ignored until \
         one goes"
    )]
    TooManyInstances,
}
