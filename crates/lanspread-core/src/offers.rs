//! Which manifest of a game to download, given what the live peers announce.
//!
//! The version this party plays comes first, then the manifest that the catalog pins for it, and
//! without a pin the one that most peers announce. Invariant: what is pinned is chosen or nothing is;
//! a tie is reported with who says what and never decided by luck, so the same announcements give
//! the same choice in whatever order they come. It does not know what is on this disk, and it does
//! not check what a peer claims: a manifest is checked against its hash when it is fetched.

use std::{cmp::Reverse, collections::BTreeMap};

use lanspread_db::{ManifestHash, Version};
use lanspread_proto::{GameSummary, PeerId};

use crate::{OfferView, Standing};

/// The peers that announce the same manifest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OfferGroup {
    /// The manifest.
    pub manifest: ManifestHash,
    /// Bytes of its files, as the first of the peers says.
    pub size_bytes: u64,
    /// Who announces it, sorted; never empty.
    pub peers: Vec<PeerId>,
}

/// Why a manifest was chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Basis {
    /// The catalog pins it.
    Pin,
    /// More peers announce it than any other.
    Plurality,
}

/// What the announcements of one game come to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Choice {
    /// This manifest it is.
    Manifest {
        /// The version it describes.
        version: Version,
        /// The hash that names it.
        manifest: ManifestHash,
        /// Bytes of its files, as announced.
        size_bytes: u64,
        /// Who announces it, sorted; never empty.
        sources: Vec<PeerId>,
        /// Peers that announce other files under the same version, most peers first; these are no
        /// sources, and users are told.
        dissent: Vec<OfferGroup>,
        /// Why it is this one.
        basis: Basis,
    },
    /// Peers have the version, but none has the files that the catalog pins for it.
    NoPeerHasPinned {
        /// The version.
        version: Version,
        /// The manifest that is pinned.
        pinned: ManifestHash,
        /// Who offers which other files, most peers first; never empty.
        others: Vec<OfferGroup>,
    },
    /// As many peers announce one manifest of the version as another: people have to decide.
    Tie {
        /// The version they disagree about.
        version: Version,
        /// Who says what, most peers first; at least two.
        groups: Vec<OfferGroup>,
    },
    /// Peers have the version, but those that may have the right files are still hashing it.
    Hashing {
        /// The version.
        version: Version,
        /// Who hashes, sorted; never empty.
        peers: Vec<PeerId>,
    },
    /// Peers have the game, but none has the version this party plays.
    NoPeerHasVersion {
        /// The version this party plays.
        expected: Version,
        /// The versions that are there and who has them, newest first; never empty.
        found: Vec<(Version, Vec<PeerId>)>,
    },
    /// No live peer announces the game.
    Nobody,
}

/// Chooses what to download of one game.
///
/// `expected` is the version the catalog asks for; without one the newest that anyone announces is
/// it. `pin` is what the catalog pins for a version. Each peer has one say: of several offers of the
/// same peer the last counts.
pub fn choose<'a>(
    expected: Option<&Version>,
    pin: impl FnOnce(Version) -> Option<ManifestHash>,
    offers: impl IntoIterator<Item = (PeerId, &'a GameSummary)>,
) -> Choice {
    let offers: BTreeMap<PeerId, &GameSummary> = offers.into_iter().collect();
    let Some(newest) = offers.values().map(|offer| &offer.version).max() else {
        return Choice::Nobody;
    };
    let version = *expected.unwrap_or(newest);
    let fitting: BTreeMap<PeerId, &GameSummary> = offers
        .iter()
        .filter(|(_, offer)| offer.version == version)
        .map(|(&peer, &offer)| (peer, offer))
        .collect();
    if fitting.is_empty() {
        return Choice::NoPeerHasVersion {
            expected: version,
            found: versions(&offers),
        };
    }
    let mut groups = groups(&fitting);
    if let Some(pinned) = pin(version) {
        return choose_pinned(version, pinned, groups, &fitting);
    }
    if groups.is_empty() {
        return Choice::Hashing {
            version,
            peers: hashing(&fitting),
        };
    }
    if groups.len() > 1 && groups[0].peers.len() == groups[1].peers.len() {
        return Choice::Tie { version, groups };
    }
    let chosen = groups.remove(0);
    Choice::Manifest {
        version,
        manifest: chosen.manifest,
        size_bytes: chosen.size_bytes,
        sources: chosen.peers,
        dissent: groups,
        basis: Basis::Plurality,
    }
}

