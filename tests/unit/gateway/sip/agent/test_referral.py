from __future__ import annotations

from voicebot.gateway.sip.agent.referral import (
    EXPIRES_S,
    LEFT_PATIENCE_S,
    LINGER_S,
    FollowedReferral,
    Notification,
    SentReferral,
)
from voicebot.gateway.sip.messages.subscription_state import SubscriptionState
from voicebot.records import TransferOutcome

ACTIVE = SubscriptionState("active", expires_s=60)
TERMINATED = SubscriptionState("terminated", "noresource")


def sent() -> SentReferral:
    return SentReferral("2", deadline=30)


# We refer


def test_a_refusal_is_the_outcome():
    referral = sent()
    referral.receive_answer(603, has_no_subscription=False)
    assert referral.outcome == TransferOutcome(603)
    assert referral.is_over
    assert not referral.outcome.is_done


def test_the_final_status_told_is_the_outcome():
    referral = sent()
    referral.receive_answer(202, has_no_subscription=False)
    referral.receive_notify(ACTIVE, 100, now=1)
    referral.receive_notify(ACTIVE, 180, now=2)
    assert referral.outcome is None
    referral.receive_notify(TERMINATED, 200, now=3)
    assert referral.outcome == TransferOutcome(200)
    assert referral.outcome.is_done
    assert referral.is_over


def test_a_final_status_in_a_subscription_that_goes_on_waits_for_its_end():
    referral = sent()
    referral.receive_notify(ACTIVE, 503, now=1)
    assert referral.outcome == TransferOutcome(503)
    assert not referral.is_over
    assert referral.next_timeout() == 1 + LINGER_S
    referral.receive_notify(TERMINATED, 200, now=2)
    assert referral.outcome == TransferOutcome(503)
    assert referral.is_over


def test_the_wait_for_that_end_has_an_end():
    referral = sent()
    referral.receive_notify(ACTIVE, 200, now=1)
    referral.handle_timeout(now=1 + LINGER_S)
    assert referral.is_over


def test_a_subscription_that_ends_without_a_word_was_taken_on():
    referral = sent()
    referral.receive_notify(TERMINATED, 100, now=1)
    assert referral.outcome == TransferOutcome(202)
    referral = sent()
    referral.receive_notify(TERMINATED, None, now=1)
    assert referral.outcome == TransferOutcome(202)


def test_without_subscription_the_acceptance_is_all_there_is():
    referral = sent()
    referral.receive_answer(200, has_no_subscription=True)
    assert referral.outcome == TransferOutcome(202)
    assert referral.is_over


def test_who_tells_nothing_in_time_has_failed():
    referral = sent()
    referral.receive_answer(202, has_no_subscription=False)
    referral.receive_notify(ACTIVE, 180, now=5)
    assert referral.next_timeout() == 30
    referral.handle_timeout(now=29.9)
    assert referral.outcome is None
    referral.handle_timeout(now=30)
    assert referral.outcome == TransferOutcome(408)
    assert referral.is_over


def test_who_takes_it_on_and_hangs_up_is_gone():
    referral = sent()
    referral.receive_answer(202, has_no_subscription=False)
    referral.party_left(now=4)
    referral.party_left(now=5)
    assert referral.next_timeout() == 4 + LEFT_PATIENCE_S
    referral.handle_timeout(now=4 + LEFT_PATIENCE_S, has_left=True)
    assert referral.outcome == TransferOutcome(202)


def test_news_after_hanging_up_count():
    referral = sent()
    referral.receive_answer(202, has_no_subscription=False)
    referral.party_left(now=4)
    referral.receive_notify(TERMINATED, 486, now=5)
    assert referral.outcome == TransferOutcome(486)


def test_who_hangs_up_instead_of_answering_was_not_transferred():
    referral = sent()
    referral.party_left(now=4)
    referral.handle_timeout(now=4 + LEFT_PATIENCE_S, has_left=True)
    assert referral.outcome == TransferOutcome(408)


# We are referred


def test_trying_follows_at_once_and_the_end_ends_the_subscription():
    followed = FollowedReferral(has_subscription=True)
    assert followed.accept(now=10) == Notification(
        100, SubscriptionState("active", expires_s=EXPIRES_S)
    )
    assert followed.tell(180, now=20) == Notification(
        180, SubscriptionState("active", expires_s=EXPIRES_S - 10)
    )
    assert followed.tell(200, now=30) == Notification(200, TERMINATED)
    assert followed.is_over
    assert followed.tell(200, now=31) is None
    assert followed.next_timeout() is None


def test_it_expires():
    followed = FollowedReferral(has_subscription=True)
    followed.accept(now=10)
    assert followed.next_timeout() == 10 + EXPIRES_S
    assert followed.handle_timeout(now=9 + EXPIRES_S) is None
    assert followed.handle_timeout(now=10 + EXPIRES_S) == Notification(
        100, SubscriptionState("terminated", "timeout")
    )
    assert followed.handle_timeout(now=11 + EXPIRES_S) is None
    assert followed.tell(200, now=12 + EXPIRES_S) is None


def test_who_wants_no_news_gets_none():
    assert FollowedReferral(has_subscription=False).accept(now=0) is None
    followed = FollowedReferral(has_subscription=True)
    followed.accept(now=0)
    followed.refused()
    assert followed.tell(200, now=1) is None
