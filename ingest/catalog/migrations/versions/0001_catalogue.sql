-- HOST, trusted: the first shape of the catalogue and the knowledge base. Frozen: change it by a further revision.
-- What each constraint is for stands in ingest/catalog/schema.py, which a test compares with this.

CREATE TABLE sources (
    id INTEGER GENERATED ALWAYS AS IDENTITY,
    uri TEXT NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT sources_pkey PRIMARY KEY (id),
    CONSTRAINT sources_uri_key UNIQUE (uri)
);

CREATE TABLE parses (
    sha256 TEXT NOT NULL,
    parser_digest TEXT NOT NULL,
    options_digest TEXT NOT NULL,
    limits_digest TEXT NOT NULL,
    reason TEXT,
    detail TEXT DEFAULT '' NOT NULL,
    media_type TEXT DEFAULT '' NOT NULL,
    metadata JSONB DEFAULT '{}'::jsonb NOT NULL,
    findings JSONB DEFAULT '[]'::jsonb NOT NULL,
    artifacts JSONB DEFAULT '{}'::jsonb NOT NULL,
    chunk_count INTEGER DEFAULT 0 NOT NULL,
    evidence JSONB DEFAULT '{}'::jsonb NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT parses_pkey PRIMARY KEY (sha256, parser_digest, options_digest, limits_digest),
    CONSTRAINT parses_limits_check CHECK ((reason IS NULL) = (limits_digest = '')),
    CONSTRAINT parses_reason_word_check CHECK (reason IN ('timeout', 'stalled', 'cpu_limit', 'out_of_memory', 'crashed', 'pids_limit', 'disk_limit', 'output_limit', 'protocol_violation', 'bomb', 'encrypted', 'corrupt', 'unsupported', 'empty', 'too_large', 'policy'))
);

CREATE TABLE audit_events (
    seq BIGINT NOT NULL,
    at TIMESTAMP WITH TIME ZONE NOT NULL,
    kind TEXT NOT NULL,
    actor TEXT NOT NULL,
    subject TEXT NOT NULL,
    body TEXT NOT NULL,
    previous_hash BYTEA NOT NULL,
    hash BYTEA NOT NULL,
    CONSTRAINT audit_events_pkey PRIMARY KEY (seq),
    CONSTRAINT audit_events_hash_check CHECK (octet_length(previous_hash) = 32 AND octet_length(hash) = 32)
);

CREATE TABLE runs (
    id UUID NOT NULL,
    source_id INTEGER NOT NULL,
    kind TEXT NOT NULL,
    state TEXT DEFAULT 'running' NOT NULL,
    started_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    finished_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT runs_pkey PRIMARY KEY (id),
    CONSTRAINT runs_kind_check CHECK (kind IN ('batch', 'upload', 'watch', 'refresh', 'reprocess')),
    CONSTRAINT runs_state_check CHECK (state IN ('running', 'finished', 'failed', 'interrupted')),
    CONSTRAINT runs_finished_check CHECK ((state = 'running') = (finished_at IS NULL)),
    CONSTRAINT runs_source_id_fkey FOREIGN KEY(source_id) REFERENCES sources (id)
);

CREATE TABLE documents (
    id BIGINT GENERATED ALWAYS AS IDENTITY,
    source_id INTEGER NOT NULL,
    key TEXT NOT NULL,
    key_digest BYTEA NOT NULL,
    title TEXT DEFAULT '' NOT NULL,
    media_type TEXT DEFAULT '' NOT NULL,
    current_revision_id BIGINT,
    live BOOLEAN GENERATED ALWAYS AS (current_revision_id IS NOT NULL) STORED NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    changed_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT documents_pkey PRIMARY KEY (id),
    CONSTRAINT documents_source_id_key_digest_key UNIQUE (source_id, key_digest),
    CONSTRAINT documents_id_live_key UNIQUE (id, live),
    CONSTRAINT documents_key_digest_check CHECK (key_digest = sha256(convert_to(key, 'UTF8'))),
    CONSTRAINT documents_source_id_fkey FOREIGN KEY(source_id) REFERENCES sources (id)
);

CREATE TABLE workers (
    id UUID NOT NULL,
    lock_key INTEGER GENERATED ALWAYS AS IDENTITY,
    run_id UUID,
    host TEXT DEFAULT '' NOT NULL,
    pid INTEGER NOT NULL,
    started_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    ended_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT workers_pkey PRIMARY KEY (id),
    CONSTRAINT workers_lock_key_key UNIQUE (lock_key),
    CONSTRAINT workers_run_id_fkey FOREIGN KEY(run_id) REFERENCES runs (id)
);

CREATE INDEX workers_id_index ON workers (id) WHERE ended_at IS NULL;

