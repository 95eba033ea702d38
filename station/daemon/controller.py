"""The simulated controller at work beside a station: announces a timeline's items and takes every verdict."""

import threading

from station.api.plc_client import PlcClient
from station.api.plc_simulator import PlcSimulator
from station.core.ports import Clock
from station.daemon.announcer import Announcer
from station.daemon.parts import Source


class SimulatedController:
    """Two threads at the station's HTTP door: one announces, one polls and acknowledges."""

    def __init__(self, url: str, source: Source, clock: Clock) -> None:
        self._scanner = PlcClient(url)
        self.plc = PlcSimulator(PlcClient(url), clock)
        self._announcer = Announcer(source.events, source.start_ns, source.speed, self._announce, clock)
        self._stopping = threading.Event()
        self._poller = threading.Thread(target=self.plc.run, args=(self._stopping.is_set,), name="controller")

    def start(self) -> None:
        """Start both threads."""
        self._announcer.start()
        self._poller.start()

    def stop(self) -> None:
        """End both threads; the station still has to be there."""
        self._stopping.set()
        self._announcer.stop()
        self._poller.join()
        self._scanner.close()

    def _announce(self, plc_id: int, sku: str | None, barcode: str | None) -> None:
        self.plc.expect(self._scanner.trigger(plc_id, sku, barcode))
