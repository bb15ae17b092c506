-- Where each delivery stands. Columns without a default: no row of a release that has been given to readers changes.

ALTER TABLE warehouse.release_coverage
    ADD COLUMN state TEXT,
    ADD COLUMN due DATE,
    ADD COLUMN delivered_at TIMESTAMP WITH TIME ZONE,
    ADD COLUMN on_time BOOLEAN,
    ADD COLUMN versions INTEGER,
    ADD COLUMN is_example BOOLEAN,
    ADD CONSTRAINT release_coverage_state_check
        CHECK (state IN ('awaited', 'late', 'received', 'returned', 'accepted', 'corrected', 'withdrawn')),
    ADD CONSTRAINT release_coverage_state_status_check
        CHECK ((state IN ('accepted', 'corrected')) = (status = 'ok'));
COMMENT ON COLUMN warehouse.release_coverage.state IS 'awaited, late, received, returned, accepted, corrected eller withdrawn.';
COMMENT ON COLUMN warehouse.release_coverage.due IS 'Sista dag i tid, tom = leveransen väntades inte.';
COMMENT ON COLUMN warehouse.release_coverage.delivered_at IS 'När den första versionen av det som gäller kom, tom = inget gäller.';
COMMENT ON COLUMN warehouse.release_coverage.on_time IS 'Sant om den kom i tid, tom = inte avgjort.';
COMMENT ON COLUMN warehouse.release_coverage.versions IS 'Antal versioner som har kommit.';
COMMENT ON COLUMN warehouse.release_coverage.is_example IS 'Sant om någon version är påhittade exempeldata.';

CREATE OR REPLACE VIEW warehouse.status_label AS
    SELECT 'value_status' AS kind, code, label_sv, has_value FROM warehouse.value_status
    UNION ALL SELECT 'mark', code, label_sv, true FROM warehouse.mark
    UNION ALL VALUES
        ('data_status', 'P', 'Preliminär.', true),
        ('data_status', 'F', 'Slutlig.', true),
        ('obs_status', 'ok', 'Uppgift finns.', true),
        ('obs_status', 'missing', 'Uppgift saknas.', false),
        ('obs_status', 'not_applicable', 'Kan inte förekomma.', false),
        ('obs_status', 'not_collected', 'Samlas inte in.', false),
        ('obs_status', 'suppressed', 'Skyddad av sekretesskäl hos källan.', false),
        ('conf_status', 'free', 'Visas.', true),
        ('conf_status', 'suppressed', 'Skyddad av sekretesskäl av oss.', false),
        ('state', 'awaited', 'Leveransen är inte förfallen.', false),
        ('state', 'late', 'Sista dagen har passerat och inget har kommit.', false),
        ('state', 'received', 'En fil har kommit men är inte prövad.', false),
        ('state', 'returned', 'Filen kunde inte tas emot och ska rättas.', false),
        ('state', 'accepted', 'Leveransen är godkänd.', true),
        ('state', 'corrected', 'En rättad version är godkänd.', true),
        ('state', 'withdrawn', 'Leveransen är återkallad.', false);

-- The parties may tell of people whose sex is unknown or another.
INSERT INTO warehouse.sex (code, label_sv, label_en, is_total)
    VALUES ('X', 'Okänt eller annat', 'Unknown or other', false)
    ON CONFLICT (code) DO NOTHING;
