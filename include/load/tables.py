"""The tables of the schema ``warehouse``. How the database gets them is the migrations' business; a test compares both.

Integer keys inside, codes as text outside: a code is what the registry and the published views speak of, a key is only
a short stand-in for it in ``observation``, and may differ between two warehouses with the same content.

``observation`` has no foreign keys in the database: checking nine of them for every row costs many times the load
itself. Its only writer (:mod:`include.load.write`) takes each key from the dimension in the same transaction, and no
role may delete a dimension row.
"""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, CHAR, JSONB, TIMESTAMP

SCHEMA = "warehouse"

metadata = sa.MetaData(
    schema=SCHEMA,
    naming_convention={
        "pk": "%(table_name)s_pkey",
        "uq": "%(table_name)s_%(column_0_N_name)s_key",
        "ck": "%(table_name)s_%(constraint_name)s_check",
        "fk": "%(table_name)s_%(column_0_N_name)s_fkey",
        "ix": "%(table_name)s_%(column_0_N_name)s_idx",
    },
)

#: Statuses of a figure and their keys; the order is part of the warehouse and only ever grows.
VALUE_STATUSES = ("ok", "suppressed", "missing", "not_applicable", "not_reported", "estimate", "withdrawn")
#: Marks of a figure and their keys; the order is part of the warehouse and only ever grows.
MARKS = ("direct", "derived", "secondary", "wrong_at_source", "uncertain", "example", "withdrawn_at_source")

_MOMENT = TIMESTAMP(timezone=True)


def _text(name: str, comment: str, *, null: bool = False, primary: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.Text, nullable=null, primary_key=primary, comment=comment)


def _number(name: str, comment: str, *, null: bool = True) -> sa.Column[float]:
    return sa.Column(name, sa.Double, nullable=null, comment=comment)


def _whole(name: str, comment: str, *, null: bool = False) -> sa.Column[int]:
    return sa.Column(name, sa.Integer, nullable=null, comment=comment)


def _flag(name: str, comment: str, *, null: bool = False) -> sa.Column[bool]:
    return sa.Column(name, sa.Boolean, nullable=null, comment=comment)


def _moment(name: str, comment: str, *, null: bool = False, default: str | None = None) -> sa.Column[object]:
    server_default = sa.text(default) if default else None
    return sa.Column(name, _MOMENT, nullable=null, comment=comment, server_default=server_default)


def _key(name: str, *, small: bool = False) -> sa.Column[int]:
    kind = sa.SmallInteger if small else sa.Integer
    return sa.Column(name, kind, sa.Identity(always=True), primary_key=True, comment="Nyckel inom lagret.")


# --- what was received ----------------------------------------------------------------------------------------------

capture = sa.Table(
    "capture",
    metadata,
    _key("capture_key"),
    sa.Column("capture_id", sa.Text, nullable=False, unique=True, comment="Fångstens id i arkivet."),
    _text("source_id", "Källa."),
    _text("part", "Del av källan som fångsten är en version av."),
    _text("origin", "Ursprung: live, reconstructed eller example."),
    _moment("captured_at", "När innehållet togs emot; därifrån är det känt."),
    _moment("published_at", "När källan publicerade det, om det är känt.", null=True),
    _text("sha256", "Kontrollsumma för filen."),
    _text("canonical_sha256", "Kontrollsumma för innehållet oavsett form."),
    _text("url", "Adress den hämtades från.", null=True),
    _text("file_name", "Filens namn.", null=True),
    sa.Column("size", sa.BigInteger, nullable=False, comment="Filens storlek i byte."),
    sa.Column("periods", ARRAY(sa.Text), nullable=False, comment="Perioder som filen avser."),
    sa.Column("manifest", JSONB, nullable=False, comment="Hela manifestet från arkivet."),
    sa.UniqueConstraint("source_id", "part", "captured_at"),
    sa.CheckConstraint("origin IN ('live', 'reconstructed', 'example')", name="origin"),
    comment="Fångster: de filer och svar som lagrets uppgifter kommer från. En rad per laddad fångst.",
)

loaded = sa.Table(
    "loaded",
    metadata,
    sa.Column("capture_key", sa.ForeignKey(capture.c.capture_key), primary_key=True, comment="Fångst."),
    _text("run_id", "Körning som laddade fångsten."),
    sa.Column("result", JSONB, nullable=False, comment="Antal rader in, nya, reviderade m.m. samt ändrade år."),
    _moment("loaded_at", "När laddningen skedde.", default="now()"),
    comment="Hur varje fångst laddades. Beror på ordningen; lagrets innehåll gör det inte.",
)

