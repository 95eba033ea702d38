from hypothesis import given
from hypothesis import strategies as st

from station.cameras import CamerasSettings
from station.cameras.recovery import Action, Recovery, Stage

MS = 1_000_000
SETTINGS = CamerasSettings(lost_after_ms=1000, restart_grace_ms=3000, reset_grace_ms=12_000)


def actions(recovery: Recovery, start_ms: int, until_ms: int, step_ms: int = 100) -> list[tuple[int, Action]]:
    """Every action other than NONE, with the time it was asked for."""
    asked = [(t, recovery.step(t * MS)) for t in range(start_ms, until_ms, step_ms)]
    return [(t, action) for t, action in asked if action is not Action.NONE]


def test_a_camera_that_delivers_is_left_alone() -> None:
    recovery = Recovery(SETTINGS, 0)
    for t in range(0, 60_000, 900):
        assert not recovery.fresh(t * MS)
        assert recovery.step((t + 899) * MS) is Action.NONE


def test_a_silent_camera_goes_through_every_stage_in_order() -> None:
    recovery = Recovery(SETTINGS, 0)
    assert actions(recovery, 0, 16_100) == [
        (1000, Action.RESTART),
        (4000, Action.RESET),
        *((4000 + t, Action.RESTART) for t in (2000, 4000, 6000, 8000, 10_000)),
        (16_000, Action.GIVE_UP),
    ]
    assert recovery.stage is Stage.GIVEN_UP
    assert recovery.step(99_000 * MS) is Action.GIVE_UP


def test_a_fresh_frame_ends_recovery_at_any_stage_and_says_so() -> None:
    for silent_ms in (1000, 4000, 16_000):
        recovery = Recovery(SETTINGS, 0)
        actions(recovery, 0, silent_ms + 1)
        assert recovery.fresh((silent_ms + 1) * MS)
        assert recovery.stage is Stage.HEALTHY
        assert actions(recovery, silent_ms + 1, silent_ms + 1001) == []


@given(st.lists(st.tuples(st.integers(0, 4000), st.booleans()), max_size=80))
def test_it_never_gives_up_before_all_grace_is_used(steps: list[tuple[int, bool]]) -> None:
    recovery = Recovery(SETTINGS, 0)
    now_ms = last_ms = 0
    for wait_ms, comes in steps:
        now_ms += wait_ms
        if comes:
            recovery.fresh(now_ms * MS)
            last_ms = now_ms
        elif recovery.step(now_ms * MS) is Action.GIVE_UP:
            assert now_ms - last_ms >= 1000 + 3000 + 12_000
