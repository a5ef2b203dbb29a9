//! `lanspread party`: makes a party code.
//!
//! Invariant: a code goes to standard output and nowhere else.

use eyre::{Result, eyre};
use lanspread_peer::PartyCode;

use crate::{args::PartyCommand, output};

/// Carries out the subcommand.
///
/// # Errors
/// The system gives no random numbers, or nobody reads the output.
pub(crate) fn run(command: &PartyCommand) -> Result<()> {
    match command {
        PartyCommand::NewCode => {
            let code = PartyCode::random()
                .map_err(|error| eyre!("the system gives no random numbers: {error}"))?;
            output::line(&code.reveal())?;
        }
    }
    Ok(())
}
