//! The door of a party with a code: nothing is served, asked or learned on a connection before both
//! sides have proved that they know it.
//!
//! Invariant: a connection comes past here only when its other end, which proved its identity before,
//! proved the code on this very connection. How often somebody may try is decided in
//! [`lanspread_core::admission`]; how the proof is made is in `exchange.rs`. Here are only the
//! messages, their order and their time.

pub(super) mod exchange;

use std::{
    net::IpAddr,
    sync::{Arc, MutexGuard, PoisonError},
};

use lanspread_core::{
    Inbound, Now, PartyMismatch,
    admission::{Doorkeeper, TooMany},
};
use lanspread_proto::{
    Admission, AdmissionRefusal, FrameKind, PeerId, Token, decode_payload, encode_frame,
};
use s2n_quic::{Connection, connection::Handle, stream::BidirectionalStream};
use tokio::time;

use super::{
    limits::ADMISSION_TIMEOUT,
    link::CloseReason,
    stream::{ReadError, Reader, WriteError, Writer},
    transport::{NetEvent, Shared, exported},
};
use crate::party_code::PartyCode;
use exchange::{Half, NoShare, Role, Session};

/// Why a peer was not let in, or does not let this one in.
#[derive(Debug, thiserror::Error)]
pub(super) enum NotAdmitted {
    /// The codes differ.
    #[error("it has another party code")]
    OtherCode,
    /// This side takes no more guesses at the moment.
    #[error("{0}")]
    TooMany(#[from] TooMany),
    /// The other side takes no more guesses at the moment.
    #[error(
        "it takes no party code at the moment, because too many were wrong lately: it is tried again \
         in a while"
    )]
    TurnedAway,
    /// Nothing came in time.
    #[error("it did not prove the party code within {ADMISSION_TIMEOUT:?}")]
    Silent,
    /// The connection broke, or something else was said.
    #[error("the proof of the party code broke off: {0}")]
    Broken(String),
}

impl From<ReadError> for NotAdmitted {
    fn from(error: ReadError) -> Self {
        Self::Broken(error.to_string())
    }
}

impl From<WriteError> for NotAdmitted {
    fn from(error: WriteError) -> Self {
        Self::Broken(error.to_string())
    }
}

impl From<NoShare> for NotAdmitted {
    fn from(error: NoShare) -> Self {
        Self::Broken(error.to_string())
    }
}

/// The one stream of an admission.
struct Talk {
    role: Role,
    reader: Reader,
    writer: Writer,
}

impl Talk {
    fn on(stream: BidirectionalStream, role: Role) -> Self {
        let (receive, send) = stream.split();
        Self {
            role,
            reader: Reader::new(receive),
            writer: Writer::new(send),
        }
    }

    async fn say(&mut self, message: Admission) -> Result<(), NotAdmitted> {
        let frame = encode_frame(FrameKind::Admission, &message)
            .map_err(|error| NotAdmitted::Broken(error.to_string()))?;
        Ok(self.writer.send(frame.into()).await?)
    }

    async fn hear(&mut self) -> Result<Admission, NotAdmitted> {
        let payload = self.reader.frame(FrameKind::Admission).await?;
        decode_payload(FrameKind::Admission, &payload)
            .map_err(|error| NotAdmitted::Broken(error.to_string()))
    }

    async fn hear_share(&mut self) -> Result<Token, NotAdmitted> {
        match self.hear().await? {
            Admission::AdmissionShare { share } => Ok(share),
            Admission::AdmissionProof { .. } => Err(out_of_turn()),
            Admission::AdmissionRefused { reason } => Err(self.refused(reason)),
        }
    }

    async fn hear_proof(&mut self) -> Result<Token, NotAdmitted> {
        match self.hear().await? {
            Admission::AdmissionProof { proof } => Ok(proof),
            Admission::AdmissionShare { .. } => Err(out_of_turn()),
            Admission::AdmissionRefused { reason } => Err(self.refused(reason)),
        }
    }