quarantine = sa.Table(
    "quarantine",
    metadata,
    sa.Column("capture_key", sa.ForeignKey(capture.c.capture_key), nullable=False, index=True, comment="Fångst."),
    _text("source_id", "Källa."),
    _text("part", "Del av källan."),
    _text("place", "Plats i filen."),
    _text("reason_code", "Skäl, kod."),
    _text("reason_sv", "Skäl i klartext."),
    sa.Column("raw", JSONB, nullable=True, comment="Vad som stod där; aldrig personuppgifter."),
    _text("severity", "quarantined (kan rättas) eller rejected (avvisad)."),
    sa.CheckConstraint("severity IN ('quarantined', 'rejected')", name="severity"),
    comment="Rader som lades åt sidan vid kontrollen, med skäl.",
)

outcome = sa.Table(
    "outcome",
    metadata,
    sa.Column("outcome_id", sa.BigInteger, sa.Identity(always=True), primary_key=True, comment="Radens nyckel."),
    _text("run_id", "Körningens id."),
    _text("source_id", "Källa, eller avtal för mätning och publicering."),
    _text("part", "Del av källan, - om steget gäller hela.", null=False),
    _text("capture_id", "Fångst, - om steget inte gäller någon.", null=False),
    _text("quarter", "Kalenderkvartal som körningen gäller, - om inget."),
    _text("stage", "Steg: archive, check, load, withdraw, measure, build, audit, compare eller release."),
    _text("state", "Utfall: ok, unchanged, skipped eller failed."),
    _text("reason", "Varför, i klartext; tom om inget behöver sägas."),
    *(
        _whole(name, comment, null=True)
        for name, comment in (
            ("rows_in", "Uppgifter i filen; för measure hur många fångster som hade ändrat året."),
            ("loaded", "Uppgifter laddade."),
            ("quarantined", "Uppgifter i karantän."),
            ("rejected", "Uppgifter avvisade."),
            ("new", "Nya uppgifter."),
            ("revised", "Reviderade uppgifter."),
            ("withdrawn", "Uppgifter som källan tagit bort."),
        )
    ),
    sa.Column("years", ARRAY(sa.SmallInteger), nullable=False, comment="År som ändrades eller beräknades."),
    _moment("started_at", "När steget började."),
    _moment("finished_at", "När steget slutade."),
    sa.UniqueConstraint("run_id", "stage", "source_id", "part", "capture_id"),
    sa.CheckConstraint("state IN ('ok', 'unchanged', 'skipped', 'failed')", name="state"),
    comment="Liggaren: utfallet av varje steg i varje körning.",
)

# --- dimensions -----------------------------------------------------------------------------------------------------

area = sa.Table(
    "area",
    metadata,
    _key("area_key"),
    sa.Column("code", sa.Text, nullable=False, unique=True, comment="Områdeskod som text."),
    _text("kind", "riket, polisregion, lan eller kommun."),
    _text("name", "Namn."),
    _text("parent_code", "Kod för det område det ingår i.", null=True),
    sa.Column("valid_from", sa.Date, nullable=True, comment="Första giltiga dag, tom = sedan seriernas början."),
    sa.Column("valid_to", sa.Date, nullable=True, comment="Sista giltiga dag, tom = tills vidare."),
    _flag("is_total", "Sant för riket, som omfattar alla andra."),
    comment="Områden.",
)

period = sa.Table(
    "period",
    metadata,
    _key("period_key"),
    sa.Column("code", sa.Text, nullable=False, unique=True, comment="Period, t.ex. 2019 eller 2019-Q3."),
    _text("unit", "month, quarter, half_year, year eller span."),
    sa.Column("year", sa.SmallInteger, nullable=False, comment="Kalenderår (det år perioden slutar)."),
    sa.Column("first_day", sa.Date, nullable=False, comment="Första dag."),
    sa.Column("last_day", sa.Date, nullable=False, comment="Sista dag."),
    comment="Referensperioder: vad en uppgift avser.",
)

sex = sa.Table(
    "sex",
    metadata,
    _key("sex_key", small=True),
    sa.Column("code", sa.Text, nullable=False, unique=True, comment="K, M eller T."),
    _text("label_sv", "Benämning."),
    _text("label_en", "Benämning på engelska."),
    _flag("is_total", "Sant för båda könen tillsammans."),
    comment="Kön.",
)

age = sa.Table(
    "age",
    metadata,
    _key("age_key", small=True),
    sa.Column("code", sa.Text, nullable=False, unique=True, comment="Åldersgrupp, t.ex. 18+, 0-17 eller T."),
    _text("label_sv", "Benämning."),
    _text("label_en", "Benämning på engelska."),
    sa.Column("age_from", sa.SmallInteger, nullable=False, comment="Yngsta ålder i hela år."),
    sa.Column("age_to", sa.SmallInteger, nullable=True, comment="Äldsta ålder i hela år, tom = ingen övre gräns."),
    _flag("is_total", "Sant för alla åldrar."),
    comment="Åldersgrupper.",
)

party = sa.Table(
    "party",
    metadata,
    _key("party_key", small=True),
    sa.Column("code", sa.Text, nullable=False, unique=True, comment="Partens kod, - för ingen."),
    _text("name", "Namn."),
    _text("role", "Roll i avtalet."),
    _text("area_code", "Områdeskod för en kommun.", null=True),
    _flag("is_total", "Sant för -, som inte är uppdelat på part."),
    comment="Avtalens parter och andra som lämnar uppgifter.",
)

