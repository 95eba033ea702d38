"""What crosses the wire to a controller: flat bodies of integers, and the one place where they are built."""

import zlib
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from station.api.door import OutboxView
from station.api.schemas import PLC_ID_MAX, Number, Word, confidence
from station.core.damage import Decision, Reason
from station.core.status import ItemRecord, ItemState, StationState, StationStatus
from station.core.verdict import SEQ_MAX, RecordedVerdict

_INT32_MAX = 2**31 - 1
_HEARTBEATS = 32768


class _Body(BaseModel):
    """A body whose fields appear in the order they are written here."""

    model_config = ConfigDict(frozen=True)


class PlcResult(_Body):
    """A verdict, or the lack of one, for a controller: flat, integers only, at most 240 bytes."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "v": 1,
                    "st": 1,
                    "hb": 8123,
                    "seq": 1,
                    "id": 1,
                    "verdict": 1,
                    "conf": 12,
                    "code": 0,
                    "sev": 0,
                    "ms": 212,
                    "age": 140,
                    "mdl": 12,
                    "cfg": 48213,
                }
            ]
        }
    )

    v: Literal[1] = Field(default=1, description="Version of this layout.")
    st: int = Field(ge=0, le=3, description="Station: 0 starting, 1 ready, 2 busy, 3 fault.")
    hb: int = Field(ge=0, lt=_HEARTBEATS, description="Heartbeat; it stands still when the station does.")
    seq: int = Field(ge=0, le=SEQ_MAX, description="Sequence of the verdict, 1..32767; without one, `after` as asked.")
    id: int = Field(ge=0, le=PLC_ID_MAX, description="The controller's number for the item; 0 when it gave none.")
    verdict: int = Field(
        ge=0, le=3, description="0 none yet, 1 pass, 2 sideline, 3 station error. Only 1 opens the gate."
    )
    conf: int = Field(ge=0, le=1000, description="Damage confidence x 1000.")
    code: int = Field(ge=0, le=999, description="The first reason's number, see GET /v1/reasons.")
    sev: int = Field(ge=0, le=2, description="Severity: 0 none, 1 minor, 2 major.")
    ms: int = Field(ge=0, le=_INT32_MAX, description="From the settled item to its verdict, ms.")
    age: int = Field(ge=0, le=_INT32_MAX, description="Age of the verdict, ms.")
    mdl: int = Field(ge=0, le=65535, description="First 16 bits of the model's digest.")
    cfg: int = Field(ge=0, le=65535, description="First 16 bits of the configuration's digest.")


class PlcItem(_Body):
    """The answer to a trigger. It never carries a verdict, so that a number used twice cannot open the gate."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"v": 1, "st": 1, "hb": 8123, "id": 1, "item": 1}]})

    v: Literal[1] = Field(default=1, description="Version of this layout.")
    st: int = Field(ge=0, le=3, description="Station: 0 starting, 1 ready, 2 busy, 3 fault.")
    hb: int = Field(ge=0, lt=_HEARTBEATS, description="Heartbeat; it stands still when the station does.")
    id: int = Field(ge=1, le=PLC_ID_MAX, description="The number of the item, as given.")
    item: int = Field(ge=1, le=3, description="1 announced, 2 captured, 3 judged already: the number was used before.")


class PlcAck(_Body):
    """The answer to an acknowledgement."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"v": 1, "st": 1, "hb": 8123, "seq": 1, "unread": 0, "overrun": 0}]}
    )

    v: Literal[1] = Field(default=1, description="Version of this layout.")
    st: int = Field(ge=0, le=3, description="Station: 0 starting, 1 ready, 2 busy, 3 fault.")
    hb: int = Field(ge=0, lt=_HEARTBEATS, description="Heartbeat; it stands still when the station does.")
    seq: int = Field(ge=1, le=SEQ_MAX, description="The sequence acknowledged.")
    unread: int = Field(ge=0, le=SEQ_MAX, description="Verdicts not yet acknowledged.")
    overrun: int = Field(ge=0, le=1, description="1 while more than 8 verdicts are unread.")


class PlcStatus(_Body):
    """The station's state for a controller."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "v": 1,
                    "st": 1,
                    "hb": 8123,
                    "ready": 1,
                    "busy": 0,
                    "code": 0,
                    "boot": 1395731208,
                    "seq": 1,
                    "unread": 0,
                    "overrun": 0,
                    "cams": 3,
                    "cams_ok": 3,
                    "disk": 1,
                    "mdl": 12,
                    "cfg": 48213,
                }
            ]
        }
    )

    v: Literal[1] = Field(default=1, description="Version of this layout.")
    st: int = Field(ge=0, le=3, description="Station: 0 starting, 1 ready, 2 busy, 3 fault.")
    hb: int = Field(ge=0, lt=_HEARTBEATS, description="Heartbeat; it stands still when the station does.")
    ready: int = Field(ge=0, le=1, description="1 when the station takes items, also while busy with one.")
    busy: int = Field(ge=0, le=1, description="1 while an item is in hand.")
    code: int = Field(ge=0, le=999, description="The fault's number, see GET /v1/reasons; 0 without a fault.")
    boot: int = Field(ge=0, le=_INT32_MAX, description="Differs after each start of the station.")
    seq: int = Field(ge=0, le=SEQ_MAX, description="Sequence of the newest verdict; 0 before the first.")
    unread: int = Field(ge=0, le=SEQ_MAX, description="Verdicts not yet acknowledged.")
    overrun: int = Field(ge=0, le=1, description="1 while more than 8 verdicts are unread.")
    cams: int = Field(ge=0, le=999, description="Cameras the station has.")
    cams_ok: int = Field(ge=0, le=999, description="Cameras that delivered a frame recently.")
    disk: int = Field(ge=0, le=1, description="1 when the store's disk has room.")
    mdl: int = Field(ge=0, le=65535, description="First 16 bits of the model's digest.")
    cfg: int = Field(ge=0, le=65535, description="First 16 bits of the configuration's digest.")


