// What is wrong and what to do, and the facts that a helper asks for.
//
// Invariant: it shows what `diagnose.ts` found in the snapshot. It guesses nothing and waits for
// nothing.

import type { Notice } from "../../api/types.ts";
import { diagnose } from "../../state/diagnose.ts";
import { gameById, isAboutGame } from "../../state/names.ts";
import { useApp, useMay, usePart, useSnapshot, useView } from "../../ui/context.ts";
import { Facts, Name, Nothing, Section } from "../../ui/parts.tsx";
import { Checks } from "./checks.tsx";
import { CopyReport } from "./copy-report.tsx";
import { GuestHelp } from "./guest-help.tsx";
import { AllFine, FindingBox } from "./finding.tsx";

export function Help() {
  const { ask } = useMay();
  return ask ? <UserHelp /> : <GuestHelp />;
}

function UserHelp() {
  const { texts } = useApp();
  const snapshot = useSnapshot();
  const connection = useView((view) => view.connection);
  const findings = diagnose(connection, snapshot);
  return (
    <div className="view view-split">
      <h1>{texts.help.title}</h1>
      <div className="view-main">
        {findings.length === 0 ? <AllFine peers={snapshot.peers.length} /> : (
          findings.map((finding) => (
            <FindingBox key={finding.about} finding={finding} me={snapshot.me} />
          ))
        )}
        <Checks />
        <Notices />
      </div>
      <div className="view-side">
        <ThisPeer />
        <CopyReport />
      </div>
    </div>
  );
}

function ThisPeer() {
  const { texts } = useApp();
  const { me } = useSnapshot();
  const words = texts.help;
  return (
    <Section title={words.about}>
      <Facts
        facts={[
          [words.name, <bdi key="name">{me.name}</bdi>],
          [
            words.addresses,
            me.listen_addrs.length === 0
              ? words.noAddress
              : (
                <ul key="addresses" className="addresses">
                  {me.listen_addrs.map((addr) => (
                    <li key={addr}>
                      <bdi>{addr}</bdi>
                    </li>
                  ))}
                </ul>
              ),
          ],
          [words.folder, <bdi key="folder" className="path">{me.games_dir}</bdi>],
          [
            words.catalog,
            me.catalog === null ? words.noCatalog : <bdi key="catalog">{me.catalog}</bdi>,
          ],
          [words.code, me.party_code ? words.codeSet : words.codeNone],
          [words.lanes, me.unencrypted_lanes ? words.lanesOpen : words.lanesSealed],
          [words.version, words.versionOf(me.version, me.protocol_version)],
        ]}
      />
    </Section>
  );
}

function Notices() {
  const { texts, format } = useApp();
  const { notices } = useSnapshot();
  return (
    <Section title={texts.help.notices}>
      {notices.length === 0 && <Nothing>{texts.help.noNotices}</Nothing>}
      <ul className="lines">
        {notices.toReversed().map((notice) => (
          <li key={notice.number}>
            <div className="finished-head">
              <span className="notice-title">
                <strong>{texts.notices[notice.kind]}</strong>
                <About notice={notice} />
              </span>
              <time dateTime={new Date(notice.at_ms).toISOString()}>
                {format.clock(notice.at_ms)}
              </time>
            </div>
            <span className="lines-more" dir="auto">{notice.message}</span>
          </li>
        ))}
      </ul>
    </Section>
  );
}

/** Whom or which game it is about; a game that is known is one click away. */
function About({ notice }: { notice: Notice }) {
  const { href } = useApp();
  const games = usePart("games");
  const { about } = notice;
  if (about === null) return null;
  const game = isAboutGame(notice) ? gameById(games, about) : null;
  if (game === null) return <Name>{about}</Name>;
  return (
    <a href={href({ game: game.id })}>
      <Name>{game.title}</Name>
    </a>
  );
}
