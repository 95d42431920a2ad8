// SPDX-License-Identifier: MIT
// Lets the dashboard run with `require-trusted-types-for 'script'`: React Aria empties its announcements by an empty
// `innerHTML`, which the browser would refuse as it refuses any other text for a sink of HTML.
import type { Plugin } from "vite";

const EMPTIED = /([\w.]+)\.innerHTML = '';/g;

export function trusted(): Plugin {
  let found = 0;
  return {
    name: "decnet-trusted-types",
    apply: "build",
    transform(code, id) {
      if (!id.includes("/live-announcer/")) return null;
      const changed = code.replace(EMPTIED, (_, element: string) => {
        found += 1;
        return `${element}.replaceChildren();`;
      });
      return { code: changed, map: null };
    },
    buildEnd(error) {
      if (!error && found === 0)
        this.error("React Aria's announcer has no `innerHTML = ''` any more: drop this plugin");
    },
  };
}
