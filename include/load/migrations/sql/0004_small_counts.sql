-- What values of small counts are, within limits: for the loader alone. The publisher reads no figure of a source either:
-- a release is computed with the loader's eyes, and holds of small counts only that they are hidden.

CREATE TABLE warehouse.restricted_value (
    agreement_id TEXT NOT NULL,
    indicator_id TEXT NOT NULL,
    series TEXT NOT NULL,
    area TEXT NOT NULL,
    area_role TEXT NOT NULL,
    year SMALLINT NOT NULL,
    sex TEXT NOT NULL,
    age TEXT NOT NULL,
    party TEXT NOT NULL,
    breakdown TEXT NOT NULL,
    unit TEXT NOT NULL,
    numerator_low DOUBLE PRECISION,
    numerator_high DOUBLE PRECISION,
    denominator_low DOUBLE PRECISION,
    denominator_high DOUBLE PRECISION,
    value_low DOUBLE PRECISION,
    value_high DOUBLE PRECISION,
    is_example BOOLEAN NOT NULL,
    captures TEXT NOT NULL,
    digest TEXT NOT NULL,
    CONSTRAINT restricted_value_pkey
        PRIMARY KEY (agreement_id, indicator_id, series, area, year, sex, age, party, breakdown)
);
COMMENT ON TABLE warehouse.restricted_value IS 'Vad värden som bygger på små antal är, inom gränser. Bara inläsaren läser dem.';
COMMENT ON COLUMN warehouse.restricted_value.agreement_id IS 'Avtal.';
COMMENT ON COLUMN warehouse.restricted_value.indicator_id IS 'Indikator.';
COMMENT ON COLUMN warehouse.restricted_value.series IS 'Serie.';
COMMENT ON COLUMN warehouse.restricted_value.area IS 'Område.';
COMMENT ON COLUMN warehouse.restricted_value.area_role IS 'Områdets roll: county, proxy, benchmark eller kommun.';
COMMENT ON COLUMN warehouse.restricted_value.year IS 'År.';
COMMENT ON COLUMN warehouse.restricted_value.sex IS 'Kön: K, M eller T.';
COMMENT ON COLUMN warehouse.restricted_value.age IS 'Åldersgrupp.';
COMMENT ON COLUMN warehouse.restricted_value.party IS 'Part, - för ingen.';
COMMENT ON COLUMN warehouse.restricted_value.breakdown IS 'Indelningsvärde, total för ingen.';
COMMENT ON COLUMN warehouse.restricted_value.unit IS 'Enhet.';
COMMENT ON COLUMN warehouse.restricted_value.numerator_low IS 'Det minsta som täljaren kan vara.';
COMMENT ON COLUMN warehouse.restricted_value.numerator_high IS 'Det mesta som täljaren kan vara.';
COMMENT ON COLUMN warehouse.restricted_value.denominator_low IS 'Det minsta som nämnaren kan vara.';
COMMENT ON COLUMN warehouse.restricted_value.denominator_high IS 'Det mesta som nämnaren kan vara.';
COMMENT ON COLUMN warehouse.restricted_value.value_low IS 'Det minsta som värdet kan vara.';
COMMENT ON COLUMN warehouse.restricted_value.value_high IS 'Det mesta som värdet kan vara.';
COMMENT ON COLUMN warehouse.restricted_value.is_example IS 'Sant om värdet vilar på påhittade exempeluppgifter.';
COMMENT ON COLUMN warehouse.restricted_value.captures IS 'Fångster som värdet vilar på, åtskilda av |.';
COMMENT ON COLUMN warehouse.restricted_value.digest IS 'Kontrollsumma för avtalets alla värden för året.';

-- Many loads of a year wake its indicators once.
CREATE TABLE warehouse.wake (
    year SMALLINT NOT NULL,
    woken_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT wake_pkey PRIMARY KEY (year)
);
COMMENT ON TABLE warehouse.wake IS 'År för vilka indikatorerna är väckta men inte har börjat räknas.';
COMMENT ON COLUMN warehouse.wake.year IS 'År vars uppgifter har ändrats.';
COMMENT ON COLUMN warehouse.wake.woken_at IS 'När indikatorerna väcktes för året; raden tas bort när de börjar räknas.';
GRANT SELECT, INSERT, UPDATE, DELETE ON warehouse.wake TO followup_loader;

REVOKE SELECT ON warehouse.observation FROM followup_publisher;
GRANT SELECT (capture_key) ON warehouse.observation TO followup_publisher;  -- to count them
GRANT SELECT, INSERT, DELETE ON warehouse.restricted_value TO followup_loader;
COMMENT ON COLUMN warehouse.outcome.stage IS 'Steg: archive, check, load, withdraw, measure, build, audit, compare eller release.';
COMMENT ON COLUMN warehouse.outcome.rows_in IS 'Uppgifter i filen; för measure hur många fångster som hade ändrat året.';
