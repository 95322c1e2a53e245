"""What a thread of its own does again and again: it goes on whatever goes wrong, and says if it died."""

from __future__ import annotations

import logging
import threading

log = logging.getLogger(__name__)


class Chore:
    """
    Calls `tick` every *every* seconds, and whenever it is woken, until it is stopped.

    *trouble* is what the log says of a tick that failed; the next one comes all the same. A stop waits up to
    *grace* seconds for a tick that is under way. With *at_once*, the first does not wait.
    """

    def __init__(self, name: str, trouble: str, *, every: float, grace: float, at_once: bool = True) -> None:
        self._trouble, self._every, self._grace, self._at_once = trouble, every, grace, at_once
        self._stopping, self._woken = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._repeat, name=name, daemon=True)

    def tick(self) -> None:
        """Do what there is to do now."""
        raise NotImplementedError

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def wake(self) -> None:
        """Look now whether there is something to do."""
        self._woken.set()

    def stop(self) -> None:
        """End."""
        self._stopping.set()
        self._woken.set()
        if self._thread.ident:
            self._thread.join(self._grace)

    def died(self) -> str | None:
        """Name the thread where it ended without being asked to."""
        ended = self._thread.ident and not self._thread.is_alive() and not self._stopping.is_set()
        return f"{self._thread.name} died" if ended else None

    def _repeat(self) -> None:
        if not self._at_once:
            self._rest()
        while not self._stopping.is_set():
            try:
                self.tick()
            except Exception:  # a full disk, a locked file: it is tried again
                log.exception(self._trouble)
            self._rest()

    def _rest(self) -> None:
        self._woken.wait(self._every)
        self._woken.clear()
