-- TEST: the catalogue as revision 0001 left it, with rows: three documents, one of them changed once, a quarantined file,
-- a released one, one whose worker died with its claim. Made by that release and pg_dump; read by psql.
--
-- PostgreSQL database dump
--

-- Dumped from database version 18.4
-- Dumped by pg_dump version 18.4

SET statement_timeout = 0;
SET lock_timeout = 0;
SET idle_in_transaction_session_timeout = 0;
SET transaction_timeout = 0;
SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SELECT pg_catalog.set_config('search_path', '', false);
SET check_function_bodies = false;
SET xmloption = content;
SET client_min_messages = warning;
SET row_security = off;

SET default_tablespace = '';

SET default_table_access_method = heap;

--
-- Name: alembic_version; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.alembic_version (
    version_num character varying(32) NOT NULL
);

--
-- Name: audit_events; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.audit_events (
    seq bigint NOT NULL,
    at timestamp with time zone NOT NULL,
    kind text NOT NULL,
    actor text NOT NULL,
    subject text NOT NULL,
    body text NOT NULL,
    previous_hash bytea NOT NULL,
    hash bytea NOT NULL,
    CONSTRAINT audit_events_hash_check CHECK (((octet_length(previous_hash) = 32) AND (octet_length(hash) = 32)))
);

--
-- Name: chunks; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.chunks (
    document_id bigint NOT NULL,
    chunk_id text NOT NULL,
    live boolean DEFAULT true NOT NULL,
    ordinal integer NOT NULL,
    revision_id bigint NOT NULL,
    text text NOT NULL,
    heading_path text[] NOT NULL,
    page_numbers integer[] NOT NULL,
    boxes jsonb NOT NULL,
    element_ids text[] NOT NULL,
    spans jsonb NOT NULL,
    token_count integer NOT NULL,
    search tsvector NOT NULL,
    CONSTRAINT chunks_live_check CHECK (live)
);

--
-- Name: documents; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.documents (
    id bigint NOT NULL,
    source_id integer NOT NULL,
    key text NOT NULL,
    key_digest bytea NOT NULL,
    title text DEFAULT ''::text NOT NULL,
    media_type text DEFAULT ''::text NOT NULL,
    current_revision_id bigint,
    live boolean GENERATED ALWAYS AS ((current_revision_id IS NOT NULL)) STORED NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    changed_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT documents_key_digest_check CHECK ((key_digest = sha256(convert_to(key, 'UTF8'::name))))
);

--
-- Name: documents_id_seq; Type: SEQUENCE; Schema: public; Owner: -
--

ALTER TABLE public.documents ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.documents_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

--
-- Name: objects; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.objects (
    id bigint NOT NULL,
    source_id integer NOT NULL,
    key text NOT NULL,
    key_digest bytea NOT NULL,
    version text NOT NULL,
    size bigint NOT NULL,
    modified double precision NOT NULL,
    irregular text DEFAULT ''::text NOT NULL,
    state text DEFAULT 'pending'::text NOT NULL,
    reason text,
    detail text DEFAULT ''::text NOT NULL,
    sha256 text DEFAULT ''::text NOT NULL,
    media_type text DEFAULT ''::text NOT NULL,
    document_id bigint,
    document_live boolean GENERATED ALWAYS AS (
CASE
    WHEN (state = ANY (ARRAY['indexed'::text, 'unchanged'::text])) THEN true
    WHEN (state = ANY (ARRAY['quarantined'::text, 'deleted'::text])) THEN false
    ELSE NULL::boolean
END) STORED,
    run_id uuid NOT NULL,
    lease_owner uuid,
    lease_expires_at timestamp with time zone,
    fence bigint DEFAULT 0 NOT NULL,
    settled_fence bigint,
    settled_at timestamp with time zone,
    attempts integer DEFAULT 0 NOT NULL,
    not_before timestamp with time zone,
    override jsonb DEFAULT '{}'::jsonb NOT NULL,
    CONSTRAINT objects_document_check CHECK (((state <> ALL (ARRAY['indexed'::text, 'unchanged'::text])) OR (document_id IS NOT NULL))),
    CONSTRAINT objects_key_digest_check CHECK ((key_digest = sha256(convert_to(key, 'UTF8'::name)))),
    CONSTRAINT objects_lease_check CHECK (((lease_owner IS NULL) = (lease_expires_at IS NULL))),
    CONSTRAINT objects_lease_pending_check CHECK (((lease_owner IS NULL) OR (state = 'pending'::text))),
    CONSTRAINT objects_override_check CHECK (((state = 'pending'::text) OR (override = '{}'::jsonb))),
    CONSTRAINT objects_reason_check CHECK (((state = 'quarantined'::text) = (reason IS NOT NULL))),
    CONSTRAINT objects_reason_word_check CHECK ((reason = ANY (ARRAY['timeout'::text, 'stalled'::text, 'cpu_limit'::text, 'out_of_memory'::text, 'crashed'::text, 'pids_limit'::text, 'disk_limit'::text, 'output_limit'::text, 'protocol_violation'::text, 'bomb'::text, 'encrypted'::text, 'corrupt'::text, 'unsupported'::text, 'empty'::text, 'too_large'::text, 'policy'::text]))),
    CONSTRAINT objects_state_check CHECK ((state = ANY (ARRAY['pending'::text, 'indexed'::text, 'unchanged'::text, 'quarantined'::text, 'deleted'::text])))
)
WITH (fillfactor='80');

--
-- Name: objects_id_seq; Type: SEQUENCE; Schema: public; Owner: -
--

ALTER TABLE public.objects ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.objects_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

--
-- Name: parses; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.parses (
    sha256 text NOT NULL,
    parser_digest text NOT NULL,
    options_digest text NOT NULL,
    limits_digest text NOT NULL,
    reason text,
    detail text DEFAULT ''::text NOT NULL,
    media_type text DEFAULT ''::text NOT NULL,
    metadata jsonb DEFAULT '{}'::jsonb NOT NULL,
    findings jsonb DEFAULT '[]'::jsonb NOT NULL,
    artifacts jsonb DEFAULT '{}'::jsonb NOT NULL,
    chunk_count integer DEFAULT 0 NOT NULL,
    evidence jsonb DEFAULT '{}'::jsonb NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT parses_limits_check CHECK (((reason IS NULL) = (limits_digest = ''::text))),
    CONSTRAINT parses_reason_word_check CHECK ((reason = ANY (ARRAY['timeout'::text, 'stalled'::text, 'cpu_limit'::text, 'out_of_memory'::text, 'crashed'::text, 'pids_limit'::text, 'disk_limit'::text, 'output_limit'::text, 'protocol_violation'::text, 'bomb'::text, 'encrypted'::text, 'corrupt'::text, 'unsupported'::text, 'empty'::text, 'too_large'::text, 'policy'::text])))
);

--
-- Name: quarantine_entries; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.quarantine_entries (
    id bigint NOT NULL,
    object_id bigint NOT NULL,
    run_id uuid NOT NULL,
    version text NOT NULL,
    size bigint NOT NULL,
    sha256 text DEFAULT ''::text NOT NULL,
    media_type text DEFAULT ''::text NOT NULL,
    reason text NOT NULL,
    detail text DEFAULT ''::text NOT NULL,
    findings jsonb DEFAULT '[]'::jsonb NOT NULL,
    evidence jsonb DEFAULT '{}'::jsonb NOT NULL,
    original_uri text DEFAULT ''::text NOT NULL,
    status text DEFAULT 'held'::text NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    history jsonb DEFAULT '[]'::jsonb NOT NULL,
    CONSTRAINT quarantine_entries_reason_word_check CHECK ((reason = ANY (ARRAY['timeout'::text, 'stalled'::text, 'cpu_limit'::text, 'out_of_memory'::text, 'crashed'::text, 'pids_limit'::text, 'disk_limit'::text, 'output_limit'::text, 'protocol_violation'::text, 'bomb'::text, 'encrypted'::text, 'corrupt'::text, 'unsupported'::text, 'empty'::text, 'too_large'::text, 'policy'::text]))),
    CONSTRAINT quarantine_entries_status_check CHECK ((status = ANY (ARRAY['held'::text, 'released'::text, 'reprocessed'::text, 'purged'::text, 'resolved'::text])))
);

