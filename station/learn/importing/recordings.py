"""Recordings whose items are known: what the station would have judged, each item with its cameras' last frames."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from station.core.damage import Severity
from station.core.errors import DatasetError
from station.core.items import ItemCapture
from station.learn.dataset import DamageMask, Item, Split, View
from station.learn.importing.source import Source, save_picture
from station.recording import ItemTruth, Recording, open_recording, truth_of
from station.rig import Rig, load_rig, save_rig

Captures = Callable[[Recording], Iterator[ItemCapture]]
"""Plays a recording and yields its items as the scene captures them; they are released by who takes them."""


_TURNS = {False: (Split.TRAIN, Split.TEST, Split.VAL), True: (Split.TEST, Split.TRAIN, Split.VAL)}
"""The splits that a product's items go to in turn, by whether they are damaged."""


def read_recordings(src: Path, captures: Captures) -> Source:
    """Find the known items of a recording, or of a folder of recordings.

    A product's good items go to train, test and val in turn, its damaged ones to test, train and val. Items that the
    scene never captured are left out and named.

    Raises:
        RecordingError: a recording is malformed.
        DatasetError: there is none, or nothing is known of its items.
    """
    folders = [src, *sorted(src.iterdir())] if src.is_dir() else []
    recordings = [open_recording(folder) for folder in folders if (folder / "manifest.json").is_file()]
    count = sum(len(recording.items) for recording in recordings)
    if not count:
        raise DatasetError(
            f"{src} holds no recording whose items are known. Name a recording made by `station record` of the "
            "simulated booth, or one whose manifest lists its items"
        )
    left_out: list[str] = []
    run = _Import(captures, left_out)
    return Source(
        src.resolve().name, "unknown: recordings state none", count, lambda out: run(recordings, out), left_out
    )


def _damage_masks(
    recording: Recording, truth: ItemTruth, camera_id: str, out: Path, item_id: str
) -> Iterator[DamageMask]:
    for damage in truth.damage_masks:
        mask = recording.mask(truth, camera_id, damage)
        if mask is not None:
            file = save_picture(mask.astype(np.uint8) * 255, out, item_id, camera_id, f"damage-{damage}")
            yield DamageMask(damage, file)


@dataclass(frozen=True, slots=True)
class _Import:
    captures: Captures
    left_out: list[str]
    seen: dict[tuple[str, bool], int] = field(default_factory=dict)

    def __call__(self, recordings: Sequence[Recording], out: Path) -> Iterator[Item]:
        self.seen.clear()
        for recording in recordings:
            name = recording.path.resolve().name
            rig_file = f"rig-{name}.json"
            rig = load_rig(recording.rig_path)
            save_rig(rig, out / rig_file)
            missed = {truth.index: truth for truth in recording.items}
            for capture in self.captures(recording):
                truth = truth_of(missed.values(), capture.plc_id, capture.arrived_ns)
                if truth is not None and capture.framesets:
                    del missed[truth.index]
                    yield self._item(recording, truth, capture, rig, rig_file, out)
                capture.release()
            self.left_out.extend(f"{name}: item {index} was never captured" for index in missed)

    def _item(
        self, recording: Recording, truth: ItemTruth, capture: ItemCapture, rig: Rig, rig_file: str, out: Path
    ) -> Item:
        item_id = f"{recording.path.resolve().name}-{truth.index:04d}"
        views = []
        for frame in capture.framesets[-1].frames:
            mask = recording.mask(truth, frame.camera_id)
            item_mask = None
            if mask is not None:
                item_mask = save_picture(mask.astype(np.uint8) * 255, out, item_id, frame.camera_id, "item")
            views.append(
                View(
                    camera_id=frame.camera_id,
                    colour=save_picture(frame.colour[..., ::-1], out, item_id, frame.camera_id),
                    depth=save_picture(frame.depth, out, item_id, frame.camera_id, "depth"),
                    depth_unit_mm=frame.depth_unit_mm,
                    item_mask=item_mask,
                    damage_masks=tuple(_damage_masks(recording, truth, frame.camera_id, out, item_id)),
                    intrinsics=rig.camera(frame.camera_id).intrinsics,
                )
            )
        turn = (truth.product_id, bool(truth.damage))
        self.seen[turn] = self.seen.get(turn, 0) + 1
        return Item(
            item_id=item_id,
            product_id=truth.product_id,
            product_name=truth.product_id,
            kind="unknown",
            split=_TURNS[turn[1]][(self.seen[turn] - 1) % len(Split)],
            damage_types=tuple(dict.fromkeys(damage for damage, _ in truth.damage)),
            severity=max((severity for _, severity in truth.damage), default=Severity.NONE),
            views=tuple(views),
            barcode=truth.barcode,
            rig=rig_file,
        )
