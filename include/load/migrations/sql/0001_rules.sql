-- Fixed codes, and what the database itself refuses: a change of a release, a pointer to what may not be shown.

INSERT INTO warehouse.value_status (value_status_key, code, label_sv, has_value) VALUES
    (0, 'ok', 'Uppgift finns.', true),
    (1, 'suppressed', 'Skyddad av sekretesskäl hos källan.', false),
    (2, 'missing', 'Uppgift saknas hos källan.', false),
    (3, 'not_applicable', 'Kan inte förekomma.', false),
    (4, 'not_reported', 'Har inte rapporterats.', false),
    (5, 'estimate', 'Uppskattad uppgift.', true),
    (6, 'withdrawn', 'Har tagits bort av källan.', false);

INSERT INTO warehouse.mark (mark_key, code, label_sv) VALUES
    (0, 'direct', 'Direkt ur källan.'),
    (1, 'derived', 'Beräknad ur källans andra uppgifter.'),
    (2, 'secondary', 'Hämtad ur en andrahandskälla.'),
    (3, 'wrong_at_source', 'Felaktig i källan; visas som den står.'),
    (4, 'uncertain', 'Osäker uppgift.'),
    (5, 'example', 'EXEMPELDATA: påhittad exempeluppgift.');

INSERT INTO warehouse.sex (code, label_sv, label_en, is_total) VALUES
    ('K', 'Kvinnor', 'Women', false),
    ('M', 'Män', 'Men', false),
    ('T', 'Båda könen', 'Both sexes', true);

INSERT INTO warehouse.age (code, label_sv, label_en, age_from, age_to, is_total) VALUES
    ('T', 'Alla åldrar', 'All ages', 0, NULL, true);

INSERT INTO warehouse.party (code, name, role, area_code, is_total) VALUES
    ('-', 'Ej uppdelat på part', '-', NULL, true);

INSERT INTO warehouse.breakdown (code, scheme, label_sv, label_en, parent_code, is_total) VALUES
    ('total', '-', 'Totalt', 'Total', NULL, true);

INSERT INTO warehouse.source_label (text) VALUES ('');

CREATE VIEW warehouse.status_label AS
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
        ('conf_status', 'suppressed', 'Skyddad av sekretesskäl av oss.', false);
COMMENT ON VIEW warehouse.status_label IS 'Alla koder för status och märkning, med klartext.';
COMMENT ON COLUMN warehouse.status_label.kind IS 'Vilken kolumn koden hör till.';
COMMENT ON COLUMN warehouse.status_label.code IS 'Kod.';
COMMENT ON COLUMN warehouse.status_label.label_sv IS 'Vad koden betyder.';
COMMENT ON COLUMN warehouse.status_label.has_value IS 'Sant om en uppgift med koden har ett värde.';

-- A release that has been made current never changes. The lock makes whoever writes wait for whoever releases.
CREATE FUNCTION warehouse.keep_release_rows() RETURNS trigger
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    mine text;
    released timestamptz;
BEGIN
    FOREACH mine IN ARRAY CASE TG_OP
        WHEN 'INSERT' THEN ARRAY[NEW.release_id]
        WHEN 'DELETE' THEN ARRAY[OLD.release_id]
        ELSE ARRAY[OLD.release_id, NEW.release_id] END
    LOOP
        SELECT r.released_at INTO released FROM warehouse.release r WHERE r.release_id = mine FOR KEY SHARE;
        IF released IS NOT NULL THEN
            RAISE EXCEPTION 'release % has been made current and never changes (% of %)', mine, TG_OP, TG_TABLE_NAME
                USING ERRCODE = 'integrity_constraint_violation';
        END IF;
    END LOOP;
    RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
END $$;
COMMENT ON FUNCTION warehouse.keep_release_rows() IS 'Vägrar varje ändring av rader i en utgivning som har gällt.';

CREATE FUNCTION warehouse.keep_release() RETURNS trigger
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF OLD.released_at IS NOT NULL THEN
        RAISE EXCEPTION 'release % has been made current and never changes (%)', OLD.release_id, TG_OP
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
END $$;
COMMENT ON FUNCTION warehouse.keep_release() IS 'Vägrar varje ändring av en utgivning som har gällt.';

CREATE FUNCTION warehouse.refuse_truncate() RETURNS trigger
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RAISE EXCEPTION 'releases are never emptied (TRUNCATE of %)', TG_TABLE_NAME
        USING ERRCODE = 'integrity_constraint_violation';
END $$;
COMMENT ON FUNCTION warehouse.refuse_truncate() IS 'Vägrar att tömma tabeller med utgivningar.';

