"""HOST, trusted: makes, checks and finds the images that parsers run in; never imports what goes into them.

context.py    the files an image is made of, and the digest that decides whether it is current
base.py       the root file system with Python from which images are assembled
packages.py   the image's third-party packages, fetched and checked on the host
build.py      the build, without network, and the removal of what it supersedes
installed.py  what the engine has: which images are current, and the profiles they offer
verify.py     the smoke test of a built image
"""

from ingest.images.build import build_image, build_images
from ingest.images.context import context_root, image_manifests
from ingest.images.engine import START_HINT, connect
from ingest.images.installed import InstalledImage, list_images, resolve_profiles, wanted_images
from ingest.images.verify import Verification, verify_image

__all__ = [
    "START_HINT",
    "InstalledImage",
    "Verification",
    "build_image",
    "build_images",
    "connect",
    "context_root",
    "image_manifests",
    "list_images",
    "resolve_profiles",
    "verify_image",
    "wanted_images",
]
