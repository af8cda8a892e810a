"""TEST: the parameters of the steering flow: an order without its target, or with two, is refused before it begins."""

import pytest
from pydantic import ValidationError

from flows.steer import SteerRequest

SIGNED = {"actor": "ada", "because": "x"}


@pytest.mark.parametrize(
    "bad",
    [{"wish": "cancel"}, {"wish": "drain", "source": "s3://b/"}, {"wish": "pause", "run": "1"},
     {"wish": "cancel", "run": "1", "source": "s3://b/"}, {"wish": "explode"}, {"wish": "pause", "database_url": "x"},
     {"wish": "pause", "because": ""}, {"wish": "pause", "actor": ""}],
)  # fmt: skip
def test_nonsense_is_refused(bad: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        SteerRequest.model_validate(SIGNED | bad)


@pytest.mark.parametrize(
    "good", [{"wish": "pause"}, {"wish": "resume", "source": "s3://b/"}, {"wish": "cancel", "run": "12ab"}]
)
def test_sense_is_not(good: dict[str, str]) -> None:
    assert SteerRequest.model_validate(SIGNED | good).wish == good["wish"]
