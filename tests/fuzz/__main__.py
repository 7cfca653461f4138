"""Fuzz one parser for a while: `python -m tests.fuzz sip_datagram --seconds 60 --seed 1`.

On a fault prints the input and exits with 1; the same seed finds the same fault.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
import traceback

from tests.fuzz import (
    media_targets,
    pbx_targets,
    seeds,
    sip_targets,
    stream_targets,
    transfer_targets,
    trunk_targets,
)
from tests.fuzz.mutate import mutated

TARGETS = {
    "sip_datagram": (sip_targets.sip_datagram, seeds.sip_messages),
    "sip_stream": (sip_targets.sip_stream, seeds.sip_messages),
    "sip_values": (sip_targets.sip_values, seeds.sip_messages),
    "sdp": (sip_targets.sdp, seeds.session_descriptions),
    "digest": (trunk_targets.digest, trunk_targets.digest_values),
    "dialled_number": (trunk_targets.dialled_number, trunk_targets.numbers),
    "rtp": (media_targets.rtp, media_targets.rtp_packets),
    "rtcp": (media_targets.rtcp, media_targets.rtcp_packets),
    "srtp": (media_targets.srtp, media_targets.srtp_packets),
    "sdp_crypto": (media_targets.sdp_crypto, media_targets.secure_descriptions),
    "transfer_values": (transfer_targets.transfer_values, transfer_targets.seeds),
    "twilio": (stream_targets.twilio, lambda: [stream_targets.TWILIO]),
    "telnyx": (stream_targets.telnyx, lambda: [stream_targets.TELNYX]),
    "vonage": (stream_targets.vonage, lambda: [stream_targets.VONAGE]),
    "asterisk": (pbx_targets.asterisk, lambda: [pbx_targets.ASTERISK, pbx_targets.ASTERISK_JSON]),
    "audiosocket": (pbx_targets.audiosocket, pbx_targets.audiosocket_calls),
    "jambonz": (pbx_targets.jambonz, lambda: [pbx_targets.JAMBONZ]),
    "browser_phone": (pbx_targets.browser_phone, lambda: [pbx_targets.BROWSER]),
    "provider_signatures": (stream_targets.signatures, lambda: list(stream_targets.SIGNATURES)),
    "requests_in_a_call": (transfer_targets.requests_in_a_call, transfer_targets.seeds),
}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("target", choices=sorted(TARGETS))
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    target, load_seeds = TARGETS[options.target]
    originals = load_seeds()
    random_source = random.Random(options.seed)
    n_inputs, slowest_s = 0, 0.0
    end = time.monotonic() + options.seconds
    while (started := time.monotonic()) < end:
        data = mutated(originals, random_source)
        n_inputs += 1
        try:
            target(data)
        except Exception:  # noqa: BLE001 - the top of a worker: any exception is the finding
            traceback.print_exc()
            print(f"input {n_inputs} of seed {options.seed}: {data!r}")
            return 1
        slowest_s = max(slowest_s, time.monotonic() - started)
    print(f"{options.target}: {n_inputs} inputs, the slowest took {slowest_s * 1000:.1f} ms")
    return 0


if __name__ == "__main__":
    sys.exit(main())
