//! The pictures of games: `cover://localhost/ID`, on Windows `http://cover.localhost/ID`.
//!
//! Invariant: an address names a game and never a file.

use lanspread_db::GameId;
use percent_encoding::percent_decode_str;
use tauri::{
    Manager, UriSchemeContext, UriSchemeResponder, Wry,
    http::{Request, Response, StatusCode, header},
};

use crate::peer::Peer;

/// The scheme of the addresses.
pub(crate) const SCHEME: &str = "cover";

/// Answers with the picture, when it is read.
#[expect(clippy::needless_pass_by_value, reason = "Tauri hands it over")]
pub(crate) fn answer(
    context: UriSchemeContext<'_, Wry>,
    request: Request<Vec<u8>>,
    responder: UriSchemeResponder,
) {
    let app = context.app_handle().clone();
    tauri::async_runtime::spawn(async move {
        let found = match (app.state::<Peer>().app(), game(request.uri().path())) {
            (Ok(peer), Some(id)) => peer.cover(&id).await,
            (Ok(_) | Err(_), _) => None,
        };
        let answer = Response::builder().header(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
        let answer = match found {
            Some(cover) => answer
                .header(header::CONTENT_TYPE, cover.kind)
                .header(header::CACHE_CONTROL, "private, max-age=3600")
                .body(cover.bytes),
            None => answer.status(StatusCode::NOT_FOUND).body(Vec::new()),
        };
        match answer {
            Ok(answer) => responder.respond(answer),
            Err(error) => tracing::error!(%error, "a picture could not be answered with"),
        }
    });
}

/// The game that a path names.
fn game(path: &str) -> Option<GameId> {
    let name = percent_decode_str(path.strip_prefix('/')?)
        .decode_utf8()
        .ok()?;
    GameId::parse(&name).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_names_a_game_or_nothing() {
        let name = |path| game(path).map(|id| id.to_string());
        assert_eq!(name("/chess").as_deref(), Some("chess"));
        assert_eq!(name("/sp%C3%A4t%20nachts").as_deref(), Some("spät nachts"));
        for path in [
            "",
            "/",
            "chess",
            "/../etc/passwd",
            "/..%2Fetc",
            "/%FF",
            "/a%00b",
        ] {
            assert_eq!(name(path), None, "{path}");
        }
    }
}
