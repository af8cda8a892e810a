"""TEST: the attack image and a real engine, for every test of this folder."""

from tests.hostile.attacker import attack_image, attacker, client, gvisor, shared_engine

__all__ = ["attack_image", "attacker", "client", "gvisor", "shared_engine"]
