"""Reading a transaction log (Parquet or CSV, a file or a folder) with DuckDB and sorting its rows out.

The layout is that of UCI's Online Retail: one row per line of an invoice, cancellations on invoices that begin with C
or as negative quantities of a known customer. Every row read ends as part of an order line, as a cancellation, or
counted under the reason why it was set aside.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb
import numpy as np

from devstore.worlds.errors import WorldError

COLUMNS = ("InvoiceNo", "StockCode", "Description", "Quantity", "InvoiceDate", "UnitPrice", "CustomerID", "Country")
_PARQUET, _CSV = (".parquet",), (".csv", ".csv.gz", ".tsv")

Columns = dict[str, np.ma.MaskedArray[Any, Any] | np.ndarray[Any, Any]]

_AS_IT_IS = 'try_cast("InvoiceDate" AS TIMESTAMP)'
# Two digits of a year before four, which would take 11 for the year 11.
_DATE_FORMATS = (
    "%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M", "%m/%d/%y %H:%M", "%m/%d/%Y %H:%M", "%d/%m/%y %H:%M", "%d/%m/%Y %H:%M",
)  # fmt: skip

# Files of a folder may overlap (the two years of Online Retail share nine days). An invoice that several files have is
# taken whole from the file that has most of it, from the later one where they have as much; so a row that was
# corrected in between counts once, and equal rows within a file stay what they are: repetitions in one cart.
_TYPED = """
    CREATE TABLE typed AS
    WITH rows AS (
        SELECT file,
               upper(trim("InvoiceNo"::VARCHAR)) AS invoice,
               upper(trim("StockCode"::VARCHAR)) AS code,
               nullif(trim("Description"::VARCHAR), '') AS text,
               try_cast(try_cast("Quantity" AS DOUBLE) AS INTEGER) AS quantity,
               {written} AS moment,
               try_cast(round(try_cast("UnitPrice" AS DOUBLE) * 100) AS BIGINT) AS price,
               try_cast(try_cast("CustomerID" AS DOUBLE) AS BIGINT) AS customer,
               coalesce(trim("Country"::VARCHAR), '') AS country
        FROM raw),
    sizes AS (SELECT invoice, file, count(*) AS size FROM rows GROUP BY ALL),
    chosen AS (SELECT invoice, arg_max(file, (size, file)) AS file FROM sizes GROUP BY invoice)
    SELECT rows.* EXCLUDE (file) FROM rows LEFT JOIN chosen USING (invoice)
    WHERE rows.invoice IS NULL OR rows.file = chosen.file
"""

_SORTED = r"""
    CREATE TABLE log AS
    SELECT *, CASE
        WHEN invoice IS NULL OR code IS NULL OR quantity IS NULL OR moment IS NULL OR price IS NULL THEN 'unreadable'
        WHEN code IN ('POST', 'DOT', 'C2', 'C3') THEN 'postage and carriage'
        WHEN code IN ('M', 'D', 'S') THEN 'manual entries, discounts and samples'
        WHEN code IN ('BANK CHARGES', 'AMAZONFEE', 'CRUK', 'B') THEN 'fees, charity and bad debt'
        WHEN starts_with(code, 'GIFT') THEN 'gift vouchers'
        WHEN starts_with(code, 'TEST') THEN 'test products'
        WHEN starts_with(code, 'ADJUST') THEN 'manual adjustments'
        WHEN NOT regexp_full_match(code, '[0-9]{5}[A-Z]{0,2}') THEN 'other stock codes'
        WHEN price <= 0 THEN 'no price'
        WHEN regexp_matches(lower(text), 'carriage|gift voucher|high resolution image') THEN 'services'
        WHEN quantity < 0 AND (starts_with(invoice, 'C') OR customer IS NOT NULL) THEN 'cancellation'
        WHEN starts_with(invoice, 'C') OR quantity <= 0 THEN 'stock adjustments'
        ELSE 'sale' END AS fate
    FROM typed
