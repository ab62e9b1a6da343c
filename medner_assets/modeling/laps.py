"""Where the time goes before a process begins with its work."""

import time

import psutil


class Laps:
    """Seconds by what was done, in order."""

    def __init__(self, *, of_process: bool) -> None:
        """of_process: whether the time since this process was started counts."""
        age = time.time() - psutil.Process().create_time() if of_process else 0.0
        self._last = time.monotonic() - max(0.0, age)
        self.seconds: dict[str, float] = {}

    def done(self, what: str) -> None:
        """Note that `what` is done."""
        now = time.monotonic()
        self.seconds[what], self._last = now - self._last, now

    def words(self, what: str) -> str:
        """Return the total and its parts in words. what: the process is ready for."""
        parts = ", ".join(f"{what} {seconds:.1f}" for what, seconds in self.seconds.items())
        return f"ready for {what} after {sum(self.seconds.values()):.1f} s: {parts}"
