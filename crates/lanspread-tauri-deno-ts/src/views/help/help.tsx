// What is wrong and what to do, and the facts that a helper asks for.
//
// Invariant: it shows what `diagnose.ts` found in the snapshot. It guesses nothing and waits for
// nothing.

import type { NoticeAbout } from "../../api/types.ts";
import { diagnose, keyOf } from "../../state/diagnose.ts";
import { gamesFolders } from "../../state/folders.ts";
import { gameById } from "../../state/names.ts";
import { isOpen, noticeWords, subjectOf } from "../../state/notices.ts";
import { useApp, useMay, usePart, useSnapshot, useView } from "../../ui/context.ts";
import { Facts, Name, Nothing, Section } from "../../ui/parts.tsx";
import { Told } from "../../ui/told.tsx";
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
            <FindingBox key={keyOf(finding)} finding={finding} me={snapshot.me} />
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
          [
            words.folder,
            <ul key="folder">
              {gamesFolders(me).map(({ path }) => (
                <li key={path}>
                  <bdi className="path">{path}</bdi>
                </li>
              ))}
            </ul>,
          ],
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
                <strong>{texts.notices.titles[notice.about.kind]}</strong>
                <About about={notice.about} />
              </span>
              <time dateTime={new Date(notice.at_ms).toISOString()}>
                {format.clock(notice.at_ms)}
              </time>
            </div>
            <div className="lines-more">
              <Told
                words={noticeWords(texts, format, notice.about)}
                exact={notice.message}
                saysMore={isOpen(notice.about)}
              />
            </div>
          </li>
        ))}
      </ul>
    </Section>
  );
}

/** Whom or which game it is about; a game that is known is one click away. */
function About({ about }: { about: NoticeAbout }) {
  const { href } = useApp();
  const games = usePart("games");
  const subject = subjectOf(about);
  if (subject === null) return null;
  if ("name" in subject) return <Name>{subject.name}</Name>;
  const game = gameById(games, subject.game);
  if (game === null) return <Name>{subject.game}</Name>;
  return (
    <a href={href({ game: game.id })}>
      <Name>{game.title}</Name>
    </a>
  );
}
