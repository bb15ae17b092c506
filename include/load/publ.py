"""The BI contract: the views of the schema ``publ``, with a comment on each view and column.

A view here is a promise. Once a county reads it, its columns keep their names, order, types and meaning; what must
break becomes a ``_v2`` beside it. The views belong to the warehouse's owner and run with the owner's rights, so their
reader needs no right to anything else. Codes are the keys between facts and dimensions: they mean the same in every
warehouse, while the integer keys inside do not.

Every view has ``release_id``: a page of several queries sees by it whether a release was made current in between.
"""

from collections.abc import Iterator
from dataclasses import dataclass

#: Dates that stand for an open end, so that a reader can compare without minding NULL.
OPEN_START, OPEN_END = "1900-01-01", "2199-12-31"

#: The release made current last, of any agreement; dimensions are shared by all.
_LATEST = "coalesce((SELECT release_id FROM warehouse.current_release ORDER BY made_current_at DESC, 1 LIMIT 1), '-')"

#: Swedish comment of each column, the same wherever the name occurs.
COMMENTS = {
    "additive": "Sant om måttet får summeras.",
    "actual": "Årlig förändring sedan basåret (0,05 = 5 procent); tom om den inte kan räknas.",
    "after": "Efter ändringen.",
    "age_code": "Åldersgrupp, se age_v1.",
    "age_from": "Yngsta ålder i hela år.",
    "age_to": "Äldsta ålder i hela år; 199 = ingen övre gräns.",
    "agreement_id": "Avtal.",
    "approval": "Hur utgivningen godkändes: approved (av en person) eller waived (enbart medföljande uppgifter).",
    "approval_reason": "Skäl för godkännandet.",
    "area_code": "Område, se area_v1. Kod som text, med inledande nolla.",
    "area_kind": "riket, polisregion, lan eller kommun.",
    "area_role": "county (länet), proxy (ersätter länet), benchmark (jämförelse) eller kommun.",
    "as_of": "Kunskapens slutpunkt: vad som var känt då ingår.",
    "base_value": "Värdet basåret; tomt om base_year är 0.",
    "base_year": "År som vägen mot målvärdet räknas från; 0 om inget.",
    "before": "Före ändringen.",
    "break_before": "Sant om serien bryts mellan föregående år och detta; jämför inte över brottet.",
    "breakdown_code": "Indelningsvärde, se breakdown_v1; total = ej uppdelat.",
    "capture_id": "Fångst i arkivet som uppgiften kommer från.",
    "captures": "Fångster i arkivet som värdet vilar på, åtskilda av |.",
    "caveats_sv": "Att tänka på, åtskilt av |.",
    "change_no": "Ändringens nummer inom utgivningen.",
    "change": "Ändring mot föregående version i värdets enhet; tom om has_change är falskt.",
    "chi2": "Prövningens testvärde; tomt om result är cannot_be_calculated.",
    "ci_high": "Konfidensintervallets övre gräns; tom om has_interval är falskt.",
    "ci_level": "Konfidensgrad, t.ex. 0,95; tom om has_interval är falskt.",
    "ci_low": "Konfidensintervallets nedre gräns; tom om has_interval är falskt.",
    "ci_method": "Intervallets metod; - om inget intervall beräknas.",
    "code": "Kod.",
    "comparison": "higher, lower, similar (ingen säkerställd skillnad), cannot_be_calculated eller none (görs inte).",
    "comparison_area_code": "Område som det jämförs med, se area_v1; - om ingen jämförelse görs.",
    "comparison_reason_sv": "Varför jämförelsen inte kan beräknas; - om den kan eller inte görs.",
    "comparison_value": "Jämförelseområdets värde samma år; tomt om det inte har något.",
    "conf_status": "Sekretess: free (visas) eller suppressed (skyddad av oss), se status_v1.",
    "coverage_kind": "indicator (indikatorns värden för året) eller delivery (en parts leverans).",
    "cumulative": "Ändring mot den första versionen; tom för den första och där ett värde saknas.",
    "data_status": "P = preliminär, F = slutlig, som källan säger.",
    "decimals": "Antal decimaler att visa.",
    "definition_en": "Definition på engelska.",
    "definition_sv": "Definition.",
    "definition_version": "Definitionens version; jämför inte värden av olika version utan att läsa definitionerna.",
    "delivered_at": "När den första versionen av det som gäller kom; tom om has_delivery är falskt.",
    "denominator": "Nämnare; får summeras. Tom enligt obs_status och conf_status, eller om has_ratio är falskt.",
    "diff_sv": "Vad som ändrats mot föregående utgivning.",
    "direction": "Önskad riktning: +, - eller 0 (ingen; säg inte bättre eller sämre).",
    "due": "Sista dag i tid; 2199-12-31 = leveransen väntades inte.",
    "edition": "preliminary, final, correction eller closing.",
    "extracts": "Utdrag som leveransen innehåller, åtskilda av |; - = leveransen väntades inte.",
    "field": "Vad som ändrats.",
    "first_day": "Periodens första dag.",
    "first_year": "Första kalenderår som värdet omfattar; samma som year utom för värden av flera år tillsammans.",
    "goal_area": "Målområdets kod, se goal_area_v1.",
    "has_change": "Sant om versionen har ett värde att jämföra med före sig.",
    "has_delivery": "Sant om det finns uppgifter av leveransen som gäller.",
    "has_interval": "Sant om värdet har ett konfidensintervall.",
    "has_ratio": "Sant om värdet har en nämnare.",
    "has_size": "Sant om ändringen har en storlek.",
    "has_target": "Sant om det finns ett målvärde som får visas som mållinje.",
    "has_value": "Sant om en uppgift med koden har ett värde.",
    "indicator_id": "Indikator, se indicator_v1.",
    "interval_kind": "Typ av konfidensintervall: none, wilson, poisson eller source (källans eget).",
    "is_corrected": "Sant om en senare version har ersatt den första.",
    "is_current": "Sant om utgivningen gäller nu.",
    "is_due": "Sant om sista dagen hade passerat vid utgivningens as_of.",
    "is_example": "EXEMPELDATA: sant om uppgiften vilar på påhittade exempelleveranser.",
    "is_total": "Sant om raden är en summa av andra rader; summera aldrig med dem.",
    "kind": "Slag.",
    "known_from": "Från när den senaste av uppgifterna är känd; tom om obs_status inte är ok.",
    "label_en": "Benämning på engelska.",
    "label_sv": "Benämning.",
    "label_changed": "Sant om källan benämner raden på annat sätt än föregående år; inte alltid ett seriebrott.",
    "last_day": "Periodens sista dag.",
    "mark": "Hur uppgiften kommer ur källan, se status_v1.",
    "marks": "Uppgifternas märkningar, åtskilda av |, se status_v1.",
    "measure_code": "Mått: <källa eller utdrag>.<mått>.",
    "measure_sv": "Måttets benämning.",
    "method": "Beräkningens metod; - om värde saknas.",
    "method_version": "Metodens version; - om värde saknas.",
    "n_missing": "Antal som saknas; får summeras. Visa det bredvid varje summa.",
    "n_suppressed": "1 om värdet är skyddat, annars 0; får summeras. En summa med skyddade värden är ofullständig.",
    "n_values": "Antal värden; får summeras.",
    "name_en": "Namn på engelska.",
    "name_sv": "Namn.",
    "needed": "Årlig förändring som leder till målvärdet i tid (0,05 = 5 procent); tom om den inte kan räknas.",
    "note_sv": "Om någon av uppgifterna är preliminär, och vilken; annars tomt.",
    "notes_sv": "Att tänka på, åtskilt av |.",
    "numerator": "Täljare; får summeras. Tom enligt obs_status och conf_status.",
    "obs_status": "Om värdet finns: ok, missing, not_applicable, not_collected eller suppressed (hos källan).",
    "on_time": "Sant om leveransen kom i tid och gäller; falskt också medan den inte är förfallen.",
    "origin": "Ursprung: live (hämtad), reconstructed (återskapad fil med riktiga uppgifter) eller example (påhittad).",
    "origins": "Uppgifternas ursprung, åtskilda av |.",
    "parent_code": "Kod för det som raden ingår i; - för inget.",
    "party_area_code": "Kommunkod; - om parten inte är en kommun.",
    "party_code": "Part, se party_v1; - = ingen.",
    "per": "Multiplikator: value = täljare / nämnare * per; 100 för procent.",
    "period_code": "Period, se period_v1.",
    "position": "Ordning i avtalet.",
    "preliminary": "Sant om någon uppgift är preliminär.",
    "previous_release_id": "Utgivning som ändringarna räknas mot; - för ingen.",
    "progress": "achieved, substantial, moderate, limited, deterioration, not_assessable eller none (inget målvärde).",
    "progress_reason_sv": "Varför vägen mot målvärdet inte kan bedömas, eller något att veta om den; - för inget.",
    "read_with": "Indikatorer att läsa tillsammans med denna, åtskilda av |.",
    "reason_sv": "Varför värdet saknas; - om det finns.",
    "release_id": "Utgivning som raden kommer ur (i dimensioner: den senast gällande, - om ingen).",
    "released_at": "När utgivningen först gjordes gällande.",
    "result": "up, down, no_change eller cannot_be_calculated.",
    "role": "Roll i avtalet.",
    "scheme": "Indelning.",
    "sentence_en": "Vad siffran säger, på engelska.",
    "sentence_sv": "Vad siffran säger, på svenska.",
    "series": "Serie inom indikatorn.",
    "sex_code": "Kön: K, M eller T, se sex_v1.",
    "size": "Ändringens storlek i värdets enhet; tom om has_size är falskt.",
    "slope": "Lutning per år; tom om result är cannot_be_calculated.",
    "source_id": "Källa eller utdrag.",
    "source_label": "Källans egen benämning; tom om källan inte har någon.",
    "sources_sv": "Källor, åtskilda av |.",
    "state": "Läge: awaited, late, received, returned, accepted, corrected eller withdrawn, se status_v1.",
    "status": "Status.",
    "suppression": "Sekretessregel: none, public_source eller small_counts.",
    "table_id": "Offentlig tabell i registret.",
    "target_origin": "Vem som satt målvärdet; - om inget finns.",
    "target_sv": "Målvärdet i text; - om inget finns.",
    "target_value": "Målvärde; tomt om has_target är falskt.",
    "target_year": "År då målvärdet ska vara nått; 0 om inget.",
    "test": "Prövningens metod; - om ingen.",
    "text_sv": "Vad avtalet säger, i korthet.",
    "theme": "Tema i indikatorkatalogen.",
    "unit": "Enhet.",
    "valid_from": f"Första giltiga dag; {OPEN_START} = sedan början.",
    "valid_to": f"Sista giltiga dag; {OPEN_END} = tills vidare.",
    "value": "Värde; tomt enligt status. Summera aldrig kvoter: räkna om som sum(numerator)/sum(denominator)*per.",
    "value_high": "Källans övre gräns; tom om uppgiften inte är en skattning med gränser (value_status).",
    "value_kind": "count (antal), share (andel), rate (kvot), criteria (uppfyllda villkor) eller given (källans eget).",
    "value_low": "Källans nedre gräns; tom om uppgiften inte är en skattning med gränser (value_status).",
    "value_status": "Om värdet finns, och varför inte, se status_v1.",
    "value_year": "År för värdet som meningen talar om; 0 om has_value är falskt.",
    "version": "Versionens nummer, från 1.",
    "versions": "Antal versioner som har kommit.",
    "why_sv": "Vad indikatorn säger om målet; - om inget sägs.",
    "year": "Kalenderår.",
}