class PlcError(_Body):
    """A refused request. It holds no verdict: the gate stays shut."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"v": 1, "err": 1}]})

    v: Literal[1] = Field(default=1, description="Version of this layout.")
    err: int = Field(
        ge=1,
        le=7,
        description="1 parameter missing or out of range (400), 2 no such path (404), 3 method not allowed (405), "
        "4 token missing or wrong (401), 5 not stored, ask again (503), 6 internal (500), 7 not HTTP (400).",
    )


class TriggerFields(_Body):
    """What a controller says about the item it presents."""

    id: Number = Field(ge=1, le=PLC_ID_MAX, description="The controller's number for the item.", examples=[1])
    sku: Word | None = Field(default=None, description="The stock keeping unit expected.", examples=["TEA-20"])
    barcode: Word | None = Field(default=None, description="The barcode expected.", examples=["4006381333931"])


class AckFields(_Body):
    """Which verdict a controller has taken."""

    seq: Number = Field(ge=1, le=SEQ_MAX, description="The sequence of the verdict taken.", examples=[1])


def plc_result(recorded: RecordedVerdict, status: StationStatus, utc_ns: int) -> PlcResult:
    """Build a controller's result from a recorded verdict. `utc_ns` is wall time now."""
    verdict = recorded.verdict
    return PlcResult(
        st=status.state,
        hb=status.heartbeat % _HEARTBEATS,
        seq=recorded.seq,
        id=verdict.plc_id if 0 <= verdict.plc_id <= PLC_ID_MAX else 0,
        verdict=verdict.decision,
        conf=round(confidence(verdict.damage_confidence) * 1000),
        code=verdict.reason.code,
        sev=verdict.severity,
        ms=_milliseconds(verdict.decided_ns - verdict.arrived_ns),
        age=_milliseconds(utc_ns - verdict.utc_ns),
        mdl=_bits16(verdict.provenance.model),
        cfg=_bits16(verdict.provenance.config),
    )


def plc_no_result(status: StationStatus, seq: int = 0, plc_id: int = 0, fault: Reason = Reason.NONE) -> PlcResult:
    """Build the answer while there is no verdict: none yet, or a station error for a `fault` or the station's own."""
    in_fault = status.state is StationState.FAULT or fault is not Reason.NONE
    return PlcResult(
        st=status.state,
        hb=status.heartbeat % _HEARTBEATS,
        seq=seq,
        id=plc_id,
        verdict=Decision.ERROR if in_fault else Decision.NONE,
        conf=0,
        code=(status.fault if fault is Reason.NONE else fault).code if in_fault else 0,
        sev=0,
        ms=0,
        age=0,
        mdl=_bits16(status.model),
        cfg=_bits16(status.config),
    )


def plc_item(record: ItemRecord, plc_id: int, status: StationStatus) -> PlcItem:
    """Build the answer to a trigger."""
    progress = list(ItemState).index(record.state) + 1
    return PlcItem(st=status.state, hb=status.heartbeat % _HEARTBEATS, id=plc_id, item=progress)


def plc_ack(seq: int, status: StationStatus, outbox: OutboxView) -> PlcAck:
    """Build the answer to an acknowledgement."""
    return PlcAck(
        st=status.state,
        hb=status.heartbeat % _HEARTBEATS,
        seq=seq,
        unread=min(outbox.unread, SEQ_MAX),
        overrun=outbox.overrun,
    )


def plc_status(status: StationStatus) -> PlcStatus:
    """Build a controller's view of the station."""
    return PlcStatus(
        st=status.state,
        hb=status.heartbeat % _HEARTBEATS,
        ready=status.state in (StationState.READY, StationState.BUSY),
        busy=status.state is StationState.BUSY,
        code=status.fault.code if status.state is StationState.FAULT else 0,
        boot=zlib.crc32(status.boot_id.encode()) & _INT32_MAX,
        seq=status.last_seq,
        unread=min(status.unread, SEQ_MAX),
        overrun=status.overrun,
        cams=min(len(status.cameras), 999),
        cams_ok=min(sum(camera.connected for camera in status.cameras), 999),
        disk=status.disk_ok,
        mdl=_bits16(status.model),
        cfg=_bits16(status.config),
    )


def _milliseconds(span_ns: int) -> int:
    return min(max(span_ns // 1_000_000, 0), _INT32_MAX)


def _bits16(digest: str) -> int:
    try:
        return int(digest[:4], 16) & 0xFFFF
    except ValueError:
        return 0
