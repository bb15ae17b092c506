-- What values say in words, how they were revised, the sources' figures in full, values of several years together, and
-- what releases have shown of small counts.

ALTER TABLE warehouse.release_value ADD COLUMN first_year SMALLINT;
COMMENT ON COLUMN warehouse.release_value.first_year IS 'Första år som värdet omfattar, tom = samma som year.';
ALTER TABLE warehouse.indicator_value ADD COLUMN first_year SMALLINT;
COMMENT ON COLUMN warehouse.indicator_value.first_year IS 'Första år som värdet omfattar, tom = samma som year.';
COMMENT ON COLUMN warehouse.release_indicator.value_kind IS 'count, share, rate, criteria eller given.';
COMMENT ON COLUMN warehouse.release_indicator.interval_kind IS 'none, wilson, poisson eller source.';

ALTER TABLE warehouse.release_change ADD COLUMN note_sv TEXT DEFAULT '' NOT NULL;
COMMENT ON COLUMN warehouse.release_change.note_sv IS 'Vilken av uppgifterna som är preliminär, tom = ingen.';

CREATE TABLE warehouse.release_assessment (
    release_id TEXT NOT NULL,
    indicator_id TEXT NOT NULL,
    series TEXT NOT NULL,
    area TEXT NOT NULL,
    sex TEXT NOT NULL,
    age TEXT NOT NULL,
    breakdown TEXT NOT NULL,
    year SMALLINT NOT NULL,
    value_year SMALLINT,
    sentence_sv TEXT NOT NULL,
    sentence_en TEXT NOT NULL,
    comparison TEXT NOT NULL,
    comparison_area TEXT,
    comparison_value DOUBLE PRECISION,
    comparison_reason_sv TEXT,
    progress TEXT NOT NULL,
    progress_reason_sv TEXT,
    base_year SMALLINT,
    base_value DOUBLE PRECISION,
    target_value DOUBLE PRECISION,
    target_year SMALLINT,
    needed DOUBLE PRECISION,
    actual DOUBLE PRECISION,
    is_example BOOLEAN NOT NULL,
    CONSTRAINT release_assessment_pkey PRIMARY KEY (release_id, indicator_id, series, area, sex, age, breakdown),
    CONSTRAINT release_assessment_comparison_check CHECK (comparison IN ('higher', 'lower', 'similar', 'cannot_be_calculated', 'none')),
    CONSTRAINT release_assessment_progress_check CHECK (progress IN ('achieved', 'substantial', 'moderate', 'limited', 'deterioration', 'not_assessable', 'none')),
    CONSTRAINT release_assessment_release_id_fkey FOREIGN KEY(release_id) REFERENCES warehouse.release (release_id) ON DELETE CASCADE
);
COMMENT ON TABLE warehouse.release_assessment IS 'Vad de utgivna värdena säger: mening, jämförelse och väg mot målvärdet.';
COMMENT ON COLUMN warehouse.release_assessment.release_id IS 'Utgivning.';
COMMENT ON COLUMN warehouse.release_assessment.indicator_id IS 'Indikator.';
COMMENT ON COLUMN warehouse.release_assessment.series IS 'Serie.';
COMMENT ON COLUMN warehouse.release_assessment.area IS 'Områdeskod.';
COMMENT ON COLUMN warehouse.release_assessment.sex IS 'Kön.';
COMMENT ON COLUMN warehouse.release_assessment.age IS 'Åldersgrupp.';
COMMENT ON COLUMN warehouse.release_assessment.breakdown IS 'Indelningsvärde.';
COMMENT ON COLUMN warehouse.release_assessment.year IS 'År som bedömningen gäller.';
COMMENT ON COLUMN warehouse.release_assessment.value_year IS 'År för värdet i meningen, tom = inget värde.';
COMMENT ON COLUMN warehouse.release_assessment.sentence_sv IS 'Vad siffran säger, på svenska.';
COMMENT ON COLUMN warehouse.release_assessment.sentence_en IS 'Vad siffran säger, på engelska.';
COMMENT ON COLUMN warehouse.release_assessment.comparison IS 'higher, lower, similar, cannot_be_calculated eller none (ingen jämförelse görs).';
COMMENT ON COLUMN warehouse.release_assessment.comparison_area IS 'Område som jämförs med, tom = inget.';
COMMENT ON COLUMN warehouse.release_assessment.comparison_value IS 'Det områdets värde samma år.';
COMMENT ON COLUMN warehouse.release_assessment.comparison_reason_sv IS 'Varför jämförelsen inte kan göras.';
COMMENT ON COLUMN warehouse.release_assessment.progress IS 'achieved, substantial, moderate, limited, deterioration, not_assessable eller none.';
COMMENT ON COLUMN warehouse.release_assessment.progress_reason_sv IS 'Varför vägen mot målvärdet inte kan bedömas.';
COMMENT ON COLUMN warehouse.release_assessment.base_year IS 'År som vägen mot målvärdet räknas från.';
COMMENT ON COLUMN warehouse.release_assessment.base_value IS 'Värdet det året.';
COMMENT ON COLUMN warehouse.release_assessment.target_value IS 'Målvärde.';
COMMENT ON COLUMN warehouse.release_assessment.target_year IS 'År då målvärdet ska vara nått.';
COMMENT ON COLUMN warehouse.release_assessment.needed IS 'Förändring per år, i delar av basårets värde, som behövs för att nå målvärdet i tid.';
COMMENT ON COLUMN warehouse.release_assessment.actual IS 'Förändring per år, i delar av basårets värde, som har skett.';
COMMENT ON COLUMN warehouse.release_assessment.is_example IS 'Sant om bedömningen vilar på påhittade exempeluppgifter.';

