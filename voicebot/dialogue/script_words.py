"""What each key of a call script means, in a line: for the reference and for editors."""

from __future__ import annotations

from collections.abc import Mapping

Words = Mapping[str, str]

SCRIPT: Words = {
    "script": "its name",
    "title": "what people call it",
    "description": "what it is for",
    "start": "the state a call begins in",
    "include": "files whose parts belong to it, see [Included files](#included-files)",
    "intents": "the file with examples, beside the script; or `from: file` and intents of its own",
    "limits": "see [Limits](#limits)",
    "constants": "numbers with names; one that ends in `_gr` is an amount in grosze",
    "given": "what each call brings along, each with its kind: `company`, `is_recorded` ...",
    "variables": "what the script remembers, each with its kind",
    "experiments": "ways that are compared, see [Experiments](#wordings-and-experiments)",
    "prompts": "everything that is said",
    "no_input": "what is said when nothing was heard, and where that ends",
    "no_match": "what is said when nothing was understood, and where that ends",
    "unclear": "the prompt said first when the recogniser itself was unsure",
    "unsure": "the prompt that asks whether {guess} was meant, see [Doubts](#doubts)",
    "failure": "the state for a case directory that does not answer",
    "too_long": "the state for a call of more than `limits.turns` turns; must hang up",
    "keys": 'telephone keys that stand for an intent: `"0": ask_human`',
    "rules": "lists of rules that several states share: `use: name`",
    "anywhere": "rules valid in every state that listens",
    "interject": "what is said before the next answer where a condition holds, see [Mood](#mood)",
    "dialogues": "conversations within the conversation, see [Sub-dialogues](#sub-dialogues)",
    "states": "the conversation",
}

LIMITS: Words = {
    "turns": "turns of the caller before the call is ended politely",
    "min_confidence": "the recogniser's, below which the caller is asked to say it again",
    "min_score": "of an intent, below which nothing was understood",
    "sure_score": "asked of an intent beside a filled slot, and of a second intent",
    "ask_score": "of an intent, below which the caller is asked whether he meant it (`unsure`)",
    "prompt_words": "words a prompt may have",
    "prompt_words_disclosure": "words a prompt may have that discloses something",
}

PROMPT: Words = {
    "text": "what is said",
    "variants": "several wordings with the same variables; each call has one of them",
    "barge_in": "false: heard to its end even if the caller speaks",
    "discloses": "`ai`, `recording`, `emotion`: noted in the audit once it has been said",
    "persuades": "true: it asks for a payment or urges it, so `voicebot check` watches it",
}

STATE: Words = {
    "do": "steps done on entering",
    "say": "prompts said then",
    "reask": "said when the question is put again; without it the last prompt",
    "listen": "with `on`: the caller answers; the first rule of `on` that fits is followed",
    "on": "the rules of a state that listens",
    "query": "with `then`: the case directory is asked; the first branch that holds is followed",
    "call": "with `then`: a sub-dialogue, after which the first branch that holds is followed",
    "then": "branches after a query or a sub-dialogue: a state, or a list whose last has no `if`",
    "go": "straight on: a state, or branches",
    "hang_up": "the end: a reason, or `{reason: …, outcome: …}`",
    "no_input": "instead of the script's own",
    "no_match": "instead of the script's own",
}

LISTEN: Words = {
    "kind": "what kind of answer is awaited",
    "no_input_s": "silence after which `no_input` counts, in seconds (5)",
    "max_digits": "keys that make one entry; 0: each key counts at once",
    "slots": "variables that the answer may fill",
    "phrases": "hints for the recogniser",
}

SLOTS: Words = {
    "amount": "an amount; `balance` is what “całość” and “połowa” are of",
    "date": "a day, today or later; of a span its last day",
    "digits": "so many digits as `length`",
    "case_number": "so many digits as `length`",
    "birth_date": "a day in the past",
    "postcode": "five digits",
    "nip": "a company's tax number: ten digits, the last of which fits the others",
    "yes_no": "`yes`, `no` (clear), `weak_yes`, `weak_no` (“no”, “mhm”), `unsure` (“może”)",
    "time": "the words, where they name a day or time",
    "words": "whatever was said",
    "plan": "how many instalments `balance` is split into; each one's amount goes into `amount`",
}

SLOT_KEYS_PRESSED: Words = {
    "amount": "złote",
    "date": "DDMM or DDMMRRRR",
    "digits": "as they are",
    "case_number": "as they are",
    "birth_date": "DDMMRRRR",
    "postcode": "five digits",
    "nip": "ten digits",
    "yes_no": "1 yes, 2 no",
    "time": "–",
    "words": "–",
    "plan": "–",
}

