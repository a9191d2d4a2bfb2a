"""The figures, for people."""

from benchmarks.report import table
from benchmarks.serving.cells import Cell
from benchmarks.serving.contenders import LIMIT
from benchmarks.serving.results import Results
from benchmarks.serving.targets import throughput


def overview(results: Results) -> str:
    """Rows a second of every contender in every cell, as ratios to the limit."""
    cells = results.cells()
    names = dict.fromkeys(name for cell in cells for name in results.contenders(cell))
    rows: list[list[object]] = [
        [name, *(_ratio(results, name, LIMIT, cell) for cell in cells)] for name in names
    ]
    return table(["rows/s ÷ the limit", *map(str, cells)], rows)


def details(results: Results) -> str:
    """One table for every cell."""
    return "\n\n".join(_cell(results, cell) for cell in results.cells())


def _cell(results: Results, cell: Cell) -> str:
    header = [
        f"**{cell} connection{'s' * (cell.connections > 1)}**",
        "p50, ms",
        "p99, ms",
        "rows/s",
        "÷ limit",
        "÷ best peer",
        "errors",
        "CPU s",
        "PostgreSQL CPU s",
        "peak MiB",
    ]
    best = results.best_peer(throughput, cell)
    rows: list[list[object]] = []
    for name in results.contenders(cell):
        one = results.median(name, cell)
        rows.append(
            [
                f"{name} (best peer)" if name == best else name,
                _short(one.p50 * 1e3),
                _short(one.p99 * 1e3),
                f"{one.rows_per_second:,.0f}",
                _ratio(results, name, LIMIT, cell),
                _ratio(results, name, best, cell) if best else "",
                f"{one.errors:.0f}",
                _short(one.cpu),
                _short(one.database_cpu),
                f"{one.mebibytes:,.0f}",
            ]
        )
    return table(header, rows)


def _short(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def _ratio(results: Results, name: str, other: str, cell: Cell) -> str:
    ratio = results.ratio(throughput, name, other, cell)
    return "" if ratio is None else f"{ratio:.2f}"