CREATE TABLE warehouse.release_revision (
    release_id TEXT NOT NULL,
    indicator_id TEXT NOT NULL,
    series TEXT NOT NULL,
    area TEXT NOT NULL,
    sex TEXT NOT NULL,
    age TEXT NOT NULL,
    party TEXT NOT NULL,
    breakdown TEXT NOT NULL,
    year SMALLINT NOT NULL,
    version INTEGER NOT NULL,
    known_from TIMESTAMP WITH TIME ZONE NOT NULL,
    preliminary BOOLEAN NOT NULL,
    value DOUBLE PRECISION,
    change DOUBLE PRECISION,
    cumulative DOUBLE PRECISION,
    unit TEXT NOT NULL,
    is_example BOOLEAN NOT NULL,
    CONSTRAINT release_revision_pkey PRIMARY KEY (release_id, indicator_id, series, area, sex, age, party, breakdown, year, version),
    CONSTRAINT release_revision_release_id_fkey FOREIGN KEY(release_id) REFERENCES warehouse.release (release_id) ON DELETE CASCADE
);
COMMENT ON TABLE warehouse.release_revision IS 'Hur värdena har reviderats, enligt vad som var känt vid utgivningens slutpunkt.';
COMMENT ON COLUMN warehouse.release_revision.release_id IS 'Utgivning.';
COMMENT ON COLUMN warehouse.release_revision.indicator_id IS 'Indikator.';
COMMENT ON COLUMN warehouse.release_revision.series IS 'Serie.';
COMMENT ON COLUMN warehouse.release_revision.area IS 'Områdeskod.';
COMMENT ON COLUMN warehouse.release_revision.sex IS 'Kön.';
COMMENT ON COLUMN warehouse.release_revision.age IS 'Åldersgrupp.';
COMMENT ON COLUMN warehouse.release_revision.party IS 'Part, - för ingen.';
COMMENT ON COLUMN warehouse.release_revision.breakdown IS 'Indelningsvärde.';
COMMENT ON COLUMN warehouse.release_revision.year IS 'År som uppgiften gäller.';
COMMENT ON COLUMN warehouse.release_revision.version IS 'Versionens nummer, från 1.';
COMMENT ON COLUMN warehouse.release_revision.known_from IS 'Från när versionen är känd.';
COMMENT ON COLUMN warehouse.release_revision.preliminary IS 'Sant om versionen är preliminär.';
COMMENT ON COLUMN warehouse.release_revision.value IS 'Värdet enligt versionen.';
COMMENT ON COLUMN warehouse.release_revision.change IS 'Ändring mot föregående version, tom för den första.';
COMMENT ON COLUMN warehouse.release_revision.cumulative IS 'Ändring mot den första versionen, tom för den första.';
COMMENT ON COLUMN warehouse.release_revision.unit IS 'Enhet.';
COMMENT ON COLUMN warehouse.release_revision.is_example IS 'Sant om versionen vilar på påhittade exempeluppgifter.';

