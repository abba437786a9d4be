package job

import (
	"bufio"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"

	"github.com/prunefuse/prunefuse/scoring"
)

// labelsDigest returns the SHA-256 of the labels of all samples of a pool, "" where
// none has one.
func labelsDigest(p scoring.Pool) string {
	labels, ok := p.(scoring.Labels)
	if !ok {
		return ""
	}
	h := sha256.New()
	w := bufio.NewWriter(h)
	labelled := false
	var number []byte
	for i := range p.Len() {
		label := labels.Label(i)
		labelled = labelled || label >= 0
		number = binary.LittleEndian.AppendUint32(number[:0], uint32(int32(label)))
		_, _ = w.Write(number)
	}
	if !labelled {
		return ""
	}
	_ = w.Flush()
	return hex.EncodeToString(h.Sum(nil))
}

// classesDigest returns the SHA-256 of the names of a pool's classes, "" where it
// has none.
func classesDigest(p scoring.Pool) string {
	named, ok := p.(interface{ Classes() []string })
	if !ok || len(named.Classes()) == 0 {
		return ""
	}
	h := sha256.New()
	_ = json.NewEncoder(h).Encode(named.Classes())
	return hex.EncodeToString(h.Sum(nil))
}
