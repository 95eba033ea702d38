"""What people read after a replay."""

import io
from dataclasses import replace

from rich.console import Console
from support.verdicts import passed

from station.cli.output import VerdictTable
from station.cli.summary import summary_table
from station.core.verdict import RecordedVerdict, Verdict
from station.recording import ItemTruth, Recording


def shown(thing, capsys) -> str:
    Console(width=80).print(thing)
    return capsys.readouterr().out


def recorded(verdict: Verdict, told_ns: int | None = None) -> RecordedVerdict:
    return RecordedVerdict(1, 1, verdict, told_ns=told_ns)


def test_the_time_to_a_verdict_ends_when_it_is_told(tmp_path, capsys) -> None:
    verdicts = [recorded(replace(passed("a"), decided_ns=200_000_000), told_ns=19_000_000_000)]
    assert "p50 19000 ms" in shown(summary_table(Recording(tmp_path, (), (), (), {}), verdicts, 0, 0), capsys)
    with VerdictTable("items", Console(width=80)) as table:
        table.add(verdicts[0])
    assert "19000" in capsys.readouterr().out


def test_a_verdict_of_no_known_item_is_told(tmp_path, capsys) -> None:
    truth = ItemTruth(0, "brick", None, 7, 0, 1, (), {})
    verdicts = [recorded(passed(*item)) for item in (("a", 7), ("b", 8), ("c",), ("d", 7))]
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
        table.add(recorded(JUDGED))
    assert "0.983" in capsys.readouterr().out


def test_a_terminal_shows_the_newest_verdicts_that_fit_and_all_at_the_end() -> None:
    screen = io.StringIO()
    console = Console(file=screen, width=80, height=24, force_terminal=True)
    with VerdictTable("items", console) as table:
        for number in range(100, 140):
            before = len(screen.getvalue())
            table.add(recorded(replace(JUDGED, plc_id=number)))
        meanwhile = screen.getvalue()
        assert "139" in meanwhile[before:]
        assert "110" not in meanwhile[before:]
    assert "110" in screen.getvalue()[len(meanwhile) :]
