-- What a billed line holds besides its amount: minutes that add up over a month, and what payer and deductible bear.
ALTER TABLE ledger ADD COLUMN minutes INTEGER CHECK (minutes >= 0);
ALTER TABLE ledger ADD COLUMN paid_cents INTEGER;
ALTER TABLE ledger ADD COLUMN deductible_cents INTEGER;
