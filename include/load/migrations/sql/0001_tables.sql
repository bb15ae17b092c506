-- Tables of the schema warehouse, first edition. Written once from include/load/tables.py; later changes are later revisions.

CREATE SCHEMA IF NOT EXISTS warehouse;

CREATE TABLE warehouse.age (
    age_key SMALLINT GENERATED ALWAYS AS IDENTITY,
    code TEXT NOT NULL,
    label_sv TEXT NOT NULL,
    label_en TEXT NOT NULL,
    age_from SMALLINT NOT NULL,
    age_to SMALLINT,
    is_total BOOLEAN NOT NULL,
    CONSTRAINT age_pkey PRIMARY KEY (age_key),
    CONSTRAINT age_code_key UNIQUE (code)
);
COMMENT ON TABLE warehouse.age IS 'Åldersgrupper.';
COMMENT ON COLUMN warehouse.age.age_key IS 'Nyckel inom lagret.';
COMMENT ON COLUMN warehouse.age.code IS 'Åldersgrupp, t.ex. 18+, 0-17 eller T.';
COMMENT ON COLUMN warehouse.age.label_sv IS 'Benämning.';
COMMENT ON COLUMN warehouse.age.label_en IS 'Benämning på engelska.';
COMMENT ON COLUMN warehouse.age.age_from IS 'Yngsta ålder i hela år.';
COMMENT ON COLUMN warehouse.age.age_to IS 'Äldsta ålder i hela år, tom = ingen övre gräns.';
COMMENT ON COLUMN warehouse.age.is_total IS 'Sant för alla åldrar.';

CREATE TABLE warehouse.area (
    area_key INTEGER GENERATED ALWAYS AS IDENTITY,
    code TEXT NOT NULL,
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    parent_code TEXT,
    valid_from DATE,
    valid_to DATE,
    is_total BOOLEAN NOT NULL,
    CONSTRAINT area_pkey PRIMARY KEY (area_key),
    CONSTRAINT area_code_key UNIQUE (code)
);
COMMENT ON TABLE warehouse.area IS 'Områden.';
COMMENT ON COLUMN warehouse.area.area_key IS 'Nyckel inom lagret.';
COMMENT ON COLUMN warehouse.area.code IS 'Områdeskod som text.';
COMMENT ON COLUMN warehouse.area.kind IS 'riket, polisregion, lan eller kommun.';
COMMENT ON COLUMN warehouse.area.name IS 'Namn.';
COMMENT ON COLUMN warehouse.area.parent_code IS 'Kod för det område det ingår i.';
COMMENT ON COLUMN warehouse.area.valid_from IS 'Första giltiga dag, tom = sedan seriernas början.';
COMMENT ON COLUMN warehouse.area.valid_to IS 'Sista giltiga dag, tom = tills vidare.';
COMMENT ON COLUMN warehouse.area.is_total IS 'Sant för riket, som omfattar alla andra.';

CREATE TABLE warehouse.breakdown (
    breakdown_key INTEGER GENERATED ALWAYS AS IDENTITY,
    code TEXT NOT NULL,
    scheme TEXT NOT NULL,
    label_sv TEXT NOT NULL,
    label_en TEXT NOT NULL,
    parent_code TEXT,
    is_total BOOLEAN NOT NULL,
    CONSTRAINT breakdown_pkey PRIMARY KEY (breakdown_key),
    CONSTRAINT breakdown_code_key UNIQUE (code)
);
COMMENT ON TABLE warehouse.breakdown IS 'Värden i indelningar, t.ex. brottstyper och aktiviteter.';
COMMENT ON COLUMN warehouse.breakdown.breakdown_key IS 'Nyckel inom lagret.';
COMMENT ON COLUMN warehouse.breakdown.code IS '<indelning>:<värde>, total för ingen.';
COMMENT ON COLUMN warehouse.breakdown.scheme IS 'Indelning.';
COMMENT ON COLUMN warehouse.breakdown.label_sv IS 'Benämning.';
COMMENT ON COLUMN warehouse.breakdown.label_en IS 'Benämning på engelska.';
COMMENT ON COLUMN warehouse.breakdown.parent_code IS 'Kod för det värde det ingår i.';
COMMENT ON COLUMN warehouse.breakdown.is_total IS 'Sant för total, som inte är uppdelat.';

CREATE TABLE warehouse.capture (
    capture_key INTEGER GENERATED ALWAYS AS IDENTITY,
    capture_id TEXT NOT NULL,
    source_id TEXT NOT NULL,
    part TEXT NOT NULL,
    origin TEXT NOT NULL,
    captured_at TIMESTAMP WITH TIME ZONE NOT NULL,
    published_at TIMESTAMP WITH TIME ZONE,
    sha256 TEXT NOT NULL,
    canonical_sha256 TEXT NOT NULL,
    url TEXT,
    file_name TEXT,
    size BIGINT NOT NULL,
    periods TEXT[] NOT NULL,
    manifest JSONB NOT NULL,
    CONSTRAINT capture_pkey PRIMARY KEY (capture_key),
    CONSTRAINT capture_source_id_part_captured_at_key UNIQUE (source_id, part, captured_at),
    CONSTRAINT capture_origin_check CHECK (origin IN ('live', 'reconstructed', 'example')),
    CONSTRAINT capture_capture_id_key UNIQUE (capture_id)
);
COMMENT ON TABLE warehouse.capture IS 'Fångster: de filer och svar som lagrets uppgifter kommer från. En rad per laddad fångst.';
COMMENT ON COLUMN warehouse.capture.capture_key IS 'Nyckel inom lagret.';
COMMENT ON COLUMN warehouse.capture.capture_id IS 'Fångstens id i arkivet.';
COMMENT ON COLUMN warehouse.capture.source_id IS 'Källa.';
COMMENT ON COLUMN warehouse.capture.part IS 'Del av källan som fångsten är en version av.';
COMMENT ON COLUMN warehouse.capture.origin IS 'Ursprung: live, reconstructed eller example.';
COMMENT ON COLUMN warehouse.capture.captured_at IS 'När innehållet togs emot; därifrån är det känt.';
COMMENT ON COLUMN warehouse.capture.published_at IS 'När källan publicerade det, om det är känt.';
COMMENT ON COLUMN warehouse.capture.sha256 IS 'Kontrollsumma för filen.';
COMMENT ON COLUMN warehouse.capture.canonical_sha256 IS 'Kontrollsumma för innehållet oavsett form.';
COMMENT ON COLUMN warehouse.capture.url IS 'Adress den hämtades från.';
COMMENT ON COLUMN warehouse.capture.file_name IS 'Filens namn.';
COMMENT ON COLUMN warehouse.capture.size IS 'Filens storlek i byte.';
COMMENT ON COLUMN warehouse.capture.periods IS 'Perioder som filen avser.';
COMMENT ON COLUMN warehouse.capture.manifest IS 'Hela manifestet från arkivet.';

