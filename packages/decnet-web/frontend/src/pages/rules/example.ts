// SPDX-License-Identifier: MIT
/** A rule to begin with; docs/rules.md explains every part. */
export const EXAMPLE = `title: Downloads a script into /tmp
id: 6a4fdbb0-2f63-4c58-9a5e-0d6b7f1c2a10
status: experimental
description: A command that fetches something into /tmp, where intruders put their tools.
tags:
  - attack.command_and_control
  - attack.t1105
logsource:
  product: decnet
  category: session.command
detection:
  selection:
    command|contains:
      - 'wget '
      - 'curl '
  condition: selection
level: medium
`;
