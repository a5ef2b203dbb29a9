//! The page for guests, which a browser on another machine opens while the user lets guests in.
//!
//! Invariant: nobody controls this peer over it, since its token is told to nobody; it is closed when guests are
//! not wanted any more, and with its peer.

use std::{
    net::{Ipv4Addr, SocketAddr},
    sync::Arc,
};

use lanspread_app::{App, GuestLinks};
use lanspread_peer::ErrorKind;
use lanspread_web::{Token, WEB_PORT, WebOptions, WebServer, WhoMayCome};

use crate::refused::Refused;

/// The page, as long as it is open.
#[derive(Debug, Default)]
pub(crate) struct GuestPage(tokio::sync::Mutex<Option<Open>>);

#[derive(Debug)]
struct Open {
    of: Arc<App>,
    server: WebServer,
}

impl GuestPage {
    /// Opens or closes the page as the user of this peer wishes, and says how guests reach it; no link where they
    /// may not come.
    ///
    /// # Errors
    /// No address can be listened on.
    pub(crate) async fn follow(&self, app: &Arc<App>) -> Result<GuestLinks, Refused> {
        let mut open = self.0.lock().await;
        let is_wanted = app.lets_guests_in() && !app.leave().is_cancelled();
        let fits = |open: &Open| is_wanted && Arc::ptr_eq(&open.of, app);
        if !open.as_ref().is_some_and(fits)
            && let Some(other) = open.take()
        {
            other.server.close().await;
        }
        if !is_wanted {
            return Ok(GuestLinks::default());
        }
        let opened = match open.take() {
            Some(opened) => opened,
            None => Open {
                of: Arc::clone(app),
                server: serve(app).await?,
            },
        };
        Ok(open.insert(opened).server.guest_links())
    }
}

async fn serve(app: &Arc<App>) -> Result<WebServer, Refused> {
    let cannot = |why: &dyn std::fmt::Display| {
        let told = format!("the page for guests cannot be opened: {why}");
        Refused::new(ErrorKind::Io, told)
    };
    let token = Token::draw().map_err(|why| cannot(&why))?;
    let at = |port| {
        let options = WebOptions {
            addr: SocketAddr::from((Ipv4Addr::UNSPECIFIED, port)),
            who: WhoMayCome::Everybody(token.clone()),
        };
        WebServer::start(Arc::clone(app), options)
    };
    // Another program may have that port; the link says which one it became.
    match at(WEB_PORT).await {
        Ok(server) => Ok(server),
        Err(_) => at(0).await.map_err(|why| cannot(&why)),
    }
}
