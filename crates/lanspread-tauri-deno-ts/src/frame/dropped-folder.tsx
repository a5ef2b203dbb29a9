// Asks whether a folder that was dragged onto the window becomes the folder of games.
//
// Invariant: nothing changes before the answer, and the question names the folder.

import { useApp, useView } from "../ui/context.ts";
import { Confirm } from "../ui/dialog.tsx";

export function DroppedFolder() {
  const { texts, store } = useApp();
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
        onConfirm: () => void store.send({ cmd: "set-game-dir", path }),
      }}
      onClose={() => store.forgetDropped()}
    />
  );
}
