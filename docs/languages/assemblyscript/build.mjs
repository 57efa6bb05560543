// Builds the policy: TypeScript-like source to a core module, module to component, then manifest and sources into it.
// Usage: node build.mjs POLICY.wit OUT.wasm

import { readFile, writeFile } from "node:fs/promises";
import asc from "assemblyscript/asc";
import { Transform } from "assemblyscript/transform";
import { componentEmbed, componentNew } from "@bytecodealliance/jco-transpile/wasm-tools";

const [witPath, outPath] = process.argv.slice(2);
if (outPath === undefined) {
  console.error("usage: node build.mjs POLICY.wit OUT.wasm");
  process.exit(2);
}

const SOURCES = ["assembly/contract.ts", "assembly/index.ts", "assembly/policy.ts", "cases/missing.toml", "cases/visits.toml"];
const DECIDE = "adjudica:policy/policy@1.0.0#decide";

/** The contract's names are no identifiers of the language: the exports get them after compiling. */
class ContractNames extends Transform {
  afterCompile(module) {
    for (const [from, to] of [["decide", DECIDE], ["afterDecide", `cabi_post_${DECIDE}`]]) {
      module.removeExport(from);
      module.addFunctionExport(`assembly/index/${from}`, to);
    }
  }
}

async function compile() {
  let core;
  const { error, stderr } = await asc.main(
    ["assembly/index.ts", "--outFile", "core.wasm", "--runtime", "stub", "--use", "abort=", "-O3", "--converge"],
    {
      readFile: (name, folder) => readFile(`${folder}/${name}`, "utf8").catch(() => null),
      writeFile: (_name, bytes) => { core = bytes; },
      transforms: [new ContractNames()],
    },
  );
  if (error) {
    console.error(stderr.toString());
    throw error;
  }
  return core;
}

/** A custom section: number 0, length, length of the name, name, content. Lengths are LEB128. */
function section(name, content) {
  const nameBytes = Buffer.from(name);
  const body = Buffer.concat([leb(nameBytes.length), nameBytes, Buffer.from(content)]);
  return Buffer.concat([Buffer.from([0]), leb(body.length), body]);
}

function leb(number) {
  const bytes = [];
  for (; number >= 128; number = Math.floor(number / 128)) bytes.push((number % 128) + 128);
  bytes.push(number);
  return Buffer.from(bytes);
}

const core = await compile();
const typed = await componentEmbed({ binary: core, witSource: await readFile(witPath, "utf8"), world: "policy-world" });
const component = await componentNew(typed, []);
const manifest = JSON.parse(await readFile("manifest.json", "utf8"));
const sources = {};
for (const path of SOURCES) sources[path] = await readFile(path, "utf8");
const policy = Buffer.concat([
  component,
  section("adjudica:manifest", JSON.stringify(manifest)),
  section("adjudica:sources", JSON.stringify(sources)),
]);
await writeFile(outPath, policy);
console.log(`${manifest.policy_id} ${manifest.version}: ${policy.length} bytes, ${core.length} of them the core module`);
