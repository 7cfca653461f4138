from __future__ import annotations

import ssl
from pathlib import Path

import pytest
import trustme

from voicebot.errors import SettingsError
from voicebot.gateway.sip.network.tls import CertificateNames, TlsContexts
from voicebot.settings import SipSettings


def names(*alternatives: tuple[str, str], common_name: str = "") -> CertificateNames:
    subject = ((("commonName", common_name),),) if common_name else ()
    return CertificateNames.of({"subjectAltName": alternatives, "subject": subject})


@pytest.mark.parametrize(
    ("certificate", "domain", "speaks_for"),
    [
        (names(("DNS", "example.com")), "example.com", True),
        (names(("DNS", "Example.COM")), "EXAMPLE.com", True),
        (names(("DNS", "example.com")), "example.com.", True),
        (names(("DNS", "example.com")), "sip.example.com", False),
        # RFC 5922 7.2: a wildcard is no identity.
        (names(("DNS", "*.example.com")), "sip.example.com", False),
        # 7.1: with a SIP URI in it, its DNS names are for other protocols.
        (names(("URI", "sip:example.com"), ("DNS", "www.example.com")), "example.com", True),
        (names(("URI", "sip:example.com"), ("DNS", "www.example.com")), "www.example.com", False),
        (names(("URI", "sip:anna@example.com")), "example.com", False),
        (names(("URI", "https://example.com")), "example.com", False),
        (names(("URI", "sip:example.com;x=y")), "example.com", True),
        (names(common_name="example.com"), "example.com", True),
        (names(("DNS", "other.example"), common_name="example.com"), "example.com", False),
        (names(("IP Address", "192.0.2.1")), "192.0.2.1", True),
        (names(("IP Address", "2001:DB8:0:0:0:0:0:1")), "2001:db8::1", True),
        (names(("DNS", "192.0.2.1")), "192.0.2.1", False),
        (names(("IP Address", "192.0.2.1"), common_name="192.0.2.9"), "192.0.2.9", False),
        (CertificateNames.of(None), "example.com", False),
        (CertificateNames.of({}), "", False),
    ],
)
def test_whose_certificate_it_is(certificate: CertificateNames, domain: str, speaks_for: bool):
    assert certificate.include(domain) is speaks_for


def settings(directory: Path, **changes: object) -> SipSettings:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(directory / "ca.pem")
    authority.issue_cert("example.com").private_key_and_cert_chain_pem.write_to_path(
        directory / "server.pem"
    )
    values = {
        "tls_certificate": str(directory / "server.pem"),
        "tls_authorities": str(directory / "ca.pem"),
        **changes,
    }
    return SipSettings.model_validate(values)


def test_nothing_older_than_tls_1_2_and_the_chain_is_always_checked(tmp_path: Path):
    contexts = TlsContexts(settings(tmp_path, tls_client_certificates="required"))
    assert contexts.server is not None
    for context in (contexts.server, contexts.client):
        assert context.minimum_version == ssl.TLSVersion.TLSv1_2
        assert context.verify_mode == ssl.CERT_REQUIRED


def test_without_a_certificate_we_are_client_only():
    contexts = TlsContexts(SipSettings())
    assert contexts.server is None
    assert contexts.client.verify_mode == ssl.CERT_REQUIRED


@pytest.mark.parametrize("key", ["tls_certificate", "tls_private_key", "tls_authorities"])
def test_unusable_file_is_named_by_its_setting(tmp_path: Path, key: str):
    with pytest.raises(SettingsError, match=f"sip.{key}.*cannot be used"):
        TlsContexts(settings(tmp_path, **{key: str(tmp_path / "absent.pem")}))


def test_renewed_certificate_is_taken_over_and_a_broken_one_is_not(tmp_path: Path):
    contexts = TlsContexts(settings(tmp_path))
    assert contexts.reload_if_changed() is False
    file = tmp_path / "server.pem"
    whole = file.read_bytes()
    file.write_bytes(whole[: len(whole) // 2])
    assert contexts.reload_if_changed() is False
    trustme.CA().issue_cert("example.com").private_key_and_cert_chain_pem.write_to_path(file)
    assert contexts.reload_if_changed() is True
    assert contexts.reload_if_changed() is False
