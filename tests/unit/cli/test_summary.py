"""What people read after a replay."""

import io
from dataclasses import replace

from rich.console import Console
from support.verdicts import passed

from station.cli.output import VerdictTable
from station.cli.summary import summary_table
from station.recording import ItemTruth, Recording


def shown(thing, capsys) -> str:
    Console(width=80).print(thing)
    return capsys.readouterr().out


def test_a_verdict_of_no_known_item_is_told(tmp_path, capsys) -> None:
    truth = ItemTruth(0, "brick", None, 7, 0, 1, (), {})
    verdicts = [passed("a", 7), passed("b", 8), passed("c"), passed("d", 7)]
    told = shown(summary_table(Recording(tmp_path, (), (), (truth,), {}), verdicts, 0, 0), capsys)
    assert "1 of 1" in told
    assert "7 brick: PASS; 8 brick: PASS; c brick: PASS" in told
    told = shown(summary_table(Recording(tmp_path, (), (), (truth,), {}), verdicts[:1], 0, 0), capsys)
    assert "of no known item" not in told


JUDGED = replace(passed("a"), damage_confidence=0.983, stage_ms={"judge": 1.0})


def test_a_table_without_rows_is_not_drawn(capsys) -> None:
    with VerdictTable("items", Console(width=80)):
        pass
    assert "product" not in capsys.readouterr().out
    with VerdictTable("items", Console(width=80)) as table:
        table.add(JUDGED)
    assert "0.983" in capsys.readouterr().out


def test_a_terminal_shows_the_newest_verdicts_that_fit_and_all_at_the_end() -> None:
    screen = io.StringIO()
    console = Console(file=screen, width=80, height=24, force_terminal=True)
    with VerdictTable("items", console) as table:
        for number in range(100, 140):
            before = len(screen.getvalue())
            table.add(replace(JUDGED, plc_id=number))
        meanwhile = screen.getvalue()
        assert "139" in meanwhile[before:]
        assert "110" not in meanwhile[before:]
    assert "110" in screen.getvalue()[len(meanwhile) :]
