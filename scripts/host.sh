# HOST, trusted: what bootstrap.sh and engine.sh share: words for the user, and leave to install packages. Sourced.
# stdout is data, stderr is progress.

say() {
    printf '%s\n' "$*" >&2
}

fail() {
    say "$@"
    exit 1
}

# Whether this host lets us install system packages: root on Debian or a derivative, and not forbidden.
may_install() {
    [ "${GLOVEPORT_NO_INSTALL:-0}" = 0 ] && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null &&
        grep -Eqs '^ID(_LIKE)?=.*(debian|ubuntu)' /etc/os-release
}

# Why `may_install` says no, as the end of a sentence.
why_not() {
    if [ "${GLOVEPORT_NO_INSTALL:-0}" != 0 ]; then
        echo "GLOVEPORT_NO_INSTALL forbids installing anything"
    elif [ "$(id -u)" != 0 ]; then
        echo "only root could install it"
    else
        echo "installing is automatic on Debian and Ubuntu only"
    fi
}

# install_packages WHY PACKAGE…
install_packages() {
    why=$1
    shift
    say "system: installing $* ($why)"
    if [ "${DRY_RUN:-0}" = 1 ]; then
        return 0
    fi
    export DEBIAN_FRONTEND=noninteractive
    if [ -z "${APT_IS_FRESH:-}" ]; then
        # A third-party source that does not answer must not stop us: what counts is whether the installation works.
        apt-get -o DPkg::Lock::Timeout=300 update -qq >&2 9>&- || say "system: apt-get update reported errors; going on"
        APT_IS_FRESH=1
    fi
    apt-get -o DPkg::Lock::Timeout=300 install -y -qq --no-install-recommends "$@" >&2 9>&- ||
        fail "system: apt-get could not install $*"
}

# Hold a lock, descriptor 9, until this shell ends: two of us at once would install and start twice. `flock` is part of
# util-linux. Whatever may leave a process behind is started with 9 closed, lest that process keep the lock.
take_turn() {
    mkdir -p "$(dirname "$1")"
    if command -v flock >/dev/null; then
        exec 9>"$1"
        flock 9
    fi
}
