-- HOST, trusted: how many workers died with a file in their hands, and what its claim took from its tenant's quota.
-- Frozen: change it by a further revision. What it is for stands in ingest/catalog/claims.py and tenants.py.

ALTER TABLE objects
    ADD COLUMN deaths INTEGER DEFAULT 0 NOT NULL,
    ADD COLUMN charged_day DATE,
    ADD COLUMN charged_bytes BIGINT,
    ADD CONSTRAINT objects_charged_check CHECK ((charged_day IS NULL) = (charged_bytes IS NULL));

CREATE INDEX objects_suspects_index ON objects (source_id, deaths, id) WHERE state = 'pending' AND deaths > 0;
CREATE INDEX objects_charged_index ON objects (source_id) WHERE charged_day IS NOT NULL;
