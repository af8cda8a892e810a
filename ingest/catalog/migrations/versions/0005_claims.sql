-- HOST, trusted: how many workers died with a file in their hands. Frozen: change it by a further revision.
-- What it is for stands in ingest/catalog/claims.py.

ALTER TABLE objects ADD COLUMN deaths INTEGER DEFAULT 0 NOT NULL;

CREATE INDEX objects_suspects_index ON objects (source_id, deaths, id) WHERE state = 'pending' AND deaths > 0;
