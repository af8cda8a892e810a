-- HOST, trusted: who planned a run, and a tenant's rate. Frozen: change it by a further revision.

ALTER TABLE runs ADD COLUMN planner uuid, ADD CONSTRAINT runs_planner_fkey FOREIGN KEY (planner) REFERENCES workers (id);
ALTER TABLE tenants DROP CONSTRAINT tenants_limits_check, DROP COLUMN limited;
ALTER TABLE tenants
    ADD COLUMN files_per_minute BIGINT,
    ADD COLUMN minute TIMESTAMP WITH TIME ZONE,
    ADD COLUMN minute_files BIGINT DEFAULT 0 NOT NULL,
    ADD COLUMN limited BOOLEAN GENERATED ALWAYS AS (num_nonnulls(concurrency, files_per_minute, files_per_day, bytes_per_day, cpu_seconds_per_day) > 0) STORED NOT NULL,
    ADD CONSTRAINT tenants_limits_check CHECK (concurrency >= 1 AND files_per_minute >= 1 AND files_per_day >= 0 AND bytes_per_day >= 0 AND cpu_seconds_per_day >= 0);