CREATE TABLE warehouse.indicator_trend (
    agreement_id TEXT NOT NULL,
    indicator_id TEXT NOT NULL,
    series TEXT NOT NULL,
    area TEXT NOT NULL,
    sex TEXT NOT NULL,
    age TEXT NOT NULL,
    party TEXT NOT NULL,
    year SMALLINT NOT NULL,
    test TEXT,
    result TEXT NOT NULL,
    reason_sv TEXT,
    slope DOUBLE PRECISION,
    chi2 DOUBLE PRECISION,
    digest TEXT NOT NULL,
    CONSTRAINT indicator_trend_pkey PRIMARY KEY (agreement_id, indicator_id, series, area, sex, age, party, year),
    CONSTRAINT indicator_trend_result_check CHECK (result IN ('up', 'down', 'no_change', 'cannot_be_calculated')),
    CONSTRAINT indicator_trend_reason_check CHECK (result <> 'cannot_be_calculated' OR coalesce(reason_sv, '') <> '')
);
COMMENT ON TABLE warehouse.indicator_trend IS 'Trendprövningar enligt senaste kunskap.';
COMMENT ON COLUMN warehouse.indicator_trend.agreement_id IS 'Avtal.';
COMMENT ON COLUMN warehouse.indicator_trend.indicator_id IS 'Indikator.';
COMMENT ON COLUMN warehouse.indicator_trend.series IS 'Serie inom indikatorn.';
COMMENT ON COLUMN warehouse.indicator_trend.area IS 'Områdeskod.';
COMMENT ON COLUMN warehouse.indicator_trend.sex IS 'Kön: K, M eller T.';
COMMENT ON COLUMN warehouse.indicator_trend.age IS 'Åldersgrupp.';
COMMENT ON COLUMN warehouse.indicator_trend.party IS 'Part, - för ingen.';
COMMENT ON COLUMN warehouse.indicator_trend.year IS 'Sista år i den serie som prövas.';
COMMENT ON COLUMN warehouse.indicator_trend.test IS 'Prövningens metod.';
COMMENT ON COLUMN warehouse.indicator_trend.result IS 'up, down, no_change eller cannot_be_calculated.';
COMMENT ON COLUMN warehouse.indicator_trend.reason_sv IS 'Varför trenden inte kan beräknas.';
COMMENT ON COLUMN warehouse.indicator_trend.slope IS 'Lutning per år.';
COMMENT ON COLUMN warehouse.indicator_trend.chi2 IS 'Prövningens testvärde.';
COMMENT ON COLUMN warehouse.indicator_trend.digest IS 'Kontrollsumma för avtalets alla värden för året.';

CREATE TABLE warehouse.indicator_value (
    agreement_id TEXT NOT NULL,
    indicator_id TEXT NOT NULL,
    definition_version INTEGER NOT NULL,
    series TEXT NOT NULL,
    area TEXT NOT NULL,
    area_role TEXT NOT NULL,
    year SMALLINT NOT NULL,
    sex TEXT NOT NULL,
    age TEXT NOT NULL,
    party TEXT NOT NULL,
    breakdown TEXT NOT NULL,
    unit TEXT NOT NULL,
    decimals SMALLINT NOT NULL,
    numerator DOUBLE PRECISION,
    denominator DOUBLE PRECISION,
    value DOUBLE PRECISION,
    ci_low DOUBLE PRECISION,
    ci_high DOUBLE PRECISION,
    ci_level DOUBLE PRECISION,
    ci_method TEXT,
    method TEXT,
    method_version TEXT,
    obs_status TEXT NOT NULL,
    conf_status TEXT NOT NULL,
    reason_sv TEXT,
    preliminary BOOLEAN NOT NULL,
    is_example BOOLEAN NOT NULL,
    origin TEXT,
    is_total BOOLEAN NOT NULL,
    break_before BOOLEAN NOT NULL,
    marks TEXT NOT NULL,
    notes_sv TEXT NOT NULL,
    captures TEXT NOT NULL,
    known_from TIMESTAMP WITH TIME ZONE,
    digest TEXT NOT NULL,
    CONSTRAINT indicator_value_pkey PRIMARY KEY (agreement_id, indicator_id, series, area, year, sex, age, party, breakdown),
    CONSTRAINT indicator_value_value_check CHECK ((value IS NULL) = (obs_status <> 'ok' OR conf_status <> 'free')),
    CONSTRAINT indicator_value_reason_check CHECK (value IS NOT NULL OR coalesce(reason_sv, '') <> '')
);
COMMENT ON TABLE warehouse.indicator_value IS 'Indikatorvärden enligt senaste kunskap, före sekretessprövning. Publiceras aldrig härifrån direkt.';
COMMENT ON COLUMN warehouse.indicator_value.agreement_id IS 'Avtal.';
COMMENT ON COLUMN warehouse.indicator_value.indicator_id IS 'Indikator.';
COMMENT ON COLUMN warehouse.indicator_value.definition_version IS 'Definitionens version.';
COMMENT ON COLUMN warehouse.indicator_value.series IS 'Serie inom indikatorn.';
COMMENT ON COLUMN warehouse.indicator_value.area IS 'Områdeskod.';
COMMENT ON COLUMN warehouse.indicator_value.area_role IS 'county, proxy, benchmark eller kommun.';
COMMENT ON COLUMN warehouse.indicator_value.year IS 'År.';
COMMENT ON COLUMN warehouse.indicator_value.sex IS 'Kön: K, M eller T.';
COMMENT ON COLUMN warehouse.indicator_value.age IS 'Åldersgrupp.';
COMMENT ON COLUMN warehouse.indicator_value.party IS 'Part, - för ingen.';
COMMENT ON COLUMN warehouse.indicator_value.breakdown IS 'Indelningsvärde, total för ingen.';
COMMENT ON COLUMN warehouse.indicator_value.unit IS 'Enhet.';
COMMENT ON COLUMN warehouse.indicator_value.decimals IS 'Decimaler att visa.';
COMMENT ON COLUMN warehouse.indicator_value.numerator IS 'Täljare; får summeras.';
COMMENT ON COLUMN warehouse.indicator_value.denominator IS 'Nämnare; får summeras.';
COMMENT ON COLUMN warehouse.indicator_value.value IS 'Värde; andelar och kvoter får inte summeras.';
COMMENT ON COLUMN warehouse.indicator_value.ci_low IS 'Konfidensintervallets nedre gräns.';
COMMENT ON COLUMN warehouse.indicator_value.ci_high IS 'Konfidensintervallets övre gräns.';
COMMENT ON COLUMN warehouse.indicator_value.ci_level IS 'Konfidensgrad, t.ex. 0,95.';
COMMENT ON COLUMN warehouse.indicator_value.ci_method IS 'Intervallets metod, tom = inget intervall.';
COMMENT ON COLUMN warehouse.indicator_value.method IS 'Beräkningens metod.';
COMMENT ON COLUMN warehouse.indicator_value.method_version IS 'Metodens version.';
COMMENT ON COLUMN warehouse.indicator_value.obs_status IS 'ok, missing, not_applicable, not_collected eller suppressed (skyddad hos källan).';
COMMENT ON COLUMN warehouse.indicator_value.conf_status IS 'free eller suppressed (skyddad av oss).';
COMMENT ON COLUMN warehouse.indicator_value.reason_sv IS 'Varför värdet saknas.';
COMMENT ON COLUMN warehouse.indicator_value.preliminary IS 'Sant om någon uppgift är preliminär.';
COMMENT ON COLUMN warehouse.indicator_value.is_example IS 'Sant om värdet vilar på påhittade exempeluppgifter.';
COMMENT ON COLUMN warehouse.indicator_value.origin IS 'Uppgifternas ursprung.';
COMMENT ON COLUMN warehouse.indicator_value.is_total IS 'Sant om raden är en summa av andra rader.';
COMMENT ON COLUMN warehouse.indicator_value.break_before IS 'Sant om serien bryts mellan föregående år och detta.';
COMMENT ON COLUMN warehouse.indicator_value.marks IS 'Uppgifternas märkningar, åtskilda av |.';
COMMENT ON COLUMN warehouse.indicator_value.notes_sv IS 'Att tänka på, åtskilt av |.';
COMMENT ON COLUMN warehouse.indicator_value.captures IS 'Fångster som värdet vilar på, åtskilda av |.';
COMMENT ON COLUMN warehouse.indicator_value.known_from IS 'Från när den senaste av uppgifterna är känd.';
COMMENT ON COLUMN warehouse.indicator_value.digest IS 'Kontrollsumma för avtalets alla värden för året.';

