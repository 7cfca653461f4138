from hypothesis import given
from hypothesis import strategies as st

from voicebot.gateway.sip.messages import syntax
from voicebot.gateway.sip.messages.headers import Headers


def test_names_compare_without_case_and_compact_forms_are_known():
    headers = Headers([("f", "a"), ("TO", "b"), ("X-Own", "c")])
    assert (headers.get("From"), headers.get("t"), headers.get("x-own")) == ("a", "b", "c")
    assert "from" in headers
    assert "v" not in headers
    assert [name for name, _ in headers] == ["From", "TO", "X-Own"]


def test_fields_of_one_name_keep_their_order():
    headers = Headers([("Via", "1"), ("From", "x"), ("Via", "2, 3")])
    headers.prepend("Via", "0")
    assert headers.get("Via") == "0"
    assert headers.get_all("Via") == ["0", "1", "2, 3"]
    assert headers.values("Via") == ["0", "1", "2", "3"]


def test_set_replaces_all_at_the_place_of_the_first():
    headers = Headers([("Via", "1"), ("To", "2"), ("v", "3")])
    headers.set("Via", "9")
    headers.set("Subject", "4")
    assert list(headers) == [("Via", "9"), ("To", "2"), ("Subject", "4")]


def test_replace_first_leaves_the_others():
    headers = Headers([("Via", "1"), ("Via", "2")])
    headers.replace_first("Via", "9")
    headers.replace_first("To", "x")
    assert list(headers) == [("Via", "9"), ("Via", "2"), ("To", "x")]


def test_remove_and_copy():
    headers = Headers([("Via", "1"), ("v", "2"), ("To", "x")])
    copy = headers.copy()
    headers.remove("Via")
    assert list(headers) == [("To", "x")]
    assert len(copy) == 3
    assert copy != headers


def test_a_value_can_not_start_a_field_of_its_own():
    headers = Headers([("Subject", "a\r\nRoute: <sip:evil@h>")])
    assert headers.get("Subject") == "a  Route: <sip:evil@h>"


def test_a_repr_shows_no_values():
    assert "48600100200" not in repr(Headers([("From", "<tel:+48600100200>")]))


def test_commas_in_quotes_and_brackets_do_not_split():
    value = '"a, \\", b" <sip:x,y@h>;q=1, <sip:z@h> , "<" <sip:q@h>'
    assert syntax.split_commas(value) == [
        '"a, \\", b" <sip:x,y@h>;q=1',
        "<sip:z@h>",
        '"<" <sip:q@h>',
    ]
    assert syntax.split_commas("a,,b") == ["a", "", "b"]


@given(st.lists(st.text(st.characters(exclude_characters='",<>\\', exclude_categories=["Cs"]))))
def test_splitting_undoes_joining(parts):
    stripped = [part.strip(" \t") for part in parts]
    if stripped:
        assert syntax.split_commas(", ".join(stripped)) == stripped


@given(st.text(st.characters(exclude_characters="\r\n")))
def test_unquoting_undoes_quoting(text):
    assert syntax.unquote_string(syntax.quote_string(text)) == text


def test_printable_text_holds_nothing_a_database_refuses():
    assert syntax.printable_text("a\x00b\udcffc\nż") == "a\ufffdb\ufffdc\ufffdż"