/// Takes what is pinned, however few have it, and nothing else, however many.
fn choose_pinned(
    version: Version,
    pinned: ManifestHash,
    mut groups: Vec<OfferGroup>,
    fitting: &BTreeMap<PeerId, &GameSummary>,
) -> Choice {
    if let Some(at) = groups.iter().position(|group| group.manifest == pinned) {
        let chosen = groups.remove(at);
        return Choice::Manifest {
            version,
            manifest: pinned,
            size_bytes: chosen.size_bytes,
            sources: chosen.peers,
            dissent: groups,
            basis: Basis::Pin,
        };
    }
    let peers = hashing(fitting);
    if peers.is_empty() {
        return Choice::NoPeerHasPinned {
            version,
            pinned,
            others: groups,
        };
    }
    Choice::Hashing { version, peers }
}

/// The peers that do not know yet which files they have, sorted.
fn hashing(offers: &BTreeMap<PeerId, &GameSummary>) -> Vec<PeerId> {
    let unhashed = offers.iter().filter(|(_, offer)| offer.manifest.is_none());
    unhashed.map(|(&peer, _)| peer).collect()
}

/// Who says what of one game, and what that counts for in `choice`: sources first.
pub fn who_says_what<'a>(
    choice: &Choice,
    offers: impl IntoIterator<Item = (PeerId, &'a GameSummary)>,
) -> Vec<OfferView> {
    let mut said: BTreeMap<(Version, Option<ManifestHash>), OfferView> = BTreeMap::new();
    for (peer, offer) in offers {
        let (version, manifest) = (offer.version, offer.manifest);
        said.entry((version, manifest))
            .or_insert_with(|| OfferView {
                version,
                manifest,
                size_bytes: offer.size_bytes,
                standing: standing(choice, version, manifest),
                peers: Vec::new(),
            })
            .peers
            .push(peer);
    }
    let mut said: Vec<OfferView> = said.into_values().collect();
    for offer in &mut said {
        offer.peers.sort_unstable();
    }
    said.sort_by_key(|offer| {
        let most_first = Reverse((offer.version, offer.peers.len()));
        (offer.standing, most_first)
    });
    said
}

/// What an announcement counts for.
fn standing(choice: &Choice, version: Version, manifest: Option<ManifestHash>) -> Standing {
    let (wanted, of_files) = match choice {
        Choice::Manifest {
            version,
            manifest: chosen,
            basis,
            ..
        } => {
            let other = match basis {
                Basis::Pin => Standing::NotPinned,
                Basis::Plurality => Standing::Outvoted,
            };
            let is_chosen = manifest == Some(*chosen);
            (version, if is_chosen { Standing::Source } else { other })
        }
        Choice::Tie { version, groups } => {
            let top = groups.first().map_or(0, |group| group.peers.len());
            let ties = groups
                .iter()
                .any(|group| Some(group.manifest) == manifest && group.peers.len() == top);
            let standing = if ties {
                Standing::Tied
            } else {
                Standing::Outvoted
            };
            (version, standing)
        }
        Choice::Hashing { version, .. } | Choice::NoPeerHasPinned { version, .. } => {
            (version, Standing::NotPinned)
        }
        Choice::NoPeerHasVersion { .. } | Choice::Nobody => return Standing::OtherVersion,
    };
    match manifest {
        _ if version != *wanted => Standing::OtherVersion,
        None => Standing::Hashing,
        Some(_) => of_files,
    }
}