--
-- Name: quarantine_entries_id_seq; Type: SEQUENCE; Schema: public; Owner: -
--

ALTER TABLE public.quarantine_entries ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.quarantine_entries_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

--
-- Name: revisions; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.revisions (
    id bigint NOT NULL,
    document_id bigint NOT NULL,
    run_id uuid NOT NULL,
    sha256 text NOT NULL,
    parser_digest text NOT NULL,
    options_digest text NOT NULL,
    media_type text DEFAULT ''::text NOT NULL,
    metadata jsonb DEFAULT '{}'::jsonb NOT NULL,
    findings jsonb DEFAULT '[]'::jsonb NOT NULL,
    artifacts jsonb DEFAULT '{}'::jsonb NOT NULL,
    chunk_count integer NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL
);

--
-- Name: revisions_id_seq; Type: SEQUENCE; Schema: public; Owner: -
--

ALTER TABLE public.revisions ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.revisions_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

--
-- Name: runs; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.runs (
    id uuid NOT NULL,
    source_id integer NOT NULL,
    kind text NOT NULL,
    state text DEFAULT 'running'::text NOT NULL,
    started_at timestamp with time zone DEFAULT now() NOT NULL,
    finished_at timestamp with time zone,
    CONSTRAINT runs_finished_check CHECK (((state = 'running'::text) = (finished_at IS NULL))),
    CONSTRAINT runs_kind_check CHECK ((kind = ANY (ARRAY['batch'::text, 'upload'::text, 'watch'::text, 'refresh'::text, 'reprocess'::text]))),
    CONSTRAINT runs_state_check CHECK ((state = ANY (ARRAY['running'::text, 'finished'::text, 'failed'::text, 'interrupted'::text])))
);

--
-- Name: sandbox_runs; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.sandbox_runs (
    id uuid NOT NULL,
    object_id bigint NOT NULL,
    run_id uuid NOT NULL,
    stage text NOT NULL,
    profile text DEFAULT ''::text NOT NULL,
    tier text DEFAULT ''::text NOT NULL,
    image text DEFAULT ''::text NOT NULL,
    parser_digest text DEFAULT ''::text NOT NULL,
    verdict text,
    observation text DEFAULT ''::text NOT NULL,
    wall_seconds double precision NOT NULL,
    cpu_seconds double precision NOT NULL,
    memory_peak_bytes bigint NOT NULL,
    bytes_in bigint NOT NULL,
    bytes_out bigint NOT NULL,
    evidence jsonb DEFAULT '{}'::jsonb NOT NULL,
    recorded_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT sandbox_runs_stage_check CHECK ((stage = ANY (ARRAY['parse'::text, 'convert'::text]))),
    CONSTRAINT sandbox_runs_verdict_word_check CHECK ((verdict = ANY (ARRAY['timeout'::text, 'stalled'::text, 'cpu_limit'::text, 'out_of_memory'::text, 'crashed'::text, 'pids_limit'::text, 'disk_limit'::text, 'output_limit'::text, 'protocol_violation'::text, 'bomb'::text, 'encrypted'::text, 'corrupt'::text, 'unsupported'::text, 'empty'::text, 'too_large'::text, 'policy'::text])))
);

--
-- Name: sources; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.sources (
    id integer NOT NULL,
    uri text NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL
);

--
-- Name: sources_id_seq; Type: SEQUENCE; Schema: public; Owner: -
--

ALTER TABLE public.sources ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.sources_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

--
-- Name: workers; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.workers (
    id uuid NOT NULL,
    lock_key integer NOT NULL,
    run_id uuid,
    host text DEFAULT ''::text NOT NULL,
    pid integer NOT NULL,
    started_at timestamp with time zone DEFAULT now() NOT NULL,
    ended_at timestamp with time zone
);

--
-- Name: workers_lock_key_seq; Type: SEQUENCE; Schema: public; Owner: -
--

ALTER TABLE public.workers ALTER COLUMN lock_key ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.workers_lock_key_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

--
-- Data for Name: alembic_version; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.alembic_version VALUES
	('0001');

