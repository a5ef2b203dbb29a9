//! How a script is started: by what, with which words, and with which console.
//!
//! Invariant: pure. A dedicated server has a console that its user sees and types into, and that stays open
//! when it has ended; nothing else opens one. Where there is no screen for it, what it writes is kept as that
//! of any other script.

use std::{
    ffi::{OsStr, OsString},
    path::{Path, PathBuf},
};

use lanspread_db::Script;

/// The system that a script is started on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum System {
    /// Batch files, run by `cmd.exe`.
    Windows,
    /// Shell scripts, run by `/bin/sh`.
    Unix,
}

impl System {
    /// This one.
    pub(crate) const HERE: Self = if cfg!(windows) {
        Self::Windows
    } else {
        Self::Unix
    };
}

/// What a script is started with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CommandLine {
    pub(crate) program: OsString,
    pub(crate) words: Words,
    pub(crate) console: Console,
}

/// What stands behind the program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Words {
    /// Words, each of which arrives as it is.
    Each(Vec<OsString>),
    /// One text, as `cmd.exe` reads it.
    Raw(OsString),
}

/// What the script reads from and writes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Console {
    /// Nothing, and a file.
    Hidden,
    /// A window of its own, which the system opens.
    Own,
    /// A program that shows one; what became of the script stands in this file.
    Terminal {
        /// See [`Told`].
        told: PathBuf,
    },
}

/// A script that is about to run.
#[derive(Debug, Clone)]
pub(crate) struct Wanted<'a> {
    pub(crate) script: Script,
    pub(crate) file: &'a Path,
    /// Game path, id, language, player name.
    pub(crate) arguments: &'a [String; 4],
    /// Where a script in a terminal tells what became of it.
    pub(crate) told: &'a Path,
}

/// Why a script cannot be started as it is.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{argument:?} cannot be told to a batch file: it holds a control character; choose another name"
)]
pub(crate) struct Unspeakable {
    argument: String,
}

/// Says how a script is started. `terminal` is what shows consoles on this machine, if anything does.
///
/// # Errors
/// A batch file cannot be told one of the arguments.
pub(crate) fn command_line(
    system: System,
    wanted: &Wanted<'_>,
    terminal: Option<&Terminal>,
) -> Result<CommandLine, Unspeakable> {
    match (system, is_server(wanted.script), terminal) {
        (System::Windows, is_server, _) => batch(wanted, is_server),
        (System::Unix, true, Some(terminal)) => Ok(in_terminal(wanted, terminal)),
        (System::Unix, true | false, _) => Ok(shell(wanted)),
    }
}

const fn is_server(script: Script) -> bool {
    match script {
        Script::Server => true,
        Script::Setup | Script::Start | Script::Uninstall => false,
    }
}

/// A script that came over the network has no right to be executed; the shell reads it anyway.
fn shell(wanted: &Wanted<'_>) -> CommandLine {
    CommandLine {
        program: "/bin/sh".into(),
        words: Words::Each(file_and_arguments(wanted).collect()),
        console: Console::Hidden,
    }
}

fn file_and_arguments(wanted: &Wanted<'_>) -> impl Iterator<Item = OsString> {
    let file = wanted.file.as_os_str().to_owned();
    std::iter::once(file).chain(wanted.arguments.iter().map(OsString::from))
}

/// `cmd.exe` drops the first and the last quotation mark of what stands behind `/c`. A server's console is
/// named outright, since what a program of a console inherits is that program's own console; `pause` keeps it
/// open.
fn batch(wanted: &Wanted<'_>, is_server: bool) -> Result<CommandLine, Unspeakable> {
    let mut text = String::from("/e:ON /v:OFF /d /s /c \"");
    text.push_str(&quoted(&wanted.file.to_string_lossy())?);
    for argument in wanted.arguments {
        text.push(' ');
        text.push_str(&quoted(argument)?);
    }
    if is_server {
        text.push_str(" <CON >CON 2>CON & pause <CON >CON");
    }
    text.push('"');
    Ok(CommandLine {
        program: "cmd.exe".into(),
        words: Words::Raw(text.into()),
        console: if is_server {
            Console::Own
        } else {
            Console::Hidden
        },
    })
}

/// An argument as `cmd.exe` hands it on: between quotation marks, with those inside of it doubled, and with
/// percent signs that begin no variable. (The way of the standard library, which does not offer it alone.)
fn quoted(argument: &str) -> Result<String, Unspeakable> {
    if argument.chars().any(char::is_control) {
        let argument = argument.to_owned();
        return Err(Unspeakable { argument });
    }
    let mut text = String::from("\"");
    let mut backslashes = 0;
    for letter in argument.chars() {
        match letter {
            '\\' => backslashes += 1,
            '"' => {
                text.extend(std::iter::repeat_n('\\', backslashes));
                text.push('"');
                backslashes = 0;
            }
            '%' => {
                text.push_str("%%cd:~,");
                backslashes = 0;
            }
            _ => backslashes = 0,
        }
        text.push(letter);
    }
    text.extend(std::iter::repeat_n('\\', backslashes));
    text.push('"');
    Ok(text)
}