/// Groups the offers by announced manifest, most peers first, then by hash.
fn groups(offers: &BTreeMap<PeerId, &GameSummary>) -> Vec<OfferGroup> {
    let mut by_manifest: BTreeMap<ManifestHash, OfferGroup> = BTreeMap::new();
    for (&peer, offer) in offers {
        let Some(manifest) = offer.manifest else {
            continue;
        };
        by_manifest
            .entry(manifest)
            .or_insert_with(|| OfferGroup {
                manifest,
                size_bytes: offer.size_bytes,
                peers: Vec::new(),
            })
            .peers
            .push(peer);
    }
    let mut groups: Vec<OfferGroup> = by_manifest.into_values().collect();
    groups.sort_by_key(|group| Reverse(group.peers.len()));
    groups
}

/// Groups the offers by version, newest first.
fn versions(offers: &BTreeMap<PeerId, &GameSummary>) -> Vec<(Version, Vec<PeerId>)> {
    let mut by_version: BTreeMap<Version, Vec<PeerId>> = BTreeMap::new();
    for (&peer, offer) in offers {
        by_version.entry(offer.version).or_default().push(peer);
    }
    by_version.into_iter().rev().collect()
}

#[cfg(test)]
mod tests {
    use lanspread_db::{ContentHash, GameId};

    use super::*;

    const OLD: &str = "20150101";
    const EXPECTED: &str = "20160922";
    const NEW: &str = "20240101";

    fn peer(n: u8) -> PeerId {
        PeerId::from_bytes([n; 32])
    }

    fn manifest(n: u8) -> ManifestHash {
        ManifestHash(ContentHash([n; 32]))
    }

    fn version(text: &str) -> Version {
        Version::parse(text).unwrap()
    }

    /// What peers announce: peer, version, manifest (0: still hashing).
    fn run(expected: Option<&str>, offers: &[(u8, &str, u8)]) -> Choice {
        run_pinned(expected, 0, offers)
    }

    /// The same with a manifest pinned for the expected version (0: none).
    fn run_pinned(expected: Option<&str>, pinned: u8, offers: &[(u8, &str, u8)]) -> Choice {
        let pin = |of: Version| (pinned != 0 && of == version(EXPECTED)).then(|| manifest(pinned));
        let summaries: Vec<(PeerId, GameSummary)> = offers
            .iter()
            .map(|&(from, text, hash)| {
                let summary = GameSummary {
                    id: GameId::parse("game").unwrap(),
                    title: "Game".to_owned(),
                    version: version(text),
                    size_bytes: u64::from(hash) * 1000,
                    manifest: (hash != 0).then(|| manifest(hash)),
                };
                (peer(from), summary)
            })
            .collect();
        let expected = expected.map(version);
        let choice = choose(
            expected.as_ref(),
            pin,
            summaries.iter().map(|(id, game)| (*id, game)),
        );
        let reversed = choose(
            expected.as_ref(),
            pin,
            summaries.iter().rev().map(|(id, game)| (*id, game)),
        );
        assert_eq!(choice, reversed, "the order of the offers must not matter");
        choice
    }

    fn chosen(text: &str, hash: u8, sources: &[u8], dissent: &[(u8, &[u8])]) -> Choice {
        Choice::Manifest {
            version: version(text),
            manifest: manifest(hash),
            size_bytes: u64::from(hash) * 1000,
            sources: sources.iter().copied().map(peer).collect(),
            dissent: said(dissent),
            basis: Basis::Plurality,
        }
    }

    fn pinned(hash: u8, sources: &[u8], dissent: &[(u8, &[u8])]) -> Choice {
        let mut choice = chosen(EXPECTED, hash, sources, dissent);
        if let Choice::Manifest { basis, .. } = &mut choice {
            *basis = Basis::Pin;
        }
        choice
    }

