"""``landscape study``: ask people which clips look real."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from landscape.commands.console import console
from landscape.commands.evaluate_masks import JsonOption, TableOption, tell
from landscape.errors import printable, require
from landscape.files import require_writable
from landscape.targets import require_targets

REPORT = "report"


def study(
    folders: Annotated[
        list[Path], typer.Argument(help="A folder of clips for each method; or “report” and a file of answers.")
    ],
    real: Annotated[
        Path | None, typer.Option(help="Folder with the real clips, to ask whether clips are real.")
    ] = None,
    answers: Annotated[Path, typer.Option(help="Where answers go; a study goes on with those in it.")] = Path(
        "answers.jsonl"
    ),
    host: Annotated[str, typer.Option(help="Address to listen on; 0.0.0.0 lets phones in.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on.")] = 7870,
    seed: Annotated[int, typer.Option(help="Seed of orders and sides.")] = 0,
    report: JsonOption = None,
    table: TableOption = None,
) -> None:
    """Show people clips side by side and ask which is more realistic, or report what they said."""
    from landscape.evaluation.study import Study, find_questions, read_answers
    from landscape.evaluation.study_report import markdown_report, report_of

    if str(folders[0]) == REPORT and not folders[0].is_dir():
        file = folders[1] if len(folders) == 2 else answers
        require(len(folders) <= 2, "Give one file of answers after the word report.")
        require_targets([file], (report, "report"), (table, "table"))
        found = report_of(read_answers(file))
        tell(markdown_report(found), found.as_dict(), report, table)
        return
    require(report is None and table is None, "Reports are written by: landscape study report answers.jsonl --table …")
    from landscape.ui.server.study import serve_study, study_address

    require_writable(answers)
    questions = find_questions(folders, real)
    asked = Study(questions, answers, seed)
    console.print(printable(f"{len(questions)} questions at {study_address(host, port)}; answers go to {answers}"))
    serve_study(asked, host, port)
