"""SANDBOX, untrusted: reads pictures of text: PNG, JPEG, GIF, TIFF, BMP and WEBP, through Pillow and Tesseract.

One pixel is one point of the page, whatever resolution the file claims. Animations are their first picture.
"""

import io
import warnings
from importlib import import_module
from typing import Any

from contract.verdicts import FindingKind, Refusal, Severity
from parsers.blocks import FoundIssue, ParsedDocument, Parser, Refused, Report
from parsers.ocr import program
from parsers.ocr.page import pieces_of_pixels
from parsers.pdf.assemble import blocks_of
from parsers.pdf.model import Piece

PIXELS_MAX = 80_000_000  # of one picture, decoded: 320 MB in four channels
FRAMES_MAX = 100
_ORIENTATION = 0x0112  # EXIF 2.32, 4.6.4; what undoes each of its values
_TURNS = {
    2: "FLIP_LEFT_RIGHT", 3: "ROTATE_180", 4: "FLIP_TOP_BOTTOM", 5: "TRANSPOSE",
    6: "ROTATE_270", 7: "TRANSVERSE", 8: "ROTATE_90",
}  # fmt: skip
_MEDIA_TYPES = {kind: f"image/{kind.lower()}" for kind in ("PNG", "JPEG", "GIF", "TIFF", "BMP", "WEBP")}


class ImageParser:
    """Reads a picture, or the pages of a TIFF."""

    media_types: tuple[str, ...] = tuple(_MEDIA_TYPES.values())

    def parse(self, document: bytes, report: Report) -> ParsedDocument:
        """Read one picture. Raises `Refused`: unsupported (no Tesseract here), bomb, corrupt, empty (no text in it)."""
        if not program.available():
            raise Refused(Refusal.UNSUPPORTED, "a picture, and this image recognises no text")
        pillow: Any = import_module("PIL.Image")
        pillow.MAX_IMAGE_PIXELS = PIXELS_MAX
        with warnings.catch_warnings():
            warnings.simplefilter("error", pillow.DecompressionBombWarning)
            try:
                with pillow.open(io.BytesIO(document), formats=tuple(_MEDIA_TYPES)) as picture:
                    return _parse(picture, report)
            except (pillow.DecompressionBombWarning, pillow.DecompressionBombError):
                raise Refused(Refusal.BOMB, f"a picture of more than {PIXELS_MAX} pixels") from None
            except (OSError, SyntaxError, ValueError, EOFError) as error:
                raise Refused(Refusal.CORRUPT, f"no picture can be decoded ({type(error).__name__})") from None
            except program.Failed as failure:
                raise Refused(Refusal.CORRUPT, str(failure)) from None


def _parse(picture: Any, report: Report) -> ParsedDocument:
    result = ParsedDocument(_MEDIA_TYPES[picture.format], [])
    frames = int(getattr(picture, "n_frames", 1)) if picture.format == "TIFF" else 1
    pieces: list[Piece] = []
    for index in range(min(frames, FRAMES_MAX)):
        report.progress("page", index, frames)
        picture.seek(index)
        if picture.width * picture.height > PIXELS_MAX:  # checked by Pillow for the first frame alone
            raise Refused(Refusal.BOMB, f"a picture of more than {PIXELS_MAX} pixels")
        grey = _grey(picture)
        result.page_sizes[index + 1] = (float(grey.width), float(grey.height))
        pieces += pieces_of_pixels(grey, index + 1, 1.0, report)
    if frames > FRAMES_MAX:
        evidence = f"{frames - FRAMES_MAX} of {frames} pages were not read"
        result.findings.append(FoundIssue(FindingKind.TRUNCATED, Severity.MEDIUM, "document", evidence))
    heights = {page: size[1] for page, size in result.page_sizes.items()}
    result.blocks = blocks_of(pieces, {}, heights)
    if not any(block.text.strip() for block in result.blocks):
        raise Refused(Refusal.EMPTY, "no text was recognised in the picture")
    return result


def _grey(picture: Any) -> Any:
    """The picture as its EXIF data says it is to be shown, on white where it is transparent, in shades of grey.

    Turned last, and never copied in colours: a page of A4 scanned at 600 dpi has 140 MB in four channels, and a few
    copies of that are more than the sandbox has.
    """
    turn = _TURNS.get(picture.getexif().get(_ORIENTATION, 1))
    grey = _on_white(picture)
    return grey if turn is None else grey.transpose(getattr(import_module("PIL.Image").Transpose, turn))


def _on_white(picture: Any) -> Any:
    if picture.mode.startswith("I;16"):
        return picture.point(lambda value: value / 256).convert("L")
    if picture.mode not in ("RGBA", "LA"):
        if picture.mode != "PA" and "transparency" not in picture.info:
            return picture.convert("L")
        picture = picture.convert("RGBA")
    alpha = picture.getchannel("A")
    white = import_module("PIL.Image").new("L", picture.size, 255)
    white.paste(picture.convert("L"), mask=alpha)
    return white


PARSER: Parser = ImageParser()