--
-- Data for Name: audit_events; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.audit_events VALUES
	(1, '2026-11-23 19:18:24.53842+00', 'published', 'worker 3a118f1a-05bf-4720-9f3e-f06f3af7dd2d', 'object 2', '{"actor":"worker 3a118f1a-05bf-4720-9f3e-f06f3af7dd2d","detail":{"chunks":{"inserted":1,"kept":0,"removed":0},"key":"notes.txt","override":{},"parser_digest":"sha256:1111111111111111111111111111111111111111111111111111111111111111","revision":1,"run":"e857a66a-c03b-4f4e-a019-62f30a338c1b","sandboxes":["c1c3f666-4aa9-4ed5-aa02-dc363d969814"],"sha256":"41584dc589ac70a16f5c214da9492f84adb9036b81823ae9afc8d7717aa24d50","version":"24ce9d-22-1795461504429261691-1795461504429261691"},"kind":"published","subject":"object 2"}', '\x0000000000000000000000000000000000000000000000000000000000000000', '\xbb02984b8c15d3f872dacf8483886a327f1e49cc52a9c1e9b7c0053bbfb7485b'),
	(2, '2026-11-23 19:18:24.543515+00', 'published', 'worker 3a118f1a-05bf-4720-9f3e-f06f3af7dd2d', 'object 1', '{"actor":"worker 3a118f1a-05bf-4720-9f3e-f06f3af7dd2d","detail":{"chunks":{"inserted":1,"kept":0,"removed":0},"key":"guide.txt","override":{},"parser_digest":"sha256:1111111111111111111111111111111111111111111111111111111111111111","revision":2,"run":"e857a66a-c03b-4f4e-a019-62f30a338c1b","sandboxes":["64f3805d-4538-4d9e-961b-99fb4f596b5d"],"sha256":"464007b5e7e8ff9ba8873dcfbe40a6296e91cd5cabe9935c1299cb4e23783fca","version":"24ce9c-22-1795461504428881574-1795461504428881574"},"kind":"published","subject":"object 1"}', '\xbb02984b8c15d3f872dacf8483886a327f1e49cc52a9c1e9b7c0053bbfb7485b', '\x4fc24d69528238e3b4783cc874a3526b7584bb6ed3316dfcb62ec53a75322b03'),
	(3, '2026-11-23 19:18:24.582474+00', 'quarantined', 'worker 3a118f1a-05bf-4720-9f3e-f06f3af7dd2d', 'object 4', '{"actor":"worker 3a118f1a-05bf-4720-9f3e-f06f3af7dd2d","detail":{"detail":"says the sandbox","entry":1,"key":"poison.txt","original_uri":"file:///tmp/released/test_make0/kept/.gloveport/quarantine/57/5743abddddfa08c1e3a99fdebc2e8f3f1108fa12dcd2a8f58a42f141418c22ec/a160beb0bfd480e8","reason":"corrupt","run":"e857a66a-c03b-4f4e-a019-62f30a338c1b","sha256":"5743abddddfa08c1e3a99fdebc2e8f3f1108fa12dcd2a8f58a42f141418c22ec","version":"24cea0-6-1795461504430034244-1795461504430034244"},"kind":"quarantined","subject":"object 4"}', '\x4fc24d69528238e3b4783cc874a3526b7584bb6ed3316dfcb62ec53a75322b03', '\xb190496800055d1cdccc086ccdd723ada57b9015ebd4884381b4d536e3ab975a'),
	(4, '2026-11-23 19:18:24.590886+00', 'published', 'worker 3a118f1a-05bf-4720-9f3e-f06f3af7dd2d', 'object 3', '{"actor":"worker 3a118f1a-05bf-4720-9f3e-f06f3af7dd2d","detail":{"chunks":{"inserted":1,"kept":0,"removed":0},"key":"old.txt","override":{},"parser_digest":"sha256:1111111111111111111111111111111111111111111111111111111111111111","revision":3,"run":"e857a66a-c03b-4f4e-a019-62f30a338c1b","sandboxes":["4bf5ad45-da85-4559-a240-46cbad98b55d"],"sha256":"8516299eda3b1cf414041e1e695c9338692dee6af8de11ec68000bde8ebdf0fd","version":"24ce9e-11-1795461504429667837-1795461504429667837"},"kind":"published","subject":"object 3"}', '\xb190496800055d1cdccc086ccdd723ada57b9015ebd4884381b4d536e3ab975a', '\xeb4eea56dcf4804bf0e0e6f709760ed1f568737c1b74958d3e5d92741082ccfc'),
	(5, '2026-11-23 19:18:24.61185+00', 'quarantined', 'worker 3a118f1a-05bf-4720-9f3e-f06f3af7dd2d', 'object 5', '{"actor":"worker 3a118f1a-05bf-4720-9f3e-f06f3af7dd2d","detail":{"detail":"not done after 30 s","entry":2,"key":"slow.txt","original_uri":"file:///tmp/released/test_make0/kept/.gloveport/quarantine/5e/5e0cf7bd1dfa3831788b0cf6dedcdd228fba6f34dc238d371e746567e80bc7b6/98e4b45eae805079","reason":"timeout","run":"e857a66a-c03b-4f4e-a019-62f30a338c1b","sha256":"5e0cf7bd1dfa3831788b0cf6dedcdd228fba6f34dc238d371e746567e80bc7b6","version":"24cea2-4-1795461504430396545-1795461504430396545"},"kind":"quarantined","subject":"object 5"}', '\xeb4eea56dcf4804bf0e0e6f709760ed1f568737c1b74958d3e5d92741082ccfc', '\x6b3ca856d7cc6b4ab492ea8152b8d371b753ab38c8659e6afd9dce898c49ef11'),
	(6, '2026-11-23 19:18:24.624606+00', 'released', 'ada', 'object 5', '{"actor":"ada","detail":{"because":"a known supplier","detail":"not done after 30 s","entry":2,"key":"slow.txt","original_uri":"file:///tmp/released/test_make0/kept/.gloveport/quarantine/5e/5e0cf7bd1dfa3831788b0cf6dedcdd228fba6f34dc238d371e746567e80bc7b6/98e4b45eae805079","reason":"timeout","run":"e857a66a-c03b-4f4e-a019-62f30a338c1b","sha256":"5e0cf7bd1dfa3831788b0cf6dedcdd228fba6f34dc238d371e746567e80bc7b6","version":"24cea2-4-1795461504430396545-1795461504430396545"},"kind":"released","subject":"object 5"}', '\x6b3ca856d7cc6b4ab492ea8152b8d371b753ab38c8659e6afd9dce898c49ef11', '\x061e6559252f4e40138fc39c4092aa926cfa5fc5091dfd9caf588d537181fe0e'),
	(7, '2026-11-23 19:18:24.65775+00', 'published', 'worker 5ac07a98-eff0-4ee2-beca-117f0a45bf4c', 'object 5', '{"actor":"worker 5ac07a98-eff0-4ee2-beca-117f0a45bf4c","detail":{"chunks":{"inserted":1,"kept":0,"removed":0},"key":"slow.txt","override":{"allow":[],"entry":2,"larger_limits":true,"sha256":"5e0cf7bd1dfa3831788b0cf6dedcdd228fba6f34dc238d371e746567e80bc7b6"},"parser_digest":"sha256:1111111111111111111111111111111111111111111111111111111111111111","revision":4,"run":"7deabc59-434d-4954-a41f-06cf2f8f468e","sandboxes":["73578167-294e-4414-a83e-4353dfedc9fc"],"sha256":"5e0cf7bd1dfa3831788b0cf6dedcdd228fba6f34dc238d371e746567e80bc7b6","version":"24cea2-4-1795461504430396545-1795461504430396545"},"kind":"published","subject":"object 5"}', '\x061e6559252f4e40138fc39c4092aa926cfa5fc5091dfd9caf588d537181fe0e', '\xb686f87f78d3a728e1b339035f1b420c262a20789da594bc9997277975fc524f'),
	(8, '2026-11-23 19:18:24.660037+00', 'published', 'worker 5ac07a98-eff0-4ee2-beca-117f0a45bf4c', 'object 3', '{"actor":"worker 5ac07a98-eff0-4ee2-beca-117f0a45bf4c","detail":{"chunks":{"inserted":1,"kept":0,"removed":1},"key":"old.txt","override":{},"parser_digest":"sha256:1111111111111111111111111111111111111111111111111111111111111111","revision":5,"run":"7deabc59-434d-4954-a41f-06cf2f8f468e","sandboxes":["d89dc348-8241-4198-8bf1-9bbb9855a3a2"],"sha256":"0febbb2caaa123c96a34b9fe9df52833fe0e976f631aadc981585193dd9442a9","version":"24ce9e-11-1795461504618990837-1795461504618990837"},"kind":"published","subject":"object 3"}', '\xb686f87f78d3a728e1b339035f1b420c262a20789da594bc9997277975fc524f', '\x69d617691b7f888755e84ffe5327b29f841de6f8fae512d7ba78c6c3570685cf');

