// SPDX-License-Identifier: MIT
export const player = {
  "player.label": "Session player",
  "player.screen": "Terminal, as the attacker saw it",
  "player.play": "Play",
  "player.pause": "Pause",
  "player.previous": "Previous command",
  "player.next": "Next command",
  "player.seek": "Place in the recording",
  "player.speed": "Speed",
  "player.skip": "Skip pauses",
  "player.cut": "The recording is longer than this player shows.",
  "player.damaged": "{n} damaged lines of the recording are left out.",
  "player.commands": "Commands ({n})",
  "player.commands.none": "No command was entered.",
  "player.transcript": "Transcript",
  "player.transcript.cut": "Only the first lines are shown.",
  "player.keys": "Space plays, ← and → jump 5 s, [ and ] go to commands, < and > change the speed.",
} as const;

export const graph = {
  "graph.no.webgl": "This browser has no WebGL, so the graph is not drawn. The table below has all of it.",
  "graph.member": "member",
  "graph.address": "address",
  "graph.feature": "shared evidence",
  "graph.group": "group",
  "graph.closer": "Zoom in",
  "graph.farther": "Zoom out",
  "graph.whole": "Whole graph",
  "graph.left.out": "Not drawn: {n} nodes with the least weight. The tables have them.",
} as const;