SLOT: Words = {
    "kind": "how it is understood",
    "length": "how many digits",
    "balance": "the variable that holds all that is owed",
    "amount": "of a plan: the variable for each instalment's amount",
}

RULE: Words = {
    "intent": "the caller meant this, or one of these",
    "filled": "these slots were filled by this very answer",
    "if": "a condition",
    "priority": (
        "true: tried before all others; where a pattern matched, it decides even if badly heard"
    ),
    "do": "steps done on the way",
    "say": "prompts said on the way",
    "go": (
        "a state; `again` (ask once more), `repeat` (say the last prompts slower), `listen` (just "
        "listen on); in a sub-dialogue also `return`"
    ),
}

STEPS: Words = {
    "set": "`{x: expression}`: gives variables values",
    "clear": "`[x, y]`: forgets variables",
    "event": "a name for the audit",
    "outcome": "what the call has come to so far",
    "callback": "a human shall call back: a text, or `{reason: …, wanted: …}`",
    "promise": "`{amount: x, date: y, balance: z}`: records a promise to pay",
    "plan": (
        "`{installments: x, amount: y, first: z, balance: b}`: records instalments; the outcome "
        "becomes PLAN_PROPOSED unless something was promised"
    ),
    "dispute": "`{kind: …, statement: text}`: records what is contested",
    "block": "a reason: nobody calls about this case until a human has looked at it",
    "notify": "`{channel: sms, template: name, data: {key: variable}}`: a message after the call",
    "transfer": "`{reason: …, summary: …}`: hands the call to a human",
    "stop_recording": "true: the recording is dropped, `is_recorded` becomes false",
    "stop_emotion": "true: no emotion is read any more, `is_emotion_read` becomes false",
}

QUERY: Words = {
    "name": "which query",
    "args": "its arguments: texts, or `$variable` for a variable's value",
    "save": "`{variable: answer}`: which answers are kept",
    "until": (
        "a saved flag: while it is false the query is put again with what else the last utterance "
        "may have said; all its readings are one try"
    ),
}

INTENT: Words = {
    "examples": "as people say it",
    "heard": "as a recogniser writes it",
    "always": "patterns that decide alone",
    "never": "patterns with which it can't be this",
    "named": "what it is called in “Czy chodzi o …?”",
}

LADDER: Words = {
    "prompts": "said the first, second ... time in one state",
    "then": "the state after that",
    "per_call": "failures in the whole call after which the same happens; only at the script's top",
}

KINDS: Words = {
    "text": "words",
    "setting": "a text that is the same in every call; its prompts are synthesised beforehand",
    "amount": "whole grosze",
    "date": "a day",
    "digits": "digits, said one by one",
    "number": "a number, at first 0",
    "flag": "true or false, at first false; only in conditions",
    "person": "whom the call is about; only in `given`",
}

FUNCTIONS: Words = {
    "days_until": "days from today to a date",
    "date_in": "the date so many days from today",
    "is_weekend": "whether a date is a Saturday or Sunday",
    "is_holiday": "whether a date is a public holiday in Poland",
    "next_business_day": "the date itself where it is a business day, else the next that is one",
}

TURN: Words = {
    "today": "the day of the call",
    "intent": "what was understood",
    "score": "how surely, 0 to 1",
    "other_intent": "what else was said in the same turn",
    "said": "the caller's own words in this turn, for statements and notes",
    "confidence": "the recogniser's, 0 to 1; 0.01 at most where a second-best reading was taken",
    "clarity": "the recogniser's, whichever reading was taken",
    "by_keys": "it came from the keypad",
    "changed": "a slot other than yes_no got another value than it had",
    "problem": (
        "why a date could not be taken: `past`, `no_such_date`, `ask_date` (“po wypłacie”), "
        "`two_dates` (“w piątek albo w sobotę”), `weekday_mismatch`"
    ),
    "said_day": (
        "with `weekday_mismatch`: the day of the month that was said, on whichever weekday it is"
    ),
    "guess": "in the prompt of `unsure`: what is asked about",
    "mood.anger": "0 to 1, see [Mood](#mood)",
    "mood.calm": "0 to 1",
    "mood.distress": "0 to 1",
    "mood.positive": "0 to 1",
    "mood.hits": "0 to 3: how many of the last three turns surely sounded angry or distressed",
}
