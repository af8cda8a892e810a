CREATE TABLE controls (
    id bigint GENERATED ALWAYS AS IDENTITY,
    run_id uuid,
    source_id integer,
    wish text NOT NULL,
    actor text NOT NULL,
    because text NOT NULL,
    at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT controls_pkey PRIMARY KEY (id),
    CONSTRAINT controls_run_id_key UNIQUE (run_id),
    CONSTRAINT controls_source_id_key UNIQUE (source_id),
    CONSTRAINT controls_wish_check CHECK (wish IN ('pause', 'drain', 'cancel')),
    CONSTRAINT controls_target_check CHECK (
        (wish = 'pause') = (run_id IS NULL) AND (run_id IS NULL OR source_id IS NULL)),
    CONSTRAINT controls_run_id_fkey FOREIGN KEY (run_id) REFERENCES runs (id),
    CONSTRAINT controls_source_id_fkey FOREIGN KEY (source_id) REFERENCES sources (id)
);
CREATE UNIQUE INDEX controls_everything_key ON controls (wish) WHERE run_id IS NULL AND source_id IS NULL;