measure = sa.Table(
    "measure",
    metadata,
    _key("measure_key"),
    sa.Column("code", sa.Text, nullable=False, unique=True, comment="<källa eller utdrag>.<mått>."),
    _text("source_id", "Källa eller utdrag."),
    _text("label_sv", "Benämning."),
    _text("label_en", "Benämning på engelska."),
    _text("unit", "Enhet."),
    _flag("additive", "Falskt för andelar och annat som inte får summeras."),
    _flag("small_counts", "Sant om raderna är personer eller ärenden, så att sekretess ska prövas."),
    _text("source_label", "Källans egen benämning.", null=True),
    comment="Mått som källor och utdrag redovisar.",
)

breakdown = sa.Table(
    "breakdown",
    metadata,
    _key("breakdown_key"),
    sa.Column("code", sa.Text, nullable=False, unique=True, comment="<indelning>:<värde>, total för ingen."),
    _text("scheme", "Indelning."),
    _text("label_sv", "Benämning."),
    _text("label_en", "Benämning på engelska."),
    _text("parent_code", "Kod för det värde det ingår i.", null=True),
    _flag("is_total", "Sant för total, som inte är uppdelat."),
    comment="Värden i indelningar, t.ex. brottstyper och aktiviteter.",
)

source_label = sa.Table(
    "source_label",
    metadata,
    _key("label_key"),
    sa.Column("text", sa.Text, nullable=False, unique=True, comment="Källans egen text."),
    comment="Källornas egna benämningar av de rader som uppgifterna står på.",
)

value_status = sa.Table(
    "value_status",
    metadata,
    sa.Column("value_status_key", sa.SmallInteger, primary_key=True, autoincrement=False, comment="Nyckel."),
    sa.Column("code", sa.Text, nullable=False, unique=True, comment="Kod."),
    _text("label_sv", "Vad koden betyder."),
    _flag("has_value", "Sant om en uppgift med koden har ett värde."),
    comment="Uppgifters status: om det finns ett värde, och varför inte.",
)

mark = sa.Table(
    "mark",
    metadata,
    sa.Column("mark_key", sa.SmallInteger, primary_key=True, autoincrement=False, comment="Nyckel."),
    sa.Column("code", sa.Text, nullable=False, unique=True, comment="Kod."),
    _text("label_sv", "Vad koden betyder."),
    comment="Uppgifters märkning: hur de kommer ur källan.",
)

# --- observations ---------------------------------------------------------------------------------------------------

#: What identifies a figure: column of the tidy table, key column here. The order is that of the primary key.
KEYS = {
    "measure": "measure_key",
    "period": "period_key",
    "area": "area_key",
    "breakdown": "breakdown_key",
    "age": "age_key",
    "sex": "sex_key",
    "party": "party_key",
}
_SMALL = ("age_key", "sex_key", "party_key")

observation = sa.Table(
    "observation",
    metadata,
    # Eight bytes first, then four, two and one: no byte is lost to alignment.
    _moment("known_from", "Från när uppgiften gällde som känd: fångstens tid."),
    _moment(
        "known_until", "Till när uppgiften gällde som känd (ej med); infinity = fortfarande.", default="'infinity'"
    ),
    _number("value", "Värde."),
    _number("value_low", "Källans nedre gräns för ett skattat värde."),
    _number("value_high", "Källans övre gräns för ett skattat värde."),
    *(_whole(name, "Nyckel till dimensionen.") for name in KEYS.values() if name not in _SMALL),
    _whole("label_key", "Källans egen benämning."),
    _whole("capture_key", "Fångst som uppgiften kommer från."),
    *(sa.Column(name, sa.SmallInteger, nullable=False, comment="Nyckel till dimensionen.") for name in _SMALL),
    sa.Column("value_status_key", sa.SmallInteger, nullable=False, comment="Uppgiftens status."),
    sa.Column("mark_key", sa.SmallInteger, nullable=False, comment="Uppgiftens märkning."),
    sa.Column("status", CHAR(1), nullable=False, comment="P = preliminär, F = slutlig, som källan säger."),
    sa.PrimaryKeyConstraint(*KEYS.values(), "known_from"),
    # A capture's rows lie together: a block range index finds them, and costs a load next to nothing.
    sa.Index(
        "observation_capture_key_idx",
        "capture_key",
        postgresql_using="brin",
        postgresql_with={"autosummarize": "on", "pages_per_range": "32"},
    ),
    sa.CheckConstraint("known_from < known_until", name="known"),
    sa.CheckConstraint("status IN ('P', 'F')", name="status"),
    sa.CheckConstraint("(value IS NOT NULL) = (value_status_key IN (0, 5))", name="value"),  # ok, estimate
    comment="Uppgifter: en rad per uppgift och version. Revideringar är rader, aldrig överskrivningar.",
)

