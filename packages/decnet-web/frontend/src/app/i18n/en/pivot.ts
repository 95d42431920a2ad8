// SPDX-License-Identifier: MIT
export const pivot = {
  "pivot.attackers": "All attackers with this {what}",
  "pivot.events": "All events with this {what}",
  "pivot.fingerprint": "fingerprint",
  "pivot.password": "password",
  "pivot.command": "command",
  "pivot.digest": "SHA-256",
  "pivot.user": "user name",
  "pivot.tool": "tool",
  "pivot.evidence": "evidence",
  "pivot.technique": "technique",
} as const;
