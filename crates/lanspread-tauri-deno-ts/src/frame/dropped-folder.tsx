// Asks whether a folder that was dragged onto the window becomes one more folder of games.
//
// Invariant: nothing changes before the answer, and the question names the folder.

import { furtherFolders } from "../state/folders.ts";
import { useApp, usePart, useView } from "../ui/context.ts";
import { Confirm } from "../ui/dialog.tsx";

export function DroppedFolder() {
  const { texts, store } = useApp();
  const me = usePart("me");
  const path = useView((view) => view.dropped);
  if (path === null) return null;
  return (
    <Confirm
      question={{
        title: texts.confirm.folderTitle,
        body: texts.confirm.folderBody,
        folder: path,
        confirm: texts.confirm.folder,
        isLoss: false,
        onConfirm: () =>
          void store.send({ cmd: "set-more-game-dirs", paths: [...furtherFolders(me), path] }),
      }}
      onClose={() => store.forgetDropped()}
    />
  );
}
