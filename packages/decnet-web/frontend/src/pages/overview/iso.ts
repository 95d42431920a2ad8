// SPDX-License-Identifier: MIT
// ISO 3166: alpha-2 codes with the numeric ones by which world-atlas names countries.
const CODES =
  "AF004 AL008 DZ012 AO024 AQ010 AR032 AM051 AU036 AT040 AZ031 BS044 BD050 BY112 BE056 BZ084 BJ204 BT064 BO068 BA070 BW072 " +
  "BR076 BN096 BG100 BF854 BI108 KH116 CM120 CA124 CF140 TD148 CL152 CN156 CO170 CG178 CD180 CR188 CI384 HR191 CU192 CY196 " +
  "CZ203 DK208 DJ262 DO214 EC218 EG818 SV222 GQ226 ER232 EE233 SZ748 ET231 FK238 FJ242 FI246 FR250 TF260 GA266 GM270 GE268 " +
  "DE276 GH288 GR300 GL304 GT320 GN324 GW624 GY328 HT332 HN340 HU348 IS352 IN356 ID360 IR364 IQ368 IE372 IL376 IT380 JM388 " +
  "JP392 JO400 KZ398 KE404 KP408 KR410 KW414 KG417 LA418 LV428 LB422 LS426 LR430 LY434 LT440 LU442 MG450 MW454 MY458 ML466 " +
  "MR478 MX484 MD498 MN496 ME499 MA504 MZ508 MM104 NA516 NP524 NL528 NC540 NZ554 NI558 NE562 NG566 MK807 NO578 OM512 PK586 " +
  "PS275 PA591 PG598 PY600 PE604 PH608 PL616 PT620 PR630 QA634 RO642 RU643 RW646 SA682 SN686 RS688 SL694 SK703 SI705 SB090 " +
  "SO706 ZA710 SS728 ES724 LK144 SD729 SR740 SE752 CH756 SY760 TW158 TJ762 TZ834 TH764 TL626 TG768 TT780 TN788 TR792 TM795 " +
  "UG800 UA804 AE784 GB826 US840 UY858 UZ860 VU548 VE862 VN704 EH732 YE887 ZM894 ZW716";

const NUMERIC: ReadonlyMap<string, string> = new Map(
  CODES.split(" ").map((code) => [code.slice(0, 2), code.slice(2)] as const),
);
const names = new Intl.DisplayNames("en", { type: "region", fallback: "code" });

export const numericCode = (alpha: string): string | undefined => NUMERIC.get(alpha.toUpperCase());

/** The name of a country; a code that is none stays as it is. */
export function countryName(alpha: string): string {
  return /^[A-Za-z]{2}$/.test(alpha) ? (names.of(alpha.toUpperCase()) ?? alpha) : alpha;
}

/** The share of a count among all as one of five steps (1 least), by its logarithm. */
export function step(count: number, most: number): 1 | 2 | 3 | 4 | 5 {
  if (most <= 1) return 5;
  return (1 + Math.min(4, Math.floor((Math.log(Math.max(1, count)) / Math.log(most)) * 4.999))) as 1 | 2 | 3 | 4 | 5;
}
