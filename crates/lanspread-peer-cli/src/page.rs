//! `lanspread serve --web`: the page, its link, and the link as a picture for a telephone's camera.
//!
//! Invariant: a link that lets others control this peer is printed where the user sees it, and nowhere
//! else.

use std::sync::Arc;

use eyre::{Result, WrapErr};
use lanspread_app::App;
use lanspread_web::{Token, WebOptions, WebServer, WhoMayCome, squares};

use crate::args::WebArgs;

/// Serves the page, if the user wants it.
///
/// # Errors
/// The address cannot be used, or would be open to the network unasked.
pub(crate) async fn open(app: &Arc<App>, args: WebArgs) -> Result<Option<WebServer>> {
    let Some(addr) = args.addr() else {
        return Ok(None);
    };
    let who = if args.web_lan {
        let token = Token::draw().wrap_err("the system gives no random numbers for the link")?;
        WhoMayCome::Everybody(token)
    } else {
        WhoMayCome::ThisMachine
    };
    let server = WebServer::start(Arc::clone(app), WebOptions { addr, who }).await?;
    if args.guests {
        app.let_guests_in();
    }
    Ok(Some(server))
}

/// How the page is reached, for people, once the addresses of this machine are known. `columns` is the width of
/// the terminal, if it is one.
pub(crate) fn invitation(server: &WebServer, shared: bool, columns: Option<usize>) -> String {
    let links = server.links();
    let mut told = vec![format!("The page is at {}", links.join(", "))];
    if shared {
        told.push("Whoever has this link can control this peer.".to_owned());
        told.extend(drawn(&links, columns));
    }
    told.join("\n") + "\n"
}

/// How guests reach it; empty where they cannot.
pub(crate) fn guest_invitation(server: &WebServer, columns: Option<usize>) -> String {
    let links = server.guest_links().links;
    if links.is_empty() {
        return String::new();
    }
    let mut told = vec![format!(
        "Guests look and fetch games at {}",
        links.join(", ")
    )];
    told.extend(drawn(&links, columns));
    told.join("\n") + "\n"
}

/// The most promising link as a picture, if the terminal is wide enough for it.
fn drawn(links: &[String], columns: Option<usize>) -> Option<String> {
    squares::for_terminal(links.first()?, columns?)
}
