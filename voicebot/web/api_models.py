"""What the JSON API takes and gives; `openapi.py` describes it from these models."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date
from typing import Annotated, Self

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from voicebot.calls.live_calls import LiveCall
from voicebot.records import (
    Block,
    BlockReason,
    Callback,
    CallRecord,
    Case,
    Direction,
    Disposition,
    Dispute,
    Notification,
    Plan,
    Promise,
    Turn,
)


class Model(BaseModel):
    """Unknown keys of a query are errors: a misspelt filter must not show everything."""

    model_config = ConfigDict(extra="forbid", frozen=True)


# ---- what is asked --------------------------------------------------------------------------


class NoQuery(Model):
    """No parameters."""


class CallsQuery(Model):
    limit: int = Field(50, ge=1, le=200, description="Calls a page.")
    before: AwareDatetime | None = Field(
        None, description="Only calls that started earlier; `next_before` of the page before."
    )
    disposition: Disposition | None = Field(None, description="Only calls that ended so.")
    case_number: Annotated[str, Field(min_length=1, max_length=64)] | None = Field(
        None, description="Only calls about this case; spaces and dashes don't matter."
    )


class CasesQuery(Model):
    limit: int = Field(100, ge=1, le=500, description="Cases a page.")
    after_id: int = Field(0, ge=0, description="Only cases after this id; `next_after_id`.")


class PromisesQuery(Model):
    limit: int = Field(100, ge=1, le=1000, description="At most this many, the latest first.")
    case_id: int | None = Field(None, description="Only of this case.")
    call_id: str | None = Field(None, description="Only from this call.")


class CallbacksQuery(Model):
    limit: int = Field(100, ge=1, le=1000, description="At most this many, the latest first.")
    call_id: str | None = Field(None, description="Only from this call.")
    status: str | None = Field(None, description="Only with this status, such as `open`.")


class PlansQuery(Model):
    limit: int = Field(100, ge=1, le=1000, description="At most this many, the latest first.")
    case_id: int | None = Field(None, description="Only of this case.")
    call_id: str | None = Field(None, description="Only from this call.")


class OutcomesQuery(Model):
    limit: int = Field(100, ge=1, le=1000, description="At most this many, the latest first.")
    call_id: str | None = Field(None, description="Only from this call.")
    status: str | None = Field(None, description="Only with this status, such as `open`.")


class WaveformQuery(Model):
    points: int = Field(1000, ge=10, le=4000, description="Values a channel.")


class LiveQuery(Model):
    call_id: str | None = Field(None, description="Only this call; else all.")


# ---- what is answered -----------------------------------------------------------------------


class MoodModel(Model):
    """What a model made of the voice in one turn: a guess, and often a wrong one."""

    group: str = Field(description="anger, calm, distress or positive.")
    confidence: float = Field(description="Of the group; below 0.6 it counted as nothing.")
    probabilities: dict[str, float] = Field(description="By group, together 1.")
    emotion: str = Field(description="The likeliest of six.")
    speech_s: float = Field(description="How much speech it was read from.")


class TurnModel(Model):
    """What one party said. Times are seconds since the call was answered."""

    speaker: str
    text: str
    started_s: float
    ended_s: float
    confidence: float | None
    intent: str
    slots: dict[str, object]
    prompt_id: str
    state: str
    was_interrupted: bool
    timings_ms: dict[str, float]
    mood: MoodModel | None = Field(
        description="Of the caller's voice; null where it was not read, or was refused."
    )

    @classmethod
    def of(cls, turn: Turn) -> Self:
        return cls.model_validate(asdict(turn))


class PromiseModel(Model):
    """A confirmed promise to pay. amount_gr: grosze."""

    case_id: int
    call_id: str
    amount_gr: int
    due_date: date
    created_at: AwareDatetime
    status: str

    @classmethod
    def of(cls, promise: Promise) -> Self:
        return cls.model_validate(asdict(promise))


class CallbackModel(Model):
    """Somebody wants to be called back. wanted: his own words for the time."""

    call_id: str
    case_id: int | None
    phone: str
    reason: str
    wanted_at: AwareDatetime | None
    created_at: AwareDatetime
    status: str
    wanted: str

    @classmethod
    def of(cls, callback: Callback) -> Self:
        return cls.model_validate(asdict(callback))


class PlanModel(Model):
    """A repayment plan that was agreed: equal instalments by the month, the last takes the rest."""

    case_id: int
    call_id: str
    n_installments: int
    installment_gr: int
    total_gr: int
    first_date: date
    created_at: AwareDatetime
    status: str

    @classmethod
    def of(cls, plan: Plan) -> Self:
        return cls.model_validate(asdict(plan))


class DisputeModel(Model):
    """The debt is contested. kind: debt, amount, quality, limitation or paid."""

    call_id: str
    case_id: int | None
    kind: str
    statement: str
    created_at: AwareDatetime
    status: str

    @classmethod
    def of(cls, dispute: Dispute) -> Self:
        return cls.model_validate(asdict(dispute))


class BlockModel(Model):
    """A reason not to call: about the case, and at the number where no case is known."""

    call_id: str
    case_id: int | None
    phone: str
    reason: BlockReason
    created_at: AwareDatetime
    status: str

    @classmethod
    def of(cls, block: Block) -> Self:
        return cls.model_validate(asdict(block))


class NotificationModel(Model):
    """A message that a call promised. status: `waiting` until it is sent."""

    call_id: str
    case_id: int | None
    channel: str
    template: str
    recipient: str
    data: dict[str, object]
    created_at: AwareDatetime
    status: str

    @classmethod
    def of(cls, notification: Notification) -> Self:
        return cls.model_validate(asdict(notification))


class CaseModel(Model):
    """One debt. Amounts are grosze."""

    case_id: int
    contact_id: int
    case_number: str
    creditor: str
    title: str
    principal_gr: int
    interest_gr: int
    balance_gr: int
    due_date: date
    stage: str

    @classmethod
    def of(cls, case: Case) -> Self:
        return cls.model_validate(asdict(case))


class CallModel(Model):
    """One call. `ended_at` and `disposition` are null while it goes on."""

    call_id: str
    direction: Direction
    leg_kind: str = Field(description="`sip`, `web`, `chat`, or who streams it, such as `twilio`.")
    remote_party: str
    local_party: str
    script: str
    started_at: AwareDatetime
    answered_at: AwareDatetime | None
    ended_at: AwareDatetime | None
    disposition: Disposition | None
    end_reason: str
    case_id: int | None
    is_verified: bool
    ai_disclosed_at: AwareDatetime | None
    recording_disclosed_at: AwareDatetime | None
    emotion_disclosed_at: AwareDatetime | None
    media_stats: dict[str, float]
    node: str
    script_version: str
    recording_url: str | None = Field(description="Null where nothing was recorded.")

    @classmethod
    def of(cls, record: CallRecord) -> Self:
        return cls.model_validate(call_values(record))


class CallDetail(CallModel):
    """One call with all that belongs to it."""

    case_number: str | None
    is_live: bool
    turns: list[TurnModel]
    promises: list[PromiseModel]
    plans: list[PlanModel]
    callbacks: list[CallbackModel]
    disputes: list[DisputeModel]
    blocks: list[BlockModel]
    notifications: list[NotificationModel]


class CallPage(Model):
    calls: list[CallModel]
    next_before: AwareDatetime | None = Field(description="Ask for the next page with it.")


class CasePage(Model):
    cases: list[CaseModel]
    next_after_id: int | None = Field(description="Ask for the next page with it.")


class PromiseList(Model):
    promises: list[PromiseModel]


class CallbackList(Model):
    callbacks: list[CallbackModel]


class PlanList(Model):
    plans: list[PlanModel]


class DisputeList(Model):
    disputes: list[DisputeModel]


class BlockList(Model):
    blocks: list[BlockModel]


class NotificationList(Model):
    notifications: list[NotificationModel]


class LiveCallModel(Model):
    """A call that is going on."""

    call_id: str
    direction: Direction
    leg_kind: str
    remote_party: str
    started_at: AwareDatetime
    state: str
    is_bot_speaking: bool
    turns: list[TurnModel]

    @classmethod
    def of(cls, call: LiveCall, first_turn: int = 0) -> Self:
        return cls(
            call_id=call.record.call_id,
            direction=call.record.direction,
            leg_kind=call.record.leg_kind,
            remote_party=call.record.remote_party,
            started_at=call.started_at,
            state=call.state,
            is_bot_speaking=call.is_bot_speaking,
            turns=[TurnModel.of(turn) for turn in call.turns[first_turn:]],
        )


class LiveCallList(Model):
    calls: list[LiveCallModel]


class LiveUpdate(LiveCallModel):
    """Event `call` of the stream. `turns` holds only those since the last event."""

    first_turn: int = Field(description="Index of `turns[0]` in the call.")


class LiveEnd(Model):
    """Event `ended` of the stream."""

    call_id: str


class Accepted(Model):
    status: str = "accepted"


class Waveform(Model):
    """Loudest sample of each stretch of time, 0..255, a list for each party."""

    duration_s: float
    caller: list[int]
    bot: list[int]


class Problem(Model):
    """RFC 9457."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str


def call_values(record: CallRecord) -> dict[str, object]:
    values = asdict(record)
    has_recording = bool(values.pop("recording_path"))
    url = f"/api/v1/calls/{record.call_id}/recording" if has_recording else None
    return {**values, "recording_url": url}