CREATE TABLE warehouse.release_figure (
    release_id TEXT NOT NULL,
    table_id TEXT NOT NULL,
    measure TEXT NOT NULL,
    measure_sv TEXT NOT NULL,
    area TEXT NOT NULL,
    area_role TEXT NOT NULL,
    year SMALLINT NOT NULL,
    sex TEXT NOT NULL,
    age TEXT NOT NULL,
    breakdown TEXT NOT NULL,
    source_label TEXT NOT NULL,
    unit TEXT NOT NULL,
    decimals SMALLINT NOT NULL,
    numerator DOUBLE PRECISION,
    denominator DOUBLE PRECISION,
    value DOUBLE PRECISION,
    ci_low DOUBLE PRECISION,
    ci_high DOUBLE PRECISION,
    ci_method TEXT,
    value_status TEXT NOT NULL,
    reason_sv TEXT,
    preliminary BOOLEAN NOT NULL,
    break_before BOOLEAN NOT NULL,
    label_changed BOOLEAN NOT NULL,
    marks TEXT NOT NULL,
    notes_sv TEXT NOT NULL,
    origin TEXT NOT NULL,
    captures TEXT NOT NULL,
    CONSTRAINT release_figure_pkey PRIMARY KEY (release_id, table_id, measure, area, year, sex, age, breakdown),
    CONSTRAINT release_figure_release_id_fkey FOREIGN KEY(release_id) REFERENCES warehouse.release (release_id) ON DELETE CASCADE
);
COMMENT ON TABLE warehouse.release_figure IS 'Källornas egna uppgifter i full uppdelning, med det som räknas ur dem.';
COMMENT ON COLUMN warehouse.release_figure.release_id IS 'Utgivning.';
COMMENT ON COLUMN warehouse.release_figure.table_id IS 'Tabell i registret.';
COMMENT ON COLUMN warehouse.release_figure.measure IS 'Mått: källans, eller ett som är räknat ur dem.';
COMMENT ON COLUMN warehouse.release_figure.measure_sv IS 'Måttets benämning.';
COMMENT ON COLUMN warehouse.release_figure.area IS 'Områdeskod.';
COMMENT ON COLUMN warehouse.release_figure.area_role IS 'county, proxy, benchmark eller kommun.';
COMMENT ON COLUMN warehouse.release_figure.year IS 'År.';
COMMENT ON COLUMN warehouse.release_figure.sex IS 'Kön.';
COMMENT ON COLUMN warehouse.release_figure.age IS 'Åldersgrupp.';
COMMENT ON COLUMN warehouse.release_figure.breakdown IS 'Indelningsvärde.';
COMMENT ON COLUMN warehouse.release_figure.source_label IS 'Källans egen benämning, tom = ingen.';
COMMENT ON COLUMN warehouse.release_figure.unit IS 'Enhet.';
COMMENT ON COLUMN warehouse.release_figure.decimals IS 'Decimaler att visa.';
COMMENT ON COLUMN warehouse.release_figure.numerator IS 'Täljare, av det som är räknat.';
COMMENT ON COLUMN warehouse.release_figure.denominator IS 'Nämnare, av det som är räknat.';
COMMENT ON COLUMN warehouse.release_figure.value IS 'Värde.';
COMMENT ON COLUMN warehouse.release_figure.ci_low IS 'Konfidensintervallets nedre gräns.';
COMMENT ON COLUMN warehouse.release_figure.ci_high IS 'Konfidensintervallets övre gräns.';
COMMENT ON COLUMN warehouse.release_figure.ci_method IS 'Intervallets metod.';
COMMENT ON COLUMN warehouse.release_figure.value_status IS 'Om värdet finns, och varför inte.';
COMMENT ON COLUMN warehouse.release_figure.reason_sv IS 'Varför värdet saknas.';
COMMENT ON COLUMN warehouse.release_figure.preliminary IS 'Sant om uppgiften är preliminär.';
COMMENT ON COLUMN warehouse.release_figure.break_before IS 'Sant om serien bryts mellan föregående år och detta.';
COMMENT ON COLUMN warehouse.release_figure.label_changed IS 'Sant om källan benämner raden på annat sätt än föregående år.';
COMMENT ON COLUMN warehouse.release_figure.marks IS 'Uppgifternas märkningar, åtskilda av |.';
COMMENT ON COLUMN warehouse.release_figure.notes_sv IS 'Att tänka på, åtskilt av |.';
COMMENT ON COLUMN warehouse.release_figure.origin IS 'Uppgifternas ursprung.';
COMMENT ON COLUMN warehouse.release_figure.captures IS 'Fångster, åtskilda av |.';

