"""The store: items and their verdicts, each given once, under a number that never returns."""

import secrets
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace

from sqlalchemy import ColumnElement, Connection, RowMapping, func, insert, select, update

from station.core.errors import StoreError
from station.core.ports import Clock
from station.core.status import EvidencePicture, ItemRecord, ItemState, Truth
from station.core.verdict import RecordedVerdict, Verdict, number_from_seq, seq_from_number
from station.store.codec import decode_truth, decode_verdict, encode_truth, encode_verdict
from station.store.database import Database
from station.store.schema import acknowledgements, boots, items, pictures, truths, verdicts
from station.store.settings import StoreSettings

_LAST = select(func.coalesce(func.max(verdicts.c.number), 0)).scalar_subquery()
_READ = select(func.coalesce(func.max(acknowledgements.c.number), 0)).scalar_subquery()
_TRUTH = select(truths.c.document).where(truths.c.item == items.c.id).order_by(truths.c.id.desc()).limit(1)
_VERDICTS = select(verdicts.c.number, verdicts.c.document, _READ.label("read"))
_ITEMS = select(
    items, verdicts.c.number, verdicts.c.document, _READ.label("read"), _TRUTH.scalar_subquery().label("truth")
).outerjoin(verdicts, verdicts.c.item == items.c.id)


@dataclass(frozen=True, slots=True)
class Boot:
    """One start of the station: the `number`-th on this store, and the items its predecessor left open."""

    number: int
    boot_id: str
    restarted: tuple[ItemRecord, ...]


