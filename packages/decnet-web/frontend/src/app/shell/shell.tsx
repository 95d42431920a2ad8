// SPDX-License-Identifier: MIT
import { useQueryClient } from "@tanstack/react-query";
import { Link, Outlet, useLocation, useNavigate } from "@tanstack/react-router";
import { useEffect, useRef, useState } from "react";
import { live, useLiveOrders, useLiveState } from "@/api/live";
import { t } from "@/app/i18n";
import { groups, navigation, type Entry } from "@/app/navigation";
import { usePreferences } from "@/app/preferences";
import { SESSION_KEY, useAllowed, useSession } from "@/app/session";
import { Button } from "@/components/controls/button";
import { ErrorState } from "@/components/feedback/error-state";
import { Skeleton } from "@/components/feedback/skeleton";
import { Toasts } from "@/components/feedback/toast";
import { Icon } from "@/components/show/icon";
import { zoneName } from "@/components/show/times";
import mark from "@/styles/decnet.svg";
import { Keys } from "./keys";
import { Palette } from "./palette";
import { UserMenu } from "./user-menu";
import { useShortcuts } from "./shortcuts";
import styles from "./shell.module.css";

/** Around every page: navigation, top bar, keyboard, notes; the log-in page when nobody is logged in. */
export function Shell() {
  const session = useSession();
  if (session.isPending) return <Skeleton height={52} />;
  if (session.data === null) return <ToLogin />;
  if (session.data === undefined) {
    return (
      <main className={styles.main}>
        {session.error && <ErrorState problem={session.error} onRetry={() => void session.refetch()} />}
      </main>
    );
  }
  return <Frame />;
}

/** Goes to the log-in page, once: while that loads this is rendered again, with its address as the present one. */
function ToLogin() {
  const navigate = useNavigate();
  const { href } = useLocation();
  const [from] = useState(href);
  useEffect(() => {
    const search = from === "/" ? {} : { next: from };
    void navigate({ to: "/login", search, replace: true });
  }, [navigate, from]);
  return null;
}

function Frame() {
  const [open, setOpen] = useState<"palette" | "keys" | "menu" | null>(null);
  const { pathname } = useLocation();
  const main = useRef<HTMLElement>(null);
  useShortcuts({ palette: () => setOpen("palette"), keys: () => setOpen("keys") });
  useFocusOnPage(main, pathname);
  useStreamOrders();
  const close = () => setOpen(null);
  return (
    <div className={styles.shell}>
      <a className={styles.skip} href="#main">
        {t("shell.skip")}
      </a>
      <Rail />
      <Top onPalette={() => setOpen("palette")} onMenu={() => setOpen("menu")} />
      <main id="main" ref={main} className={styles.main} tabIndex={-1}>
        <div className={styles.inner}>
          <OfflineBanner />
          <Outlet />
        </div>
      </main>
      {open === "menu" && (
        <div className={styles.drawer} onClick={close} onKeyDown={(event) => event.key === "Escape" && close()}>
          <Rail />
        </div>
      )}
      {open === "palette" && <Palette onClose={close} onKeys={() => setOpen("keys")} />}
      <Keys open={open === "keys"} onClose={close} />
      <Toasts />
    </div>
  );
}

/** What the stream says besides news: something was left out (ask for all that is shown again), the session is over. */
function useStreamOrders(): void {
  const queries = useQueryClient();
  useLiveOrders((order) => {
    if (order === "ended") queries.setQueryData(SESSION_KEY, null);
    else void queries.invalidateQueries();
  });
}

/** A new page: its title gets the focus, so that screen readers say where one is. */
function useFocusOnPage(main: React.RefObject<HTMLElement | null>, pathname: string): void {
  const first = useRef(true);
  useEffect(() => {
    if (first.current) {
      first.current = false;
      return;
    }
    const title = main.current?.querySelector<HTMLElement>("h1");
    (title ?? main.current)?.focus({ preventScroll: true });
  }, [main, pathname]);
}

function Rail() {
  return (
    <nav className={styles.rail} aria-label={t("shell.navigation")}>
      <Link to="/" search={{}} className={styles.brand ?? ""}>
        <img src={mark} alt="" />
        <span>DECNET</span>
      </Link>
      {groups.map((group) => (
        <div key={group} className={styles.group}>
          <h2>{t(group)}</h2>
          {navigation
            .filter((entry) => entry.group === group)
            .map((entry) => (
              <RailLink key={entry.to} entry={entry} />
            ))}
        </div>
      ))}
    </nav>
  );
}

function RailLink({ entry: { to, label, icon, role = "viewer" } }: { entry: Entry }) {
  const allowed = useAllowed(role);
  if (!allowed) return null;
  return (
    <Link
      to={to as never}
      search={{} as never}
      className={styles.link ?? ""}
      activeOptions={{ exact: to === "/", includeSearch: false }}
      title={t(label)}
    >
      <Icon name={icon} />
      <span>{t(label)}</span>
    </Link>
  );
}

function Top({ onPalette, onMenu }: { onPalette: () => void; onMenu: () => void }) {
  const { zone } = usePreferences();
  return (
    <header className={styles.top}>
      <Button
        kind="plain"
        icon="menu"
        className={styles.menuButton ?? ""}
        onClick={onMenu}
        aria-label={t("shell.menu")}
      />
      <button type="button" className={styles.search} onClick={onPalette} aria-keyshortcuts="Control+K">
        <Icon name="search" size={15} />
        <span>{t("shell.search")}</span>
        <kbd>Ctrl K</kbd>
      </button>
      <div className={styles.right}>
        <LiveIndicator />
        <span className={styles.zone} title={t("time.zone")}>
          {zoneName(zone)}
        </span>
        <UserMenu />
      </div>
    </header>
  );
}

function LiveIndicator() {
  const state = useLiveState();
  return (
    <span className={styles.live} role="status" title={t("shell.live.hint")}>
      <span className={`${styles.dot} ${styles[state] ?? ""}`} aria-hidden="true" />
      <span className={styles.liveWords}>{t(`shell.live.${state}`)}</span>
    </span>
  );
}

function OfflineBanner() {
  const state = useLiveState();
  if (state !== "offline") return null;
  return (
    <div className={styles.offline} role="alert">
      <p>{t("shell.offline")}</p>
      <Button small onClick={() => live.now()}>
        {t("shell.offline.now")}
      </Button>
    </div>
  );
}