CREATE TABLE warehouse.release_equation (
    release_id TEXT NOT NULL,
    position INTEGER NOT NULL,
    role TEXT NOT NULL,
    value_key JSONB NOT NULL,
    amount DOUBLE PRECISION,
    cells JSONB NOT NULL,
    CONSTRAINT release_equation_pkey PRIMARY KEY (release_id, position)
);
COMMENT ON TABLE warehouse.release_equation IS 'Vad utgivningar visar av små antal, för sekretessprövningen av nästa. Bara inläsaren läser dem.';
COMMENT ON COLUMN warehouse.release_equation.release_id IS 'Utgivning.';
COMMENT ON COLUMN warehouse.release_equation.position IS 'Ordning.';
COMMENT ON COLUMN warehouse.release_equation.role IS 'numerator eller denominator.';
COMMENT ON COLUMN warehouse.release_equation.value_key IS 'Vilket värde: kolumnerna som identifierar det.';
COMMENT ON COLUMN warehouse.release_equation.amount IS 'Summan som utgivningen visar.';
COMMENT ON COLUMN warehouse.release_equation.cells IS 'Uppgifterna som summan består av, med vad de är.';

DO $$
DECLARE
    child text;
BEGIN
    FOREACH child IN ARRAY ARRAY['release_assessment', 'release_revision', 'release_figure']
    LOOP
        EXECUTE format('CREATE TRIGGER keep_release_rows BEFORE INSERT OR UPDATE OR DELETE ON warehouse.%I '
            'FOR EACH ROW EXECUTE FUNCTION warehouse.keep_release_rows()', child);
        EXECUTE format('CREATE TRIGGER refuse_truncate BEFORE TRUNCATE ON warehouse.%I '
            'FOR EACH STATEMENT EXECUTE FUNCTION warehouse.refuse_truncate()', child);
    END LOOP;
END $$;

GRANT SELECT, INSERT, DELETE ON warehouse.release_assessment, warehouse.release_revision, warehouse.release_figure
    TO followup_publisher;
-- A release that nobody has been given yet is found to say the same in a later place among the others.
GRANT UPDATE (built_at) ON warehouse.release TO followup_publisher;
-- What was shown of small counts is part of what the disclosure control weighs, and for the loader alone.
GRANT SELECT, INSERT, DELETE ON warehouse.release_equation TO followup_loader;
