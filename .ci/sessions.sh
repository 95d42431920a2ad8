# SPDX-License-Identifier: MIT
# Sourced by .ci/run: sessions that run beside each other, each in a process group of its own. Whoever sources this has
# set `logs` to a folder, and ends with `trap end_running EXIT`: then nothing that a session started outlives the run,
# be it interrupted or ended by another session's failure.
declare -A running=() # the name of each session that runs, by its process, which is also its group
most_running=4
trap 'exit 130' INT # or bash would go on where the signal has reached it alone, not the command that it waits for
trap 'exit 143' TERM HUP
patience=20 # seconds

begin() { # a session, named first, with the output of the caller
    set -m # a group of its own, in which SIGINT is not ignored
    "${@:2}" </dev/null &
    set +m
    running[$!]=$1
}

alone() { # runs a session, named first, with the output of the caller, and returns its exit code
    begin "$@"
    local pid=$! code=0
    wait "$pid" || code=$?
    forget "$pid"
    return "$code"
}

start() { # runs a session, named first, beside what follows, once fewer than `most_running` of them run
    ((${#running[@]} < most_running)) || ended
    begin "$@" >"$logs/$1" 2>&1
}

ended() { # the next session that ends, and its log: all of it where it failed, else what it amounts to
    local pid code=0
    while sleep 0.5; do # `wait -n` forgets those that ended before
        for pid in "${!running[@]}"; do
            kill -0 "$pid" 2>/dev/null || break 2
        done
    done
    local log=$logs/${running[$pid]}
    wait "$pid" || code=$?
    forget "$pid"
    ((code == 0)) || { cat "$log"; echo "ci: ${log##*/} failed" >&2; exit 1; }
    grep -E '^nox > (\*|unstable|Session .* success)|^=+ .* in .* =+$|passed' "$log" || true
}

forget() { # a session that has ended; what it has left in its group is killed
    unset "running[$1]"
    kill -KILL -- "-$1" 2>/dev/null || true
}

below() { # these processes and all that they have started, whatever group or session that is in now
    ps -eo pid=,ppid= | awk -v roots="$*" '
        BEGIN { split(roots, named); for (n in named) found[named[n]] }
        { parent[$1] = $2 }
        END {
            for (pid in parent) for (at = pid; at in parent; at = parent[at]) if (at in found) { print pid; break }
        }'
}

end_running() { # as Ctrl-C does, so that tests stop what they have started; after `patience`, or if told again, by force
    local pid all tries
    trap 'patience=0' INT TERM HUP # or a second signal would end this before it is done
    ((${#running[@]})) || return 0
    all=$(below "${!running[@]}")
    for pid in "${!running[@]}"; do
        kill -INT -- "-$pid" 2>/dev/null || true
    done
    for ((tries = 0; tries < 5 * patience; tries++)); do
        kill -0 $all 2>/dev/null || break # succeeds as long as one of them is there
        sleep 0.2
    done
    all+=" $(below "${!running[@]}")"
    kill -KILL $all 2>/dev/null || true
    for pid in "${!running[@]}"; do
        forget "$pid"
    done
}