CREATE TABLE revisions (
    id BIGINT GENERATED ALWAYS AS IDENTITY,
    document_id BIGINT NOT NULL,
    run_id UUID NOT NULL,
    sha256 TEXT NOT NULL,
    parser_digest TEXT NOT NULL,
    options_digest TEXT NOT NULL,
    media_type TEXT DEFAULT '' NOT NULL,
    metadata JSONB DEFAULT '{}'::jsonb NOT NULL,
    findings JSONB DEFAULT '[]'::jsonb NOT NULL,
    artifacts JSONB DEFAULT '{}'::jsonb NOT NULL,
    chunk_count INTEGER NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT revisions_pkey PRIMARY KEY (id),
    CONSTRAINT revisions_document_id_sha256_parser_digest_options_digest_key UNIQUE (document_id, sha256, parser_digest, options_digest),
    CONSTRAINT revisions_document_id_id_key UNIQUE (document_id, id),
    CONSTRAINT revisions_document_id_fkey FOREIGN KEY(document_id) REFERENCES documents (id),
    CONSTRAINT revisions_run_id_fkey FOREIGN KEY(run_id) REFERENCES runs (id)
);

CREATE TABLE objects (
    id BIGINT GENERATED ALWAYS AS IDENTITY,
    source_id INTEGER NOT NULL,
    key TEXT NOT NULL,
    key_digest BYTEA NOT NULL,
    version TEXT NOT NULL,
    size BIGINT NOT NULL,
    modified DOUBLE PRECISION NOT NULL,
    irregular TEXT DEFAULT '' NOT NULL,
    state TEXT DEFAULT 'pending' NOT NULL,
    reason TEXT,
    detail TEXT DEFAULT '' NOT NULL,
    sha256 TEXT DEFAULT '' NOT NULL,
    media_type TEXT DEFAULT '' NOT NULL,
    document_id BIGINT,
    document_live BOOLEAN GENERATED ALWAYS AS (CASE WHEN state IN ('indexed', 'unchanged') THEN true WHEN state IN ('quarantined', 'deleted') THEN false END) STORED,
    run_id UUID NOT NULL,
    lease_owner UUID,
    lease_expires_at TIMESTAMP WITH TIME ZONE,
    fence BIGINT DEFAULT 0 NOT NULL,
    settled_fence BIGINT,
    settled_at TIMESTAMP WITH TIME ZONE,
    attempts INTEGER DEFAULT 0 NOT NULL,
    not_before TIMESTAMP WITH TIME ZONE,
    override JSONB DEFAULT '{}'::jsonb NOT NULL,
    CONSTRAINT objects_pkey PRIMARY KEY (id),
    CONSTRAINT objects_source_id_key_digest_key UNIQUE (source_id, key_digest),
    CONSTRAINT objects_key_digest_check CHECK (key_digest = sha256(convert_to(key, 'UTF8'))),
    CONSTRAINT objects_state_check CHECK (state IN ('pending', 'indexed', 'unchanged', 'quarantined', 'deleted')),
    CONSTRAINT objects_reason_word_check CHECK (reason IN ('timeout', 'stalled', 'cpu_limit', 'out_of_memory', 'crashed', 'pids_limit', 'disk_limit', 'output_limit', 'protocol_violation', 'bomb', 'encrypted', 'corrupt', 'unsupported', 'empty', 'too_large', 'policy')),
    CONSTRAINT objects_reason_check CHECK ((state = 'quarantined') = (reason IS NOT NULL)),
    CONSTRAINT objects_document_check CHECK (state NOT IN ('indexed', 'unchanged') OR document_id IS NOT NULL),
    CONSTRAINT objects_lease_check CHECK ((lease_owner IS NULL) = (lease_expires_at IS NULL)),
    CONSTRAINT objects_lease_pending_check CHECK (lease_owner IS NULL OR state = 'pending'),
    CONSTRAINT objects_override_check CHECK (state = 'pending' OR override = '{}'::jsonb),
    CONSTRAINT objects_document_id_document_live_fkey FOREIGN KEY(document_id, document_live) REFERENCES documents (id, live) DEFERRABLE INITIALLY DEFERRED,
    CONSTRAINT objects_source_id_fkey FOREIGN KEY(source_id) REFERENCES sources (id),
    CONSTRAINT objects_run_id_fkey FOREIGN KEY(run_id) REFERENCES runs (id),
    CONSTRAINT objects_lease_owner_fkey FOREIGN KEY(lease_owner) REFERENCES workers (id)
)
 WITH (fillfactor = 80);

CREATE INDEX objects_pending_index ON objects (source_id, id) WHERE state = 'pending';

CREATE INDEX objects_lease_owner_index ON objects (lease_owner) WHERE lease_owner IS NOT NULL;

CREATE INDEX objects_document_id_index ON objects (document_id);

