"""The part of the user agent that takes in requests inside the dialog of a call."""

from __future__ import annotations

import secrets
from collections.abc import Callable

from voicebot.errors import SdpError
from voicebot.gateway.sip.agent_core import (
    ACCEPT,
    ALLOW,
    SUPPORTED,
    AgentCore,
    retry_after,
)
from voicebot.gateway.sip.incoming_calls import IncomingCalls
from voicebot.gateway.sip.message import SipRequest
from voicebot.gateway.sip.sip_call import CallState, MediaChanged, SipCall
from voicebot.gateway.sip.sip_dialog import SipDialog, dialog_key
from voicebot.gateway.sip.transaction import InviteServerTransaction, ServerTransaction

DialogHandler = Callable[[SipCall, SipDialog, ServerTransaction, float], None]
LateHandler = Callable[[ServerTransaction, float], bool]


class DialogRequests:
    """Finds the call of a request and hands it to who knows its method.

    handlers: by method; others add theirs. Each answers through the transaction.
    late_handlers: of requests whose call is over, or never was; False: it is nothing to them.
    """

    def __init__(self, core: AgentCore, incoming: IncomingCalls) -> None:
        self._core = core
        self._incoming = incoming
        self.handlers: dict[str, DialogHandler] = {
            "INVITE": self._receive_reinvite,
            "BYE": self._receive_bye,
            "OPTIONS": self._receive_options,
        }
        self.late_handlers: dict[str, LateHandler] = {}

    def receive(self, transaction: ServerTransaction, request: SipRequest, now: float) -> None:
        call = self._core.dialogs.get(dialog_key(request))
        if call is None or call.dialog is None:
            late = self.late_handlers.get(request.method)
            if late is None or not late(transaction, now):
                self._core.respond(transaction, 481, now)
            return
        if not call.dialog.is_in_order(request):
            self._core.respond(transaction, 500, now)
            return
        handler = self.handlers.get(request.method)
        if handler is None:
            self._core.respond(transaction, 405, now, [ALLOW])
        else:
            handler(call, call.dialog, transaction, now)

    def _receive_bye(
        self, call: SipCall, dialog: SipDialog, transaction: ServerTransaction, now: float
    ) -> None:
        core = self._core
        core.respond(transaction, 200, now)
        if call.state is CallState.INVITED and call.server_transaction is not None:
            # 15.1.2: pending requests of the dialog are answered 487.
            core.respond(call.server_transaction, 487, now, to_tag=call.local_tag)
            core.end(call, "cancelled")
        elif call.state is CallState.UP:
            core.end(call, "hangup")
        # ENDING: both hung up at once; our own BYE still awaits its answer.

    def _receive_options(
        self, call: SipCall, dialog: SipDialog, transaction: ServerTransaction, now: float
    ) -> None:
        self._core.respond(transaction, 200, now, [ALLOW, ACCEPT, SUPPORTED])

    def _receive_reinvite(
        self, call: SipCall, dialog: SipDialog, transaction: ServerTransaction, now: float
    ) -> None:
        core = self._core
        request = transaction.request
        if not isinstance(transaction, InviteServerTransaction):
            return
        if call.state is CallState.INVITED:
            # 14.2: a second INVITE before the first is answered.
            core.respond(transaction, 500, now, [retry_after(secrets.randbelow(11))])
        elif call.state is not CallState.UP:
            core.respond(transaction, 481, now)
        elif call.local_media is None or any(
            answer.awaits_sdp for answer in call.unacknowledged.values()
        ):
            # RFC 6337 2.3: an offer of ours is not answered yet.
            core.respond(transaction, 491, now)
        else:
            before = call.media
            try:
                media = self._incoming.send_session(
                    call, call.local_media, transaction, request, now
                )
            except SdpError as error:
                # The session goes on as it was (14.2).
                core.respond(transaction, error.status_hint, now)
                return
            dialog.refresh_target(request)
            if media is not None and media != before:
                core.events.append(MediaChanged(call, media))
