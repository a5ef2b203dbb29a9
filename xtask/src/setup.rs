//! Installs what the tests, the demonstration and the benchmarks call but cargo cannot bring.
//!
//! The invariant: what is there already is not touched, and a second run does nothing. Without the
//! right to install, the missing packages are named and the rest goes on: a test that needs one
//! says so itself.

use std::process::Command;

use lanspread_testbed::command::{self, CommandError, is_installed};

/// Programs by the Debian package that brings them.
const NEEDED: [(&str, &str); 19] = [
    NAMESPACES,
    MAKES_LIBRARIES,
    ("nft", "nftables"),
    ("ethtool", "ethtool"),
    ("rsync", "rsync"),
    ("nginx", "nginx-light"),
    ("curl", "curl"),
    ("openssl", "openssl"),
    ("iperf3", "iperf3"),
    ("cc", "gcc"),
    ("mke2fs", "e2fsprogs"),
    ("chromium", "chromium"),
    ("Xvfb", "xvfb"),
    ("dbus-daemon", "dbus"),
    ("gdbus", "libglib2.0-bin"),
    ("matchbox-window-manager", "matchbox-window-manager"),
    ("wmctrl", "wmctrl"),
    ("xterm", "xterm"),
    ("WebKitWebDriver", "webkit2gtk-driver"),
];

/// What finds libraries.
const FINDS_LIBRARIES: (&str, &str) = ("pkg-config", "pkg-config");

/// Libraries that the desktop window is built on, as pkg-config calls them, by the Debian package that brings
/// them. The last one is looked for when the window runs.
const LIBRARIES: [(&str, &str); 2] = [
    ("webkit2gtk-4.1", "libwebkit2gtk-4.1-dev"),
    ("ayatana-appindicator3-0.1", "libayatana-appindicator3-dev"),
];

/// What makes network namespaces.
const NAMESPACES: (&str, &str) = ("ip", "iproute2");

/// What builds the memory allocator of the programs.
const MAKES_LIBRARIES: (&str, &str) = ("make", "make");

/// Installs what is missing of what tests, the demonstration and `bench transfer` need.
pub(crate) fn run() {
    let mut missing = missing_packages(&NEEDED);
    missing.extend(missing_libraries());
    install_or_tell(&missing);
}

/// Installs what the desktop window is built on, where it is missing; says nothing where all is there.
pub(crate) fn provide_libraries() {
    let missing = missing_libraries();
    if !missing.is_empty() {
        install_or_tell(&missing);
    }
}

/// Installs what is missing of these programs, each with the Debian package that brings it.
pub(crate) fn provide(needed: &[(&str, &'static str)]) {
    install_or_tell(&missing_packages(needed));
}

fn install_or_tell(missing: &[&str]) {
    if missing.is_empty() {
        println!("everything is there");
        return;
    }
    let names = missing.join(" ");
    if !is_installed("apt-get") {
        println!("missing: {names}; this machine has no apt-get, install them by hand");
        return;
    }
    println!("installing {names}");
    if let Err(error) = install(missing) {
        println!("could not install {names}: {error}");
    }
}

/// Installs what compiles libFuzzer, where it is missing.
pub(crate) fn provide_cpp_compiler() {
    if !is_installed("c++") && is_installed("apt-get") {
        // The build itself tells what it lacks.
        let _ = install(&["g++"]);
    }
}

/// Installs what the demonstration builds and runs with, and says nothing about it: it can do without
/// network namespaces, and a build tells itself what it lacks.
pub(crate) fn provide_for_demo() {
    for (program, package) in [NAMESPACES, MAKES_LIBRARIES] {
        if !is_installed(program) && is_installed("apt-get") {
            let _ = install(&[package]);
        }
    }
}

fn install(packages: &[&str]) -> Result<(), CommandError> {
    let mut arguments = vec!["install", "--yes", "--no-install-recommends"];
    arguments.extend(packages);
    command::run(&mut apt(&["update"]))?;
    command::run(&mut apt(&arguments)).map(drop)
}

fn missing_packages(needed: &[(&str, &'static str)]) -> Vec<&'static str> {
    needed
        .iter()
        .filter(|(program, _)| !is_installed(program))
        .map(|(_, package)| *package)
        .collect()
}

/// Systems other than Linux bring a browser engine of their own.
fn missing_libraries() -> Vec<&'static str> {
    if !cfg!(target_os = "linux") {
        return Vec::new();
    }
    let mut missing = missing_packages(&[FINDS_LIBRARIES]);
    let absent = LIBRARIES
        .iter()
        .filter(|(library, _)| !is_library_there(library));
    missing.extend(absent.map(|(_, package)| *package));
    missing
}

fn is_library_there(library: &str) -> bool {
    let (finder, _) = FINDS_LIBRARIES;
    command::run(Command::new(finder).args(["--exists", library])).is_ok()
}

/// `apt-get`, through `sudo` without a password where there is one and we are not root.
fn apt(arguments: &[&str]) -> Command {
    let is_root = command::run(Command::new("id").arg("-u")).is_ok_and(|id| id.trim() == "0");
    let mut command = if is_root || !is_installed("sudo") {
        Command::new("apt-get")
    } else {
        let mut sudo = Command::new("sudo");
        sudo.args([
            "--non-interactive",
            "--preserve-env=DEBIAN_FRONTEND",
            "apt-get",
        ]);
        sudo
    };
    command
        .env("DEBIAN_FRONTEND", "noninteractive")
        .arg("-qq")
        .args(arguments);
    command
}