CREATE TABLE warehouse.mark (
    mark_key SMALLINT NOT NULL,
    code TEXT NOT NULL,
    label_sv TEXT NOT NULL,
    CONSTRAINT mark_pkey PRIMARY KEY (mark_key),
    CONSTRAINT mark_code_key UNIQUE (code)
);
COMMENT ON TABLE warehouse.mark IS 'Uppgifters märkning: hur de kommer ur källan.';
COMMENT ON COLUMN warehouse.mark.mark_key IS 'Nyckel.';
COMMENT ON COLUMN warehouse.mark.code IS 'Kod.';
COMMENT ON COLUMN warehouse.mark.label_sv IS 'Vad koden betyder.';

CREATE TABLE warehouse.measure (
    measure_key INTEGER GENERATED ALWAYS AS IDENTITY,
    code TEXT NOT NULL,
    source_id TEXT NOT NULL,
    label_sv TEXT NOT NULL,
    label_en TEXT NOT NULL,
    unit TEXT NOT NULL,
    additive BOOLEAN NOT NULL,
    small_counts BOOLEAN NOT NULL,
    source_label TEXT,
    CONSTRAINT measure_pkey PRIMARY KEY (measure_key),
    CONSTRAINT measure_code_key UNIQUE (code)
);
COMMENT ON TABLE warehouse.measure IS 'Mått som källor och utdrag redovisar.';
COMMENT ON COLUMN warehouse.measure.measure_key IS 'Nyckel inom lagret.';
COMMENT ON COLUMN warehouse.measure.code IS '<källa eller utdrag>.<mått>.';
COMMENT ON COLUMN warehouse.measure.source_id IS 'Källa eller utdrag.';
COMMENT ON COLUMN warehouse.measure.label_sv IS 'Benämning.';
COMMENT ON COLUMN warehouse.measure.label_en IS 'Benämning på engelska.';
COMMENT ON COLUMN warehouse.measure.unit IS 'Enhet.';
COMMENT ON COLUMN warehouse.measure.additive IS 'Falskt för andelar och annat som inte får summeras.';
COMMENT ON COLUMN warehouse.measure.small_counts IS 'Sant om raderna är personer eller ärenden, så att sekretess ska prövas.';
COMMENT ON COLUMN warehouse.measure.source_label IS 'Källans egen benämning.';

CREATE TABLE warehouse.observation (
    known_from TIMESTAMP WITH TIME ZONE NOT NULL,
    known_until TIMESTAMP WITH TIME ZONE DEFAULT 'infinity' NOT NULL,
    value DOUBLE PRECISION,
    value_low DOUBLE PRECISION,
    value_high DOUBLE PRECISION,
    measure_key INTEGER NOT NULL,
    period_key INTEGER NOT NULL,
    area_key INTEGER NOT NULL,
    breakdown_key INTEGER NOT NULL,
    label_key INTEGER NOT NULL,
    capture_key INTEGER NOT NULL,
    age_key SMALLINT NOT NULL,
    sex_key SMALLINT NOT NULL,
    party_key SMALLINT NOT NULL,
    value_status_key SMALLINT NOT NULL,
    mark_key SMALLINT NOT NULL,
    status CHAR(1) NOT NULL,
    CONSTRAINT observation_pkey PRIMARY KEY (measure_key, period_key, area_key, breakdown_key, age_key, sex_key, party_key, known_from),
    CONSTRAINT observation_known_check CHECK (known_from < known_until),
    CONSTRAINT observation_status_check CHECK (status IN ('P', 'F')),
    CONSTRAINT observation_value_check CHECK ((value IS NOT NULL) = (value_status_key IN (0, 5)))
);
CREATE INDEX observation_capture_key_idx ON warehouse.observation USING brin (capture_key) WITH (autosummarize = on, pages_per_range = 32);
COMMENT ON TABLE warehouse.observation IS 'Uppgifter: en rad per uppgift och version. Revideringar är rader, aldrig överskrivningar.';
COMMENT ON COLUMN warehouse.observation.known_from IS 'Från när uppgiften gällde som känd: fångstens tid.';
COMMENT ON COLUMN warehouse.observation.known_until IS 'Till när uppgiften gällde som känd (ej med); infinity = fortfarande.';
COMMENT ON COLUMN warehouse.observation.value IS 'Värde.';
COMMENT ON COLUMN warehouse.observation.value_low IS 'Källans nedre gräns för ett skattat värde.';
COMMENT ON COLUMN warehouse.observation.value_high IS 'Källans övre gräns för ett skattat värde.';
COMMENT ON COLUMN warehouse.observation.measure_key IS 'Nyckel till dimensionen.';
COMMENT ON COLUMN warehouse.observation.period_key IS 'Nyckel till dimensionen.';
COMMENT ON COLUMN warehouse.observation.area_key IS 'Nyckel till dimensionen.';
COMMENT ON COLUMN warehouse.observation.breakdown_key IS 'Nyckel till dimensionen.';
COMMENT ON COLUMN warehouse.observation.label_key IS 'Källans egen benämning.';
COMMENT ON COLUMN warehouse.observation.capture_key IS 'Fångst som uppgiften kommer från.';
COMMENT ON COLUMN warehouse.observation.age_key IS 'Nyckel till dimensionen.';
COMMENT ON COLUMN warehouse.observation.sex_key IS 'Nyckel till dimensionen.';
COMMENT ON COLUMN warehouse.observation.party_key IS 'Nyckel till dimensionen.';
COMMENT ON COLUMN warehouse.observation.value_status_key IS 'Uppgiftens status.';
COMMENT ON COLUMN warehouse.observation.mark_key IS 'Uppgiftens märkning.';
COMMENT ON COLUMN warehouse.observation.status IS 'P = preliminär, F = slutlig, som källan säger.';

