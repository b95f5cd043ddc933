// Bundles the host page into a folder: node bundle.mjs NODE_MODULES FOLDER
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const [modules, out] = process.argv.slice(2);
const { build } = createRequire(join(modules, "saal"))("esbuild");
await build({
  entryPoints: [join(dirname(fileURLToPath(import.meta.url)), "host.mjs")],
  outdir: out,
  nodePaths: [modules],
  bundle: true,
  splitting: true,
  format: "esm",
  minify: true,
  target: "chrome120",
  // The library's encryption (5 MB of WebAssembly) is loaded only when asked for; unencrypted rooms never ask.
  external: ["@matrix-org/matrix-sdk-crypto-wasm"],
  define: { global: "globalThis" },
  logLevel: "warning",
});
