// SPDX-License-Identifier: MIT
import { useNavigate } from "@tanstack/react-router";
import { formatNumber, t } from "@/app/i18n";
import { useDirection, useQueryState } from "@/app/search";
import { FilterBar } from "@/components/controls/filter-bar";
import { Badge } from "@/components/show/badge";
import { DataTable, type Column } from "@/components/table/data-table";
import { addressWords, conditionOf, serviceWords, stateWords, toneOf, type Decky } from "./decky";
import { eventsByDecky, type Attack } from "./traffic";

export function DeckyList({ deckies, traffic }: { deckies: readonly Decky[]; traffic: readonly Attack[] }) {
  const navigate = useNavigate();
  const [search] = useQueryState();
  const direction = useDirection("asc");
  const events = eventsByDecky(traffic);
  const words = (search.q ?? "").toLowerCase();
  const rows = deckies.filter((one) => searchable(one).includes(words));
  const columns: Column<Decky>[] = [
    {
      id: "name",
      header: t("deckies.col.name"),
      width: "minmax(8rem, 1fr)",
      sort: "name",
      cell: (one) => <strong>{one.name}</strong>,
    },
    {
      id: "address",
      header: t("deckies.col.address"),
      width: "minmax(9rem, 1.4fr)",
      cell: (one) => <span className="mono">{addressWords(one)}</span>,
    },
    {
      id: "state",
      header: t("deckies.col.state"),
      width: "minmax(9rem, 1fr)",
      wrap: true,
      cell: (one) => (
        <span title={one.actual?.error ?? undefined}>
          <Badge tone={toneOf(one)}>{stateWords(one)}</Badge>
        </span>
      ),
    },
    {
      id: "persona",
      header: t("deckies.col.persona"),
      width: "minmax(8rem, 1fr)",
      cell: (one) => one.image ?? one.persona,
    },
    {
      id: "services",
      header: t("deckies.col.services"),
      width: "minmax(9rem, 1.4fr)",
      cell: (one) => <span className="mono">{one.services.map(serviceWords).join(", ")}</span>,
    },
    {
      id: "events",
      header: t("deckies.col.events"),
      width: "5.5rem",
      align: "end",
      cell: (one) => <span className="num">{formatNumber(events.get(one.name) ?? 0)}</span>,
    },
    { id: "runtime", header: t("deckies.col.runtime"), width: "6rem", optional: true, cell: (one) => one.runtime },
    {
      id: "version",
      header: t("deckies.col.version"),
      width: "5rem",
      optional: true,
      align: "end",
      cell: (one) => one.version,
    },
  ];
  return (
    <>
      <FilterBar filters={[{ kind: "text", name: "q", label: t("common.search") }]} />
      <DataTable
        name="deckies"
        order="name"
        ascending
        label={t("deckies.title")}
        columns={columns}
        rows={rows}
        rowKey={(one) => one.name}
        tone={(one) => (conditionOf(one) === "failed" ? "bad" : undefined)}
        onOpen={(one) => void navigate({ to: "/deckies/$name", params: { name: one.name } })}
        empty={<p className="muted">{t("common.none")}</p>}
        exports={{ path: "/api/v1/deckies", query: direction }}
      />
    </>
  );
}

function searchable(one: Decky): string {
  return [one.name, addressWords(one), one.persona, one.image ?? "", ...one.services.map(serviceWords), stateWords(one)]
    .join(" ")
    .toLowerCase();
}
