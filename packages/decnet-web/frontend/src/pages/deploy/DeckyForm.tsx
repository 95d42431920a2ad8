// SPDX-License-Identifier: MIT
/** The fields of a decky. */
import { useState, type FormEvent } from "react";
import { useGet } from "@/api/queries";
import { t } from "@/app/i18n";
import { Button } from "@/components/controls/button";
import { Foot } from "@/components/controls/dialog";
import { SelectField, TextField } from "@/components/controls/field";
import { Card } from "@/components/show/layout";
import { services, words } from "@/pages/deckies/form/words";
import type { NewDecky } from "./wish";
import styles from "./deploy.module.css";

type Runtime = NonNullable<NewDecky["runtime"]>;
export type Fields = Required<Pick<NewDecky, "name" | "addresses" | "gateways" | "runtime">> &
  Pick<NewDecky, "persona" | "image" | "interface" | "services" | "host_name">;

const RUNTIMES: readonly Runtime[] = ["loopback", "host", "netns", "container"];

interface Props {
  initial: Partial<Fields>;
  /** A decky that exists keeps its name. */
  fixed?: boolean;
  busy: boolean;
  onSubmit: (fields: Fields) => void;
}

export function DeckyForm({ initial, fixed = false, busy, onSubmit }: Props) {
  const [runtime, setRuntime] = useState<Runtime>(initial.runtime ?? "loopback");
  const [error, setError] = useState<string | null>(null);
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    try {
      onSubmit(read(new FormData(event.currentTarget), runtime));
      setError(null);
    } catch (wrong) {
      if (!(wrong instanceof RangeError)) throw wrong;
      setError(t("deckies.form.services.port", { word: wrong.message }));
    }
  };
  return (
    <Card>
      <form className={styles.form} onSubmit={submit}>
        <TextField
          name="name"
          label={t("deckies.form.name")}
          hint={t("deckies.form.name.hint")}
          defaultValue={initial.name}
          readOnly={fixed}
          required
          maxLength={63}
          pattern="[A-Za-z0-9]([A-Za-z0-9\-]*[A-Za-z0-9])?"
        />
        <SelectField
          label={t("deckies.form.runtime")}
          value={runtime}
          onChange={(event) => setRuntime(event.target.value as Runtime)}
          options={RUNTIMES.map((one) => [one, t(`deckies.form.runtime.${one}`)] as const)}
        />
        <TextField
          name="addresses"
          label={t("deckies.form.address")}
          hint={t("deckies.form.address.hint")}
          defaultValue={initial.addresses?.join(", ")}
          placeholder={runtime === "loopback" ? "127.88.0.10" : "10.20.0.50/24"}
          required
        />
        <Plays runtime={runtime} initial={initial} />
        <TextField
          name="services"
          label={t("deckies.form.services")}
          hint={t("deckies.form.services.hint")}
          error={error ?? undefined}
          defaultValue={serviceText(initial.services)}
          placeholder="ssh=2222, http=8080"
        />
        {(runtime === "netns" || runtime === "container") && <Place initial={initial} />}
        <TextField
          name="host_name"
          label={t("deckies.form.hostname")}
          hint={t("deckies.form.hostname.hint")}
          defaultValue={initial.host_name ?? ""}
        />
        <div className={styles.whole}>
          <Foot>
            <Button kind="primary" type="submit" disabled={busy}>
              {t("deckies.form.plan")}
            </Button>
          </Foot>
        </div>
      </form>
    </Card>
  );
}

/** What it plays: a persona, or in a container an image, for which a persona is chosen. */
function Plays({ runtime, initial }: { runtime: Runtime; initial: Partial<Fields> }) {
  const contained = runtime === "container";
  const personas = useGet("/api/v1/personas", {});
  const images = useGet("/api/v1/images", {}, { enabled: contained });
  const none = ["", t("deckies.form.none")] as const;
  const choice = (one: { name: string; summary: string }) => [one.name, `${one.name}: ${one.summary}`] as const;
  return (
    <>
      {contained && (
        <SelectField
          key={`image ${images.isSuccess}`}
          name="image"
          label={t("deckies.form.image")}
          defaultValue={initial.image ?? ""}
          options={[none, ...(images.data?.items ?? []).map(choice)]}
        />
      )}
      <SelectField
        key={`persona ${personas.isSuccess}`}
        name="persona"
        label={t("deckies.form.persona")}
        defaultValue={initial.persona ?? (contained ? "" : "debian-web")}
        options={[...(contained ? [none] : []), ...(personas.data?.items ?? []).map(choice)]}
      />
    </>
  );
}

/** Where in a network of one's own it is. */
function Place({ initial }: { initial: Partial<Fields> }) {
  return (
    <>
      <TextField
        name="interface"
        label={t("deckies.form.interface")}
        defaultValue={initial.interface ?? ""}
        placeholder="eth0"
      />
      <TextField name="gateway" label={t("deckies.form.gateway")} defaultValue={initial.gateways?.join(", ")} />
    </>
  );
}

function serviceText(given: Fields["services"]): string {
  if (!given) return "";
  return Array.isArray(given)
    ? given.join(", ")
    : Object.entries(given)
        .map(([name, port]) => `${name}=${port}`)
        .join(", ");
}

/** Throws RangeError for services that are none. */
function read(form: FormData, runtime: Runtime): Fields {
  const text = (name: string) => String(form.get(name) ?? "").trim();
  return {
    name: text("name"),
    runtime,
    addresses: words(text("addresses")),
    gateways: words(text("gateway")),
    persona: text("persona") || null,
    image: text("image") || null,
    interface: text("interface") || null,
    services: services(text("services")) ?? null,
    host_name: text("host_name") || null,
  };
}
