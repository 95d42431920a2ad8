// SPDX-License-Identifier: MIT
/** What makes another host a sensor: a command to paste there, or one file that brings DECNET along. */
import { client } from "@/api/client";
import { save } from "@/api/queries";

/** Whoever asks here pastes it at once; a token that lies about for a day is one to be stolen. */
export const HOURS = 1;

/** Starts the units of a host that has enrolled: without that it sends nothing. */
const START = "systemctl enable --now decnet.target";
const INIT = "decnet-supervise init";

export interface Order {
  name: string;
  master: string;
  hours: number;
  replace: boolean;
}

export interface Made {
  name: string;
  /** To be run on the sensor, in one go. */
  command: string;
  /** Until when it works; null: it is in the file. */
  until: string | null;
}

export function orderOf(form: FormData): Order {
  const text = (name: string) => String(form.get(name) ?? "").trim();
  return {
    name: text("name"),
    master: text("master"),
    hours: Number(text("hours")),
    replace: form.get("replace") === "on",
  };
}

export async function makeCommand(order: Order): Promise<Made> {
  const { data } = await client.POST("/api/v1/sensors/enrolments", { body: order });
  return { name: data!.name, command: `${data!.command} && ${INIT} && ${START}`, until: data!.expires_at };
}

/** Has the browser store the file. */
export async function saveBundle(order: Order): Promise<Made> {
  const { data } = await client.POST("/api/v1/sensors/bundles", {
    body: order,
    parseAs: "blob",
    headers: { Accept: "application/zip, application/problem+json" },
  });
  const file = `${order.name}.pyz`;
  save(data as unknown as Blob, file);
  return { name: order.name, command: `python3 ${file} && ${START}`, until: null };
}
