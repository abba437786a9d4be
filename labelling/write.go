package labelling

import (
	"cmp"
	"encoding/csv"
	"encoding/json"
	"io"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// wantedField is the field of tables and tasks for [Item.Wanted]. It is there where
// some items want more annotators than one.
const wantedField = "annotators"

// sampleKey is the field of a task's data that holds the sample's ID. "id" is
// taken: Label Studio's shorter exports put the task's own there.
const sampleKey = "sample"

type task struct {
	Data        map[string]any `json:"data"`
	Predictions []prediction   `json:"predictions"`
}

type prediction struct {
	ModelVersion string   `json:"model_version"`
	Score        float64  `json:"score"`
	Result       []result `json:"result"`
}

type result struct {
	FromName string `json:"from_name"`
	ToName   string `json:"to_name"`
	Type     string `json:"type"`
	Value    struct {
		Choices []string `json:"choices"`
	} `json:"value"`
}

const choices = "choices"

// WriteLabelStudio writes an import file, tasks in the order of the items. The
// score of a prediction is its confidence: Label Studio shows the lowest first.
func WriteLabelStudio(w io.Writer, items []Item, version string, c Config) error {
	tasks := make([]task, len(items))
	for i, it := range items {
		tasks[i] = task{
			Data:        map[string]any{c.ToName: c.Prefix + escape(cmp.Or(it.Image, it.ID)), sampleKey: it.ID, "rank": it.Rank},
			Predictions: []prediction{},
		}
		if it.Wanted > 1 {
			tasks[i].Data[wantedField] = it.Wanted
		}
		if it.Class == "" {
			continue
		}
		r := result{FromName: c.FromName, ToName: c.ToName, Type: choices}
		r.Value.Choices = []string{it.Class}
		tasks[i].Predictions = []prediction{{version, it.Confidence, []result{r}}}
	}
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", " ")
	return e.Encode(tasks)
}

// escape makes a path part of an address; slashes stay.
func escape(id string) string {
	parts := strings.Split(id, "/")
	for i, p := range parts {
		parts[i] = url.PathEscape(p)
	}
	return strings.Join(parts, "/")
}

// WriteCSV writes a table with an empty column for the label, one for the images where
// the items name them, and one for the annotators where some want several.
func WriteCSV(w io.Writer, items []Item) error {
	c := csv.NewWriter(w)
	header := []string{"rank", "id", "predicted", "confidence", "label"}
	images := slices.ContainsFunc(items, func(it Item) bool { return it.Image != "" })
	if images {
		header = append(header, "image")
	}
	several := slices.ContainsFunc(items, func(it Item) bool { return it.Wanted > 1 })
	if several {
		header = append(header, wantedField)
	}
	rows := [][]string{header}
	for _, it := range items {
		confidence := ""
		if it.Class != "" {
			confidence = strconv.FormatFloat(it.Confidence, 'g', -1, 64)
		}
		row := []string{strconv.Itoa(it.Rank), it.ID, it.Class, confidence, ""}
		if images {
			row = append(row, it.Image)
		}
		if several {
			row = append(row, strconv.Itoa(max(it.Wanted, 1)))
		}
		rows = append(rows, row)
	}
	return c.WriteAll(rows)
}

// WriteJSONL writes an object a line with an empty label.
func WriteJSONL(w io.Writer, items []Item) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	for _, it := range items {
		err := e.Encode(struct {
			Rank       int     `json:"rank"`
			ID         string  `json:"id"`
			Predicted  string  `json:"predicted,omitempty"`
			Confidence float64 `json:"confidence,omitempty"`
			Label      string  `json:"label"`
			Wanted     int     `json:"annotators,omitempty"`
		}{it.Rank, it.ID, it.Class, it.Confidence, "", it.Wanted})
		if err != nil {
			return err
		}
	}
	return nil
}