# --- indicators -----------------------------------------------------------------------------------------------------


def _value_columns() -> list[sa.Column[Any]]:
    """Return the columns of an indicator's value, as the measure part makes them."""
    return [
        _text("indicator_id", "Indikator."),
        _whole("definition_version", "Definitionens version."),
        _text("series", "Serie inom indikatorn."),
        _text("area", "Områdeskod."),
        _text("area_role", "county, proxy, benchmark eller kommun."),
        sa.Column("year", sa.SmallInteger, nullable=False, comment="År."),
        _text("sex", "Kön: K, M eller T."),
        _text("age", "Åldersgrupp."),
        _text("party", "Part, - för ingen."),
        _text("breakdown", "Indelningsvärde, total för ingen."),
        _text("unit", "Enhet."),
        sa.Column("decimals", sa.SmallInteger, nullable=False, comment="Decimaler att visa."),
        _number("numerator", "Täljare; får summeras."),
        _number("denominator", "Nämnare; får summeras."),
        _number("value", "Värde; andelar och kvoter får inte summeras."),
        _number("ci_low", "Konfidensintervallets nedre gräns."),
        _number("ci_high", "Konfidensintervallets övre gräns."),
        _number("ci_level", "Konfidensgrad, t.ex. 0,95."),
        _text("ci_method", "Intervallets metod, tom = inget intervall.", null=True),
        _text("method", "Beräkningens metod.", null=True),
        _text("method_version", "Metodens version.", null=True),
        _text("obs_status", "ok, missing, not_applicable, not_collected eller suppressed (skyddad hos källan)."),
        _text("conf_status", "free eller suppressed (skyddad av oss)."),
        _text("reason_sv", "Varför värdet saknas.", null=True),
        _flag("preliminary", "Sant om någon uppgift är preliminär."),
        _flag("is_example", "Sant om värdet vilar på påhittade exempeluppgifter."),
        _text("origin", "Uppgifternas ursprung.", null=True),
        _flag("is_total", "Sant om raden är en summa av andra rader."),
        _flag("break_before", "Sant om serien bryts mellan föregående år och detta."),
        _text("marks", "Uppgifternas märkningar, åtskilda av |."),
        _text("notes_sv", "Att tänka på, åtskilt av |."),
        _text("captures", "Fångster som värdet vilar på, åtskilda av |."),
        _moment("known_from", "Från när den senaste av uppgifterna är känd.", null=True),
        sa.Column(
            "first_year", sa.SmallInteger, nullable=True, comment="Första år som värdet omfattar, tom = samma som year."
        ),
    ]


#: What identifies an indicator's value.
VALUE_KEY = ("indicator_id", "series", "area", "year", "sex", "age", "party", "breakdown")


def _value_checks() -> list[sa.CheckConstraint]:
    """Return what must hold for every value: no value without a status, no absence without a reason."""
    return [
        sa.CheckConstraint(
            "obs_status IN ('ok', 'missing', 'not_applicable', 'not_collected', 'suppressed')", name="obs_status"
        ),
        sa.CheckConstraint("conf_status IN ('free', 'suppressed')", name="conf_status"),
        sa.CheckConstraint("(value IS NULL) = (obs_status <> 'ok' OR conf_status <> 'free')", name="value"),
        sa.CheckConstraint("value IS NOT NULL OR coalesce(reason_sv, '') <> ''", name="reason"),
        sa.CheckConstraint(
            "conf_status = 'free' OR (numerator IS NULL AND ci_low IS NULL AND ci_high IS NULL)", name="suppressed"
        ),
    ]


def _trend_columns() -> list[sa.Column[Any]]:
    """Return the columns of a trend test's result, as the measure part makes them."""
    return [
        _text("indicator_id", "Indikator."),
        _text("series", "Serie inom indikatorn."),
        _text("area", "Områdeskod."),
        _text("sex", "Kön: K, M eller T."),
        _text("age", "Åldersgrupp."),
        _text("party", "Part, - för ingen."),
        sa.Column("year", sa.SmallInteger, nullable=False, comment="Sista år i den serie som prövas."),
        _text("test", "Prövningens metod.", null=True),
        _text("result", "up, down, no_change eller cannot_be_calculated."),
        _text("reason_sv", "Varför trenden inte kan beräknas.", null=True),
        _number("slope", "Lutning per år."),
        _number("chi2", "Prövningens testvärde."),
    ]


TREND_KEY = ("indicator_id", "series", "area", "sex", "age", "party", "year")


def _trend_checks() -> list[sa.CheckConstraint]:
    return [
        sa.CheckConstraint("result IN ('up', 'down', 'no_change', 'cannot_be_calculated')", name="result"),
        sa.CheckConstraint("result <> 'cannot_be_calculated' OR coalesce(reason_sv, '') <> ''", name="reason"),
    ]


