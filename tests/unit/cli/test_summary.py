"""What people read after a replay."""

from dataclasses import replace

from rich.console import Console
from support.verdicts import passed

from station.cli.output import live_table, verdict_cells, verdict_table
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


def test_a_table_without_rows_is_not_drawn(capsys) -> None:
    table = verdict_table("items")
    with live_table(table, Console(width=80)):
        pass
    assert "product" not in capsys.readouterr().out
    with live_table(table, Console(width=80)):
        table.add_row(*verdict_cells(replace(passed("a"), damage_confidence=0.983, stage_ms={"judge": 1.0})))
    assert "0.983" in capsys.readouterr().out
