// The header: whose party this is, where one can go, what is searched, how much moves.
//
// Invariant: it is one line on a wide window, and on a narrow one the tabs move to the lower edge, where
// thumbs are.

import { downloadRate, uploadRate } from "../state/rates.ts";
import { diagnose } from "../state/diagnose.ts";
import { unread } from "../state/messages.ts";
import { GUEST_TABS, type Tab, TABS } from "../state/route.ts";
import { useApp, useMay, useSnapshot, useView } from "../ui/context.ts";
import { Icon, type IconName, Mark } from "../ui/icon.tsx";
import { SearchField } from "./search-field.tsx";

const ICONS: Record<Tab, IconName> = {
  library: "library",
  transfers: "transfers",
  party: "peers",
  logs: "logs",
  help: "help",
  settings: "settings",
};

/** The greatest number that a badge shows. */
const BADGE_MAX = 9;

export function Header() {
  return (
    <header className="header">
      <PartyState />
      <Tabs />
      <Rates />
      <SearchField />
    </header>
  );
}

function PartyState() {
  const { texts } = useApp();
  const { me, peers, games } = useSnapshot();
  return (
    <div className="brand">
      <Mark />
      <div>
        <span className="wordmark">Lanspread</span>
        <span className="brand-party">
          {texts.shell.partyState(peers.length, games.length)}
          <span title={me.mode === "open" ? texts.shell.openHint : texts.shell.catalogHint}>
            {texts.shell[me.mode]}
          </span>
        </span>
      </div>
    </div>
  );
}

function Tabs() {
  const { texts, route, read, href } = useApp();
  const snapshot = useSnapshot();
  const { ask } = useMay();
  const connection = useView((view) => view.connection);
  const fresh = unread(snapshot.messages, read).length;
  const findings = ask ? diagnose(connection, snapshot).length : 0;
  const badges: Partial<Record<Tab, number>> = {
    transfers: ask ? snapshot.operations.length : 0,
    party: fresh,
    help: findings,
  };
  const told: Partial<Record<Tab, string>> = {
    party: texts.say.fresh(fresh),
    help: texts.shell.findings(findings),
  };
  return (
    <nav className="tabs" aria-label={texts.shell.tabs}>
      {(ask ? TABS : GUEST_TABS).map((tab) => (
        <a
          key={tab}
          href={href({ tab, game: null })}
          aria-current={route.tab === tab ? "page" : undefined}
        >
          <Icon name={ICONS[tab]} />
          <span>{texts.shell[tab]}</span>
          {Boolean(badges[tab]) && (
            <span className={`badge badge-${tab}`} aria-hidden="true">
              {figure(badges[tab] ?? 0)}
            </span>
          )}
          {Boolean(badges[tab]) && told[tab] && <span className="unseen">{told[tab]}</span>}
        </a>
      ))}
    </nav>
  );
}

/** More than a few are not counted by anybody. */
function figure(count: number): string {
  return count > BADGE_MAX ? `${BADGE_MAX}+` : String(count);
}

function Rates() {
  const { texts, format } = useApp();
  const { operations, uploads } = useSnapshot();
  const down = downloadRate(operations);
  const up = uploadRate(uploads);
  const fetching = new Set(uploads.map((upload) => upload.peer_id)).size;
  return (
    <div className="rates">
      <Rate
        icon="down"
        figure={format.rate(down)}
        words={texts.shell.down(format.rate(down))}
        isIdle={down === 0}
      />
      <Rate
        icon="up"
        figure={format.rate(up)}
        words={texts.shell.up(format.rate(up), fetching)}
        isIdle={up === 0}
      />
    </div>
  );
}

interface RateProps {
  icon: IconName;
  figure: string;
  /** The same in words, for whoever points at it or has it read aloud. */
  words: string;
  isIdle: boolean;
}

function Rate({ icon, figure, words, isIdle }: RateProps) {
  return (
    <span className="rate" data-idle={isIdle || undefined} title={words}>
      <Icon name={icon} />
      <span aria-hidden="true">{figure}</span>
      <span className="unseen">{words}</span>
    </span>
  );
}