wake = sa.Table(
    "wake",
    metadata,
    sa.Column("year", sa.SmallInteger, primary_key=True, autoincrement=False, comment="År vars uppgifter har ändrats."),
    _moment("woken_at", "När indikatorerna väcktes för året; raden tas bort när de börjar räknas."),
    comment="År för vilka indikatorerna är väckta men inte har börjat räknas.",
)

indicator_value = sa.Table(
    "indicator_value",
    metadata,
    _text("agreement_id", "Avtal."),
    *_value_columns(),
    _text("digest", "Kontrollsumma för avtalets alla värden för året."),
    sa.PrimaryKeyConstraint("agreement_id", *VALUE_KEY),
    sa.CheckConstraint("(value IS NULL) = (obs_status <> 'ok' OR conf_status <> 'free')", name="value"),
    sa.CheckConstraint("value IS NOT NULL OR coalesce(reason_sv, '') <> ''", name="reason"),
    comment="Indikatorvärden enligt senaste kunskap, före sekretessprövning. Publiceras aldrig härifrån direkt.",
)

restricted_value = sa.Table(
    "restricted_value",
    metadata,
    _text("agreement_id", "Avtal."),
    _text("indicator_id", "Indikator."),
    _text("series", "Serie."),
    _text("area", "Område."),
    _text("area_role", "Områdets roll: county, proxy, benchmark eller kommun."),
    sa.Column("year", sa.SmallInteger, nullable=False, comment="År."),
    _text("sex", "Kön: K, M eller T."),
    _text("age", "Åldersgrupp."),
    _text("party", "Part, - för ingen."),
    _text("breakdown", "Indelningsvärde, total för ingen."),
    _text("unit", "Enhet."),
    _number("numerator_low", "Det minsta som täljaren kan vara."),
    _number("numerator_high", "Det mesta som täljaren kan vara."),
    _number("denominator_low", "Det minsta som nämnaren kan vara."),
    _number("denominator_high", "Det mesta som nämnaren kan vara."),
    _number("value_low", "Det minsta som värdet kan vara."),
    _number("value_high", "Det mesta som värdet kan vara."),
    _flag("is_example", "Sant om värdet vilar på påhittade exempeluppgifter."),
    _text("captures", "Fångster som värdet vilar på, åtskilda av |."),
    _text("digest", "Kontrollsumma för avtalets alla värden för året."),
    sa.PrimaryKeyConstraint("agreement_id", *VALUE_KEY),
    comment="Vad värden som bygger på små antal är, inom gränser. Bara inläsaren läser dem.",
)

indicator_trend = sa.Table(
    "indicator_trend",
    metadata,
    _text("agreement_id", "Avtal."),
    *_trend_columns(),
    _text("digest", "Kontrollsumma för avtalets alla värden för året."),
    sa.PrimaryKeyConstraint("agreement_id", *TREND_KEY),
    *_trend_checks(),
    comment="Trendprövningar enligt senaste kunskap.",
)

# --- releases -------------------------------------------------------------------------------------------------------

release = sa.Table(
    "release",
    metadata,
    _text("release_id", "<avtal>-<år>-<utgåva>-<nummer>.", primary=True),
    _text("agreement_id", "Avtal."),
    sa.Column("year", sa.SmallInteger, nullable=False, comment="Uppföljningens år."),
    _text("edition", "preliminary, final, correction eller closing."),
    _whole("number", "Nummer inom år och utgåva, från 1."),
    _moment("as_of", "Kunskapens slutpunkt."),
    _text("digest", "Kontrollsumma för innehållet."),
    _flag("is_example", "Sant om något värde vilar på påhittade exempeluppgifter."),
    _text("origins", "Fångsternas ursprung, åtskilda av |."),
    _text("registry_digest", "Kontrollsumma för registret.", null=True),
    _text("directory", "Mapp med utgivningens filer.", null=True),
    sa.Column("files", JSONB, nullable=True, comment="Filer med kontrollsummor."),
    _moment("built_at", "När utgivningen byggdes.", default="now()"),
    _flag("audit_passed", "Sant om granskningen godkändes, tom = inte granskad.", null=True),
    sa.Column("audit", JSONB, nullable=True, comment="Granskningens resultat."),
    _moment("audited_at", "När granskningen gjordes.", null=True),
    _text("previous_release_id", "Utgivning som jämförelsen gjordes mot, tom = den första.", null=True),
    _text("diff_sv", "Jämförelsens sammanfattning, tom = inte jämförd.", null=True),
    _moment("compared_at", "När jämförelsen gjordes.", null=True),
    _text("approval", "approved, waived eller rejected, tom = inte prövad.", null=True),
    _text("approved_by", "Den som prövade.", null=True),
    _text("approval_reason", "Skäl.", null=True),
    _moment("approved_at", "När det prövades.", null=True),
    _moment("released_at", "När utgivningen först gjordes gällande, tom = aldrig.", null=True),
    sa.UniqueConstraint("agreement_id", "year", "edition", "number"),
    sa.CheckConstraint("edition IN ('preliminary', 'final', 'correction', 'closing')", name="edition"),
    sa.CheckConstraint("approval IN ('approved', 'waived', 'rejected')", name="approval"),
    comment="Utgivningar av uppföljningen. En utgivning som har gjorts gällande ändras aldrig.",
)


