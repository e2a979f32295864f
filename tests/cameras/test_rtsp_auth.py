"""Telling a camera who we are: the examples of the RFCs, and what cameras do instead."""

import pytest

from vigil.cameras.rtsp_auth import Challenge, Credentials, Speaker, challenge, digest, split_address

MUFASA = Credentials("Mufasa", "Circle Of Life")
RFC_7616 = (
    'realm="http-auth@example.org", qop="auth, auth-int", algorithm={}, '
    'nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"'
)


def found(*headers):
    """The way that is taken, which there must be."""
    way = challenge(headers)
    assert way
    return way


def speaker(credentials=MUFASA):
    return Speaker(credentials, lambda count: b"\x0a" * count)


@pytest.mark.parametrize(
    ("algorithm", "response"),
    [
        ("MD5", "8ca523f5e9506fed4657c9700eebdbec"),
        ("SHA-256", "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"),
    ],
)
def test_the_examples_of_rfc_7616(algorithm, response):
    way = found("Digest " + RFC_7616.format(algorithm))
    said = digest(
        way, Credentials("Mufasa", "Circle of Life"), "GET", "/dir/index.html", count=1,
        cnonce="f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ",
    )  # fmt: skip
    assert f'response="{response}"' in said
    assert f"algorithm={algorithm}" in said
    assert 'opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"' in said
    assert "qop=auth, nc=00000001" in said


@pytest.mark.parametrize(
    ("password", "cnonce", "response"),
    [
        ("Circle Of Life", "0a4f113b", "6629fae49393a05397450978507c4ef1"),  # RFC 2617, 3.5
        ("CircleOfLife", "", "1949323746fe6a43ef61f9606e7febea"),  # RFC 2069, 2.4, as corrected
    ],
)
def test_the_examples_of_the_older_rfcs(password, cnonce, response):
    way = found('Digest realm="testrealm@host.com", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093"')
    said = digest(way, Credentials("Mufasa", password), "GET", "/dir/index.html", count=1, cnonce=cnonce)
    assert f'response="{response}"' in said
    assert ("qop" in said) == bool(cnonce)
    assert "algorithm" not in said


def test_basic_is_the_example_of_rfc_2617():
    one = speaker(Credentials("Aladdin", "open sesame"))
    assert one.refused(['Basic realm="WallyWorld"'])
    assert one.header("DESCRIBE", "rtsp://x/") == "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="


@pytest.mark.parametrize(
    ("headers", "scheme", "hashed"),
    [
        (['Basic realm="a"', 'Digest realm="a", nonce="n"'], "digest", "md5"),
        (['Digest realm="a", nonce="n", Basic realm="a"'], "digest", "md5"),
        (['Digest realm="a", nonce="n"', 'Digest realm="a", nonce="n", algorithm=SHA-256'], "digest", "sha-256"),
        (['Digest realm="a", nonce="n", algorithm="sha-256"'], "digest", "sha-256"),
        (['Digest realm="a", nonce="n", algorithm=SHA-512-256', 'Basic realm="a"'], "basic", ""),
        (['digest realm="IP Webcam", nonce="1558451085", qop="auth"'], "digest", "md5"),
        (['Digest realm="a,b", nonce="x=y"'], "digest", "md5"),
    ],
)
def test_the_best_way_that_both_know_is_taken(headers, scheme, hashed):
    way = found(*headers)
    assert (way.scheme, way.algorithm) == (scheme, hashed)


@pytest.mark.parametrize("header", ["", "Negotiate", 'Digest realm="a"', 'Digest nonce="n", qop="auth-int"'])
def test_a_way_nobody_knows_is_none(header):
    assert challenge([header]) is None


def test_quotes_in_a_realm_stay_what_they_are():
    way = found(r'Digest realm="the \"yard\"", nonce="n"')
    assert way.fields["realm"] == 'the "yard"'
    assert r'realm="the \"yard\""' in digest(way, MUFASA, "PLAY", "rtsp://x/", count=1, cnonce="")


def test_nothing_is_said_before_it_is_asked():
    assert speaker().header("OPTIONS", "rtsp://x/") == ""


def test_a_fresh_nonce_that_is_refused_is_a_wrong_password():
    one = speaker()
    assert one.refused(['Digest realm="a", nonce="1"'])
    one.header("DESCRIBE", "rtsp://x/")
    assert not one.refused(['Digest realm="a", nonce="2"'])


def test_a_stale_nonce_is_worth_another_try():
    one = speaker()
    one.refused(['Digest realm="a", nonce="1"'])
    one.header("DESCRIBE", "rtsp://x/")
    assert one.refused(['Digest realm="a", nonce="2", stale=TRUE'])
    assert 'nonce="2"' in one.header("DESCRIBE", "rtsp://x/")


def test_a_nonce_that_served_before_is_worth_another_try_even_if_nobody_calls_it_stale():
    one = speaker()
    one.refused(['Digest realm="a", nonce="1"'])
    one.header("DESCRIBE", "rtsp://x/")
    one.header("SETUP", "rtsp://x/")
    assert one.refused(['Digest realm="a", nonce="2"'])


def test_whoever_has_no_password_does_not_try():
    assert not speaker(None).refused(['Digest realm="a", nonce="1"'])


def test_each_use_of_a_nonce_is_counted():
    one = speaker()
    one.refused(['Digest realm="a", nonce="1", qop="auth"'])
    assert ["nc=00000001" in one.header("A", "u"), "nc=00000002" in one.header("A", "u")] == [True, True]


@pytest.mark.parametrize(
    ("address", "bare", "known"),
    [
        ("rtsp://joe:se%40same@10.0.0.5:554/a?b=c", "rtsp://10.0.0.5:554/a?b=c", Credentials("joe", "se@same")),
        ("rtsp://joe@10.0.0.5/a", "rtsp://10.0.0.5/a", Credentials("joe", "")),
        ("rtsp://[fe80::1]:8554/", "rtsp://[fe80::1]:8554/", None),
        ("rtsp://j:a@b@host/x", "rtsp://host/x", Credentials("j", "a@b")),
    ],
)
def test_an_address_is_split_from_its_secrets(address, bare, known):
    assert split_address(address) == (bare, known)


def test_a_password_is_not_shown():
    assert "Circle" not in repr(MUFASA)
    assert isinstance(challenge(['Basic realm="x"']), Challenge)
