// SPDX-License-Identifier: MIT
import { useNavigate } from "@tanstack/react-router";
import { useEffect, useId, useRef, useState, type KeyboardEvent } from "react";
import { asProblem } from "@/api/problem";
import { prefer, type Preferences } from "@/app/preferences";
import { t } from "@/app/i18n";
import { actions, navigation, type Destination } from "@/app/navigation";
import { useAllows, useLogOut } from "@/app/session";
import { toast } from "@/components/feedback/toast";
import { Icon, type IconName } from "@/components/show/icon";
import { score, targetOf } from "./palette-search";
import styles from "./shell.module.css";

interface Command {
  id: string;
  words: string;
  group: string;
  icon: IconName;
  run: () => void;
}

function useCommands(text: string, onKeys: () => void): Command[] {
  const navigate = useNavigate();
  const allowed = useAllows();
  const logOut = useLogOut();
  const go = (to: string, search: Readonly<Record<string, string>> = {}) =>
    void navigate({ to: to as never, search: search as never });
  const destinations = (some: readonly Destination[], group: string): Command[] =>
    some
      .filter((one) => allowed(one.role ?? "viewer"))
      .map((one) => ({
        id: one.label,
        words: t(one.label),
        group,
        icon: one.icon,
        run: () => go(one.to, one.search),
      }));
  const theme = (value: Preferences["theme"], words: string): Command => ({
    id: `theme-${value}`,
    words: `${t("shell.theme")}: ${words}`,
    group: t("palette.group.actions"),
    icon: "settings",
    run: () => prefer({ theme: value }),
  });
  const density = (value: Preferences["density"], words: string): Command => ({
    id: `density-${value}`,
    words: `${t("shell.density")}: ${words}`,
    group: t("palette.group.actions"),
    icon: "settings",
    run: () => prefer({ density: value }),
  });
  const all: Command[] = [
    ...destinations(navigation, t("palette.group.pages")),
    ...destinations(actions, t("palette.group.actions")),
    theme("light", t("shell.theme.light")),
    theme("dark", t("shell.theme.dark")),
    theme("system", t("shell.theme.system")),
    density("comfortable", t("shell.density.comfortable")),
    density("compact", t("shell.density.compact")),
    { id: "keys", words: t("keys.title"), group: t("palette.group.actions"), icon: "info", run: onKeys },
    {
      id: "logout",
      words: t("shell.logout"),
      group: t("palette.group.actions"),
      icon: "user",
      run: () => void logOut().catch((error: unknown) => toast(asProblem(error).message, "bad")),
    },
  ];
  const found = all
    .map((command) => ({ command, points: score(text, command.words) }))
    .filter(({ points }) => points > 0)
    .sort((a, b) => b.points - a.points)
    .map(({ command }) => command);
  const target = targetOf(text);
  const search = t("palette.group.search");
  const direct: Command[] = [];
  if (target.kind === "address")
    direct.push({
      id: "attacker",
      words: t("palette.attacker", { text: target.text }),
      group: search,
      icon: "attackers",
      run: () => go(`/attackers/${target.text}`),
    });
  if (target.kind === "hash")
    direct.push({
      id: "file",
      words: t("palette.file", { text: target.text }),
      group: search,
      icon: "files",
      run: () => go(`/files/${target.text}`),
    });
  if (target.kind !== "none")
    direct.push({
      id: "everything",
      words: t("palette.everything", { text: target.text }),
      group: search,
      icon: "search",
      run: () => go("/search", { q: target.text }),
    });
  if (target.kind !== "none")
    direct.push({
      id: "events",
      words: t("palette.events", { text: target.text }),
      group: search,
      icon: "events",
      run: () => go("/events", { q: target.query, since: "all" }),
    });
  return target.kind === "address" || target.kind === "hash" ? [...direct, ...found] : [...found, ...direct];
}

/** Ctrl-K: pages, actions, and whatever was typed as a search. */
export function Palette({ onClose, onKeys }: { onClose: () => void; onKeys: () => void }) {
  const [text, setText] = useState("");
  const [at, setAt] = useState(0);
  const input = useRef<HTMLInputElement>(null);
  const list = useId();
  const commands = useCommands(text, onKeys);
  useEffect(() => {
    const before = document.activeElement;
    input.current?.focus();
    return () => (before instanceof HTMLElement ? before.focus() : undefined);
  }, []);
  const run = (command: Command | undefined) => {
    if (command === undefined) return;
    onClose();
    command.run();
  };
  const press = (event: KeyboardEvent) => {
    if (event.key === "Escape") onClose();
    else if (event.key === "ArrowDown") setAt(Math.min(at + 1, commands.length - 1));
    else if (event.key === "ArrowUp") setAt(Math.max(at - 1, 0));
    else if (event.key === "Enter") run(commands[at]);
    else if (event.key !== "Tab") return;
    event.preventDefault(); // Tab too: the focus stays in the field, the list is reached by the arrows
  };
  return (
    <div className={styles.scrim} onClick={onClose}>
      <div
        className={styles.palette}
        role="dialog"
        aria-modal="true"
        aria-label={t("palette.title")}
        onClick={(event) => event.stopPropagation()}
        onKeyDown={press}
      >
        <input
          ref={input}
          role="combobox"
          aria-expanded="true"
          aria-controls={list}
          aria-activedescendant={commands[at] ? `${list}-${at}` : undefined}
          aria-label={t("palette.title")}
          placeholder={t("palette.placeholder")}
          value={text}
          spellCheck={false}
          autoComplete="off"
          onChange={(event) => {
            setText(event.target.value);
            setAt(0);
          }}
        />
        <div id={list} role="listbox" aria-label={t("palette.title")} className={styles.results}>
          {commands.map((command, index) => (
            <div
              key={command.id}
              id={`${list}-${index}`}
              role="option"
              aria-selected={index === at}
              className={styles.result}
              ref={index === at ? (element) => element?.scrollIntoView({ block: "nearest" }) : undefined}
              onMouseMove={() => setAt(index)}
              onClick={() => run(command)}
            >
              <Icon name={command.icon} size={16} />
              {command.words}
              <small>{command.group}</small>
            </div>
          ))}
        </div>
        {commands.length === 0 && <p className={styles.hint}>{t("palette.empty")}</p>}
      </div>
    </div>
  );
}
