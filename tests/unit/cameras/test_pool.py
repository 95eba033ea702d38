import pytest
from hypothesis import given
from hypothesis import strategies as st

from station.cameras import FramePool
from station.core.errors import CameraError, PoolExhausted


def test_a_slot_has_the_pools_size_and_read_only_views() -> None:
    slot = FramePool("top", 2, 48, 64).lease()
    slot.colour[:] = 7
    slot.depth[:] = 9
    assert slot.colour_view.shape == (48, 64, 3)
    assert slot.depth_view.shape == (48, 64)
    assert (slot.colour_view == 7).all()
    assert (slot.depth_view == 9).all()
    assert not slot.colour_view.flags.writeable
    assert not slot.depth_view.flags.writeable


def test_an_exhausted_pool_says_so_and_recovers() -> None:
    pool = FramePool("top", 2, 4, 4)
    first, _ = pool.lease(), pool.lease()
    with pytest.raises(PoolExhausted, match=r"camera top: all 2 frame slots are leased"):
        pool.lease()
    first.release()
    assert pool.lease() is first
    assert pool.leased == 2


def test_retaining_a_released_slot_is_refused() -> None:
    slot = FramePool("top", 1, 4, 4).lease()
    slot.release()
    with pytest.raises(CameraError, match="after its last release"):
        slot.retain()


@given(st.lists(st.sampled_from(["lease", "retain", "release"]), max_size=60), st.integers(1, 4))
def test_a_slot_is_free_exactly_when_nobody_holds_it(actions: list[str], size: int) -> None:
    pool = FramePool("top", size, 2, 2)
    holders: dict[int, int] = {}
    slots = {}
    for action in actions:
        if action == "lease" and len(holders) < size:
            slot = pool.lease()
            assert id(slot) not in holders
            slots[id(slot)], holders[id(slot)] = slot, 1
        elif action != "lease" and holders:
            key = min(holders)
            if action == "retain":
                slots[key].retain()
                holders[key] += 1
            else:
                slots[key].release()
                holders[key] -= 1
                if not holders[key]:
                    del holders[key]
        assert pool.leased == len(holders)