CREATE TABLE chunks (
    document_id BIGINT NOT NULL,
    chunk_id TEXT NOT NULL,
    live BOOLEAN DEFAULT true NOT NULL,
    ordinal INTEGER NOT NULL,
    revision_id BIGINT NOT NULL,
    text TEXT NOT NULL,
    heading_path TEXT[] NOT NULL,
    page_numbers INTEGER[] NOT NULL,
    boxes JSONB NOT NULL,
    element_ids TEXT[] NOT NULL,
    spans JSONB NOT NULL,
    token_count INTEGER NOT NULL,
    search TSVECTOR NOT NULL,
    CONSTRAINT chunks_pkey PRIMARY KEY (document_id, chunk_id),
    CONSTRAINT chunks_document_id_ordinal_key UNIQUE (document_id, ordinal) DEFERRABLE INITIALLY DEFERRED,
    CONSTRAINT chunks_live_check CHECK (live),
    CONSTRAINT chunks_document_id_live_fkey FOREIGN KEY(document_id, live) REFERENCES documents (id, live),
    CONSTRAINT chunks_document_id_revision_id_fkey FOREIGN KEY(document_id, revision_id) REFERENCES revisions (document_id, id)
);

CREATE INDEX chunks_search_index ON chunks USING gin (search);

CREATE TABLE sandbox_runs (
    id UUID NOT NULL,
    object_id BIGINT NOT NULL,
    run_id UUID NOT NULL,
    stage TEXT NOT NULL,
    profile TEXT DEFAULT '' NOT NULL,
    tier TEXT DEFAULT '' NOT NULL,
    image TEXT DEFAULT '' NOT NULL,
    parser_digest TEXT DEFAULT '' NOT NULL,
    verdict TEXT,
    observation TEXT DEFAULT '' NOT NULL,
    wall_seconds DOUBLE PRECISION NOT NULL,
    cpu_seconds DOUBLE PRECISION NOT NULL,
    memory_peak_bytes BIGINT NOT NULL,
    bytes_in BIGINT NOT NULL,
    bytes_out BIGINT NOT NULL,
    evidence JSONB DEFAULT '{}'::jsonb NOT NULL,
    recorded_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT sandbox_runs_pkey PRIMARY KEY (id),
    CONSTRAINT sandbox_runs_stage_check CHECK (stage IN ('parse', 'convert')),
    CONSTRAINT sandbox_runs_verdict_word_check CHECK (verdict IN ('timeout', 'stalled', 'cpu_limit', 'out_of_memory', 'crashed', 'pids_limit', 'disk_limit', 'output_limit', 'protocol_violation', 'bomb', 'encrypted', 'corrupt', 'unsupported', 'empty', 'too_large', 'policy')),
    CONSTRAINT sandbox_runs_object_id_fkey FOREIGN KEY(object_id) REFERENCES objects (id),
    CONSTRAINT sandbox_runs_run_id_fkey FOREIGN KEY(run_id) REFERENCES runs (id)
);

CREATE INDEX sandbox_runs_run_id_index ON sandbox_runs (run_id);

CREATE INDEX sandbox_runs_object_id_index ON sandbox_runs (object_id);

CREATE TABLE quarantine_entries (
    id BIGINT GENERATED ALWAYS AS IDENTITY,
    object_id BIGINT NOT NULL,
    run_id UUID NOT NULL,
    version TEXT NOT NULL,
    size BIGINT NOT NULL,
    sha256 TEXT DEFAULT '' NOT NULL,
    media_type TEXT DEFAULT '' NOT NULL,
    reason TEXT NOT NULL,
    detail TEXT DEFAULT '' NOT NULL,
    findings JSONB DEFAULT '[]'::jsonb NOT NULL,
    evidence JSONB DEFAULT '{}'::jsonb NOT NULL,
    original_uri TEXT DEFAULT '' NOT NULL,
    status TEXT DEFAULT 'held' NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    history JSONB DEFAULT '[]'::jsonb NOT NULL,
    CONSTRAINT quarantine_entries_pkey PRIMARY KEY (id),
    CONSTRAINT quarantine_entries_reason_word_check CHECK (reason IN ('timeout', 'stalled', 'cpu_limit', 'out_of_memory', 'crashed', 'pids_limit', 'disk_limit', 'output_limit', 'protocol_violation', 'bomb', 'encrypted', 'corrupt', 'unsupported', 'empty', 'too_large', 'policy')),
    CONSTRAINT quarantine_entries_status_check CHECK (status IN ('held', 'released', 'reprocessed', 'purged', 'resolved')),
    CONSTRAINT quarantine_entries_object_id_fkey FOREIGN KEY(object_id) REFERENCES objects (id),
    CONSTRAINT quarantine_entries_run_id_fkey FOREIGN KEY(run_id) REFERENCES runs (id)
);

CREATE UNIQUE INDEX quarantine_entries_open_key ON quarantine_entries (object_id) WHERE status = 'held';

ALTER TABLE documents ADD CONSTRAINT documents_id_current_revision_id_fkey FOREIGN KEY(id, current_revision_id) REFERENCES revisions (document_id, id);
