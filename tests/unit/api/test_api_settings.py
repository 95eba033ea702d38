"""A station that others can reach says so."""

import pytest

from station.api.settings import ApiSettings, exposure_warning


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.8.8", "::1", "localhost"])
def test_loopback_needs_no_token(host) -> None:
    assert exposure_warning(ApiSettings(host=host)) is None


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.5", "station.example"])
def test_anything_else_without_a_token_is_warned_of(host) -> None:
    warning = exposure_warning(ApiSettings(host=host))
    assert host in warning
    assert "api.token" in warning
    assert exposure_warning(ApiSettings(host=host, token="s3cret")) is None
