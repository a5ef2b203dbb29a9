// One thing that is wrong, in words, with what to do about it.
//
// Invariant: every finding says what the user can do, in the order in which it is worth trying.

import type { ReactNode } from "react";
import type { FolderProblem, Game, Me, Problem } from "../../api/types.ts";
import type { Texts } from "../../i18n/en.ts";
import type { Finding } from "../../state/diagnose.ts";
import { portOf } from "../../state/names.ts";
import { problemWords } from "../../state/told.ts";
import { useApp } from "../../ui/context.ts";
import { Path } from "../../ui/dialog.tsx";
import { Icon } from "../../ui/icon.tsx";
import { Name } from "../../ui/parts.tsx";
import { Told } from "../../ui/told.tsx";

export function AllFine({ peers }: { peers: number }) {
  const { texts } = useApp();
  return (
    <div className="finding finding-fine">
      <Icon name="check" />
      <div>
        <h2>{texts.help.fine}</h2>
        <p>{texts.help.fineBody(peers)}</p>
      </div>
    </div>
  );
}

/** What is wrong, in a few words. */
export function titleOf(finding: Finding, { help: words }: Texts): string {
  switch (finding.about) {
    case "connection":
      return words.connectionTitle;
    case "games-dir":
      return words.folderTitle;
    case "more-games-dir":
      return words.moreFolderTitle;
    case "read-only":
      return words.readOnlyTitle;
    case "no-address":
      return words.addressTitle;
    case "discovery":
      return finding.alone ? words.discoveryAloneTitle : words.discoveryTitle;
    case "no-peers":
      return words.peersTitle;
    case "low-space":
      return words.spaceTitle;
    case "clock":
      return words.clockTitle;
    case "problem-games":
      return words.problemsTitle(finding.games.length);
    case "kept-away":
      return words.awayTitle(finding.peers.length);
  }
}

export function FindingBox({ finding, me }: { finding: Finding; me: Me }) {
  const { texts, href, format } = useApp();
  const words = texts.help;
  const title = titleOf(finding, texts);
  switch (finding.about) {
    case "connection":
      return <Box title={title} body={words.connectionBody} />;
    case "games-dir":
      return (
        <Box title={title} body={words.folderBody}>
          <Path path={me.games_dir} />
          <FolderTold problem={finding.problem} />
          <a href={href({ tab: "settings" })}>{words.readOnlyLink}</a>
        </Box>
      );
    case "more-games-dir":
      return (
        <Box title={title} body={words.moreFolderBody}>
          <Path path={finding.path} />
          <FolderTold problem={finding.problem} />
          <a href={href({ tab: "settings" })}>{words.readOnlyLink}</a>
        </Box>
      );
    case "read-only":
      return (
        <Box title={title} body={words.readOnlyBody}>
          <FolderTold problem={finding.problem} />
          <a href={href({ tab: "settings" })}>{words.readOnlyLink}</a>
        </Box>
      );
    case "no-address":
      return <Box title={title} body={words.addressBody} />;
    case "discovery":
      return (
        <Box title={title} body={words.discoveryBody}>
          <Told words={texts.told.discovery[finding.trouble]} exact={finding.message} />
          <a href={href({ tab: "party" })}>{words.connectLink}</a>
        </Box>
      );
    case "no-peers":
      return (
        <Box title={title} body={words.peersBody}>
          <ol>
            {words.peersSteps(portOf(me.listen_addrs[0] ?? "")).map((step) => (
              <li key={step}>{step}</li>
            ))}
          </ol>
          <a href={href({ tab: "party" })}>{words.connectLink}</a>
        </Box>
      );
    case "low-space":
      return (
        <Box title={title} body={texts.checks.space(format.bytes(finding.freeBytes))}>
          <p>{words.spaceBody}</p>
        </Box>
      );
    case "clock":
      return (
        <Box title={title} body={words.clockBody}>
          <p>
            {texts.checks.clockDiffers(
              format.duration(Math.abs(finding.aheadMin) * 60_000),
              finding.aheadMin > 0,
            )}
          </p>
        </Box>
      );
    case "problem-games":
      return (
        <Box title={title} body={words.problemsBody}>
          <ul className="finding-games">
            {finding.games.map(({ game, problem }) => (
              <ProblemGame key={game.id} game={game} problem={problem} />
            ))}
          </ul>
        </Box>
      );
    case "kept-away":
      return (
        <Box title={title} body={words.awayBody}>
          <a href={href({ tab: "party" })}>{words.awayLink}</a>
        </Box>
      );
  }
}

function FolderTold({ problem: { fault, message } }: { problem: FolderProblem }) {
  const { texts } = useApp();
  return <Told words={texts.told.folders[fault]} exact={message} />;
}

function ProblemGame({ game, problem }: { game: Game; problem: Problem }) {
  const { texts, href } = useApp();
  return (
    <li>
      <a href={href({ game: game.id })}>
        <Name>{game.title}</Name>
      </a>
      <div className="lines-more">
        <Told words={problemWords(texts, problem)} exact={problem.message} />
      </div>
    </li>
  );
}

function Box({ title, body, children }: { title: string; body: string; children?: ReactNode }) {
  return (
    <div className="finding">
      <Icon name="alert" />
      <div>
        <h2>{title}</h2>
        <p>{body}</p>
        {children}
      </div>
    </div>
  );
}
