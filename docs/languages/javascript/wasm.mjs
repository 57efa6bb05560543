// Reading and writing the parts of WebAssembly files that the build needs: sections, imports, exports, function types.

const CUSTOM = 0, TYPE = 1, IMPORT = 2, EXPORT = 7;
const CORE_MODULE = 1, COMPONENT = 4;
const FUNCTION = 0, TABLE = 1, MEMORY = 2;
const HEADER_BYTES = 8;

/** A number as LEB128. */
export function leb(number) {
  const bytes = [];
  for (; number >= 128; number = Math.floor(number / 128)) bytes.push((number % 128) + 128);
  bytes.push(number);
  return Buffer.from(bytes);
}

/** A text with its length before it. */
const text = (value) => Buffer.concat([leb(Buffer.byteLength(value)), Buffer.from(value)]);

const section = (kind, body) => Buffer.concat([Buffer.from([kind]), leb(body.length), body]);

export const customSection = (name, content) => section(CUSTOM, Buffer.concat([text(name), Buffer.from(content)]));

class Reader {
  constructor(bytes, at = 0) {
    this.bytes = bytes;
    this.at = at;
  }
  byte() {
    return this.bytes[this.at++];
  }
  number() {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = this.byte();
      value += (byte % 128) * scale;
      if (byte < 128) return value;
    }
  }
  slice(length) {
    this.at += length;
    return this.bytes.subarray(this.at - length, this.at);
  }
  text() {
    return this.slice(this.number()).toString();
  }
  list(read) {
    return Array.from({ length: this.number() }, () => read(this));
  }
}

/** The sections of a module or component: kind, content, and both with the header as they stand in the file. */
function* sections(bytes) {
  const reader = new Reader(bytes, HEADER_BYTES);
  while (reader.at < bytes.length) {
    const start = reader.at;
    const kind = reader.byte();
    const body = reader.slice(reader.number());
    yield { kind, body, whole: bytes.subarray(start, reader.at) };
  }
}

/** The core modules of a component, those of components inside it too, in their order. */
export function coreModules(component) {
  const isComponent = component[6] === 1;
  return [...sections(component)].flatMap(({ kind, body }) => {
    if (isComponent && kind === CORE_MODULE) return [body];
    return isComponent && kind === COMPONENT ? coreModules(body) : [];
  });
}

/** An import: module, name, kind, and the bytes that describe it. */
function readImport(reader) {
  const [module, name] = [reader.text(), reader.text()];
  const start = reader.at;
  const kind = reader.byte();
  if (kind === FUNCTION) reader.number();
  else if (kind === TABLE || kind === MEMORY) {
    if (kind === TABLE) reader.byte();
    const hasMax = reader.byte() % 2 === 1;
    reader.number();
    if (hasMax) reader.number();
  } else reader.at += 2;
  return { module, name, kind, description: reader.bytes.subarray(start, reader.at) };
}

const rewritten = (module, change) => Buffer.concat([module.subarray(0, HEADER_BYTES), ...[...sections(module)].map(change)]);

/** The module with other modules and names in its imports. */
export function renameImports(module, rename) {
  return rewritten(module, ({ kind, body, whole }) => {
    if (kind !== IMPORT) return whole;
    const imports = new Reader(body).list(readImport).map((entry) => {
      const [to, name] = rename(entry.module, entry.name);
      return Buffer.concat([text(to), text(name), entry.description]);
    });
    return section(IMPORT, Buffer.concat([leb(imports.length), ...imports]));
  });
}

/** The module with those of its exports whose names are given. */
export function keepExports(module, names) {
  return rewritten(module, ({ kind, body, whole }) => {
    if (kind !== EXPORT) return whole;
    const kept = new Reader(body)
      .list((reader) => ({ name: reader.text(), description: Buffer.concat([reader.slice(1), leb(reader.number())]) }))
      .filter(({ name }) => names.includes(name));
    return section(EXPORT, Buffer.concat([leb(kept.length), ...kept.map((entry) => Buffer.concat([text(entry.name), entry.description]))]));
  });
}

/** The functions that a module imports, each with the numbers of the types of its parameters and results. */
export function importedFunctions(module) {
  const all = [...sections(module)];
  const bodyOf = (wanted) => all.find(({ kind }) => kind === wanted)?.body ?? Buffer.from([0]);
  const types = new Reader(bodyOf(TYPE)).list((reader) => {
    reader.byte();
    return { parameters: reader.list((r) => r.byte()), results: reader.list((r) => r.byte()) };
  });
  return new Reader(bodyOf(IMPORT)).list(readImport)
    .filter(({ kind }) => kind === FUNCTION)
    .map(({ module: from, name, description }) => ({ from, name, ...types[new Reader(description, 1).number()] }));
}
