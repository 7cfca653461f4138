"""What a worker's recogniser does next. No I/O, no clock, no threads."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field

import numpy as np

from voicebot.audio import SAMPLE_RATE, Samples
from voicebot.speech.recognizer import RecognitionHints

MAX_UTTERANCE_SAMPLES = 120 * SAMPLE_RATE
"""Audio beyond this is dropped: a call cuts a turn long before."""


@dataclass(frozen=True, slots=True)
class RecognitionJob:
    """Let `utterance` take in `samples`, then answer `requests` (none: only listen)."""

    utterance: int
    hints: RecognitionHints
    samples: Samples
    requests: tuple[int, ...]


@dataclass(slots=True)
class _Waiting:
    call: str
    hints: RecognitionHints
    chunks: list[Samples] = field(default_factory=list)
    n_samples: int = 0
    requests: list[int] = field(default_factory=list)
    guesses: set[int] = field(default_factory=set)

    @property
    def is_guess(self) -> bool:
        """Nobody waits for the answer yet."""
        return self.guesses.issuperset(self.requests)


class RecognitionQueue:
    """Chooses the utterance to work on, so that no work is done for nothing and no call waits
    behind another one's second request.

    - Requests come before mere listening (interim transcripts).
    - Among requests a caller who has finished comes before one who has only paused (a guess, which
      may have been made for nothing); then the call that was served longest ago.
    - Several requests for one utterance are answered by one run over all its audio: the newer
      one supersedes those that were not begun.
    - A forgotten request, and everything of a closed utterance, leaves the queue.

    is_streaming: the recogniser wants audio as it comes. One that works on whole utterances
    gets it with the request, so that feeding costs nothing.
    """

    def __init__(self, is_streaming: bool) -> None:
        self._is_streaming = is_streaming
        self._utterances: OrderedDict[int, _Waiting] = OrderedDict()
        self._served_at: dict[str, int] = {}
        self._n_served = 0
        self.n_dropped_requests = 0

    def open(self, utterance: int, call: str, hints: RecognitionHints) -> None:
        self._utterances[utterance] = _Waiting(call, hints)

    def feed(self, utterance: int, samples: Samples) -> None:
        waiting = self._utterances.get(utterance)
        if waiting is None:
            return
        room = MAX_UTTERANCE_SAMPLES - waiting.n_samples
        if room > 0:
            waiting.chunks.append(samples[:room])
            waiting.n_samples += min(len(samples), room)

    def request(self, utterance: int, request: int, is_guess: bool = False) -> bool:
        """False: there is no such utterance. is_guess: asked in a pause, before the turn's end."""
        waiting = self._utterances.get(utterance)
        if waiting is None:
            return False
        waiting.requests.append(request)
        if is_guess:
            waiting.guesses.add(request)
        return True

    def forget(self, request: int) -> None:
        """The answer is not wanted any more; audio stays for a later request."""
        for waiting in self._utterances.values():
            if request in waiting.requests:
                waiting.requests.remove(request)
                waiting.guesses.discard(request)
                self.n_dropped_requests += 1

    def close(self, utterance: int) -> None:
        waiting = self._utterances.pop(utterance, None)
        if waiting is None:
            return
        self.n_dropped_requests += len(waiting.requests)
        if all(other.call != waiting.call for other in self._utterances.values()):
            self._served_at.pop(waiting.call, None)

    def is_open(self, utterance: int) -> bool:
        return utterance in self._utterances

    @property
    def n_requests(self) -> int:
        """Utterances that wait for a transcript."""
        return sum(1 for waiting in self._utterances.values() if waiting.requests)

    def next_job(self) -> RecognitionJob | None:
        """The job to do now, taken from the queue; None: nothing to do."""
        chosen = self._oldest_request()
        if chosen is None and self._is_streaming:
            chosen = next((key for key, it in self._utterances.items() if it.chunks), None)
        if chosen is None:
            return None
        waiting = self._utterances[chosen]
        job = RecognitionJob(
            utterance=chosen,
            hints=waiting.hints,
            samples=np.concatenate(waiting.chunks)
            if waiting.chunks
            else np.zeros(0, dtype=np.int16),
            requests=tuple(waiting.requests),
        )
        waiting.chunks.clear()
        waiting.requests.clear()
        waiting.guesses.clear()
        if job.requests:
            self._n_served += 1
            self._served_at[waiting.call] = self._n_served
        else:
            # The others get their turn before this one is listened to again.
            self._utterances.move_to_end(chosen)
        return job

    def _oldest_request(self) -> int | None:
        wanted = [
            (waiting.is_guess, self._served_at.get(waiting.call, 0), waiting.requests[0], key)
            for key, waiting in self._utterances.items()
            if waiting.requests
        ]
        return min(wanted)[-1] if wanted else None
