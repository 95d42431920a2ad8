// SPDX-License-Identifier: MIT
/** Plays a recorded session, with the list of its commands beside it. */

import { useCallback, useEffect, useRef, type KeyboardEvent, type ReactElement } from "react";
import { t } from "@/app/i18n";
import type { Recording } from "./asciicast";
import { clockText, type Step } from "./playback";
import styles from "./player.module.css";
import { Terminal } from "./terminal";
import { SPEEDS, usePlayer, type Player } from "./use-playback";

interface Props {
  recording: Recording;
  /** Number of the command at which to begin, from 0. */
  startAt?: number;
  onStep?: (step: number) => void;
}

const JUMP_SECONDS = 5;

export function SessionPlayer({ recording, startAt = -1, onStep }: Props): ReactElement {
  const player = usePlayer(recording, startAt);
  const jump = useCallback(
    (step: number) => {
      const wanted = player.playback.steps[step];
      if (wanted) player.seek(wanted.at);
      if (wanted) onStep?.(step);
    },
    [player, onStep],
  );
  return (
    <section className={styles.player} aria-label={t("player.label")} onKeyDown={(event) => onKey(event, player, jump)}>
      <div className={styles.stage}>
        <Terminal shown={player.shown} columns={recording.size.columns} label={t("player.screen")} />
        <Controls player={player} jump={jump} />
        <Notes recording={recording} />
      </div>
      <Steps steps={player.playback.steps} current={player.step} jump={jump} />
    </section>
  );
}

function onKey(event: KeyboardEvent<HTMLElement>, player: Player, jump: (step: number) => void): void {
  if (event.ctrlKey || event.altKey || event.metaKey) return;
  const target = event.target as HTMLElement;
  const field = target instanceof HTMLInputElement || target instanceof HTMLSelectElement;
  const button = target instanceof HTMLButtonElement;
  const actions: Record<string, (() => void) | undefined> = {
    " ": field || button ? undefined : player.toggle,
    ArrowRight: field ? undefined : () => player.seek(player.time + JUMP_SECONDS),
    ArrowLeft: field ? undefined : () => player.seek(player.time - JUMP_SECONDS),
    "]": () => jump(player.step + 1),
    "[": () => jump(Math.max(0, player.step - 1)),
    ">": () => player.setSpeed(faster(player.speed, 1)),
    "<": () => player.setSpeed(faster(player.speed, -1)),
    Home: field ? undefined : () => player.seek(0),
    End: field ? undefined : () => player.seek(player.playback.length),
  };
  const action = actions[event.key];
  if (!action) return;
  event.preventDefault();
  event.stopPropagation();
  action();
}

function faster(speed: number, by: number): number {
  const index = SPEEDS.indexOf(speed as (typeof SPEEDS)[number]);
  return SPEEDS[Math.max(0, Math.min(SPEEDS.length - 1, index + by))] ?? 1;
}

function Controls({ player, jump }: { player: Player; jump: (step: number) => void }): ReactElement {
  const { playback, time, playing, speed, step } = player;
  const place = `${clockText(time)} / ${clockText(playback.length)}`;
  return (
    <div className={styles.controls}>
      <button
        type="button"
        className={styles.play}
        onClick={player.toggle}
        aria-label={t(playing ? "player.pause" : "player.play")}
      >
        <Sign name={playing ? "pause" : "play"} />
      </button>
      <button
        type="button"
        onClick={() => jump(Math.max(0, step - 1))}
        disabled={!playback.steps.length}
        aria-label={t("player.previous")}
      >
        <Sign name="previous" />
      </button>
      <button
        type="button"
        onClick={() => jump(step + 1)}
        disabled={step + 1 >= playback.steps.length}
        aria-label={t("player.next")}
      >
        <Sign name="next" />
      </button>
      <input
        type="range"
        min={0}
        max={playback.length || 1}
        step={0.1}
        value={time}
        onChange={(event) => player.seek(Number(event.target.value))}
        aria-label={t("player.seek")}
        aria-valuetext={place}
      />
      <span className={styles.clock}>{place}</span>
      <label className={styles.speed}>
        <span className="hidden-visually">{t("player.speed")}</span>
        <select value={speed} onChange={(event) => player.setSpeed(Number(event.target.value))}>
          {SPEEDS.map((one) => (
            <option key={one} value={one}>
              {`${one}×`}
            </option>
          ))}
        </select>
      </label>
      <label className={styles.skip}>
        <input
          type="checkbox"
          checked={player.skipping}
          onChange={(event) => player.setSkipping(event.target.checked)}
        />
        {t("player.skip")}
      </label>
    </div>
  );
}

const SIGNS = {
  play: "M5 3.5v13l11-6.5z",
  pause: "M5 4h3.5v12H5zM11.5 4H15v12h-3.5z",
  previous: "M5 4h2v12H5zM16 4v12l-8.5-6z",
  next: "M13 4h2v12h-2zM4 4v12l8.5-6z",
} as const;

function Sign({ name }: { name: keyof typeof SIGNS }): ReactElement {
  return (
    <svg viewBox="0 0 20 20" width="18" height="18" aria-hidden fill="currentColor">
      <path d={SIGNS[name]} />
    </svg>
  );
}

function Notes({ recording }: { recording: Recording }): ReactElement | null {
  const notes = [
    recording.cut && t("player.cut"),
    recording.damaged > 0 && t("player.damaged", { n: recording.damaged }),
  ].filter((one) => one !== false);
  return notes.length ? <p className={styles.notes}>{notes.join(" ")}</p> : null;
}

interface StepsProps {
  steps: readonly Step[];
  current: number;
  jump: (step: number) => void;
}

function Steps({ steps, current, jump }: StepsProps): ReactElement {
  const list = useRef<HTMLOListElement>(null);
  useEffect(() => {
    const box = list.current;
    const line = box?.children[current] as HTMLElement | undefined;
    if (!box || !line) return;
    const above = line.offsetTop < box.scrollTop;
    const below = line.offsetTop + line.offsetHeight > box.scrollTop + box.clientHeight;
    if (above || below) box.scrollTop = line.offsetTop - box.clientHeight / 3;
  }, [current]);
  return (
    <div className={styles.steps}>
      <h2>{t("player.commands", { n: steps.length })}</h2>
      {steps.length === 0 && <p className="muted">{t("player.commands.none")}</p>}
      <ol ref={list}>
        {steps.map((one, index) => (
          <li key={index}>
            <button type="button" onClick={() => jump(index)} aria-current={index === current ? "step" : undefined}>
              <span className={styles.at}>{clockText(one.at)}</span>
              <code>{one.label}</code>
            </button>
          </li>
        ))}
      </ol>
    </div>
  );
}
