from __future__ import annotations

import numpy as np

from voicebot.audio import Samples
from voicebot.speech.recognition_queue import MAX_UTTERANCE_SAMPLES, RecognitionQueue
from voicebot.speech.recognizer import RecognitionHints

HINTS = RecognitionHints(kind="digits")


def audio(n_samples: int) -> Samples:
    return np.ones(n_samples, dtype=np.int16)


def queue_of(*calls: str, is_streaming: bool = False) -> RecognitionQueue:
    """One utterance a call, numbered from 1, each with 160 samples."""
    queue = RecognitionQueue(is_streaming)
    for number, call in enumerate(calls, start=1):
        queue.open(number, call, HINTS)
        queue.feed(number, audio(160))
    return queue


def test_audio_waits_until_a_transcript_is_asked_for() -> None:
    queue = queue_of("anna")
    assert queue.next_job() is None
    queue.feed(1, audio(40))
    assert queue.request(1, request=7)
    job = queue.next_job()
    assert job is not None
    assert (job.utterance, len(job.samples), job.requests, job.hints) == (1, 200, (7,), HINTS)
    assert queue.next_job() is None


def test_a_second_request_brings_only_what_came_since() -> None:
    queue = queue_of("anna")
    queue.request(1, 7)
    queue.next_job()
    queue.feed(1, audio(80))
    queue.request(1, 8)
    job = queue.next_job()
    assert job is not None
    assert (len(job.samples), job.requests) == (80, (8,))


def test_requests_for_one_utterance_are_answered_by_one_run() -> None:
    queue = queue_of("anna")
    queue.request(1, 7)
    queue.feed(1, audio(80))
    queue.request(1, 8)
    job = queue.next_job()
    assert job is not None
    assert (len(job.samples), job.requests) == (240, (7, 8))


def test_a_forgotten_request_costs_nothing_and_leaves_the_audio() -> None:
    queue = queue_of("anna")
    queue.request(1, 7)
    queue.forget(7)
    assert queue.next_job() is None
    assert queue.n_dropped_requests == 1
    queue.request(1, 8)
    job = queue.next_job()
    assert job is not None
    assert (len(job.samples), job.requests) == (160, (8,))


def test_a_closed_utterance_costs_nothing() -> None:
    queue = queue_of("anna", "jan")
    queue.request(1, 7)
    queue.request(2, 8)
    queue.close(1)
    job = queue.next_job()
    assert job is not None
    assert job.utterance == 2
    assert queue.next_job() is None
    assert not queue.request(1, 9)
    queue.feed(1, audio(10))  # late audio of a closed utterance is no error


def test_the_call_served_longest_ago_comes_first() -> None:
    queue = queue_of("anna", "jan", "ewa")
    served = []
    for request in range(1, 4):
        queue.request(1, request)  # anna asks again and again
        if request == 2:
            queue.request(2, 20)
            queue.request(3, 30)
        job = queue.next_job()
        assert job is not None
        served.append(job.utterance)
    assert served == [1, 2, 3]


def test_a_new_utterance_of_a_call_has_no_advantage() -> None:
    queue = queue_of("anna", "jan")
    queue.request(1, 1)
    queue.next_job()
    queue.open(3, "anna", HINTS)
    queue.request(3, 2)
    queue.request(2, 3)
    job = queue.next_job()
    assert job is not None
    assert job.utterance == 2


def test_a_caller_who_has_finished_is_served_before_guesses() -> None:
    queue = queue_of("anna", "jan", "ewa")
    queue.request(1, 10, is_guess=True)
    queue.request(2, 20, is_guess=True)
    queue.request(3, 30)
    queue.request(2, 21)  # jan has finished by now: one run answers both
    jobs = [queue.next_job() for _ in range(3)]
    assert [job.requests for job in jobs if job] == [(20, 21), (30,), (10,)]


def test_a_final_request_that_is_not_wanted_any_more_leaves_a_guess() -> None:
    queue = queue_of("anna", "jan")
    queue.request(1, 10, is_guess=True)
    queue.request(1, 11)
    queue.forget(11)
    queue.request(2, 20)
    jobs = [queue.next_job(), queue.next_job()]
    assert [job.requests for job in jobs if job] == [(20,), (10,)]


def test_an_answered_guess_does_not_mark_later_requests() -> None:
    queue = queue_of("anna", "jan")
    queue.request(1, 10, is_guess=True)
    queue.next_job()
    queue.request(2, 20, is_guess=True)
    queue.request(1, 11)
    job = queue.next_job()
    assert job is not None
    assert job.requests == (11,)


def test_streaming_engines_hear_audio_as_it_comes_but_requests_go_first() -> None:
    queue = queue_of("anna", "jan", is_streaming=True)
    queue.request(2, 7)
    jobs = [queue.next_job(), queue.next_job(), queue.next_job()]
    assert [(job.utterance, job.requests) for job in jobs if job] == [(2, (7,)), (1, ())]


def test_streaming_utterances_are_listened_to_in_turn() -> None:
    queue = queue_of("anna", "jan", is_streaming=True)
    first = queue.next_job()
    queue.feed(1, audio(10))
    second = queue.next_job()
    assert first is not None
    assert second is not None
    assert (first.utterance, second.utterance) == (1, 2)


def test_an_endless_utterance_is_cut() -> None:
    queue = queue_of("anna")
    for _ in range(3):
        queue.feed(1, audio(MAX_UTTERANCE_SAMPLES // 2))
    queue.request(1, 1)
    job = queue.next_job()
    assert job is not None
    assert len(job.samples) == MAX_UTTERANCE_SAMPLES
