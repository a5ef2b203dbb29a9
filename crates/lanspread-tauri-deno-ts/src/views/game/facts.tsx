// The facts of a game: versions here, at the party and in the catalog, size, players, where it lies.
//
// Invariant: a fact that is not known has no line, except for the versions, where "none" says something.

import type { ReactNode } from "react";
import type { Game, GameDetails, Mode, Offer } from "../../api/types.ts";
import type { Texts } from "../../i18n/texts.ts";
import { localized } from "../../state/localized.ts";
import { gameFolder } from "../../state/folders.ts";
import { versionsAtParty } from "../../state/versions.ts";
import { useApp, useMay, usePart } from "../../ui/context.ts";
import { Path } from "../../ui/dialog.tsx";
import { Facts, Section } from "../../ui/parts.tsx";
import type { Details } from "./details.ts";

export function GameFacts({ game, details }: { game: Game; details: Details }) {
  const { texts, format, preferences } = useApp();
  const me = usePart("me");
  const words = texts.game;
  const { ask } = useMay();
  const more = details.state === "loaded" ? details.details : null;
  const folder = gameFolder(me, game.id, game);
  const known: [string, ReactNode][] = [
    [
      ask ? words.versionHere : texts.guest.versionThere(me.name),
      game.version ?? words.versionNone,
    ],
    [words.versionParty, <VersionsAtParty key="party" game={game} offers={more?.offers ?? null} />],
    [words.versionCatalog, catalogWords(more, me.mode, words)],
    [words.genre, localized(game.genre, preferences.language)],
    [words.players, game.players?.text ?? null],
    [words.size, game.size > 0 ? format.bytes(game.size) : null],
    [words.publisher, more?.publisher && <bdi key="publisher">{more.publisher}</bdi>],
    [words.release, more?.release ?? null],
  ];
  const isHere = ask && (game.downloaded || game.installed);
  return (
    <Section title={words.facts}>
      {isHere && <Path path={folder} />}
      <Facts facts={known.filter(([, value]) => value !== null && value !== undefined)} />
    </Section>
  );
}

function VersionsAtParty({ game, offers }: { game: Game; offers: readonly Offer[] | null }) {
  const { texts } = useApp();
  const versions = versionsAtParty(game, offers);
  if (versions.length === 0) return texts.game.versionNobody;
  return (
    <ul>
      {versions.map(({ version, peers }) => (
        <li key={version}>
          {texts.game.versionAt(version, peers)}
        </li>
      ))}
    </ul>
  );
}

/** What the catalog says, once it is known; without its word the newest version is played. */
function catalogWords(more: GameDetails | null, mode: Mode, words: Texts["game"]): string | null {
  if (mode === "open") return words.noCatalog;
  return more === null ? null : more.catalog_version ?? words.catalogSilent;
}
