from __future__ import annotations

from tests.sip_messages import request, response
from voicebot.gateway.sip.agent.routing import dialog_peer, is_behind_nat
from voicebot.gateway.sip.agent.sip_dialog import SipDialog
from voicebot.gateway.sip.messages.dialog_key import dialog_key
from voicebot.gateway.sip.messages.message import SipRequest, SipResponse, parse_datagram
from voicebot.gateway.sip.messages.peer import Peer

SOURCE = Peer("UDP", "192.0.2.9", 5062)


def as_request(data: bytes) -> SipRequest:
    message = parse_datagram(data)
    assert isinstance(message, SipRequest)
    return message


def as_response(data: bytes) -> SipResponse:
    message = parse_datagram(data)
    assert isinstance(message, SipResponse)
    return message


def server_dialog(*extra: str) -> SipDialog:
    return SipDialog.as_server(as_request(request("INVITE", extra=extra)), "ours", first_cseq=10)


def client_dialog(*extra: str) -> SipDialog:
    invite = as_request(request("INVITE"))
    return SipDialog.as_client(invite, as_response(response(invite, 200, extra=extra)))


def test_dialog_of_an_incoming_call_swaps_from_and_to():
    dialog = server_dialog()
    bye = dialog.create_request("BYE")
    assert bye.from_.tag == "ours"
    assert bye.to.tag == "caller"
    assert str(bye.uri) == "sip:phone@192.0.2.9:5062"
    assert bye.cseq.number == 11
    assert dialog.create_request("OPTIONS").cseq.number == 12


def test_dialog_of_an_outgoing_call_keeps_from_and_to():
    dialog = client_dialog()
    bye = dialog.create_request("BYE")
    assert bye.from_.tag == "caller"
    assert bye.to.tag == "callee"
    assert bye.cseq.number == 2


def test_ack_has_the_number_of_its_invite():
    assert client_dialog().create_ack(1).cseq.number == 1


def test_requests_of_the_other_side_find_their_dialog():
    dialog = server_dialog()
    bye = as_request(request("BYE", to_tag="ours"))
    assert dialog_key(bye) == dialog.key
    assert dialog_key(as_request(request("BYE", to_tag="ours", from_tag="x"))) != dialog.key


def test_peer_without_a_tag_has_a_dialog_too():
    invite = as_request(request("INVITE", from_tag=""))
    dialog = SipDialog.as_server(invite, "ours", first_cseq=0)
    assert dialog_key(as_request(request("BYE", from_tag="", to_tag="ours"))) == dialog.key
    assert dialog.create_request("BYE").to.tag is None


def test_route_set_is_kept_in_order_by_the_server_and_reversed_by_the_client():
    routes = ("Record-Route: <sip:p1.example.com;lr>, <sip:p2.example.com;lr>",)
    hosts = [route.uri.host for route in server_dialog(*routes).create_request("BYE").routes]
    assert hosts == ["p1.example.com", "p2.example.com"]
    hosts = [route.uri.host for route in client_dialog(*routes).create_request("BYE").routes]
    assert hosts == ["p2.example.com", "p1.example.com"]


def test_loose_route_leaves_the_target_in_the_request_uri():
    dialog = server_dialog("Record-Route: <sip:p1.example.com:5070;lr>")
    bye = dialog.create_request("BYE")
    assert str(bye.uri) == "sip:phone@192.0.2.9:5062"
    assert dialog_peer(dialog, SOURCE, False) == Peer("UDP", "p1.example.com", 5070)


def test_strict_route_goes_into_the_request_uri_and_the_target_to_the_end():
    dialog = server_dialog("Record-Route: <sip:p1.example.com>, <sip:p2.example.com;lr>")
    bye = dialog.create_request("BYE")
    assert str(bye.uri) == "sip:p1.example.com"
    assert [str(route.uri) for route in bye.routes] == [
        "sip:p2.example.com;lr",
        "sip:phone@192.0.2.9:5062",
    ]
    assert dialog_peer(dialog, SOURCE, False) == Peer("UDP", "p1.example.com", 0)


def test_lower_cseq_is_out_of_order():
    dialog = server_dialog()
    assert dialog.is_in_order(as_request(request("BYE", cseq=5)))
    assert dialog.is_in_order(as_request(request("BYE", cseq=5)))  # only lower ones are (12.2.2)
    assert not dialog.is_in_order(as_request(request("BYE", cseq=4)))
    assert dialog.is_in_order(as_request(request("BYE", cseq=6)))


