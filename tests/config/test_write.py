"""What is written reads back the same, says everything where it should, and secrets nowhere."""

from __future__ import annotations

import json
import tomllib
from dataclasses import replace

import pytest
from hypothesis import given, settings

from fakes.configs import configs
from vigil.config.model import DEMO, LISTS, TABLES, Camera, Config, Motion, Network
from vigil.config.read import read_strict
from vigil.config.setting import settings_of
from vigil.config.write import defaulted, displayed, explained, redacted, written

FRONT = Camera(id="front", source="rtsp", url="rtsp://me:hush@10.0.0.5/x", sub_url="rtsp://me:hush@10.0.0.5/s", fps=15)
EXAMPLE = Config(cameras=(DEMO,))
WITH_SECRETS = Config(cameras=(FRONT,))


@pytest.mark.slow  # sixty whole configurations
@settings(max_examples=60, deadline=None)
@given(configs())
def test_every_configuration_reads_back_as_it_was_written(config: Config):
    assert read_strict(written(config, head="two\nlines")) == config
    assert read_strict(explained(config)) == config


def test_the_default_file_reads_back_as_the_defaults():
    assert read_strict(explained(EXAMPLE)) == EXAMPLE


def test_the_default_file_explains_every_setting():
    text = explained(EXAMPLE).decode()

    for table in (Camera, Motion, *TABLES.values()):
        for setting in settings_of(table).values():
            assert f"# {setting.meaning}" in text
            assert f"# Accepts {setting.kind.accepts}; " in text
            assert f"\n{setting.key} = " in text or f"\n#: {setting.key} = " in text


def test_a_written_file_says_only_what_is_not_the_default():
    assert written(Config(cameras=(Camera(id="a", source="synthetic"),))) == (
        b'schema = 1\n\n[[camera]]\nid = "a"\nsource = "synthetic"\n'
    )


def test_a_written_file_keeps_passwords():
    assert read_strict(written(WITH_SECRETS)) == WITH_SECRETS


def test_what_is_shown_hides_passwords():
    for text in (displayed(WITH_SECRETS), json.dumps(redacted(WITH_SECRETS)), repr(WITH_SECRETS)):
        assert "hush" not in text
        assert "front" in text
    assert 'url = "rtsp://***@10.0.0.5/x"\n' in displayed(WITH_SECRETS)


def test_what_is_shown_says_which_defaults_apply():
    text = displayed(EXAMPLE)

    assert "fps = 15  # default\n" in text
    assert "width = 1280\n" in text
    assert "url" not in text
    assert "camera.demo.fps" in defaulted(EXAMPLE)
    assert "camera.demo.width" not in defaulted(EXAMPLE)
    assert "camera.demo.url" not in defaulted(EXAMPLE)


@pytest.mark.slow  # thirty whole configurations
@settings(max_examples=30, deadline=None)
@given(configs())
def test_what_is_shown_holds_every_setting(config: Config):
    shown = tomllib.loads(displayed(config))

    outer = ["camera", *(name for name in LISTS if "." not in name)]
    assert set(shown) == {"schema", *TABLES} | {name for name in outer if getattr(config, f"{name}s")}
    shown["presence"].setdefault("member", [])
    assert json.loads(json.dumps(redacted(config))) == {**{name: [] for name in outer}, **shown}


def test_a_password_of_the_radio_is_never_shown():
    config = replace(Config(), network=Network(wifi_name="home", wifi_password="correct horse"))

    assert "correct horse" in written(config).decode()
    assert "correct horse" not in displayed(config) + str(redacted(config)) + repr(config)
