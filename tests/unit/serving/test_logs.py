"""What a line of the log holds, and what never gets into one."""

import json
import subprocess
import sys

import pytest

from serving import logs

PROGRAM = """
import logging, sys, threading, warnings
from serving import logs
logs.set_up(sys.argv[1], "DEBUG")
with logs.about("an-id"):
    logging.getLogger("bot.intake").debug("Ours, with a %s\\nof two lines", "word")
    logging.getLogger("openai._base_client").debug("Theirs")
    logging.getLogger("aiohttp.access").info("Theirs")
    logging.getLogger("sqlalchemy").warning("Their warning")
    try:
        1 / 0
    except ZeroDivisionError:
        logging.getLogger("serving.http").exception("It failed")
warnings.warn("Something is old")
thread = threading.Thread(target=lambda: [][0])
thread.start()
thread.join()
raise KeyError("at the end")
"""


def said(form):
    run = subprocess.run([sys.executable, "-c", PROGRAM, form], capture_output=True, text=True, check=False)
    assert run.returncode == 1
    assert not run.stdout
    return run.stderr.splitlines()


def test_every_line_is_an_object_whatever_writes_it():
    lines = [json.loads(line) for line in said("json")]
    assert all({"time", "level", "logger", "message", "request_id"} <= line.keys() for line in lines)
    assert [(line["level"], line["logger"], line["request_id"]) for line in lines] == [
        ("DEBUG", "bot.intake", "an-id"),
        ("WARNING", "sqlalchemy", "an-id"),
        ("ERROR", "serving.http", "an-id"),
        ("WARNING", "py.warnings", ""),
        ("CRITICAL", "serving.logs", ""),
        ("CRITICAL", "serving.logs", ""),
    ]
    assert lines[0]["message"] == "Ours, with a word\nof two lines"
    assert "ZeroDivisionError" in lines[2]["error"]
    assert "IndexError" in lines[4]["error"]
    assert "at the end" in lines[5]["error"]


def test_text_names_the_request_at_the_end_and_leaves_out_what_libraries_say_below_a_warning():
    lines = said("text")
    assert any(line.endswith("bot.intake: Ours, with a word") for line in lines)
    assert any(line == "of two lines [an-id]" for line in lines)
    assert "Theirs" not in "\n".join(lines)


@pytest.mark.parametrize("text", ["1690000000000", "f:8a4c6aae-b419", "a" * 128, "x_y.z|0"])
def test_an_id_is_kept(text):
    assert logs.readable(text) == text


@pytest.mark.parametrize("text", ["", " ", "two words", "a\nb", "a\r\nSet-Cookie: x", "a" * 129, "ä", 'a"b'])
def test_what_may_not_stand_in_a_header_gets_another_id(text):
    first, second = logs.readable(text), logs.readable(text)
    assert first != second
    assert logs.readable(first) == first


def test_an_id_ends_with_its_block():
    with logs.about("outer"):
        with logs.about("inner"):
            assert logs.current() == "inner"
        assert logs.current() == "outer"
    assert logs.current() == ""
