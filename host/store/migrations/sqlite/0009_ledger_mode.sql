-- How contact was made for a billed line, so that two services of a day can be told apart. Earlier lines have none.
ALTER TABLE ledger ADD COLUMN mode TEXT;
