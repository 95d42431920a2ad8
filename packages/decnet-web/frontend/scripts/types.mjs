// SPDX-License-Identifier: MIT
// Writes src/api/schema.d.ts from the OpenAPI document of this checkout's API, so that page and server cannot drift.
// DECNET_PYTHON names another Python than that of the checkout's .venv.
import { execFileSync } from "node:child_process";
import { existsSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import openapi, { astToString } from "openapi-typescript";

const frontend = dirname(dirname(fileURLToPath(import.meta.url)));
const root = join(frontend, "..", "..", "..");
const local = join(root, ".venv", "bin", "python");
const python = process.env.DECNET_PYTHON ?? (existsSync(local) ? local : "python3");
const text = execFileSync(python, ["-m", "decnet_web.api.document"], { encoding: "utf8", maxBuffer: 64 << 20 });
const target = join(frontend, "src", "api", "schema.d.ts");
writeFileSync(target, astToString(await openapi(JSON.parse(text))));
console.log(`wrote ${target}`);
