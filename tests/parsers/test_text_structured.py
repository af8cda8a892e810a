"""TEST: notebooks, subtitles, and text that is shown as it stands."""

import json
from itertools import pairwise

import pytest

from contract.verdicts import Refusal
from parsers.blocks import Refused
from tests.parsers.reading import found, kinds, markdown, read, shown

NOTEBOOK, VTT, SRT = "application/x-ipynb+json", "text/vtt", "application/x-subrip"

TABLE = "<table><tr><th>A</th><th>B</th></tr><tr><td>1</td><td>2</td></tr></table>"


def notebook(*cells: dict[str, object], **more: object) -> str:
    return json.dumps({"cells": list(cells), "nbformat": 4, "metadata": {"kernelspec": {"language": "R"}}, **more})


class TestNotebook:
    def test_prose_code_and_outputs(self) -> None:
        outputs = [
            {"output_type": "stream", "text": ["one\n", "\x1b[31mtwo\x1b[0m\n"]},
            {
                "output_type": "execute_result",
                "data": {"text/html": TABLE, "text/plain": "A B 1 2"},
            },
            {"output_type": "display_data", "data": {"image/png": "aGVsbG8=", "text/plain": "<Figure>"}},
            {"output_type": "error", "ename": "ValueError", "evalue": "no", "traceback": ["secret path"]},
        ]  # fmt: skip
        text = shown(
            NOTEBOOK,
            notebook(
                {"cell_type": "markdown", "source": ["# Title\n", "Some *words* ![plot](attachment:a.png)"]},
                {"cell_type": "code", "source": "x <- 1", "outputs": outputs},
                {"cell_type": "raw", "source": "raw"},
            ),
        )
        assert text == (
            "# Title\n\nSome *words* plot\n\n```r\nx <- 1\n```\n\n```\none\ntwo\n```\n\n"
            "| A | B |\n| --- | --- |\n| 1 | 2 |\n\n"
            "```\n<Figure>\n```\n\n```\nValueError: no\n```\n\n```\nraw\n```\n"
        )

    def test_the_third_version(self) -> None:
        heading = {"cell_type": "heading", "level": 2, "source": "Old"}
        cells = [heading, {"cell_type": "code", "input": "1", "outputs": []}]
        text = json.dumps({"nbformat": 3, "worksheets": [{"cells": cells}], "metadata": {}})
        assert shown(NOTEBOOK, text) == "## Old\n\n```python\n1\n```\n"

    @pytest.mark.parametrize(
        "text", ['{"cells": 7}', '{"cells": [', "[]", '{"cells":' + "[" * 100_000, '{"cells": [1, null]}']
    )
    def test_what_is_no_notebook(self, text: str) -> None:
        assert kinds(read(NOTEBOOK, text))

    def test_an_output_of_a_megabyte(self) -> None:
        """A cell that printed a log."""
        cell = {"cell_type": "code", "source": "x", "outputs": [{"output_type": "stream", "text": "y" * (1 << 20)}]}
        parsed = read(NOTEBOOK, notebook(cell))
        assert len(markdown(parsed)) < 200_000
        assert found(parsed) == ["truncated"]

    def test_fields_of_the_wrong_kind(self) -> None:
        cell = {"cell_type": "code", "source": {"a": 1}, "outputs": [{"data": 7}, "x", {"text": 5}]}
        assert kinds(read(NOTEBOOK, notebook(cell, metadata={"kernelspec": 3, "title": ["x"], "authors": "y"}))) == []


class TestSubtitles:
    def test_cues_become_paragraphs(self) -> None:
        text = (
            "WEBVTT - Talk\n\nNOTE a remark\n\nSTYLE\n::cue { color: red }\n\nintro\n00:01.000 --> 00:02.000 "
            "align:left\n"
            "<v Ada>Hello\nthere,</v>\n\n00:02.000 --> 00:03.500\n<v.loud Ada>how <i>are</i> you?\n\n"
            "01:00:04.000 --> 01:00:05.000\n<v Bo>Fine &amp; well.\n"
        )
        parsed = read(VTT, text)
        assert [text for _, text in kinds(parsed)] == [
            "[00:01] Ada: Hello there, how are you?", "[01:00:04] Bo: Fine & well.",
        ]  # fmt: skip
        assert parsed.title == "Talk"

    def test_subrip_with_speakers_pauses_and_repetitions(self) -> None:
        text = (
            "1\r\n00:00:01,000 --> 00:00:02,000\r\nADA: One {\\an8}\r\n\r\n2\r\n00:00:02,000 --> "
            "00:00:03,000\r\nADA: One\r\n\r\n"
            "3\r\n00:00:09,000 --> 00:00:10,000\r\nADA: Two\r\n"
        )
        assert [text for _, text in kinds(read(SRT, text))] == ["[00:01] ADA: One", "[00:09] ADA: Two"]

    def test_two_voices_in_one_cue(self) -> None:
        text = "WEBVTT\n\n00:01.000 --> 00:02.000\n<v Ada>Yes.</v> <v Bo>No.</v>\n"
        assert [text for _, text in kinds(read(VTT, text))] == ["[00:01] Ada: Yes.", "[00:01] Bo: No."]

    def test_long_talk_is_cut(self) -> None:
        cues = "".join(
            f"00:{at // 60:02d}:{at % 60:02d}.000 --> 00:{at // 60:02d}:{at % 60:02d}.900\nword {at}\n\n"
            for at in range(300)
        )
        blocks = read(VTT, "WEBVTT\n\n" + cues).blocks
        assert 2 < len(blocks) < 20
        assert sum(block.text.count("word") for block in blocks) == 300


class TestVerbatim:
    @pytest.mark.parametrize(
        ("media_type", "language"),
        [("application/yaml", "yaml"), ("application/toml", "toml"), ("text/x-source-code", "")],
    )
    def test_lines_and_indents_stay(self, media_type: str, language: str) -> None:
        text = "# a comment\nkey:\n  - 1\n\n  - &a b\r\n"
        assert shown(media_type, text) == f"```{language}\n# a comment\nkey:\n  - 1\n\n  - &a b\n```\n"

    @pytest.mark.parametrize(
        ("first", "language"),
        [("#!/usr/bin/env python3", "python"), ("#!/bin/bash -e", "bash"), ("#!/usr/bin/env -S node x", "javascript")],
    )
    def test_a_script_says_what_it_is_in(self, first: str, language: str) -> None:
        assert read("text/x-source-code", first + "\nx").blocks[0].language == language

    def test_aliases_upon_aliases_are_only_text(self) -> None:
        """The YAML form of a billion laughs."""
        names = "abcdefghij"
        levels = [f"{new}: &{new} [{','.join(['*' + old] * 9)}]\n" for old, new in pairwise(names)]
        text = "a: &a [x]\n" + "".join(levels)
        assert len(shown("application/yaml", text)) < 1000

    def test_no_text(self) -> None:
        with pytest.raises(Refused) as refused:
            read("application/yaml", b"\x00\x01\x02\x03" * 100)
        assert refused.value.refusal is Refusal.UNSUPPORTED