    /// Only who was dialed has anything to refuse.
    fn refused(&self, reason: AdmissionRefusal) -> NotAdmitted {
        match (self.role, reason) {
            (Role::Dialer, AdmissionRefusal::WrongCode) => NotAdmitted::OtherCode,
            (Role::Dialer, AdmissionRefusal::TooManyAttempts) => NotAdmitted::TurnedAway,
            (Role::Listener, _) => out_of_turn(),
        }
    }

    /// Says no and waits until that has arrived: the connection closes behind it.
    async fn refuse(mut self, reason: AdmissionRefusal) {
        if self
            .say(Admission::AdmissionRefused { reason })
            .await
            .is_ok()
            && self.writer.finish().await.is_ok()
        {
            // Whoever is gone need not hear it.
            let _ = self.writer.delivered().await;
        }
    }
}

fn out_of_turn() -> NotAdmitted {
    NotAdmitted::Broken("a message came out of turn".to_owned())
}

impl Shared {
    /// Proves the code to the peer that was dialed, and has it prove the same; at once if the party
    /// has none.
    pub(super) async fn prove_to(&self, handle: Handle, ends: Inbound) -> Result<(), NotAdmitted> {
        let Some(code) = &self.config.party_code else {
            return Ok(());
        };
        let talk = self.talk_as_dialer(handle, ends, code);
        match time::timeout(ADMISSION_TIMEOUT, talk).await {
            Ok(result) => result,
            Err(_) => Err(NotAdmitted::Silent),
        }
    }

    async fn talk_as_dialer(
        &self,
        mut handle: Handle,
        ends: Inbound,
        code: &PartyCode,
    ) -> Result<(), NotAdmitted> {
        let (who, from) = (ends.peer_id, ends.transport_addr.ip());
        self.door().check(self.now(), who, from)?;
        let session = session(&handle, self.own_id, who)?;
        let stream = handle
            .open_bidirectional_stream()
            .await
            .map_err(|error| NotAdmitted::Broken(error.to_string()))?;
        let mut talk = Talk::on(stream, Role::Dialer);
        let half = Half::begin(Role::Dialer, code, session);
        let share = half.share();
        talk.say(Admission::AdmissionShare { share }).await?;
        let proofs = half.finish(talk.hear_share().await?)?;
        // Whoever gets this proof can hold one guess of its own against it.
        let guess = self.door().books(self.now(), who, from)?;
        let proof = proofs.own();
        talk.say(Admission::AdmissionProof { proof }).await?;
        talk.writer.finish().await?;
        let theirs = talk.hear_proof().await?;
        if !proofs.is_theirs(theirs) {
            return Err(NotAdmitted::OtherCode);
        }
        self.door().was_right(guess);
        talk.reader.end().await?;
        Ok(())
    }

    /// Hears whether whoever dialed this peer knows the code; its proof is not answered yet.
    async fn talk_as_listener(
        &self,
        connection: &mut Connection,
        ends: Inbound,
        code: &PartyCode,
    ) -> Result<(Talk, Token), (NotAdmitted, Option<Talk>)> {
        let early = |error: NotAdmitted| (error, None);
        let (who, from) = (ends.peer_id, ends.transport_addr.ip());
        let session = session(&connection.handle(), who, self.own_id).map_err(early)?;
        let stream = connection.accept_bidirectional_stream().await;
        let stream = stream
            .map_err(|error| early(NotAdmitted::Broken(error.to_string())))?
            .ok_or_else(|| early(NotAdmitted::Broken("it closed the connection".to_owned())))?;
        let mut talk = Talk::on(stream, Role::Listener);
        let theirs = talk.hear_share().await.map_err(early)?;
        if let Err(error) = self.door().check(self.now(), who, from) {
            return Err((error.into(), Some(talk)));
        }
        let half = Half::begin(Role::Listener, code, session);
        let share = half.share();
        let proofs = half.finish(theirs).map_err(|error| early(error.into()))?;
        talk.say(Admission::AdmissionShare { share })
            .await
            .map_err(early)?;
        let theirs = talk.hear_proof().await.map_err(early)?;
        let guess = match self.door().books(self.now(), who, from) {
            Ok(guess) => guess,
            Err(error) => return Err((error.into(), Some(talk))),
        };
        if !proofs.is_theirs(theirs) {
            return Err((NotAdmitted::OtherCode, Some(talk)));
        }
        self.door().was_right(guess);
        Ok((talk, proofs.own()))
    }

