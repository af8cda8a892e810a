"""HOST, trusted: object storage, S3 and folders behind one small interface."""

from ingest.store.base import ObjectStore, StoredObject
from ingest.store.open import open_store

__all__ = ["ObjectStore", "StoredObject", "open_store"]
