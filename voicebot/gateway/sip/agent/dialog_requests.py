"""The part of the user agent that takes in requests inside the dialog of a call."""

from __future__ import annotations

from collections.abc import Callable

from voicebot.gateway.sip.agent.agent_core import (
    ACCEPT,
    ALLOW,
    SUPPORTED,
    AgentCore,
)
from voicebot.gateway.sip.agent.sip_call import CallState, SipCall
from voicebot.gateway.sip.agent.sip_dialog import SipDialog
from voicebot.gateway.sip.agent.transaction import ServerTransaction
from voicebot.gateway.sip.messages.dialog_key import dialog_key
from voicebot.gateway.sip.messages.message import SipRequest
from voicebot.gateway.sip.messages.reason_header import read_reason

DialogHandler = Callable[[SipCall, SipDialog, ServerTransaction, float], None]
LateHandler = Callable[[ServerTransaction, float], bool]


class DialogRequests:
    """Finds the call of a request and hands it to who knows its method.

    handlers: by method; others add theirs. Each answers through the transaction.
    late_handlers: of requests whose call is over, or never was; False: it is nothing to them.
    """

    def __init__(self, core: AgentCore) -> None:
        self._core = core
        self.handlers: dict[str, DialogHandler] = {
            "BYE": self._receive_bye,
            "OPTIONS": self._receive_options,
        }
        self.late_handlers: dict[str, LateHandler] = {}

    def receive(self, transaction: ServerTransaction, request: SipRequest, now: float) -> None:
        key = dialog_key(request)
        call = self._core.dialogs.get(key)
        dialog = call.dialog_of(key) if call is not None else None
        if call is None or dialog is None:
            late = self.late_handlers.get(request.method)
            if late is None or not late(transaction, now):
                self._core.respond(transaction, 481, now)
            return
        if not dialog.is_in_order(request):
            self._core.respond(transaction, 500, now)
            return
        handler = self.handlers.get(request.method)
        if handler is None:
            self._core.respond(transaction, 405, now, [ALLOW])
        else:
            handler(call, dialog, transaction, now)

    def _receive_bye(
        self, call: SipCall, dialog: SipDialog, transaction: ServerTransaction, now: float
    ) -> None:
        core = self._core
        cause = read_reason(transaction.request)
        core.respond(transaction, 200, now)
        if call.invite_is_open and call.server_transaction is not None:
            # 15.1.2: pending requests of the dialog are answered 487.
            core.respond(call.server_transaction, 487, now, to_tag=call.local_tag)
            core.end(call, "cancelled", cause)
        elif call.state is CallState.UP:
            core.end(call, "hangup", cause)
        # ENDING: both hung up at once; our own BYE still awaits its answer.

    def _receive_options(
        self, call: SipCall, dialog: SipDialog, transaction: ServerTransaction, now: float
    ) -> None:
        self._core.respond(transaction, 200, now, [ALLOW, ACCEPT, SUPPORTED])
