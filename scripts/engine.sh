#!/bin/sh
# HOST, trusted: finds a Docker Engine, or as root on Debian and Ubuntu installs and starts one.
#
#   scripts/engine.sh [--dry-run]    prints the engine's address, for DOCKER_HOST; says on stderr what it does
#
# An engine that answers is used as it is. GLOVEPORT_NO_INSTALL=1 forbids installing and starting.
set -eu
cd "$(dirname "$0")/.."
. scripts/host.sh

STATE="${GLOVEPORT_STATE_DIRECTORY:-${XDG_STATE_HOME:-$HOME/.local/state}/gloveport}/engine"
DEFAULT_ENDPOINT=unix:///var/run/docker.sock
READY_SECONDS=90

main() {
    DRY_RUN=0
    case "${1:-}" in
    '') ;;
    --dry-run) DRY_RUN=1 ;;
    *) fail "usage: scripts/engine.sh [--dry-run]" ;;
    esac
    take_turn "$STATE/lock"
    endpoint=$(answering_endpoint) || endpoint=
    if [ -z "$endpoint" ]; then
        explain_refusal
        install_engine
        start_engine
        endpoint=$DEFAULT_ENDPOINT
    fi
    name_what_runs "$endpoint"
    install_image_tools
    echo "$endpoint"
}

# Where an engine may be listening, the user's own choice first.
endpoints() {
    if [ -n "${DOCKER_HOST:-}" ]; then
        echo "$DOCKER_HOST"
        return
    fi
    if command -v docker >/dev/null; then
        docker context inspect --format '{{.Endpoints.docker.Host}}' 2>/dev/null || true
    fi
    echo "$DEFAULT_ENDPOINT"
    if [ -n "${XDG_RUNTIME_DIR:-}" ]; then
        echo "unix://$XDG_RUNTIME_DIR/docker.sock"
    fi
}

answering_endpoint() {
    for candidate in $(endpoints); do
        if answers "$candidate"; then
            echo "$candidate"
            return 0
        fi
    done
    return 1
}

# Asked through the client that gloveport itself uses, so that what answers here answers there.
answers() {
    DOCKER_HOST=$1 .venv/bin/python -c 'import docker; docker.from_env(timeout=10).ping()' >/dev/null 2>&1
}

# Leave, saying why, when there is no engine and we may not provide one.
explain_refusal() {
    if [ -n "${DOCKER_HOST:-}" ]; then
        fail "engine: nothing answers at DOCKER_HOST=$DOCKER_HOST. Start that engine, or unset the variable."
    fi
    socket=${DEFAULT_ENDPOINT#unix://}
    if [ -S "$socket" ] && [ ! -w "$socket" ]; then
        fail "engine: $socket is there, but $(id -un) may not use it. Join its group, or set DOCKER_HOST."
    fi
    if ! may_install; then
        fail "engine: no Docker Engine answers, and $(why_not). Install Docker Engine and start it," \
            "or set DOCKER_HOST to one that runs; files are never parsed outside a container."
    fi
}

install_engine() {
    packages=
    command -v dockerd >/dev/null || packages="docker.io"
    if grep -qs Y /sys/module/apparmor/parameters/enabled && ! command -v apparmor_parser >/dev/null; then
        packages="$packages apparmor" # without it dockerd cannot load its profile, and no container starts
    fi
    grep -qs cgroup /proc/mounts || packages="$packages cgroupfs-mount"
    if [ -n "$packages" ]; then
        # shellcheck disable=SC2086 # a list of package names
        install_packages "no Docker Engine here" $packages
        install_optional runsc "gVisor, for the stronger sandbox tier"
    fi
}

# install_optional PACKAGE WHY: where the release has it; not every one does.
install_optional() {
    command -v "$1" >/dev/null && return
    if apt-cache show "$1" >/dev/null 2>&1; then
        (install_packages "$2" "$1") || say "system: going on without $1"
    fi
}

start_engine() {
    if [ "$DRY_RUN" = 1 ]; then
        say "engine: would start dockerd and wait for $DEFAULT_ENDPOINT"
        return
    fi
    if [ -d /run/systemd/system ]; then
        say "engine: starting the docker service; stop it with: systemctl stop docker.socket docker.service"
        systemctl start docker >&2 || fail "engine: systemctl start docker failed; see journalctl -u docker"
        wait_until_ready "" "journalctl -u docker"
    elif daemon_is_running; then
        wait_until_ready "$(cat /var/run/docker.pid)" "the daemon's own log"
    else
        start_daemon
    fi
}

daemon_is_running() {
    [ -s /var/run/docker.pid ] && kill -0 "$(cat /var/run/docker.pid)" 2>/dev/null
}

# Without an init system that knows it: a daemon of our own, with our own configuration unless the host has one.
start_daemon() {
    log="$STATE/dockerd.log"
    set -- dockerd
    if [ ! -f /etc/docker/daemon.json ]; then
        write_configuration
        set -- dockerd --config-file "$STATE/daemon.json"
    fi
    say "engine: starting $*; its log is $log"
    setsid "$@" >"$log" 2>&1 </dev/null 9>&- &
    pid=$!
    wait_until_ready "$pid" "$log"
    cat /var/run/docker.pid >"$STATE/dockerd.pid"
}

# Sandboxes have no network, so the engine needs neither a bridge nor the right to touch the host's packet filter.
write_configuration() {
    runtimes=
    if runsc=$(command -v runsc); then
        runtimes=$(printf ',"runtimes":{"runsc":{"path":"%s","runtimeArgs":["--network=none","--platform=ptrace"]}}' "$runsc")
    fi
    printf '{"bridge":"none","iptables":false,"ip6tables":false%s}\n' "$runtimes" >"$STATE/daemon.json"
}

# wait_until_ready PID LOG: until it answers; fails when the process is gone or the time is over.
wait_until_ready() {
    waited=0
    until answers "$DEFAULT_ENDPOINT"; do
        if [ -n "$1" ] && ! kill -0 "$1" 2>/dev/null; then
            [ ! -f "$2" ] || tail -n 20 "$2" >&2
            fail "engine: dockerd ended; see $2"
        fi
        [ "$waited" -lt "$READY_SECONDS" ] || fail "engine: no answer within $READY_SECONDS s; see $2"
        sleep 1
        waited=$((waited + 1))
    done
}

# A daemon which we started stays for the next run, so say every time that it is there.
name_what_runs() {
    [ "$1" = "$DEFAULT_ENDPOINT" ] || return 0
    pid=$(cat "$STATE/dockerd.pid" 2>/dev/null) || return 0
    if [ "$(cat "/proc/$pid/comm" 2>/dev/null)" = dockerd ]; then
        say "engine: dockerd, started by us, runs as process $pid; stop it with: kill $pid"
    fi
}

# What a base image is made with when no registry answers. Not needed when the user names a base.
install_image_tools() {
    if [ -n "${GLOVEPORT_BASE_IMAGE:-}" ] || command -v mmdebstrap >/dev/null; then
        return 0
    fi
    if may_install; then
        install_packages "to make a base image without a registry" mmdebstrap debian-archive-keyring
    else
        say "engine: no mmdebstrap, so a base image must come from the engine's registry or GLOVEPORT_BASE_IMAGE"
    fi
}

main "$@"
