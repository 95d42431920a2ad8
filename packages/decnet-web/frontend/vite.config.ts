// SPDX-License-Identifier: MIT
import { fileURLToPath } from "node:url";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";
import { compress } from "./plugins/compress.ts";

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

export default defineConfig({
  plugins: [react(), compress()],
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
    environment: "jsdom",
    setupFiles: ["src/test/setup.ts"],
    include: ["src/**/*.test.{ts,tsx}"],
    css: false,
    restoreMocks: true,
  },
});
