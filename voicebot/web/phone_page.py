"""The web phone's page, and the login's."""

from __future__ import annotations

from collections.abc import Sequence

from voicebot.storage.samples import SampleDebtor
from voicebot.web.formats import amount, day
from voicebot.web.markup import Html, data_block, fill, join
from voicebot.web.texts import Texts

KEYS = "123456789*0#"

_BODY = """
<h1>{title}</h1>
<p>{intro}</p>
<noscript><p class="notice">{needs_js}</p></noscript>
<div class="phone">
<section class="handset" aria-labelledby="status">
<p id="status" class="status" role="status" aria-live="polite">{ready}</p>
<p id="problem" class="notice" role="alert" hidden></p>
{scripts}
<div class="phone-buttons">
<button id="call" class="primary">{call}</button>
<button id="hang-up" class="danger" disabled>{hang_up}</button>
<button id="mute" aria-pressed="false" disabled>{mute}</button>
</div>
<label class="level">{mic_level}<meter id="mic-level" min="0" max="1" value="0"></meter></label>
<label class="level">{bot_level}<meter id="bot-level" min="0" max="1" value="0"></meter></label>
<fieldset id="keypad" class="keypad" disabled><legend>{keypad}</legend>{keys}</fieldset>
</section>
<section class="transcript-box" aria-labelledby="transcript-title">
<h2 id="transcript-title">{transcript}</h2>
<ol id="transcript" class="transcript" aria-live="polite"></ol>
<p id="no-turns" class="quiet">{transcript_empty}</p>
<p id="see-call" hidden><a id="call-link" href="/">{see_call}</a></p>
</section>
</div>
{samples}
{texts}
"""

_SAMPLE = """<li class="sample"><h3>{name}</h3><dl>
<div><dt>{case_label}</dt><dd><strong>{case}</strong></dd></div>
<div><dt>{birth_label}</dt><dd>{birth_date}</dd></div>
<div><dt>{postcode_label}</dt><dd>{postcode}</dd></div>
<div><dt>{pesel_label}</dt><dd>{pesel}</dd></div>
<div><dt>{balance_label}</dt><dd>{balance}</dd></div></dl></li>"""

_LOGIN = """
<section class="login">
<h1>{title}</h1>
{problem}
<form method="post" action="/login">
<input type="hidden" name="next" value="{next_path}">
<label>{username}<input name="username" autocomplete="username" required autofocus
 maxlength="200"></label>
<label>{password}<input name="password" type="password" autocomplete="current-password" required
 maxlength="1024"></label>
<button class="primary">{log_in}</button>
</form>
</section>
"""


def phone_body(samples: Html, texts: Texts, scripts: Sequence[str] = (), chosen: str = "") -> Html:
    """samples: debtors to play; empty unless the node runs the demo. scripts: that a call may
    follow, the usual one first. chosen: one of them."""
    keys = (
        fill(
            '<button type="button" data-key="{key}" aria-label="{label}">{key}</button>',
            key=key,
            label=f"{texts('phone_key')} {key}",
        )
        for key in KEYS
    )
    script_texts = texts.starting_with("phone_", "speaker_")
    return fill(
        _BODY,
        title=texts("phone_title"),
        intro=texts("phone_intro"),
        needs_js=texts("phone_needs_js"),
        ready=texts("phone_ready"),
        call=texts("phone_call"),
        hang_up=texts("phone_hang_up"),
        mute=texts("phone_mute"),
        mic_level=texts("phone_mic_level"),
        bot_level=texts("phone_bot_level"),
        keypad=texts("phone_keypad"),
        keys=join(keys),
        transcript=texts("transcript"),
        transcript_empty=texts("phone_transcript_empty"),
        see_call=texts("phone_see_call"),
        samples=samples,
        scripts=_script_choice(scripts, chosen, texts),
        texts=data_block("texts", script_texts),
    )


def _script_choice(scripts: Sequence[str], chosen: str, texts: Texts) -> Html:
    if len(scripts) < 2:
        return Html("")
    options = (
        fill(
            '<option value="{name}"{selected}>{name}</option>',
            name=name,
            selected=Html(" selected") if name == chosen else Html(""),
        )
        for name in scripts
    )
    return fill(
        '<p class="script-choice"><label>{label} <select id="script">{options}</select></label> '
        '<label>{case} <input id="case" inputmode="numeric" size="12" maxlength="40" '
        'autocomplete="off"></label></p>',
        label=texts("phone_script"),
        case=texts("phone_case"),
        options=join(options),
    )


def login_body(texts: Texts, next_path: str, problem: str = "") -> Html:
    shown = fill('<p class="notice" role="alert">{problem}</p>', problem=problem)
    return fill(
        _LOGIN,
        title=texts("login_title"),
        problem=shown if problem else Html(""),
        next_path=next_path,
        username=texts("username"),
        password=texts("password"),
        log_in=texts("log_in"),
    )


def samples_section(samples: Sequence[SampleDebtor], texts: Texts) -> Html:
    """Debtors to play, with the facts that prove them."""
    items = (
        fill(
            _SAMPLE,
            name=f"{sample.contact.first_name} {sample.contact.last_name}",
            case_label=texts("case_number"),
            case=_spaced(sample.case.case_number),
            birth_label=texts("birth_date"),
            birth_date=""
            if sample.contact.birth_date is None
            else day(sample.contact.birth_date, texts.language),
            postcode_label=texts("postcode"),
            postcode=sample.contact.postcode,
            pesel_label=texts("pesel_last4"),
            pesel=sample.contact.pesel_last4,
            balance_label=texts("balance"),
            balance=amount(sample.case.balance_gr, texts.language),
        )
        for sample in samples
    )
    return fill(
        '<section class="samples"><h2>{title}</h2><p>{intro}</p><ul>{items}</ul></section>',
        title=texts("sample_title"),
        intro=texts("sample_intro"),
        items=join(items),
    )


def _spaced(case_number: str) -> str:
    """In pairs, as one reads it aloud."""
    pairs = [case_number[i : i + 2] for i in range(0, len(case_number), 2)]
    return "\u202f".join(pairs) if case_number.isdigit() else case_number
