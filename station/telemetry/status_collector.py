"""The station's status as metrics. The status is the one truth; nothing is counted twice."""

from collections.abc import Callable, Iterator

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, InfoMetricFamily, Metric
from prometheus_client.registry import Collector

from station.core.status import CameraStatus, StationState, StationStatus


class StatusCollector(Collector):
    """Asks for the station's status at each scrape."""

    def __init__(self, status: Callable[[], StationStatus], version: str) -> None:
        self._status = status
        self._version = version

    def describe(self) -> list[Metric]:
        """Name nothing beforehand, so that registering does not ask a station that is still being built."""
        return []

    def collect(self) -> Iterator[Metric]:
        """Yield the status as it is now."""
        status = self._status()
        yield self._build(status)
        state = GaugeMetricFamily("station_state", "1 for the state the station is in.", labels=["state"])
        for each in StationState:
            state.add_metric([each.name.lower()], float(each is status.state))
        yield state
        yield GaugeMetricFamily("station_fault_code", "The fault's reason code, 0 without one.", status.fault.code)
        yield CounterMetricFamily(
            "station_heartbeats", "Beats; it stands still when the station does.", status.heartbeat
        )
        yield GaugeMetricFamily("station_unread_verdicts", "Verdicts the controller has not taken.", status.unread)
        yield GaugeMetricFamily("station_overrun", "1 while too many verdicts are unread.", float(status.overrun))
        yield GaugeMetricFamily("station_disk_ok", "1 when the store can be written.", float(status.disk_ok))
        yield GaugeMetricFamily(
            "station_setup_alarm",
            "1 while the booth's daily check has found something amiss, or is due.",
            float(bool(status.alarm)),
        )
        yield GaugeMetricFamily(
            "station_certificate_alarm",
            "1 while the threshold's certificate is void, or required and missing.",
            float(bool(status.uncertified)),
        )
        yield from _cameras(status.cameras)

    def _build(self, status: StationStatus) -> Metric:
        info = {
            "version": self._version,
            "boot": status.boot_id,
            "model": status.model,
            "gallery": status.gallery,
            "rig": status.rig,
            "config": status.config,
        }
        return InfoMetricFamily("station_build", "What is running: version, boot and digests.", info)


def _cameras(cameras: tuple[CameraStatus, ...]) -> Iterator[Metric]:
    frames = CounterMetricFamily("station_camera_frames", "Fresh frames grabbed.", labels=["camera"])
    dropped = CounterMetricFamily("station_camera_dropped_frames", "Frames lost.", labels=["camera"])
    recoveries = CounterMetricFamily(
        "station_camera_recoveries", "Times a camera was silent or lost and came back.", labels=["camera"]
    )
    connected = GaugeMetricFamily("station_camera_connected", "1 when a frame arrived recently.", labels=["camera"])
    age = GaugeMetricFamily("station_camera_frame_age_seconds", "Age of the newest frame.", labels=["camera"])
    for camera in cameras:
        label = [camera.camera_id]
        frames.add_metric(label, camera.frames)
        dropped.add_metric(label, camera.dropped)
        recoveries.add_metric(label, camera.recoveries)
        connected.add_metric(label, float(camera.connected))
        if camera.frame_age_ms is not None:
            age.add_metric(label, camera.frame_age_ms / 1e3)
    yield from (frames, dropped, recoveries, connected, age)
