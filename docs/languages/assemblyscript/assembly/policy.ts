// Hillside's rules: case management by a registered nurse, once a day, a unit for every 15 documented minutes.

import { Answers, Batch, INCOMPLETE, List, NO_DAY, NO_NUMBER, NO_WORD, NOT_BILLABLE, REVIEW } from "./contract";

// Positions in the manifest's `reads`.
const DATE_OF_SERVICE = 0;
const PROCEDURE_CODE = 1;
const MINUTES = 2;
const ROLE = 3;
const MODIFIER_OFFSET = 4;
const LEDGER_OFFSET = 5;
const LEDGER_DATE_OF_SERVICE = 6;
const LEDGER_PROCEDURE_CODE = 7;

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
const MINUTES_PER_UNIT: u32 = 15;
const UNITS_PER_VISIT: u32 = 8;
const VISITS_PER_DAY: u32 = 1;
const CENTS_PER_UNIT: i64 = 1500;

export function decideAll(batch: Batch, answers: Answers): void {
  const policy = new Policy(batch, answers);
  for (let timeline: u32 = 0; timeline + 1 < batch.timelines.length; timeline++) {
    policy.decideClient(timeline, batch.timelines[timeline], batch.timelines[timeline + 1]);
  }
}

@final class Policy {
  private readonly day: List<i32>;
  private readonly code: List<u32>;
  private readonly minutes: List<u32>;
  private readonly role: List<u32>;
  private readonly modifierOffset: List<u32>;
  private readonly ledgerOffset: List<u32>;
  private readonly ledgerDay: List<i32>;
  private readonly ledgerCode: List<u32>;
  private readonly t1016: u32;
  private readonly rn: u32;

  constructor(batch: Batch, private readonly answers: Answers) {
    this.day = batch.days(DATE_OF_SERVICE);
    this.code = batch.words(PROCEDURE_CODE);
    this.minutes = batch.words(MINUTES);
    this.role = batch.words(ROLE);
    this.modifierOffset = batch.words(MODIFIER_OFFSET);
    this.ledgerOffset = batch.words(LEDGER_OFFSET);
    this.ledgerDay = batch.days(LEDGER_DATE_OF_SERVICE);
    this.ledgerCode = batch.words(LEDGER_PROCEDURE_CODE);
    this.t1016 = batch.word("T1016");
    this.rn = batch.word("RN");
  }

  /** One client's encounters come in order of date of service: it is enough to remember the last day that was billed. */
  decideClient(timeline: u32, start: u32, end: u32): void {
    let billedDay = NO_DAY;
    let billed: u32 = 0;
    for (let encounter = start; encounter < end; encounter++) {
      const day = this.day[encounter];
      if (day != billedDay) {
        billedDay = day;
        billed = this.billedBefore(timeline, day);
      }
      if (this.decide(encounter, day, billed)) billed++;
    }
  }

  /** How many lines of a day earlier calls billed. The ledger has its rows by client, the other child tables by encounter. */
  private billedBefore(timeline: u32, day: i32): u32 {
    let billed: u32 = 0;
    const end = this.ledgerOffset[timeline + 1];
    for (let row = this.ledgerOffset[timeline]; row < end; row++) {
      if (this.ledgerDay[row] == day && this.ledgerCode[row] == this.t1016) billed++;
    }
    return billed;
  }

  /** Decides one encounter, and says whether it was billed. `billed` lines of its day were billed before it. */
  private decide(encounter: u32, day: i32, billed: u32): bool {
    const answers = this.answers;
    if (day < IN_FORCE_FROM) {
      answers.fail(DATES_OUTSIDE, REVIEW);
    } else if (this.code[encounter] == NO_WORD) {
      answers.fail(SERVICE_UNKNOWN, REVIEW);
    } else if (this.code[encounter] != this.t1016) {
      answers.fail(CODE_UNKNOWN, NOT_BILLABLE);
    } else {
      this.judgeModifiers(encounter);
      this.judgeRole(encounter);
      this.judgeDay(billed);
      const units = this.judgeUnits(encounter);
      if (answers.billable) {
        answers.line(T1016, units, CENTS_PER_UNIT * units);
        answers.end();
        return true;
      }
    }
    answers.end();
    return false;
  }

  private judgeModifiers(encounter: u32): void {
    if (this.modifierOffset[encounter] < this.modifierOffset[encounter + 1]) this.answers.fail(MODIFIER_UNKNOWN, REVIEW);
  }

  private judgeRole(encounter: u32): void {
    const role = this.role[encounter];
    if (role == NO_WORD) {
      this.answers.fail(ROLE_MISSING, INCOMPLETE, NO_NUMBER, NO_NUMBER, ABOUT_ROLE);
    } else if (role != this.rn) {
      this.answers.fail(ROLE_ALLOWED, NOT_BILLABLE);
    } else {
      this.answers.satisfy(ROLE_ALLOWED);
    }
  }

  private judgeDay(billed: u32): void {
    if (billed >= VISITS_PER_DAY) {
      this.answers.fail(ONE_A_DAY, NOT_BILLABLE, billed + 1, VISITS_PER_DAY, ABOUT_T1016);
    } else {
      this.answers.satisfy(ONE_A_DAY, billed + 1, VISITS_PER_DAY, ABOUT_T1016);
    }
  }

  /** Whole units only: 29 minutes are one. */
  private judgeUnits(encounter: u32): u32 {
    const minutes = this.minutes[encounter];
    if (minutes == NO_WORD) {
      this.answers.fail(MINUTES_MISSING, INCOMPLETE, NO_NUMBER, NO_NUMBER, ABOUT_MINUTES);
      return 0;
    }
    const units = minutes / MINUTES_PER_UNIT;
    if (units == 0) {
      this.answers.fail(UNITS, NOT_BILLABLE, minutes);
    } else if (units > UNITS_PER_VISIT) {
      this.answers.fail(UNITS_MAX, NOT_BILLABLE, units, UNITS_PER_VISIT);
    } else {
      this.answers.satisfy(UNITS_MAX, units, UNITS_PER_VISIT);
    }
    return units;
  }
}
