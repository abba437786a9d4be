package labelling

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/prunefuse/prunefuse/data"
)

// twoItems are a batch with a network's opinion.
func twoItems() []Item {
	return []Item{
		{ID: "x/b & c.png", Rank: 1, Class: "dog", Confidence: 0.31, Score: "margin 0.012", Best: []Guess{{"dog", 0.31}}, Image: "images/0001-b_c.png", Width: 4, Height: 3, Wanted: 2},
		{ID: "a.png", Rank: 2, Class: "cat", Confidence: 0.93, Image: "images/0002-a.png", Width: 5, Height: 6},
	}
}

var twoClasses = data.Classes{Names: []string{"cat", "dog"}, Count: 2}

func TestWriteCVAT(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	if err := Write(&b, CVAT, twoItems(), "", Config{Classes: twoClasses}); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		`<?xml version="1.0" encoding="UTF-8"?>`, "<version>1.1</version>", "<name>dog</name>", "<type>tag</type>",
		`<image id="0" name="0001-b_c.png" width="4" height="3">`, `<tag label="dog" source="auto"></tag>`,
		`<image id="1" name="0002-a.png" width="5" height="6">`,
	} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("no %s in\n%s", want, b.String())
		}
	}
	// A prediction that comes back is no answer, and that is said.
	r, err := Read(&b, Config{Classes: twoClasses})
	if err != nil || r.text() != "-2" || len(r.Notes) != 1 || !strings.Contains(r.Notes[0], "2 images have no other") {
		t.Errorf("%s, %q (%v)", r.text(), r.Notes, err)
	}
}

// What an annotator does to the file of a batch comes back whole, as CVAT exports it.
func TestCVATComesBack(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	if err := WriteCVAT(&b, twoItems(), twoClasses); err != nil {
		t.Fatal(err)
	}
	var f cvatFile
	if err := xml.Unmarshal(b.Bytes(), &f); err != nil {
		t.Fatal(err)
	}
	f.Images[0].Tags = append(f.Images[0].Tags, cvatTag{"cat", "manual"}) // against the prediction
	f.Images[1].Tags = []cvatTag{{"unsure", "manual"}}
	content, err := xml.Marshal(f)
	if err != nil {
		t.Fatal(err)
	}
	text := strings.Replace(string(content), "<mode>annotation</mode>", "<mode>annotation</mode><owner><username>lead</username></owner><assignee><username>ann</username><email></email></assignee>", 1)
	ids := map[string]string{}
	for _, it := range twoItems() {
		ids[it.file()] = it.ID
	}
	r, err := Read(strings.NewReader(text), Config{Classes: twoClasses, SampleOf: func(name string) string { return ids[name] }})
	if err != nil || r.text() != "x/b & c.png=cat unsure a.png" || len(r.Notes) != 1 {
		t.Fatalf("%v (%v)", r, err)
	}
	for _, a := range r.Annotations {
		if a.By() != "ann" {
			t.Errorf("%+v", a)
		}
	}
}

func TestWriteCOCO(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	if err := Write(&b, COCO, twoItems(), "", Config{Classes: twoClasses}); err != nil {
		t.Fatal(err)
	}
	text := b.String()
	if strings.Contains(text, "0.31") || !strings.Contains(text, `"annotations": []`) {
		t.Errorf("%s", text)
	}
	// As CVAT exports it: annotations with shapes, attributes and ids of their own.
	back := strings.Replace(text, `"annotations": []`, `"annotations": [
		{"id": 1, "image_id": 2, "category_id": 2, "segmentation": [[0, 0, 4, 0, 4, 4]], "area": 8.0, "bbox": [0.0, 0.0, 4.0, 4.0], "iscrowd": 0, "attributes": {"occluded": false}},
		{"id": 2, "image_id": 1, "category_id": 1}]`, 1)
	r, err := Read(strings.NewReader(back), Config{Classes: twoClasses})
	if err != nil || r.text() != "0001-b_c.png=cat 0002-a.png=dog" {
		t.Errorf("%v (%v)", r, err)
	}
	if r, err := Read(strings.NewReader(text), Config{Classes: twoClasses}); err != nil || r.text() != "-2" {
		t.Errorf("nothing filled in: %v (%v)", r, err)
	}
}

// Without the network's opinion no form has it, and each has all samples in the order of
// choice.
func TestBlind(t *testing.T) {
	t.Parallel()
	items := twoItems()
	slices.Reverse(items)
	items = Blind(items)
	for _, f := range []Form{LabelStudio, Table, Lines, CVAT, COCO} {
		var b bytes.Buffer
		if err := Write(&b, f, items, "prunefuse", Config{FromName: "choice", ToName: "image"}); err != nil {
			t.Fatal(err)
		}
		for _, opinion := range []string{"dog", "0.31", "0.93", "0.012", `"confidence"`, "auto", "from_name"} {
			if strings.Contains(b.String(), opinion) {
				t.Errorf("%s has %s:\n%s", f, opinion, b.String())
			}
		}
		if i, j := strings.Index(b.String(), "0001-b_c"), strings.Index(b.String(), "0002-a"); f != Lines && (i < 0 || j < i) {
			t.Errorf("%s is out of order:\n%s", f, b.String())
		}
	}
	var b bytes.Buffer
	if err := (Sheet{Items: items}).Write(&b); err != nil || strings.Contains(b.String(), "dog") || strings.Contains(b.String(), "0.012") {
		t.Errorf("the sheet is %s (%v)", b.String(), err)
	}
}

func TestWriteWithoutSizes(t *testing.T) {
	t.Parallel()
	for _, f := range []Form{CVAT, COCO} {
		err := Write(&bytes.Buffer{}, f, []Item{{ID: "a.png"}}, "", Config{})
		if err == nil || !strings.Contains(err.Error(), "sample a.png: the size of its image is not known") {
			t.Errorf("%s: error %v", f, err)
		}
	}
}

func TestFormOf(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ name, path, want string }{
		{"", "x.xml", "cvat <nil>"},
		{"coco", "x.json", "coco <nil>"},
		{"", "x.JSON", "label-studio <nil>"},
		{"", "x.parquet", " x.parquet: a batch for labelling ends in .json, .csv, .jsonl or .xml, not in .parquet"},
		{"yolo", "x", ` --format "yolo": want label-studio, csv, jsonl, cvat or coco`},
	} {
		if f, err := FormOf(tc.name, tc.path); fmt.Sprint(string(f), " ", err) != tc.want {
			t.Errorf("%q, %s: %s, %v", tc.name, tc.path, f, err)
		}
	}
}