/// A program that shows a console, and how it is told what to run in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Terminal {
    pub(super) program: PathBuf,
    pub(super) before: &'static [&'static str],
}

/// Programs that show a console, with what has to stand before the words that they run; those that the user
/// or the system chose come first. Each is told to stay until its window is closed, where it would not.
const TERMINALS: [(&str, &[&str]); 12] = [
    ("xdg-terminal-exec", &[]),
    ("x-terminal-emulator", &["-e"]),
    ("gnome-terminal", &["--wait", "--"]),
    ("kgx", &["-e"]),
    ("konsole", &["-e"]),
    ("xfce4-terminal", &["--disable-server", "-x"]),
    ("mate-terminal", &["--disable-factory", "-x"]),
    ("kitty", &[]),
    ("alacritty", &["-e"]),
    ("foot", &[]),
    ("lxterminal", &["--no-remote", "-e"]),
    ("xterm", &["-e"]),
];

/// What the user's own choice is told, if it is none of the programs that are known.
const BEFORE: &[&str] = &["-e"];

/// The program that shows consoles here, as the environment has it; `None` without a screen, or where there is
/// no such program. `find` looks for a program where programs are.
pub(crate) fn terminal(
    variable: impl Fn(&str) -> Option<OsString>,
    find: impl Fn(&OsStr) -> Option<PathBuf>,
) -> Option<Terminal> {
    let said = |name| variable(name).filter(|value| !value.is_empty());
    if said("DISPLAY").is_none() && said("WAYLAND_DISPLAY").is_none() {
        return None;
    }
    let chosen = said("TERMINAL").and_then(|chosen| {
        let program = find(&chosen)?;
        let is_it = |name: &str| program.file_name() == Some(OsStr::new(name));
        let known = TERMINALS.iter().find(|(name, _)| is_it(name));
        let before = known.map_or(BEFORE, |(_, before)| *before);
        Some(Terminal { program, before })
    });
    chosen.or_else(|| {
        TERMINALS.iter().find_map(|(name, before)| {
            let program = find(OsStr::new(name))?;
            Some(Terminal { program, before })
        })
    })
}

/// Runs a script in a terminal: names the window by the game, notes who it is, tells how it ended, and waits
/// for somebody to have read it. Whoever ends the server with Ctrl-C does not end this.
const KEEPER: &str = r#"told=$1
shift
trap : INT
printf '\033]0;%s: server\007' "$3"
echo "runs $$" > "$told"
/bin/sh "$@"
code=$?
echo "ended $code" > "$told"
printf '\n%s\n' "The server has ended ($code). Enter closes this window."
read -r _
"#;

fn in_terminal(wanted: &Wanted<'_>, terminal: &Terminal) -> CommandLine {
    let mut words: Vec<OsString> = terminal.before.iter().map(OsString::from).collect();
    // The word behind the text is what the shell calls itself in what it complains of.
    words.extend(["/bin/sh", "-c", KEEPER, "lanspread"].map(OsString::from));
    words.push(wanted.told.as_os_str().to_owned());
    words.extend(file_and_arguments(wanted));
    CommandLine {
        program: terminal.program.clone().into(),
        words: Words::Each(words),
        console: Console::Terminal {
            told: wanted.told.to_owned(),
        },
    }
}

/// What a script in a terminal told of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Told {
    /// It has not begun.
    Nothing,
    /// It runs, and whoever waits for it is this process.
    Runs(u32),
    /// It ended with this status.
    Ended(i32),
}

