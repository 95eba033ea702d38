"""Progress bars."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TaskProgressColumn,
    TextColumn,
    TimeRemainingColumn,
)
from rich.text import Text


@contextmanager
def progress_bar(console: Console, title: str) -> Iterator[Callable[[float], None]]:
    """Show a bar while the block runs; call what it yields with the share done, 0 to 1. Nothing shows before that."""
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console) as progress:
        task = progress.add_task(title, total=1.0, visible=False)
        yield lambda share: progress.update(task, completed=share, visible=True)


@contextmanager
def counting_bar(console: Console, title: str, total: int) -> Iterator[Callable[[int], None]]:
    """Show a bar of things done, with their rate and the time left; call what it yields with the number done.

    The first number told is where it starts: what was done before says nothing about the rate.
    """
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), _Rate(), TimeRemainingColumn())
    with Progress(*columns, console=console, speed_estimate_period=300) as progress:
        task = progress.add_task(title, total=total, start=False, visible=False)

        def tell(done: int) -> None:
            if not progress.tasks[task].started:
                progress.reset(task, completed=done, visible=True)
            elif done != progress.tasks[task].completed:
                progress.update(task, completed=done)

        yield tell


class _Rate(ProgressColumn):
    """How many a minute."""

    def render(self, task: Task) -> Text:
        """Return the rate, empty while it is not known."""
        speed = task.finished_speed or task.speed
        return Text(f"{60 * speed:.0f}/min" if speed else "")