@dataclass(frozen=True)
class View:
    """One view: its name, its Swedish comment, its columns (name: SQL expression) and where they come from.

    Attributes:
        overrides: Swedish comments of columns whose name means something of its own here.
        since: revision of the migration that makes it.
        added: columns that a later migration has put after the others (name: SQL expression), all by ``added_since``.
    """

    name: str
    comment: str
    columns: dict[str, str]
    source: str
    overrides: tuple[tuple[str, str], ...] = ()
    since: str = "0001"
    added: tuple[tuple[str, str], ...] = ()
    added_since: str = ""

    def statements(self, revision: str = "9999") -> Iterator[str]:
        """Yield the SQL that makes the view and its comments, or gives it what a later revision adds."""
        shown = self.columns | (dict(self.added) if self.added_since <= revision else {})
        columns = ",\n".join(f"    {expression} AS {name}" for name, expression in shown.items())
        head = f"CREATE OR REPLACE VIEW publ.{self.name} WITH (security_barrier)"
        yield f"{head} AS\nSELECT\n{columns}\nFROM {self.source}"
        yield f"COMMENT ON VIEW publ.{self.name} IS {_literal(self.comment)}"
        for column, text in self.comments().items():
            if column in shown:
                yield f"COMMENT ON COLUMN publ.{self.name}.{column} IS {_literal(text)}"

    def comments(self) -> dict[str, str]:
        """Return the comment of each column.

        Raises:
            KeyError: a column has none.
        """
        own = dict(self.overrides)
        return {name: own.get(name) or COMMENTS[name] for name in self.names}

    @property
    def names(self) -> list[str]:
        """Return the names of its columns, in order."""
        return [*self.columns, *dict(self.added)]


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _same(alias: str, *names: str) -> dict[str, str]:
    return {name: f"{alias}.{name}" for name in names}