CREATE TABLE warehouse.outcome (
    outcome_id BIGINT GENERATED ALWAYS AS IDENTITY,
    run_id TEXT NOT NULL,
    source_id TEXT NOT NULL,
    part TEXT NOT NULL,
    capture_id TEXT NOT NULL,
    quarter TEXT NOT NULL,
    stage TEXT NOT NULL,
    state TEXT NOT NULL,
    reason TEXT NOT NULL,
    rows_in INTEGER,
    loaded INTEGER,
    quarantined INTEGER,
    rejected INTEGER,
    "new" INTEGER,
    revised INTEGER,
    withdrawn INTEGER,
    years SMALLINT[] NOT NULL,
    started_at TIMESTAMP WITH TIME ZONE NOT NULL,
    finished_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT outcome_pkey PRIMARY KEY (outcome_id),
    CONSTRAINT outcome_run_id_stage_source_id_part_capture_id_key UNIQUE (run_id, stage, source_id, part, capture_id),
    CONSTRAINT outcome_state_check CHECK (state IN ('ok', 'unchanged', 'skipped', 'failed'))
);
COMMENT ON TABLE warehouse.outcome IS 'Liggaren: utfallet av varje steg i varje körning.';
COMMENT ON COLUMN warehouse.outcome.outcome_id IS 'Radens nyckel.';
COMMENT ON COLUMN warehouse.outcome.run_id IS 'Körningens id.';
COMMENT ON COLUMN warehouse.outcome.source_id IS 'Källa, eller avtal för mätning och publicering.';
COMMENT ON COLUMN warehouse.outcome.part IS 'Del av källan, - om steget gäller hela.';
COMMENT ON COLUMN warehouse.outcome.capture_id IS 'Fångst, - om steget inte gäller någon.';
COMMENT ON COLUMN warehouse.outcome.quarter IS 'Kalenderkvartal som körningen gäller, - om inget.';
COMMENT ON COLUMN warehouse.outcome.stage IS 'Steg: archive, check, load, measure, build, audit, compare eller release.';
COMMENT ON COLUMN warehouse.outcome.state IS 'Utfall: ok, unchanged, skipped eller failed.';
COMMENT ON COLUMN warehouse.outcome.reason IS 'Varför, i klartext; tom om inget behöver sägas.';
COMMENT ON COLUMN warehouse.outcome.rows_in IS 'Uppgifter i filen.';
COMMENT ON COLUMN warehouse.outcome.loaded IS 'Uppgifter laddade.';
COMMENT ON COLUMN warehouse.outcome.quarantined IS 'Uppgifter i karantän.';
COMMENT ON COLUMN warehouse.outcome.rejected IS 'Uppgifter avvisade.';
COMMENT ON COLUMN warehouse.outcome."new" IS 'Nya uppgifter.';
COMMENT ON COLUMN warehouse.outcome.revised IS 'Reviderade uppgifter.';
COMMENT ON COLUMN warehouse.outcome.withdrawn IS 'Uppgifter som källan tagit bort.';
COMMENT ON COLUMN warehouse.outcome.years IS 'År som ändrades eller beräknades.';
COMMENT ON COLUMN warehouse.outcome.started_at IS 'När steget började.';
COMMENT ON COLUMN warehouse.outcome.finished_at IS 'När steget slutade.';

CREATE TABLE warehouse.party (
    party_key SMALLINT GENERATED ALWAYS AS IDENTITY,
    code TEXT NOT NULL,
    name TEXT NOT NULL,
    role TEXT NOT NULL,
    area_code TEXT,
    is_total BOOLEAN NOT NULL,
    CONSTRAINT party_pkey PRIMARY KEY (party_key),
    CONSTRAINT party_code_key UNIQUE (code)
);
COMMENT ON TABLE warehouse.party IS 'Avtalens parter och andra som lämnar uppgifter.';
COMMENT ON COLUMN warehouse.party.party_key IS 'Nyckel inom lagret.';
COMMENT ON COLUMN warehouse.party.code IS 'Partens kod, - för ingen.';
COMMENT ON COLUMN warehouse.party.name IS 'Namn.';
COMMENT ON COLUMN warehouse.party.role IS 'Roll i avtalet.';
COMMENT ON COLUMN warehouse.party.area_code IS 'Områdeskod för en kommun.';
COMMENT ON COLUMN warehouse.party.is_total IS 'Sant för -, som inte är uppdelat på part.';

CREATE TABLE warehouse.period (
    period_key INTEGER GENERATED ALWAYS AS IDENTITY,
    code TEXT NOT NULL,
    unit TEXT NOT NULL,
    year SMALLINT NOT NULL,
    first_day DATE NOT NULL,
    last_day DATE NOT NULL,
    CONSTRAINT period_pkey PRIMARY KEY (period_key),
    CONSTRAINT period_code_key UNIQUE (code)
);
COMMENT ON TABLE warehouse.period IS 'Referensperioder: vad en uppgift avser.';
COMMENT ON COLUMN warehouse.period.period_key IS 'Nyckel inom lagret.';
COMMENT ON COLUMN warehouse.period.code IS 'Period, t.ex. 2019 eller 2019-Q3.';
COMMENT ON COLUMN warehouse.period.unit IS 'month, quarter, half_year, year eller span.';
COMMENT ON COLUMN warehouse.period.year IS 'Kalenderår (det år perioden slutar).';
COMMENT ON COLUMN warehouse.period.first_day IS 'Första dag.';
COMMENT ON COLUMN warehouse.period.last_day IS 'Sista dag.';

CREATE TABLE warehouse.release (
    release_id TEXT NOT NULL,
    agreement_id TEXT NOT NULL,
    year SMALLINT NOT NULL,
    edition TEXT NOT NULL,
    number INTEGER NOT NULL,
    as_of TIMESTAMP WITH TIME ZONE NOT NULL,
    digest TEXT NOT NULL,
    is_example BOOLEAN NOT NULL,
    origins TEXT NOT NULL,
    registry_digest TEXT,
    directory TEXT,
    files JSONB,
    built_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    audit_passed BOOLEAN,
    audit JSONB,
    audited_at TIMESTAMP WITH TIME ZONE,
    previous_release_id TEXT,
    diff_sv TEXT,
    compared_at TIMESTAMP WITH TIME ZONE,
    approval TEXT,
    approved_by TEXT,
    approval_reason TEXT,
    approved_at TIMESTAMP WITH TIME ZONE,
    released_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT release_pkey PRIMARY KEY (release_id),
    CONSTRAINT release_agreement_id_year_edition_number_key UNIQUE (agreement_id, year, edition, number),
    CONSTRAINT release_edition_check CHECK (edition IN ('preliminary', 'final', 'correction', 'closing')),
    CONSTRAINT release_approval_check CHECK (approval IN ('approved', 'waived', 'rejected'))
);
COMMENT ON TABLE warehouse.release IS 'Utgivningar av uppföljningen. En utgivning som har gjorts gällande ändras aldrig.';
COMMENT ON COLUMN warehouse.release.release_id IS '<avtal>-<år>-<utgåva>-<nummer>.';
COMMENT ON COLUMN warehouse.release.agreement_id IS 'Avtal.';
COMMENT ON COLUMN warehouse.release.year IS 'Uppföljningens år.';
COMMENT ON COLUMN warehouse.release.edition IS 'preliminary, final, correction eller closing.';
COMMENT ON COLUMN warehouse.release.number IS 'Nummer inom år och utgåva, från 1.';
COMMENT ON COLUMN warehouse.release.as_of IS 'Kunskapens slutpunkt.';
COMMENT ON COLUMN warehouse.release.digest IS 'Kontrollsumma för innehållet.';
COMMENT ON COLUMN warehouse.release.is_example IS 'Sant om något värde vilar på påhittade exempeluppgifter.';
COMMENT ON COLUMN warehouse.release.origins IS 'Fångsternas ursprung, åtskilda av |.';
COMMENT ON COLUMN warehouse.release.registry_digest IS 'Kontrollsumma för registret.';
COMMENT ON COLUMN warehouse.release.directory IS 'Mapp med utgivningens filer.';
COMMENT ON COLUMN warehouse.release.files IS 'Filer med kontrollsummor.';
COMMENT ON COLUMN warehouse.release.built_at IS 'När utgivningen byggdes.';
COMMENT ON COLUMN warehouse.release.audit_passed IS 'Sant om granskningen godkändes, tom = inte granskad.';
COMMENT ON COLUMN warehouse.release.audit IS 'Granskningens resultat.';
COMMENT ON COLUMN warehouse.release.audited_at IS 'När granskningen gjordes.';
COMMENT ON COLUMN warehouse.release.previous_release_id IS 'Utgivning som jämförelsen gjordes mot, tom = den första.';
COMMENT ON COLUMN warehouse.release.diff_sv IS 'Jämförelsens sammanfattning, tom = inte jämförd.';
COMMENT ON COLUMN warehouse.release.compared_at IS 'När jämförelsen gjordes.';
COMMENT ON COLUMN warehouse.release.approval IS 'approved, waived eller rejected, tom = inte prövad.';
COMMENT ON COLUMN warehouse.release.approved_by IS 'Den som prövade.';
COMMENT ON COLUMN warehouse.release.approval_reason IS 'Skäl.';
COMMENT ON COLUMN warehouse.release.approved_at IS 'När det prövades.';
COMMENT ON COLUMN warehouse.release.released_at IS 'När utgivningen först gjordes gällande, tom = aldrig.';

