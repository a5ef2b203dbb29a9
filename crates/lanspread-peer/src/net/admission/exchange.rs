//! How two peers prove to each other that they know the same code: SPAKE2, then a proof each way.
//!
//! Invariant: a proof fits only if the code, both identities with their roles, both shares and the
//! TLS session are the same on both sides. A listener or a man in the middle learns from a whole
//! exchange no more than whether one guess, made before it began, was right. It talks to nobody.
//!
//! SPAKE2 is Abdalla and Pointcheval, "Simple Password-Based Encrypted Key Exchange Protocols" (2005);
//! `docs/decisions/0008-the-party-code.md` says why it and not another.

use lanspread_proto::{PeerId, Token};
use spake2::{Ed25519Group, Identity, Password, Spake2};
use zeroize::Zeroizing;

use crate::party_code::PartyCode;

/// Names the key of the dialer's proof.
const DIALER_PROOF: &str = "lanspread admission 2: proof of the dialer";

/// Names the key of the listener's proof.
const LISTENER_PROOF: &str = "lanspread admission 2: proof of the listener";

/// The byte that the crate puts before a share: who made it. It is not sent.
const DIALER_SIDE: u8 = b'A';

/// The same for the other side.
const LISTENER_SIDE: u8 = b'B';

/// Which end of the connection this peer is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::net) enum Role {
    /// It made the connection.
    Dialer,
    /// It was dialed.
    Listener,
}

/// What the proofs are tied to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::net) struct Session {
    /// Who made the connection, as proved by it.
    pub(in crate::net) dialer: PeerId,
    /// Who was dialed, as proved by the connection.
    pub(in crate::net) listener: PeerId,
    /// A secret that only the two ends of this TLS session can compute.
    pub(in crate::net) exported: [u8; 32],
}

/// What the other side sent is no share.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("what it sent as its share is no point of the curve")]
pub(in crate::net) struct NoShare;

/// One side's half of the exchange, until the other half is there.
pub(in crate::net) struct Half {
    role: Role,
    session: Session,
    spake: Spake2<Ed25519Group>,
    share: Token,
}

impl Half {
    /// Begins; draws a random number.
    pub(in crate::net) fn begin(role: Role, code: &PartyCode, session: Session) -> Self {
        let password = Password::new(code.as_bytes());
        let dialer = Identity::new(session.dialer.as_bytes());
        let listener = Identity::new(session.listener.as_bytes());
        let (spake, message) = match role {
            Role::Dialer => Spake2::start_a(&password, &dialer, &listener),
            Role::Listener => Spake2::start_b(&password, &dialer, &listener),
        };
        let mut share = [0; 32];
        share.copy_from_slice(&message[1..]);
        Self {
            role,
            session,
            spake,
            share: Token(share),
        }
    }

    /// What the other side is sent.
    pub(in crate::net) const fn share(&self) -> Token {
        self.share
    }

    /// Takes the other side's half.
    ///
    /// # Errors
    /// What it sent is no point of the curve.
    pub(in crate::net) fn finish(self, theirs: Token) -> Result<Proofs, NoShare> {
        let (their_side, dialer_share, listener_share) = match self.role {
            Role::Dialer => (LISTENER_SIDE, self.share, theirs),
            Role::Listener => (DIALER_SIDE, theirs, self.share),
        };
        let mut message = [their_side; 33];
        message[1..].copy_from_slice(&theirs.0);
        let key = Zeroizing::new(self.spake.finish(&message).map_err(|_| NoShare)?);
        let proved = [
            &self.session.dialer.as_bytes()[..],
            self.session.listener.as_bytes(),
            &dialer_share.0,
            &listener_share.0,
            &self.session.exported,
        ]
        .concat();
        let proof = |context: &str| {
            let key = Zeroizing::new(blake3::derive_key(context, &key));
            blake3::keyed_hash(&key, &proved)
        };
        let (own, theirs) = match self.role {
            Role::Dialer => (DIALER_PROOF, LISTENER_PROOF),
            Role::Listener => (LISTENER_PROOF, DIALER_PROOF),
        };
        Ok(Proofs {
            own: proof(own),
            theirs: proof(theirs),
        })
    }
}

/// The two proofs, as this side computes them.
pub(in crate::net) struct Proofs {
    own: blake3::Hash,
    theirs: blake3::Hash,
}

impl Proofs {
    /// What shows the other side that this one knows the code.
    pub(in crate::net) fn own(&self) -> Token {
        Token(*self.own.as_bytes())
    }

    /// Whether the other side has shown that it knows the code; compares in constant time.
    pub(in crate::net) fn is_theirs(&self, proof: Token) -> bool {
        self.theirs == blake3::Hash::from_bytes(proof.0)
    }
}

#[cfg(test)]
mod tests;
