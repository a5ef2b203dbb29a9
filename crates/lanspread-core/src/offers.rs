//! Which manifest of a game to download, given what the live peers announce.
//!
//! The version this party plays comes first, then the manifest that most peers announce. Invariant:
//! a tie is reported with who says what and never decided by luck, so the same announcements give
//! the same choice in whatever order they come. It does not know what is on this disk, and it does
//! not check what a peer claims: a manifest is checked against its hash when it is fetched.

use std::{cmp::Reverse, collections::BTreeMap};

use lanspread_db::{ManifestHash, Version};
use lanspread_proto::{GameSummary, PeerId};

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
    },
    /// As many peers announce one manifest of the version as another: people have to decide.
    Tie {
        /// The version they disagree about.
        version: Version,
        /// Who says what, most peers first; at least two.
        groups: Vec<OfferGroup>,
    },
    /// Peers have the version, but all of them are still hashing it.
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
/// it. Each peer has one say: of several offers of the same peer the last counts.
pub fn choose<'a>(
    expected: Option<&Version>,
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
    if groups.is_empty() {
        return Choice::Hashing {
            version,
            peers: fitting.into_keys().collect(),
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
            summaries.iter().map(|(id, game)| (*id, game)),
        );
        let reversed = choose(
            expected.as_ref(),
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
        let choice = choose(None, [(peer(1), &first), (peer(1), &second)]);
        assert_eq!(choice, chosen(EXPECTED, 9, &[1], &[]));
    }
}
