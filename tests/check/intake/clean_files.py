"""Clean files of many shapes, from a seed: full of numbers that are like personal ones, and of nobody's.

Each is what a party, or the system it exports from, could deliver: codes, counts, sums, dates, addresses and numbers of
organisations. Nothing in them is chosen by whether it would pass the gate.
"""

import io
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import xlsxwriter

Value = str | int | float | date | datetime | None
Rows = list[list[Value]]

MUNICIPALITIES = {
    "2303": "Ragunda", "2305": "Bräcke", "2309": "Krokom", "2313": "Strömsund",
    "2321": "Åre", "2326": "Berg", "2361": "Härjedalen", "2380": "Östersund",
}  # fmt: skip
_WITH_ZERO = ("0114 Upplands Väsby", "0180 Stockholm", "0305 Håbo", "0428 Vingåker", "0760 Uppvidinge", "0980 Gotland")
_TITLES = (
    "Föreläsning om våld i nära relationer",
    "Kampanj En vecka fri från våld",
    "Samverkansdag, 120 deltagare",
    "Pressmeddelande: 3 av 10 har tillfrågats",
    "Webbutbildning, modul 2 av 4",
    "Debattartikel om lag (2021:1117) och SFS 2001:453",
    "Remissvar på SOU 2023:67",
    "Material enligt prop. 2020/21:163",
    "Rapport 2024:5 från Brå",
    "Nätverksträff 08:30–12:00",
)


@dataclass(frozen=True)
class CleanFile:
    """A clean file: its name, the shape it was made after, and its bytes."""

    name: str
    shape: str
    content: bytes


def clean_files(count: int, seed: int) -> Iterator[CleanFile]:
    """Yield clean files: every shape in turn, one in three as CSV, the others as workbooks."""
    numbers = random.Random(seed)  # noqa: S311  (not for secrets)
    shapes = list(SHAPES.items())
    for number in range(count):
        shape, rows_of = shapes[number % len(shapes)]
        rows = rows_of(numbers)
        if number % 3 == 2:
            yield CleanFile(f"uttag-{shape}-{number}.csv", shape, _csv(rows, numbers))
        else:
            yield CleanFile(f"uttag-{shape}-{number}.xlsx", shape, _xlsx(rows))


