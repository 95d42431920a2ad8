// SPDX-License-Identifier: MIT
/**
 * What the processes of a fleet take, split into what is theirs alone and what they share.
 *
 * USS (private pages) is what would be freed if a process ended; PSS adds to it the process's part of each shared page,
 * so the sum of PSS is what the fleet takes. The sum of RSS counts each shared page once for each process.
 */

export interface Process {
  name: string;
  rss: number;
  pss: number;
  uss: number;
}

export interface Share {
  name: string;
  /** Bytes that only this process has. */
  own: number;
  /** Its part, in bytes, of the pages that it shares with others. */
  shared: number;
  /** Where its two parts begin, and how wide they are, as fractions of the whole scale. */
  ownWidth: number;
  sharedWidth: number;
}

export interface FleetMemory {
  /** Bytes that the fleet takes: the sum of PSS. */
  total: number;
  own: number;
  shared: number;
  /** What the sum of RSS says, which counts shared pages many times. */
  naive: number;
  shares: Share[];
}

/** Return the shares, largest first, on one scale: the largest process fills it. */
export function fleetMemory(processes: readonly Process[]): FleetMemory {
  const largest = Math.max(1, ...processes.map((one) => one.pss));
  const shares = processes
    .map((one) => share(one, largest))
    .sort((a, b) => b.own + b.shared - (a.own + a.shared) || a.name.localeCompare(b.name));
  const sum = (pick: (one: Process) => number) => processes.reduce((total, one) => total + pick(one), 0);
  const total = sum((one) => one.pss);
  const own = sum((one) => Math.min(one.uss, one.pss));
  return { total, own, shared: total - own, naive: sum((one) => one.rss), shares };
}

function share(one: Process, largest: number): Share {
  const own = Math.min(one.uss, one.pss);
  const shared = one.pss - own;
  return { name: one.name, own, shared, ownWidth: own / largest, sharedWidth: shared / largest };
}

export interface Segment {
  name: string;
  start: number;
  width: number;
}

/** Return the fleet as one bar from 0 to 1: what all share first, then what each process has alone, largest first. */
export function stacked(memory: FleetMemory): { shared: Segment; own: Segment[] } {
  const total = Math.max(1, memory.total);
  const shared = { name: "shared", start: 0, width: memory.shared / total };
  let start = shared.width;
  const own = [...memory.shares]
    .sort((a, b) => b.own - a.own)
    .map((one) => {
      const segment = { name: one.name, start, width: one.own / total };
      start += segment.width;
      return segment;
    });
  return { shared, own };
}