--
-- Data for Name: chunks; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.chunks VALUES
	(2, '464007b5e7e8ff9ba8873dcfbe40a629', true, 0, 2, 'the glove has a sensor', '{}', '{1}', '[]', '{00000000000000000000000000000000}', '[[0, 22]]', 6, '''a'':14 ''glove'':12 ''has'':13 ''sensor'':15 ''the'':11'),
	(1, '41584dc589ac70a16f5c214da9492f84', true, 0, 1, 'reset the sensor twice', '{}', '{1}', '[]', '{00000000000000000000000000000000}', '[[0, 22]]', 5, '''reset'':11 ''sensor'':13 ''the'':12 ''twice'':14'),
	(4, '5e0cf7bd1dfa3831788b0cf6dedcdd22', true, 0, 4, 'slow', '{}', '{1}', '[]', '{00000000000000000000000000000000}', '[[0, 4]]', 1, '''slow'':11'),
	(3, '0febbb2caaa123c96a34b9fe9df52833', true, 0, 5, 'has changed', '{}', '{1}', '[]', '{00000000000000000000000000000000}', '[[0, 11]]', 2, '''chang'':12 ''changed'':12 ''has'':11');

--
-- Data for Name: documents; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.documents OVERRIDING SYSTEM VALUE VALUES
	(1, 1, 'notes.txt', '\xe39538e7f27a7bf579cd9b85a103c0f0b86b60b788534295538d0301a9c5dce6', '', 'text/plain', 1, DEFAULT, '2026-11-23 19:18:24.510437+00', '2026-11-23 19:18:24.510437+00'),
	(2, 1, 'guide.txt', '\xdd94bc4883ac427cb8a735e6308dffdf653453e720c8f4485441d682917303b1', '', 'text/plain', 2, DEFAULT, '2026-11-23 19:18:24.510439+00', '2026-11-23 19:18:24.510439+00'),
	(4, 1, 'slow.txt', '\x9551e13f1526e9f0997672d7413ec98e363a9a65388c4e61086d1ebf2ef71d8d', '', 'text/plain', 4, DEFAULT, '2026-11-23 19:18:24.645955+00', '2026-11-23 19:18:24.645955+00'),
	(3, 1, 'old.txt', '\xb7d0a017f2240aba396759864ba2f303704f9eff76d8edbf7602e7c3fadf3430', '', 'text/plain', 5, DEFAULT, '2026-11-23 19:18:24.572655+00', '2026-11-23 19:18:24.64582+00');

--
-- Data for Name: objects; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.objects OVERRIDING SYSTEM VALUE VALUES
	(2, 1, 'notes.txt', '\xe39538e7f27a7bf579cd9b85a103c0f0b86b60b788534295538d0301a9c5dce6', '24ce9d-22-1795461504429261691-1795461504429261691', 22, 1795461504.4292617, '', 'unchanged', NULL, '', '41584dc589ac70a16f5c214da9492f84adb9036b81823ae9afc8d7717aa24d50', 'text/plain', 1, DEFAULT, 'cd6fa33b-adc3-4edb-8e4c-b1f16ad596d3', NULL, NULL, 1, 1, '2026-11-23 19:18:24.535268+00', 0, NULL, '{}'),
	(1, 1, 'guide.txt', '\xdd94bc4883ac427cb8a735e6308dffdf653453e720c8f4485441d682917303b1', '24ce9c-22-1795461504428881574-1795461504428881574', 22, 1795461504.4288816, '', 'unchanged', NULL, '', '464007b5e7e8ff9ba8873dcfbe40a6296e91cd5cabe9935c1299cb4e23783fca', 'text/plain', 2, DEFAULT, 'cd6fa33b-adc3-4edb-8e4c-b1f16ad596d3', NULL, NULL, 1, 1, '2026-11-23 19:18:24.538393+00', 0, NULL, '{}'),
	(4, 1, 'poison.txt', '\x8d56cdaaa5515dc6db26b8170c8566be7954ecd53033d4d83fdc7e377aab433b', '24cea0-6-1795461504430034244-1795461504430034244', 6, 1795461504.4300342, '', 'quarantined', 'corrupt', 'says the sandbox', '5743abddddfa08c1e3a99fdebc2e8f3f1108fa12dcd2a8f58a42f141418c22ec', 'text/plain', NULL, DEFAULT, 'cd6fa33b-adc3-4edb-8e4c-b1f16ad596d3', NULL, NULL, 1, 1, '2026-11-23 19:18:24.569113+00', 0, NULL, '{}'),
	(5, 1, 'slow.txt', '\x9551e13f1526e9f0997672d7413ec98e363a9a65388c4e61086d1ebf2ef71d8d', '24cea2-4-1795461504430396545-1795461504430396545', 4, 1795461504.4303966, '', 'unchanged', NULL, '', '5e0cf7bd1dfa3831788b0cf6dedcdd228fba6f34dc238d371e746567e80bc7b6', 'text/plain', 4, DEFAULT, 'cd6fa33b-adc3-4edb-8e4c-b1f16ad596d3', NULL, NULL, 3, 3, '2026-11-23 19:18:24.656117+00', 0, NULL, '{}'),
	(3, 1, 'old.txt', '\xb7d0a017f2240aba396759864ba2f303704f9eff76d8edbf7602e7c3fadf3430', '24ce9e-11-1795461504618990837-1795461504618990837', 11, 1795461504.618991, '', 'unchanged', NULL, '', '0febbb2caaa123c96a34b9fe9df52833fe0e976f631aadc981585193dd9442a9', 'text/plain', 3, DEFAULT, 'cd6fa33b-adc3-4edb-8e4c-b1f16ad596d3', NULL, NULL, 3, 3, '2026-11-23 19:18:24.658274+00', 0, NULL, '{}'),
	(6, 1, 'waiting.txt', '\x09c6ab436a96f7b4d95881ac524ebb844ad865f29709ccc4ef2d88186a94942c', '24cf82-20-1795461504666494865-1795461504666494865', 20, 1795461504.666495, '', 'pending', NULL, '', '', '', NULL, DEFAULT, 'cd6fa33b-adc3-4edb-8e4c-b1f16ad596d3', '06b07dbb-7a8e-4338-8c9c-8a96e10dad5a', '2026-11-23 19:28:24.677789+00', 1, NULL, NULL, 1, NULL, '{}');

--
-- Data for Name: parses; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.parses VALUES
	('41584dc589ac70a16f5c214da9492f84adb9036b81823ae9afc8d7717aa24d50', 'sha256:1111111111111111111111111111111111111111111111111111111111111111', '518858ab1c310231604fd82f5d8aa0fb9b8afac35a65cd92f6e17cebf77778d8', '', NULL, '', 'text/plain', '{"media_type": "text/plain", "page_count": 1}', '[]', '{"document.md": "file:///tmp/released/test_make0/kept/.gloveport/documents/41/41584dc589ac70a16f5c214da9492f84adb9036b81823ae9afc8d7717aa24d50/1111111111111111-518858ab/document.md", "chunks.jsonl": "file:///tmp/released/test_make0/kept/.gloveport/documents/41/41584dc589ac70a16f5c214da9492f84adb9036b81823ae9afc8d7717aa24d50/1111111111111111-518858ab/chunks.jsonl", "elements.jsonl": "file:///tmp/released/test_make0/kept/.gloveport/documents/41/41584dc589ac70a16f5c214da9492f84adb9036b81823ae9afc8d7717aa24d50/1111111111111111-518858ab/elements.jsonl"}', 1, '{}', '2026-11-23 19:18:24.510437+00'),
	('464007b5e7e8ff9ba8873dcfbe40a6296e91cd5cabe9935c1299cb4e23783fca', 'sha256:1111111111111111111111111111111111111111111111111111111111111111', '518858ab1c310231604fd82f5d8aa0fb9b8afac35a65cd92f6e17cebf77778d8', '', NULL, '', 'text/plain', '{"media_type": "text/plain", "page_count": 1}', '[]', '{"document.md": "file:///tmp/released/test_make0/kept/.gloveport/documents/46/464007b5e7e8ff9ba8873dcfbe40a6296e91cd5cabe9935c1299cb4e23783fca/1111111111111111-518858ab/document.md", "chunks.jsonl": "file:///tmp/released/test_make0/kept/.gloveport/documents/46/464007b5e7e8ff9ba8873dcfbe40a6296e91cd5cabe9935c1299cb4e23783fca/1111111111111111-518858ab/chunks.jsonl", "elements.jsonl": "file:///tmp/released/test_make0/kept/.gloveport/documents/46/464007b5e7e8ff9ba8873dcfbe40a6296e91cd5cabe9935c1299cb4e23783fca/1111111111111111-518858ab/elements.jsonl"}', 1, '{}', '2026-11-23 19:18:24.510439+00'),
	('5743abddddfa08c1e3a99fdebc2e8f3f1108fa12dcd2a8f58a42f141418c22ec', 'sha256:1111111111111111111111111111111111111111111111111111111111111111', '518858ab1c310231604fd82f5d8aa0fb9b8afac35a65cd92f6e17cebf77778d8', 'e6761afbf5117fc60d0d0140f9003f90c9b03359b0b9c926af47433a6f680c46', 'corrupt', 'says the sandbox', 'text/plain', '{}', '[]', '{}', 0, '{"image": "", "usage": {"bytes_in": 0, "bytes_out": 0, "cpu_seconds": 0.0, "wall_seconds": 0.0, "memory_peak_bytes": 0}, "limits": {"cpus": 1.0, "pids": 64, "open_files": 256, "cpu_seconds": 60.0, "input_bytes": 268435456, "tmpfs_bytes": 67108864, "memory_bytes": 536870912, "output_bytes": 67108864, "stderr_bytes": 65536, "wall_seconds": 30.0, "stall_seconds": 10.0, "wall_seconds_max": 120.0, "wall_seconds_per_mebibyte": 1.0}, "exit_code": null, "oom_kills": 0, "oom_killed": false, "observation": "played", "stderr_tail": "", "container_id": "", "last_progress": "", "pids_limit_hits": 0}', '2026-11-23 19:18:24.563861+00'),
	('8516299eda3b1cf414041e1e695c9338692dee6af8de11ec68000bde8ebdf0fd', 'sha256:1111111111111111111111111111111111111111111111111111111111111111', '518858ab1c310231604fd82f5d8aa0fb9b8afac35a65cd92f6e17cebf77778d8', '', NULL, '', 'text/plain', '{"media_type": "text/plain", "page_count": 1}', '[]', '{"document.md": "file:///tmp/released/test_make0/kept/.gloveport/documents/85/8516299eda3b1cf414041e1e695c9338692dee6af8de11ec68000bde8ebdf0fd/1111111111111111-518858ab/document.md", "chunks.jsonl": "file:///tmp/released/test_make0/kept/.gloveport/documents/85/8516299eda3b1cf414041e1e695c9338692dee6af8de11ec68000bde8ebdf0fd/1111111111111111-518858ab/chunks.jsonl", "elements.jsonl": "file:///tmp/released/test_make0/kept/.gloveport/documents/85/8516299eda3b1cf414041e1e695c9338692dee6af8de11ec68000bde8ebdf0fd/1111111111111111-518858ab/elements.jsonl"}', 1, '{}', '2026-11-23 19:18:24.572655+00'),
	('5e0cf7bd1dfa3831788b0cf6dedcdd228fba6f34dc238d371e746567e80bc7b6', 'sha256:1111111111111111111111111111111111111111111111111111111111111111', '518858ab1c310231604fd82f5d8aa0fb9b8afac35a65cd92f6e17cebf77778d8', 'e6761afbf5117fc60d0d0140f9003f90c9b03359b0b9c926af47433a6f680c46', 'timeout', 'not done after 30 s', 'text/plain', '{}', '[]', '{}', 0, '{"image": "", "usage": {"bytes_in": 0, "bytes_out": 0, "cpu_seconds": 0.0, "wall_seconds": 0.0, "memory_peak_bytes": 0}, "limits": {"cpus": 1.0, "pids": 64, "open_files": 256, "cpu_seconds": 60.0, "input_bytes": 268435456, "tmpfs_bytes": 67108864, "memory_bytes": 536870912, "output_bytes": 67108864, "stderr_bytes": 65536, "wall_seconds": 30.0, "stall_seconds": 10.0, "wall_seconds_max": 120.0, "wall_seconds_per_mebibyte": 1.0}, "exit_code": null, "oom_kills": 0, "oom_killed": false, "observation": "not done after 30 s", "stderr_tail": "", "container_id": "", "last_progress": "", "pids_limit_hits": 0}', '2026-11-23 19:18:24.606995+00'),
	('5e0cf7bd1dfa3831788b0cf6dedcdd228fba6f34dc238d371e746567e80bc7b6', 'sha256:1111111111111111111111111111111111111111111111111111111111111111', '518858ab1c310231604fd82f5d8aa0fb9b8afac35a65cd92f6e17cebf77778d8', '', NULL, '', 'text/plain', '{"media_type": "text/plain", "page_count": 1}', '[]', '{"document.md": "file:///tmp/released/test_make0/kept/.gloveport/documents/5e/5e0cf7bd1dfa3831788b0cf6dedcdd228fba6f34dc238d371e746567e80bc7b6/1111111111111111-518858ab/document.md", "chunks.jsonl": "file:///tmp/released/test_make0/kept/.gloveport/documents/5e/5e0cf7bd1dfa3831788b0cf6dedcdd228fba6f34dc238d371e746567e80bc7b6/1111111111111111-518858ab/chunks.jsonl", "elements.jsonl": "file:///tmp/released/test_make0/kept/.gloveport/documents/5e/5e0cf7bd1dfa3831788b0cf6dedcdd228fba6f34dc238d371e746567e80bc7b6/1111111111111111-518858ab/elements.jsonl"}', 1, '{}', '2026-11-23 19:18:24.645955+00'),
	('0febbb2caaa123c96a34b9fe9df52833fe0e976f631aadc981585193dd9442a9', 'sha256:1111111111111111111111111111111111111111111111111111111111111111', '518858ab1c310231604fd82f5d8aa0fb9b8afac35a65cd92f6e17cebf77778d8', '', NULL, '', 'text/plain', '{"media_type": "text/plain", "page_count": 1}', '[]', '{"document.md": "file:///tmp/released/test_make0/kept/.gloveport/documents/0f/0febbb2caaa123c96a34b9fe9df52833fe0e976f631aadc981585193dd9442a9/1111111111111111-518858ab/document.md", "chunks.jsonl": "file:///tmp/released/test_make0/kept/.gloveport/documents/0f/0febbb2caaa123c96a34b9fe9df52833fe0e976f631aadc981585193dd9442a9/1111111111111111-518858ab/chunks.jsonl", "elements.jsonl": "file:///tmp/released/test_make0/kept/.gloveport/documents/0f/0febbb2caaa123c96a34b9fe9df52833fe0e976f631aadc981585193dd9442a9/1111111111111111-518858ab/elements.jsonl"}', 1, '{}', '2026-11-23 19:18:24.64582+00');

--
-- Data for Name: quarantine_entries; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.quarantine_entries OVERRIDING SYSTEM VALUE VALUES
	(1, 4, 'e857a66a-c03b-4f4e-a019-62f30a338c1b', '24cea0-6-1795461504430034244-1795461504430034244', 6, '5743abddddfa08c1e3a99fdebc2e8f3f1108fa12dcd2a8f58a42f141418c22ec', 'text/plain', 'corrupt', 'says the sandbox', '[]', '{"image": "", "usage": {"bytes_in": 0, "bytes_out": 0, "cpu_seconds": 0.0, "wall_seconds": 0.0, "memory_peak_bytes": 0}, "limits": {"cpus": 1.0, "pids": 64, "open_files": 256, "cpu_seconds": 60.0, "input_bytes": 268435456, "tmpfs_bytes": 67108864, "memory_bytes": 536870912, "output_bytes": 67108864, "stderr_bytes": 65536, "wall_seconds": 30.0, "stall_seconds": 10.0, "wall_seconds_max": 120.0, "wall_seconds_per_mebibyte": 1.0}, "exit_code": null, "oom_kills": 0, "oom_killed": false, "observation": "played", "stderr_tail": "", "container_id": "", "last_progress": "", "pids_limit_hits": 0}', 'file:///tmp/released/test_make0/kept/.gloveport/quarantine/57/5743abddddfa08c1e3a99fdebc2e8f3f1108fa12dcd2a8f58a42f141418c22ec/a160beb0bfd480e8', 'held', '2026-11-23 19:18:24.563861+00', '[]'),
	(2, 5, 'e857a66a-c03b-4f4e-a019-62f30a338c1b', '24cea2-4-1795461504430396545-1795461504430396545', 4, '5e0cf7bd1dfa3831788b0cf6dedcdd228fba6f34dc238d371e746567e80bc7b6', 'text/plain', 'timeout', 'not done after 30 s', '[]', '{"image": "", "usage": {"bytes_in": 0, "bytes_out": 0, "cpu_seconds": 0.0, "wall_seconds": 0.0, "memory_peak_bytes": 0}, "limits": {"cpus": 1.0, "pids": 64, "open_files": 256, "cpu_seconds": 60.0, "input_bytes": 268435456, "tmpfs_bytes": 67108864, "memory_bytes": 536870912, "output_bytes": 67108864, "stderr_bytes": 65536, "wall_seconds": 30.0, "stall_seconds": 10.0, "wall_seconds_max": 120.0, "wall_seconds_per_mebibyte": 1.0}, "exit_code": null, "oom_kills": 0, "oom_killed": false, "observation": "not done after 30 s", "stderr_tail": "", "container_id": "", "last_progress": "", "pids_limit_hits": 0}', 'file:///tmp/released/test_make0/kept/.gloveport/quarantine/5e/5e0cf7bd1dfa3831788b0cf6dedcdd228fba6f34dc238d371e746567e80bc7b6/98e4b45eae805079', 'released', '2026-11-23 19:18:24.606995+00', '[{"at": "2026-11-23T19:18:24.623401Z", "by": "ada", "action": "released", "because": "a known supplier"}]');

--
-- Data for Name: revisions; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.revisions OVERRIDING SYSTEM VALUE VALUES
	(1, 1, 'e857a66a-c03b-4f4e-a019-62f30a338c1b', '41584dc589ac70a16f5c214da9492f84adb9036b81823ae9afc8d7717aa24d50', 'sha256:1111111111111111111111111111111111111111111111111111111111111111', '518858ab1c310231604fd82f5d8aa0fb9b8afac35a65cd92f6e17cebf77778d8', 'text/plain', '{"media_type": "text/plain", "page_count": 1}', '[]', '{"document.md": "file:///tmp/released/test_make0/kept/.gloveport/documents/41/41584dc589ac70a16f5c214da9492f84adb9036b81823ae9afc8d7717aa24d50/1111111111111111-518858ab/document.md", "chunks.jsonl": "file:///tmp/released/test_make0/kept/.gloveport/documents/41/41584dc589ac70a16f5c214da9492f84adb9036b81823ae9afc8d7717aa24d50/1111111111111111-518858ab/chunks.jsonl", "elements.jsonl": "file:///tmp/released/test_make0/kept/.gloveport/documents/41/41584dc589ac70a16f5c214da9492f84adb9036b81823ae9afc8d7717aa24d50/1111111111111111-518858ab/elements.jsonl"}', 1, '2026-11-23 19:18:24.510437+00'),
	(2, 2, 'e857a66a-c03b-4f4e-a019-62f30a338c1b', '464007b5e7e8ff9ba8873dcfbe40a6296e91cd5cabe9935c1299cb4e23783fca', 'sha256:1111111111111111111111111111111111111111111111111111111111111111', '518858ab1c310231604fd82f5d8aa0fb9b8afac35a65cd92f6e17cebf77778d8', 'text/plain', '{"media_type": "text/plain", "page_count": 1}', '[]', '{"document.md": "file:///tmp/released/test_make0/kept/.gloveport/documents/46/464007b5e7e8ff9ba8873dcfbe40a6296e91cd5cabe9935c1299cb4e23783fca/1111111111111111-518858ab/document.md", "chunks.jsonl": "file:///tmp/released/test_make0/kept/.gloveport/documents/46/464007b5e7e8ff9ba8873dcfbe40a6296e91cd5cabe9935c1299cb4e23783fca/1111111111111111-518858ab/chunks.jsonl", "elements.jsonl": "file:///tmp/released/test_make0/kept/.gloveport/documents/46/464007b5e7e8ff9ba8873dcfbe40a6296e91cd5cabe9935c1299cb4e23783fca/1111111111111111-518858ab/elements.jsonl"}', 1, '2026-11-23 19:18:24.510439+00'),
	(3, 3, 'e857a66a-c03b-4f4e-a019-62f30a338c1b', '8516299eda3b1cf414041e1e695c9338692dee6af8de11ec68000bde8ebdf0fd', 'sha256:1111111111111111111111111111111111111111111111111111111111111111', '518858ab1c310231604fd82f5d8aa0fb9b8afac35a65cd92f6e17cebf77778d8', 'text/plain', '{"media_type": "text/plain", "page_count": 1}', '[]', '{"document.md": "file:///tmp/released/test_make0/kept/.gloveport/documents/85/8516299eda3b1cf414041e1e695c9338692dee6af8de11ec68000bde8ebdf0fd/1111111111111111-518858ab/document.md", "chunks.jsonl": "file:///tmp/released/test_make0/kept/.gloveport/documents/85/8516299eda3b1cf414041e1e695c9338692dee6af8de11ec68000bde8ebdf0fd/1111111111111111-518858ab/chunks.jsonl", "elements.jsonl": "file:///tmp/released/test_make0/kept/.gloveport/documents/85/8516299eda3b1cf414041e1e695c9338692dee6af8de11ec68000bde8ebdf0fd/1111111111111111-518858ab/elements.jsonl"}', 1, '2026-11-23 19:18:24.572655+00'),
	(4, 4, '7deabc59-434d-4954-a41f-06cf2f8f468e', '5e0cf7bd1dfa3831788b0cf6dedcdd228fba6f34dc238d371e746567e80bc7b6', 'sha256:1111111111111111111111111111111111111111111111111111111111111111', '518858ab1c310231604fd82f5d8aa0fb9b8afac35a65cd92f6e17cebf77778d8', 'text/plain', '{"media_type": "text/plain", "page_count": 1}', '[]', '{"document.md": "file:///tmp/released/test_make0/kept/.gloveport/documents/5e/5e0cf7bd1dfa3831788b0cf6dedcdd228fba6f34dc238d371e746567e80bc7b6/1111111111111111-518858ab/document.md", "chunks.jsonl": "file:///tmp/released/test_make0/kept/.gloveport/documents/5e/5e0cf7bd1dfa3831788b0cf6dedcdd228fba6f34dc238d371e746567e80bc7b6/1111111111111111-518858ab/chunks.jsonl", "elements.jsonl": "file:///tmp/released/test_make0/kept/.gloveport/documents/5e/5e0cf7bd1dfa3831788b0cf6dedcdd228fba6f34dc238d371e746567e80bc7b6/1111111111111111-518858ab/elements.jsonl"}', 1, '2026-11-23 19:18:24.645955+00'),
	(5, 3, '7deabc59-434d-4954-a41f-06cf2f8f468e', '0febbb2caaa123c96a34b9fe9df52833fe0e976f631aadc981585193dd9442a9', 'sha256:1111111111111111111111111111111111111111111111111111111111111111', '518858ab1c310231604fd82f5d8aa0fb9b8afac35a65cd92f6e17cebf77778d8', 'text/plain', '{"media_type": "text/plain", "page_count": 1}', '[]', '{"document.md": "file:///tmp/released/test_make0/kept/.gloveport/documents/0f/0febbb2caaa123c96a34b9fe9df52833fe0e976f631aadc981585193dd9442a9/1111111111111111-518858ab/document.md", "chunks.jsonl": "file:///tmp/released/test_make0/kept/.gloveport/documents/0f/0febbb2caaa123c96a34b9fe9df52833fe0e976f631aadc981585193dd9442a9/1111111111111111-518858ab/chunks.jsonl", "elements.jsonl": "file:///tmp/released/test_make0/kept/.gloveport/documents/0f/0febbb2caaa123c96a34b9fe9df52833fe0e976f631aadc981585193dd9442a9/1111111111111111-518858ab/elements.jsonl"}', 1, '2026-11-23 19:18:24.64582+00');

--
-- Data for Name: runs; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.runs VALUES
	('e857a66a-c03b-4f4e-a019-62f30a338c1b', 1, 'batch', 'running', '2026-11-23 19:18:24.437302+00', NULL),
	('7deabc59-434d-4954-a41f-06cf2f8f468e', 1, 'batch', 'running', '2026-11-23 19:18:24.625925+00', NULL),
	('cd6fa33b-adc3-4edb-8e4c-b1f16ad596d3', 1, 'batch', 'running', '2026-11-23 19:18:24.668423+00', NULL);

--
-- Data for Name: sandbox_runs; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.sandbox_runs VALUES
	('64f3805d-4538-4d9e-961b-99fb4f596b5d', 1, 'e857a66a-c03b-4f4e-a019-62f30a338c1b', 'parse', 'text', 'single_use', 'sha256:0000000000000000000000000000000000000000000000000000000000000000', 'sha256:1111111111111111111111111111111111111111111111111111111111111111', NULL, 'played', 0, 0, 0, 0, 0, '{"image": "", "limits": {"cpus": 1.0, "pids": 64, "open_files": 256, "cpu_seconds": 60.0, "input_bytes": 268435456, "tmpfs_bytes": 67108864, "memory_bytes": 536870912, "output_bytes": 67108864, "stderr_bytes": 65536, "wall_seconds": 30.0, "stall_seconds": 10.0, "wall_seconds_max": 120.0, "wall_seconds_per_mebibyte": 1.0}, "exit_code": null, "oom_kills": 0, "oom_killed": false, "stderr_tail": "", "container_id": "", "last_progress": "", "pids_limit_hits": 0}', '2026-11-23 19:18:24.510439+00'),
	('c1c3f666-4aa9-4ed5-aa02-dc363d969814', 2, 'e857a66a-c03b-4f4e-a019-62f30a338c1b', 'parse', 'text', 'single_use', 'sha256:0000000000000000000000000000000000000000000000000000000000000000', 'sha256:1111111111111111111111111111111111111111111111111111111111111111', NULL, 'played', 0, 0, 0, 0, 0, '{"image": "", "limits": {"cpus": 1.0, "pids": 64, "open_files": 256, "cpu_seconds": 60.0, "input_bytes": 268435456, "tmpfs_bytes": 67108864, "memory_bytes": 536870912, "output_bytes": 67108864, "stderr_bytes": 65536, "wall_seconds": 30.0, "stall_seconds": 10.0, "wall_seconds_max": 120.0, "wall_seconds_per_mebibyte": 1.0}, "exit_code": null, "oom_kills": 0, "oom_killed": false, "stderr_tail": "", "container_id": "", "last_progress": "", "pids_limit_hits": 0}', '2026-11-23 19:18:24.510437+00'),
	('77b78fdf-d497-4246-98bb-0a82b5d29ae0', 4, 'e857a66a-c03b-4f4e-a019-62f30a338c1b', 'parse', 'text', 'single_use', 'sha256:0000000000000000000000000000000000000000000000000000000000000000', 'sha256:1111111111111111111111111111111111111111111111111111111111111111', NULL, 'played', 0, 0, 0, 0, 0, '{"image": "", "limits": {"cpus": 1.0, "pids": 64, "open_files": 256, "cpu_seconds": 60.0, "input_bytes": 268435456, "tmpfs_bytes": 67108864, "memory_bytes": 536870912, "output_bytes": 67108864, "stderr_bytes": 65536, "wall_seconds": 30.0, "stall_seconds": 10.0, "wall_seconds_max": 120.0, "wall_seconds_per_mebibyte": 1.0}, "exit_code": null, "oom_kills": 0, "oom_killed": false, "stderr_tail": "", "container_id": "", "last_progress": "", "pids_limit_hits": 0}', '2026-11-23 19:18:24.563861+00'),
	('4bf5ad45-da85-4559-a240-46cbad98b55d', 3, 'e857a66a-c03b-4f4e-a019-62f30a338c1b', 'parse', 'text', 'single_use', 'sha256:0000000000000000000000000000000000000000000000000000000000000000', 'sha256:1111111111111111111111111111111111111111111111111111111111111111', NULL, 'played', 0, 0, 0, 0, 0, '{"image": "", "limits": {"cpus": 1.0, "pids": 64, "open_files": 256, "cpu_seconds": 60.0, "input_bytes": 268435456, "tmpfs_bytes": 67108864, "memory_bytes": 536870912, "output_bytes": 67108864, "stderr_bytes": 65536, "wall_seconds": 30.0, "stall_seconds": 10.0, "wall_seconds_max": 120.0, "wall_seconds_per_mebibyte": 1.0}, "exit_code": null, "oom_kills": 0, "oom_killed": false, "stderr_tail": "", "container_id": "", "last_progress": "", "pids_limit_hits": 0}', '2026-11-23 19:18:24.572655+00'),
	('848732c1-9356-41c5-be0f-04af2e9955e4', 5, 'e857a66a-c03b-4f4e-a019-62f30a338c1b', 'parse', 'text', 'single_use', 'sha256:0000000000000000000000000000000000000000000000000000000000000000', 'sha256:1111111111111111111111111111111111111111111111111111111111111111', 'timeout', 'not done after 30 s', 0, 0, 0, 0, 0, '{"image": "", "limits": {"cpus": 1.0, "pids": 64, "open_files": 256, "cpu_seconds": 60.0, "input_bytes": 268435456, "tmpfs_bytes": 67108864, "memory_bytes": 536870912, "output_bytes": 67108864, "stderr_bytes": 65536, "wall_seconds": 30.0, "stall_seconds": 10.0, "wall_seconds_max": 120.0, "wall_seconds_per_mebibyte": 1.0}, "exit_code": null, "oom_kills": 0, "oom_killed": false, "stderr_tail": "", "container_id": "", "last_progress": "", "pids_limit_hits": 0}', '2026-11-23 19:18:24.606995+00'),
	('73578167-294e-4414-a83e-4353dfedc9fc', 5, '7deabc59-434d-4954-a41f-06cf2f8f468e', 'parse', 'text', 'single_use', 'sha256:0000000000000000000000000000000000000000000000000000000000000000', 'sha256:1111111111111111111111111111111111111111111111111111111111111111', NULL, 'played', 0, 0, 0, 0, 0, '{"image": "", "limits": {"cpus": 1.0, "pids": 64, "open_files": 256, "cpu_seconds": 60.0, "input_bytes": 268435456, "tmpfs_bytes": 67108864, "memory_bytes": 536870912, "output_bytes": 67108864, "stderr_bytes": 65536, "wall_seconds": 30.0, "stall_seconds": 10.0, "wall_seconds_max": 120.0, "wall_seconds_per_mebibyte": 1.0}, "exit_code": null, "oom_kills": 0, "oom_killed": false, "stderr_tail": "", "container_id": "", "last_progress": "", "pids_limit_hits": 0}', '2026-11-23 19:18:24.645955+00'),
	('d89dc348-8241-4198-8bf1-9bbb9855a3a2', 3, '7deabc59-434d-4954-a41f-06cf2f8f468e', 'parse', 'text', 'single_use', 'sha256:0000000000000000000000000000000000000000000000000000000000000000', 'sha256:1111111111111111111111111111111111111111111111111111111111111111', NULL, 'played', 0, 0, 0, 0, 0, '{"image": "", "limits": {"cpus": 1.0, "pids": 64, "open_files": 256, "cpu_seconds": 60.0, "input_bytes": 268435456, "tmpfs_bytes": 67108864, "memory_bytes": 536870912, "output_bytes": 67108864, "stderr_bytes": 65536, "wall_seconds": 30.0, "stall_seconds": 10.0, "wall_seconds_max": 120.0, "wall_seconds_per_mebibyte": 1.0}, "exit_code": null, "oom_kills": 0, "oom_killed": false, "stderr_tail": "", "container_id": "", "last_progress": "", "pids_limit_hits": 0}', '2026-11-23 19:18:24.64582+00');

--
-- Data for Name: sources; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.sources OVERRIDING SYSTEM VALUE VALUES
	(3, 'file:///srv/other/', '2026-11-23 19:18:24.666793+00'),
	(1, 'file:///tmp/released/test_make0/uploads/', '2026-11-23 19:18:24.435815+00');

--
-- Data for Name: workers; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.workers OVERRIDING SYSTEM VALUE VALUES
	('3a118f1a-05bf-4720-9f3e-f06f3af7dd2d', 1, 'e857a66a-c03b-4f4e-a019-62f30a338c1b', 'vm', 10002, '2026-11-23 19:18:24.46232+00', '2026-11-23 19:18:24.618632+00'),
	('5ac07a98-eff0-4ee2-beca-117f0a45bf4c', 2, '7deabc59-434d-4954-a41f-06cf2f8f468e', 'vm', 10002, '2026-11-23 19:18:24.632457+00', '2026-11-23 19:18:24.664182+00'),
	('06b07dbb-7a8e-4338-8c9c-8a96e10dad5a', 3, 'cd6fa33b-adc3-4edb-8e4c-b1f16ad596d3', 'vm', 10002, '2026-11-23 19:18:24.676574+00', NULL);

--
-- Name: documents_id_seq; Type: SEQUENCE SET; Schema: public; Owner: -
--

SELECT pg_catalog.setval('public.documents_id_seq', 5, true);

--
-- Name: objects_id_seq; Type: SEQUENCE SET; Schema: public; Owner: -
--

SELECT pg_catalog.setval('public.objects_id_seq', 6, true);

--
-- Name: quarantine_entries_id_seq; Type: SEQUENCE SET; Schema: public; Owner: -
--

SELECT pg_catalog.setval('public.quarantine_entries_id_seq', 2, true);

--
-- Name: revisions_id_seq; Type: SEQUENCE SET; Schema: public; Owner: -
--

SELECT pg_catalog.setval('public.revisions_id_seq', 5, true);

--
-- Name: sources_id_seq; Type: SEQUENCE SET; Schema: public; Owner: -
--

SELECT pg_catalog.setval('public.sources_id_seq', 4, true);

--
-- Name: workers_lock_key_seq; Type: SEQUENCE SET; Schema: public; Owner: -
--

SELECT pg_catalog.setval('public.workers_lock_key_seq', 3, true);

--
-- Name: alembic_version alembic_version_pkc; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.alembic_version
    ADD CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num);

--
-- Name: audit_events audit_events_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.audit_events
    ADD CONSTRAINT audit_events_pkey PRIMARY KEY (seq);

--
-- Name: chunks chunks_document_id_ordinal_key; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.chunks
    ADD CONSTRAINT chunks_document_id_ordinal_key UNIQUE (document_id, ordinal) DEFERRABLE INITIALLY DEFERRED;

--
-- Name: chunks chunks_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.chunks
    ADD CONSTRAINT chunks_pkey PRIMARY KEY (document_id, chunk_id);

--
-- Name: documents documents_id_live_key; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.documents
    ADD CONSTRAINT documents_id_live_key UNIQUE (id, live);

--
-- Name: documents documents_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.documents
    ADD CONSTRAINT documents_pkey PRIMARY KEY (id);

--
-- Name: documents documents_source_id_key_digest_key; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.documents
    ADD CONSTRAINT documents_source_id_key_digest_key UNIQUE (source_id, key_digest);

--
-- Name: objects objects_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.objects
    ADD CONSTRAINT objects_pkey PRIMARY KEY (id);

--
-- Name: objects objects_source_id_key_digest_key; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.objects
    ADD CONSTRAINT objects_source_id_key_digest_key UNIQUE (source_id, key_digest);

--
-- Name: parses parses_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.parses
    ADD CONSTRAINT parses_pkey PRIMARY KEY (sha256, parser_digest, options_digest, limits_digest);

--
-- Name: quarantine_entries quarantine_entries_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.quarantine_entries
    ADD CONSTRAINT quarantine_entries_pkey PRIMARY KEY (id);

--
-- Name: revisions revisions_document_id_id_key; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.revisions
    ADD CONSTRAINT revisions_document_id_id_key UNIQUE (document_id, id);

--
-- Name: revisions revisions_document_id_sha256_parser_digest_options_digest_key; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.revisions
    ADD CONSTRAINT revisions_document_id_sha256_parser_digest_options_digest_key UNIQUE (document_id, sha256, parser_digest, options_digest);

--
-- Name: revisions revisions_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.revisions
    ADD CONSTRAINT revisions_pkey PRIMARY KEY (id);

--
-- Name: runs runs_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.runs
    ADD CONSTRAINT runs_pkey PRIMARY KEY (id);

--
-- Name: sandbox_runs sandbox_runs_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.sandbox_runs
    ADD CONSTRAINT sandbox_runs_pkey PRIMARY KEY (id);

--
-- Name: sources sources_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.sources
    ADD CONSTRAINT sources_pkey PRIMARY KEY (id);

--
-- Name: sources sources_uri_key; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.sources
    ADD CONSTRAINT sources_uri_key UNIQUE (uri);

--
-- Name: workers workers_lock_key_key; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.workers
    ADD CONSTRAINT workers_lock_key_key UNIQUE (lock_key);

--
-- Name: workers workers_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.workers
    ADD CONSTRAINT workers_pkey PRIMARY KEY (id);

--
-- Name: chunks_search_index; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX chunks_search_index ON public.chunks USING gin (search);

--
-- Name: objects_document_id_index; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX objects_document_id_index ON public.objects USING btree (document_id);

--
-- Name: objects_lease_owner_index; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX objects_lease_owner_index ON public.objects USING btree (lease_owner) WHERE (lease_owner IS NOT NULL);

--
-- Name: objects_pending_index; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX objects_pending_index ON public.objects USING btree (source_id, id) WHERE (state = 'pending'::text);

--
-- Name: quarantine_entries_open_key; Type: INDEX; Schema: public; Owner: -
--

CREATE UNIQUE INDEX quarantine_entries_open_key ON public.quarantine_entries USING btree (object_id) WHERE (status = 'held'::text);

--
-- Name: sandbox_runs_object_id_index; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX sandbox_runs_object_id_index ON public.sandbox_runs USING btree (object_id);

--
-- Name: sandbox_runs_run_id_index; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX sandbox_runs_run_id_index ON public.sandbox_runs USING btree (run_id);

--
-- Name: workers_id_index; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX workers_id_index ON public.workers USING btree (id) WHERE (ended_at IS NULL);

--
-- Name: chunks chunks_document_id_live_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.chunks
    ADD CONSTRAINT chunks_document_id_live_fkey FOREIGN KEY (document_id, live) REFERENCES public.documents(id, live);

--
-- Name: chunks chunks_document_id_revision_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.chunks
    ADD CONSTRAINT chunks_document_id_revision_id_fkey FOREIGN KEY (document_id, revision_id) REFERENCES public.revisions(document_id, id);

--
-- Name: documents documents_id_current_revision_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.documents
    ADD CONSTRAINT documents_id_current_revision_id_fkey FOREIGN KEY (id, current_revision_id) REFERENCES public.revisions(document_id, id);

--
-- Name: documents documents_source_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.documents
    ADD CONSTRAINT documents_source_id_fkey FOREIGN KEY (source_id) REFERENCES public.sources(id);

--
-- Name: objects objects_document_id_document_live_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.objects
    ADD CONSTRAINT objects_document_id_document_live_fkey FOREIGN KEY (document_id, document_live) REFERENCES public.documents(id, live) DEFERRABLE INITIALLY DEFERRED;

--
-- Name: objects objects_lease_owner_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.objects
    ADD CONSTRAINT objects_lease_owner_fkey FOREIGN KEY (lease_owner) REFERENCES public.workers(id);

--
-- Name: objects objects_run_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.objects
    ADD CONSTRAINT objects_run_id_fkey FOREIGN KEY (run_id) REFERENCES public.runs(id);

--
-- Name: objects objects_source_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.objects
    ADD CONSTRAINT objects_source_id_fkey FOREIGN KEY (source_id) REFERENCES public.sources(id);

--
-- Name: quarantine_entries quarantine_entries_object_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.quarantine_entries
    ADD CONSTRAINT quarantine_entries_object_id_fkey FOREIGN KEY (object_id) REFERENCES public.objects(id);

--
-- Name: quarantine_entries quarantine_entries_run_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.quarantine_entries
    ADD CONSTRAINT quarantine_entries_run_id_fkey FOREIGN KEY (run_id) REFERENCES public.runs(id);

--
-- Name: revisions revisions_document_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.revisions
    ADD CONSTRAINT revisions_document_id_fkey FOREIGN KEY (document_id) REFERENCES public.documents(id);

--
-- Name: revisions revisions_run_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.revisions
    ADD CONSTRAINT revisions_run_id_fkey FOREIGN KEY (run_id) REFERENCES public.runs(id);

--
-- Name: runs runs_source_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.runs
    ADD CONSTRAINT runs_source_id_fkey FOREIGN KEY (source_id) REFERENCES public.sources(id);

--
-- Name: sandbox_runs sandbox_runs_object_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.sandbox_runs
    ADD CONSTRAINT sandbox_runs_object_id_fkey FOREIGN KEY (object_id) REFERENCES public.objects(id);

--
-- Name: sandbox_runs sandbox_runs_run_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.sandbox_runs
    ADD CONSTRAINT sandbox_runs_run_id_fkey FOREIGN KEY (run_id) REFERENCES public.runs(id);

--
-- Name: workers workers_run_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.workers
    ADD CONSTRAINT workers_run_id_fkey FOREIGN KEY (run_id) REFERENCES public.runs(id);

--
-- PostgreSQL database dump complete
--

