// Hillside's rules: case management by a registered nurse, once a day, a unit for every 15 documented minutes.

/** Absent, 4294967295 in the contract: the interpreter takes and gives every u32 as a signed number of 32 bits. */
const NO_WORD = -1;
const NO_NUMBER = -9223372036854775808;

// Outcomes, in the contract's numbers.
const BILLABLE = 0;
const INCOMPLETE = 2;
const REVIEW = 3;
const NOT_BILLABLE = 4;
/** Which outcome an encounter has when its rules lead to several: the last of these. The numbers are in another order. */
const RANKS = [BILLABLE, REVIEW, INCOMPLETE, NOT_BILLABLE];

// Positions in the manifest's `rules`.
const DATES_OUTSIDE = 0;
const CODE_UNKNOWN = 1;
const SERVICE_UNKNOWN = 2;
const MODIFIER_UNKNOWN = 3;
const ROLE_ALLOWED = 4;
const ROLE_MISSING = 5;
const UNITS = 6;
const UNITS_MAX = 7;
const MINUTES_MISSING = 8;
const ONE_A_DAY = 9;

// Positions in the manifest's `codes` and `subjects`.
const T1016 = 0;
const ABOUT_T1016 = 0;
const ABOUT_MINUTES = 1;
const ABOUT_ROLE = 2;

/** 2026-01-01, as days since 1970-01-01. */
const IN_FORCE_FROM = 20454;
const MINUTES_PER_UNIT = 15;
const UNITS_PER_VISIT = 8;
const VISITS_PER_DAY = 1;
const CENTS_PER_UNIT = 1500;

/** The answers of a call, encounter by encounter; the outcome of the highest rank among an encounter's rules is its outcome. */
class Answers {
  record = {
    outcomes: [], lineOffsets: [0], lineCodes: [], lineUnits: [], lineCents: [], lineModifiers: [], findingOffsets: [0],
    findingRules: [], findingVerdicts: [], findingObserved: [], findingExpected: [], findingSubjects: [],
  };
  outcome = BILLABLE;

  constructor(explain) {
    this.explain = explain;
  }

  fail(rule, outcome, observed = NO_NUMBER, expected = NO_NUMBER, subject = NO_WORD) {
    if (RANKS.indexOf(outcome) > RANKS.indexOf(this.outcome)) this.outcome = outcome;
    this.finding(rule, 0, observed, expected, subject);
  }

  satisfy(rule, observed = NO_NUMBER, expected = NO_NUMBER, subject = NO_WORD) {
    if (this.explain) this.finding(rule, 1, observed, expected, subject);
  }

  finding(rule, verdict, observed, expected, subject) {
    this.record.findingRules.push(rule);
    this.record.findingVerdicts.push(verdict);
    this.record.findingObserved.push(observed);
    this.record.findingExpected.push(expected);
    this.record.findingSubjects.push(subject);
  }

  line(code, units, cents) {
    this.record.lineCodes.push(code);
    this.record.lineUnits.push(units);
    this.record.lineCents.push(cents);
    this.record.lineModifiers.push(0);
  }

  end() {
    this.record.outcomes.push(this.outcome);
    this.record.lineOffsets.push(this.record.lineCodes.length);
    this.record.findingOffsets.push(this.record.findingRules.length);
    this.outcome = BILLABLE;
  }
}

/** The texts of the dictionary; those that this policy looks for are ASCII. */
function texts(bytes, offsets) {
  const all = [];
  for (let n = 0; n + 1 < offsets.length; n++) {
    let text = "";
    for (let at = offsets[n]; at < offsets[n + 1]; at++) text += String.fromCharCode(bytes[at]);
    all.push(text);
  }
  return all;
}

function decide(batch) {
  const words = texts(batch.dictionaryBytes, batch.dictionaryOffsets);
  const t1016 = words.indexOf("T1016");
  const rn = words.indexOf("RN");
  // In the order of the manifest's `reads`. The ledger has its rows by client, the other child tables by encounter.
  const [days, codes, minutes, roles, modifierOffsets, ledgerOffsets, ledgerDays, ledgerCodes] = batch.columns.map((column) => column.val);
  const answers = new Answers(batch.explain);

  /** How many lines of a day earlier calls billed. */
  function billedBefore(timeline, day) {
    let billed = 0;
    for (let row = ledgerOffsets[timeline]; row < ledgerOffsets[timeline + 1]; row++) {
      if (ledgerDays[row] === day && ledgerCodes[row] === t1016) billed++;
    }
    return billed;
  }

  function judgeUnits(documented) {
    if (documented === NO_WORD) {
      answers.fail(MINUTES_MISSING, INCOMPLETE, NO_NUMBER, NO_NUMBER, ABOUT_MINUTES);
      return 0;
    }
    const units = Math.floor(documented / MINUTES_PER_UNIT);
    if (units === 0) answers.fail(UNITS, NOT_BILLABLE, documented);
    else if (units > UNITS_PER_VISIT) answers.fail(UNITS_MAX, NOT_BILLABLE, units, UNITS_PER_VISIT);
    else answers.satisfy(UNITS_MAX, units, UNITS_PER_VISIT);
    return units;
  }

  /** Judges one encounter whose day and code are this policy's; `billed` lines of its day were billed before it. */
  function judge(encounter, billed) {
    if (modifierOffsets[encounter] < modifierOffsets[encounter + 1]) answers.fail(MODIFIER_UNKNOWN, REVIEW);
    if (roles[encounter] === NO_WORD) answers.fail(ROLE_MISSING, INCOMPLETE, NO_NUMBER, NO_NUMBER, ABOUT_ROLE);
    else if (roles[encounter] !== rn) answers.fail(ROLE_ALLOWED, NOT_BILLABLE);
    else answers.satisfy(ROLE_ALLOWED);
    if (billed >= VISITS_PER_DAY) answers.fail(ONE_A_DAY, NOT_BILLABLE, billed + 1, VISITS_PER_DAY, ABOUT_T1016);
    else answers.satisfy(ONE_A_DAY, billed + 1, VISITS_PER_DAY, ABOUT_T1016);
    const units = judgeUnits(minutes[encounter]);
    if (answers.outcome !== BILLABLE) return false;
    answers.line(T1016, units, CENTS_PER_UNIT * units);
    return true;
  }

  for (let timeline = 0; timeline + 1 < batch.timelines.length; timeline++) {
    let billedDay = null;
    let billed = 0;
    for (let encounter = batch.timelines[timeline]; encounter < batch.timelines[timeline + 1]; encounter++) {
      const day = days[encounter];
      if (day !== billedDay) {
        billedDay = day;
        billed = billedBefore(timeline, day);
      }
      if (day < IN_FORCE_FROM) answers.fail(DATES_OUTSIDE, REVIEW);
      else if (codes[encounter] === NO_WORD) answers.fail(SERVICE_UNKNOWN, REVIEW);
      else if (codes[encounter] !== t1016) answers.fail(CODE_UNKNOWN, NOT_BILLABLE);
      else if (judge(encounter, billed)) billed++;
      answers.end();
    }
  }
  return answers.record;
}

export const policy = { decide };
