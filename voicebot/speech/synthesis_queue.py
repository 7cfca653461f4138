"""What a worker's voice says next. No I/O, no clock, no threads."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SynthesisJob:
    """Speak `text` for `request`."""

    request: int
    call: str
    text: str
    rate: float


class SynthesisQueue:
    """Takes calls in turn: the one served longest ago first, its own sentences in order."""

    def __init__(self) -> None:
        self._jobs: dict[int, SynthesisJob] = {}
        self._served_at: dict[str, int] = {}
        self._n_served = 0
        self._running: int | None = None

    def add(self, job: SynthesisJob) -> None:
        self._jobs[job.request] = job

    def forget(self, request: int) -> None:
        """Not wanted any more; a running job sees it through `is_wanted`."""
        self._jobs.pop(request, None)
        if self._running == request:
            self._running = None

    def is_wanted(self, request: int) -> bool:
        return self._running == request

    @property
    def n_jobs(self) -> int:
        return len(self._jobs)

    def next_job(self) -> SynthesisJob | None:
        """The job to do now, taken from the queue; None: nothing to do."""
        if not self._jobs:
            self._running = None
            # With nobody waiting the order starts anew, so calls long gone are not kept.
            self._served_at.clear()
            return None
        job = min(self._jobs.values(), key=lambda it: (self._served_at.get(it.call, 0), it.request))
        del self._jobs[job.request]
        self._n_served += 1
        self._served_at[job.call] = self._n_served
        self._running = job.request
        return job
