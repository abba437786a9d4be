package scoring

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"slices"
	"strconv"
)

// RecordSchema names the format of one line of a score file. Every line
// carries it, so that files can be cut, joined and filtered by line.
const RecordSchema = "prunefuse.score/1"

// ShardSchema names the first line of the score file of one shard, as package job
// writes it. It is not a line of a score file.
const ShardSchema = "prunefuse.score.part/1"

// MaxLine is the longest line a score file may have, in bytes.
const MaxLine = 1 << 20

// Record is what scoring says of one sample. No record changes another, but those
// of one batch lie in the same pieces of memory.
type Record struct {
	Index      int    // position in the pool, from 0
	ID         string // the pool's name for it
	Label      *int   // the known class, nil where there is none
	Class      int    // the predicted class; the lowest where several tie
	Confidence float64
	// Scores are the measures by name, each in its natural definition:
	// a small margin is uncertain, a large entropy is.
	Scores Scores
	// Features are the input of the last layer, nil unless asked for. They
	// are not part of a score file.
	Features []float32
	// Probabilities are the class probabilities, the same.
	Probabilities []float32
}

// Clone returns the record in memory of its own, which keeps few records of many from
// keeping their batches.
func (r Record) Clone() Record {
	if r.Label != nil {
		label := *r.Label
		r.Label = &label
	}
	r.Scores.values = slices.Clone(r.Scores.values)
	r.Features, r.Probabilities = slices.Clone(r.Features), slices.Clone(r.Probabilities)
	return r
}

// recordLine is a line of a score file as it is read. Pointers tell a value that is
// missing or null from one that is zero.
type recordLine struct {
	Schema     string   `json:"schema"`
	Index      *int     `json:"index"`
	ID         string   `json:"id"`
	Label      *int     `json:"label"`
	Class      *int     `json:"class"`
	Confidence *float64 `json:"confidence"`
	Scores     *Scores  `json:"scores"`
}

// RecordWriter writes a score file: one JSON object a line, numbers with all
// their digits, keys always in the same order.
type RecordWriter struct {
	buf  *bufio.Writer
	line []byte
}

// NewRecordWriter writes to w through a buffer; call Flush at the end.
func NewRecordWriter(w io.Writer) *RecordWriter {
	return &RecordWriter{buf: bufio.NewWriterSize(w, 1<<16)}
}

// Write adds one line.
func (w *RecordWriter) Write(r Record) error {
	var err error
	if w.line, err = AppendRecord(w.line[:0], r); err == nil {
		_, err = w.buf.Write(w.line)
	}
	if err != nil {
		return fmt.Errorf("write score of %q: %w", r.ID, err)
	}
	return nil
}

// AppendRecord appends the line of a record, with its line feed.
func AppendRecord(b []byte, r Record) ([]byte, error) {
	b = append(b, `{"schema":"`+RecordSchema+`","index":`...)
	b = strconv.AppendInt(b, int64(r.Index), 10)
	b = appendString(append(b, `,"id":`...), r.ID)
	if r.Label != nil {
		b = strconv.AppendInt(append(b, `,"label":`...), int64(*r.Label), 10)
	}
	b = strconv.AppendInt(append(b, `,"class":`...), int64(r.Class), 10)
	b, err := appendNumber(append(b, `,"confidence":`...), r.Confidence)
	if err != nil {
		return b, err
	}
	if b, err = r.Scores.appendJSON(append(b, `,"scores":`...)); err != nil {
		return b, err
	}
	return append(b, '}', '\n'), nil
}

// Flush writes out what is buffered.
func (w *RecordWriter) Flush() error { return w.buf.Flush() }

// ReadRecords reads a score file line by line. It is strict: the first line
// that is not a complete record ends the sequence with an error that names
// the line.
func ReadRecords(r io.Reader) iter.Seq2[Record, error] {
	return func(yield func(Record, error) bool) {
		lines := bufio.NewScanner(r)
		lines.Buffer(nil, MaxLine)
		n := 0
		for lines.Scan() {
			n++
			rec, err := ParseRecord(lines.Bytes())
			if err != nil {
				yield(Record{}, fmt.Errorf("line %d: %w", n, err))
				return
			}
			if !yield(rec, nil) {
				return
			}
		}
		if err := lines.Err(); err != nil {
			yield(Record{}, fmt.Errorf("line %d: %w", n+1, err))
		}
	}
}

// ParseRecord reads the line of a record. It is strict, as ReadRecords is.
func ParseRecord(text []byte) (Record, error) {
	var line recordLine
	if err := json.Unmarshal(text, &line); err != nil {
		return Record{}, fmt.Errorf("read score record: %w", err)
	}
	switch {
	case line.Schema == ShardSchema:
		return Record{}, errors.New(`it is one shard of a score file; fold all of them with "prunefuse merge" first`)
	case line.Schema != RecordSchema:
		return Record{}, fmt.Errorf("schema is %q, want %q: not a score file of this version", line.Schema, RecordSchema)
	case line.Index == nil || *line.Index < 0:
		return Record{}, errors.New(`"index" is missing or negative`)
	case line.ID == "":
		return Record{}, errors.New(`"id" is missing or empty`)
	case line.Class == nil:
		return Record{}, errors.New(`"class" is missing`)
	case line.Confidence == nil:
		return Record{}, errors.New(`"confidence" is missing`)
	case line.Scores == nil:
		return Record{}, errors.New(`"scores" is missing`)
	}
	return Record{
		Index: *line.Index, ID: line.ID, Label: line.Label, Class: *line.Class,
		Confidence: *line.Confidence, Scores: *line.Scores,
	}, nil
}
