"""Whether a trunk is fit for calls, judged by OPTIONS and by the calls themselves. No I/O."""

from __future__ import annotations

MAX_FAILURES = 3
"""In a row; then the trunk gets no calls until it answers again."""

UNWATCHED_PAUSE_S = 60.0
"""How long a trunk without OPTIONS stays out: a call then tries whether it is back."""

_MAX_RETRY_AFTER_S = 600.0


class TrunkHealth:
    """Takes a trunk out after failures in a row and back in after one answer.

    A failure is no answer (408), one that it can't serve (503), or no way to it (503 of our own
    transport). Any other answer, also a refusal, shows that it lives.
    """

    def __init__(self, interval_s: float, now: float) -> None:
        """interval_s: between OPTIONS; 0: there are none."""
        self._interval_s = interval_s
        self._n_failures = 0
        self._out_until: float | None = None
        self._probe_at: float | None = now if interval_s > 0 else None

    def is_in(self, now: float) -> bool:
        """Whether calls may go through it."""
        return self._out_until is None or now >= self._out_until

    def next_timeout(self) -> float | None:
        """When to send the next OPTIONS; None: none, or one is on its way."""
        return self._probe_at

    def handle_timeout(self, now: float) -> bool:
        """True: send an OPTIONS now, and tell `note_probe` how it went."""
        if self._probe_at is None or now < self._probe_at:
            return False
        self._probe_at = None
        return True

    def note_probe(self, status: int, now: float, retry_after_s: float = 0.0) -> None:
        self._probe_at = now + self._interval_s
        self.note_answer(status, now, retry_after_s)

    def note_answer(self, status: int, now: float, retry_after_s: float = 0.0) -> None:
        """A request to the trunk was answered with `status`, by whomever."""
        if status not in (408, 503):
            self._n_failures = 0
            self._out_until = None
            return
        self._n_failures += 1
        if retry_after_s > 0:
            # 21.5.4: it says itself for how long it wants no requests.
            self._out_until = now + min(retry_after_s, _MAX_RETRY_AFTER_S)
        if self._n_failures >= MAX_FAILURES:
            is_watched = self._interval_s > 0
            self._out_until = float("inf") if is_watched else now + UNWATCHED_PAUSE_S
