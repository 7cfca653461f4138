from __future__ import annotations

from pathlib import Path

import pytest

from voicebot.errors import SettingsError
from voicebot.settings import Settings, load_settings


@pytest.fixture
def write(tmp_path: Path):
    def write_file(text: str) -> Path:
        path = tmp_path / "voicebot.toml"
        path.write_text(text, encoding="utf-8")
        return path

    return write_file


def refusal(path: Path | None, environment: dict[str, str] | None = None) -> list[str]:
    """The lines of the error, without the folder of the file."""
    with pytest.raises(SettingsError) as caught:
        load_settings(path, environment or {})
    folder = f"{path.parent}/" if path is not None else ""
    return str(caught.value).replace(folder, "").splitlines()


def test_without_a_file_and_without_variables_all_is_default(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert load_settings(None, {}) == Settings()


def test_file_in_the_working_directory_is_read(tmp_path, monkeypatch, write):
    write("[sip]\nport = 5080\n")
    monkeypatch.chdir(tmp_path)
    assert load_settings(None, {}).sip.port == 5080


def test_file_sets_top_level_and_sections(write):
    settings = load_settings(
        write(
            'use = "demo"\ndata_directory = "/var/lib/voicebot"\n'
            '[sip]\nhost = "::"\ncodecs = ["PCMU"]\nno_media_timeout_s = 12\n'
            "[recording]\nenabled = false\n"
        ),
        {},
    )
    assert settings.use == "demo"
    assert settings.data_path == Path("/var/lib/voicebot")
    assert settings.sip.host == "::"
    assert settings.sip.codecs == ("PCMU",)
    assert settings.sip.no_media_timeout_s == 12.0
    assert settings.recording.enabled is False
    assert settings.web == Settings().web


def test_variables_win_over_the_file(write):
    settings = load_settings(
        write('models_directory = "here"\n[sip]\nport = 5080\nuser = "bot"\n'),
        {
            "VOICEBOT_SIP__PORT": "5090",
            "VOICEBOT_MODELS_DIRECTORY": "/srv/models",
            "VOICEBOT_RECORDING__ENABLED": "false",
            "VOICEBOT_TURNS__MAX_TURN_S": "12.5",
            "SIP__PORT": "1",
            "PATH": "/bin",
        },
    )
    assert (settings.sip.port, settings.sip.user) == (5090, "bot")
    assert settings.models_directory == "/srv/models"
    assert settings.recording.enabled is False
    assert settings.turns.max_turn_s == 12.5


@pytest.mark.parametrize(
    ("text", "codecs"),
    [("PCMU", ("PCMU",)), ("PCMU,PCMA", ("PCMU", "PCMA")), (" PCMU , PCMA ", ("PCMU", "PCMA"))],
)
def test_a_list_in_a_variable_has_commas(text: str, codecs: tuple[str, ...]):
    assert load_settings(None, {"VOICEBOT_SIP__CODECS": text}).sip.codecs == codecs


def test_paths_that_follow_from_others():
    settings = load_settings(None, {"VOICEBOT_DATA_DIRECTORY": "/d"})
    assert settings.recordings_path == Path("/d/recordings")
    assert settings.database_url == "sqlite+aiosqlite:////d/voicebot.sqlite3"
    settings = load_settings(
        None,
        {"VOICEBOT_RECORDING__DIRECTORY": "/r", "VOICEBOT_STORAGE__URL": "postgresql://h/v"},
    )
    assert settings.recordings_path == Path("/r")
    assert settings.database_url == "postgresql://h/v"


def test_settings_do_not_change():
    with pytest.raises(ValueError, match="frozen"):
        Settings().use = "demo"  # type: ignore[misc]


# ---- refused: where, which key, why -------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("[sip]\nprt = 5060\n", "voicebot.toml: sip.prt: no such setting"),
        ("[spi]\nport = 5060\n", "voicebot.toml: spi: no such setting"),
        ("port = 5060\n", "voicebot.toml: port: no such setting"),
        ('[sip]\nport = "5060"\n', "voicebot.toml: sip.port: must be a valid integer"),
        ("[sip]\nport = true\n", "voicebot.toml: sip.port: must be a valid integer"),
        ("[sip]\nport = 5060.0\n", "voicebot.toml: sip.port: must be a valid integer"),
        (
            "[sip]\nport = 70000\n",
            "voicebot.toml: sip.port: must be less than or equal to 65535",
        ),
        ('[recording]\nenabled = "no"\n', "voicebot.toml: recording.enabled: must be a valid bool"),
        ('use = "private"\n', "voicebot.toml: use: must be 'commercial' or 'demo'"),
        ('[sip]\ncodecs = "PCMA"\n', "voicebot.toml: sip.codecs: must be a list"),
        (
            '[sip]\ncodecs = ["G729"]\n',
            "voicebot.toml: sip.codecs.0: must be 'PCMA', 'PCMU', 'G722' or 'opus'",
        ),
        ("[sip]\ncodecs = []\n", "voicebot.toml: sip.codecs: must not be empty"),
        ("sip = 5060\n", "voicebot.toml: sip: is a section, not a value"),
        ('[sip]\nhost = "pbx.local"\n', "voicebot.toml: sip.host: must be an IP address"),
        (
            '[sip]\npublic_host = "sip:me@192.0.2.1"\n',
            "voicebot.toml: sip.public_host: must be an address or a host name",
        ),
        (
            '[dialogue]\ntimezone = "Europa/Warszawa"\n',
            "voicebot.toml: dialogue.timezone: no such time zone",
        ),
        (
            '[dialogue]\ntimezone = "../../etc/passwd"\n',
            "voicebot.toml: dialogue.timezone: no such time zone",
        ),
        (
            '[web]\npassword_hash = "tajne haslo"\n',
            "voicebot.toml: web.password_hash: must be an argon2 hash, not the password",
        ),
        (
            "[sip]\nrtp_port_min = 20000\n",
            "voicebot.toml: sip.rtp_port_max: must be above sip.rtp_port_min",
        ),
        ('[web]\nhost = "0.0.0.0"\n', "voicebot.toml: web.host: 0.0.0.0 is reachable"),
        (
            "[turns]\nrecognise_after_ms = 600\n",
            "voicebot.toml: turns.recognise_after_ms: must be below turns.silence_complete_ms",
        ),
        ("[sip\n", "voicebot.toml: no TOML: "),
        ("[sip]\nport = 1\nport = 2\n", "voicebot.toml: no TOML: "),
    ],
)
def test_a_bad_file_is_refused_with_file_key_and_reason(write, text: str, line: str):
    (told,) = refusal(write(text))
    assert told.startswith(line)


