// SPDX-License-Identifier: MIT
import type { ReactElement } from "react";
import { tv } from "@/app/i18n";
import { Badge, type Tone } from "@/components/show/badge";

const TONES: Readonly<Record<string, Tone>> = { malicious: "bad", suspicious: "warn", benign: "good" };

/** What others say about an address, a host or a file. */
export function Verdict({ value }: { value: string }): ReactElement {
  if (value === "unknown") return <span className="muted">{tv("attackers.verdict", value)}</span>;
  return <Badge tone={TONES[value] ?? "neutral"}>{tv("attackers.verdict", value)}</Badge>;
}

interface Place {
  country: string | null;
  asn: number | null;
  organisation: string | null;
}

const countries = new Intl.DisplayNames(["en"], { type: "region", fallback: "code" });

export function countryName(code: string): string {
  try {
    return countries.of(code) ?? code;
  } catch {
    return code;
  }
}

/** Country and network of an address, as the tables of `enrich` have them. */
export function Origin({ of: { country, asn, organisation } }: { of: Place }): ReactElement {
  const network = organisation ?? (asn === null ? null : `AS${asn}`);
  if (country === null && network === null) return <span className="muted">–</span>;
  const words = [country === null ? null : countryName(country), network].filter(Boolean).join(" · ");
  return <span title={asn === null ? words : `${words} · AS${asn}`}>{words}</span>;
}
