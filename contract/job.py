"""BOTH SIDES: what a sandbox is told. Never a name, path, key, address or secret of the host."""

from typing import TypedDict


class Options(TypedDict):
    """How to chunk, how much of the files inside to pass on, and whether reviewers' comments belong to the text.

    Part of the identity of a result: the same bytes, image and options give the same output.
    """

    chunk_tokens_max: int
    embedded_files_max: int
    embedded_bytes_max: int
    comments_in_text: bool


class Job(TypedDict):
    """The payload of the one `JOB` frame.

    `media_type_hint` comes from leading bytes and the uploader's extension; the sandbox decides by content.
    `wall_seconds` and `output_bytes_max` are told so that a parser can stop early; the host enforces its own.
    """

    contract: int
    media_type_hint: str
    input_bytes: int
    options: Options
    wall_seconds: float
    output_bytes_max: int
