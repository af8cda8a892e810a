-- HOST, trusted: tenants with their limits and what they used, and which run settled an object. Frozen: change it by a
-- further revision. What each constraint is for stands in ingest/catalog/schema.py, which a test compares with this.

CREATE TABLE tenants (
    name TEXT NOT NULL,
    priority INTEGER DEFAULT 1 NOT NULL,
    concurrency INTEGER,
    files_per_day BIGINT,
    bytes_per_day BIGINT,
    cpu_seconds_per_day DOUBLE PRECISION,
    limited BOOLEAN GENERATED ALWAYS AS (num_nonnulls(concurrency, files_per_day, bytes_per_day, cpu_seconds_per_day) > 0) STORED NOT NULL,
    served_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT tenants_pkey PRIMARY KEY (name),
    CONSTRAINT tenants_priority_check CHECK (priority BETWEEN 1 AND 100),
    CONSTRAINT tenants_limits_check CHECK (concurrency >= 1 AND files_per_day >= 0 AND bytes_per_day >= 0 AND cpu_seconds_per_day >= 0)
);

INSERT INTO tenants (name) VALUES ('default');

CREATE TABLE tenant_usage (
    tenant TEXT NOT NULL,
    day DATE NOT NULL,
    files BIGINT DEFAULT 0 NOT NULL,
    bytes BIGINT DEFAULT 0 NOT NULL,
    cpu_seconds DOUBLE PRECISION DEFAULT 0 NOT NULL,
    CONSTRAINT tenant_usage_pkey PRIMARY KEY (tenant, day),
    CONSTRAINT tenant_usage_tenant_fkey FOREIGN KEY(tenant) REFERENCES tenants (name)
);

ALTER TABLE sources
    ADD COLUMN tenant TEXT DEFAULT 'default' NOT NULL,
    ADD COLUMN priority INTEGER DEFAULT 0 NOT NULL,
    ADD CONSTRAINT sources_tenant_fkey FOREIGN KEY(tenant) REFERENCES tenants (name);

CREATE INDEX sources_tenant_index ON sources (tenant);

ALTER TABLE objects ADD COLUMN settled_run_id UUID;