def _release_id(*, primary: bool = False) -> sa.Column[str]:
    return sa.Column(
        "release_id",
        sa.ForeignKey(release.c.release_id, ondelete="CASCADE"),
        nullable=False,
        primary_key=primary,
        comment="Utgivning.",
    )


release_value = sa.Table(
    "release_value",
    metadata,
    _release_id(),
    *_value_columns(),
    sa.PrimaryKeyConstraint("release_id", *VALUE_KEY),
    *_value_checks(),
    comment="Utgivna indikatorvärden.",
)

release_trend = sa.Table(
    "release_trend",
    metadata,
    _release_id(),
    *_trend_columns(),
    sa.PrimaryKeyConstraint("release_id", *TREND_KEY),
    *_trend_checks(),
    comment="Utgivna trendprövningar.",
)

release_indicator = sa.Table(
    "release_indicator",
    metadata,
    _release_id(),
    _text("indicator_id", "Indikator."),
    _whole("definition_version", "Definitionens version."),
    _text("status", "active, development eller retired."),
    _text("theme", "Tema i indikatorkatalogen."),
    _text("name_sv", "Namn."),
    _text("name_en", "Namn på engelska."),
    _text("definition_sv", "Definition."),
    _text("definition_en", "Definition på engelska."),
    _text("why_sv", "Vad indikatorn säger om målet.", null=True),
    _text("unit", "Enhet."),
    sa.Column("decimals", sa.SmallInteger, nullable=False, comment="Decimaler att visa."),
    _text("direction", "Önskad riktning: +, - eller 0 (ingen)."),
    _text("value_kind", "count, share, rate, criteria eller given."),
    _whole("per", "Multiplikator, t.ex. 100 för procent."),
    _text("interval_kind", "none, wilson, poisson eller source."),
    _text("suppression", "none, public_source eller small_counts."),
    _number("target_value", "Målvärde, tomt = inget."),
    _text("target_origin", "Vem som satt målvärdet.", null=True),
    _text("target_sv", "Målvärdet i text.", null=True),
    _text("caveats_sv", "Att tänka på, åtskilt av |."),
    _text("read_with", "Indikatorer att läsa tillsammans med, åtskilda av |."),
    _text("sources_sv", "Källor, åtskilda av |."),
    sa.Column("definition", JSONB, nullable=False, comment="Indikatorn som den stod i registret."),
    sa.PrimaryKeyConstraint("release_id", "indicator_id"),
    comment="Indikatorer som de var definierade i utgivningen.",
)

release_goal_area = sa.Table(
    "release_goal_area",
    metadata,
    _release_id(),
    _text("code", "Målområdets kod."),
    _text("name_sv", "Namn."),
    _text("name_en", "Namn på engelska."),
    _text("text_sv", "Vad avtalet säger, i korthet."),
    sa.Column("valid_from", sa.Date, nullable=True, comment="Första giltiga dag, tom = sedan avtalets början."),
    sa.Column("valid_to", sa.Date, nullable=True, comment="Sista giltiga dag, tom = till avtalets slut."),
    sa.Column("position", sa.SmallInteger, nullable=False, comment="Ordning i avtalet."),
    sa.PrimaryKeyConstraint("release_id", "code"),
    comment="Avtalets målområden som de var i utgivningen.",
)

release_bridge = sa.Table(
    "release_bridge",
    metadata,
    _release_id(),
    _text("goal_area", "Målområdets kod."),
    _text("indicator_id", "Indikator."),
    sa.Column("valid_from", sa.Date, nullable=True, comment="Första giltiga dag."),
    sa.Column("valid_to", sa.Date, nullable=True, comment="Sista giltiga dag."),
    sa.PrimaryKeyConstraint("release_id", "goal_area", "indicator_id"),
    comment="Vilka indikatorer som följer upp vilket målområde, och när.",
)

