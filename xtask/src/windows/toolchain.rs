//! The compilers for Windows and what runs its programs: packages of Debian, unpacked and not installed.
//!
//! The invariant: a directory is complete and holds the versions that stand here, or it is made anew. What apt
//! downloads, it holds against the signed lists of Debian.

use std::path::{Path, PathBuf};
use std::process::Command;

use eyre::{Result, WrapErr, bail};
use lanspread_testbed::{command, debian};

use crate::workspace::{root, target_dir};

/// What the programs are compiled for.
pub(super) const TARGET: &str = "x86_64-pc-windows-gnu";

/// The version of every package that a Rust compiler is made of.
const RUST: &str = "1.96.0+dfsg1-1~deb12u2";

/// The version of every package that a C compiler for Windows is made of.
const GCC: &str = "12.2.0-14+deb12u1+25.2+b1";

/// What is unpacked into one directory.
#[derive(Debug)]
pub(super) struct Packages {
    /// The directory, among those of the other packages.
    directory: &'static str,
    /// Each with its version, in the order in which they are unpacked.
    packages: &'static [(&'static str, &'static str)],
}

/// Rust with the sources of its library, C and C++ with the headers of Windows, and what of their libraries a
/// machine may lack.
pub(super) const COMPILERS: Packages = Packages {
    directory: "compilers",
    packages: &[
        ("rustc-web", RUST),
        ("cargo-web", RUST),
        ("libstd-rust-web-1.96", RUST),
        ("libstd-rust-web-dev", RUST),
        ("rust-web-src", RUST),
        ("rust-web-llvm", RUST),
        ("libllvm22", "1:22.1.8-1~deb12u1"),
        ("libgit2-1.5", "1.5.1+ds-1+deb12u2"),
        ("libhttp-parser2.9", "2.9.4-5"),
        ("libmbedcrypto7", "2.28.3-1"),
        ("libmbedtls14", "2.28.3-1"),
        ("libmbedx509-1", "2.28.3-1"),
        ("libssh2-1", "1.10.0-3+deb12u1"),
        ("binutils-mingw-w64-x86-64", "2.40-2+10.4"),
        ("gcc-mingw-w64-base", GCC),
        ("gcc-mingw-w64-x86-64-posix", GCC),
        ("gcc-mingw-w64-x86-64-posix-runtime", GCC),
        ("g++-mingw-w64-x86-64-posix", GCC),
        ("mingw-w64-common", "10.0.0-3"),
        ("mingw-w64-x86-64-dev", "10.0.0-3"),
    ],
};

/// Wine, and what it does not start without.
pub(super) const WINE: Packages = Packages {
    directory: "wine",
    packages: &[
        ("wine64", "8.0~repack-4"),
        ("libwine", "8.0~repack-4"),
        ("libz-mingw-w64", "1.2.13+dfsg-1"),
        ("libunwind8", "1.6.2-3"),
    ],
};

/// What an unpacked directory holds, written when it is complete.
const HELD: &str = "packages.txt";

/// Packages that were unpacked.
#[derive(Debug)]
pub(super) struct Toolchain {
    root: PathBuf,
}

impl Toolchain {
    /// Downloads and unpacks the packages, unless they are there.
    pub(super) fn provide(packages: &Packages) -> Result<Self> {
        let root = own_directory()?.join(packages.directory);
        let wanted: Vec<String> = packages
            .packages
            .iter()
            .map(|(name, version)| format!("{name}={version}"))
            .collect();
        let held = root.join(HELD);
        let text = wanted.join("\n");
        if std::fs::read_to_string(&held).is_ok_and(|held| held == text) {
            return Ok(Self { root });
        }
        if root.exists() {
            std::fs::remove_dir_all(&root)
                .wrap_err_with(|| format!("could not empty {}", root.display()))?;
        }
        for package in &wanted {
            println!("unpacking {package}");
            unpack(package, &root)?;
        }
        std::fs::write(&held, text)
            .wrap_err_with(|| format!("could not write {}", held.display()))?;
        Ok(Self { root })
    }

