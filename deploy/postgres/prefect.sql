-- Prefect's own database, beside gloveport's: each is backed up and restored alone. Its schema needs pg_trgm.
CREATE DATABASE prefect;
\connect prefect
CREATE EXTENSION IF NOT EXISTS pg_trgm;
