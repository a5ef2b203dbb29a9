// The frame around every view: header, banner, the view, an open game, what was said, refusals.
//
// Invariant: views are drawn only once there is a snapshot. While the connection is lost, the last one
// stays to be seen beneath a banner.

import { type ComponentType, useEffect, useLayoutEffect } from "react";
import { diagnose, inTheWay } from "../state/diagnose.ts";
import { formatRoute, GUEST_TABS, type Tab } from "../state/route.ts";
import { useApp, usePart, useSnapshot, useView } from "../ui/context.ts";
import { Mark } from "../ui/icon.tsx";
import { GamePanel } from "../views/game/panel.tsx";
import { titleOf } from "../views/help/finding.tsx";
import { Help } from "../views/help/help.tsx";
import { Library } from "../views/library/library.tsx";
import { Logs } from "../views/logs/logs.tsx";
import { Party } from "../views/party/party.tsx";
import { Settings } from "../views/settings/settings.tsx";
import { Transfers } from "../views/transfers/transfers.tsx";
import { DroppedFolder } from "./dropped-folder.tsx";
import { Header } from "./header.tsx";
import { Heard } from "./heard.tsx";
import { Refusals } from "./refusals.tsx";

const VIEWS: Record<Tab, ComponentType> = {
  library: Library,
  transfers: Transfers,
  party: Party,
  logs: Logs,
  help: Help,
  settings: Settings,
};

export function Frame() {
  const { texts, route } = useApp();
  const isKnown = useView((view) => view.known !== null);
  const connection = useView((view) => view.connection);
  const isGuest = useView((view) => view.known?.seat === "guest");
  const tab = isGuest && !isForGuests(route.tab) ? "library" : route.tab;
  const Shown = VIEWS[tab];
  useTopOf(formatRoute({ ...route, game: null }));
  useEffect(() => {
    document.title = `${texts.shell[tab]} · Lanspread`;
  }, [texts, tab]);
  if (!isKnown) {
    return (
      <main className="empty">
        <Mark />
        <h1>Lanspread</h1>
        <p role="status">{texts.shell.closed[connection]}</p>
      </main>
    );
  }
  return (
    <>
      <a className="skip" href="#main" onClick={skipToMain}>{texts.shell.skip}</a>
      <Header />
      {connection !== "open" && (
        <div className="banner" role="alert">
          <strong>{connection === "full" ? texts.shell.closed.full : texts.shell.lostTitle}</strong>
          <span>{texts.shell.lostBody}</span>
        </div>
      )}
      {isGuest && tab !== "help" && <GuestStrip />}
      {!isGuest && connection === "open" && <FindingStrip tab={tab} />}
      <main id="main" tabIndex={-1}>
        <Shown />
      </main>
      {route.game !== null && <GamePanel key={route.game} id={route.game} />}
      <DroppedFolder />
      <Heard />
      <Refusals />
    </>
  );
}

function isForGuests(tab: Tab): boolean {
  return GUEST_TABS.some((known) => known === tab);
}

function GuestStrip() {
  const { texts, href } = useApp();
  const { name } = usePart("me");
  return (
    <aside className="banner banner-calm" aria-label={texts.guest.stripLink}>
      <span>{texts.guest.strip(name)}</span>
      <a href={href({ tab: "help", game: null })}>{texts.guest.stripLink}</a>
    </aside>
  );
}

/** What stands in the way of the view, with the way to more of it. */
function FindingStrip({ tab }: { tab: Tab }) {
  const { texts, href } = useApp();
  const snapshot = useSnapshot();
  const finding = inTheWay(diagnose("open", snapshot), tab);
  if (finding === null) return null;
  return (
    <aside className="banner" aria-label={texts.shell.findings(1)}>
      <span>{titleOf(finding, texts)}</span>
      <a href={href({ tab: "help", game: null })}>{texts.shell.help}</a>
    </aside>
  );
}

/** What is shown anew is shown from its top: another view, or a list of other games. */
function useTopOf(place: string) {
  useLayoutEffect(() => {
    scrollTo(0, 0);
  }, [place]);
}

/** The address names the view, so the link may not change it. */
function skipToMain(event: { preventDefault(): void }) {
  event.preventDefault();
  document.getElementById("main")?.focus();
}
