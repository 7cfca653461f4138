"""What the console says, in Polish and in English."""

from __future__ import annotations

from typing import Literal

from voicebot.records import BlockReason, Disposition
from voicebot.web.chat_texts import CHAT_TEXTS
from voicebot.web.outcome_texts import BLOCK_REASONS, DISPOSITIONS, OUTCOME_TEXTS

Language = Literal["pl", "en"]
LANGUAGES: tuple[Language, ...] = ("pl", "en")


def language_from(text: str | None) -> Language:
    """Polish unless English is asked for."""
    return "en" if text == "en" else "pl"


_TEXTS: dict[str, tuple[str, str]] = {
    # frame
    "skip": ("Przejdź do treści", "Skip to content"),
    "nav": ("Menu", "Menu"),
    "nav_calls": ("Rozmowy", "Calls"),
    "nav_agreements": ("Ustalenia", "Agreements"),
    "nav_cases": ("Sprawy", "Cases"),
    "nav_phone": ("Telefon", "Phone"),
    "nav_api": ("API", "API"),
    "other_language": ("English", "Polski"),
    "log_out": ("Wyloguj", "Log out"),
    # errors
    "error_title": ("Błąd", "Error"),
    "error_404": ("Nie ma takiej strony.", "There is no such page."),
    "error_403": (
        "Żądanie odrzucone: przyszło z innej strony.",
        "The request was refused: it came from another site.",
    ),
    "error_421": (
        "Ten serwer odpowiada tylko pod adresem, na którym nasłuchuje.",
        "This server answers only under the address it listens on.",
    ),
    "error_500": (
        "Coś się nie powiodło. Szczegóły są w dzienniku serwera.",
        "Something went wrong. The server's log has the details.",
    ),
    "error_503": (
        "Baza danych nie odpowiada. Spróbuj za chwilę.",
        "The database does not answer. Try again in a moment.",
    ),
    "error_other": ("Żądanie odrzucone.", "The request was refused."),
    "back_to_calls": ("Wróć do rozmów", "Back to the calls"),
    # login
    "login_title": ("Logowanie", "Log in"),
    "username": ("Użytkownik", "User name"),
    "password": ("Hasło", "Password"),
    "log_in": ("Zaloguj", "Log in"),
    "login_wrong": (
        "Nieprawidłowa nazwa użytkownika lub hasło.",
        "Wrong user name or password.",
    ),
    "login_slow_down": (
        "Zbyt wiele prób. Spróbuj ponownie za {seconds} s.",
        "Too many attempts. Try again in {seconds} s.",
    ),
    # calls
    "calls_title": ("Rozmowy", "Calls"),
    "live_calls": ("Trwające rozmowy", "Calls going on"),
    "no_live_calls": ("Teraz nikt nie rozmawia.", "Nobody is on the line now."),
    "past_calls": ("Wszystkie rozmowy", "All calls"),
    "no_calls": ("Nie ma jeszcze rozmów.", "There are no calls yet."),
    "no_calls_filtered": ("Żadna rozmowa nie pasuje.", "No call fits."),
    "first_call": (
        "Zadzwoń z przeglądarki albo telefonem SIP pod adres",
        "Call from the browser, or with a SIP phone at",
    ),
    "filter": ("Filtr rozmów", "Filter"),
    "filter_apply": ("Pokaż", "Show"),
    "filter_clear": ("Wyczyść", "Clear"),
    "any_result": ("wszystkie", "all"),
    "case_number": ("Numer sprawy", "Case number"),
    "started": ("Początek", "Started"),
    "length": ("Czas", "Length"),
    "from": ("Dzwoni", "From"),
    "to": ("Do", "To"),
    "case": ("Sprawa", "Case"),
    "result": ("Wynik", "Result"),
    "ended_because": ("Koniec", "Ended because"),
    "older": ("Starsze", "Older"),
    "newest": ("Najnowsze", "Newest"),
    "going_on": ("trwa", "going on"),
    "hang_up": ("Rozłącz", "Hang up"),
    "hang_up_sure": ("Zakończyć tę rozmowę?", "End this call?"),
    "hang_up_failed": ("Nie udało się rozłączyć.", "Hanging up failed."),
    "bot_speaks": ("bot mówi", "the bot speaks"),
    "bot_listens": ("bot słucha", "the bot listens"),
    "state": ("Stan dialogu", "Dialogue state"),
    "connection_lost": (
        "Brak połączenia z serwerem, ponawiam…",
        "No connection to the server, trying again…",
    ),
    "web_phone_party": ("przeglądarka", "web phone"),
    "anonymous": ("numer zastrzeżony", "number withheld"),
    "inbound": ("przychodząca", "inbound"),
    "outbound": ("wychodząca", "outbound"),
    # one call
    "call_title": ("Rozmowa", "Call"),
    "transcript": ("Przebieg rozmowy", "Transcript"),
    "no_turns": ("Jeszcze nic nie powiedziano.", "Nothing has been said yet."),
    "speaker_bot": ("Bot", "Bot"),
    "speaker_caller": ("Rozmówca", "Caller"),
    "recording": ("Nagranie", "Recording"),
    "no_recording": ("Tej rozmowy nie nagrano.", "This call was not recorded."),
    "recording_gone": ("Pliku nagrania już nie ma.", "The recording's file is gone."),
    "recording_later": (
        "Nagranie będzie tu po zakończeniu rozmowy.",
        "The recording will be here when the call is over.",
    ),
    "waveform_label": (
        "Przebieg nagrania: u góry rozmówca, na dole bot. Strzałki przewijają o 5 sekund.",
        "Waveform: caller above, bot below. Arrow keys seek by 5 seconds.",
    ),
    "play_from": ("Odtwórz od", "Play from"),
    "download": ("Pobierz WAV", "Download WAV"),
    "summary": ("Podsumowanie", "Summary"),
    "verified": ("Tożsamość", "Identity"),
    "verified_yes": ("potwierdzona", "verified"),
    "verified_no": ("niepotwierdzona", "not verified"),
    "direction": ("Kierunek", "Direction"),
    "connection": ("Połączenie", "Connection"),
    "script": ("Scenariusz", "Script"),
    "node": ("Serwer", "Node"),
    "call_id": ("Identyfikator", "Call id"),
    "disclosures": ("Wymagane informacje", "Disclosures"),
    "ai_disclosed": ("Rozmowa z automatem (AI)", "Talking to a machine (AI)"),
    "recording_disclosed": ("Rozmowa jest nagrywana", "The call is recorded"),
    "emotion_disclosed": ("Rozpoznawane są emocje w głosie", "Emotion in the voice is read"),
    "mood": ("Nastrój w głosie", "Mood in the voice"),
    "mood_voice": ("głos", "voice"),
    "mood_calm": ("spokój", "calm"),
    "mood_positive": ("radość", "positive"),
    "mood_distress": ("smutek lub lęk", "distress"),
    "mood_anger": ("złość", "anger"),
    "mood_unclear": ("niejasny", "unclear"),
    "mood_caution": (
        "Odczyt modelu z brzmienia głosu, często mylny. Nie może być podstawą decyzji o osobie.",
        "A model's reading of the sound, often wrong. No decision about a person may rest on it.",
    ),
    "not_said": ("nie podano", "not said"),
    "seconds_into_call": ("{seconds} s od odebrania", "{seconds} s after the answer"),
    "promise": ("Obietnica wpłaty", "Promise to pay"),
    "promises": ("Obietnice wpłat", "Promises to pay"),
    "callback": ("Prośba o kontakt", "Callback"),
    "callbacks": ("Prośby o kontakt", "Callbacks"),
    "amount": ("Kwota", "Amount"),
    "due_date": ("Termin", "Due date"),
    "status": ("Status", "Status"),
    "status_open": ("otwarte", "open"),
    "status_superseded": ("zastąpione późniejszym", "replaced by a later one"),
    "reason": ("Powód", "Reason"),
    "phone_number": ("Numer", "Number"),
    "wanted": ("Życzenie", "Wanted"),
    "made_at": ("Zapisano", "Recorded"),
    "in_call": ("W rozmowie", "In call"),
    "no_promises": ("Nie ma obietnic wpłat.", "There are no promises to pay."),
    "no_callbacks": ("Nikt nie prosił o kontakt.", "Nobody has asked for a callback."),
    "confidence": ("pewność", "confidence"),
    "low_confidence": ("słabo słyszane", "poorly heard"),
    "intent": ("intencja", "intent"),
    "slots": ("dane", "slots"),
    "interrupted_bot": ("przerwane przez rozmówcę", "interrupted by the caller"),
    "interrupted_caller": ("powiedziane w trakcie wypowiedzi bota", "said over the bot"),
    "prompt": ("wypowiedź", "prompt"),
    "timings": ("Czasy reakcji", "Response times"),
    "timing_voice_to_voice": ("cisza do odpowiedzi", "voice to voice"),
    "timing_speech_end_to_vad_end": ("pauza zauważona", "pause noticed"),
    "timing_speech_end_to_decided": ("koniec wypowiedzi", "end of turn"),
    "timing_speech_end_to_transcript": ("rozpoznanie", "recognition"),
    "timing_speech_end_to_decision": ("decyzja", "decision"),
    "timing_speech_end_to_audio": ("głos gotowy", "audio ready"),
    "timing_speech_end_to_first_packet": ("pierwszy pakiet", "first packet"),
    "timing_decision_to_first_packet": ("decyzja do pakietu", "decision to packet"),
    "timing_guess_head_start": ("odpowiedź przed czasem", "answered ahead"),
    "timing_discarded_guesses": ("odrzucone domysły", "discarded guesses"),
    "timing_transcript_to_first_audio": ("odpowiedź", "answer"),
    "waterfall_link": ("Przebieg czasów reakcji", "Response times drawn"),
    "waterfall_title": ("Czasy reakcji w rozmowie", "Response times of a call"),
    "waterfall_back": ("Wróć do rozmowy", "Back to the call"),
    "waterfall_none": (
        "Nie zapisano czasów: nikt nie odpowiedział albo rozmowa jest starsza niż pomiar.",
        "No times were kept: nothing was answered, or the call is older than the measuring.",
    ),
    "waterfall_overview": ("Cała rozmowa", "The whole call"),
    "waterfall_wait": ("czekanie na odpowiedź", "waiting for the answer"),
    "waterfall_answers": ("Każda odpowiedź", "Each answer"),
    "waterfall_explanation": (
        "Zero to ostatnia próbka głosu rozmówcy w sieci. Pasek bota zaczyna się jego pierwszym "
        "dźwiękiem.",
        "Zero is the caller's last speech sample on the wire. The bot's bar begins with its first "
        "sound.",
    ),
    "waterfall_numbers": (
        "Milisekundy od końca mowy rozmówcy",
        "Milliseconds since the end of the caller's speech",
    ),
    "waterfall_slowest": ("najdłużej: {stage}, {ms} ms", "longest: {stage}, {ms} ms"),
    "waterfall_row_label": (
        "Odpowiedź {number}: {ms} ms ciszy",
        "Answer {number}: {ms} ms of silence",
    ),
    "stage_pause": ("pauza", "pause"),
    "stage_endpointing": ("czekanie na koniec wypowiedzi", "waiting for the end of the turn"),
    "stage_recognition": ("rozpoznawanie", "recognition"),
    "stage_head_start": ("odpowiedź gotowa przed czasem", "answer ready ahead"),
    "stage_decision": ("decyzja", "decision"),
    "stage_synthesis": ("synteza mowy", "synthesis"),
    "stage_playout": ("do pierwszego pakietu", "until the first packet"),
    "stage_leading_silence": ("cisza na początku nagrania", "silence the prompt begins with"),
    "timing_median": ("mediana", "median"),
    "timing_worst": ("najdłużej", "longest"),
    "media": ("Transmisja dźwięku", "Audio transport"),
    # cases, agreements
    "cases_title": ("Sprawy", "Cases"),
    "creditor": ("Wierzyciel", "Creditor"),
    "title": ("Tytuł", "Title"),
    "balance": ("Do zapłaty", "Balance"),
    "no_cases": ("Nie ma spraw.", "There are no cases."),
    "calls_of_case": ("Rozmowy", "Calls"),
    "next_page": ("Następne", "Next"),
    "agreements_title": ("Ustalenia", "Agreements"),
    # phone
    "phone_title": ("Telefon w przeglądarce", "Web phone"),
    "phone_intro": (
        "Zadzwoń do bota przez mikrofon komputera. Najlepiej w słuchawkach.",
        "Call the bot through this computer's microphone. Headphones are best.",
    ),
    "phone_call": ("Zadzwoń", "Call"),
    "phone_hang_up": ("Rozłącz się", "Hang up"),
    "phone_mute": ("Wycisz mikrofon", "Mute microphone"),
    "phone_unmute": ("Włącz mikrofon", "Unmute microphone"),
    "phone_keypad": ("Klawiatura", "Keypad"),
    "phone_key": ("Klawisz", "Key"),
    "phone_mic_level": ("Mikrofon", "Microphone"),
    "phone_bot_level": ("Głos bota", "Bot's voice"),
    "phone_ready": ("Gotowy do rozmowy.", "Ready to call."),
    "phone_asking": (
        "Przeglądarka pyta o zgodę na mikrofon…",
        "The browser asks for the microphone…",
    ),
    "phone_connecting": ("Łączę…", "Connecting…"),
    "phone_in_call": ("Połączono.", "Connected."),
    "phone_ended": ("Rozmowa zakończona.", "The call is over."),
    "phone_ended_hangup": ("Rozłączono.", "You hung up."),
    "phone_script": ("Scenariusz", "Script"),
    "phone_case": ("Numer sprawy (tylko rozmowy wychodzące)", "Case number (calls out only)"),
    "phone_no_script": (
        "Tego scenariusza nie można teraz użyć albo brakuje numeru sprawy.",
        "This script can't be used now, or the case number is missing.",
    ),
    "phone_busy": (
        "Wszystkie linie są zajęte. Spróbuj za chwilę.",
        "All lines are busy. Try again in a moment.",
    ),
    "phone_shutdown": (
        "Serwer jest wyłączany, rozmowa została zakończona.",
        "The server is shutting down and ended the call.",
    ),
    "phone_error": (
        "Rozmowa została przerwana przez błąd.",
        "The call was ended by an error.",
    ),
    "phone_no_connection": (
        "Nie udało się połączyć z serwerem.",
        "The server could not be reached.",
    ),
    "phone_insecure": (
        "Przeglądarka udostępnia mikrofon tylko stronom otwartym przez HTTPS albo pod adresem "
        "localhost. Otwórz tę stronę w jeden z tych sposobów.",
        "Browsers give the microphone only to pages opened over HTTPS or from localhost. Open "
        "this page in one of these ways.",
    ),
    "phone_refused": (
        "Mikrofon jest zablokowany. Zezwól na niego w ustawieniach tej strony (ikona przy pasku "
        "adresu) i zadzwoń ponownie.",
        "The microphone is blocked. Allow it in this site's settings (the icon by the address "
        "bar) and call again.",
    ),
    "phone_no_microphone": (
        "Nie znaleziono mikrofonu. Podłącz go i zadzwoń ponownie.",
        "No microphone was found. Connect one and call again.",
    ),
    "phone_microphone_in_use": (
        "Mikrofonu nie da się użyć; może zajmuje go inny program.",
        "The microphone can't be used; another program may hold it.",
    ),
    "phone_old_browser": (
        "Ta przeglądarka jest za stara do rozmowy. Potrzebna jest aktualna wersja Chrome, "
        "Edge, Firefox lub Safari.",
        "This browser is too old for calls. A current Chrome, Edge, Firefox or Safari is needed.",
    ),
    "phone_see_call": ("Zobacz zapis tej rozmowy", "See this call's record"),
    "phone_transcript_empty": (
        "Tu pojawi się zapis rozmowy.",
        "What is said will appear here.",
    ),
    "phone_needs_js": (
        "Telefon potrzebuje JavaScriptu.",
        "The phone needs JavaScript.",
    ),
    "sample_title": ("Przykładowi dłużnicy", "Sample debtors"),
    "sample_intro": (
        "Osoby są zmyślone. Wybierz jedną i podawaj jej dane, gdy bot o nie zapyta.",
        "These people are invented. Pick one and give these facts when the bot asks.",
    ),
    "birth_date": ("Data urodzenia", "Date of birth"),
    "postcode": ("Kod pocztowy", "Postcode"),
    "pesel_last4": ("Końcówka PESEL", "Last digits of PESEL"),
    # api
    "api_title": ("API", "API"),
    "api_intro": (
        "Wszystko, co pokazuje konsola, jest też dostępne jako JSON.",
        "Everything the console shows is also there as JSON.",
    ),
    "api_openapi": ("Opis OpenAPI 3.1", "OpenAPI 3.1 description"),
    "api_method": ("Metoda", "Method"),
    "api_path": ("Ścieżka", "Path"),
    "api_what": ("Co robi", "What it does"),
    "api_parameters": ("Parametry", "Parameters"),
    **OUTCOME_TEXTS,
    **CHAT_TEXTS,
}