def _or_dash(alias: str, *names: str) -> dict[str, str]:
    return {name: f"coalesce({alias}.{name}, '-')" for name in names}


def _validity(alias: str) -> dict[str, str]:
    return {
        "valid_from": f"coalesce({alias}.valid_from, DATE '{OPEN_START}')",
        "valid_to": f"coalesce({alias}.valid_to, DATE '{OPEN_END}')",
    }


#: What the state of a delivery is in a release from before states were told.
_STATE_BEFORE = "CASE min(c.status) WHEN 'ok' THEN 'accepted' WHEN 'missing' THEN 'late' ELSE 'awaited' END"

_RELEASE = {"release_id": "r.release_id", "agreement_id": "r.agreement_id", "edition": "r.edition"}
_CURRENT = "warehouse.current_release p JOIN warehouse.release r USING (release_id)"

_VALUE = {
    **_RELEASE,
    **_same("v", "indicator_id", "definition_version", "series"),
    "area_code": "v.area",
    "area_role": "v.area_role",
    "period_code": "v.year::text",
    "year": "v.year",
    "sex_code": "v.sex",
    "age_code": "v.age",
    "party_code": "v.party",
    "breakdown_code": "v.breakdown",
    **_same("v", "unit", "decimals", "numerator", "denominator", "value", "obs_status", "conf_status"),
    **_or_dash("v", "reason_sv"),
    "has_ratio": "v.denominator IS NOT NULL",
    "has_interval": "v.ci_low IS NOT NULL AND v.ci_high IS NOT NULL",
    **_same("v", "ci_low", "ci_high", "ci_level"),
    **_or_dash("v", "ci_method", "method", "method_version"),
    "n_values": "(v.value IS NOT NULL)::integer",
    "n_suppressed": "(v.conf_status = 'suppressed' OR v.obs_status = 'suppressed')::integer",
    "n_missing": "(v.obs_status IN ('missing', 'not_collected'))::integer",
    **_same("v", "preliminary", "is_example"),
    **_or_dash("v", "origin"),
    **_same("v", "is_total", "break_before", "marks", "notes_sv", "captures", "known_from"),
}
_POOLED = (("first_year", "coalesce(v.first_year, v.year)"),)
_VALUE_COMMENTS = (
    ("n_values", "1 om raden har ett värde, annars 0; får summeras."),
    ("n_missing", "1 om värdet saknas eller inte samlas in, annars 0; får summeras."),
)

