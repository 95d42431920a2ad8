// SPDX-License-Identifier: MIT
// Outlines on a grid of 24; each is one path.
const PATHS = {
  overview: "M4 4h7v9H4zM13 4h7v5h-7zM13 11h7v9h-7zM4 15h7v5H4z",
  incidents: "M12 3l9.5 17h-19zM12 10v4M12 17v.5",
  events: "M4 6h16M4 12h16M4 18h10",
  attackers: "M12 12a4 4 0 100-8 4 4 0 000 8zM5 21c0-4 3-6.500 7-6.500s7 2.500 7 6.500M19 4l2 2M21 4l-2 2",
  sessions: "M4 5h16v14H4zM7 9l3 3-3 3M12 15h5",
  credentials: "M8 15a4 4 0 110-8 4 4 0 010 8zM11.500 9.500H21v3M17 9.500v3",
  files: "M6 3h8l5 5v13H6zM14 3v5h5M9 13h6M9 17h4",
  identities:
    "M5 8a2.500 2.500 0 105 0 2.500 2.500 0 00-5 0zM14 6a2.500 2.500 0 105 0 2.500 2.500 0 00-5 0zM9.500 18a2.500 2.500 0 105 0 2.500 2.500 0 00-5 0zM9.800 8l4.200-1.500M8.500 10.200l2.500 5.500M15.800 8.300l-3 7.300",
  campaigns: "M5 21V4M5 4h13l-3 4.500 3 4.500H5",
  techniques: "M4 4h4v4H4zM10 4h4v4h-4zM16 4h4v4h-4zM4 10h4v4H4zM10 10h4v4h-4zM4 16h4v4H4zM16 10h4v4h-4z",
  deckies: "M4 5h16v5H4zM4 14h16v5H4zM7 7.500h.5M7 16.500h.5M12 10v4",
  canaries: "M15 4c-3 0-5 2-5 5-4 1-6 5-6 9h6c5 0 8-3 8-8l3-2-3-1c0-2-1-3-3-3zM9 18v3M12 18v3",
  webhooks: "M10 13l4-4M8 11l-2 2a4 4 0 005.500 5.500l2-2M16 13l2-2A4 4 0 0012.500 5.500l-2 2",
  sensors:
    "M12 13a1.500 1.500 0 100-3 1.500 1.500 0 000 3zM12 13v8M8 15.500a5.500 5.500 0 010-8M16 7.500a5.500 5.500 0 010 8M5 18a9.500 9.500 0 010-13M19 5a9.500 9.500 0 010 13",
  workers: "M7 7h10v10H7zM10 3v4M14 3v4M10 17v4M14 17v4M3 10h4M3 14h4M17 10h4M17 14h4",
  rules: "M9 6h11M9 12h11M9 18h11M4 6l1 1 2-2M4 12l1 1 2-2M4 18l1 1 2-2",
  reports: "M6 3h12v18H6zM9 16v-3M12 16V8M15 16v-5",
  users:
    "M9 11a3.500 3.500 0 100-7 3.500 3.500 0 000 7zM2.500 20c0-3.500 2.500-6 6.500-6s6.500 2.500 6.500 6M16 4.300a3.500 3.500 0 010 6.400M18 14.500c2 .8 3.500 2.700 3.500 5.500",
  audit: "M12 3l8 3v6c0 5-4 8-8 9-4-1-8-4-8-9V6zM8.500 12l2.500 2.500 4.500-5",
  settings: "M4 7h10M18 7h2M4 17h2M10 17h10M16 9a2 2 0 100-4 2 2 0 000 4zM8 19a2 2 0 100-4 2 2 0 000 4z",
  search: "M11 18a7 7 0 100-14 7 7 0 000 14zM16 16l5 5",
  menu: "M4 6h16M4 12h16M4 18h16",
  close: "M6 6l12 12M18 6L6 18",
  check: "M5 12.500l4.500 4.500L19 7",
  copy: "M9 9h11v11H9zM15 9V4H4v11h5",
  clock: "M12 21a9 9 0 100-18 9 9 0 000 18zM12 7v5l3.500 2",
  user: "M12 12a4 4 0 100-8 4 4 0 000 8zM4.500 21c0-4 3.500-6.500 7.500-6.500s7.500 2.500 7.500 6.500",
  pause: "M8 5v14M16 5v14",
  play: "M7 4l13 8-13 8z",
  download: "M12 4v11M7.500 10.500L12 15l4.500-4.500M4 20h16",
  columns: "M4 4h16v16H4zM9.500 4v16M14.500 4v16",
  down: "M6 9l6 6 6-6",
  up: "M6 15l6-6 6 6",
  right: "M9 6l6 6-6 6",
  left: "M15 6l-6 6 6 6",
  external: "M14 4h6v6M20 4l-9 9M18 14v6H4V6h6",
  bell: "M6 17V11a6 6 0 0112 0v6l2 2H4zM10 21h4",
  mute: "M6 17V11a6 6 0 019-5.200M18 11v6l2 2H8M10 21h4M4 4l16 16",
  plus: "M12 5v14M5 12h14",
  trash: "M4 7h16M9 7V4h6v3M6 7l1 14h10l1-14M10 11v6M14 11v6",
  warning: "M12 3l9.500 17h-19zM12 10v4M12 17v.5",
  info: "M12 21a9 9 0 100-18 9 9 0 000 18zM12 11v5.500M12 7.500v.5",
  refresh: "M20 11a8 8 0 10-2.300 6.300M20 5v6h-6",
  key: "M8 15a4 4 0 110-8 4 4 0 010 8zM11.500 9.500H21v3M17 9.500v3",
  lock: "M6 11h12v10H6zM8.500 11V7.500a3.500 3.500 0 017 0V11",
  link: "M10 13l4-4M8 11l-2 2a4 4 0 005.500 5.500l2-2M16 13l2-2A4 4 0 0012.500 5.500l-2 2",
  filter: "M4 5h16l-6 7.500V20l-4-2v-5.500z",
  more: "M6 12h.01M12 12h.01M18 12h.01",
} as const;

export type IconName = keyof typeof PATHS;

/** Decoration beside words; a control that has only an icon needs an aria-label of its own. */
export function Icon({ name, size = 18 }: { name: IconName; size?: number }) {
  return (
    <svg
      width={size}
      height={size}
      viewBox="0 0 24 24"
      fill="none"
      stroke="currentColor"
      strokeWidth="1.75"
      strokeLinecap="round"
      strokeLinejoin="round"
      aria-hidden="true"
      focusable="false"
    >
      <path d={PATHS[name]} />
    </svg>
  );
}
