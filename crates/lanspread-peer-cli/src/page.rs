//! `lanspread serve --web`: the page, its link, and the link as a picture for a telephone's camera.
//!
//! Invariant: a link that lets others control this peer is printed where the user sees it, and nowhere
//! else.

use std::sync::Arc;

use eyre::{Result, WrapErr};
use lanspread_app::App;
use lanspread_web::{Token, WebOptions, WebServer, WhoMayCome};
use qrcode::{QrCode, render::unicode::Dense1x2};

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
    let server = WebServer::start(
        Arc::clone(app),
        WebOptions {
            addr,
            who,
            guests: args.guests,
        },
    )
    .await?;
    Ok(Some(server))
}

/// How the page is reached, for people. `columns` is the width of the terminal, if it is one.
pub(crate) fn invitation(
    server: &WebServer,
    shared: bool,
    guests: bool,
    columns: Option<usize>,
) -> String {
    let links = server.links();
    let mut told = vec![format!("The page is at {}", links.join(", "))];
    if shared {
        told.push("Whoever has this link can control this peer.".to_owned());
        let picture = links.first().and_then(|link| picture(link, columns?));
        told.extend(picture);
        if guests {
            told.push(format!(
                "Guests look and fetch games at {}",
                server.guest_links().join(", ")
            ));
        }
    }
    told.join("\n") + "\n"
}

/// The link as a picture, if the terminal is wide enough for it.
fn picture(link: &str, columns: usize) -> Option<String> {
    let code = QrCode::new(link).ok()?;
    // Cameras want dark on light, and terminals are light on dark: so what is light is drawn.
    let picture = code
        .render::<Dense1x2>()
        .dark_color(Dense1x2::Light)
        .light_color(Dense1x2::Dark)
        .build();
    let width = picture.lines().next()?.chars().count();
    (width <= columns).then_some(picture)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_is_a_picture_where_there_is_room_for_it() {
        let link = "http://192.168.1.4:5267/#token=00112233445566778899aabbccddeeff";
        let drawn = picture(link, 80).expect("a link of this length fits into 80 columns");
        let lines: Vec<&str> = drawn.lines().collect();
        let width = lines[0].chars().count();
        assert!(lines.iter().all(|line| line.chars().count() == width));
        assert!(lines.len() * 2 >= width, "two rows of squares to a line");
        assert_eq!(picture(link, width - 1), None);
    }
}
