-- The kinds of records are rows: a new one is a row more, and no table is changed for it. Other systems may read them here.

CREATE TABLE record_kind (
    kind    TEXT NOT NULL PRIMARY KEY,
    subject TEXT NOT NULL CHECK (subject IN ('client', 'provider', 'practice', 'encounter'))
);

INSERT INTO record_kind (kind, subject) VALUES
    ('coverage', 'client'),
    ('benefit_exception', 'client'),
    ('accumulated', 'client'),
    ('injury', 'client'),
    ('residence', 'client'),
    ('assignment', 'client'),
    ('first_appointment', 'client'),
    ('authorization', 'client'),
    ('program', 'client'),
    ('assessment', 'client'),
    ('care_plan', 'client'),
    ('order', 'client'),
    ('document', 'client'),
    ('stay', 'client'),
    ('contact', 'client'),
    ('collaboration', 'client'),
    ('episode', 'client'),
    ('practitioner', 'provider'),
    ('credential', 'provider'),
    ('enrolment', 'provider'),
    ('absence', 'provider'),
    ('practice', 'practice'),
    ('network', 'practice'),
    ('signature', 'encounter'),
    ('component', 'encounter'),
    ('claim', 'encounter'),
    ('level_of_care', 'encounter'),
    ('goal', 'encounter'),
    ('necessity', 'encounter'),
    ('prior_answer', 'encounter');

ALTER TABLE record DROP CONSTRAINT record_kind_check;
ALTER TABLE record ADD CONSTRAINT record_kind_known FOREIGN KEY (kind) REFERENCES record_kind (kind);
