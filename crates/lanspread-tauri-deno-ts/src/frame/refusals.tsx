// Commands that were refused, until they are read.
//
// Invariant: headline and explanation are in the user's language, whatever the peer says of it.

import { headline } from "../i18n/texts.ts";
import { gameTitle } from "../state/names.ts";
import { Button } from "../ui/button.tsx";
import { useApp, usePart, useView } from "../ui/context.ts";
import { Icon } from "../ui/icon.tsx";
import { ErrorTold } from "../ui/told.tsx";

export function Refusals() {
  const { texts, store } = useApp();
  const refusals = useView((view) => view.refusals);
  const games = usePart("games");
  return (
    <div className="refusals" role="alert">
      {refusals.map(({ number, game, kind, message }) => {
        const title = game === null ? null : gameTitle(games, game);
        return (
          <div key={number} className="refusal">
            <Icon name="alert" />
            <div>
              <strong>{headline(texts, kind)}</strong>
              {title !== null && <p>{texts.shell.refused(title)}</p>}
              <ErrorTold kind={kind} message={message} />
            </div>
            <Button
              kind="plain"
              icon="close"
              label={texts.shell.dismiss}
              onPress={() => store.dismiss(number)}
            />
          </div>
        );
      })}
    </div>
  );
}
