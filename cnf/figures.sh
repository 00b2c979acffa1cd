#!/usr/bin/env bash
# Prints the README's figures for block I/O: thousand IOPS of 4 KiB random reads and driver CPU time per request, the
# median of several runs with the least and the greatest. Run it on an idle machine with two cores or more.
# Usage: cnf/figures.sh [runs]
set -euo pipefail
cd "$(dirname "$0")/.."
runs=${1:-5}
command -v qemu-storage-daemon >/dev/null || {
    echo "qemu-storage-daemon is not installed: apt-get install --no-install-recommends qemu-utils qemu-system-common" >&2
    exit 1
}
dir=$(mktemp -d)
trap 'kill $daemon 2>/dev/null || true; rm -rf "$dir"' EXIT
qemu-storage-daemon --blockdev driver=null-co,node-name=n0,size=1073741824,read-zeroes=on \
    --export "type=vhost-user-blk,id=e0,node-name=n0,addr.type=unix,addr.path=$dir/null.sock,writable=on,num-queues=2" &
daemon=$!
until grep -q " 00010000 .*$dir/null.sock" /proc/net/unix; do kill -0 $daemon; done

# Prints "IOPS cpu-ns" of one run: a target or socket, a depth.
run() {
    ./virtio -c "$1 virtio:bench disk0 --depth $2 --size 4k --seconds 5" </dev/null | awk '
        /IOPS/ { gsub(",", "", $2); iops = $2 }
        /driver CPU/ { cpu = $3 * ($4 == "us" ? 1000 : 1) }
        END { print iops, cpu }'
}

summary() { # the median, least and greatest of a column of numbers
    sort -n | awk '{ v[NR] = $1 } END { printf "%.0f (%.0f to %.0f)", v[int((NR + 1) / 2)], v[1], v[NR] }'
}

figures() { # a name, the commands that attach disk0
    local depth
    for depth in 1 32 128; do
        : >"$dir/runs"
        for _ in $(seq "$runs"); do
            run "$2" "$depth" >>"$dir/runs"
        done
        printf '| %s | %s | %s | %s |\n' "$1" "$depth" \
            "$(awk '{ print $1 / 1000 }' "$dir/runs" | summary)" "$(awk '{ print $2 }' "$dir/runs" | summary)"
    done
}

echo "| back end | depth | thousand IOPS | driver CPU, ns per request |"
echo "|---|---|---|---|"
figures "qemu-storage-daemon, null-co" "virtio:attach vhost-user:$dir/null.sock disk0;"
for disk in null ram; do
    figures "embedded target, $disk disk" \
        "virtio:target create $dir/target-$disk.sock $disk --size 256M --spin 1000000; virtio:attach vhost-user:$dir/target-$disk.sock disk0;"
done
