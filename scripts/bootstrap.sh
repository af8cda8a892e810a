#!/bin/sh
# HOST, trusted: makes `.venv` from requirements.lock and, with --parsers, `.venv-parsers` for tests/parsers;
# with --peers, `.venv-peers`: other people's programs, which benchmarks compare ours with and nothing else touches.
# Idempotent: an environment is touched only when its lock file changed.
set -eu
cd "$(dirname "$0")/.."
. scripts/host.sh

# uv: the operating system's certificates, or those of SSL_CERT_FILE, so that it works behind a proxy's own authority.
export UV_SYSTEM_CERTS=1

main() {
    take_turn .venv-bootstrap/lock
    uv=$(find_uv)
    environment .venv '>=3.11' requirements.lock
    link_project
    case "${1:-}" in
    --parsers) parsers_environment ;;
    --peers) environment .venv-peers 3.11 bench/peers.lock ;;
    esac
}

# The path of a uv that runs; installed into .venv-bootstrap when there is none.
find_uv() {
    for candidate in uv .venv-bootstrap/bin/uv .venv/bin/uv; do
        if command -v "$candidate" >/dev/null && "$candidate" --version >/dev/null 2>&1; then
            command -v "$candidate"
            return
        fi
    done
    say "bootstrap: no uv here; installing it into .venv-bootstrap"
    make_bootstrap_venv
    # The version and hashes which the lock names, like everything else.
    awk '/^[a-z]/ { wanted = /^uv==/ } wanted' requirements.lock >.venv-bootstrap/uv.lock
    .venv-bootstrap/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes \
        -r .venv-bootstrap/uv.lock >&2 || fail "bootstrap: pip could not install uv"
    echo .venv-bootstrap/bin/uv
}

make_bootstrap_venv() {
    if python3 -m venv .venv-bootstrap >/dev/null 2>&1; then
        return
    fi
    may_install || fail "bootstrap: python3 with its venv module is missing, and $(why_not). Install it, or uv."
    install_packages "to make a virtual environment" python3 python3-venv
    python3 -m venv .venv-bootstrap >&2 || fail "bootstrap: python3 -m venv does not work"
}

# environment FOLDER PYTHON LOCK
environment() {
    stamp="$1/.lock-digest"
    digest=$(sha256sum <"$3")
    if [ -x "$1/bin/python" ] && "$1/bin/python" -c '' 2>/dev/null && [ "$(cat "$stamp" 2>/dev/null)" = "$digest" ]; then
        return
    fi
    if ! { [ -x "$1/bin/python" ] && "$1/bin/python" -c '' 2>/dev/null; }; then
        say "bootstrap: making $1"
        rm -rf "$1"
        "$uv" venv --quiet --python "$2" "$1" >&2 || fail "bootstrap: no Python $2 for $1"
    fi
    say "bootstrap: installing $3 into $1"
    "$uv" pip sync --quiet --python "$1/bin/python" --require-hashes "$3" >&2 ||
        fail "bootstrap: $("$1/bin/python" --version) of $1 cannot have what $3 names"
    printf '%s\n' "$digest" >"$stamp"
}

# The image's own Python where there is one, so that tests see what sandboxes see.
parsers_environment() {
    wanted=3.11
    "$uv" python find --quiet "$wanted" >/dev/null 2>&1 || wanted='>=3.11'
    environment .venv-parsers "$wanted" tests/parsers/requirements.lock
}

# The checkout itself, importable and with its command. By hand, because an editable installation would copy the
# build context into the environment, where it goes stale, and needs the build backend for two lines of text.
link_project() {
    site=$(.venv/bin/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
    printf '%s\n' "$PWD" >"$site/gloveport.pth"
    # Through sh, because a path in a #! line may have no spaces and is cut at 127 characters.
    cat >.venv/bin/gloveport.new <<SCRIPT
#!/bin/sh
'''exec' "$PWD/.venv/bin/python" "\$0" "\$@"
' '''
import sys

from ingest.cli import main

sys.exit(main())
SCRIPT
    chmod 755 .venv/bin/gloveport.new
    mv .venv/bin/gloveport.new .venv/bin/gloveport
}

main "$@"
