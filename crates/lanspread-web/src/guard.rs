//! Whether a request is let in: from where it says it comes, and what it can show.
//!
//! Invariant: pure. A browser sends `Host` and `Origin` truthfully, so they say which page asks; whoever is
//! no browser can write what it likes there and needs what a browser needs beside them: to be on this
//! machine, or the token.

use std::net::IpAddr;

use lanspread_app::Seat;

use crate::token::Token;

/// What a request says of itself.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Said<'a> {
    /// The header `Host`.
    pub(crate) host: Option<&'a str>,
    /// The header `Origin`, which browsers send with every WebSocket and every request of another page.
    pub(crate) origin: Option<&'a str>,
    /// The header `Sec-Fetch-Site`.
    pub(crate) site: Option<&'a str>,
    /// The token that came with it.
    pub(crate) token: Option<&'a str>,
}

/// Why a request is not let in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Refusal {
    /// It was sent to a name that anybody could point here.
    #[error(
        "this page is reached by an address or as localhost; a name could be pointed here by somebody \
         else's page (DNS rebinding)"
    )]
    ForeignHost,
    /// Another page sent it.
    #[error("requests from other pages are not answered")]
    ForeignPage,
    /// It has no token, or another one.
    #[error(
        "the link is incomplete or old: open the one that `lanspread serve` prints, its token is new \
         with each start"
    )]
    NoToken,
}

/// Checks the page that asks: it has to be one of this server.
pub(crate) fn check_page(said: Said<'_>) -> Result<(), Refusal> {
    let host = said.host.ok_or(Refusal::ForeignHost)?;
    if !is_own_name(host) {
        return Err(Refusal::ForeignHost);
    }
    if said
        .site
        .is_some_and(|site| site == "cross-site" || site == "same-site")
    {
        return Err(Refusal::ForeignPage);
    }
    match said.origin {
        Some(origin) if origin.strip_prefix("http://") != Some(host) => Err(Refusal::ForeignPage),
        Some(_) | None => Ok(()),
    }
}

/// Checks the page and the token, if one is needed, and says where whoever asks sits. `guests` says whether
/// one may come without a token.
pub(crate) fn seat(said: Said<'_>, token: Option<&Token>, guests: bool) -> Result<Seat, Refusal> {
    check_page(said)?;
    match (token, said.token) {
        (None, _) => Ok(Seat::Here),
        (Some(token), Some(shown)) if token.is(shown) => Ok(Seat::Elsewhere),
        (Some(_), None) if guests => Ok(Seat::Guest),
        (Some(_), Some(_) | None) => Err(Refusal::NoToken),
    }
}

/// Whether whoever sits there may read what lies on this machine and what happened there.
pub(crate) const fn may_see_machine(seat: Seat) -> Result<(), Refusal> {
    match seat {
        Seat::Here | Seat::Elsewhere => Ok(()),
        Seat::Guest => Err(Refusal::NoToken),
    }
}

/// Whether whoever sits there may see how guests come here.
pub(crate) const fn may_invite(seat: Seat) -> Result<(), Refusal> {
    may_see_machine(seat)
}

/// A name in DNS can be pointed to this machine by whoever owns it; an address cannot, and `localhost` is
/// nobody's.
fn is_own_name(host: &str) -> bool {
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|digit| digit.is_ascii_digit()) => name,
        Some(_) | None => host,
    };
    let bare = name
        .strip_prefix('[')
        .and_then(|name| name.strip_suffix(']'))
        .unwrap_or(name);
    name.eq_ignore_ascii_case("localhost") || bare.parse::<IpAddr>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said<'a>(host: &'a str, origin: Option<&'a str>) -> Said<'a> {
        Said {
            host: Some(host),
            origin,
            ..Said::default()
        }
    }

    #[test]
    fn the_own_page_is_let_in_by_address_and_as_localhost() {
        for host in [
            "127.0.0.1:5267",
            "localhost:5267",
            "[::1]:5267",
            "192.168.1.4",
            "[fe80::1]",
        ] {
            assert_eq!(check_page(said(host, None)), Ok(()), "{host}");
            let origin = format!("http://{host}");
            assert_eq!(check_page(said(host, Some(&origin))), Ok(()), "{host}");
        }
    }

    #[test]
    fn a_name_that_somebody_points_here_is_refused() {
        for host in [
            "evil.example",
            "evil.example:5267",
            "localhost.evil.example",
            "127.0.0.1.evil",
            "",
        ] {
            assert_eq!(
                check_page(said(host, None)),
                Err(Refusal::ForeignHost),
                "{host}"
            );
        }
        assert_eq!(check_page(Said::default()), Err(Refusal::ForeignHost));
    }

    #[test]
    fn other_pages_are_refused() {
        let host = "127.0.0.1:5267";
        for origin in [
            "http://evil.example",
            "null",
            "https://127.0.0.1:5267",
            "http://127.0.0.1:80",
        ] {
            assert_eq!(
                check_page(said(host, Some(origin))),
                Err(Refusal::ForeignPage),
                "{origin}"
            );
        }
        for site in ["cross-site", "same-site"] {
            let said = Said {
                site: Some(site),
                ..said(host, None)
            };
            assert_eq!(check_page(said), Err(Refusal::ForeignPage));
        }
    }

    #[test]
    fn where_a_token_is_needed_only_the_right_one_will_do() {
        let token = Token::draw().expect("random");
        let with = |token| Said {
            token,
            ..said("192.168.1.4:5267", None)
        };
        let shown = Some(token.reveal());
        for guests in [false, true] {
            let seat = |shown| seat(with(shown), Some(&token), guests);
            assert_eq!(seat(shown), Ok(Seat::Elsewhere));
            assert_eq!(seat(Some("0")), Err(Refusal::NoToken));
        }
        assert_eq!(seat(with(None), Some(&token), false), Err(Refusal::NoToken));
        assert_eq!(seat(with(None), Some(&token), true), Ok(Seat::Guest));
        assert_eq!(seat(with(None), None, false), Ok(Seat::Here));
    }
}
