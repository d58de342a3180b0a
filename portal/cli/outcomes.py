"""What came of an import, told to a person or a script, and the rows that were refused.

The invariant: a file of refused rows holds every one of them as it was, with its reason.
"""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import click

from kb.importing.cells import guarded
from kb.importing.outcome import Fate, Outcome
from portal.cli.telling import tell_json

SHOWN = 20
NOTHING_WRITTEN = "有 %s 行不能导入，没有写入任何内容。改好再来，或用 --skip-bad REJECTS.csv 跳过它们。"


def tell_outcome(
    outcome: Outcome, *, written: bool, dry_run: bool, rejects: Path | None, as_json: bool
) -> None:
    """Counts on standard output, faults on standard error."""
    counts = outcome.as_dict()
    if as_json:
        tell_json({**counts, "written": written, "dry_run": dry_run})
    for fault in outcome.faults[:SHOWN]:
        click.echo(f"{fault.row.place}：{fault.reason}", err=True)
    if len(outcome.faults) > SHOWN:
        click.echo(f"……还有 {len(outcome.faults) - SHOWN} 处。", err=True)
    if not as_json:
        _tell_remarks(outcome)
    if outcome.faults and not rejects:
        click.echo(NOTHING_WRITTEN % counts["rejected"], err=True)
    elif not as_json:
        sums = f"新增 {outcome.new}，更新 {outcome.changed}，不变 {outcome.unchanged}"
        refused = f"，跳过 {counts['rejected']} 行（见 {rejects}）" if outcome.faults else ""
        click.echo(f"{'检查完毕，没有写入：' if dry_run else '导入完毕：'}{sums}{refused}。")


def _tell_remarks(outcome: Outcome) -> None:
    """What was taken all the same, and should be known."""
    for remark in outcome.remarks[:SHOWN]:
        click.echo(f"注意 {remark.row.place}：{remark.reason}", err=True)
    if len(outcome.remarks) > SHOWN:
        click.echo(f"……还有 {len(outcome.remarks) - SHOWN} 处要注意，用 --report 看全部。", err=True)


def write_report(path: Path, outcome: Outcome) -> None:
    """Every row and what became of it, what was refused and what is to be known beside it."""
    remarks: dict[str, list[str]] = {}
    for remark in outcome.remarks:
        remarks.setdefault(remark.row.place, []).append(remark.reason)
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["file", "row", "outcome", "number", "title", "remarks"])
        for told in outcome.told:
            said = " ".join(remarks.get(told.row.place, ()))
            cells = [told.row.file, told.row.number, told.fate.value, told.number, told.title, said]
            writer.writerow([guarded(str(cell)) for cell in cells])
        for fault in outcome.faults:
            cells = [fault.row.file, fault.row.number, Fate.REFUSED.value, "", "", fault.reason]
            writer.writerow([guarded(str(cell)) for cell in cells])


def write_rejects(path: Path, outcome: Outcome) -> None:
    """The rows as they were, with the reason in front; what it says is safe to open in a spreadsheet."""
    columns = list(dict.fromkeys(column for fault in outcome.faults for column in fault.row.values))
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["_file", "_row", "_reason", *map(guarded, columns)])
        for fault in outcome.faults:
            cells = [_cell(fault.row.values.get(column)) for column in columns]
            writer.writerow([guarded(fault.row.file), fault.row.number, guarded(fault.reason), *cells])


def _cell(value: Any) -> str:
    if value is None:
        return ""
    words = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    # Unpaired surrogates may be the very reason for the refusal; a file can't hold them either.
    return guarded(words.encode("utf-8", "replace").decode())