"""

_PRODUCTS = """
    WITH texts AS (
        SELECT code, text, count(*) AS often, max(moment) AS latest FROM log
        WHERE fate = 'sale' AND text IS NOT NULL AND NOT contains(text, '?') AND length(text) > 3
          AND regexp_matches(text, '[A-Z]')
        GROUP BY code, text),
    best AS (SELECT code, arg_max(text, (often, latest, text)) AS text FROM texts GROUP BY code)
    SELECT code, coalesce(any_value(best.text), '') AS text, min(moment) AS first_sale, max(moment) AS last_sale
    FROM log LEFT JOIN best USING (code) WHERE fate = 'sale' GROUP BY code ORDER BY code
"""

# How many invoices of a week show which price, by the product's place in the alphabet.
_PRICES = """
    SELECT dense_rank() OVER (ORDER BY code) - 1 AS product, date_diff('day', $start::DATE, moment::DATE) // 7 AS week,
           price, count(DISTINCT invoice) AS often, min(moment) AS since
    FROM log WHERE fate = 'sale' GROUP BY code, week, price ORDER BY code, week, price
"""

# Each day on which a product sold, with how many days it sold on in the twelve weeks until then and from then on.
_SELLING_DAYS = """
    WITH days AS (
        SELECT code, moment::DATE AS day, sum(quantity) AS pieces FROM log WHERE fate = 'sale' GROUP BY ALL)
    SELECT dense_rank() OVER (ORDER BY code) - 1 AS product, day, pieces::BIGINT AS pieces,
           count(*) OVER (PARTITION BY code ORDER BY day RANGE BETWEEN INTERVAL 83 DAY PRECEDING AND CURRENT ROW)
               AS before,
           count(*) OVER (PARTITION BY code ORDER BY day RANGE BETWEEN CURRENT ROW AND INTERVAL 83 DAY FOLLOWING)
               AS after
    FROM days ORDER BY product, day
"""

_CUSTOMERS = """
    SELECT customer, min(moment) AS first_order, max(moment) AS last_order,
           arg_max(country, (moment, country)) AS country
    FROM log WHERE fate = 'sale' AND customer IS NOT NULL GROUP BY customer ORDER BY customer
"""

_ORDERS = """
    CREATE TABLE orders AS
    SELECT row_number() OVER (ORDER BY placed, invoice) - 1 AS place, * FROM (
        SELECT invoice, min(moment) AS placed, coalesce(max(customer), 0) AS customer, max(country) AS country
        FROM log WHERE fate = 'sale' GROUP BY invoice)
"""

# Stock codes leave as their place in the alphabet: half a million short numbers instead of as many strings.
_LINES = """
    WITH codes AS (
        SELECT code, row_number() OVER (ORDER BY code) - 1 AS product
        FROM (SELECT DISTINCT code FROM log WHERE fate = 'sale'))
    SELECT place::INTEGER AS place, product::INTEGER AS product, price, sum(quantity)::BIGINT AS quantity
    FROM log JOIN orders USING (invoice) JOIN codes USING (code) WHERE fate = 'sale'
    GROUP BY place, product, price ORDER BY place, product, price
"""

_CANCELLATIONS = """
    SELECT invoice, moment, coalesce(customer, 0) AS customer, code, -quantity AS quantity, price
    FROM log WHERE fate = 'cancellation' ORDER BY moment, invoice, code, price, quantity
