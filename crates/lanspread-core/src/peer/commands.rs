//! What the embedder asks, and whether it is accepted.
//!
//! Invariant: every command is answered exactly once; what is refused is refused before anything is
//! begun, with what was tried, why not, and what to do.

use lanspread_db::{GameId, Version};

use super::{Peer, directory::Wanted};
use crate::{
    AfterDownload, CommandId, CommandRefused, Ctx, DownloadRoom, ErrorKind, Now, PeerCommand,
    library::broken_pin,
    limits::{HELD_COMMANDS_MAX, INQUIRIES_MAX},
    offers::Choice,
    operations::{
        Order,
        hunt::{no_such_files, no_such_version, report_tie},
    },
    root::DownloadIntent,
};

fn refused<T>(kind: ErrorKind, message: String) -> Result<T, CommandRefused> {
    Err(CommandRefused { kind, message })
}

impl Peer {
    /// The embedder wants something.
    pub(super) fn command(&mut self, now: Now, id: CommandId, command: PeerCommand) {
        let needs_library = !matches!(
            command,
            PeerCommand::Connect { .. }
                | PeerCommand::Expel { .. }
                | PeerCommand::Readmit { .. }
                | PeerCommand::SetRateLimits { .. }
                | PeerCommand::SetPlaying { .. }
                | PeerCommand::Say { .. }
        );
        if !needs_library || self.rescan.is_complete() {
            self.run_command(now, id, command);
        } else if self.held.len() < HELD_COMMANDS_MAX {
            self.held.push_back((id, command));
        } else {
            let message = format!(
                "the game directory is still being read, and {HELD_COMMANDS_MAX} commands wait for \
                 it: try again in a moment"
            );
            self.out.answer(id, refused(ErrorKind::NotReady, message));
        }
    }

    fn run_command(&mut self, now: Now, id: CommandId, command: PeerCommand) {
        let result = match command {
            PeerCommand::Connect { addr } => {
                let (members, mut ctx) = self.membership(now);
                members.connect(&mut ctx, addr)
            }
            PeerCommand::SetGameDir { path } => {
                match self.begin_moving(now, id, Wanted::First(path)) {
                    // It is answered when the directory is open.
                    Ok(()) => return,
                    Err(refusal) => Err(refusal),
                }
            }
            PeerCommand::SetMoreGameDirs { paths } => {
                match self.begin_moving(now, id, Wanted::More(paths)) {
                    Ok(()) => return,
                    Err(refusal) => Err(refusal),
                }
            }
            PeerCommand::Expel { peer_id, time } => match self.expel(now, id, peer_id, time) {
                // It is answered when that is written down.
                Ok(()) => return,
                Err(refusal) => Err(refusal),
            },
            PeerCommand::Readmit { peer_id } => match self.readmit(now, id, peer_id) {
                Ok(()) => return,
                Err(refusal) => Err(refusal),
            },
            PeerCommand::SetRateLimits { changes } => {
                let (rates, mut ctx) = self.rates(now);
                rates.limit(&mut ctx, id, changes);
                // It is answered when that is written down.
                return;
            }
            PeerCommand::SetPlaying { playing } => {
                let (rates, mut ctx) = self.rates(now);
                rates.play(&mut ctx, playing);
                Ok(())
            }
            PeerCommand::Say { text } => {
                let mut ctx = Ctx {
                    now,
                    config: &self.config,
                    out: &mut self.out,
                };
                self.messages.say(&mut ctx, text)
            }
            PeerCommand::Cancel { id } => self.cancel(now, &id),
            PeerCommand::Pause { id } => {
                self.with_operations(now, |operations, _, world| operations.pause(world, &id))
            }
            PeerCommand::GetGame { id } | PeerCommand::FetchLatestFromPeers { id } => {
                self.inquire(now, &id)
            }
            PeerCommand::DownloadGameFiles { id, then, room } => {
                self.download(now, &id, then, room)
            }
            PeerCommand::InstallGame { id } => self.local_operation(now, &id, &Order::Install),
            PeerCommand::UninstallGame { id } => self.local_operation(now, &id, &Order::Uninstall),
            PeerCommand::RemoveGame { id } => self.local_operation(now, &id, &Order::Remove),
            PeerCommand::VerifyGame { id } => self.local_operation(now, &id, &Order::Verify),
        };
        self.out.answer(id, result);
    }

    /// The game directory was read for the first time: what waited for it goes on.
    pub(super) fn release_held(&mut self, now: Now) {
        while let Some((id, command)) = self.held.pop_front() {
            self.command(now, id, command);
        }
    }

    /// Whether anything may begin on a game.
    fn check_free(&self, id: &GameId) -> Result<(), CommandRefused> {
        if self.moving.is_some() {
            return refused(
                ErrorKind::Busy,
                "the game directory is being changed: try again in a moment".to_owned(),
            );
        }
        self.more_dirs.check_there(id)?;
        if self.to_recover.contains(id) {
            return refused(
                ErrorKind::Busy,
                format!("{id} is busy: what was interrupted is about to be completed or undone"),
            );
        }
        self.operations.admit(id)
    }

