// What crosses the border between host and policy, as the canonical ABI lays it out in memory: the batch, and the answers.

/** An absent text, identity, count or subject. */
export const NO_WORD: u32 = 0xffff_ffff;
/** No column holds it: a dictionary never has so many texts. */
const NOT_THERE: u32 = 0xffff_fffe;
/** An absent day. */
export const NO_DAY: i32 = i32.MIN_VALUE;
/** Nothing seen, nothing asked for, no rate known. */
export const NO_NUMBER: i64 = i64.MIN_VALUE;

/** A list of the batch: where its elements begin, and how many there are. Reading outside of it traps. */
@final export class List<T> {
  constructor(readonly start: usize, readonly length: u32) {}

  @operator("[]") at(index: u32): T {
    assert(index < this.length);
    return load<T>(this.start + ((<usize>index) << alignof<T>()));
  }
}

/** A variant `column` takes 12 bytes: one for its case, three of nothing, then pointer and length of its list. */
const COLUMN_BYTES: usize = 12;
const COLUMN_START: usize = 4;
const COLUMN_LENGTH: usize = 8;
const WORDS: u8 = 0;
const DAYS: u8 = 1;

@final export class Batch {
  constructor(
    readonly texts: List<u8>,
    readonly textOffsets: List<u32>,
    readonly encounters: u32,
    readonly timelines: List<u32>,
    readonly columns: usize,
    readonly columnCount: u32,
    readonly explain: bool,
  ) {}

  /** The column of entry `index` of the manifest's `reads`: texts, identities, counts or offsets. */
  words(index: u32): List<u32> {
    const at = this.column(index, WORDS);
    return new List<u32>(load<usize>(at, COLUMN_START), load<u32>(at, COLUMN_LENGTH));
  }

  /** The column of entry `index` of the manifest's `reads`: days. */
  days(index: u32): List<i32> {
    const at = this.column(index, DAYS);
    return new List<i32>(load<usize>(at, COLUMN_START), load<u32>(at, COLUMN_LENGTH));
  }

  /** Which text of the dictionary is `text`, which is ASCII; NOT_THERE where none is. */
  word(text: string): u32 {
    const count = this.textOffsets.length - 1;
    for (let n: u32 = 0; n < count; n++) {
      const start = this.textOffsets[n];
      if (this.textOffsets[n + 1] - start == <u32>text.length && this.isAt(start, text)) return n;
    }
    return NOT_THERE;
  }

  private isAt(start: u32, text: string): bool {
    for (let n = 0; n < text.length; n++) {
      if (<i32>this.texts[start + n] != text.charCodeAt(n)) return false;
    }
    return true;
  }

  private column(index: u32, kind: u8): usize {
    assert(index < this.columnCount);
    const at = this.columns + <usize>index * COLUMN_BYTES;
    assert(load<u8>(at) == kind);
    return at;
  }
}

/** Outcomes, in the contract's numbers. */
export const BILLABLE: u8 = 0;
export const INCOMPLETE: u8 = 2;
export const REVIEW: u8 = 3;
export const NOT_BILLABLE: u8 = 4;

/** Which outcome an encounter has when its rules lead to several: the one of the highest rank. The numbers are in another order. */
function rank(outcome: u8): i32 {
  if (outcome == NOT_BILLABLE) return 3;
  if (outcome == INCOMPLETE) return 2;
  return outcome == REVIEW ? 1 : 0;
}

/** A record of twelve lists: pointer and length of each. */
const LISTS: i32 = 12;
const LIST_BYTES: i32 = 8;

@final export class Answers {
  private outcomes: Array<u8> = [];
  private lineOffsets: Array<u32> = [0];
  private lineCodes: Array<u32> = [];
  private lineUnits: Array<u32> = [];
  private lineCents: Array<i64> = [];
  private lineModifiers: Array<u32> = [];
  private findingOffsets: Array<u32> = [0];
  private findingRules: Array<u32> = [];
  private findingVerdicts: Array<u8> = [];
  private findingObserved: Array<i64> = [];
  private findingExpected: Array<i64> = [];
  private findingSubjects: Array<u32> = [];
  private outcome: u8 = BILLABLE;

  constructor(private readonly explain: bool) {}

  /** A rule that failed or applies; the outcome of the highest rank among an encounter's rules is its outcome. */
  fail(rule: u32, outcome: u8, observed: i64 = NO_NUMBER, expected: i64 = NO_NUMBER, subject: u32 = NO_WORD): void {
    if (rank(outcome) > rank(this.outcome)) this.outcome = outcome;
    this.finding(rule, 0, observed, expected, subject);
  }

  /** A rule that is satisfied; it is reported only when the host asks for it. */
  satisfy(rule: u32, observed: i64 = NO_NUMBER, expected: i64 = NO_NUMBER, subject: u32 = NO_WORD): void {
    if (this.explain) this.finding(rule, 1, observed, expected, subject);
  }

  get billable(): bool {
    return this.outcome == BILLABLE;
  }

  /** A line without modifiers. */
  line(code: u32, units: u32, cents: i64): void {
    this.lineCodes.push(code);
    this.lineUnits.push(units);
    this.lineCents.push(cents);
    this.lineModifiers.push(0);
  }

  /** Ends one encounter's answer. */
  end(): void {
    this.outcomes.push(this.outcome);
    this.lineOffsets.push(this.lineCodes.length);
    this.findingOffsets.push(this.findingRules.length);
    this.outcome = BILLABLE;
  }

  /** Writes the record, and says where it is. */
  lower(): usize {
    const record = heap.alloc(LISTS * LIST_BYTES);
    put(record, 0, this.outcomes);
    put(record, 1, this.lineOffsets);
    put(record, 2, this.lineCodes);
    put(record, 3, this.lineUnits);
    put(record, 4, this.lineCents);
    put(record, 5, this.lineModifiers);
    put(record, 6, this.findingOffsets);
    put(record, 7, this.findingRules);
    put(record, 8, this.findingVerdicts);
    put(record, 9, this.findingObserved);
    put(record, 10, this.findingExpected);
    put(record, 11, this.findingSubjects);
    return record;
  }

  private finding(rule: u32, verdict: u8, observed: i64, expected: i64, subject: u32): void {
    this.findingRules.push(rule);
    this.findingVerdicts.push(verdict);
    this.findingObserved.push(observed);
    this.findingExpected.push(expected);
    this.findingSubjects.push(subject);
  }
}

function put<T>(record: usize, index: i32, list: Array<T>): void {
  const at = record + index * LIST_BYTES;
  store<usize>(at, list.dataStart);
  store<u32>(at, list.length, sizeof<usize>());
}
