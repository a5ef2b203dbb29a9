//! Turns the name of an archive entry into a path that is safe below any target.
//!
//! The one invariant: an [`EntryPath`] has at least one component, and none that a file system of
//! any platform would take for something else than a plain name. The rules do not depend on the
//! platform, so that an archive that unpacks for one player unpacks for all.

use unicode_normalization::UnicodeNormalization;

use crate::error::EntryRefusal;
use crate::limits::UnpackLimits;

/// Bytes that file systems take in one component.
const COMPONENT_BYTES_MAX: usize = 255;

/// Names that Windows takes for devices, whatever extension follows.
const DEVICE_NAMES: [&str; 6] = ["CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$"];

/// A path below the target, '/'-separated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct EntryPath(String);

impl EntryPath {
    /// Reads the name of an entry. Both slashes separate, `.` and empty components are dropped.
    /// The target itself (`.`, `./`) is `None`.
    pub(crate) fn parse(name: &[u8], limits: &UnpackLimits) -> Result<Option<Self>, EntryRefusal> {
        let name = std::str::from_utf8(name).map_err(|_| EntryRefusal::NotUnicode)?;
        if name.is_empty() {
            return Err(EntryRefusal::NoName);
        }
        if name.starts_with(is_separator) {
            return Err(EntryRefusal::AbsolutePath);
        }
        if has_drive_prefix(name) {
            return Err(EntryRefusal::DrivePath);
        }
        let mut path = String::with_capacity(name.len());
        let mut depth = 0;
        for component in name.split(is_separator) {
            if component.is_empty() || component == "." {
                continue;
            }
            check_component(component)?;
            if depth > 0 {
                path.push('/');
            }
            path.push_str(component);
            depth += 1;
        }
        if path.len() > limits.path_bytes_max {
            return Err(EntryRefusal::PathTooLong(limits.path_bytes_max));
        }
        if depth > limits.path_depth_max {
            return Err(EntryRefusal::PathTooDeep(limits.path_depth_max));
        }
        Ok((depth > 0).then_some(Self(path)))
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// The first component.
    pub(crate) fn first(&self) -> &str {
        self.0
            .split_once('/')
            .map_or(self.as_str(), |(first, _)| first)
    }
}

/// Says whether a character separates components, in the habits of any platform.
pub(crate) fn is_separator(character: char) -> bool {
    matches!(character, '/' | '\\')
}

/// Says whether a name starts with a drive letter and a colon.
pub(crate) fn has_drive_prefix(name: &str) -> bool {
    let mut characters = name.chars();
    characters
        .next()
        .is_some_and(|letter| letter.is_ascii_alphabetic())
        && characters.next() == Some(':')
}

/// The key under which names collide: equal for names that some file system takes for one.
///
/// Lower case after upper case merges what either direction alone would miss ('ς' and 'Σ'), and
/// normalisation afterwards puts what the mapping took apart back together.
pub(crate) fn fold(name: &str) -> String {
    if name.is_ascii() {
        return name.to_ascii_lowercase();
    }
    name.nfc()
        .flat_map(char::to_uppercase)
        .flat_map(char::to_lowercase)
        .nfc()
        .collect()
}

fn check_component(component: &str) -> Result<(), EntryRefusal> {
    if component == ".." {
        return Err(EntryRefusal::ParentComponent);
    }
    for character in component.chars() {
        if character.is_control() {
            return Err(EntryRefusal::ControlCharacter);
        }
        if matches!(character, '<' | '>' | ':' | '"' | '|' | '?' | '*') {
            return Err(EntryRefusal::ForbiddenCharacter(character));
        }
    }
    if component.ends_with(['.', ' ']) {
        return Err(EntryRefusal::TrailingDotOrSpace);
    }
    if component.len() > COMPONENT_BYTES_MAX {
        return Err(EntryRefusal::ComponentTooLong);
    }
    device_name(component).map_or(Ok(()), |device| Err(EntryRefusal::DeviceName(device)))
}

/// The device that Windows takes a component for, if any: `con.txt` is the console.
fn device_name(component: &str) -> Option<String> {
    let stem = component
        .split('.')
        .next()
        .unwrap_or(component)
        .trim_end_matches(' ');
    let stem = stem.to_uppercase();
    let numbered = ["COM", "LPT"].iter().any(|port| {
        stem.strip_prefix(port).is_some_and(|number| {
            matches!(
                number,
                "1" | "2" | "3" | "4" | "5" | "6" | "7" | "8" | "9" | "¹" | "²" | "³"
            )
        })
    });
    (numbered || DEVICE_NAMES.contains(&stem.as_str())).then_some(stem)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(name: &str) -> Result<Option<String>, EntryRefusal> {
        EntryPath::parse(name.as_bytes(), &UnpackLimits::default())
            .map(|path| path.map(|path| path.as_str().to_owned()))
    }

    #[test]
    fn plain_names_of_all_platforms_become_slash_separated() {
        for (name, path) in [
            ("a", "a"),
            ("a/b.txt", "a/b.txt"),
            ("a\\b\\c", "a/b/c"),
            ("./a//b/", "a/b"),
            (".hidden", ".hidden"),
            ("console.log", "console.log"),
            ("COM10", "COM10"),
            ("Größe/日本.pk3", "Größe/日本.pk3"),
        ] {
            assert_eq!(parse(name), Ok(Some(path.to_owned())), "{name}");
        }
        assert_eq!(parse("./"), Ok(None));
    }

    #[test]
    fn names_that_could_leave_or_confuse_are_refused_by_their_reason() {
        use EntryRefusal as R;
        for (name, refusal) in [
            ("", R::NoName),
            ("/etc/passwd", R::AbsolutePath),
            ("\\windows\\x", R::AbsolutePath),
            ("\\\\server\\share", R::AbsolutePath),
            ("//server/share", R::AbsolutePath),
            ("C:\\x", R::DrivePath),
            ("c:x", R::DrivePath),
            ("..", R::ParentComponent),
            ("../x", R::ParentComponent),
            ("a/../x", R::ParentComponent),
            ("a\\..\\..\\x", R::ParentComponent),
            ("a\0b", R::ControlCharacter),
            ("a\nb", R::ControlCharacter),
            ("a\u{1b}[2J", R::ControlCharacter),
            ("a/b:stream", R::ForbiddenCharacter(':')),
            ("what?", R::ForbiddenCharacter('?')),
            ("aux", R::DeviceName("AUX".to_owned())),
            ("data/nul.txt", R::DeviceName("NUL".to_owned())),
            ("Com1.tar.gz", R::DeviceName("COM1".to_owned())),
            ("LPT³", R::DeviceName("LPT³".to_owned())),
            ("con .txt", R::DeviceName("CON".to_owned())),
            ("a./b", R::TrailingDotOrSpace),
            ("a ", R::TrailingDotOrSpace),
            ("...", R::TrailingDotOrSpace),
        ] {
            assert_eq!(parse(name), Err(refusal), "{name:?}");
        }
        assert_eq!(
            EntryPath::parse(b"gr\xfcn", &UnpackLimits::default()),
            Err(EntryRefusal::NotUnicode)
        );
    }

    #[test]
    fn lengths_are_accepted_at_the_limit_and_refused_one_past_it() {
        let component = "x".repeat(COMPONENT_BYTES_MAX);
        assert!(parse(&component).is_ok());
        assert_eq!(
            parse(&format!("{component}x")),
            Err(EntryRefusal::ComponentTooLong)
        );

        let limits = UnpackLimits {
            path_bytes_max: 7,
            path_depth_max: 3,
            ..Default::default()
        };
        let parse = |name: &str| EntryPath::parse(name.as_bytes(), &limits);
        assert!(parse("abc/def").is_ok());
        assert_eq!(parse("abc/defg"), Err(EntryRefusal::PathTooLong(7)));
        assert!(parse("a/b/c").is_ok());
        assert_eq!(parse("a/b/c/d"), Err(EntryRefusal::PathTooDeep(3)));
    }

    #[test]
    fn folding_merges_what_some_file_system_takes_for_one_name() {
        for (left, right) in [
            ("ReadMe.TXT", "readme.txt"),
            ("Größe", "GRÖSSE"),
            ("caf\u{e9}", "cafe\u{301}"),
            ("ΣΑΣ", "σας"),
            ("\u{c5}", "a\u{30a}"),
        ] {
            assert_eq!(fold(left), fold(right), "{left} {right}");
        }
        assert_ne!(fold("a"), fold("b"));
        assert_ne!(fold("grosse"), fold("grose"));
    }

    proptest::proptest! {
        #[test]
        fn whatever_is_accepted_is_a_chain_of_plain_names(name in "(\\PC|[./\\\\:]|\\.\\.|C:){0,24}") {
            let limits = UnpackLimits::default();
            if let Ok(Some(path)) = EntryPath::parse(name.as_bytes(), &limits) {
                for component in path.as_str().split('/') {
                    assert!(!matches!(component, "" | "." | ".."), "{name:?}");
                    assert!(!component.contains(['\\', ':', '\0']), "{name:?}");
                }
                let again = EntryPath::parse(path.as_str().as_bytes(), &limits);
                assert_eq!(again, Ok(Some(path.clone())), "{name:?}");
                // The tree folds component by component as well as whole paths.
                let folded: Vec<String> = path.as_str().split('/').map(fold).collect();
                assert_eq!(fold(path.as_str()), folded.join("/"));
            }
        }

        #[test]
        fn folding_twice_is_folding_once(name in "\\PC{0,12}") {
            assert_eq!(fold(&fold(&name)), fold(&name));
        }

        #[test]
        fn bytes_of_any_kind_are_judged_without_panic(name in proptest::collection::vec(0_u8.., 0..40)) {
            let _ = EntryPath::parse(&name, &UnpackLimits::default());
        }
    }
}