    /// What this party plays of a game, if a peer can give it; else why not.
    fn check_offered(&mut self, now: Now, id: &GameId) -> Result<Version, CommandRefused> {
        if !self.config.catalog.admits(id) {
            return refused(
                ErrorKind::NotInCatalog,
                format!(
                    "{id} is not in the catalog of this party: it is neither shared nor fetched"
                ),
            );
        }
        let here = self.library.version(id);
        let choice = self.with_operations(now, |_, _, world| {
            let expected = world.expected_version(id);
            if expected.is_some() && expected == here {
                let root = world.library.root(id);
                if let Some((version, _)) =
                    root.and_then(|root| broken_pin(&world.ctx.config.catalog, root))
                {
                    return refused(
                        ErrorKind::Conflict,
                        format!(
                            "{id} is here in version {version}, but with other files than the \
                             catalog pins: verify it to fetch those"
                        ),
                    );
                }
                return refused(
                    ErrorKind::UpToDate,
                    format!("{id} is here in the version that this party plays"),
                );
            }
            match world.choose(id, expected) {
                Choice::Manifest { version, .. } | Choice::Hashing { version, .. } => Ok(version),
                Choice::Tie { version, groups } => {
                    let error = report_tie(world, id, version, &groups);
                    refused(error.kind, error.message)
                }
                Choice::NoPeerHasVersion { expected, found } => refused(
                    ErrorKind::NoSource,
                    no_such_version(world, id, expected, &found).to_string(),
                ),
                Choice::NoPeerHasPinned {
                    version,
                    pinned,
                    others,
                } => refused(
                    ErrorKind::NoSource,
                    no_such_files(world, id, version, pinned, &others).to_string(),
                ),
                Choice::Nobody => Err(CommandRefused {
                    kind: ErrorKind::NoSource,
                    message: format!("no peer that is connected has {id}"),
                }),
            }
        });
        let known = self.library.root(id).is_some() || self.config.catalog.contains(id);
        choice.map_err(|refusal| {
            if refusal.kind != ErrorKind::NoSource || known || self.is_announced(id) {
                return refusal;
            }
            CommandRefused {
                kind: ErrorKind::UnknownGame,
                message: format!("{id} is unknown: it is neither here nor at any connected peer"),
            }
        })
    }

    fn is_announced(&self, id: &GameId) -> bool {
        self.members
            .all_live()
            .filter_map(|(peer, _)| self.sync.held(peer))
            .any(|held| held.games().contains_key(id))
    }

    fn inquire(&mut self, now: Now, id: &GameId) -> Result<(), CommandRefused> {
        self.check_offered(now, id)?;
        if self.inquiries.len() >= INQUIRIES_MAX {
            return refused(
                ErrorKind::Busy,
                format!("cannot ask for {id}: {INQUIRIES_MAX} games are being asked for already"),
            );
        }
        self.with_operations(now, |_, inquiries, world| inquiries.begin(world, id));
        Ok(())
    }

    fn download(
        &mut self,
        now: Now,
        id: &GameId,
        after: AfterDownload,
        room: DownloadRoom,
    ) -> Result<(), CommandRefused> {
        self.check_free(id)?;
        self.check_offered(now, id)?;
        let intent = match (self.library.version(id), room) {
            (None, DownloadRoom::KeepOld | DownloadRoom::GiveUpOld) => DownloadIntent::New,
            (Some(_), DownloadRoom::KeepOld) => DownloadIntent::Update,
            (Some(_), DownloadRoom::GiveUpOld) => DownloadIntent::UpdateGivingUpOld,
        };
        self.begin(now, id, &Order::Download { after, intent });
        Ok(())
    }

    /// Ends what runs on a game; where nothing does, a download that rests there is swept.
    fn cancel(&mut self, now: Now, id: &GameId) -> Result<(), CommandRefused> {
        let rests = self
            .library
            .root(id)
            .is_some_and(|root| root.pending_download.is_some());
        if rests && !self.operations.is_running(id) {
            self.check_free(id)?;
            self.begin(now, id, &Order::Drop);
            return Ok(());
        }
        self.with_operations(now, |operations, _, world| operations.cancel(world, id))
    }

    /// Begins an operation that was admitted.
    pub(super) fn begin(&mut self, now: Now, id: &GameId, order: &Order) {
        self.to_resume.remove(id);
        self.with_operations(now, |operations, _, world| {
            operations.begin(world, id, order);
        });
    }

    /// Install, uninstall, remove and verify: what has to be here for them.
    fn local_operation(
        &mut self,
        now: Now,
        id: &GameId,
        order: &Order,
    ) -> Result<(), CommandRefused> {
        self.check_free(id)?;
        let downloaded = self.library.version(id).is_some();
        let installed = self.library.root(id).is_some_and(|root| root.installed);
        let obstacle = match order {
            Order::Install | Order::Verify | Order::Remove if !downloaded => Some((
                ErrorKind::NotDownloaded,
                format!("{id} is not downloaded: download it first"),
            )),
            Order::Remove if installed => Some((
                ErrorKind::Installed,
                format!("{id} is installed: uninstall it before its download is removed"),
            )),
            Order::Uninstall if !installed => {
                Some((ErrorKind::NotInstalled, format!("{id} is not installed")))
            }
            Order::Download { .. }
            | Order::Install
            | Order::Uninstall
            | Order::Remove
            | Order::Verify
            | Order::Recover
            | Order::Drop => None,
        };
        if let Some((kind, message)) = obstacle {
            return refused(kind, message);
        }
        self.begin(now, id, order);
        Ok(())
    }
}