class Store:
    """Everything the station must not forget.

    One thread writes; any thread may read. Whatever a writing method returned is on disk, and survives the
    loss of power. Every method raises `StoreError` when the database refuses, and writing ones `StoreFull` when the
    disk is full or not writable; the store has then not changed and stays usable.
    """

    def __init__(self, database: Database, settings: StoreSettings, clock: Clock) -> None:
        """Use `Store.open`."""
        self._database = database
        self._id_reuse_ns = round(settings.id_reuse_s * 1e9)
        self._clock = clock

    @classmethod
    def open(cls, settings: StoreSettings | str, clock: Clock) -> "Store":
        """Open the store, creating it or bringing its schema up to date.

        Args:
            settings: the settings, or only a URL.
            clock: tells when verdicts were acknowledged, boots began and item numbers may be reused.

        Raises:
            StoreError: the database cannot be opened, is in use by another station, or was written by a newer one.
            StoreFull: the disk is full or not writable.
        """
        if isinstance(settings, str):
            settings = StoreSettings(url=settings)
        return cls(Database(settings), settings, clock)

    def boot(self) -> Boot:
        """Note a start of the station, once, before anything is opened; returns the items still without a verdict."""
        boot_id = secrets.token_hex(8)
        with self._database.writing() as connection:
            number = (connection.scalar(select(func.max(boots.c.number))) or 0) + 1
            connection.execute(
                insert(boots).values(number=number, boot_id=boot_id, started_utc_ns=self._clock.utc_ns())
            )
            left = (
                connection.execute(_ITEMS.where(items.c.state != ItemState.JUDGED).order_by(items.c.id))
                .mappings()
                .all()
            )
        return Boot(number, boot_id, tuple(_item(row) for row in left))

    def open_item(
        self, item_id: str, plc_id: int, sku: str | None, barcode: str | None, opened_utc_ns: int
    ) -> ItemRecord:
        """Open an item, or return the one it already is.

        A `plc_id` other than 0 names the same item while that is open or was judged less than `id_reuse_s` ago.
        After that it names a new one, so that a controller that numbers afresh never reads an old PASS.

        Raises:
            StoreError: `item_id` is taken by an item with another `plc_id`.
        """
        with self._database.writing() as connection:
            known = _one_item(connection, items.c.item_id == item_id) or self._in_use(connection, plc_id)
            if known is None:
                _insert_item(connection, item_id, plc_id, sku, barcode, opened_utc_ns)
                return ItemRecord(item_id, plc_id, sku, barcode, opened_utc_ns, ItemState.ANNOUNCED)
        if known.plc_id != plc_id:
            raise StoreError(
                f"item {item_id!r} already belongs to controller number {known.plc_id}, not {plc_id}. "
                "Give every item a name of its own"
            )
        return known

    def mark_captured(self, item_id: str) -> None:
        """Note that an item's pictures were taken; an item already judged stays so.

        Raises:
            StoreError: there is no such item.
        """
        with self._database.writing() as connection:
            key = _key(connection, item_id)
            announced = (items.c.id == key) & (items.c.state == ItemState.ANNOUNCED)
            connection.execute(update(items).where(announced).values(state=ItemState.CAPTURED))

    def record(self, verdict: Verdict, evidence: Sequence[EvidencePicture] = ()) -> RecordedVerdict:
        """Store a verdict with its evidence, whole or not at all, and give it the next number.

        An item has one verdict: recording another returns the first, and only `overrule` changes it. An item that
        was never opened is created along with its verdict. The verdict's `views` are not kept.
        """
        with self._database.writing() as connection:
            known = _one_item(connection, items.c.item_id == verdict.item_id)
            if known is not None and known.verdict is not None:
                return known.verdict
            if known is None:
                arrived_utc_ns = verdict.utc_ns - (verdict.decided_ns - verdict.arrived_ns)
                _insert_item(connection, verdict.item_id, verdict.plc_id, None, None, arrived_utc_ns)
            key = _key(connection, verdict.item_id)
            number = connection.execute(select(_LAST)).scalar_one() + 1
            row = {"number": number, "item": key, "utc_ns": verdict.utc_ns, "document": encode_verdict(verdict)}
            connection.execute(insert(verdicts).values(row))
            for picture in evidence:
                connection.execute(insert(pictures).values(item=key, **asdict(picture)))
            connection.execute(update(items).where(items.c.id == key).values(state=ItemState.JUDGED))
        return RecordedVerdict(number, seq_from_number(number), replace(verdict, views=()))

    def overrule(self, number: int, verdict: Verdict) -> RecordedVerdict:
        """Put another verdict in the place of the one with that number, which nobody was told yet."""
        with self._database.writing() as connection:
            place = update(verdicts).where(verdicts.c.number == number)
            connection.execute(place.values(utc_ns=verdict.utc_ns, document=encode_verdict(verdict)))
        return RecordedVerdict(number, seq_from_number(number), replace(verdict, views=()))

    def acknowledge(self, seq: int) -> int:
        """Mark the newest verdict with this controller sequence, and all older ones, as read.

        Returns:
            How many verdicts this made read: 0 for one read before, and for a sequence not among the recent verdicts.
        """
        with self._database.writing() as connection:
            last, read = connection.execute(select(_LAST, _READ)).one()
            number = number_from_seq(seq, last)
            if number is None or number <= read:
                return 0
            connection.execute(insert(acknowledgements).values(number=number, utc_ns=self._clock.utc_ns()))
            return int(number - read)

    def last_number(self) -> int:
        """Return the number of the newest verdict, 0 before the first."""
        with self._database.reading() as connection:
            return int(connection.execute(select(_LAST)).scalar_one())

    def after_number(self, number: int, limit: int) -> list[RecordedVerdict]:
        """Return at most `limit` verdicts that follow `number`, oldest first."""
        query = _VERDICTS.where(verdicts.c.number > number).order_by(verdicts.c.number).limit(limit)
        with self._database.reading() as connection:
            rows = connection.execute(query).mappings().all()
        return [_recorded(row) for row in rows]

    def item(self, item_id: str) -> ItemRecord | None:
        """Return the item of that name."""
        with self._database.reading() as connection:
            return _one_item(connection, items.c.item_id == item_id)

    def item_by_plc_id(self, plc_id: int) -> ItemRecord | None:
        """Return the newest item with this controller number; 0 names none."""
        with self._database.reading() as connection:
            return _newest_by_plc_id(connection, plc_id)

    def items(self, after: str | None, limit: int) -> list[ItemRecord]:
        """Return at most `limit` items in the order they were opened, from the one after item `after`, or the first.

        Raises:
            StoreError: there is no item `after`.
        """
        with self._database.reading() as connection:
            start = 0 if after is None else _key(connection, after)
            rows = (
                connection.execute(_ITEMS.where(items.c.id > start).order_by(items.c.id).limit(limit)).mappings().all()
            )
        return [_item(row) for row in rows]

    def evidence_names(self, item_id: str) -> tuple[str, ...]:
        """Return the names of an item's evidence pictures, sorted; none for an unknown item."""
        query = select(pictures.c.name).join(items).where(items.c.item_id == item_id).order_by(pictures.c.name)
        with self._database.reading() as connection:
            return tuple(connection.scalars(query))

    def evidence(self, item_id: str, name: str) -> EvidencePicture | None:
        """Return one evidence picture of an item."""
        query = select(pictures.c.name, pictures.c.media_type, pictures.c.data).join(items)
        with self._database.reading() as connection:
            row = (
                connection.execute(query.where(items.c.item_id == item_id, pictures.c.name == name))
                .mappings()
                .one_or_none()
            )
        return None if row is None else EvidencePicture(**row)

    def record_truth(self, item_id: str, truth: Truth) -> None:
        """Store what a person found on an item. Earlier words are kept; the last one counts.

        Raises:
            StoreError: there is no such item.
        """
        with self._database.writing() as connection:
            key = _key(connection, item_id)
            now = self._clock.utc_ns()
            connection.execute(insert(truths).values(item=key, recorded_utc_ns=now, document=encode_truth(truth)))

    def disk_ok(self) -> bool:
        """Return whether the store's disk has room and takes writes; never raises."""
        return self._database.disk_ok()

    def try_writing(self) -> None:
        """Write what is there already, to learn whether the database takes writes."""
        with self._database.writing() as connection:
            newest = boots.c.number == select(func.max(boots.c.number)).scalar_subquery()
            connection.execute(update(boots).where(newest).values(started_utc_ns=boots.c.started_utc_ns))

    def close(self) -> None:
        """Close the database. Safe to call twice."""
        self._database.close()

    def _in_use(self, connection: Connection, plc_id: int) -> ItemRecord | None:
        item = _newest_by_plc_id(connection, plc_id)
        if item is None or item.verdict is None:
            return item
        # A wall clock set back by more than the span must not keep an old item alive: hence the distance.
        age_ns = abs(self._clock.utc_ns() - item.verdict.verdict.utc_ns)
        return item if age_ns < self._id_reuse_ns else None