@pytest.mark.parametrize(
    ("environment", "line"),
    [
        ({"VOICEBOT_SIP__PORT": "x"}, "VOICEBOT_SIP__PORT: sip.port: must be a valid integer"),
        ({"VOICEBOT_SIP__PORT": ""}, "VOICEBOT_SIP__PORT: sip.port: must be a valid integer"),
        ({"VOICEBOT_SIP__PRT": "1"}, "VOICEBOT_SIP__PRT: sip.prt: no such setting"),
        ({"VOICEBOT_SIP_PORT": "1"}, "VOICEBOT_SIP_PORT: sip_port: no such setting"),
        ({"VOICEBOT_SIP": "1"}, "VOICEBOT_SIP: sip: is a section, not a value"),
        ({"VOICEBOT_USE__X": "1"}, "VOICEBOT_USE__X: use: must be 'commercial' or 'demo'"),
        ({"VOICEBOT_USE": "x"}, "VOICEBOT_USE: use: must be 'commercial' or 'demo'"),
        (
            {"VOICEBOT_SIP": "1", "VOICEBOT_SIP__PORT": "2"},
            "VOICEBOT_SIP__PORT: sip is no section",
        ),
        (
            {"VOICEBOT_SIP__CODECS": "PCMU,G729"},
            "VOICEBOT_SIP__CODECS: sip.codecs.1: must be 'PCMA', 'PCMU', 'G722' or 'opus'",
        ),
        ({"VOICEBOT_RECORDING__ENABLED": "maybe"}, "VOICEBOT_RECORDING__ENABLED: recording.enabl"),
        ({"VOICEBOT_WEB__HOST": "::"}, "VOICEBOT_WEB__HOST: web.host: :: is reachable"),
        (
            {"VOICEBOT_SIP__RTP_PORT_MIN": "30000"},
            "VOICEBOT_SIP__RTP_PORT_MIN: sip.rtp_port_max: must be above sip.rtp_port_min",
        ),
    ],
)
def test_a_bad_variable_is_refused_by_its_name(environment: dict[str, str], line: str):
    (told,) = refusal(None, environment)
    assert told.startswith(line)


def test_all_faults_are_told_at_once(write):
    path = write('use = "x"\n[sip]\nport = -1\ncodecs = []\nfoo = 1\n')
    assert refusal(path) == [
        "voicebot.toml: use: must be 'commercial' or 'demo'",
        "voicebot.toml: sip.port: must be greater than or equal to 0",
        "voicebot.toml: sip.codecs: must not be empty",
        "voicebot.toml: sip.foo: no such setting",
    ]


def test_a_fault_is_told_of_the_place_it_came_from(write):
    path = write("[sip]\nport = 5060\n[turns]\nmax_turn_s = 30\n")
    told = refusal(path, {"VOICEBOT_SIP__PORT": "99999"})
    assert told == ["VOICEBOT_SIP__PORT: sip.port: must be less than or equal to 65535"]


def test_a_refused_password_is_not_repeated(write):
    (told,) = refusal(write('[web]\npassword_hash = "tajne haslo"\n'))
    assert "tajne" not in told
    assert "voicebot hash-password" in told


def test_files_that_cannot_be_read(tmp_path):
    assert refusal(tmp_path / "none.toml") == ["none.toml: no such file"]
    (tmp_path / "folder").mkdir()
    assert refusal(tmp_path / "folder") == ["folder: Is a directory"]
    latin = tmp_path / "latin.toml"
    latin.write_bytes('[dialogue]\ncompany = "Zażółć"\n'.encode("iso-8859-2"))
    assert refusal(latin) == ["latin.toml: the text is not in UTF-8"]


def test_console_may_be_reached_from_elsewhere_with_a_password(write):
    path = write('[web]\nhost = "0.0.0.0"\npassword_hash = "$argon2id$v=19$m=65536,t=3,p=4$c$h"\n')
    assert load_settings(path, {}).web.host == "0.0.0.0"
