//! Stands in for Windows: Wine with a drive of its own, that this recipe made and nobody else uses.
//!
//! The invariant: the home of whoever runs this is not touched, and no window is opened.

use std::path::{Path, PathBuf};
use std::process::Command;

use eyre::{Result, WrapErr};
use lanspread_testbed::command;

use super::toolchain::Toolchain;

/// Wine 8 lacks a library that every Rust program for Windows asks for randomness. Its only function is handed
/// to the older one that does the same.
const RANDOM: &str = "\
__declspec(dllimport) unsigned char __stdcall SystemFunction036(void *into, unsigned long bytes);\n\
__declspec(dllexport) int __stdcall ProcessPrng(unsigned char *into, unsigned long long bytes)\n\
{\n    return SystemFunction036(into, (unsigned long)bytes);\n}\n";

/// Wine with its drive.
#[derive(Debug)]
pub(super) struct Wine {
    /// Starts a program of Windows; takes its path and its arguments.
    loader: PathBuf,
    variables: Vec<(&'static str, String)>,
}

impl Wine {
    /// Makes a drive in `directory`, which is empty.
    pub(super) fn set_up(
        unpacked: &Toolchain,
        compilers: &Toolchain,
        directory: &Path,
    ) -> Result<Self> {
        let loader = unpacked.path("usr/lib/wine/wine64");
        let server = unpacked.path("usr/lib/wine/wineserver64");
        // Wine starts its server under this name, which Debian gives to a script that looks for an installed one.
        std::fs::copy(&server, unpacked.path("usr/lib/wine/wineserver"))
            .wrap_err("could not put Wine's server in its place")?;
        let system = directory.join("drive_c/windows/system32");
        std::fs::create_dir_all(&system)
            .wrap_err_with(|| format!("could not make {}", system.display()))?;
        // Debian's Wine looks for this one where only an installed package has it.
        std::fs::copy(
            unpacked.path("usr/x86_64-w64-mingw32/lib/zlib1.dll"),
            system.join("zlib1.dll"),
        )?;
        let source = directory.join("bcryptprimitives.c");
        std::fs::write(&source, RANDOM)?;
        compilers.compile_library(&source, &system.join("bcryptprimitives.dll"))?;
        let text = |path: &Path| path.display().to_string();
        let wine = Self {
            loader,
            variables: vec![
                ("HOME", text(directory)),
                ("LD_LIBRARY_PATH", text(&unpacked.libraries())),
                ("WINEPREFIX", text(directory)),
                ("WINEDEBUG", "-all".to_owned()),
                // It would ask whether to install what shows pages and runs .NET.
                ("WINEDLLOVERRIDES", "mscoree,mshtml=".to_owned()),
            ],
        };
        command::run(wine.command().args(["wineboot", "--init"]))?;
        // Its server lives in the network where it was started, and the peer's is another one.
        let mut wait = Command::new(server);
        command::run(wait.arg("--wait").envs(wine.variables()))?;
        Ok(wine)
    }

    /// Wine, for a program of Windows and its arguments.
    pub(super) fn command(&self) -> Command {
        let mut command = Command::new(&self.loader);
        command.env_remove("DISPLAY").envs(self.variables());
        command
    }

    /// What has to be in the environment of Wine.
    pub(super) fn variables(&self) -> impl Iterator<Item = (&str, &str)> {
        self.variables
            .iter()
            .map(|(name, value)| (*name, value.as_str()))
    }

    /// Writes a script that is to a program of Windows what the program would be by itself.
    pub(super) fn write_starter(&self, program: &Path, script: &Path) -> Result<()> {
        let text = format!(
            "#!/bin/sh\nunset DISPLAY\nexec '{}' '{}' \"$@\"\n",
            self.loader.display(),
            program.display()
        );
        // It may be run by whoever may run Wine.
        std::fs::metadata(&self.loader)
            .and_then(|loader| {
                std::fs::write(script, text)?;
                std::fs::set_permissions(script, loader.permissions())
            })
            .wrap_err_with(|| format!("could not write {}", script.display()))
    }
}

/// A path of this machine as programs of Windows write it.
pub(super) fn windows_path(path: &Path) -> String {
    format!("Z:{}", path.display().to_string().replace('/', r"\"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_of_this_machine_lies_on_a_drive() {
        assert_eq!(
            windows_path(Path::new("/tmp/party/games")),
            r"Z:\tmp\party\games"
        );
    }
}
