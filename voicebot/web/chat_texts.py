"""What the chat's page says, in Polish and in English."""

from __future__ import annotations

CHAT_TEXTS: dict[str, tuple[str, str]] = {
    "nav_chat": ("Czat", "Chat"),
    "chat_title": ("Czat z automatem", "Chat with a machine"),
    "chat_machine": (
        "Odpowiada program komputerowy, nie człowiek. Treść rozmowy jest zapisywana.",
        "A computer program answers, not a human, and it writes Polish. What is written is kept.",
    ),
    "chat_text_kept": (
        "Treść tej rozmowy jest zapisywana.",
        "The text of this conversation is kept.",
    ),
    "chat_needs_js": ("Czat potrzebuje JavaScriptu.", "The chat needs JavaScript."),
    "chat_script": ("Temat rozmowy", "What about"),
    "chat_start": ("Rozpocznij rozmowę", "Begin"),
    "chat_again": ("Nowa rozmowa", "New conversation"),
    "chat_messages": ("Rozmowa", "Conversation"),
    "chat_message": ("Twoja wiadomość", "Your message"),
    "chat_send": ("Wyślij", "Send"),
    "chat_human": ("Konsultant", "Human agent"),
    "chat_choices": ("Szybkie odpowiedzi", "Quick answers"),
    "chat_keys": (
        "Enter wysyła, Shift+Enter to nowy wiersz.",
        "Enter sends, Shift+Enter begins a new line.",
    ),
    "chat_bot": ("Automat", "Machine"),
    "chat_you": ("Ty", "You"),
    "chat_writing": ("Automat pisze…", "The machine is writing…"),
    "chat_over": ("Rozmowa zakończona.", "The conversation is over."),
    "chat_gone": (
        "Ta rozmowa została zakończona, bo długo nikt nie pisał albo serwer ruszył od nowa.",
        "This conversation was ended: nobody wrote for long, or the server has been restarted.",
    ),
    "chat_slow_down": (
        "Zbyt wiele wiadomości naraz. Spróbuj za chwilę.",
        "Too many messages at once. Try again in a moment.",
    ),
    "chat_busy": (
        "Czat jest teraz zajęty. Spróbuj za chwilę.",
        "The chat is busy now. Try again in a moment.",
    ),
    "chat_no_connection": (
        "Nie udało się wysłać wiadomości. Sprawdź połączenie i wyślij ją ponownie.",
        "The message was not sent. Check the connection and send it again.",
    ),
    "chat_error": (
        "Coś się nie powiodło. Rozpocznij nową rozmowę.",
        "Something went wrong. Begin a new conversation.",
    ),
    "chat_no_case": ("Nie ma takiej sprawy.", "There is no such case."),
    "chat_log_in": (
        "Zaloguj się ponownie i rozpocznij nową rozmowę.",
        "Log in again and begin a new conversation.",
    ),
}