def test_first_request_of_the_called_side_may_have_any_cseq():
    dialog = client_dialog()
    assert dialog.is_in_order(as_request(request("BYE", cseq=0)))


def test_target_follows_the_latest_contact():
    dialog = server_dialog()
    dialog.refresh_target(as_request(request("INVITE", contact="sip:moved@192.0.2.50")))
    assert str(dialog.create_request("BYE").uri) == "sip:moved@192.0.2.50"


def test_contact_is_where_requests_go_without_routes():
    assert dialog_peer(server_dialog(), SOURCE, False) == Peer("UDP", "192.0.2.9", 5062)


def test_transport_of_the_target_is_taken():
    invite = as_request(request("INVITE", contact="sip:phone@192.0.2.9;transport=tcp"))
    dialog = SipDialog.as_server(invite, "ours", 0)
    assert dialog_peer(dialog, SOURCE, False) == Peer("TCP", "192.0.2.9", 5060)


def test_connection_of_the_call_is_kept_in_use():
    source = Peer("TCP", "192.0.2.9", 33333, 7)
    assert dialog_peer(server_dialog(), source, False) == Peer("TCP", "192.0.2.9", 5062, 7)


def test_phone_behind_a_nat_is_reached_where_it_came_from():
    invite = as_request(
        request("INVITE", contact="sip:phone@10.0.0.5:5062", sent_by="10.0.0.5:5062")
    )
    source = Peer("UDP", "203.0.113.7", 61000)
    assert is_behind_nat(invite, source)
    dialog = SipDialog.as_server(invite, "ours", 0)
    assert dialog_peer(dialog, source, True) == source


def test_proxy_in_between_is_no_nat():
    invite = as_request(
        request(
            "INVITE",
            contact="sip:phone@10.0.0.5:5062",
            sent_by="10.0.0.5:5062",
            extra=("Record-Route: <sip:203.0.113.7;lr>",),
        )
    )
    assert not is_behind_nat(invite, Peer("UDP", "203.0.113.7", 5060))


def test_headers_of_a_contact_stay_out_of_the_request_uri():
    contact = "sip:phone@192.0.2.9:5062?Route=%3Csip:evil.example.com%3E"
    invite = as_request(request("INVITE", contact=contact))
    dialog = SipDialog.as_server(invite, "ours", 0)
    assert str(dialog.create_request("BYE").uri) == "sip:phone@192.0.2.9:5062"
    dialog.refresh_target(invite)
    assert str(dialog.create_request("BYE").uri) == "sip:phone@192.0.2.9:5062"
    answer = as_response(response(invite, 200, contact=contact))
    dialog = SipDialog.as_client(invite, answer)
    assert str(dialog.create_ack(1).uri) == "sip:phone@192.0.2.9:5062"


def test_headers_of_a_strict_route_stay_out_of_the_request_uri():
    dialog = server_dialog("Record-Route: <sip:p1.example.com?Subject=x>")
    assert str(dialog.create_request("BYE").uri) == "sip:p1.example.com"


def test_contact_without_a_host_is_reached_where_the_call_came_from():
    invite = as_request(request("INVITE", contact="tel:+48600100200"))
    dialog = SipDialog.as_server(invite, "ours", 0)
    assert dialog_peer(dialog, SOURCE, False) == SOURCE
    connection = Peer("TCP", "192.0.2.9", 33333, 7)
    assert dialog_peer(dialog, connection, False) == connection


def test_connection_leads_to_no_other_host():
    source = Peer("TCP", "203.0.113.7", 33333, 7)
    assert dialog_peer(server_dialog(), source, False) == Peer("TCP", "192.0.2.9", 5062)


def test_connection_is_kept_for_a_next_hop_that_only_a_name_server_knows():
    source = Peer("TCP", "203.0.113.7", 33333, 7)
    dialog = server_dialog("Record-Route: <sip:p1.example.com:5070;lr>")
    assert dialog_peer(dialog, source, False) == Peer("TCP", "p1.example.com", 5070, 7)


def test_one_address_of_ipv6_may_be_written_in_two_ways():
    invite = as_request(request("INVITE", contact="sip:phone@[2001:DB8:0::9]"))
    dialog = SipDialog.as_server(invite, "ours", 0)
    source = Peer("TCP", "2001:db8::9", 33333, 7)
    assert dialog_peer(dialog, source, False).connection_id == 7
