package rundir

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"time"
)

// Line is a line of events.jsonl: an event in its envelope. What two runs of
// the same configuration compute is in the event; what differs between them is
// in the envelope.
type Line struct {
	Time    time.Time       `json:"time"`             // when it was appended
	Seconds float64         `json:"seconds"`          // what the event took, measured
	Waited  float64         `json:"waited,omitempty"` // seconds of these, for samples to be read
	Sum     string          `json:"sum,omitempty"`    // SHA-256 of the sum before it and of the line without its sum
	Event   json.RawMessage `json:"event"`
}

// readEvents reads events.jsonl of a run whose run.json has the given content.
func readEvents(path string, info []byte) (*Log[Line], error) {
	root := sha256.Sum256(info)
	return ReadLog(path, hex.EncodeToString(root[:]), func(l *Line) *string { return &l.Sum })
}
