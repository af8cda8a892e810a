-- HOST, trusted: why a run failed or was interrupted. Frozen: change it by a further revision.

ALTER TABLE runs ADD COLUMN detail TEXT DEFAULT '' NOT NULL;
