"""G.722 against the encoder and decoder of another library (ffmpeg), and against itself."""

from __future__ import annotations

import subprocess
from pathlib import Path

import numpy as np
import soundfile
import soxr

from tests.integration.phones.probe_signal import correlations, probe_signal
from tests.peers import need
from voicebot.audio import FRAME_SAMPLES, SILENCE, Samples
from voicebot.media.codecs.g722 import G722Codec

SAID = probe_signal(3)


def encoded(codec: G722Codec, samples: Samples) -> list[bytes]:
    return [
        codec.encode(samples[start : start + FRAME_SAMPLES])
        for start in range(0, len(samples), FRAME_SAMPLES)
    ]


def test_frame_has_a_byte_a_tick() -> None:
    packets = encoded(G722Codec(), SAID)
    assert {len(packet) for packet in packets} == {160}
    assert G722Codec.ticks_per_frame == 160
    assert G722Codec.payload_type == 9


def test_what_goes_in_comes_out() -> None:
    codec = G722Codec()
    heard = np.concatenate([codec.decode(packet) for packet in encoded(G722Codec(), SAID)])
    assert len(heard) == len(SAID)
    assert min(correlations(heard, SAID)) >= 0.97


def test_ffmpeg_hears_what_we_encode(tmp_path: Path) -> None:
    coded, wav = tmp_path / "said.g722", tmp_path / "heard.wav"
    coded.write_bytes(b"".join(encoded(G722Codec(), SAID)))
    _ffmpeg("-f", "g722", "-i", str(coded), str(wav))
    wide, rate = soundfile.read(wav, dtype="int16")
    heard = soxr.resample(wide, rate, 8000)
    assert min(correlations(heard, SAID)) >= 0.97


def test_we_hear_what_ffmpeg_encodes(tmp_path: Path) -> None:
    wav, coded = tmp_path / "said.wav", tmp_path / "said.g722"
    soundfile.write(wav, soxr.resample(SAID, 8000, 16000), 16000)
    _ffmpeg("-i", str(wav), "-f", "g722", str(coded))
    data = coded.read_bytes()
    codec = G722Codec()
    heard = np.concatenate([codec.decode(data[n : n + 160]) for n in range(0, len(data), 160)])
    assert min(correlations(heard, SAID)) >= 0.97


def test_odd_packets_are_joined_over_silence() -> None:
    codec = G722Codec()
    frame = codec.join([(80, b"\x01" * 80)])
    assert len(frame) == 160
    assert frame[80:] == b"\x01" * 80
    assert int(np.abs(codec.decode(codec.join([]))).max()) < 100


def test_quiet_is_what_the_last_frame_was() -> None:
    codec = G722Codec()
    packet = codec.encode(SILENCE)
    assert codec.is_quiet(packet)
    for loud in encoded(G722Codec(), SAID)[:20]:
        codec.decode(loud)
    assert not codec.is_quiet(packet)


def test_loss_leaves_the_decoder_sane() -> None:
    packets = encoded(G722Codec(), SAID)
    codec = G722Codec()
    whole = [codec.decode(packet) for packet in packets]
    torn = G722Codec()
    for packet in packets[:50]:
        torn.decode(packet)
    later = np.concatenate([torn.decode(packet) for packet in packets[53:]][10:])
    assert np.corrcoef(later, np.concatenate(whole[63:]))[0, 1] > 0.99


def _ffmpeg(*arguments: str) -> None:
    command = [need("ffmpeg"), "-v", "error", "-y", *arguments]
    subprocess.run(command, check=True, timeout=60)
