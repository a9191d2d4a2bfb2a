import pytest

from valuebox.serving.proxies import TrustedProxies

PEER = {"client": ("10.1.2.3", 4711)}


@pytest.mark.parametrize(
    ("trusted", "forwarded", "client"),
    [
        ("", "198.51.100.7", "10.1.2.3"),
        ("10.0.0.0/8", None, "10.1.2.3"),
        ("10.0.0.0/8", "198.51.100.7", "198.51.100.7"),
        # Whoever asks may have written any of the first ones.
        ("10.0.0.0/8", "127.0.0.1, 198.51.100.7, 10.9.9.9", "198.51.100.7"),
        ("10.0.0.0/8", "198.51.100.7, <script>", "10.1.2.3"),
        ("10.0.0.0/8", "", "10.1.2.3"),
        ("*", "198.51.100.7", "198.51.100.7"),
        ("10.1.2.3", "2001:db8::0007", "2001:db8::7"),
    ],
)
def test_a_client_is_the_nearest_that_no_trusted_proxy_is(
    trusted: str, forwarded: str | None, client: str
) -> None:
    assert TrustedProxies(trusted).client(PEER, forwarded) == client


def test_a_client_without_an_address_has_none() -> None:
    assert TrustedProxies("*").client({"client": None}, None) is None