def _xlsx(rows: Rows) -> bytes:
    buffer = io.BytesIO()
    book = xlsxwriter.Workbook(buffer, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    book.set_properties({"author": "Handläggare vid Region Exempel", "comments": "Uttag 2024-03-15"})
    formats = {name: book.add_format({"num_format": name}) for name in ("yyyy-mm-dd", "yyyy-mm-dd hh:mm")}
    sheet = book.add_worksheet("Uttag")
    for row, values in enumerate(rows):
        for column, value in enumerate(values):
            match value:
                case None:
                    pass
                case datetime():
                    sheet.write_datetime(row, column, value, formats["yyyy-mm-dd hh:mm"])
                case date():
                    sheet.write_datetime(row, column, value, formats["yyyy-mm-dd"])
                case str():
                    sheet.write_string(row, column, value)
                case _:
                    sheet.write_number(row, column, value)
    book.close()
    return buffer.getvalue()


def _csv(rows: Rows, numbers: random.Random) -> bytes:
    def text(value: Value) -> str:
        return str(value).replace(".", ",") if isinstance(value, float) else "" if value is None else str(value)

    lines = "".join(";".join(map(text, row)) + "\r\n" for row in rows)
    return lines.encode(numbers.choice(["utf-8", "utf-8-sig", "cp1252"]))


# --- shapes ------------------------------------------------------------------------------------------------------


def _day(numbers: random.Random, first: int = 2021) -> date:
    return date(first, 1, 1) + timedelta(days=numbers.randrange(365 * 5))


def _organisation_number(numbers: random.Random) -> str:
    nine = f"{numbers.choice('25789')}{numbers.randrange(10)}{numbers.randrange(2, 10)}{numbers.randrange(10**6):06}"
    doubled = (int(digit) * (2 - index % 2) for index, digit in enumerate(nine))
    return nine + str(-sum(number // 10 + number % 10 for number in doubled) % 10)


def organisations(numbers: random.Random) -> Rows:
    """Organisation numbers, with a hyphen or bare, as text or as numbers."""
    write = numbers.choice([lambda n: f"{n[:6]}-{n[6:]}", str, int, lambda n: f"16{n}"])
    return [["Organisationsnummer", "Verksamhet", "Anställda"]] + [
        [write(_organisation_number(numbers)), f"Enhet {row}", numbers.randrange(900)]
        for row in range(numbers.randrange(1, 60))
    ]


def counts_like_phones(numbers: random.Random) -> Rows:
    """Counts written with spaces, and such as a telephone number begins."""
    return [["Mått", "Antal", "Antal året före"]] + [
        [
            f"Mått {row}",
            numbers.choice(["12 345 678", "070 123", f"{numbers.randrange(10**6):,}".replace(",", "\u00a0"), "063"]),
            numbers.choice([70123, 701234, f"{numbers.randrange(1000)} {numbers.randrange(100, 1000)}"]),
        ]
        for row in range(20)
    ]


def long_identifiers(numbers: random.Random) -> Rows:
    """A long column of numbers of ten digits that some system made."""
    return [["Löpnummer", "Antal insatser"]] + [
        [f"{numbers.randrange(10**9, 10**10)}", numbers.randrange(20)] for _ in range(numbers.randrange(20, 400))
    ]


def long_counts(numbers: random.Random) -> Rows:
    """A column of large numbers, such as sums of money."""
    return [["Konto", "Kronor"]] + [
        [f"Konto {row}", numbers.randrange(10**9, 10**10)] for row in range(numbers.randrange(20, 80))
    ]


def running_numbers(numbers: random.Random) -> Rows:
    """Numbers in a row that begin with a day, as case systems count."""
    first = int(f"{_day(numbers):%y%m%d}{numbers.randrange(9000):04}")
    return [["Rad", "Nummer", "Insatser"]] + [
        [row, first + row, numbers.randrange(1, 9)] for row in range(numbers.randrange(12, 60))
    ]


def a_large_number(numbers: random.Random) -> Rows:
    """One or a few numbers of seven to ten digits among small ones."""
    rows: Rows = [["Mått", "Värde"]]
    rows += [[f"Litet mått {row}", numbers.randrange(1000)] for row in range(10)]
    rows += [[f"Stort mått {row}", numbers.randrange(10**6, 10 ** numbers.randrange(7, 11))] for row in range(3)]
    return rows


def sizes(numbers: random.Random) -> Rows:
    """Areas of buildings and shares, with decimals."""
    return [["Fastighet", "Yta (kvm)", "Andel"]] + [
        [
            f"Kvarteret {numbers.randrange(1, 60)}:{numbers.randrange(1, 200)}",
            numbers.random() * 10**6,
            numbers.random(),
        ]
        for _ in range(40)
    ]


def municipality_codes(numbers: random.Random) -> Rows:
    """Codes with and without leading zeros, a column headed Namn with municipalities, and counts."""
    rows: Rows = [["Kod", "Namn", "Antal", "Andel (procent)"]]
    rows += [
        [code, name, numbers.randrange(5000), f"{numbers.randrange(1000) / 10}"]
        for code, name in MUNICIPALITIES.items()
    ]
    return rows + [[int(code), f"{name} kommun", "<5", "-"] for code, name in MUNICIPALITIES.items()]


def codes_with_names(numbers: random.Random) -> Rows:
    """Codes and names in one cell, some with leading zeros."""
    return [["Kommun", "2021", "2022", "2023"]] + [
        [name, *(numbers.randrange(9999) for _ in range(3))] for name in _WITH_ZERO
    ]


def periods(numbers: random.Random) -> Rows:
    """Periods in all ways of writing them, with codes that end like reserve numbers."""
    year = numbers.randrange(2020, 2026)
    written = (
        f"{year}", f"{year}-Q1", f"{year} kv1", f"{year}K2", f"{year}-T2", f"{year}03-T123", f"{year}M03",
        f"mars {year}", f"{year}-{year + 1}", f"{year}/{year + 1}", f"{year}–{year + 1}", f"R12 {year}-09",
        f"{year}03", f"t.o.m. kv 3 {year}",
    )  # fmt: skip
    return [["Period", "Ärenden", "Beslut"]] + [
        [each, numbers.randrange(2000), numbers.randrange(1000, 3000)] for each in written
    ]


def activities(numbers: random.Random) -> Rows:
    """A log of activities with numbers of their own, dates, titles and addresses."""
    return [["Nummer", "Datum", "Typ", "Rubrik", "Ledande part", "Webbadress"]] + [
        [
            numbers.choice([f"{_day(numbers).year}-{row:02}", f"EX-{row:02}", f"LST-{row:03}", f"F{row}"]),
            _day(numbers),
            "Webb",
            numbers.choice(_TITLES),
            numbers.choice(["K2380 – Östersunds kommun", "RJH"]),
            _address(numbers),
        ]
        for row in range(1, numbers.randrange(5, 60))
    ]


def documents(numbers: random.Random) -> Rows:
    """Public documents by name and diarienummer, in the columns in which a contract asks for them."""
    year = numbers.randrange(2021, 2026)
    written = [
        lambda: f"{numbers.randrange(100, 900)}-{numbers.randrange(1000, 99_999)}-{year}",
        lambda: f"dnr {year}/{numbers.randrange(1000, 9999)}",
        lambda: f"SN {year}-{numbers.randrange(10_000):05}",
        lambda: f"Tabell 4 (diarienummer RS/{numbers.randrange(50, 2000)}/{year})",
    ]
    return [["Uppgift", "Handling", "Rubrik", "Webbadress"]] + [
        ["Andel", f"Årsrapport {year}, {numbers.choice(written)()}", numbers.choice(written)(), _address(numbers)]
        for _ in range(numbers.randrange(3, 25))
    ]


def _address(numbers: random.Random) -> str:
    day = _day(numbers)
    seconds = int(datetime.combine(day, datetime.min.time(), UTC).timestamp())
    ten = f"{numbers.randrange(10**9, 10**10)}"
    return numbers.choice(
        [
            f"https://www.exempel.se/nyheter/{day:%Y/%m/%d}/{numbers.randrange(10_000):04}-rubrik.html",
            f"https://www.exempel.se/nyheter/{day}-samverkan-mot-vald.html",
            f"https://www.exempel.se/download/18.{numbers.getrandbits(80):x}/{seconds}{numbers.randrange(1000):03}/fil.pdf",
            f"https://www.exempel.se/?t={seconds}",
            f"https://www.exempel.se/artikel/{numbers.randrange(10**6)}",
            f"https://www.exempel.se/arende/2024/{numbers.randrange(10_000)}?id={ten[: numbers.randrange(4, 10)]}",
            f"https://doi.org/10.1000/{numbers.randrange(100)}.{numbers.randrange(10**5)}-{day.year}",
            f"https://youtu.be/{numbers.getrandbits(60):x}",
        ]
    )


def moments(numbers: random.Random) -> Rows:
    """Dates with times: as dates, as ISO text, compact."""
    rows: Rows = [["Skapad", "Ändrad", "Kod", "Antal"]]
    for _ in range(numbers.randrange(3, 60)):
        at = datetime.combine(_day(numbers), datetime.min.time()) + timedelta(minutes=numbers.randrange(1440))
        rows.append([at, f"{at:%Y-%m-%dT%H:%M:%S}", f"{at:%Y%m%d%H%M%S}", numbers.randrange(400)])
    return rows


def dates_beside_counts(numbers: random.Random) -> Rows:
    """A date beside a count of four digits, which is a valid number one time in ten."""
    how = numbers.choice(["%Y-%m-%d", "%Y%m%d", "%y%m%d"])
    first = _day(numbers)
    rows = numbers.choice([1, 2, 3, 5, 12, 52, 365])
    return [["Vecka från", "Samtal"]] + [
        [f"{first + timedelta(days=7 * row):{how}}", numbers.randrange(1000, 9999)] for row in range(rows)
    ]


def dates_beside_years(numbers: random.Random) -> Rows:
    """Real dates beside years."""
    return [["Beslutad", "Gäller år", "Kostnad"]] + [
        [_day(numbers), numbers.randrange(2020, 2030), numbers.randrange(100, 10**6)] for _ in range(20)
    ]


def barcodes(numbers: random.Random) -> Rows:
    """Numbers of articles: thirteen digits, eight digits, ISBN."""
    return [["EAN", "Artikel", "ISBN", "Antal"]] + [
        [
            f"73{numbers.randrange(10**11):011}",
            numbers.randrange(10**12, 10**13),
            f"978-91-{numbers.randrange(1000):03}-{numbers.randrange(10_000):04}-{numbers.randrange(10)}",
            numbers.randrange(50),
        ]
        for _ in range(30)
    ]


def amounts(numbers: random.Random) -> Rows:
    """Sums in kronor, round and not, with signs and units."""
    return [["Post", "Budget", "Utfall", "Avvikelse"]] + [
        [
            f"Post {row}",
            numbers.randrange(1, 200) * 50_000,
            numbers.randrange(10**4, 10**7),
            f"-{numbers.randrange(10**6)} kr",
        ]
        for row in range(12)
    ]


def payments(numbers: random.Random) -> Rows:
    """Bankgiro and plusgiro numbers, reference numbers of invoices."""
    return [["Bankgiro", "Plusgiro", "Faktura"]] + [
        [
            f"{numbers.randrange(100, 10_000)}-{numbers.randrange(10_000):04}",
            f"{numbers.randrange(1, 100)} {numbers.randrange(10, 100)} {numbers.randrange(10, 100)}-3",
            numbers.randrange(10**4, 10**6),
        ]
        for _ in range(15)
    ]


def by_unit_and_age(numbers: random.Random) -> Rows:
    """Counts of patients by unit, sex and age group, more than thirty rows."""
    rows: Rows = [["Vårdenhet", "Kön", "Åldersgrupp", "Antal", "Tillfrågade"]]
    for unit in ("Akutmottagning", "BUP", "Primärvård", "Ungdomsmottagning"):
        for sex in ("K", "M", "X"):
            for age in ("0-14", "15-17", "18-24", "25-44", "45-64", "65+"):
                rows.append(
                    [unit, sex, age, numbers.randrange(40), numbers.choice(["<5", numbers.randrange(5, 30), "x"])]
                )
    return rows


def single_years_of_age(numbers: random.Random) -> Rows:
    """Population by sex and single years of age."""
    return [["Kön", "Ålder", "Folkmängd"]] + [
        [sex, age, numbers.randrange(300, 2000)] for sex in ("Kvinna", "Man") for age in range(100)
    ]


def ways_of_contact(numbers: random.Random) -> Rows:
    """Counts under headings that elsewhere hold data about persons."""
    rows: Rows = [["Kommun", "Telefon", "E-post", "Besök", "Barn", "Klient", "Anhörig"]]
    for name in MUNICIPALITIES.values():
        rows.append([name, *(numbers.choice([numbers.randrange(500), "<5", "-"]) for _ in range(6))])
    return rows


def contacts_as_rows(numbers: random.Random) -> Rows:
    """The same, with the ways of contact as labels of rows."""
    return [["Kontaktväg", "Antal"]] + [
        [way, numbers.randrange(900)] for way in ("Besök", "Telefon", "E-post", "Chatt", "Adress saknas", "Totalt")
    ]


SHAPES: dict[str, Callable[[random.Random], Rows]] = {
    function.__name__: function
    for function in (
        organisations, counts_like_phones, long_identifiers, long_counts, running_numbers, a_large_number, sizes,
        municipality_codes, codes_with_names, periods, activities, documents, moments, dates_beside_counts,
        dates_beside_years,
        barcodes, amounts, payments, by_unit_and_age, single_years_of_age, ways_of_contact, contacts_as_rows,
    )
}  # fmt: skip
