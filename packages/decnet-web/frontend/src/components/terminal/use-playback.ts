// SPDX-License-Identifier: MIT
/** The clock of a player: runs while it plays, stops at the end, and knows nothing of what is drawn. */

import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import type { Recording } from "./asciicast";
import { Playback, stepAtTime } from "./playback";
import type { Shown } from "./screen";

export const SPEEDS = [0.5, 1, 2, 4, 8, 16] as const;
export const SHORT_PAUSE = 2;

export interface Player {
  playback: Playback;
  shown: Shown;
  time: number;
  playing: boolean;
  speed: number;
  skipping: boolean;
  step: number;
  toggle: () => void;
  seek: (time: number) => void;
  setSpeed: (speed: number) => void;
  setSkipping: (skipping: boolean) => void;
}

export function usePlayer(recording: Recording, startAtStep = -1): Player {
  const [skipping, skip] = useState(true);
  const playback = useMemo(() => new Playback(recording, skipping ? SHORT_PAUSE : Infinity), [recording, skipping]);
  const [time, setTime] = useState(() => playback.steps[startAtStep]?.at ?? firstShown(playback));
  const [playing, setPlaying] = useState(false);
  const [speed, setSpeed] = useState(1);
  const now = useRef(time);

  const seek = useCallback(
    (wanted: number) => {
      now.current = Math.max(0, Math.min(playback.length, wanted));
      setTime(now.current);
    },
    [playback],
  );

  useEffect(() => {
    if (!playing) return;
    let before = performance.now();
    let frame = requestAnimationFrame(function tick(moment) {
      // A hidden tab draws no frames: it goes on where it was, not where it would be.
      const passed = Math.min(0.25, Math.max(0, (moment - before) / 1000));
      before = moment;
      seek(now.current + passed * speed);
      if (now.current >= playback.length) setPlaying(false);
      else frame = requestAnimationFrame(tick);
    });
    return () => cancelAnimationFrame(frame);
  }, [playing, speed, playback, seek]);

  const toggle = useCallback(() => {
    setPlaying((was) => {
      if (!was && now.current >= playback.length) seek(0);
      return !was;
    });
  }, [playback, seek]);

  const setSkipping = useCallback(
    (wanted: boolean) => {
      // The same place in the recording: the last step before it, and as much after that.
      const other = new Playback(recording, wanted ? SHORT_PAUSE : Infinity);
      const at = stepAtTime(playback.steps, now.current);
      const since = now.current - (playback.steps[at]?.at ?? 0);
      now.current = Math.min(other.length, (other.steps[at]?.at ?? 0) + since);
      setTime(now.current);
      skip(wanted);
    },
    [playback, recording],
  );

  const shown = useMemo(() => playback.seek(time).show(), [playback, time]);
  const step = stepAtTime(playback.steps, time);
  return { playback, shown, time, playing, speed, skipping, step, toggle, seek, setSpeed, setSkipping };
}

/** Where a player stands before it plays: the greeting is there, and no command yet. */
function firstShown(playback: Playback): number {
  return Math.min(1, playback.steps[0]?.at ?? playback.length, playback.length);
}
