//! The words that the system shows for us: the tray's menu, notifications, dialogs. The window's own words
//! are the front end's.
//!
//! Invariant: every language has every text, which the compiler sees, with no gap but those of the English one,
//! which a test sees. The peer's own sentences are English: they fill gaps of English texts, and elsewhere the
//! window shows what they say.

use lanspread_jsonl::Language;

/// Every text in one language. A gap is a name in braces.
#[derive(Debug)]
pub(crate) struct Words {
    /// The tray's menu.
    pub(crate) show: &'static str,
    pub(crate) playing: &'static str,
    pub(crate) quit: &'static str,
    /// Notifications.
    pub(crate) downloaded: &'static str,
    pub(crate) installed: &'static str,
    pub(crate) failed: &'static str,
    pub(crate) update_available: &'static str,
    pub(crate) kept_away: &'static str,
    pub(crate) message: &'static str,
    pub(crate) broken: &'static str,
    /// Dialogs.
    pub(crate) choose_folder: &'static str,
    pub(crate) cannot_start: &'static str,
    pub(crate) busy: &'static str,
}

const EN: Words = Words {
    show: "Show Lanspread",
    playing: "I am playing",
    quit: "Quit",
    downloaded: "{game} is here.",
    installed: "{game} is ready to play.",
    failed: "{game}: {reason}",
    update_available: "There is an update of {game}.",
    kept_away: "{name} is kept away: {reason}",
    message: "{name}: {text}",
    broken: "Lanspread cannot go on: {reason}",
    choose_folder: "Choose the folder of your games",
    cannot_start: "Lanspread cannot start",
    busy: "Lanspread runs already, as another program: {reason}. End that one, such as `lanspread serve`, and \
           start Lanspread again.",
};

const DE: Words = Words {
    show: "Lanspread zeigen",
    playing: "Ich spiele gerade",
    quit: "Beenden",
    downloaded: "{game} ist da.",
    installed: "{game} ist bereit.",
    failed: "{game} ist nicht fertig geworden. Lanspread zeigt, warum.",
    update_available: "Es gibt ein Update von {game}.",
    kept_away: "{name} wird ferngehalten. Unter Party steht, warum.",
    message: "{name}: {text}",
    broken: "Lanspread kann nicht weitermachen: {reason}",
    choose_folder: "Ordner deiner Spiele wählen",
    cannot_start: "Lanspread kann nicht starten",
    busy: "Lanspread läuft schon als anderes Programm: {reason}. Beende dieses, etwa `lanspread serve`, und \
           starte Lanspread neu.",
};

/// The words of a language; English where there are none of it.
pub(crate) const fn words(language: Language) -> &'static Words {
    match language {
        Language::De => &DE,
        Language::En | Language::Fr => &EN,
    }
}

/// The language that the system is set to, as far as it says so to programs.
pub(crate) fn system_language() -> Language {
    let said = |name| std::env::var(name).ok().filter(|value| !value.is_empty());
    language_of(["LC_ALL", "LC_MESSAGES", "LANG"].into_iter().find_map(said))
}

fn language_of(locale: Option<String>) -> Language {
    let locale = locale.unwrap_or_default().to_lowercase();
    match locale.split(['_', '-', '.']).next() {
        Some("de") => Language::De,
        Some("fr") => Language::Fr,
        Some(_) | None => Language::En,
    }
}

/// A text with its gaps filled.
pub(crate) fn fill(text: &str, gaps: &[(&str, &str)]) -> String {
    let mut filled = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        filled.push_str(before);
        let (name, after) = after.split_once('}').unwrap_or((after, ""));
        let known = gaps.iter().find(|(gap, _)| *gap == name);
        filled.push_str(known.map_or("", |(_, value)| value));
        rest = after;
    }
    filled.push_str(rest);
    filled
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(words: &Words) -> [&'static str; 13] {
        let Words {
            show,
            playing,
            quit,
            downloaded,
            installed,
            failed,
            update_available,
            kept_away,
            message,
            broken,
            choose_folder,
            cannot_start,
            busy,
        } = words;
        [
            show,
            playing,
            quit,
            downloaded,
            installed,
            failed,
            update_available,
            kept_away,
            message,
            broken,
            choose_folder,
            cannot_start,
            busy,
        ]
    }

    fn gaps(text: &str) -> Vec<&str> {
        let opened = text.split('{').skip(1);
        let mut gaps: Vec<&str> = opened.filter_map(|rest| rest.split('}').next()).collect();
        gaps.sort_unstable();
        gaps
    }

    #[test]
    fn every_language_has_every_text_and_no_gap_that_nobody_fills() {
        for (english, german) in all(&EN).into_iter().zip(all(&DE)) {
            assert!(!english.is_empty() && !german.is_empty());
            let known = gaps(english);
            assert!(
                gaps(german).iter().all(|gap| known.contains(gap)),
                "{german}"
            );
        }
    }

    #[test]
    fn gaps_are_filled_once_and_what_fills_them_is_no_text_with_gaps() {
        let filled = fill(
            "{name} is kept away: {reason}",
            &[("name", "{reason}"), ("reason", "x")],
        );
        assert_eq!(filled, "{reason} is kept away: x");
    }

    #[test]
    fn a_locale_names_its_language_first() {
        let language = |locale: &str| language_of(Some(locale.to_owned()));
        assert_eq!(language("de_AT.UTF-8"), Language::De);
        assert_eq!(language("C"), Language::En);
        assert_eq!(language_of(None), Language::En);
    }
}
