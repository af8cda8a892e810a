"""HOST, trusted: the S3 client as we want it, and its errors in our words.

Time-outs and retries are bounded here, so that no store can hold a worker longer than its retries say.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import boto3
from botocore import exceptions as aws
from botocore.config import Config
from botocore.parsers import ResponseParserError

from ingest import __version__
from ingest.errors import ConfigurationError, ObjectChanged, ObjectMissing, StoreError, StoreUnavailable

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

    from ingest.store.open import AddressingStyle

CONNECT_SECONDS = 3.0
READ_SECONDS = 20.0
ATTEMPTS_MAX = 5
DEFAULT_REGION = "us-east-1"

# Not a bare 404: what answers without S3's words may be no S3 at all, and must not look like an empty store.
_MISSING = {"NoSuchKey", "NoSuchVersion"}
_CHANGED = {"PreconditionFailed", "412"}
_LATER = {
    "SlowDown",
    "ServiceUnavailable",
    "InternalError",
    "RequestTimeout",
    "RequestTimeoutException",
    "Throttling",
    "ThrottlingException",
    "RequestLimitExceeded",
    "TooManyRequests",
    "ConditionalRequestConflict",
    "OperationAborted",
}
_HINTS = {
    "NoSuchBucket": "create the bucket, or correct its name or the endpoint",
    "AccessDenied": "these credentials need s3:ListBucket, s3:GetObject, s3:PutObject and s3:DeleteObject here",
    "403": "these credentials need s3:ListBucket, s3:GetObject, s3:PutObject and s3:DeleteObject here",
    "InvalidAccessKeyId": "the store does not know this access key; check the credentials",
    "SignatureDoesNotMatch": "the secret key is wrong, or a proxy changes requests on their way",
    "ExpiredToken": "log in again: the session's credentials have expired",
    "RequestTimeTooSkewed": "set this host's clock",
    "InvalidObjectState": "the object is archived; restore it first",
    "PermanentRedirect": "the bucket is in another region; set region",
    "AuthorizationHeaderMalformed": "the bucket is in another region; set region",
    "IllegalLocationConstraintException": "the bucket is in another region; set region",
}
# What a server answers when it cannot do an optional operation for us, as opposed to failing at it.
NOT_OFFERED = {"NotImplemented", "MethodNotAllowed", "InvalidRequest", "InvalidArgument", "AccessDenied", "501", "405"}


def connect(
    *,
    endpoint_url: str | None = None,
    addressing_style: "AddressingStyle | None" = None,
    region: str | None = None,
    concurrency: int = 8,
    connect_seconds: float = CONNECT_SECONDS,
    read_seconds: float = READ_SECONDS,
) -> "S3Client":
    """A client for use by `concurrency` threads. Raises `ConfigurationError` for settings boto3 cannot work with."""
    config = Config(
        connect_timeout=connect_seconds,
        read_timeout=read_seconds,
        retries={"mode": "standard", "total_max_attempts": ATTEMPTS_MAX},
        max_pool_connections=max(10, concurrency),
        # S3-compatibles refuse or ignore the newer checksum headers that boto3 would otherwise send with everything.
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
        user_agent_extra=f"gloveport/{__version__}",
        s3={"addressing_style": addressing_style} if addressing_style else {},
    )
    try:
        session = boto3.session.Session(region_name=region)
        return session.client(
            "s3", region_name=session.region_name or DEFAULT_REGION, endpoint_url=endpoint_url, config=config
        )
    except (aws.BotoCoreError, ValueError) as error:
        raise ConfigurationError(f"S3: {error}", hint="check endpoint_url, region and the AWS profile") from error


def error_code(error: aws.ClientError) -> str:
    """The store's error code, or the HTTP status where the answer had no body."""
    return str(error.response.get("Error", {}).get("Code", ""))


@contextmanager
def translated(what: str) -> Iterator[None]:
    """Turns boto3's errors about `what` into the store's."""
    try:
        yield
    except aws.ClientError as error:
        raise _from_answer(error, what) from error
    except (aws.NoCredentialsError, aws.PartialCredentialsError, aws.CredentialRetrievalError) as error:
        hint = "give boto3 credentials: AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, a profile, or a role"
        raise StoreError(f"{what}: {error}", hint=hint) from error
    except aws.SSLError as error:
        raise StoreError(f"{what}: {error}", hint="AWS_CA_BUNDLE names further trusted certificates") from error
    except (aws.HTTPClientError, aws.ConnectionError, aws.IncompleteReadError) as error:
        raise StoreUnavailable(f"{what}: {error}", hint="check the endpoint and the network") from error
    except ResponseParserError as error:
        raise StoreError(f"{what}: the answer is not S3's: {error}", hint="check the endpoint") from error
    except aws.BotoCoreError as error:
        raise StoreError(f"{what}: {error}", hint="check the bucket's name and the AWS settings") from error


def _from_answer(error: aws.ClientError, what: str) -> StoreError:
    code = error_code(error)
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    if code in _MISSING:
        return ObjectMissing(what)
    if code in _CHANGED:
        return ObjectChanged(what)
    detail = f"{what}: {code} {error.response.get('Error', {}).get('Message', '')}".rstrip()
    if code in _LATER or (status >= 500 and code not in NOT_OFFERED):
        return StoreUnavailable(detail, hint="the store asks to come back later")
    return StoreError(detail, hint=_HINTS.get(code, ""))
