// The files of a game, asked for when somebody wants to see them.
//
// Invariant: what is listed is what the peer told last for this state of the game; only the lines that can
// be seen exist.

import { useEffect, useMemo, useState } from "react";
import type { Game, GameFiles as Told } from "../../api/types.ts";
import { CommandError } from "../../api/shell.ts";
import { headline } from "../../i18n/texts.ts";
import { useApp, useMay } from "../../ui/context.ts";
import { Icon } from "../../ui/icon.tsx";
import { Nothing } from "../../ui/parts.tsx";
import { ErrorTold } from "../../ui/told.tsx";
import { VirtualList } from "../../ui/virtual-list.tsx";

type Files =
  | { state: "loading" }
  | { state: "failed"; kind: string; message: string }
  | { state: "loaded"; files: Told };

/** So many lines are drawn as they are; more get a box of their own. */
const LINES_MAX = 8;

export function GameFiles({ game }: { game: Game }) {
  const { texts } = useApp();
  const { ask } = useMay();
  const [isOpen, setIsOpen] = useState(false);
  const canBeAsked = game.downloaded || (ask && game.holders.length > 0);
  if (!canBeAsked) return null;
  return (
    <details
      className="section opens"
      onToggle={(event) => setIsOpen(event.currentTarget.open)}
    >
      <summary>
        <Icon name="lower" />
        <h2>{texts.files.title}</h2>
      </summary>
      {isOpen && <Opened game={game} />}
    </details>
  );
}

function Opened({ game }: { game: Game }) {
  const { texts, format } = useApp();
  const files = useFiles(game);
  if (files.state === "loading") return <Nothing>{texts.files.loading}</Nothing>;
  if (files.state === "failed") {
    return (
      <div className="warning warning-calm" role="note">
        <strong>{headline(texts, files.kind)}</strong>
        <ErrorTold kind={files.kind} message={files.message} />
      </div>
    );
  }
  const { here, files: listed, more, size } = files.files;
  const count = listed.length + more;
  return (
    <>
      <p className="nothing" role="status">
        {(here ? texts.files.here : texts.files.fetched)(count, format.bytes(size))}
      </p>
      <FileLines files={listed} />
      {more > 0 && <Nothing>{texts.files.more(more)}</Nothing>}
    </>
  );
}

interface Line {
  index: number;
  path: string;
  size: number;
}

function FileLines({ files }: { files: Told["files"] }) {
  const { texts } = useApp();
  const lines = useMemo(() => files.map((file, index) => ({ ...file, index })), [files]);
  if (lines.length > LINES_MAX) {
    return (
      <VirtualList
        items={lines}
        keyOf={({ index }) => index}
        label={texts.files.title}
        row={(line) => <FileLine line={line} />}
      />
    );
  }
  return (
    <ol className="files">
      {lines.map((line) => (
        <li key={line.index}>
          <FileLine line={line} />
        </li>
      ))}
    </ol>
  );
}

function FileLine({ line: { path, size } }: { line: Line }) {
  const { format } = useApp();
  return (
    <div className="file">
      <bdi>{path}</bdi>
      <span>{format.bytes(size)}</span>
    </div>
  );
}

/** The files of a game; they are asked for again when other ones are meant. */
function useFiles(game: Game): Files {
  const { shell } = useApp();
  const [files, setFiles] = useState<Files>({ state: "loading" });
  const { id, version, expected_version: expected } = game;
  useEffect(() => {
    let wanted = true;
    setFiles({ state: "loading" });
    shell.files(id).then(
      (loaded) => wanted && setFiles({ state: "loaded", files: loaded }),
      (error: unknown) => wanted && setFiles(failure(error)),
    );
    return () => {
      wanted = false;
    };
  }, [shell, id, version, expected]);
  return files;
}

function failure(error: unknown): Files {
  const kind = error instanceof CommandError ? error.kind : "io";
  return { state: "failed", kind, message: error instanceof Error ? error.message : "" };
}
