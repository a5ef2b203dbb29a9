// The icons, drawn here: one line of 1.8 on a field of 24.
//
// Invariant: an icon is never alone in saying something; there is always a word beside it or a label
// around it, so screen readers pass over all of them.

const PATHS = {
  search: "M11 4a7 7 0 1 0 0 14a7 7 0 1 0 0-14M16.2 16.2 21 21",
  close: "M6 6l12 12M18 6 6 18",
  check: "M5 12.5 10 17.5 19.5 7",
  box: "M4 8.5 12 4l8 4.5v7L12 20l-8-4.5zM4 8.5l8 4.5 8-4.5M12 13v7",
  up: "M12 20V5M5.5 11.5 12 5l6.5 6.5",
  down: "M12 4v15M5.5 12.5 12 19l6.5-6.5",
  higher: "M5.5 15 12 8.5l6.5 6.5",
  lower: "M5.5 9 12 15.5 18.5 9",
  clock: "M12 4a8 8 0 1 0 0 16a8 8 0 1 0 0-16M12 8v4.5l3 2",
  cloud: "M12 4v10M7.5 10 12 14.5 16.5 10M5 19.5h14",
  off: "M12 4a8 8 0 1 0 0 16a8 8 0 1 0 0-16M6.5 6.5l11 11",
  alert: "M12 4 2.8 19.5h18.4zM12 10v4.5M12 17.2v.1",
  peers:
    "M9 5a3.2 3.2 0 1 0 0 6.4a3.2 3.2 0 1 0 0-6.4M3 19.5c.4-3.4 2.8-5 6-5s5.6 1.6 6 5M15.5 5.3a3.2 3.2 0 0 1 0 5.8M17.5 14.8c2 .6 3.2 2.2 3.5 4.7",
  library: "M4 5h7v6H4zM13 5h7v6h-7zM4 13h7v6H4zM13 13h7v6h-7z",
  transfers: "M8 4v16M4 8l4-4 4 4M16 20V4M12 16l4 4 4-4",
  help:
    "M12 3.5a8.5 8.5 0 1 0 0 17a8.5 8.5 0 1 0 0-17M9.4 9.6c.2-3 5.3-3 5.2 0c0 2-2.6 2.1-2.6 4.2M12 16.8v.1",
  logs: "M6 3.5h8.5L19 8v12.5H6zM9.5 11h6M9.5 14h6M9.5 17h3.5",
  settings: "M4 7h9M17 7h3M4 12h3M11 12h9M4 17h9M17 17h3M15 5v4M9 10v4M15 15v4",
  folder: "M3.5 6.5h6l2 2.5h9v9.5h-17z",
  moon: "M19.5 14.5A8 8 0 0 1 9.5 4.5a8 8 0 1 0 10 10z",
  say: "M4 5h16v11h-8.5L7 20v-4H4zM8 9h8M8 12h5",
  play: "M7 4.5 19 12 7 19.5z",
} as const;

export type IconName = keyof typeof PATHS;

export function Icon({ name }: { name: IconName }) {
  return (
    <svg className="icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false">
      <path d={PATHS[name]} />
    </svg>
  );
}

/** The mark of Lanspread, as in `public/mark.svg`, in the accent colour. */
export function Mark() {
  return (
    <svg className="mark" viewBox="0 0 32 32" aria-hidden="true" focusable="false">
      <path d="M10 16 22 8.5M10 16h13M10 16l12 7.5" />
      <circle cx="9" cy="16" r="5" />
      <circle cx="23" cy="7.5" r="3" />
      <circle cx="25" cy="16" r="3" />
      <circle cx="23" cy="24.5" r="3" />
    </svg>
  );
}