def _recorded(row: RowMapping) -> RecordedVerdict:
    return RecordedVerdict(
        row["number"],
        seq_from_number(row["number"]),
        decode_verdict(row["document"]),
        acknowledged=row["number"] <= row["read"],
    )


def _item(row: RowMapping) -> ItemRecord:
    return ItemRecord(
        item_id=row["item_id"],
        plc_id=row["plc_id"],
        sku=row["sku"],
        barcode=row["barcode"],
        opened_utc_ns=row["opened_utc_ns"],
        state=ItemState(row["state"]),
        verdict=None if row["number"] is None else _recorded(row),
        truth=None if row["truth"] is None else decode_truth(row["truth"]),
    )


def _one_item(connection: Connection, where: ColumnElement[bool]) -> ItemRecord | None:
    row = connection.execute(_ITEMS.where(where).order_by(items.c.id.desc()).limit(1)).mappings().one_or_none()
    return None if row is None else _item(row)


def _newest_by_plc_id(connection: Connection, plc_id: int) -> ItemRecord | None:
    return _one_item(connection, items.c.plc_id == plc_id) if plc_id else None


def _key(connection: Connection, item_id: str) -> int:
    key: int | None = connection.scalar(select(items.c.id).where(items.c.item_id == item_id))
    if key is None:
        raise StoreError(f"the store has no item {item_id!r}. Ask for the items it has, or open this one first")
    return key


def _insert_item(
    connection: Connection, item_id: str, plc_id: int, sku: str | None, barcode: str | None, opened_utc_ns: int
) -> None:
    values = {"item_id": item_id, "plc_id": plc_id, "sku": sku, "barcode": barcode, "opened_utc_ns": opened_utc_ns}
    connection.execute(insert(items).values(state=ItemState.ANNOUNCED, **values))
