"""DuckDB's part in `attune bench sync`: one table from the file, two threads, into a database file."""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

import orjson


def main() -> None:
    """Run the task on standard input; the measure goes to standard output."""
    import duckdb

    source = orjson.loads(sys.stdin.buffer.read())["file"]
    with tempfile.TemporaryDirectory(prefix="attune-bench-") as folder:
        began = time.perf_counter()
        with duckdb.connect(str(Path(folder) / "rival.duckdb"), config={"threads": 2}) as database:
            database.execute("CREATE TABLE orders AS SELECT * FROM read_ndjson_auto($1)", [source])
        measured = {"seconds": time.perf_counter() - began}
    sys.stdout.buffer.write(orjson.dumps(measured))


if __name__ == "__main__":
    main()