CREATE TABLE warehouse.release_pointer_move (
    move_id BIGINT GENERATED ALWAYS AS IDENTITY,
    agreement_id TEXT NOT NULL,
    release_id TEXT NOT NULL,
    previous_release_id TEXT,
    moved_at TIMESTAMP WITH TIME ZONE NOT NULL,
    moved_by TEXT NOT NULL,
    CONSTRAINT release_pointer_move_pkey PRIMARY KEY (move_id)
);
COMMENT ON TABLE warehouse.release_pointer_move IS 'Varje flytt av pekaren, även tillbaka till en äldre utgivning.';
COMMENT ON COLUMN warehouse.release_pointer_move.move_id IS 'Radens nyckel.';
COMMENT ON COLUMN warehouse.release_pointer_move.agreement_id IS 'Avtal.';
COMMENT ON COLUMN warehouse.release_pointer_move.release_id IS 'Utgivning som gjordes gällande.';
COMMENT ON COLUMN warehouse.release_pointer_move.previous_release_id IS 'Den som gällde förut, tom = ingen.';
COMMENT ON COLUMN warehouse.release_pointer_move.moved_at IS 'När.';
COMMENT ON COLUMN warehouse.release_pointer_move.moved_by IS 'Databasroll.';

CREATE TABLE warehouse.sex (
    sex_key SMALLINT GENERATED ALWAYS AS IDENTITY,
    code TEXT NOT NULL,
    label_sv TEXT NOT NULL,
    label_en TEXT NOT NULL,
    is_total BOOLEAN NOT NULL,
    CONSTRAINT sex_pkey PRIMARY KEY (sex_key),
    CONSTRAINT sex_code_key UNIQUE (code)
);
COMMENT ON TABLE warehouse.sex IS 'Kön.';
COMMENT ON COLUMN warehouse.sex.sex_key IS 'Nyckel inom lagret.';
COMMENT ON COLUMN warehouse.sex.code IS 'K, M eller T.';
COMMENT ON COLUMN warehouse.sex.label_sv IS 'Benämning.';
COMMENT ON COLUMN warehouse.sex.label_en IS 'Benämning på engelska.';
COMMENT ON COLUMN warehouse.sex.is_total IS 'Sant för båda könen tillsammans.';

CREATE TABLE warehouse.source_label (
    label_key INTEGER GENERATED ALWAYS AS IDENTITY,
    text TEXT NOT NULL,
    CONSTRAINT source_label_pkey PRIMARY KEY (label_key),
    CONSTRAINT source_label_text_key UNIQUE (text)
);
COMMENT ON TABLE warehouse.source_label IS 'Källornas egna benämningar av de rader som uppgifterna står på.';
COMMENT ON COLUMN warehouse.source_label.label_key IS 'Nyckel inom lagret.';
COMMENT ON COLUMN warehouse.source_label.text IS 'Källans egen text.';

CREATE TABLE warehouse.value_status (
    value_status_key SMALLINT NOT NULL,
    code TEXT NOT NULL,
    label_sv TEXT NOT NULL,
    has_value BOOLEAN NOT NULL,
    CONSTRAINT value_status_pkey PRIMARY KEY (value_status_key),
    CONSTRAINT value_status_code_key UNIQUE (code)
);
COMMENT ON TABLE warehouse.value_status IS 'Uppgifters status: om det finns ett värde, och varför inte.';
COMMENT ON COLUMN warehouse.value_status.value_status_key IS 'Nyckel.';
COMMENT ON COLUMN warehouse.value_status.code IS 'Kod.';
COMMENT ON COLUMN warehouse.value_status.label_sv IS 'Vad koden betyder.';
COMMENT ON COLUMN warehouse.value_status.has_value IS 'Sant om en uppgift med koden har ett värde.';

CREATE TABLE warehouse.current_release (
    agreement_id TEXT NOT NULL,
    release_id TEXT NOT NULL,
    made_current_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT current_release_pkey PRIMARY KEY (agreement_id),
    CONSTRAINT current_release_release_id_fkey FOREIGN KEY(release_id) REFERENCES warehouse.release (release_id)
);
COMMENT ON TABLE warehouse.current_release IS 'Pekaren: vilken utgivning som gäller för varje avtal. Ändras bara av make_current().';
COMMENT ON COLUMN warehouse.current_release.agreement_id IS 'Avtal.';
COMMENT ON COLUMN warehouse.current_release.release_id IS 'Gällande utgivning.';
COMMENT ON COLUMN warehouse.current_release.made_current_at IS 'Sedan när den gäller.';

CREATE TABLE warehouse.loaded (
    capture_key INTEGER NOT NULL,
    run_id TEXT NOT NULL,
    result JSONB NOT NULL,
    loaded_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT loaded_pkey PRIMARY KEY (capture_key),
    CONSTRAINT loaded_capture_key_fkey FOREIGN KEY(capture_key) REFERENCES warehouse.capture (capture_key)
);
COMMENT ON TABLE warehouse.loaded IS 'Hur varje fångst laddades. Beror på ordningen; lagrets innehåll gör det inte.';
COMMENT ON COLUMN warehouse.loaded.capture_key IS 'Fångst.';
COMMENT ON COLUMN warehouse.loaded.run_id IS 'Körning som laddade fångsten.';
COMMENT ON COLUMN warehouse.loaded.result IS 'Antal rader in, nya, reviderade m.m. samt ändrade år.';
COMMENT ON COLUMN warehouse.loaded.loaded_at IS 'När laddningen skedde.';

