from __future__ import annotations

from voicebot.speech.synthesis_queue import SynthesisJob, SynthesisQueue


def queue_of(*calls: str) -> SynthesisQueue:
    queue = SynthesisQueue()
    for request, call in enumerate(calls, start=1):
        queue.add(SynthesisJob(request, call, "tekst", 1.0))
    return queue


def test_calls_take_turns_and_keep_their_own_order() -> None:
    queue = queue_of("anna", "anna", "anna", "jan", "ewa")
    jobs = [queue.next_job() for _ in range(6)]
    assert [job.request if job else None for job in jobs] == [1, 4, 5, 2, 3, None]


def test_a_forgotten_sentence_is_not_spoken() -> None:
    queue = queue_of("anna", "jan")
    queue.forget(1)
    job = queue.next_job()
    assert job is not None
    assert job.request == 2
    assert queue.n_jobs == 0


def test_a_sentence_being_spoken_is_stopped_when_forgotten() -> None:
    queue = queue_of("anna")
    queue.next_job()
    assert queue.is_wanted(1)
    queue.forget(1)
    assert not queue.is_wanted(1)