impl Told {
    /// Reads what stands in the file. Whatever was not written by [`KEEPER`] tells nothing.
    pub(crate) fn read(text: &str) -> Self {
        let Some(line) = text.strip_suffix('\n') else {
            return Self::Nothing;
        };
        match line.split_once(' ') {
            Some(("runs", id)) => id.parse().map_or(Self::Nothing, Self::Runs),
            Some(("ended", code)) => code.parse().map_or(Self::Nothing, Self::Ended),
            Some(_) | None => Self::Nothing,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arguments(player: &str) -> [String; 4] {
        [r"C:\games\chess\", "chess", "de", player].map(str::to_owned)
    }

    fn line(
        system: System,
        script: Script,
        player: &str,
        terminal: Option<&Terminal>,
    ) -> Result<CommandLine, Unspeakable> {
        let (file, told) = (PathBuf::from("/games/chess/run it"), PathBuf::from("/told"));
        let arguments = arguments(player);
        let wanted = Wanted {
            script,
            file: &file,
            arguments: &arguments,
            told: &told,
        };
        command_line(system, &wanted, terminal)
    }

    fn words(line: &CommandLine) -> Vec<&str> {
        match &line.words {
            Words::Each(words) => words.iter().filter_map(|word| word.to_str()).collect(),
            Words::Raw(text) => vec![text.to_str().expect("Unicode")],
        }
    }

    fn xterm() -> Terminal {
        Terminal {
            program: "/usr/bin/xterm".into(),
            before: &["-e"],
        }
    }

    #[test]
    fn on_windows_a_game_opens_no_window_and_a_server_has_one_that_stays() {
        for script in [Script::Start, Script::Setup, Script::Uninstall] {
            let line = line(System::Windows, script, "Anna", None).expect("speakable");
            assert_eq!(line.console, Console::Hidden);
            assert_eq!(
                words(&line),
                [
                    r#"/e:ON /v:OFF /d /s /c ""/games/chess/run it" "C:\games\chess\\" "chess" "de" "Anna"""#
                ]
            );
        }
        let line = line(System::Windows, Script::Server, "Anna", None).expect("speakable");
        assert_eq!(
            (line.program.to_str(), line.console.clone()),
            (Some("cmd.exe"), Console::Own)
        );
        assert_eq!(
            words(&line),
            [
                r#"/e:ON /v:OFF /d /s /c ""/games/chess/run it" "C:\games\chess\\" "chess" "de" "Anna" <CON >CON 2>CON & pause <CON >CON""#
            ]
        );
    }

    #[test]
    fn what_a_batch_file_is_told_ends_no_quotation_and_names_no_variable() {
        for (argument, expected) in [
            (r#"a" & del *"#, r#""a"" & del *""#),
            ("100%PATH%", r#""100%%cd:~,%PATH%%cd:~,%""#),
            (r#"\" x"#, r#""\\"" x""#),
            (r"end\", r#""end\\""#),
            ("", r#""""#),
        ] {
            assert_eq!(quoted(argument).as_deref(), Ok(expected), "{argument}");
        }
        for control in ["a\r\nb", "a\0"] {
            assert!(line(System::Windows, Script::Start, control, None).is_err());
        }
    }

    #[test]
    fn elsewhere_a_server_has_a_terminal_where_there_is_one_and_a_game_has_none() {
        let xterm = xterm();
        let plain = [
            "/games/chess/run it",
            r"C:\games\chess\",
            "chess",
            "de",
            "$(x) 'y'",
        ];
        for (script, terminal) in [
            (Script::Start, Some(&xterm)),
            (Script::Setup, Some(&xterm)),
            (Script::Server, None),
        ] {
            let line = line(System::Unix, script, "$(x) 'y'", terminal).expect("speakable");
            assert_eq!(line.console, Console::Hidden);
            assert_eq!(
                (line.program.to_str(), words(&line)),
                (Some("/bin/sh"), plain.to_vec())
            );
        }
        let line = line(System::Unix, Script::Server, "$(x) 'y'", Some(&xterm)).expect("speakable");
        assert_eq!(line.program, "/usr/bin/xterm");
        let told = PathBuf::from("/told");
        assert_eq!(line.console, Console::Terminal { told });
        let words = words(&line);
        assert_eq!(words[..3], ["-e", "/bin/sh", "-c"]);
        assert_eq!(words[4..6], ["lanspread", "/told"]);
        assert_eq!(words[6..], plain);
    }

    /// A display to show something on.
    const X: (&str, &str) = ("DISPLAY", ":0");

    #[test]
    fn the_users_choice_goes_before_the_systems_and_without_a_screen_there_is_none() {
        let with = |variables: &'static [(&str, &str)], there: &'static [&str]| {
            let variable = |name: &str| {
                let found = variables.iter().find(|(known, _)| *known == name);
                found.map(|(_, value)| OsString::from(value))
            };
            let find = |name: &OsStr| {
                let is_there = there.iter().any(|known| name == OsStr::new(known));
                is_there.then(|| Path::new("/usr/bin").join(name))
            };
            terminal(variable, find)
        };
        assert_eq!(with(&[], &["xterm"]), None);
        assert_eq!(with(&[("DISPLAY", "")], &["xterm"]), None);
        assert_eq!(with(&[X], &[]), None);
        assert_eq!(with(&[X], &["xterm"]), Some(xterm()));
        let wayland = with(&[("WAYLAND_DISPLAY", "wayland-0")], &["xterm", "foot"]);
        assert_eq!(wayland.expect("foot").program, Path::new("/usr/bin/foot"));
        let chosen = with(
            &[X, ("TERMINAL", "gnome-terminal")],
            &["xterm", "x-terminal-emulator", "gnome-terminal"],
        );
        assert_eq!(chosen.expect("it is there").before, ["--wait", "--"]);
        let unknown = with(&[X, ("TERMINAL", "st")], &["st", "xterm"]);
        assert_eq!(unknown.expect("it is there").before, ["-e"]);
        let gone = with(&[X, ("TERMINAL", "gone")], &["xterm"]);
        assert_eq!(gone, Some(xterm()));
    }

    #[test]
    fn what_is_half_written_or_from_somebody_else_tells_nothing() {
        assert_eq!(Told::read("runs 4711\n"), Told::Runs(4711));
        assert_eq!(Told::read("ended 3\n"), Told::Ended(3));
        for nothing in ["", "runs 47", "runs\n", "runs x\n", "ended \n", "walks 3\n"] {
            assert_eq!(Told::read(nothing), Told::Nothing, "{nothing:?}");
        }
    }
}
