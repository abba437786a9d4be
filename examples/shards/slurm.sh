#!/bin/sh
#SBATCH --job-name=score
#SBATCH --array=1-8
#SBATCH --requeue
# One task of a Slurm array: scores its shard of the pool.
#
#	sbatch slurm.sh MODEL POOL
set -eu
code=0
prunefuse score "$1" --pool "$2" --shard auto --resume -o 'part-{shard}.jsonl' || code=$?
# 3: some samples could not be read; all others are scored.
[ "$code" -eq 3 ] || exit "$code"
