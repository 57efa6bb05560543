// What the component exports, in the flat form of the canonical ABI. `build.mjs` gives `decide` and `afterDecide` their full names.

import { Answers, Batch, List } from "./contract";
import { decideAll } from "./policy";

/** Each list comes as pointer and length; the answer is the address of a record. */
export function decide(
  texts: usize, textsLength: u32,
  textOffsets: usize, textOffsetsLength: u32,
  encounters: u32,
  timelines: usize, timelinesLength: u32,
  columns: usize, columnsLength: u32,
  explain: bool,
): usize {
  const batch = new Batch(
    new List<u8>(texts, textsLength),
    new List<u32>(textOffsets, textOffsetsLength),
    encounters,
    new List<u32>(timelines, timelinesLength),
    columns, columnsLength,
    explain,
  );
  const answers = new Answers(explain);
  decideAll(batch, answers);
  return answers.lower();
}

/** The host has read the answer: all memory of the call is free again. Nothing that lives longer is ever allocated. */
export function afterDecide(_record: usize): void {
  heap.reset();
}

/** The host asks for memory to put the batch into. What `heap` gives is aligned to 16 bytes, more than any list needs. */
export function cabi_realloc(old: usize, oldSize: usize, _alignment: usize, newSize: usize): usize {
  const start = heap.alloc(newSize);
  if (oldSize > 0) memory.copy(start, old, min(oldSize, newSize));
  return start;
}