CREATE TABLE warehouse.quarantine (
    capture_key INTEGER NOT NULL,
    source_id TEXT NOT NULL,
    part TEXT NOT NULL,
    place TEXT NOT NULL,
    reason_code TEXT NOT NULL,
    reason_sv TEXT NOT NULL,
    raw JSONB,
    severity TEXT NOT NULL,
    CONSTRAINT quarantine_severity_check CHECK (severity IN ('quarantined', 'rejected')),
    CONSTRAINT quarantine_capture_key_fkey FOREIGN KEY(capture_key) REFERENCES warehouse.capture (capture_key)
);
CREATE INDEX quarantine_capture_key_idx ON warehouse.quarantine (capture_key);
COMMENT ON TABLE warehouse.quarantine IS 'Rader som lades åt sidan vid kontrollen, med skäl.';
COMMENT ON COLUMN warehouse.quarantine.capture_key IS 'Fångst.';
COMMENT ON COLUMN warehouse.quarantine.source_id IS 'Källa.';
COMMENT ON COLUMN warehouse.quarantine.part IS 'Del av källan.';
COMMENT ON COLUMN warehouse.quarantine.place IS 'Plats i filen.';
COMMENT ON COLUMN warehouse.quarantine.reason_code IS 'Skäl, kod.';
COMMENT ON COLUMN warehouse.quarantine.reason_sv IS 'Skäl i klartext.';
COMMENT ON COLUMN warehouse.quarantine.raw IS 'Vad som stod där; aldrig personuppgifter.';
COMMENT ON COLUMN warehouse.quarantine.severity IS 'quarantined (kan rättas) eller rejected (avvisad).';

CREATE TABLE warehouse.release_bridge (
    release_id TEXT NOT NULL,
    goal_area TEXT NOT NULL,
    indicator_id TEXT NOT NULL,
    valid_from DATE,
    valid_to DATE,
    CONSTRAINT release_bridge_pkey PRIMARY KEY (release_id, goal_area, indicator_id),
    CONSTRAINT release_bridge_release_id_fkey FOREIGN KEY(release_id) REFERENCES warehouse.release (release_id) ON DELETE CASCADE
);
COMMENT ON TABLE warehouse.release_bridge IS 'Vilka indikatorer som följer upp vilket målområde, och när.';
COMMENT ON COLUMN warehouse.release_bridge.release_id IS 'Utgivning.';
COMMENT ON COLUMN warehouse.release_bridge.goal_area IS 'Målområdets kod.';
COMMENT ON COLUMN warehouse.release_bridge.indicator_id IS 'Indikator.';
COMMENT ON COLUMN warehouse.release_bridge.valid_from IS 'Första giltiga dag.';
COMMENT ON COLUMN warehouse.release_bridge.valid_to IS 'Sista giltiga dag.';

CREATE TABLE warehouse.release_capture (
    release_id TEXT NOT NULL,
    capture_id TEXT NOT NULL,
    CONSTRAINT release_capture_pkey PRIMARY KEY (release_id, capture_id),
    CONSTRAINT release_capture_release_id_fkey FOREIGN KEY(release_id) REFERENCES warehouse.release (release_id) ON DELETE CASCADE,
    CONSTRAINT release_capture_capture_id_fkey FOREIGN KEY(capture_id) REFERENCES warehouse.capture (capture_id)
);
COMMENT ON TABLE warehouse.release_capture IS 'Fångster som utgivningen vilar på.';
COMMENT ON COLUMN warehouse.release_capture.release_id IS 'Utgivning.';
COMMENT ON COLUMN warehouse.release_capture.capture_id IS 'Fångst.';

CREATE TABLE warehouse.release_change (
    release_id TEXT NOT NULL,
    position INTEGER NOT NULL,
    kind TEXT NOT NULL,
    indicator_id TEXT NOT NULL,
    series TEXT NOT NULL,
    area TEXT NOT NULL,
    sex TEXT NOT NULL,
    age TEXT NOT NULL,
    party TEXT NOT NULL,
    breakdown TEXT NOT NULL,
    year SMALLINT,
    field TEXT NOT NULL,
    before TEXT NOT NULL,
    after TEXT NOT NULL,
    size DOUBLE PRECISION,
    CONSTRAINT release_change_pkey PRIMARY KEY (release_id, position),
    CONSTRAINT release_change_release_id_fkey FOREIGN KEY(release_id) REFERENCES warehouse.release (release_id) ON DELETE CASCADE
);
COMMENT ON TABLE warehouse.release_change IS 'Ändringar mot närmast föregående utgivning.';
COMMENT ON COLUMN warehouse.release_change.release_id IS 'Utgivning.';
COMMENT ON COLUMN warehouse.release_change.position IS 'Ordning.';
COMMENT ON COLUMN warehouse.release_change.kind IS 'Slag av ändring.';
COMMENT ON COLUMN warehouse.release_change.indicator_id IS 'Indikator.';
COMMENT ON COLUMN warehouse.release_change.series IS 'Serie.';
COMMENT ON COLUMN warehouse.release_change.area IS 'Områdeskod.';
COMMENT ON COLUMN warehouse.release_change.sex IS 'Kön.';
COMMENT ON COLUMN warehouse.release_change.age IS 'Åldersgrupp.';
COMMENT ON COLUMN warehouse.release_change.party IS 'Part.';
COMMENT ON COLUMN warehouse.release_change.breakdown IS 'Indelningsvärde.';
COMMENT ON COLUMN warehouse.release_change.year IS 'År, tomt för ändrad definition.';
COMMENT ON COLUMN warehouse.release_change.field IS 'Vad som ändrats.';
COMMENT ON COLUMN warehouse.release_change.before IS 'Före.';
COMMENT ON COLUMN warehouse.release_change.after IS 'Efter.';
COMMENT ON COLUMN warehouse.release_change.size IS 'Ändringens storlek i värdets enhet, tom = kan inte anges.';

CREATE TABLE warehouse.release_coverage (
    release_id TEXT NOT NULL,
    kind TEXT NOT NULL,
    code TEXT NOT NULL,
    party TEXT NOT NULL,
    period TEXT NOT NULL,
    status TEXT NOT NULL,
    n_values INTEGER NOT NULL,
    n_missing INTEGER NOT NULL,
    reason_sv TEXT,
    CONSTRAINT release_coverage_pkey PRIMARY KEY (release_id, kind, code, party, period),
    CONSTRAINT release_coverage_status_check CHECK (status IN ('ok', 'missing', 'not_due')),
    CONSTRAINT release_coverage_release_id_fkey FOREIGN KEY(release_id) REFERENCES warehouse.release (release_id) ON DELETE CASCADE
);
COMMENT ON TABLE warehouse.release_coverage IS 'Täckning: vad som finns, vad som saknas och varför.';
COMMENT ON COLUMN warehouse.release_coverage.release_id IS 'Utgivning.';
COMMENT ON COLUMN warehouse.release_coverage.kind IS 'indicator eller delivery.';
COMMENT ON COLUMN warehouse.release_coverage.code IS 'Indikator eller utdrag.';
COMMENT ON COLUMN warehouse.release_coverage.party IS 'Part, - för ingen.';
COMMENT ON COLUMN warehouse.release_coverage.period IS 'Period.';
COMMENT ON COLUMN warehouse.release_coverage.status IS 'ok, missing eller not_due.';
COMMENT ON COLUMN warehouse.release_coverage.n_values IS 'Antal värden.';
COMMENT ON COLUMN warehouse.release_coverage.n_missing IS 'Antal som saknas.';
COMMENT ON COLUMN warehouse.release_coverage.reason_sv IS 'Varför det saknas.';

