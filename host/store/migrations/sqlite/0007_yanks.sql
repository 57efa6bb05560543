-- A policy that its publisher takes back: it answers on where it is active, and is activated nowhere any more.

CREATE TABLE policy_yank (
    digest    TEXT    NOT NULL PRIMARY KEY REFERENCES policy_file (digest),
    reason    TEXT    NOT NULL,
    yanked_at INTEGER NOT NULL,
    yanked_by TEXT    NOT NULL
) STRICT;

CREATE TRIGGER policy_yank_no_update BEFORE UPDATE ON policy_yank BEGIN
    SELECT RAISE(ABORT, 'table policy_yank is append-only');
END;
CREATE TRIGGER policy_yank_no_delete BEFORE DELETE ON policy_yank BEGIN
    SELECT RAISE(ABORT, 'table policy_yank is append-only');
END;
