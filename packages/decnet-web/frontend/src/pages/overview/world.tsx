// SPDX-License-Identifier: MIT
/** The world, offline: countries by the number of attackers. A chunk of its own, for the shapes are large. */
import { geoEqualEarth, geoPath } from "d3-geo";
import type { FeatureCollection, Geometry } from "geojson";
import { feature } from "topojson-client";
import type { GeometryCollection, Topology } from "topojson-specification";
import atlas from "world-atlas/countries-110m.json";
import { t, tn } from "@/app/i18n";
import { countryName, numericCode, step } from "./iso";
import styles from "./overview.module.css";

const WIDTH = 760;
const HEIGHT = 370;
const topology = atlas as unknown as Topology<{ countries: GeometryCollection<{ name: string }> }>;
const shapes = feature(topology, topology.objects.countries) as FeatureCollection<Geometry, { name: string }>;
shapes.features = shapes.features.filter((one) => one.id !== "010"); // Antarctica takes room and attacks nobody
const projection = geoEqualEarth().fitSize([WIDTH, HEIGHT], shapes);
const path = geoPath(projection);
const drawn = shapes.features.map((one) => ({ id: String(one.id), line: path(one) ?? "", at: path.centroid(one) }));

export default function World({ countries }: { countries: Readonly<Record<string, number>> }) {
  const most = Math.max(1, ...Object.values(countries));
  const byNumber = new Map(Object.entries(countries).map(([alpha, count]) => [numericCode(alpha), { alpha, count }]));
  return (
    <svg className={styles.world} viewBox={`0 0 ${WIDTH} ${HEIGHT}`} role="img" aria-label={t("overview.map.label")}>
      {drawn.map(({ id, line, at }, index) => {
        const one = byNumber.get(id);
        return (
          <g key={index}>
            <path d={line} className={one ? styles[`step${step(one.count, most)}`] : styles.land}>
              {one && <title>{`${countryName(one.alpha)}: ${tn("overview.attackers", one.count)}`}</title>}
            </path>
            {one && <circle cx={at[0]} cy={at[1]} r={2 + step(one.count, most)} className={styles.spot} />}
          </g>
        );
      })}
    </svg>
  );
}
