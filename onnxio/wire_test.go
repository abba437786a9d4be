package onnxio

import (
	"bytes"
	"testing"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"

	"github.com/prunefuse/prunefuse/onnxio/onnxpb"
)

// TestDetach: what is taken out and what is left make the message again, and
// of bytes given twice the last count, as protobuf has it.
func TestDetach(t *testing.T) {
	t.Parallel()
	large, small := bytes.Repeat([]byte{7}, leastView), []byte{1, 2}
	tensor := func(raws ...[]byte) []byte {
		b := protowire.AppendTag(nil, 8, protowire.BytesType)
		b = protowire.AppendString(b, "w")
		for _, raw := range raws {
			b = protowire.AppendTag(b, fieldRawData, protowire.BytesType)
			b = protowire.AppendBytes(b, raw)
		}
		return b
	}
	for name, raws := range map[string][][]byte{
		"small": {small}, "large": {large}, "none": {}, "small then large": {small, large}, "large then small": {large, small},
	} {
		graph := protowire.AppendTag(nil, fieldInitializer, protowire.BytesType)
		graph = protowire.AppendBytes(graph, tensor(raws...))
		graph = protowire.AppendTag(graph, fieldInitializer, protowire.BytesType)
		graph = protowire.AppendBytes(graph, tensor(small))
		b := protowire.AppendTag(nil, 1, protowire.VarintType)
		b = protowire.AppendVarint(b, 8)
		b = protowire.AppendTag(b, fieldGraph, protowire.BytesType)
		b = protowire.AppendBytes(b, graph)

		want := &onnxpb.ModelProto{}
		if err := proto.Unmarshal(b, want); err != nil {
			t.Fatal(err)
		}
		rest, views := detach(b)
		got := &onnxpb.ModelProto{}
		if err := proto.Unmarshal(rest, got); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		for i, x := range got.GetGraph().GetInitializer() {
			if views[i] != nil {
				x.RawData = views[i]
			}
		}
		if !proto.Equal(got, want) {
			t.Errorf("%s: %v, want %v", name, got, want)
		}
	}
}

func TestDetachOfNoMessage(t *testing.T) {
	t.Parallel()
	for _, b := range [][]byte{nil, {0xff}, {0x3a, 0x7f}, []byte("not a model")} {
		if rest, views := detach(b); !bytes.Equal(rest, b) || len(views) > 0 {
			t.Errorf("%x became %x with %d views", b, rest, len(views))
		}
	}
}
