-- Who may do what; everything that is not said here is refused. Nobody but the owner may delete or overwrite a figure.

REVOKE ALL ON SCHEMA public FROM PUBLIC;
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA warehouse FROM PUBLIC;
GRANT USAGE ON SCHEMA warehouse TO followup_loader, followup_publisher;
GRANT USAGE ON SCHEMA publ TO followup_publisher, bi_reader;

-- The loader: facts, dimensions, ledger and indicator values. Of an observation only its time of knowledge may change.
GRANT SELECT ON warehouse.capture, warehouse.loaded, warehouse.quarantine, warehouse.outcome, warehouse.area,
    warehouse.period, warehouse.sex, warehouse.age, warehouse.party, warehouse.measure, warehouse.breakdown,
    warehouse.source_label, warehouse.value_status, warehouse.mark, warehouse.status_label, warehouse.observation,
    warehouse.indicator_value, warehouse.indicator_trend TO followup_loader;
GRANT INSERT ON warehouse.capture, warehouse.loaded, warehouse.quarantine, warehouse.observation TO followup_loader;
GRANT UPDATE (known_from, known_until, capture_key) ON warehouse.observation TO followup_loader;
GRANT INSERT, UPDATE ON warehouse.outcome, warehouse.area, warehouse.period, warehouse.sex, warehouse.age,
    warehouse.party, warehouse.measure, warehouse.breakdown, warehouse.source_label TO followup_loader;
GRANT INSERT, DELETE ON warehouse.indicator_value, warehouse.indicator_trend TO followup_loader;

-- The publisher: reads all, writes releases as long as they were never current, and asks make_current() for the rest.
GRANT SELECT ON ALL TABLES IN SCHEMA warehouse TO followup_publisher;
GRANT INSERT, DELETE ON warehouse.release_value, warehouse.release_trend, warehouse.release_indicator,
    warehouse.release_goal_area, warehouse.release_bridge, warehouse.release_coverage, warehouse.release_change,
    warehouse.release_capture TO followup_publisher;
GRANT INSERT (release_id, agreement_id, year, edition, number, as_of, digest, is_example, origins, registry_digest,
    directory, files, built_at) ON warehouse.release TO followup_publisher;
GRANT UPDATE (directory, files, audit_passed, audit, audited_at, previous_release_id, diff_sv, compared_at, approval,
    approved_by, approval_reason, approved_at) ON warehouse.release TO followup_publisher;
GRANT DELETE ON warehouse.release TO followup_publisher;
GRANT EXECUTE ON FUNCTION warehouse.make_current(text) TO followup_publisher;

-- Readers of the BI contract.
GRANT SELECT ON ALL TABLES IN SCHEMA publ TO followup_publisher, bi_reader;
