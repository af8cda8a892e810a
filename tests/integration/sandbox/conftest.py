"""TEST: a real engine, and an image whose program does what its document says."""

from tests.hostile.attacker import attack_image, client

__all__ = ["attack_image", "client"]
