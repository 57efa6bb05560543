-- A policy that its publisher takes back: it answers on where it is active, and is activated nowhere any more.

CREATE TABLE policy_yank (
    digest    TEXT   NOT NULL PRIMARY KEY REFERENCES policy_file (digest),
    reason    TEXT   NOT NULL,
    yanked_at BIGINT NOT NULL,
    yanked_by TEXT   NOT NULL
);

CREATE TRIGGER policy_yank_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON policy_yank
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
