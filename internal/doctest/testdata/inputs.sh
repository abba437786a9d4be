# Makes what the pages' commands are given, each as the pages themselves do it.
shapes -n 100 -o images
shapes -n 60 -seed 2 -o held-out
prunefuse new lenet --input 3x32x32 --classes 3 -o dense.onnx
prunefuse prune dense.onnx --ratio 0.5 -o small.onnx
cp dense.onnx model.onnx
prunefuse train small.onnx --data images --epochs 2 -o selector.onnx
prunefuse fuse --dense dense.onnx --pruned selector.onnx -o fused.onnx
prunefuse score selector.onnx --pool images --embeddings emb.npy --probabilities prob.npy -o scores.jsonl
prunefuse select scores.jsonl --strategy margin -k 12 -o batch.jsonl
prunefuse label export batch.jsonl --model selector.onnx -o filled.csv
# People have answered: in the last column the class, which is also the folder.
sed -i.tmp '1!s|^\([0-9]*,\)\([a-z]*\)\(/.*,\)$|\1\2\3\2|' filled.csv
for i in 1 2; do prunefuse score selector.onnx --pool images --shard $i/2 -o 'part-{shard}.jsonl'; done
