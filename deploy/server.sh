# shellcheck shell=bash
# A private server in a folder: what `broker` and `database` have in common. Sourced, never run.
#
# The script that sources this sets
#   kind      what the folder holds; written into DIR/kind, so that no other folder is ever wiped
#   signals   how to stop the server: each signal in turn, each with 10 seconds to obey
# and defines
#   start_server   launches it and returns when it answers
#   address        one line: where it answers
# and ends in `main "$@"`.
#
# In DIR: `pid` and `birth` name the process, `data` is the only thing that the server's account owns, `*.log` is this run's
# output and `*.log.1` the one before.
#
# shellcheck disable=SC2154 # kind and signals are the caller's
set -euo pipefail
umask 022
export LC_ALL=C.UTF-8

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
me=${0##*/}

# PostgreSQL refuses to run as root, and the broker has no need to. The database package brings this account.
account=postgres
unprivileged=()
[ "$(id -u)" != 0 ] || unprivileged=(setpriv "--reuid=$account" "--regid=$account" --clear-groups)

say() { printf '%s: %s\n' "$me" "$*"; }
die() { printf '%s: %s\n' "$me" "$*" >&2; exit 1; }

# birth PID: when the process started, in ticks; fails when it is gone or only a zombie. A pid together with its birth never
# names another process, which a pid alone does after a reboot or in a restarted container.
birth() {
    local stat
    read -r stat 2>/dev/null <"/proc/$1/stat" || return 1
    # shellcheck disable=SC2086 # fields, counted from the third: the second may contain blanks
    set -- ${stat##*) }
    [ "$1" != Z ] || return 1
    echo "${20}"
}

same() { [ "$(birth "$1" || true)" = "$2" ]; }

is_alive() { [ -s "$dir/pid" ] && [ -s "$dir/birth" ] && same "$(<"$dir/pid")" "$(<"$dir/birth")"; }

# bury PID: of what was just killed the first thread is a zombie while others still hold its ports. Waits until they are gone, so
# that the next start finds its own ports free.
bury() {
    local try tasks
    for ((try = 0; try < 200; try++)); do
        ! birth "$1" >/dev/null || return 0
        tasks=("/proc/$1/task/"*)
        [ ${#tasks[@]} -gt 1 ] || return 0
        sleep 0.05
    done
}

# place DIR: makes it, somewhere the server's account can go. A checkout under /root is closed to every account but root: then
# DIR becomes a link to a folder under /var/tmp.
place() {
    local home
    if [ -L "$1" ] && [ ! -e "$1" ]; then rm "$1"; fi
    mkdir -p "$1"
    "${unprivileged[@]}" test -x "$1" && return
    rmdir "$1"
    home=$(mktemp -d "/var/tmp/dossier-$kind.XXXXXX")
    chmod 755 "$home"
    ln -s "$home" "$1"
}

# give DIR: makes a folder that the server owns, closed to everybody else but root.
give() {
    mkdir -p "$1"
    chmod 700 "$1"
    [ ${#unprivileged[@]} = 0 ] || chown "$account:" "$1"
}

check_kind() {
    [ "$(cat "$dir/kind" 2>/dev/null)" = "$kind" ] || die "$dir is not a folder of this script: left alone"
}

settle() {
    if [ ! -e "$dir/kind" ] && { [ ! -d "$dir" ] || [ -z "$(ls -A "$dir")" ]; }; then
        place "$dir"
        echo "$kind" >"$dir/kind"
    fi
    check_kind
}

# Starts and stops of one folder take turns.
lock() {
    exec 9<"$dir"
    flock -w 120 9 || die "$dir: another start or stop does not come to an end"
}

# detached COMMAND...: becomes the command, in a session of its own and with no file of ours open but its output. (A make, for
# one, hands its pipes to every descendant and waits until they are closed.)
detached() {
    local file
    for file in /proc/self/fd/*; do
        file=${file##*/}
        [ "$file" -le 2 ] || eval "exec $file>&-"
    done
    exec setsid "$@" </dev/null
}

# launch LOG COMMAND...: starts the server in a session of its own, guarded if so asked. Sets pid.
launch() {
    local log=$1
    shift
    [ ! -e "$log" ] || mv -f "$log" "$log.1"
    detached "${unprivileged[@]}" "$@" >"$log" 2>&1 &
    pid=$!
    echo "$pid" >"$dir/pid"
    birth "$pid" >"$dir/birth" || broken "$log" "it ended at once"
    if [ -n "${DOSSIER_GUARD_PID:-}" ]; then
        detached bash "$here/$me" guard "$dir" "$DOSSIER_GUARD_PID" >/dev/null 2>&1 &
    fi
}

# await LOG SECONDS COMMAND...: returns when the command succeeds.
await() {
    local log=$1 deadline=$((SECONDS + $2))
    shift 2
    until "$@" >/dev/null 2>&1; do
        birth "$pid" >/dev/null || broken "$log" "it ended before it answered"
        ((SECONDS < deadline)) || broken "$log" "it does not answer"
        sleep 0.05
    done
}

broken() {
    ! is_alive || halt "$pid" "$(<"$dir/birth")"
    rm -f "$dir/pid" "$dir/birth"
    printf '%s\n' "--- end of $1" >&2
    tail -n 20 "$1" >&2
    printf '%s\n' "---" >&2
    die "not started: $2"
}

# halt PID BIRTH: stops the process, politely first.
halt() {
    local signal try
    for signal in "${signals[@]}"; do
        same "$1" "$2" || return 0
        kill -s "$signal" "$1" 2>/dev/null || ! same "$1" "$2" || die "pid $1 belongs to somebody else"
        for ((try = 0; try < 200; try++)); do
            same "$1" "$2" || return 0
            sleep 0.05
        done
    done
    die "pid $1 cannot be stopped"
}

stop_server() {
    is_alive || return 0
    halt "$(<"$dir/pid")" "$(<"$dir/birth")"
    rm -f "$dir/pid" "$dir/birth"
}

# guard PARENT: stops the server when the process PARENT is gone, however it went. Ends with the server. Keeps what it needs in
# variables, because a test may remove the folder first.
guard() {
    local parent=$1 since server began
    server=$(<"$dir/pid")
    began=$(<"$dir/birth")
    since=$(birth "$parent" || true)
    while [ -n "$since" ] && same "$parent" "$since"; do
        sleep 1
        same "$server" "$began" || return 0
    done
    halt "$server" "$began"
}

start() {
    [ ${#unprivileged[@]} = 0 ] || id -u "$account" >/dev/null 2>&1 || die "no account '$account': run deploy/packages first"
    settle
    dir=$(realpath "$dir")
    lock
    # The server's account may not be allowed where the caller stands.
    cd "$dir"
    if is_alive; then
        say "already running at $(address)"
    else
        [ ! -s pid ] || bury "$(<pid)"
        start_server
        say "running at $(address)"
    fi
}

stop() {
    [ -e "$dir" ] || return 0
    check_kind
    lock
    stop_server
}

status() {
    if is_alive; then say "running at $(address), pid $(<"$dir/pid")"; else say "stopped"; return 3; fi
}

wipe() {
    stop
    if [ -e "$dir" ]; then
        # Links that this script made: DIR itself, and a socket folder elsewhere.
        [ ! -L "$dir/socket" ] || rm -rf "$(readlink -f "$dir/socket")"
        rm -rf "$(readlink -f "$dir")"
    fi
    [ ! -L "$dir" ] || rm "$dir"
}

main() {
    local verb=${1:-} usage="usage: $me start|stop|status|wipe DIR"
    [ -n "${2:-}" ] || { echo "$usage" >&2; exit 2; }
    # Absolute, but a link stays a link: `wipe` must find it.
    dir=$(realpath -ms "$2")
    case $verb in
    start | stop | status | wipe) "$verb" ;;
    guard) guard "$3" ;; # for ourselves only
    *) echo "$usage" >&2; exit 2 ;;
    esac
}
