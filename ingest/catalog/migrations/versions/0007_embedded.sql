-- HOST, trusted: files inside files. Frozen: change it by a further revision. What each constraint is for stands in
-- ingest/catalog/schema.py, which a test compares with this.

ALTER TABLE objects
    ADD COLUMN parent_id BIGINT,
    ADD COLUMN root_id BIGINT,
    ADD COLUMN depth INTEGER DEFAULT 0 NOT NULL,
    ADD COLUMN place INTEGER,
    ADD COLUMN name TEXT DEFAULT '' NOT NULL,
    ADD COLUMN member BYTEA,
    ADD COLUMN withheld TEXT,
    ADD COLUMN withheld_detail TEXT DEFAULT '' NOT NULL,
    DROP CONSTRAINT objects_key_digest_check,
    ADD CONSTRAINT objects_key_digest_check CHECK (key_digest = CASE WHEN parent_id IS NULL THEN sha256(convert_to(key, 'UTF8')) ELSE sha256('\x00'::bytea || int8send(parent_id) || member) END),
    ADD CONSTRAINT objects_embedded_check CHECK (num_nonnulls(parent_id, root_id, place, member) IN (0, 4) AND (depth > 0) = (parent_id IS NOT NULL)),
    ADD CONSTRAINT objects_withheld_check CHECK (withheld IS NULL OR parent_id IS NOT NULL),
    ADD CONSTRAINT objects_withheld_word_check CHECK (withheld IN ('timeout', 'stalled', 'cpu_limit', 'out_of_memory', 'crashed', 'pids_limit', 'disk_limit', 'output_limit', 'protocol_violation', 'bomb', 'encrypted', 'corrupt', 'unsupported', 'empty', 'too_large', 'policy')),
    ADD CONSTRAINT objects_parent_id_fkey FOREIGN KEY(parent_id) REFERENCES objects (id),
    ADD CONSTRAINT objects_root_id_fkey FOREIGN KEY(root_id) REFERENCES objects (id);

CREATE INDEX objects_parent_id_index ON objects (parent_id) WHERE parent_id IS NOT NULL;

CREATE INDEX objects_root_id_index ON objects (root_id) WHERE root_id IS NOT NULL;

CREATE INDEX objects_embedded_key_index ON objects USING hash (key) WHERE parent_id IS NOT NULL;

ALTER TABLE documents
    ADD COLUMN embedded BOOLEAN DEFAULT false NOT NULL,
    DROP CONSTRAINT documents_key_digest_check,
    ADD CONSTRAINT documents_key_digest_check CHECK (embedded OR key_digest = sha256(convert_to(key, 'UTF8')));

ALTER TABLE revisions ADD COLUMN embedded_count INTEGER DEFAULT 0 NOT NULL;