CREATE TRIGGER keep_release BEFORE UPDATE OR DELETE ON warehouse.release
    FOR EACH ROW EXECUTE FUNCTION warehouse.keep_release();
CREATE TRIGGER refuse_truncate BEFORE TRUNCATE ON warehouse.release
    FOR EACH STATEMENT EXECUTE FUNCTION warehouse.refuse_truncate();

DO $$
DECLARE
    child text;
BEGIN
    FOREACH child IN ARRAY ARRAY['release_value', 'release_trend', 'release_indicator', 'release_goal_area',
        'release_bridge', 'release_coverage', 'release_change', 'release_capture']
    LOOP
        EXECUTE format('CREATE TRIGGER keep_release_rows BEFORE INSERT OR UPDATE OR DELETE ON warehouse.%I '
            'FOR EACH ROW EXECUTE FUNCTION warehouse.keep_release_rows()', child);
        EXECUTE format('CREATE TRIGGER refuse_truncate BEFORE TRUNCATE ON warehouse.%I '
            'FOR EACH STATEMENT EXECUTE FUNCTION warehouse.refuse_truncate()', child);
    END LOOP;
END $$;

-- The only way to move the pointer. It trusts no one's word for what the release rests on, but looks itself.
CREATE FUNCTION warehouse.make_current(wanted text) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    chosen warehouse.release;
    before text;
    live text;
BEGIN
    SELECT * INTO chosen FROM warehouse.release r WHERE r.release_id = wanted FOR UPDATE;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'there is no release %', wanted;
    END IF;
    IF chosen.audit_passed IS NOT TRUE THEN
        RAISE EXCEPTION 'release % has not passed the audit', wanted;
    END IF;
    IF chosen.diff_sv IS NULL OR chosen.compared_at IS NULL THEN
        RAISE EXCEPTION 'release % has not been compared with the one before', wanted;
    END IF;
    IF chosen.approval IS NULL OR chosen.approval NOT IN ('approved', 'waived')
        OR coalesce(chosen.approved_by, '') = '' OR chosen.approved_at IS NULL THEN
        RAISE EXCEPTION 'release % has no approval (found: %)', wanted, coalesce(chosen.approval, 'none');
    END IF;
    IF NOT EXISTS (SELECT FROM warehouse.release_value v WHERE v.release_id = wanted) THEN
        RAISE EXCEPTION 'release % holds no values', wanted;
    END IF;
    IF EXISTS (SELECT FROM warehouse.release_value v
        WHERE v.release_id = wanted AND v.value IS NOT NULL AND v.captures = '') THEN
        RAISE EXCEPTION 'release % holds values that name no capture', wanted;
    END IF;
    IF chosen.approval = 'waived' THEN
        IF coalesce(chosen.approval_reason, '') = '' THEN
            RAISE EXCEPTION 'release %: a waived approval must say why', wanted;
        END IF;
        SELECT min(used.capture_id) INTO live
            FROM (SELECT capture_id FROM warehouse.release_capture WHERE release_id = wanted
                UNION SELECT string_to_table(v.captures, '|') FROM warehouse.release_value v
                    WHERE v.release_id = wanted) used
            LEFT JOIN warehouse.capture c USING (capture_id)
            WHERE used.capture_id <> '' AND coalesce(c.origin, 'live') NOT IN ('reconstructed', 'example');
        IF live IS NOT NULL OR 'live' = ANY (string_to_array(chosen.origins, '|')) THEN
            RAISE EXCEPTION 'release % rests on live data (%): its approval cannot be waived, a person must approve it',
                wanted, coalesce(live, chosen.origins);
        END IF;
    END IF;

    SELECT release_id INTO before FROM warehouse.current_release WHERE agreement_id = chosen.agreement_id FOR UPDATE;
    IF before IS NOT DISTINCT FROM wanted THEN
        RETURN;
    END IF;
    IF chosen.released_at IS NULL THEN
        UPDATE warehouse.release SET released_at = now() WHERE release_id = wanted;
    END IF;
    INSERT INTO warehouse.current_release (agreement_id, release_id, made_current_at)
        VALUES (chosen.agreement_id, wanted, now())
        ON CONFLICT (agreement_id) DO UPDATE
            SET release_id = EXCLUDED.release_id, made_current_at = EXCLUDED.made_current_at;
    INSERT INTO warehouse.release_pointer_move (agreement_id, release_id, previous_release_id, moved_at, moved_by)
        VALUES (chosen.agreement_id, wanted, before, now(), session_user);
END $$;
COMMENT ON FUNCTION warehouse.make_current(text) IS
    'Gör en utgivning gällande: kräver godkänd granskning, jämförelse och godkännande; vägrar avstått godkännande '
    'när någon uppgift är hämtad från källan.';
