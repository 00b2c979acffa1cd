#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Prints every figure of the README, as Markdown: medians of several runs with the least and the greatest. Run it on an idle
# machine with two cores or more, with the JDK that JAVA_HOME names. With the defaults it takes about an hour.
# Usage: cnf/figures.sh [runs] [ring|instructions|cores|disks|pci|guest|swaps]...
# Environment: MILLIS per measurement (1000; of disks and in the guest 5 times that), REST seconds between runs (2), CPUS (0,1)
set -euo pipefail
cd "$(dirname "$0")/.."
runs=5
if [[ ${1:-} =~ ^[0-9]+$ ]]; then
    runs=$1
    shift
fi
millis=${MILLIS:-1000}
rest=${REST:-2}
cpus=${CPUS:-0,1}
java=${JAVA_HOME:+$JAVA_HOME/bin/}java
jar=org.virtio.bench/target/benchmarks.jar
dir=$(mktemp -d)
daemon=
trap '[ -z "$daemon" ] || kill "$daemon" 2>/dev/null || true; rm -rf "$dir"' EXIT

# A fixed loop on each core at the same time: a machine that is throttled or has other work takes longer, or not the same.
spin_check() {
    local cpu
    sleep "$rest"
    for cpu in ${cpus//,/ }; do
        (
            TIMEFORMAT="spin check $1, core $cpu: %R s, of which on the core %U s"
            time taskset -c "$cpu" awk 'BEGIN { while (i < 1e8) i++ }'
        ) &
    done
    wait $(jobs -p | grep -vx "${daemon:-none}")
}

build() {
    [ -n "${built:-}" ] || ./mvnw -q -B -ntp -DskipTests -pl org.virtio.bench -am package
    built=yes
}

ring() {
    build
    local counted=
    if perf stat -x, -e instructions true 2>&1 | grep -q '^[0-9]'; then
        counted=instructions
    else
        echo "No instructions are counted: perf is not installed, or this machine does not let it."
    fi
    printf '\n### The ring alone, one thread: per request, and the device'\''s share of it\n\n'
    # shellcheck disable=SC2086 # none, or one word
    taskset -c "$cpus" "$java" -cp "$jar" org.virtio.bench.RingFigures "$runs" "$millis" $counted
}

# The difference between two lengths of run, so that start-up and compilation are left out.
executed() { # format, direct or indirect, batch, rounds
    valgrind --tool=cachegrind --cache-sim=no --cachegrind-out-file=/dev/null --smc-check=all-non-file \
        "$java" -XX:+UseSerialGC -XX:-UsePerfData -Xbatch -cp "$jar" org.virtio.bench.RingLoop "$1" "$2" 3 "$3" "$4" 2>&1 |
        sed -n 's/.*I *refs: *//p' | tr -d ,
}

instructions() {
    build
    command -v valgrind >/dev/null || {
        echo "valgrind is not installed: apt-get install --no-install-recommends valgrind" >&2
        exit 1
    }
    local format table batch requests=2000000
    printf '\n### Instructions per request of 3 descriptors, the device'\''s share included\n\n'
    printf '| format | one at a time | in batches of 32 |\n|---|---|---|\n'
    for table in direct indirect; do
        for format in split split-in-order packed packed-in-order; do
            printf '| %s, %s |' "$format" "$table"
            for batch in 1 32; do
                printf ' %d |' $((($(executed "$format" "$table" "$batch" $((2 * requests / batch))) -
                    $(executed "$format" "$table" "$batch" $((requests / batch)))) / requests))
            done
            printf '\n'
        done
    done
}

cores() {
    build
    local format descriptors two_cores=(taskset -c "$cpus" "$java" -cp "$jar" org.virtio.bench.TwoCores)
    printf '\n### Driver and device on two cores: ns per request\n\n'
    "${two_cores[@]}"
    for format in split split-in-order packed packed-in-order; do
        for descriptors in 1 2 4; do
            sleep "$rest"
            "${two_cores[@]}" "$format" "$descriptors" direct "$runs" "$millis"
        done
        sleep "$rest"
        "${two_cores[@]}" "$format" 4 indirect "$runs" "$millis"
    done
}

# Prints "IOPS cpu-ns" of one run: what attaches disk0, threads, a depth.
run() {
    ./virtio -c "$1 virtio:bench disk0 --threads $2 --depth $3 --size 4k --seconds $(((millis * 5 + 999) / 1000))" </dev/null |
        awk 'BEGIN { nanos["ns"] = 1; nanos["us"] = 1e3; nanos["ms"] = 1e6 }
            /IOPS/ { gsub(",", "", $2); iops = $2 }
            /driver CPU/ { cpu = $3 * nanos[$4] }
            END { if (!iops) exit 1; print iops, cpu }'
}

# Sets summary to the median, least and greatest of the numbers in a column of a file: its lines that begin with some words.
summarize() { # the file, awk's expression of the number, the words
    summary=$(awk -v words="${3:-}" "index(\$0, words) == 1 { print $2 }" "$1" | sort -n | awk '{ v[NR] = $1 }
        END { if (!NR) exit 1; printf "%.0f (%.0f to %.0f)", v[int((NR + 1) / 2)], v[1], v[NR] }') || {
        echo "nothing was measured${3:+ of '$3'}" >&2
        exit 1
    }
}

back_end() { # a name, what comes before the attach command, its socket
    local queues depth
    for queues in 1 2; do
        for depth in 1 32 128; do
            : >"$dir/runs"
            for _ in $(seq "$runs"); do
                sleep "$rest"
                run "${2//QUEUES/$queues} virtio:attach vhost-user:$3?queues=$queues disk0;" "$queues" "$depth" >>"$dir/runs"
            done
            summarize "$dir/runs" '$1 / 1000'
            printf '| %s | %s | %s | %s |' "$1" "$queues" "$depth" "$summary"
            summarize "$dir/runs" '$2'
            printf ' %s |\n' "$summary"
        done
    done
}

disks() {
    command -v qemu-storage-daemon >/dev/null || {
        echo "qemu-storage-daemon is not installed: apt-get install --no-install-recommends qemu-system-common" >&2
        exit 1
    }
    qemu-storage-daemon --blockdev driver=null-co,node-name=n0,size=1073741824,read-zeroes=on \
        --export "type=vhost-user-blk,id=e0,node-name=n0,addr.type=unix,addr.path=$dir/q.sock,writable=on,num-queues=2" &
    daemon=$!
    until grep -q " 00010000 .*$dir/q.sock" /proc/net/unix; do kill -0 "$daemon"; done
    printf '\n### Block I/O, 4 KiB random reads, one thread for each queue\n\n'
    echo "| back end | queues | depth | thousand IOPS | driver CPU, ns per request |"
    echo "|---|---|---|---|---|"
    back_end "qemu-storage-daemon, null-co" "" "$dir/q.sock"
    local disk
    for disk in null ram; do
        back_end "embedded target, $disk disk" \
            "virtio:target create $dir/$disk.sock $disk --size 256M --queues QUEUES --spin 1000000;" "$dir/$disk.sock"
    done
}

pci() {
    printf '\n### QEMU'\''s virtio-blk-pci with a null disk, by way of the qtest socket\n\n'
    ./mvnw -q -B -ntp -Pfigures -pl org.virtio.itest -am -Dtest=PciFiguresTest -Dsurefire.failIfNoSpecifiedTests=false \
        -Dfigures.runs="$runs" -Dfigures.millis="$millis" verify |
        grep -E '^(attach|4 KiB)'
}

swaps() {
    printf '\n### How long I/O at depth 32 stands still\n\n'
    for _ in $(seq "$runs"); do
        ./mvnw -q -B -ntp -pl org.virtio.itest -am -Dtest='org.virtio.itest.swap.*Test,PciMoveTest,PciSwapTest' \
            -Dsurefire.failIfNoSpecifiedTests=false verify | grep '^pause'
    done | sort
}

guest() {
    command -v fio >/dev/null || {
        echo "fio is not installed: apt-get install --no-install-recommends fio" >&2
        exit 1
    }
    ./virtio -c virtio:list >/dev/null
    local version
    version=$(sed -n 's:^  <version>\(.*\)</version>$:\1:p' pom.xml)
    printf '\n### QEMU'\''s virtio-blk-pci with a null disk in a guest, behind an IOMMU: 4 KiB random reads, IOPS\n\n'
    # iommu=pt spares the kernel's own driver the mapping of each request, which an emulated IOMMU makes dear.
    org.virtio.itest/guest/boot --seconds 3600 --memory 2G --iommu --append iommu=pt \
        --qemu "-device pcie-root-port,id=root1,chassis=1,slot=1" \
        --qemu "-blockdev driver=null-co,node-name=disk0,size=1073741824,read-zeroes=off" \
        --qemu "-device virtio-blk-pci,disable-legacy=on,drive=disk0,bus=root1,iommu_platform=on" \
        "$PWD/org.virtio.itest/guest/figures" "$PWD/org.virtio.dist/target/virtio-$version/bin/virtio" \
        "$runs" $(((millis * 5 + 999) / 1000)) >"$dir/guest"
    echo "| depth | the kernel's driver, fio with io_uring | ours, VFIO, waiting for interrupts | ours, VFIO, polling |"
    echo "|---|---|---|---|"
    local depth who
    for depth in 1 32 128; do
        printf '| %s |' "$depth"
        for who in kernel vfio vfio-polled; do
            summarize "$dir/guest" '$3' "$who $depth "
            printf ' %s |' "$summary"
        done
        printf '\n'
    done
    summarize "$dir/guest" '$2' "attach "
    printf '\nattach in the guest, ms: %s\n' "$summary"
}

"$java" -version 2>&1 | sed -n 2p
lscpu | grep -E '^(Model name|CPU\(s\)|Thread\(s\) per core)'
[ "$(nproc)" -gt 2 ] || echo "With two queues, driver and back end want more cores than the $(nproc) here."
[ $# -gt 0 ] || set -- ring instructions cores disks pci guest swaps
spin_check before
for part in "$@"; do
    "$part"
done
printf '\n'
spin_check after