    /// A path below what stands for the root directory.
    pub(super) fn path(&self, below: &str) -> PathBuf {
        self.root.join(below)
    }

    /// Where the packages keep libraries for Linux.
    pub(super) fn libraries(&self) -> PathBuf {
        self.path("usr/lib/x86_64-linux-gnu")
    }

    /// Cargo with a command that compiles for Windows, the standard library from its sources.
    pub(super) fn cargo(&self, command: &str) -> Result<Command> {
        let bin = self.path("usr/bin");
        let search = std::env::var_os("PATH").unwrap_or_default();
        let search = std::env::join_paths(
            [bin.clone()]
                .into_iter()
                .chain(std::env::split_paths(&search)),
        )?;
        let tool = |name: &str| bin.join(format!("x86_64-w64-mingw32-{name}"));
        let mut cargo = Command::new(bin.join("cargo"));
        cargo
            .current_dir(root())
            .env("PATH", search)
            .env("LD_LIBRARY_PATH", self.libraries())
            .env("RUSTC", bin.join("rustc"))
            .env("RUSTDOC", bin.join("rustdoc"))
            .env("CARGO_TARGET_DIR", products()?)
            // A released compiler builds the standard library only when it is told that it may.
            .env("RUSTC_BOOTSTRAP", "1")
            .env(
                "CARGO_TARGET_X86_64_PC_WINDOWS_GNU_LINKER",
                tool("gcc-posix"),
            )
            .env("CC_x86_64_pc_windows_gnu", tool("gcc-posix"))
            .env("CXX_x86_64_pc_windows_gnu", tool("g++-posix"))
            .env("AR_x86_64_pc_windows_gnu", tool("ar"))
            .arg(command)
            .args(["--quiet", "--locked", "--target", TARGET])
            .arg("-Zbuild-std=std,panic_unwind");
        Ok(cargo)
    }

    /// Compiles a few lines of C into a library of Windows.
    pub(super) fn compile_library(&self, source: &Path, library: &Path) -> Result<()> {
        let mut compiler = Command::new(self.path("usr/bin/x86_64-w64-mingw32-gcc-posix"));
        compiler.arg("-shared").arg("-o").arg(library).arg(source);
        // What the system calls its older functions.
        command::run(compiler.arg("-ladvapi32"))?;
        Ok(())
    }
}

/// Where everything of this recipe lies.
pub(super) fn own_directory() -> Result<PathBuf> {
    Ok(target_dir()?.join("windows"))
}

/// Where cargo puts what it builds. It is not that of this system's own compiler, which is another one.
pub(super) fn products() -> Result<PathBuf> {
    Ok(own_directory()?.join("products"))
}

/// Downloads `package=version` and adds its files to those below `root`.
fn unpack(package: &str, root: &Path) -> Result<()> {
    let downloads = own_directory()?.join("download");
    std::fs::create_dir_all(root)?;
    std::fs::create_dir_all(&downloads)?;
    let downloaded = debian::download(package, &downloads);
    downloaded.wrap_err_with(|| {
        format!(
            "Debian does not offer {package} any more or cannot be reached; `apt-cache policy` says what it \
             offers, and the versions stand in xtask/src/windows/toolchain.rs"
        )
    })?;
    let files = std::fs::read_dir(&downloads)?.collect::<std::io::Result<Vec<_>>>()?;
    let [file] = files.as_slice() else {
        bail!("{} holds more than {package}", downloads.display());
    };
    command::run(
        Command::new("dpkg-deb")
            .arg("--extract")
            .arg(file.path())
            .arg(root),
    )?;
    std::fs::remove_dir_all(&downloads)
        .wrap_err_with(|| format!("could not remove {}", downloads.display()))
}
