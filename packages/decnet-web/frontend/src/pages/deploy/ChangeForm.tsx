// SPDX-License-Identifier: MIT
/** A decky that exists, with the fields that it has; only what differs is asked for. */
import { useGet, type Data } from "@/api/queries";
import { useQueryState } from "@/app/search";
import { ErrorState } from "@/components/feedback/error-state";
import { Skeleton } from "@/components/feedback/skeleton";
import { DeckyForm, type Fields } from "./DeckyForm";
import { differing } from "./differing";
import type { FormProps } from "./wish";

type Detail = Data<"/api/v1/deckies/{name}">;

export function ChangeForm({ busy, onPlan }: FormProps) {
  const [search] = useQueryState();
  const name = search.change ?? "";
  const { data, error } = useGet("/api/v1/deckies/{name}", { params: { path: { name } } });
  if (error) return <ErrorState problem={error} />;
  if (!data) return <Skeleton lines={8} />;
  const initial = fieldsOf(data);
  return (
    <DeckyForm
      initial={initial}
      fixed
      busy={busy}
      onSubmit={(fields) => onPlan({ change: [{ name, version: data.version, ...differing(initial, fields) }] })}
    />
  );
}

function fieldsOf(one: Detail): Fields {
  const address = (each: Detail["addresses"][number]) =>
    each.prefix_length === null ? each.address : `${each.address}/${each.prefix_length}`;
  const gateways = one.addresses.flatMap((each) => (each.gateway ? [each.gateway] : []));
  return {
    name: one.name,
    runtime: one.runtime,
    addresses: one.dhcp ? ["dhcp"] : one.addresses.map(address),
    gateways: one.dhcp ? [] : [...new Set(gateways)],
    persona: one.persona,
    image: one.image,
    interface: one.interface,
    services: Object.fromEntries(one.services.map((each) => [each.service, each.port])),
    host_name: one.host_name,
  };
}
