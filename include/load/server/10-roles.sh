#!/bin/bash
# Runs once, when the database server of docker-compose.yaml is made: the two databases and the roles that log in.
# What each role may do in the warehouse is granted by the migrations (python -m include migrate).
set -euo pipefail

psql --no-psqlrc -v ON_ERROR_STOP=1 -U postgres <<'SQL'
\set airflow `cat /run/secrets/airflow_database`
\set owner `cat /run/secrets/followup_owner`
\set loader `cat /run/secrets/followup_loader`
\set publisher `cat /run/secrets/followup_publisher`
\set reader `cat /run/secrets/bi_reader`
CREATE ROLE airflow LOGIN PASSWORD :'airflow';
CREATE ROLE followup_owner LOGIN PASSWORD :'owner';
CREATE ROLE followup_loader LOGIN PASSWORD :'loader';
CREATE ROLE followup_publisher LOGIN PASSWORD :'publisher';
CREATE ROLE bi_reader LOGIN PASSWORD :'reader' CONNECTION LIMIT 40;
ALTER ROLE bi_reader SET statement_timeout = '60s';
ALTER ROLE bi_reader SET idle_in_transaction_session_timeout = '10min';
ALTER ROLE bi_reader SET default_transaction_read_only = on;
ALTER ROLE bi_reader SET search_path = publ;
CREATE DATABASE airflow OWNER airflow;
CREATE DATABASE followup OWNER followup_owner;
REVOKE ALL ON DATABASE airflow FROM PUBLIC;
REVOKE ALL ON DATABASE followup FROM PUBLIC;
GRANT CONNECT ON DATABASE followup TO followup_loader, followup_publisher, bi_reader;
GRANT TEMPORARY ON DATABASE followup TO followup_loader;
SQL