release_coverage = sa.Table(
    "release_coverage",
    metadata,
    _release_id(),
    _text("kind", "indicator eller delivery."),
    _text("code", "Indikator eller utdrag."),
    _text("party", "Part, - för ingen."),
    _text("period", "Period."),
    _text("status", "ok, missing eller not_due."),
    _whole("n_values", "Antal värden."),
    _whole("n_missing", "Antal som saknas."),
    _text("reason_sv", "Varför det saknas.", null=True),
    # Of a delivery; empty for an indicator, and in releases from before the states of deliveries were told.
    _text("state", "awaited, late, received, returned, accepted, corrected eller withdrawn.", null=True),
    sa.Column("due", sa.Date, nullable=True, comment="Sista dag i tid, tom = leveransen väntades inte."),
    _moment("delivered_at", "När den första versionen av det som gäller kom, tom = inget gäller.", null=True),
    _flag("on_time", "Sant om den kom i tid, tom = inte avgjort.", null=True),
    _whole("versions", "Antal versioner som har kommit.", null=True),
    _flag("is_example", "Sant om någon version är påhittade exempeldata.", null=True),
    sa.PrimaryKeyConstraint("release_id", "kind", "code", "party", "period"),
    sa.CheckConstraint("status IN ('ok', 'missing', 'not_due')", name="status"),
    sa.CheckConstraint(
        "state IN ('awaited', 'late', 'received', 'returned', 'accepted', 'corrected', 'withdrawn')", name="state"
    ),
    sa.CheckConstraint("(state IN ('accepted', 'corrected')) = (status = 'ok')", name="state_status"),
    comment="Täckning: vad som finns, vad som saknas och varför.",
)

release_change = sa.Table(
    "release_change",
    metadata,
    _release_id(),
    _whole("position", "Ordning."),
    _text("kind", "Slag av ändring."),
    _text("indicator_id", "Indikator."),
    _text("series", "Serie."),
    _text("area", "Områdeskod."),
    _text("sex", "Kön."),
    _text("age", "Åldersgrupp."),
    _text("party", "Part."),
    _text("breakdown", "Indelningsvärde."),
    sa.Column("year", sa.SmallInteger, nullable=True, comment="År, tomt för ändrad definition."),
    _text("field", "Vad som ändrats."),
    _text("before", "Före."),
    _text("after", "Efter."),
    _number("size", "Ändringens storlek i värdets enhet, tom = kan inte anges."),
    sa.Column(
        "note_sv",
        sa.Text,
        nullable=False,
        server_default="",
        comment="Vilken av uppgifterna som är preliminär, tom = ingen.",
    ),
    sa.PrimaryKeyConstraint("release_id", "position"),
    comment="Ändringar mot närmast föregående utgivning.",
)

release_assessment = sa.Table(
    "release_assessment",
    metadata,
    _release_id(),
    _text("indicator_id", "Indikator."),
    _text("series", "Serie."),
    _text("area", "Områdeskod."),
    _text("sex", "Kön."),
    _text("age", "Åldersgrupp."),
    _text("breakdown", "Indelningsvärde."),
    sa.Column("year", sa.SmallInteger, nullable=False, comment="År som bedömningen gäller."),
    sa.Column("value_year", sa.SmallInteger, nullable=True, comment="År för värdet i meningen, tom = inget värde."),
    _text("sentence_sv", "Vad siffran säger, på svenska."),
    _text("sentence_en", "Vad siffran säger, på engelska."),
    _text("comparison", "higher, lower, similar, cannot_be_calculated eller none (ingen jämförelse görs)."),
    _text("comparison_area", "Område som jämförs med, tom = inget.", null=True),
    _number("comparison_value", "Det områdets värde samma år."),
    _text("comparison_reason_sv", "Varför jämförelsen inte kan göras.", null=True),
    _text("progress", "achieved, substantial, moderate, limited, deterioration, not_assessable eller none."),
    _text("progress_reason_sv", "Varför vägen mot målvärdet inte kan bedömas.", null=True),
    sa.Column("base_year", sa.SmallInteger, nullable=True, comment="År som vägen mot målvärdet räknas från."),
    _number("base_value", "Värdet det året."),
    _number("target_value", "Målvärde."),
    sa.Column("target_year", sa.SmallInteger, nullable=True, comment="År då målvärdet ska vara nått."),
    _number("needed", "Förändring per år, i delar av basårets värde, som behövs för att nå målvärdet i tid."),
    _number("actual", "Förändring per år, i delar av basårets värde, som har skett."),
    _flag("is_example", "Sant om bedömningen vilar på påhittade exempeluppgifter."),
    sa.PrimaryKeyConstraint("release_id", "indicator_id", "series", "area", "sex", "age", "breakdown"),
    sa.CheckConstraint(
        "comparison IN ('higher', 'lower', 'similar', 'cannot_be_calculated', 'none')", name="comparison"
    ),
    sa.CheckConstraint(
        "progress IN ('achieved', 'substantial', 'moderate', 'limited', 'deterioration', 'not_assessable', 'none')",
        name="progress",
    ),
    comment="Vad de utgivna värdena säger: mening, jämförelse och väg mot målvärdet.",
)

