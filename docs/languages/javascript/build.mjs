// Builds the policy: an interpreter with policy.js in it, its four modules merged into one that imports nothing, that as a component.
// Usage: node build.mjs POLICY.wit OUT.wasm

import { execFileSync } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { componentEmbed, componentNew, parse } from "@bytecodealliance/jco-transpile/wasm-tools";
import { componentize } from "componentize-qjs";
import { coreModules, customSection, importedFunctions, keepExports, renameImports } from "./wasm.mjs";

const [witPath, outPath] = process.argv.slice(2);
if (outPath === undefined) {
  console.error("usage: node build.mjs POLICY.wit OUT.wasm");
  process.exit(2);
}

const SOURCES = ["policy.js", "cases/missing.toml", "cases/visits.toml"];
const WORLD = "policy-world";
const DECIDE = "adjudica:policy/policy@1.0.0#decide";
const KEPT = ["memory", "cabi_realloc", DECIDE, `cabi_post_${DECIDE}`];
const RUNTIME = "componentize_qjs_runtime.wasm";
const BINDINGS = "wit-dylib.wasm";
/** Called before every answer to forget what an operating system's adapter holds; there is none. All other stubs trap. */
const HARMLESS = "wasi_snapshot_preview1/reset_adapter_state";
const VALUE_TYPES = { 0x7f: "i32", 0x7e: "i64", 0x7d: "f32", 0x7c: "f64" };
/** What the merged module uses between merging and optimizing; the result uses less, and `adjudica policy check` looks at it. */
const FEATURES = ["bulk-memory", "extended-const", "gc", "multivalue", "mutable-globals", "nontrapping-float-to-int", "reference-types", "sign-ext"];

/** Where a part's imports are found: in the part that holds memory and table, in the interpreter, or in the stubs. */
const linkTo = (self) => (module, name) => {
  if (module === "env" && ["memory", "__indirect_function_table", "__stack_pointer"].includes(name)) return ["main", name];
  if (module === "env" && ["__memory_base", "__table_base"].includes(name)) return ["main", `${self}:${name.slice(2)}`];
  if (module === "env") return ["runtime", name];
  if (module === "GOT.func") return ["main", `${self}:${name}`];
  if (module === "GOT.mem") return ["main", name];
  return ["stubs", `${module}/${name}`];
};

/** A module with a function for each import of an operating system's: it traps. */
function stubsFor(parts) {
  const stubs = new Map(parts.flatMap(importedFunctions).filter(({ from }) => from === "stubs").map((stub) => [stub.name, stub]));
  const list = (word, types) => (types.length > 0 ? `(${word} ${types.map((type) => VALUE_TYPES[type]).join(" ")})` : "");
  const functions = [...stubs.values()].map(({ name, parameters, results }) =>
    `(func (export "${name}") ${list("param", parameters)} ${list("result", results)} ${name === HARMLESS ? "" : "unreachable"})`);
  return `(module ${functions.join("\n")})`;
}

/** Puts the interpreter's `cabi_realloc` where the part with the table looks for it. */
const tableEntry = (slot) => `(module
  (import "main" "__indirect_function_table" (table 0 funcref))
  (import "runtime" "cabi_realloc" (func (param i32 i32 i32 i32) (result i32)))
  (elem (i32.const ${slot}) func 0))`;

/** The slot of the table: the one number that the part's exported global for it holds. */
async function reallocSlot(main) {
  const { exports } = await WebAssembly.instantiate(await WebAssembly.compile(main), { stubs: { [HARMLESS]: () => {} } });
  return exports[`${RUNTIME}:cabi_realloc`].value;
}

function binaryen(tool, parameters) {
  const bin = join(dirname(createRequire(import.meta.url).resolve("binaryen")), "bin", tool);
  execFileSync(process.execPath, [bin, ...parameters], { stdio: "inherit" });
}

async function merge(parts, folder) {
  const path = (name) => join(folder, `${name}.wasm`);
  for (const [name, bytes] of Object.entries(parts)) await writeFile(path(name), bytes);
  const named = Object.keys(parts).flatMap((name) => [path(name), name]);
  binaryen("wasm-merge", [...named, "-o", path("merged"), "--rename-export-conflicts", ...FEATURES.map((name) => `--enable-${name}`)]);
  await writeFile(path("kept"), keepExports(await readFile(path("merged")), KEPT));
  binaryen("wasm-opt", [path("kept"), "-o", path("core"), "--propagate-globals-globally", "-O3", "--strip-debug", "--strip-producers",
    ...FEATURES.map((name) => `--enable-${name}`)]);
  return readFile(path("core"));
}

const { component: interpreter } = await componentize({
  witPath, world: WORLD, jsSource: await readFile("policy.js", "utf8"), jsPath: "policy.js", stubWasi: true, sync: true,
});
const [mainPart, , runtimePart, bindingsPart] = coreModules(interpreter);
const main = renameImports(mainPart, linkTo("main"));
const runtime = renameImports(runtimePart, linkTo(RUNTIME));
const bindings = renameImports(bindingsPart, linkTo(BINDINGS));
const stubs = await parse(stubsFor([main, runtime, bindings]));
const entry = await parse(tableEntry(await reallocSlot(main)));

const folder = await mkdtemp(join(tmpdir(), "policy-"));
let core;
try {
  core = await merge({ stubs, main, runtime, bindings, entry }, folder);
} finally {
  await rm(folder, { recursive: true });
}
const typed = await componentEmbed({ binary: core, witSource: await readFile(witPath, "utf8"), world: WORLD });
const manifest = JSON.parse(await readFile("manifest.json", "utf8"));
const sources = {};
for (const path of SOURCES) sources[path] = await readFile(path, "utf8");
const policy = Buffer.concat([
  await componentNew(typed, []),
  customSection("adjudica:manifest", JSON.stringify(manifest)),
  customSection("adjudica:sources", JSON.stringify(sources)),
]);
await writeFile(outPath, policy);
console.log(`${manifest.policy_id} ${manifest.version}: ${policy.length} bytes, ${core.length} of them the core module`);
