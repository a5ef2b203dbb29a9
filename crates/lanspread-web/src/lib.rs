//! The page that a peer without a screen serves: the front end, the state over a WebSocket, commands back.
//!
//! Invariant: whoever is not on this machine needs the token, or is a guest who may only look and fetch
//! games; and a page of another origin gets nothing, not even the state. It holds no state of the peer and decides nothing about it.

mod archive;
mod assets;
mod bounded;
mod converse;
mod guard;
mod serve;
pub mod squares;
mod token;

pub use archive::ARCHIVES_MAX;
pub use bounded::CONNECTIONS_MAX;
pub use converse::{CLIENTS_MAX, GUESTS_MAX};
pub use serve::{WEB_PORT, WebError, WebOptions, WebServer, WhoMayCome};
pub use token::Token;