_END_REASONS: dict[str, str] = {
    "hangup": "rozmówca się rozłączył",
    "ended from the console": "zakończona z konsoli",
    "shutdown": "wyłączenie serwera",
    "process ended": "awaria serwera",
    "internal error": "błąd wewnętrzny",
    "error": "błąd",
    "no media": "brak dźwięku",
    "replaced": "rozmowę przejął ktoś inny",
    "transferred": "rozmowa przełączona",
}
"""Reasons that the server gives; call scripts have their own."""


class Texts:
    """The texts in one language: `texts("nav_calls")`."""

    def __init__(self, language: Language) -> None:
        self.language: Language = language
        self._index = LANGUAGES.index(language)

    def __call__(self, key: str, **values: object) -> str:
        text = _TEXTS[key][self._index]
        return text.format_map(values) if values else text

    def get(self, key: str, otherwise: str) -> str:
        """For keys that come from data."""
        return _TEXTS[key][self._index] if key in _TEXTS else otherwise

    def disposition(self, disposition: Disposition) -> str:
        return DISPOSITIONS[disposition][self._index]

    def block_reason(self, reason: BlockReason) -> str:
        return BLOCK_REASONS[reason][self._index]

    def end_reason(self, reason: str) -> str:
        """Why a call ended; what a script says stays in the script's words."""
        return _END_REASONS.get(reason, reason) if self.language == "pl" else reason

    def starting_with(self, *prefixes: str) -> dict[str, str]:
        """What a script of a page needs."""
        return {
            key: texts[self._index] for key, texts in _TEXTS.items() if key.startswith(prefixes)
        }
