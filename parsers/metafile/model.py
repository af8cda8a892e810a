"""SANDBOX, untrusted: the values that travel through the reader of metafiles: fonts, matrices, runs of text.

Data flows one way: `emf` and `wmf` play records on a `Canvas`, which makes `Run`s; `lines` arranges them in reading
order, `picture` makes blocks of the lines, and `shown` does that for all pictures of a document.
"""

from dataclasses import dataclass, field

Matrix = tuple[float, float, float, float, float, float]  # m11, m12, m21, m22, dx, dy: (x y 1) times it
Box = tuple[float, float, float, float]
IDENTITY: Matrix = (1.0, 0.0, 0.0, 1.0, 0.0, 0.0)


def times(first: Matrix, then: Matrix) -> Matrix:
    """Both, one after the other."""
    a, b, c, d, e, f = first
    g, h, i, j, k, m = then
    return a * g + b * i, a * h + b * j, c * g + d * i, c * h + d * j, e * g + f * i + k, e * h + f * j + m


def apply(matrix: Matrix, x: float, y: float) -> tuple[float, float]:
    """A point, transformed."""
    a, b, c, d, e, f = matrix
    return x * a + y * c + e, x * b + y * d + f


@dataclass(frozen=True, slots=True)
class Font:
    """What a font says of text in it. `height` is in logical units, `angle` in degrees against the clock."""

    height: float = 0.0
    character_set: int = 0
    face: str = ""
    angle: float = 0.0


@dataclass(slots=True)
class Run:
    """A piece of text on the picture. `x0`, `x1`, `y` are of its baseline, turned so that it is level.

    `measured`: the width is the file's, not guessed.
    """

    text: str
    x0: float
    x1: float
    y: float
    size: float
    angle: int
    measured: bool


@dataclass(slots=True)
class Budget:
    """What may still be read of one document. Shared by all its pictures."""

    records: int = 1_000_000
    runs: int = 200_000
    characters: int = 1_000_000
    pictures: int = 5_000
    bytes_: int = 256 << 20
    heads: int = (
        512 << 20
    )  # bytes of pictures of other kinds, of which the first few tell; more than a package may have

    def spent(self) -> bool:
        """Whether nothing more is read."""
        return min(self.records, self.runs, self.characters, self.pictures, self.bytes_) <= 0


@dataclass(slots=True)
class Drawn:
    """What one picture says. `lost`: runs whose glyphs no one can read; `cut`: the records break off."""

    runs: list[Run] = field(default_factory=list)
    hidden: list[str] = field(default_factory=list)
    lost: int = 0
    cut: bool = False

    def characters(self) -> int:
        """How much there is to read."""
        return sum(len(run.text) for run in self.runs)
