"""Datasets of the simulated booth, made by several processes, the same whoever makes them and however often stopped.

One product is one part, and seen in a booth of its own: other dirt, light and sensors. Train, validation and test
products come from catalogues of their own, so that no product and no artwork seed is shared; nor are they shared by
datasets of different seeds.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from itertools import cycle, islice
from pathlib import Path

import numpy as np

from station.core.damage import DamageType, Severity
from station.learn.dataset import Card, Dataset, Item, Split
from station.learn.dataset_writer import DatasetWriter
from station.learn.pictures import ViewPictures, save_view
from station.rig import save_rig
from station.simulation.catalogue import Kind, SimProduct
from station.simulation.crew import work_off
from station.simulation.damage import possible
from station.simulation.generator import draw_product, redesigned
from station.simulation.layout import booth_rig
from station.simulation.plan import Damage
from station.simulation.settings import SimulationSettings, as_command
from station.simulation.studio import Shot, Studio

REFERENCE_SHARE = 0.4
"""Of a product's items, these come first, good, to show what it should look like; of the others half are damaged."""
_PER_PRODUCT, _FEWEST_PER_PRODUCT = 10, 3
"""Items of a product; fewer where the products would not bring every kind into every split: then a reference, a good
and a damaged one at least."""
_SPLITS = (Split.TRAIN, Split.TEST, Split.VAL, Split.TRAIN, Split.TRAIN, Split.TRAIN, Split.TRAIN)
"""The splits that products go to in turn. Their number has no factor in common with that of the kinds, which come in
turn as well: the first products already cover the kinds, and every round brings each split every kind."""
_ROUND = len(_SPLITS) * len(Kind)
_REDESIGNED_SHARE = 0.15
"""Share of products whose packaging changes: every other of their judged items comes as the second version."""
_BEFORE_ONE_IS_MISSING = 2
"""Few kinds can miss a unit: those do before every so many other damages, three times as often as any one of these."""
_RIG = "rig.json"