CREATE TABLE warehouse.release_goal_area (
    release_id TEXT NOT NULL,
    code TEXT NOT NULL,
    name_sv TEXT NOT NULL,
    name_en TEXT NOT NULL,
    text_sv TEXT NOT NULL,
    valid_from DATE,
    valid_to DATE,
    position SMALLINT NOT NULL,
    CONSTRAINT release_goal_area_pkey PRIMARY KEY (release_id, code),
    CONSTRAINT release_goal_area_release_id_fkey FOREIGN KEY(release_id) REFERENCES warehouse.release (release_id) ON DELETE CASCADE
);
COMMENT ON TABLE warehouse.release_goal_area IS 'Avtalets målområden som de var i utgivningen.';
COMMENT ON COLUMN warehouse.release_goal_area.release_id IS 'Utgivning.';
COMMENT ON COLUMN warehouse.release_goal_area.code IS 'Målområdets kod.';
COMMENT ON COLUMN warehouse.release_goal_area.name_sv IS 'Namn.';
COMMENT ON COLUMN warehouse.release_goal_area.name_en IS 'Namn på engelska.';
COMMENT ON COLUMN warehouse.release_goal_area.text_sv IS 'Vad avtalet säger, i korthet.';
COMMENT ON COLUMN warehouse.release_goal_area.valid_from IS 'Första giltiga dag, tom = sedan avtalets början.';
COMMENT ON COLUMN warehouse.release_goal_area.valid_to IS 'Sista giltiga dag, tom = till avtalets slut.';
COMMENT ON COLUMN warehouse.release_goal_area.position IS 'Ordning i avtalet.';

CREATE TABLE warehouse.release_indicator (
    release_id TEXT NOT NULL,
    indicator_id TEXT NOT NULL,
    definition_version INTEGER NOT NULL,
    status TEXT NOT NULL,
    theme TEXT NOT NULL,
    name_sv TEXT NOT NULL,
    name_en TEXT NOT NULL,
    definition_sv TEXT NOT NULL,
    definition_en TEXT NOT NULL,
    why_sv TEXT,
    unit TEXT NOT NULL,
    decimals SMALLINT NOT NULL,
    direction TEXT NOT NULL,
    value_kind TEXT NOT NULL,
    per INTEGER NOT NULL,
    interval_kind TEXT NOT NULL,
    suppression TEXT NOT NULL,
    target_value DOUBLE PRECISION,
    target_origin TEXT,
    target_sv TEXT,
    caveats_sv TEXT NOT NULL,
    read_with TEXT NOT NULL,
    sources_sv TEXT NOT NULL,
    definition JSONB NOT NULL,
    CONSTRAINT release_indicator_pkey PRIMARY KEY (release_id, indicator_id),
    CONSTRAINT release_indicator_release_id_fkey FOREIGN KEY(release_id) REFERENCES warehouse.release (release_id) ON DELETE CASCADE
);
COMMENT ON TABLE warehouse.release_indicator IS 'Indikatorer som de var definierade i utgivningen.';
COMMENT ON COLUMN warehouse.release_indicator.release_id IS 'Utgivning.';
COMMENT ON COLUMN warehouse.release_indicator.indicator_id IS 'Indikator.';
COMMENT ON COLUMN warehouse.release_indicator.definition_version IS 'Definitionens version.';
COMMENT ON COLUMN warehouse.release_indicator.status IS 'active, development eller retired.';
COMMENT ON COLUMN warehouse.release_indicator.theme IS 'Tema i indikatorkatalogen.';
COMMENT ON COLUMN warehouse.release_indicator.name_sv IS 'Namn.';
COMMENT ON COLUMN warehouse.release_indicator.name_en IS 'Namn på engelska.';
COMMENT ON COLUMN warehouse.release_indicator.definition_sv IS 'Definition.';
COMMENT ON COLUMN warehouse.release_indicator.definition_en IS 'Definition på engelska.';
COMMENT ON COLUMN warehouse.release_indicator.why_sv IS 'Vad indikatorn säger om målet.';
COMMENT ON COLUMN warehouse.release_indicator.unit IS 'Enhet.';
COMMENT ON COLUMN warehouse.release_indicator.decimals IS 'Decimaler att visa.';
COMMENT ON COLUMN warehouse.release_indicator.direction IS 'Önskad riktning: +, - eller 0 (ingen).';
COMMENT ON COLUMN warehouse.release_indicator.value_kind IS 'count, share, rate eller criteria.';
COMMENT ON COLUMN warehouse.release_indicator.per IS 'Multiplikator, t.ex. 100 för procent.';
COMMENT ON COLUMN warehouse.release_indicator.interval_kind IS 'none, wilson eller poisson.';
COMMENT ON COLUMN warehouse.release_indicator.suppression IS 'none, public_source eller small_counts.';
COMMENT ON COLUMN warehouse.release_indicator.target_value IS 'Målvärde, tomt = inget.';
COMMENT ON COLUMN warehouse.release_indicator.target_origin IS 'Vem som satt målvärdet.';
COMMENT ON COLUMN warehouse.release_indicator.target_sv IS 'Målvärdet i text.';
COMMENT ON COLUMN warehouse.release_indicator.caveats_sv IS 'Att tänka på, åtskilt av |.';
COMMENT ON COLUMN warehouse.release_indicator.read_with IS 'Indikatorer att läsa tillsammans med, åtskilda av |.';
COMMENT ON COLUMN warehouse.release_indicator.sources_sv IS 'Källor, åtskilda av |.';
COMMENT ON COLUMN warehouse.release_indicator.definition IS 'Indikatorn som den stod i registret.';

CREATE TABLE warehouse.release_trend (
    release_id TEXT NOT NULL,
    indicator_id TEXT NOT NULL,
    series TEXT NOT NULL,
    area TEXT NOT NULL,
    sex TEXT NOT NULL,
    age TEXT NOT NULL,
    party TEXT NOT NULL,
    year SMALLINT NOT NULL,
    test TEXT,
    result TEXT NOT NULL,
    reason_sv TEXT,
    slope DOUBLE PRECISION,
    chi2 DOUBLE PRECISION,
    CONSTRAINT release_trend_pkey PRIMARY KEY (release_id, indicator_id, series, area, sex, age, party, year),
    CONSTRAINT release_trend_result_check CHECK (result IN ('up', 'down', 'no_change', 'cannot_be_calculated')),
    CONSTRAINT release_trend_reason_check CHECK (result <> 'cannot_be_calculated' OR coalesce(reason_sv, '') <> ''),
    CONSTRAINT release_trend_release_id_fkey FOREIGN KEY(release_id) REFERENCES warehouse.release (release_id) ON DELETE CASCADE
);
COMMENT ON TABLE warehouse.release_trend IS 'Utgivna trendprövningar.';
COMMENT ON COLUMN warehouse.release_trend.release_id IS 'Utgivning.';
COMMENT ON COLUMN warehouse.release_trend.indicator_id IS 'Indikator.';
COMMENT ON COLUMN warehouse.release_trend.series IS 'Serie inom indikatorn.';
COMMENT ON COLUMN warehouse.release_trend.area IS 'Områdeskod.';
COMMENT ON COLUMN warehouse.release_trend.sex IS 'Kön: K, M eller T.';
COMMENT ON COLUMN warehouse.release_trend.age IS 'Åldersgrupp.';
COMMENT ON COLUMN warehouse.release_trend.party IS 'Part, - för ingen.';
COMMENT ON COLUMN warehouse.release_trend.year IS 'Sista år i den serie som prövas.';
COMMENT ON COLUMN warehouse.release_trend.test IS 'Prövningens metod.';
COMMENT ON COLUMN warehouse.release_trend.result IS 'up, down, no_change eller cannot_be_calculated.';
COMMENT ON COLUMN warehouse.release_trend.reason_sv IS 'Varför trenden inte kan beräknas.';
COMMENT ON COLUMN warehouse.release_trend.slope IS 'Lutning per år.';
COMMENT ON COLUMN warehouse.release_trend.chi2 IS 'Prövningens testvärde.';

