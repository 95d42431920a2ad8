// SPDX-License-Identifier: MIT
import { fileURLToPath } from "node:url";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";
import { compress } from "./plugins/compress.ts";
import { trusted } from "./plugins/trusted.ts";

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

export default defineConfig({
  plugins: [react(), trusted(), compress()],
  resolve: { alias: { "@": here("./src") } },
  build: {
    // DECNET_STATIC lets a test build elsewhere than into the package.
    outDir: process.env.DECNET_STATIC ?? here("../src/decnet_web/web/static"),
    emptyOutDir: true,
    target: "es2022",
    assetsInlineLimit: 0, // no data: URLs, which the Content-Security-Policy refuses
    modulePreload: { polyfill: false },
    sourcemap: false,
    chunkSizeWarningLimit: 600,
  },
  server: { proxy: { "/api": { target: "http://127.0.0.1:8080", changeOrigin: true } } },
  test: {
    restoreMocks: true,
    testTimeout: 60_000, // on a busy machine
    // What computes needs no document, whose making takes longer than all of its tests.
    projects: [
      {
        extends: true,
        test: { name: "node", environment: "node", include: ["src/**/*.test.ts"], exclude: ["src/app/**"] },
      },
      {
        extends: true,
        test: {
          name: "jsdom",
          environment: "jsdom",
          setupFiles: ["src/test/setup.ts"],
          include: ["src/**/*.test.tsx", "src/app/**/*.test.ts"],
          css: false,
        },
      },
    ],
  },
});