"""


class Log:
    """An opened transaction log; each method answers with columns by name."""

    def __init__(self, path: Path) -> None:
        self._connection = duckdb.connect(config={"threads": 2})
        self._load(_files(path))
        self.now: Any = self._one("SELECT max(moment) FROM log WHERE fate IN ('sale', 'cancellation')")
        if not self._one("SELECT count(*) FROM orders"):
            raise WorldError(f"{path} holds no sale: no row has a product's stock code, a quantity and a price.")
        self.start: Any = self._one("SELECT min(moment) FROM log WHERE fate = 'sale'")

    def fates(self) -> dict[str, int]:
        """How many rows were read as what; 'read' is all of them, 'repeated in another file' the dropped copies."""
        rows = self._connection.execute("SELECT fate, count(*) FROM log GROUP BY fate ORDER BY fate").fetchall()
        distinct = sum(count for _, count in rows)
        return {"read": self._read, "repeated in another file": self._read - distinct, **dict(rows)}

    def products(self) -> Columns:
        return self._columns(_PRODUCTS)

    def prices(self) -> Columns:
        """By product, week since `start` and price: how many invoices show it, and since when."""
        return self._columns(_PRICES, {"start": self.start})

    def selling_days(self) -> Columns:
        return self._columns(_SELLING_DAYS)

    def customers(self) -> Columns:
        return self._columns(_CUSTOMERS)

    def orders(self) -> Columns:
        return self._columns("SELECT invoice, placed, customer, country FROM orders ORDER BY place")

    def lines(self) -> Columns:
        """By order and product; `place` counts the orders, `product` the products, both as listed, from 0."""
        return self._columns(_LINES)

    def cancellations(self) -> Columns:
        return self._columns(_CANCELLATIONS)

    def close(self) -> None:
        self._connection.close()

    def _load(self, files: list[Path]) -> None:
        for number, file in enumerate(files):
            relation = self._open(file)
            missing = [name for name in COLUMNS if name not in relation.columns]
            if missing:
                raise WorldError(
                    f"{file} lacks the column{'s' * (len(missing) > 1)} {', '.join(missing)}. A transaction log has "
                    f"{', '.join(COLUMNS)}; rename the columns of yours to these."
                )
            part = relation.project(f"{number} AS file, " + ", ".join(f'"{name}"' for name in COLUMNS))
            self._keep(part, first=number == 0)
        written = " ".join(f"WHEN {number} THEN {self._dates(number)}" for number in range(len(files)))
        self._connection.execute(_TYPED.replace("{written}", f"CASE file {written} END"))
        self._connection.execute(_SORTED)
        self._read = int(self._one("SELECT count(*) FROM raw"))
        self._connection.execute("DROP TABLE raw; DROP TABLE typed;" + _ORDERS)

    def _dates(self, file: int) -> str:
        """How a file's dates are read: in the one way that fits most of them, as 05/02 alone does not tell which."""
        ways = [_AS_IT_IS, *(_read_as(form) for form in _DATE_FORMATS)]
        fits = ", ".join(f"count({way})" for way in ways)
        question = f"SELECT {fits} FROM raw WHERE file = $file"  # noqa: S608 - our own constants
        counted = self._connection.execute(question, {"file": file}).fetchone()
        assert counted is not None
        return ways[int(np.argmax(counted))]

    def _open(self, file: Path) -> duckdb.DuckDBPyRelation:
        try:
            if file.suffix == ".parquet":
                return self._connection.read_parquet(str(file))
            return self._connection.read_csv(str(file), all_varchar=True, header=True)
        except (duckdb.Error, UnicodeDecodeError) as error:
            raise WorldError(f"{file} cannot be read as Parquet or CSV with a header: {error}") from error

    def _keep(self, part: duckdb.DuckDBPyRelation, *, first: bool) -> None:
        try:
            if first:
                part.create("raw")
            else:
                part.insert_into("raw")
        except (duckdb.Error, UnicodeDecodeError) as error:
            raise WorldError(f"The log cannot be read to its end: {error}") from error

    def _columns(self, query: str, values: dict[str, Any] | None = None) -> Columns:
        return self._connection.execute(query, values).fetchnumpy()

    def _one(self, query: str) -> Any:
        row = self._connection.execute(query).fetchone()
        return row[0] if row else None


def _read_as(form: str) -> str:
    return f"""try_strptime("InvoiceDate"::VARCHAR, '{form}')"""


def _files(path: Path) -> list[Path]:
    if path.is_file():
        return [path]
    files = sorted(file for file in path.iterdir() if file.name.lower().endswith((*_PARQUET, *_CSV)))
    if not files:
        raise WorldError(f"{path} holds no .parquet or .csv file; point to the log itself or to its folder.")
    return files
