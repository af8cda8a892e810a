"""BOTH SIDES: what host and sandbox agree on. Standard library only; no behaviour that trusts the other side.

The contract has one version number. A sandbox announces it in its `ready` frame, a host in its `job` frame, and
either refuses to go on with a number it does not know.
"""

CONTRACT_VERSION = 2
