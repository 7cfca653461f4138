"""Both directions of a call's audio as they were on the wire, from a tcpdump of the loopback."""

from __future__ import annotations

import asyncio
import contextlib
import io
import os
import struct
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest
import soundfile

from tests.integration.phones.process import end, start
from tests.peers import need
from voicebot.audio import SAMPLE_RATE, Samples

_SUBTYPES = {0: "ULAW", 8: "ALAW"}
_PAYLOAD_TYPES = {*_SUBTYPES, 9}
"""G.711 and G.722; of the latter the packets alone are to be had."""
_HEADER_BYTES = {1: 14}
"""Link types: Ethernet, as Linux shows its loopback."""

START_PATIENCE_S = 20.0


@dataclass(slots=True)
class Stream:
    """One direction. Arrival times are seconds of the kernel's clock."""

    source_port: int
    target_port: int
    payload_type: int
    times: list[float] = field(default_factory=list)
    packets: list[tuple[int, bytes]] = field(default_factory=list)
    """(RTP timestamp, payload)"""

    def samples(self) -> Samples:
        """The sound by RTP time, decoded by libsndfile and not by us; what is missing is silent."""
        first = self.packets[0][0]
        positions = [(timestamp - first) & 0xFFFFFFFF for timestamp, _ in self.packets]
        end = max(p + len(payload) for p, (_, payload) in zip(positions, self.packets, strict=True))
        sound = np.zeros(end, dtype=np.int16)
        for position, (_, payload) in zip(positions, self.packets, strict=True):
            decoded, _ = soundfile.read(
                io.BytesIO(payload),
                dtype="int16",
                format="RAW",
                subtype=_SUBTYPES[self.payload_type],
                samplerate=SAMPLE_RATE,
                channels=1,
            )
            sound[position : position + len(decoded)] = decoded
        return sound

    def gaps_ms(self) -> list[float]:
        return [float(gap) for gap in np.diff(self.times) * 1000]


class WireTap:
    """Read the streams after the tap is closed."""

    def __init__(self, path: Path) -> None:
        self._path = path

    @classmethod
    @contextlib.asynccontextmanager
    async def open(cls, path: Path) -> AsyncIterator[WireTap]:
        """Needs root, as tcpdump does."""
        if os.geteuid() != 0:
            pytest.skip("only root may look at the wire")
        process = await start(
            # At once, each packet in a slot of the ring as long as a packet may be: with no limit
            # to that length 16 MB are 64 slots, and a burst is lost.
            *(need("tcpdump"), "-i", "lo", "-n", "-s", "2048", "-B", "16384", "--immediate-mode"),
            *("-U", "-w", str(path)),
            "udp",
            stderr=asyncio.subprocess.PIPE,
        )
        try:
            assert process.stderr is not None
            async with asyncio.timeout(START_PATIENCE_S):
                first_line = await process.stderr.readline()
            assert b"listening" in first_line, first_line
            yield cls(path)
            # What has been sent is in the kernel's ring, and not yet in the file.
            await asyncio.sleep(0.3)
        finally:
            await end(process, patience_s=5)

    def streams(self, rtp_port: int) -> list[Stream]:
        """G.711 and G.722 streams to and from this port, the earliest first. Not those of a
        range: others may talk on this machine meanwhile."""
        found: dict[tuple[int, int, int], Stream] = {}
        for time, source, target, data in _datagrams(self._path.read_bytes()):
            if rtp_port not in (source, target) or len(data) <= 12 or data[0] >> 6 != 2:
                continue
            payload_type = data[1] & 0x7F
            if payload_type not in _PAYLOAD_TYPES:
                continue
            stream = found.setdefault(
                (source, target, payload_type), Stream(source, target, payload_type)
            )
            stream.times.append(time)
            stream.packets.append((int.from_bytes(data[4:8], "big"), data[12:]))
        return list(found.values())


def _datagrams(data: bytes) -> Iterator[tuple[float, int, int, bytes]]:
    """(time, source port, target port, payload) of IPv4 UDP; fragments are left out."""
    assert data[:4] == bytes.fromhex("d4c3b2a1"), "a capture of another kind of machine"
    n_link = _HEADER_BYTES[struct.unpack_from("<I", data, 20)[0]]
    position = 24
    while position + 16 <= len(data):
        seconds, microseconds, n_captured, _ = struct.unpack_from("<IIII", data, position)
        packet = data[position + 16 + n_link : position + 16 + n_captured]
        position += 16 + n_captured
        if len(packet) < 28 or packet[0] >> 4 != 4 or packet[9] != 17:
            continue
        n_ip = (packet[0] & 0x0F) * 4
        source, target = struct.unpack_from(">HH", packet, n_ip)
        yield seconds + microseconds / 1e6, source, target, packet[n_ip + 8 :]
