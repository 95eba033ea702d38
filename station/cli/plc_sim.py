"""`station plc-sim`: a packing-station controller that is not there."""

from contextlib import closing
from typing import Annotated

import typer
from rich.console import Console
from rich.text import Text

from station.api.plc_client import PlcClient
from station.api.plc_simulator import GateAction, PlcBehaviour, PlcSimulator
from station.core.damage import Decision, Reason
from station.core.errors import StationError
from station.core.verdict import SEQ_MAX
from station.daemon.clock import SystemClock

_HEADING = f"{'seq':>5} {'item':>7} {'gate':8} {'verdict':8} damage {'ms':>5} reason"
_REASONS = {reason.code: reason for reason in Reason}


def plc_sim(
    url: Annotated[str, typer.Argument(help="Where the station's API is.")] = "http://127.0.0.1:8377",
    token: Annotated[str, typer.Option(help="The station's token, if it asks for one.")] = "",
    announce: Annotated[
        int | None, typer.Option(help="Announce one item under this number and wait for its verdict.", min=1)
    ] = None,
    sku: Annotated[str | None, typer.Option(help="The announced item's SKU.")] = None,
    barcode: Annotated[str | None, typer.Option(help="The announced item's barcode.")] = None,
    after: Annotated[
        int | None, typer.Option(help="Begin after this sequence instead of the newest.", min=0, max=SEQ_MAX)
    ] = None,
    http10: Annotated[bool, typer.Option("--http10", help="Speak HTTP/1.0, a connection for each request.")] = False,
) -> None:
    """Poll a running station as a packing-station controller does, and show when the gate would open.

    With `--announce` it announces one item, whose PASS alone opens the gate, acknowledges and ends; the exit code is 1
    when that number was judged already, or no verdict came in time. Without, it only watches the verdicts go by until
    Ctrl-C: none is its own ("not mine"), and none is acknowledged.
    """
    console = Console()
    clock = SystemClock()
    with closing(PlcClient(url, token, http10)) as client:
        status = client.status()
        simulator = PlcSimulator(
            client,
            clock,
            PlcBehaviour(acknowledges=announce is not None),
            on_action=lambda action: console.print(_row(action)),
            after=status["seq"] if after is None else after,
        )
        console.print(f"Station at {url}: state {status['st']}, last sequence {status['seq']}. Ctrl-C stops.")
        console.print(_HEADING, style="bold", highlight=False)
        if announce is None:
            simulator.run(lambda: False)
        else:
            _announce(simulator, announce, sku, barcode)


def _announce(simulator: PlcSimulator, plc_id: int, sku: str | None, barcode: str | None) -> None:
    if not simulator.handle(plc_id, sku, barcode).seq:
        raise StationError(f"no verdict for item {plc_id} came in time: the gate stays shut. Look at the station's log")


def _row(action: GateAction) -> Text:
    if action.expected:
        gate, style = ("opens", "bold green") if action.opened else ("shut", "bold yellow")
    else:
        gate, style = "not mine", "dim"
    return Text.assemble(
        f"{action.seq:>5} {action.plc_id:>7} ",
        (f"{gate:8}", style),
        f" {Decision(action.verdict).name:8} {action.confidence / 1000:6.3f} {action.latency_ms:>5} ",
        _words(action),
    )


def _words(action: GateAction) -> str:
    if not action.seq:
        return "no verdict in time"
    reason = _REASONS.get(action.code)
    return reason.title if reason else f"code {action.code}"
