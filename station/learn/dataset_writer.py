"""Writing datasets in parts, so that an interrupted one goes on where it stopped, with the same bytes in the end."""

import json
import os
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from station.core.errors import DatasetError
from station.learn.dataset import CARD, TABLE, Card, Dataset, Item, card_json, count
from station.learn.dataset_table import arrow, check_item, read_table, write_table

_PARTS, _PLAN = "parts", "plan.json"


class DatasetWriter:
    """Writes a dataset's rows part by part, in any order and from several processes.

    Pictures are written before the rows that name them; a part is there wholly or not at all.

    Args:
        path: the dataset's folder: new, empty, or holding the unfinished dataset of the same card.
        card: what the dataset is; of an unfinished one it must be the same.
        parts: how many parts there will be.

    Raises:
        DatasetError: the extra `data` is not installed, or the folder holds something else.
    """

    def __init__(self, path: Path, card: Card, parts: int) -> None:
        arrow()
        self.path = path
        self._card = card
        self._count = parts
        self._folder = path / _PARTS
        plan = json.dumps({**asdict(card), "parts": parts}, indent=1) + "\n"
        file = self._folder / _PLAN
        if not file.exists():
            if path.exists() and (not path.is_dir() or any(path.iterdir())):
                found = "holds a finished dataset" if (path / CARD).exists() else "exists and is no unfinished dataset"
                raise DatasetError(f"{path} {found}. Name a new folder, or remove it")
            self._folder.mkdir(parents=True)
            _replace(file, plan)
        elif file.read_text() != plan:
            raise DatasetError(
                f"{path} holds the unfinished dataset of another command: {json.loads(file.read_text())['command']}. "
                "Run that one again, or name a new folder"
            )

    @property
    def finished(self) -> tuple[int, ...]:
        """The parts that are there already, in order."""
        return tuple(part for part in range(self._count) if self._file(part).exists())

    def write(self, part: int, items: Sequence[Item]) -> None:
        """Write one part's rows; its pictures must be there.

        Raises:
            DatasetError: an item contradicts itself.
        """
        for item in items:
            check_item(item)
        unfinished = self._file(part).with_suffix(".unfinished")
        write_table(items, unfinished)
        os.replace(unfinished, self._file(part))

    def close(self) -> Dataset:
        """Join the parts into the finished dataset.

        Raises:
            DatasetError: a part is missing, or two items share an id.
        """
        missing = sorted(set(range(self._count)) - set(self.finished))
        if missing:
            raise DatasetError(f"{self.path}: part {missing[0]} of {self._count} is missing. Write it before closing")
        items = tuple(item for part in range(self._count) for item in read_table(self._file(part)))
        write_table(items, self.path / TABLE)
        dataset = Dataset(self.path, self._card, tuple(read_table(self.path / TABLE)))
        _replace(self.path / CARD, card_json(self._card, count(items)))
        for file in sorted(self._folder.iterdir(), key=lambda file: file.name == _PLAN):
            file.unlink()  # the plan last: while it is there, the same command can go on
        self._folder.rmdir()
        return dataset

    def _file(self, part: int) -> Path:
        return self._folder / f"{part:06d}.parquet"


def _replace(file: Path, text: str) -> None:
    """Write a file so that it is there wholly or not at all."""
    unfinished = file.with_suffix(".unfinished")
    unfinished.write_text(text)
    os.replace(unfinished, file)