@dataclass(frozen=True, slots=True)
class Plan:
    """What a dataset of `items` items and a seed holds: a product a part."""

    items: int
    seed: int

    @property
    def products(self) -> int:
        """How many products there are: each kind at least and, as soon as items allow, each in every split."""
        covering = min(_ROUND, self.items // _FEWEST_PER_PRODUCT)
        return min(self.items, max(len(Kind), covering, -(-self.items // _PER_PRODUCT)))

    def split(self, part: int) -> Split:
        """Return what a part's product is for."""
        return _SPLITS[part % len(_SPLITS)]

    def catalogue_seed(self, split: Split) -> int:
        """Return the seed of a split's products and artwork; no other split, and no other dataset's seed, has it."""
        return len(Split) * self.seed + list(Split).index(split)

    def product(self, part: int) -> SimProduct:
        """Return a part's product."""
        kinds = tuple(Kind)
        return draw_product(self.catalogue_seed(self.split(part)), part, kinds[part % len(kinds)])

    def orders(self, part: int) -> Iterator["Order"]:
        """Yield a part's items in order, references first."""
        product = self.product(part)
        count, references = self._counts(part)
        rng = np.random.default_rng((self.seed, 5, part))
        is_redesigned = rng.random() < _REDESIGNED_SHARE
        other = redesigned(product, self.catalogue_seed(self.split(part))) if is_redesigned else product
        damages, poses = self._decks(part)
        for number in range(count):
            judged = number - references
            damage = next(damages) if judged >= 0 and (judged + part) % 2 else ()
            packed = other if judged >= 0 and judged // 2 % 2 else product
            yield Order(packed, number, damage, damage or next(poses), judged < 0)

    def _counts(self, part: int) -> tuple[int, int]:
        """Return how many items a part has, and how many of them are references."""
        count = self.items // self.products + (part < self.items % self.products)
        return count, round(REFERENCE_SHARE * count)

    def _decks(self, part: int) -> tuple[Iterator[Damage], Iterator[Damage]]:
        """Return what a part's items get, from where the last part of its kind and split left off: damage, and poses.

        Good items lie as if they had the damage of the second: what is opened at one side has that side up, and how
        it lies would tell it.
        """
        place, split = part % len(Kind), self.split(part)
        alike = [before for before in range(place, part, len(Kind)) if self.split(before) is split]
        counts = [(self._counts(before), before % 2) for before in alike]
        damaged = sum((count - references + odd) // 2 for (count, references), odd in counts)
        good = sum(count for (count, _), _ in counts) - damaged
        damages, poses = (
            _deck(tuple(Kind)[place], np.random.default_rng((self.seed, purpose, place, list(Split).index(split))))
            for purpose in (6, 7)
        )
        return islice(damages, damaged, None), islice(poses, good, None)


@dataclass(frozen=True, slots=True)
class Order:
    """One item to be made: `number` of its product's; a good one lies as one with the damage `posed_for` would."""

    product: SimProduct
    number: int
    damage: Damage
    posed_for: Damage
    is_reference: bool


def simulate_dataset(
    out: Path,
    items: int,
    seed: int,
    processes: int,
    progress: Callable[[int], None],
    settings: SimulationSettings | None = None,
) -> Dataset:
    """Make a dataset of simulated items, or go on with one that was interrupted.

    Args:
        out: the dataset's folder: new, empty, or interrupted with the same items and seed.
        items: how many items.
        seed: gives products, poses, damage and noise.
        processes: how many work at once; the result does not depend on it.
        progress: is told how many items there are already, now and then.
        settings: the booth's settings; those it has by default when None.

    Raises:
        DatasetError: the extra `data` is not installed, the folder holds something else, or the disk is full.
        SimulationError: the extra `sim` is not installed.
    """
    settings = settings or SimulationSettings()
    plan = Plan(items, seed)
    writer = DatasetWriter(out, _card(plan, settings), plan.products)
    save_rig(booth_rig(settings), out / _RIG)
    finished = set(writer.finished)
    done = sum(len(list(plan.orders(part))) for part in finished)
    progress(done)
    left = [part for part in range(plan.products) if part not in finished]
    work_off(partial(_make_part, writer, plan, settings), left, processes, lambda steps: progress(done + steps))
    return writer.close()


def _card(plan: Plan, settings: SimulationSettings) -> Card:
    """Return what the dataset says of itself: with the same words it is the same, byte for byte."""
    return Card(
        f"simulated-{plan.seed}-{plan.items}",
        "Apache-2.0; artwork drawn by the station's own code, products and brands are made up",
        f"the simulated booth {settings.booth}, {settings.width_px} x {settings.height_px} px, another a product",
        as_command("dataset", plan.items, plan.seed, settings),
    )


def _make_part(writer: DatasetWriter, plan: Plan, settings: SimulationSettings, part: int) -> Iterator[None]:
    """Render, write and list one product's items; yields after each."""
    # Dirt and light are drawn from the booth's seed, the faults of its sensors from the studio's: neither comes again.
    own_seed = int(np.random.default_rng((plan.seed, part)).integers(1 << 31))
    studio = Studio(own_seed, replace(settings, booth_seed=own_seed))
    orders, items = tuple(plan.orders(part)), []
    for order in orders:
        shot = studio.shot(order.product, order.number, order.damage, order.posed_for)
        items.append(_saved(writer.path, shot, order, plan.split(part)))
        if len(items) == len(orders):
            writer.write(part, items)
        yield


def _saved(out: Path, shot: Shot, order: Order, split: Split) -> Item:
    """Write an item's pictures and return its row."""
    product = order.product
    item_id = f"{product.product_id}-{order.number:03d}"
    views = []
    for camera_id, frame in shot.frames.items():
        truth = shot.truth(camera_id)
        pictures = ViewPictures(
            camera_id,
            frame.colour,
            frame.depth,
            frame.depth_unit_mm,
            shot.rig.camera(camera_id).intrinsics,
            truth.item,
            truth.damage,
            truth.depth_change_mm if order.damage else None,
        )
        views.append(save_view(out, item_id, pictures))
    return Item(
        item_id=item_id,
        product_id=product.product_id,
        product_name=product.name,
        kind=product.kind.value,
        split=split,
        damage_types=tuple(damage for damage, _ in order.damage),
        severity=max((severity for _, severity in order.damage), default=Severity.NONE),
        views=tuple(views),
        is_reference=order.is_reference,
        barcode=product.barcode,
        printed_damage=product.printed_damage,
        version=product.version,
        rig=_RIG,
        artwork_seed=product.design.seed,
    )


def _deck(kind: Kind, rng: np.random.Generator) -> Iterator[Damage]:
    """Yield damage without end: in each two rounds every type that a kind can have comes minor and comes major."""
    types = [damage for damage in possible(kind) if damage is not DamageType.MISSING_UNIT]
    missing = cycle(rng.permutation((Severity.MINOR, Severity.MAJOR)))
    while True:
        first = rng.permutation(len(types)) % 2
        for turn in (0, 1):
            for number, place in enumerate(rng.permutation(len(types))):
                if len(types) < len(possible(kind)) and number % _BEFORE_ONE_IS_MISSING == 0:
                    yield ((DamageType.MISSING_UNIT, Severity(int(next(missing)))),)
                yield ((types[place], (Severity.MINOR, Severity.MAJOR)[first[place] ^ turn]),)