    fn door(&self) -> MutexGuard<'_, Doorkeeper> {
        // A panic elsewhere leaves the book as whole as it was.
        self.doorkeeper
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn now(&self) -> Now {
        Now(self.began.elapsed())
    }
}

/// What ties the proofs to a connection and to both of its ends.
fn session(handle: &Handle, dialer: PeerId, listener: PeerId) -> Result<Session, NotAdmitted> {
    let exported = exported(handle)
        .ok_or_else(|| NotAdmitted::Broken("the TLS session gave no secret".to_owned()))?;
    Ok(Session {
        dialer,
        listener,
        exported,
    })
}

/// Somebody who stands at the door of this peer; gone when this is dropped.
struct AtTheDoor<'a> {
    shared: &'a Shared,
    from: IpAddr,
}

impl Drop for AtTheDoor<'_> {
    fn drop(&mut self) {
        self.shared.door().leaves(self.from);
    }
}

/// Lets whoever dialed this peer in when it proves the code, else turns it away.
pub(super) async fn admit(
    shared: Arc<Shared>,
    mut connection: Connection,
    ends: Inbound,
    code: PartyCode,
) {
    let from = ends.transport_addr.ip();
    let handle = connection.handle();
    if let Err(error) = shared.door().comes(from) {
        tracing::warn!(peer_id = %ends.peer_id.short(), from = %ends.transport_addr, %error,
            "a peer was not let in");
        return handle.close(CloseReason::NotAdmitted.code());
    }
    let _at_the_door = AtTheDoor {
        shared: &shared,
        from,
    };
    let heard = tokio::select! {
        heard = time::timeout(ADMISSION_TIMEOUT, shared.talk_as_listener(&mut connection, ends, &code)) => {
            heard.unwrap_or(Err((NotAdmitted::Silent, None)))
        }
        () = shared.stop.cancelled() => return,
    };
    match heard {
        Ok((mut talk, proof)) => {
            tracing::debug!(peer_id = %ends.peer_id.short(), from = %ends.transport_addr, "let in");
            // Before the other side knows: what it asks next must find somebody who answers.
            let patience = Some(shared.config.first_request_timeout);
            if shared.adopt(connection, ends, patience).is_some()
                && talk.say(Admission::AdmissionProof { proof }).await.is_ok()
            {
                // A connection that is gone shows itself elsewhere.
                let _ = talk.writer.finish().await;
            }
        }
        Err((error, talk)) => {
            tracing::warn!(peer_id = %ends.peer_id.short(), from = %ends.transport_addr, %error,
                "a peer was not let in");
            turn_away(&shared, ends, &error, talk).await;
            handle.close(CloseReason::NotAdmitted.code());
        }
    }
}

async fn turn_away(shared: &Shared, ends: Inbound, error: &NotAdmitted, talk: Option<Talk>) {
    let reason = match error {
        NotAdmitted::OtherCode => Some(AdmissionRefusal::WrongCode),
        NotAdmitted::TooMany(_) => Some(AdmissionRefusal::TooManyAttempts),
        NotAdmitted::TurnedAway | NotAdmitted::Silent | NotAdmitted::Broken(_) => None,
    };
    if matches!(error, NotAdmitted::OtherCode) {
        shared
            .report(NetEvent::OtherParty {
                peer_id: ends.peer_id,
                transport_addr: ends.transport_addr,
                mismatch: PartyMismatch::OtherCode,
            })
            .await;
    }
    if let (Some(reason), Some(talk)) = (reason, talk) {
        tokio::select! {
            _ = time::timeout(ADMISSION_TIMEOUT, talk.refuse(reason)) => {}
            () = shared.stop.cancelled() => {}
        }
    }
}