release_revision = sa.Table(
    "release_revision",
    metadata,
    _release_id(),
    _text("indicator_id", "Indikator."),
    _text("series", "Serie."),
    _text("area", "Områdeskod."),
    _text("sex", "Kön."),
    _text("age", "Åldersgrupp."),
    _text("party", "Part, - för ingen."),
    _text("breakdown", "Indelningsvärde."),
    sa.Column("year", sa.SmallInteger, nullable=False, comment="År som uppgiften gäller."),
    _whole("version", "Versionens nummer, från 1."),
    _moment("known_from", "Från när versionen är känd."),
    _flag("preliminary", "Sant om versionen är preliminär."),
    _number("value", "Värdet enligt versionen."),
    _number("change", "Ändring mot föregående version, tom för den första."),
    _number("cumulative", "Ändring mot den första versionen, tom för den första."),
    _text("unit", "Enhet."),
    _flag("is_example", "Sant om versionen vilar på påhittade exempeluppgifter."),
    sa.PrimaryKeyConstraint(
        *("release_id", "indicator_id", "series", "area", "sex", "age", "party", "breakdown", "year", "version")
    ),
    comment="Hur värdena har reviderats, enligt vad som var känt vid utgivningens slutpunkt.",
)

release_figure = sa.Table(
    "release_figure",
    metadata,
    _release_id(),
    _text("table_id", "Tabell i registret."),
    _text("measure", "Mått: källans, eller ett som är räknat ur dem."),
    _text("measure_sv", "Måttets benämning."),
    _text("area", "Områdeskod."),
    _text("area_role", "county, proxy, benchmark eller kommun."),
    sa.Column("year", sa.SmallInteger, nullable=False, comment="År."),
    _text("sex", "Kön."),
    _text("age", "Åldersgrupp."),
    _text("breakdown", "Indelningsvärde."),
    _text("source_label", "Källans egen benämning, tom = ingen."),
    _text("unit", "Enhet."),
    sa.Column("decimals", sa.SmallInteger, nullable=False, comment="Decimaler att visa."),
    _number("numerator", "Täljare, av det som är räknat."),
    _number("denominator", "Nämnare, av det som är räknat."),
    _number("value", "Värde."),
    _number("ci_low", "Konfidensintervallets nedre gräns."),
    _number("ci_high", "Konfidensintervallets övre gräns."),
    _text("ci_method", "Intervallets metod.", null=True),
    _text("value_status", "Om värdet finns, och varför inte."),
    _text("reason_sv", "Varför värdet saknas.", null=True),
    _flag("preliminary", "Sant om uppgiften är preliminär."),
    _flag("break_before", "Sant om serien bryts mellan föregående år och detta."),
    _flag("label_changed", "Sant om källan benämner raden på annat sätt än föregående år."),
    _text("marks", "Uppgifternas märkningar, åtskilda av |."),
    _text("notes_sv", "Att tänka på, åtskilt av |."),
    _text("origin", "Uppgifternas ursprung."),
    _text("captures", "Fångster, åtskilda av |."),
    sa.PrimaryKeyConstraint("release_id", "table_id", "measure", "area", "year", "sex", "age", "breakdown"),
    comment="Källornas egna uppgifter i full uppdelning, med det som räknas ur dem.",
)

release_equation = sa.Table(
    "release_equation",
    metadata,
    _text("release_id", "Utgivning."),
    _whole("position", "Ordning."),
    _text("role", "numerator eller denominator."),
    sa.Column("value_key", JSONB, nullable=False, comment="Vilket värde: kolumnerna som identifierar det."),
    _number("amount", "Summan som utgivningen visar."),
    sa.Column("cells", JSONB, nullable=False, comment="Uppgifterna som summan består av, med vad de är."),
    sa.PrimaryKeyConstraint("release_id", "position"),
    comment="Vad utgivningar visar av små antal, för sekretessprövningen av nästa. Bara inläsaren läser dem.",
)

release_capture = sa.Table(
    "release_capture",
    metadata,
    _release_id(),
    sa.Column("capture_id", sa.ForeignKey(capture.c.capture_id), nullable=False, comment="Fångst."),
    sa.PrimaryKeyConstraint("release_id", "capture_id"),
    comment="Fångster som utgivningen vilar på.",
)

current_release = sa.Table(
    "current_release",
    metadata,
    _text("agreement_id", "Avtal.", primary=True),
    sa.Column("release_id", sa.ForeignKey(release.c.release_id), nullable=False, comment="Gällande utgivning."),
    _moment("made_current_at", "Sedan när den gäller."),
    comment="Pekaren: vilken utgivning som gäller för varje avtal. Ändras bara av make_current().",
)

release_pointer_move = sa.Table(
    "release_pointer_move",
    metadata,
    sa.Column("move_id", sa.BigInteger, sa.Identity(always=True), primary_key=True, comment="Radens nyckel."),
    _text("agreement_id", "Avtal."),
    _text("release_id", "Utgivning som gjordes gällande."),
    _text("previous_release_id", "Den som gällde förut, tom = ingen.", null=True),
    _moment("moved_at", "När."),
    _text("moved_by", "Databasroll."),
    comment="Varje flytt av pekaren, även tillbaka till en äldre utgivning.",
)

#: The tables whose rows belong to a release and never change once it has been made current.
RELEASE_TABLES = (
    release_value,
    release_trend,
    release_indicator,
    release_goal_area,
    release_bridge,
    release_coverage,
    release_change,
    release_capture,
    release_assessment,
    release_revision,
    release_figure,
)