    fn nobody_has_pinned(hash: u8, others: &[(u8, &[u8])]) -> Choice {
        Choice::NoPeerHasPinned {
            version: version(EXPECTED),
            pinned: manifest(hash),
            others: said(others),
        }
    }

    fn said(groups: &[(u8, &[u8])]) -> Vec<OfferGroup> {
        groups
            .iter()
            .map(|&(hash, peers)| OfferGroup {
                manifest: manifest(hash),
                size_bytes: u64::from(hash) * 1000,
                peers: peers.iter().copied().map(peer).collect(),
            })
            .collect()
    }

    fn tie(text: &str, groups: &[(u8, &[u8])]) -> Choice {
        Choice::Tie {
            version: version(text),
            groups: said(groups),
        }
    }

    fn hashing(text: &str, peers: &[u8]) -> Choice {
        Choice::Hashing {
            version: version(text),
            peers: peers.iter().copied().map(peer).collect(),
        }
    }

    fn other_versions(found: &[(&str, &[u8])]) -> Choice {
        Choice::NoPeerHasVersion {
            expected: version(EXPECTED),
            found: found
                .iter()
                .map(|&(text, peers)| (version(text), peers.iter().copied().map(peer).collect()))
                .collect(),
        }
    }

    /// What it is about, the catalog's version, the offers, the choice.
    type Row<'a> = (&'a str, Option<&'a str>, &'a [(u8, &'a str, u8)], Choice);

    fn check(table: &[Row]) {
        for (what, expected, offers, choice) in table {
            assert_eq!(run(*expected, offers), *choice, "{what}");
        }
    }

    #[test]
    fn the_version_this_party_plays_comes_first() {
        let catalog = Some(EXPECTED);
        let table: &[Row] = &[
            ("nobody has it", catalog, &[], Choice::Nobody),
            ("nobody has it, open party", None, &[], Choice::Nobody),
            (
                "one source",
                catalog,
                &[(1, EXPECTED, 7)],
                chosen(EXPECTED, 7, &[1], &[]),
            ),
            (
                "all agree",
                catalog,
                &[(2, EXPECTED, 7), (1, EXPECTED, 7), (3, EXPECTED, 7)],
                chosen(EXPECTED, 7, &[1, 2, 3], &[]),
            ),
            (
                "the expected version beats a newer one that more peers have",
                catalog,
                &[(1, NEW, 8), (2, NEW, 8), (3, EXPECTED, 7), (4, OLD, 6)],
                chosen(EXPECTED, 7, &[3], &[]),
            ),
            (
                "an open party plays the newest, however few have it",
                None,
                &[(1, EXPECTED, 7), (2, EXPECTED, 7), (3, NEW, 8)],
                chosen(NEW, 8, &[3], &[]),
            ),
            (
                "an open party waits for the newest to be hashed",
                None,
                &[(1, EXPECTED, 7), (3, NEW, 0)],
                hashing(NEW, &[3]),
            ),
            (
                "peers that still hash are no sources and have no say",
                catalog,
                &[(1, EXPECTED, 7), (2, EXPECTED, 0), (3, EXPECTED, 0)],
                chosen(EXPECTED, 7, &[1], &[]),
            ),
            (
                "all who have the version still hash",
                catalog,
                &[(2, EXPECTED, 0), (1, EXPECTED, 0), (3, NEW, 8)],
                hashing(EXPECTED, &[1, 2]),
            ),
            (
                "only other versions, newest first",
                catalog,
                &[(1, OLD, 6), (2, NEW, 8), (3, NEW, 0)],
                other_versions(&[(NEW, &[2, 3]), (OLD, &[1])]),
            ),
        ];
        check(table);
    }

    #[test]
    fn then_most_peers_decide_and_a_tie_is_reported() {
        let catalog = Some(EXPECTED);
        let table: &[Row] = &[
            (
                "the plurality wins and dissent is named, most peers first",
                catalog,
                &[
                    (1, EXPECTED, 9),
                    (2, EXPECTED, 7),
                    (3, EXPECTED, 7),
                    (4, EXPECTED, 7),
                    (5, EXPECTED, 5),
                    (6, EXPECTED, 5),
                ],
                chosen(EXPECTED, 7, &[2, 3, 4], &[(5, &[5, 6]), (9, &[1])]),
            ),
            (
                "two against two is a tie",
                catalog,
                &[
                    (1, EXPECTED, 7),
                    (2, EXPECTED, 9),
                    (3, EXPECTED, 9),
                    (4, EXPECTED, 7),
                ],
                tie(EXPECTED, &[(7, &[1, 4]), (9, &[2, 3])]),
            ),
            (
                "a tie at the top names the minority too",
                catalog,
                &[
                    (1, EXPECTED, 7),
                    (2, EXPECTED, 9),
                    (3, EXPECTED, 9),
                    (4, EXPECTED, 7),
                    (5, EXPECTED, 1),
                ],
                tie(EXPECTED, &[(7, &[1, 4]), (9, &[2, 3]), (1, &[5])]),
            ),
            (
                "a tie below the top is no tie",
                catalog,
                &[
                    (1, EXPECTED, 7),
                    (2, EXPECTED, 7),
                    (3, EXPECTED, 9),
                    (4, EXPECTED, 5),
                ],
                chosen(EXPECTED, 7, &[1, 2], &[(5, &[4]), (9, &[3])]),
            ),
            (
                "another version breaks no tie",
                catalog,
                &[(1, EXPECTED, 7), (2, EXPECTED, 9), (3, NEW, 9)],
                tie(EXPECTED, &[(7, &[1]), (9, &[2])]),
            ),
        ];
        check(table);
    }

    #[test]
    fn a_peer_has_one_say() {
        let make = |hash| GameSummary {
            id: GameId::parse("game").unwrap(),
            title: "Game".to_owned(),
            version: version(EXPECTED),
            size_bytes: 1000 * u64::from(hash),
            manifest: Some(manifest(hash)),
        };
        let (first, second) = (make(7), make(9));
        let choice = choose(None, |_| None, [(peer(1), &first), (peer(1), &second)]);
        assert_eq!(choice, chosen(EXPECTED, 9, &[1], &[]));
    }

    #[test]
    fn what_is_pinned_is_taken_and_nothing_else() {
        let catalog = Some(EXPECTED);
        let table: &[Row] = &[
            ("nobody has it", catalog, &[], Choice::Nobody),
            (
                "one honest peer beats any number of others",
                catalog,
                &[
                    (1, EXPECTED, 9),
                    (2, EXPECTED, 9),
                    (3, EXPECTED, 7),
                    (4, EXPECTED, 8),
                ],
                pinned(7, &[3], &[(9, &[1, 2]), (8, &[4])]),
            ),
            (
                "a pin decides what would be a tie",
                catalog,
                &[(1, EXPECTED, 9), (2, EXPECTED, 7)],
                pinned(7, &[2], &[(9, &[1])]),
            ),
            (
                "all have what is pinned",
                catalog,
                &[(1, EXPECTED, 7), (2, EXPECTED, 7)],
                pinned(7, &[1, 2], &[]),
            ),
            (
                "all others agree, and are refused all the same",
                catalog,
                &[(1, EXPECTED, 9), (2, EXPECTED, 9), (3, EXPECTED, 8)],
                nobody_has_pinned(7, &[(9, &[1, 2]), (8, &[3])]),
            ),
            (
                "who still hashes may have it",
                catalog,
                &[(1, EXPECTED, 9), (2, EXPECTED, 0)],
                hashing(EXPECTED, &[2]),
            ),
            (
                "all still hash",
                catalog,
                &[(1, EXPECTED, 0), (2, EXPECTED, 0)],
                hashing(EXPECTED, &[1, 2]),
            ),
            (
                "the pinned files under another version are not it",
                catalog,
                &[(1, NEW, 7), (2, EXPECTED, 9)],
                nobody_has_pinned(7, &[(9, &[2])]),
            ),
            (
                "nobody has the version",
                catalog,
                &[(1, NEW, 7)],
                other_versions(&[(NEW, &[1])]),
            ),
            (
                "a version without a pin goes by the majority",
                None,
                &[(1, NEW, 9), (2, NEW, 9), (3, NEW, 7)],
                chosen(NEW, 9, &[1, 2], &[(7, &[3])]),
            ),
        ];
        for (what, expected, offers, choice) in table {
            assert_eq!(run_pinned(*expected, 7, offers), *choice, "{what}");
        }
    }

    /// What users see of these offers: version, manifest, standing, peers.
    fn shown(pinned: u8, offers: &[(u8, &str, u8)]) -> Vec<(Standing, u8, Vec<u8>)> {
        let choice = run_pinned(Some(EXPECTED), pinned, offers);
        let summaries: Vec<(PeerId, GameSummary)> = offers
            .iter()
            .map(|&(from, text, hash)| {
                let summary = GameSummary {
                    id: GameId::parse("game").unwrap(),
                    title: "Game".to_owned(),
                    version: version(text),
                    size_bytes: 1,
                    manifest: (hash != 0).then(|| manifest(hash)),
                };
                (peer(from), summary)
            })
            .collect();
        who_says_what(&choice, summaries.iter().map(|(id, game)| (*id, game)))
            .into_iter()
            .map(|offer| {
                let hash = offer.manifest.map_or(0, |hash| hash.as_bytes()[0]);
                let peers = offer.peers.iter().map(|peer| peer.as_bytes()[0]).collect();
                (offer.standing, hash, peers)
            })
            .collect()
    }

    #[test]
    fn everybody_is_shown_with_what_it_says_and_what_that_counts_for() {
        let offers = [
            (5, EXPECTED, 9),
            (1, EXPECTED, 7),
            (4, EXPECTED, 9),
            (2, EXPECTED, 0),
            (3, OLD, 7),
        ];
        let rest = |first: (Standing, u8, Vec<u8>), second: (Standing, u8, Vec<u8>)| {
            let hashing = (Standing::Hashing, 0, vec![2]);
            let old = (Standing::OtherVersion, 7, vec![3]);
            vec![first, second, hashing, old]
        };
        assert_eq!(
            shown(0, &offers),
            rest(
                (Standing::Source, 9, vec![4, 5]),
                (Standing::Outvoted, 7, vec![1])
            )
        );
        assert_eq!(
            shown(7, &offers),
            rest(
                (Standing::Source, 7, vec![1]),
                (Standing::NotPinned, 9, vec![4, 5])
            )
        );
        assert_eq!(
            shown(3, &offers),
            rest(
                (Standing::NotPinned, 9, vec![4, 5]),
                (Standing::NotPinned, 7, vec![1])
            )
        );
        let tie = [
            (1, EXPECTED, 7),
            (2, EXPECTED, 9),
            (3, EXPECTED, 9),
            (4, EXPECTED, 7),
            (5, EXPECTED, 8),
        ];
        let standings: Vec<Standing> = shown(0, &tie).iter().map(|offer| offer.0).collect();
        assert_eq!(
            standings,
            [Standing::Tied, Standing::Tied, Standing::Outvoted]
        );
        assert_eq!(
            shown(7, &[(1, OLD, 7)]),
            [(Standing::OtherVersion, 7, vec![1])]
        );
        let refused = [(1, EXPECTED, 9), (2, EXPECTED, 8)];
        assert!(
            shown(7, &refused)
                .iter()
                .all(|offer| offer.0 == Standing::NotPinned)
        );
        assert_eq!(shown(7, &[]), []);
    }
}