CREATE TABLE warehouse.release_value (
    release_id TEXT NOT NULL,
    indicator_id TEXT NOT NULL,
    definition_version INTEGER NOT NULL,
    series TEXT NOT NULL,
    area TEXT NOT NULL,
    area_role TEXT NOT NULL,
    year SMALLINT NOT NULL,
    sex TEXT NOT NULL,
    age TEXT NOT NULL,
    party TEXT NOT NULL,
    breakdown TEXT NOT NULL,
    unit TEXT NOT NULL,
    decimals SMALLINT NOT NULL,
    numerator DOUBLE PRECISION,
    denominator DOUBLE PRECISION,
    value DOUBLE PRECISION,
    ci_low DOUBLE PRECISION,
    ci_high DOUBLE PRECISION,
    ci_level DOUBLE PRECISION,
    ci_method TEXT,
    method TEXT,
    method_version TEXT,
    obs_status TEXT NOT NULL,
    conf_status TEXT NOT NULL,
    reason_sv TEXT,
    preliminary BOOLEAN NOT NULL,
    is_example BOOLEAN NOT NULL,
    origin TEXT,
    is_total BOOLEAN NOT NULL,
    break_before BOOLEAN NOT NULL,
    marks TEXT NOT NULL,
    notes_sv TEXT NOT NULL,
    captures TEXT NOT NULL,
    known_from TIMESTAMP WITH TIME ZONE,
    CONSTRAINT release_value_pkey PRIMARY KEY (release_id, indicator_id, series, area, year, sex, age, party, breakdown),
    CONSTRAINT release_value_obs_status_check CHECK (obs_status IN ('ok', 'missing', 'not_applicable', 'not_collected', 'suppressed')),
    CONSTRAINT release_value_conf_status_check CHECK (conf_status IN ('free', 'suppressed')),
    CONSTRAINT release_value_value_check CHECK ((value IS NULL) = (obs_status <> 'ok' OR conf_status <> 'free')),
    CONSTRAINT release_value_reason_check CHECK (value IS NOT NULL OR coalesce(reason_sv, '') <> ''),
    CONSTRAINT release_value_suppressed_check CHECK (conf_status = 'free' OR (numerator IS NULL AND ci_low IS NULL AND ci_high IS NULL)),
    CONSTRAINT release_value_release_id_fkey FOREIGN KEY(release_id) REFERENCES warehouse.release (release_id) ON DELETE CASCADE
);
COMMENT ON TABLE warehouse.release_value IS 'Utgivna indikatorvärden.';
COMMENT ON COLUMN warehouse.release_value.release_id IS 'Utgivning.';
COMMENT ON COLUMN warehouse.release_value.indicator_id IS 'Indikator.';
COMMENT ON COLUMN warehouse.release_value.definition_version IS 'Definitionens version.';
COMMENT ON COLUMN warehouse.release_value.series IS 'Serie inom indikatorn.';
COMMENT ON COLUMN warehouse.release_value.area IS 'Områdeskod.';
COMMENT ON COLUMN warehouse.release_value.area_role IS 'county, proxy, benchmark eller kommun.';
COMMENT ON COLUMN warehouse.release_value.year IS 'År.';
COMMENT ON COLUMN warehouse.release_value.sex IS 'Kön: K, M eller T.';
COMMENT ON COLUMN warehouse.release_value.age IS 'Åldersgrupp.';
COMMENT ON COLUMN warehouse.release_value.party IS 'Part, - för ingen.';
COMMENT ON COLUMN warehouse.release_value.breakdown IS 'Indelningsvärde, total för ingen.';
COMMENT ON COLUMN warehouse.release_value.unit IS 'Enhet.';
COMMENT ON COLUMN warehouse.release_value.decimals IS 'Decimaler att visa.';
COMMENT ON COLUMN warehouse.release_value.numerator IS 'Täljare; får summeras.';
COMMENT ON COLUMN warehouse.release_value.denominator IS 'Nämnare; får summeras.';
COMMENT ON COLUMN warehouse.release_value.value IS 'Värde; andelar och kvoter får inte summeras.';
COMMENT ON COLUMN warehouse.release_value.ci_low IS 'Konfidensintervallets nedre gräns.';
COMMENT ON COLUMN warehouse.release_value.ci_high IS 'Konfidensintervallets övre gräns.';
COMMENT ON COLUMN warehouse.release_value.ci_level IS 'Konfidensgrad, t.ex. 0,95.';
COMMENT ON COLUMN warehouse.release_value.ci_method IS 'Intervallets metod, tom = inget intervall.';
COMMENT ON COLUMN warehouse.release_value.method IS 'Beräkningens metod.';
COMMENT ON COLUMN warehouse.release_value.method_version IS 'Metodens version.';
COMMENT ON COLUMN warehouse.release_value.obs_status IS 'ok, missing, not_applicable, not_collected eller suppressed (skyddad hos källan).';
COMMENT ON COLUMN warehouse.release_value.conf_status IS 'free eller suppressed (skyddad av oss).';
COMMENT ON COLUMN warehouse.release_value.reason_sv IS 'Varför värdet saknas.';
COMMENT ON COLUMN warehouse.release_value.preliminary IS 'Sant om någon uppgift är preliminär.';
COMMENT ON COLUMN warehouse.release_value.is_example IS 'Sant om värdet vilar på påhittade exempeluppgifter.';
COMMENT ON COLUMN warehouse.release_value.origin IS 'Uppgifternas ursprung.';
COMMENT ON COLUMN warehouse.release_value.is_total IS 'Sant om raden är en summa av andra rader.';
COMMENT ON COLUMN warehouse.release_value.break_before IS 'Sant om serien bryts mellan föregående år och detta.';
COMMENT ON COLUMN warehouse.release_value.marks IS 'Uppgifternas märkningar, åtskilda av |.';
COMMENT ON COLUMN warehouse.release_value.notes_sv IS 'Att tänka på, åtskilt av |.';
COMMENT ON COLUMN warehouse.release_value.captures IS 'Fångster som värdet vilar på, åtskilda av |.';
COMMENT ON COLUMN warehouse.release_value.known_from IS 'Från när den senaste av uppgifterna är känd.';
