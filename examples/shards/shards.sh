#!/bin/sh
# Scores a pool in N processes at once on this machine, and merges their shards:
#
#	shards.sh MODEL POOL N
#
# After an interruption the same command goes on where each process stopped.
set -eu
model="$1" pool="$2" n="$3"

pids=""
i=1
while [ "$i" -le "$n" ]; do
	prunefuse score "$model" --pool "$pool" --shard "$i/$n" --resume --threads 1 -q -o 'part-{shard}.jsonl' &
	pids="$pids $!"
	i=$((i + 1))
done
for pid in $pids; do
	code=0
	wait "$pid" || code=$?
	# 3: some samples could not be read; the shard names them, and merge lists them again.
	[ "$code" -eq 0 ] || [ "$code" -eq 3 ] || exit "$code"
done

parts=""
i=1
while [ "$i" -le "$n" ]; do
	parts="$parts part-$i.jsonl"
	i=$((i + 1))
done
# shellcheck disable=SC2086 # the names hold no spaces
prunefuse merge $parts -o scores.jsonl
