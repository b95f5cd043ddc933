// Bundles the pages with the Matrix library into a folder: node bundle.mjs NODE_MODULES FOLDER
import { copyFile, mkdir } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const [modules, out] = process.argv.slice(2);
const { build } = createRequire(join(modules, "saal"))("esbuild");
await build({
  entryPoints: ["host.mjs", "phone.mjs"].map((page) => join(dirname(fileURLToPath(import.meta.url)), page)),
  outdir: out,
  nodePaths: [modules],
  bundle: true,
  splitting: true,
  format: "esm",
  minify: true,
  target: "chrome120",
  define: { global: "globalThis" },
  logLevel: "warning",
});

// The library's encryption is 5 MB of WebAssembly beside its glue; only hosts of encrypted calls load it.
const wasm = "pkg/matrix_sdk_crypto_wasm_bg.wasm";
await mkdir(join(out, dirname(wasm)), { recursive: true });
await copyFile(join(modules, "@matrix-org/matrix-sdk-crypto-wasm", wasm), join(out, wasm));
