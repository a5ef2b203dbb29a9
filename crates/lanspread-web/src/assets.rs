//! The files of the front end, from inside of the program.
//!
//! Invariant: every answer forbids the page to load or send anything elsewhere.

use axum::{
    http::{StatusCode, Uri, header},
    response::{IntoResponse, Response},
};
use rust_embed::RustEmbed;

/// What the front end was built to; empty in a program that was built without it.
#[derive(RustEmbed)]
#[folder = "../lanspread-tauri-deno-ts/dist"]
#[allow_missing = true]
struct Built;

/// The page itself.
const INDEX: &str = "index.html";

/// Where files lie whose name changes with their content.
const HASHED: &str = "assets/";

/// Nothing from elsewhere, nothing to elsewhere, in nobody's frame.
const POLICY: &str = "default-src 'self'; object-src 'none'; base-uri 'none'; form-action 'none'; \
                      frame-ancestors 'none'";

const MISSING: &str = "This program was built without its page. `cargo xtask page` builds the page; then \
                       build the program again.\n";

/// The file of this address.
pub(crate) fn file(uri: &Uri) -> Response {
    let path = match uri.path().trim_start_matches('/') {
        "" => INDEX,
        path => path,
    };
    let Some(file) = Built::get(path) else {
        let (status, text) = if path == INDEX {
            (StatusCode::NOT_IMPLEMENTED, MISSING)
        } else {
            (StatusCode::NOT_FOUND, "There is no such file.\n")
        };
        return (status, text).into_response();
    };
    let keep = if path.starts_with(HASHED) {
        "public, max-age=31536000, immutable"
    } else {
        "no-cache"
    };
    (
        [
            (header::CONTENT_TYPE, kind(path)),
            (header::CACHE_CONTROL, keep),
            (header::CONTENT_SECURITY_POLICY, POLICY),
            (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
            (header::REFERRER_POLICY, "no-referrer"),
        ],
        file.data,
    )
        .into_response()
}

/// The kinds of file that a build has.
fn kind(path: &str) -> &'static str {
    match path.rsplit_once('.').map(|(_, extension)| extension) {
        Some("html") => "text/html; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("svg") => "image/svg+xml",
        Some("png") => "image/png",
        Some("ico") => "image/x-icon",
        Some("webmanifest") => "application/manifest+json",
        Some(_) | None => "application/octet-stream",
    }
}