_TREND = {
    **_RELEASE,
    **_same("t", "indicator_id", "series"),
    "area_code": "t.area",
    "sex_code": "t.sex",
    "age_code": "t.age",
    "party_code": "t.party",
    "year": "t.year",
    **_or_dash("t", "test"),
    "result": "t.result",
    **_or_dash("t", "reason_sv"),
    **_same("t", "slope", "chi2"),
}


def _dimension(name: str, comment: str, columns: dict[str, str], source: str) -> View:
    return View(name, comment, {**columns, "release_id": _LATEST}, source)


VIEWS: tuple[View, ...] = (
    View(
        "indicator_value_v1",
        "Indikatorvärden i den gällande utgivningen av varje avtal. En rad per indikator, serie, område, år, kön, "
        "ålder, part och indelningsvärde. Innehåller totalrader (is_total): summera i indicator_value_no_totals_v1.",
        _VALUE,
        f"{_CURRENT} JOIN warehouse.release_value v USING (release_id)",
        _VALUE_COMMENTS,
        added=_POOLED,
        added_since="0005",
    ),
    View(
        "indicator_value_no_totals_v1",
        "Som indicator_value_v1 utan totalrader, för summering av täljare och nämnare. Mellan serier i samma "
        "indikator och mellan områden av olika slag summeras aldrig.",
        _VALUE,
        f"{_CURRENT} JOIN warehouse.release_value v USING (release_id)\nWHERE NOT v.is_total",
        _VALUE_COMMENTS,
        added=_POOLED,
        added_since="0005",
    ),
    View(
        "indicator_value_history_v1",
        "Indikatorvärden i alla utgivningar som någon gång gällt. Filtrera alltid på release_id eller jämför "
        "utgivningar med varandra; summera aldrig över utgivningar.",
        {**_VALUE, "is_current": "p.release_id IS NOT NULL"},
        "warehouse.release r JOIN warehouse.release_value v USING (release_id)\n"
        "    LEFT JOIN warehouse.current_release p USING (release_id)\nWHERE r.released_at IS NOT NULL",
        _VALUE_COMMENTS,
        added=_POOLED,
        added_since="0005",
    ),
    View(
        "trend_v1",
        "Trendprövningar i den gällande utgivningen. Saknad trend har alltid ett skäl.",
        _TREND,
        f"{_CURRENT} JOIN warehouse.release_trend t USING (release_id)",
        (("reason_sv", "Varför trenden inte kan beräknas; - om den kan."),),
    ),
    View(
        "assessment_v1",
        "Vad värdena i den gällande utgivningen säger: en mening, jämförelsen med jämförelseområdet och vägen mot "
        "målvärdet. En rad per indikator, serie, område, kön, ålder och indelningsvärde, för utgivningens år.",
        {
            **_RELEASE,
            **_same("a", "indicator_id", "series"),
            "area_code": "a.area",
            "period_code": "a.year::text",
            "year": "a.year",
            "sex_code": "a.sex",
            "age_code": "a.age",
            "breakdown_code": "a.breakdown",
            "has_value": "a.value_year IS NOT NULL",
            "value_year": "coalesce(a.value_year, 0)",
            **_same("a", "sentence_sv", "sentence_en", "comparison"),
            "comparison_area_code": "coalesce(a.comparison_area, '-')",
            "comparison_value": "a.comparison_value",
            **_or_dash("a", "comparison_reason_sv"),
            "progress": "a.progress",
            **_or_dash("a", "progress_reason_sv"),
            "base_year": "coalesce(a.base_year, 0)",
            "base_value": "a.base_value",
            "has_target": "a.target_value IS NOT NULL",
            "target_value": "a.target_value",
            "target_year": "coalesce(a.target_year, 0)",
            **_same("a", "needed", "actual", "is_example"),
        },
        f"{_CURRENT} JOIN warehouse.release_assessment a USING (release_id)",
        (
            ("year", "Kalenderår som bedömningen gäller: utgivningens."),
            ("has_value", "Sant om meningen talar om ett värde."),
            ("has_target", "Sant om vägen mot ett målvärde räknas; rita mållinje bara enligt indicator_v1."),
            ("target_value", "Målvärde som vägen räknas mot; avtalets ambition (alla) räknas som 100."),
            ("is_example", "EXEMPELDATA: sant om bedömningen vilar på påhittade exempelleveranser."),
        ),
        since="0005",
    ),
    View(
        "indicator_v1",
        "Indikatorer som de är definierade i den gällande utgivningen.",
        {
            **_RELEASE,
            **_same("i", "indicator_id", "definition_version", "status", "theme", "name_sv", "name_en"),
            **_same("i", "definition_sv", "definition_en"),
            **_or_dash("i", "why_sv"),
            **_same("i", "unit", "decimals", "direction", "value_kind", "per", "interval_kind", "suppression"),
            "has_target": "(i.target_value IS NOT NULL AND i.target_origin IN ('text', 'national'))",
            "target_value": "i.target_value",
            **_or_dash("i", "target_origin", "target_sv"),
            **_same("i", "caveats_sv", "read_with", "sources_sv"),
        },
        f"{_CURRENT} JOIN warehouse.release_indicator i USING (release_id)",
        (
            ("status", "active, development (under utveckling) eller retired (utgången)."),
            ("target_value", "Målvärde; tomt om target_origin är -. Visa mållinje bara om has_target är sant."),
        ),
    ),
    View(
        "goal_area_v1",
        "Avtalets målområden i den gällande utgivningen.",
        {
            **_RELEASE,
            "goal_area": "g.code",
            **_same("g", "name_sv", "name_en", "text_sv", "position"),
            **_validity("g"),
        },
        f"{_CURRENT} JOIN warehouse.release_goal_area g USING (release_id)",
        (("goal_area", "Målområdets kod."),),
    ),
    View(
        "indicator_goal_bridge_v1",
        "Brygga: vilka indikatorer som följer upp vilket målområde, och när. En indikator kan höra till flera "
        "målområden; summera aldrig över målområden.",
        {**_RELEASE, **_same("b", "goal_area", "indicator_id"), **_validity("b")},
        f"{_CURRENT} JOIN warehouse.release_bridge b USING (release_id)",
    ),
    View(
        "coverage_v1",
        "Täckning i den gällande utgivningen: vad som finns, vad som saknas och varför.",
        {
            **_RELEASE,
            "coverage_kind": "c.kind",
            "code": "c.code",
            "party_code": "c.party",
            "period_code": "c.period",
            **_same("c", "status", "n_values", "n_missing"),
            **_or_dash("c", "reason_sv"),
        },
        f"{_CURRENT} JOIN warehouse.release_coverage c USING (release_id)",
        (
            ("code", "Indikator (coverage_kind = indicator) eller utdrag (delivery)."),
            ("status", "ok (finns), missing (saknas) eller not_due (inte förfallen)."),
            ("reason_sv", "Varför det saknas; - om inget saknas."),
        ),
    ),
    View(
        "delivery_v1",
        "Parternas leveranser i den gällande utgivningen: vem som har lämnat vad för vilken period, och när. En rad "
        "per part och period. Indikatorn TMV-C04 räknar samma rader: on_time av dem som är förfallna (is_due).",
        {
            **_RELEASE,
            "party_code": "c.party",
            "period_code": "c.period",
            "extracts": "string_agg(c.code, '|' ORDER BY c.code)",
            "status": "min(c.status)",
            "state": f"coalesce(min(c.state), {_STATE_BEFORE})",
            "due": f"coalesce(min(c.due), DATE '{OPEN_END}')",
            "is_due": "coalesce(min(c.due) < (r.as_of AT TIME ZONE 'Europe/Stockholm')::date, false)",
            "has_delivery": "bool_and(c.status = 'ok')",
            "delivered_at": "min(c.delivered_at)",
            "on_time": "coalesce(bool_and(c.on_time), false)",
            "is_corrected": "coalesce(min(c.state) = 'corrected', false)",
            "versions": "coalesce(min(c.versions), min(c.n_values))",
            "reason_sv": "coalesce(min(c.reason_sv), '-')",
            "is_example": "coalesce(bool_or(c.is_example), r.is_example)",
        },
        f"{_CURRENT} JOIN warehouse.release_coverage c USING (release_id)\n"
        "WHERE c.kind = 'delivery'\nGROUP BY r.release_id, c.party, c.period",
        (
            ("period_code", "Period som leveransen gäller, se period_v1 om den har uppgifter."),
            ("status", "ok (finns), missing (saknas) eller not_due (inte förfallen)."),
            ("reason_sv", "Varför den saknas; - om den inte saknas."),
            ("is_example", "EXEMPELDATA: sant om någon version är påhittad."),
        ),
        since="0003",
    ),
    View(
        "revision_v1",
        "Hur värdena har ändrats: varje version av de värden i den gällande utgivningen som har flera. En preliminär "
        "version jämförs med en slutlig bara med den märkningen bredvid. Värden av små antal finns inte med.",
        {
            **_RELEASE,
            **_same("v", "indicator_id", "series"),
            "area_code": "v.area",
            "sex_code": "v.sex",
            "age_code": "v.age",
            "party_code": "v.party",
            "breakdown_code": "v.breakdown",
            "period_code": "v.year::text",
            **_same("v", "year", "version", "known_from", "preliminary"),
            "has_value": "v.value IS NOT NULL",
            "value": "v.value",
            "has_change": "v.change IS NOT NULL",
            **_same("v", "change", "cumulative", "unit", "is_example"),
        },
        f"{_CURRENT} JOIN warehouse.release_revision v USING (release_id)",
        (
            ("known_from", "Från när versionen är känd."),
            ("preliminary", "Sant om versionen är preliminär."),
            ("has_value", "Sant om versionen har ett värde; falskt om det togs tillbaka."),
            ("value", "Värdet enligt versionen; tomt om has_value är falskt. Summera aldrig över versioner."),
        ),
        since="0005",
    ),
    View(
        "change_v1",
        "Ändringar i den gällande utgivningen mot den föregående.",
        {
            **_RELEASE,
            **_or_dash("r", "previous_release_id"),
            "change_no": "c.position",
            **_same("c", "kind", "indicator_id", "series"),
            "area_code": "c.area",
            "sex_code": "c.sex",
            "age_code": "c.age",
            "party_code": "c.party",
            "breakdown_code": "c.breakdown",
            "year": "coalesce(c.year, 0)",
            **_same("c", "field", "before", "after"),
            "has_size": "c.size IS NOT NULL",
            "size": "c.size",
        },
        f"{_CURRENT} JOIN warehouse.release_change c USING (release_id)",
        (
            ("kind", "Slag av ändring: added, removed, revised, status, flags, definition, indicator_added m.fl."),
            ("year", "Kalenderår; 0 om ändringen gäller definitionen."),
        ),
        added=(("note_sv", "c.note_sv"),),
        added_since="0005",
    ),
    View(
        "release_v1",
        "Utgivningar som gäller eller har gällt.",
        {
            **_same("r", "release_id", "agreement_id", "year", "edition", "as_of", "is_example", "origins"),
            "is_current": "p.release_id IS NOT NULL",
            "released_at": "r.released_at",
            **_or_dash("r", "previous_release_id", "diff_sv", "approval", "approval_reason"),
        },
        "warehouse.release r LEFT JOIN warehouse.current_release p USING (release_id)\nWHERE r.released_at IS NOT NULL",
        (("release_id", "Utgivning."), ("year", "Det år som uppföljningen avser.")),
    ),
    _dimension(
        "area_v1",
        "Områden.",
        {
            "area_code": "a.code",
            "area_kind": "a.kind",
            "name_sv": "a.name",
            **_or_dash("a", "parent_code"),
            **_validity("a"),
            "is_total": "a.is_total",
        },
        "warehouse.area a",
    ),
    _dimension(
        "period_v1",
        "Perioder, även varje år som har ett indikatorvärde.",
        {"period_code": "d.code", "kind": "d.unit", **_same("d", "year", "first_day", "last_day")},
        "(SELECT code, unit, year, first_day, last_day FROM warehouse.period\n"
        "    UNION SELECT year::text, 'year', year, make_date(year, 1, 1), make_date(year, 12, 31)\n"
        "    FROM (SELECT DISTINCT v.year FROM warehouse.release_value v JOIN warehouse.release r USING (release_id)\n"
        "        WHERE r.released_at IS NOT NULL) y) d",
    ),
    _dimension(
        "sex_v1",
        "Kön.",
        {"sex_code": "s.code", **_same("s", "label_sv", "label_en", "is_total")},
        "warehouse.sex s",
    ),
    _dimension(
        "age_v1",
        "Åldersgrupper. De kan överlappa: summera bara grupper som inte gör det.",
        {
            "age_code": "a.code",
            **_same("a", "label_sv", "label_en", "age_from"),
            "age_to": "coalesce(a.age_to, 199)",
            "is_total": "a.is_total",
        },
        "warehouse.age a",
    ),
    _dimension(
        "party_v1",
        "Parter och andra som lämnar uppgifter.",
        {
            "party_code": "y.code",
            "name_sv": "y.name",
            "role": "y.role",
            "party_area_code": "coalesce(y.area_code, '-')",
            "is_total": "y.is_total",
        },
        "warehouse.party y",
    ),
    _dimension(
        "breakdown_v1",
        "Indelningsvärden, t.ex. brottstyper och aktiviteter.",
        {
            "breakdown_code": "b.code",
            **_same("b", "scheme", "label_sv", "label_en"),
            **_or_dash("b", "parent_code"),
            "is_total": "b.is_total",
        },
        "warehouse.breakdown b",
    ),
    _dimension(
        "status_v1",
        "Koder för status och märkning, med klartext.",
        {**_same("s", "kind", "code", "label_sv", "has_value")},
        "warehouse.status_label s",
    ),
    View(
        "public_figure_v1",
        "Offentliga tabeller i den gällande utgivningen: källornas uppgifter i full uppdelning, med det som räknas ur "
        "dem. En rad per tabell, mått, område, år, kön, ålder och indelningsvärde. Rader kan ingå i varandra (brott i "
        "parrelation i alla brott av slaget): summera aldrig över kön, ålder eller indelning.",
        {
            **_RELEASE,
            "table_id": "f.table_id",
            "measure_code": "f.measure",
            "measure_sv": "f.measure_sv",
            "area_code": "f.area",
            "area_role": "f.area_role",
            "period_code": "f.year::text",
            "year": "f.year",
            "sex_code": "f.sex",
            "age_code": "f.age",
            "breakdown_code": "f.breakdown",
            **_same("f", "source_label", "unit", "decimals", "numerator", "denominator", "value"),
            "has_ratio": "f.denominator IS NOT NULL",
            "has_interval": "f.ci_low IS NOT NULL AND f.ci_high IS NOT NULL",
            **_same("f", "ci_low", "ci_high"),
            **_or_dash("f", "ci_method"),
            "value_status": "f.value_status",
            **_or_dash("f", "reason_sv"),
            **_same("f", "preliminary", "break_before", "label_changed", "marks", "notes_sv", "origin", "captures"),
        },
        f"{_CURRENT} JOIN warehouse.release_figure f USING (release_id)",
        (
            ("measure_code", "Mått: källans (källa.mått), eller ett som är räknat ur dem."),
            ("numerator", "Täljare; tom för källans egna mått och enligt value_status."),
            ("denominator", "Nämnare; tom om has_ratio är falskt."),
        ),
        since="0005",
    ),
    View(
        "observation_public_v1",
        "Källornas uppgifter enligt senaste kunskap. Bara mått utan små tal om personer; "
        "övriga finns endast som indikatorvärden efter sekretessprövning.",
        {
            "release_id": _LATEST,
            "source_id": "m.source_id",
            "measure_code": "m.code",
            "measure_sv": "m.label_sv",
            **_same("m", "unit", "additive"),
            "area_code": "a.code",
            "period_code": "d.code",
            "year": "d.year",
            "sex_code": "s.code",
            "age_code": "g.code",
            "party_code": "y.code",
            "breakdown_code": "b.code",
            **_same("o", "value", "value_low", "value_high"),
            "value_status": "u.code",
            "data_status": "o.status",
            "mark": "k.code",
            "source_label": "l.text",
            "is_example": "(c.origin = 'example')",
            "origin": "c.origin",
            "capture_id": "c.capture_id",
            "known_from": "o.known_from",
        },
        "warehouse.observation o\n"
        "    JOIN warehouse.measure m USING (measure_key) JOIN warehouse.area a USING (area_key)\n"
        "    JOIN warehouse.period d USING (period_key) JOIN warehouse.sex s USING (sex_key)\n"
        "    JOIN warehouse.age g USING (age_key) JOIN warehouse.party y USING (party_key)\n"
        "    JOIN warehouse.breakdown b USING (breakdown_key) JOIN warehouse.source_label l USING (label_key)\n"
        "    JOIN warehouse.value_status u USING (value_status_key) JOIN warehouse.mark k USING (mark_key)\n"
        "    JOIN warehouse.capture c USING (capture_key)\n"
        "WHERE o.known_until = 'infinity' AND NOT m.small_counts",
        (
            ("release_id", "Den senast gällande utgivningen vid läsningen, - om ingen; raden är färskare än den."),
            ("known_from", "Från när uppgiften är känd."),
            ("value", "Värde; tomt enligt value_status. Får summeras bara om additive är sant."),
        ),
    ),
)


def markdown() -> str:
    """Return the contract as a Markdown table for each view, as it stands in ``docs/bi_contract.md``."""
    parts = []
    for view in VIEWS:
        rows = "\n".join(f"| `{name}` | {text.replace('|', chr(92) + '|')} |" for name, text in view.comments().items())
        parts.append(f"### publ.{view.name}\n\n{view.comment}\n\n| kolumn | betydelse |\n|---|---|\n{rows}\n")
    return "\n".join(parts)


if __name__ == "__main__":
    print(markdown(), end="")
