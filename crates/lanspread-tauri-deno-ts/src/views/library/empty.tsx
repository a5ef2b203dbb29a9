// What stands where no game does, and what to do about it.
//
// Invariant: it never says that something is being waited for; it says what is, and what changes it.

import { useApp, useMay, useSnapshot } from "../../ui/context.ts";
import { Button } from "../../ui/button.tsx";
import { Path } from "../../ui/dialog.tsx";
import { Mark } from "../../ui/icon.tsx";

export function NoGames() {
  const { texts, href } = useApp();
  const { me, peers } = useSnapshot();
  const { ask } = useMay();
  if (ask && me.games_dir_problem !== null) {
    return (
      <div className="empty">
        <Mark />
        <h1>{texts.help.folderTitle}</h1>
        <p>{texts.help.folderBody}</p>
        <Path path={me.games_dir} />
        <a href={href({ tab: "settings" })}>{texts.help.readOnlyLink}</a>
      </div>
    );
  }
  return (
    <div className="empty">
      <Mark />
      <h1>{texts.library.emptyTitle}</h1>
      <p>{texts.library.emptyPeers(peers.length)}</p>
      {ask && (
        <>
          <p>{texts.library.emptyFolder}</p>
          <Path path={me.games_dir} />
        </>
      )}
      {peers.length === 0 && <a href={href({ tab: "help" })}>{texts.library.emptyHelp}</a>}
    </div>
  );
}

export function NoHits({ onClear }: { onClear(): void }) {
  const { texts } = useApp();
  return (
    <div className="empty">
      <Mark />
      <h2>{texts.library.noHitsTitle}</h2>
      <p>{texts.library.noHitsBody}</p>
      <Button kind="main" onPress={onClear}>{texts.library.clear}</Button>
    </div>
  );
}
