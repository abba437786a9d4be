package labelling

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"image"
	"image/png"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prunefuse/prunefuse/internal/browser"
)

// editorPackage is Label Studio's own editor.
const editorPackage = "@heartexlabs/label-studio@1.4.0"

// fetchEditor returns the files of the editor by their names in its package, or skips the
// test.
func fetchEditor(t *testing.T) map[string][]byte {
	t.Helper()
	if testing.Short() {
		t.Skip("it fetches Label Studio's editor")
	}
	npm, err := exec.LookPath("npm")
	if err != nil {
		t.Skip("no npm to fetch Label Studio's editor with")
	}
	ctx, cancel := context.WithTimeout(t.Context(), 45*time.Second)
	defer cancel()
	dir := t.TempDir()
	cmd := exec.CommandContext(ctx, npm, "pack", "--silent", editorPackage)
	cmd.Dir, cmd.WaitDelay = dir, time.Second
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Skipf("npm does not fetch %s, as without a network: %v %s", editorPackage, err, out)
	}
	found, err := filepath.Glob(filepath.Join(dir, "*.tgz"))
	if err != nil || len(found) != 1 {
		t.Fatalf("npm left %q (%v)", found, err)
	}
	files, err := unpack(found[0])
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// editorPage opens the task that is asked for, as the page of a project does, and keeps
// what comes of it.
const editorPage = `<!doctype html><meta charset="utf-8"><link rel="stylesheet" href="/build/static/css/main.css">
<div id="label-studio"></div><script src="/build/static/js/main.js"></script><script>
const begin = (task, config) => { window.got = window.store = null;
  new LabelStudio("label-studio", { config, task, user: {pk: 7, firstName: "Ann", lastName: "A"},
    interfaces: ["panel", "submit", "skip", "controls", "infobar", "topbar", "side-column", "annotations:menu", "annotations:add-new", "predictions:tabs", "predictions:menu"],
    onLabelStudioLoad: s => { window.store = s; },
    onSubmitAnnotation: (s, a) => { window.got = {cancelled: false, result: a.serializeAnnotation()}; },
    onSkipTask: s => { window.got = {cancelled: true, result: s.annotationStore.selected.serializeAnnotation()}; } }); };
const opinions = () => store.annotationStore.predictions.map(p => p.serializeAnnotation());
const annotate = () => { const all = store.annotationStore, a = all.addAnnotation({userGenerate: true}); all.selectAnnotation(a.id); };
const press = text => { const all = [...document.querySelectorAll("#label-studio label, #label-studio button")].filter(e => e.textContent.trim().startsWith(text)); all[0].click(); return all.length; };
</script>`

// edited is what came of a task in the editor.
type edited struct {
	Cancelled bool     `json:"cancelled"`
	Result    []result `json:"result"`
}

// Label Studio's own editor opens the tasks of a batch, shows the network's opinion, and
// what people answer there comes back whole in each form in which a project exports it.
func TestLabelStudioEditor(t *testing.T) {
	t.Parallel()
	files := fetchEditor(t)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { serveEditor(w, r, files) }))
	defer server.Close()
	items := []Item{
		{ID: "x/b & c.png", Rank: 1, Class: "dog", Confidence: 0.31, Image: "images/0001-b_c.png"},
		{ID: "ä %41?.png", Rank: 2, Class: "cat", Confidence: 0.93, Wanted: 2},
		{ID: "3", Rank: 3},
		{ID: "four.png", Rank: 4, Class: "dog", Confidence: 0.5},
	}
	answers := []string{"cat", "cat", "dog", "Skip"}
	var tasks []map[string]any
	var b bytes.Buffer
	c := Config{FromName: "choice", ToName: "image", Prefix: server.URL + "/d/", Classes: twoClasses}
	if err := errors.Join(WriteLabelStudio(&b, items, "v1", c), json.Unmarshal(b.Bytes(), &tasks)); err != nil {
		t.Fatal(err)
	}
	p := browser.Start(t, 1280, 900)
	var results []edited
	for i, task := range tasks {
		task["id"] = 900 + i
		results = append(results, editTask(t, p, server.URL, task, items[i].Class, answers[i]))
	}
	for form, content := range exports(t, tasks, results) {
		r, err := Read(strings.NewReader(content), c)
		want := `x/b & c.png=cat ä %41?.png=cat 3=dog skipped four.png`
		if form != "JSON" { // these leave out tasks that were skipped
			want = `x/b & c.png=cat ä %41?.png=cat 3=dog`
		}
		by := map[bool]string{true: "ann@example.org", false: "7"}[form == "JSON"]
		if err != nil || r.text() != want || r.Annotations[0].By() != by || r.Annotations[0].Time.IsZero() {
			t.Errorf("%s: %v (%v), want %s\n%s", form, r, err, want, content)
		}
	}
}

// editTask answers a task in the editor as a person does.
func editTask(t *testing.T, p *browser.Page, address string, task map[string]any, opinion, answer string) (out edited) {
	t.Helper()
	text, err := json.Marshal(task)
	if err != nil {
		t.Fatal(err)
	}
	p.Open(address)
	p.Wait(`window.LabelStudio && document.readyState === "complete"`)
	config := `<View><Image name="image" value="$image"/><Choices name="choice" toName="image"><Choice value="cat"/><Choice value="dog"/></Choices></View>`
	p.Eval(fmt.Sprintf("begin(%s, %q)", text, config), nil)
	p.Wait("window.store")
	var shown [][]result
	if opinion != "" {
		p.Wait("opinions().length > 0")
		p.Eval("opinions()", &shown)
	}
	if opinion != "" && !slices.Equal(shown[0][0].Value.Choices, []string{opinion}) {
		t.Errorf("task %s: the editor shows the opinion %+v, want %q", text, shown, opinion)
	}
	p.Eval("annotate()", nil) // as a project does when somebody comes to the task
	p.Wait(`[...document.querySelectorAll("#label-studio img")].some(i => i.naturalWidth === 4)`)
	p.Wait(`[...document.querySelectorAll("button")].some(b => b.textContent.startsWith("Submit"))`)
	if answer != "Skip" {
		p.Eval(fmt.Sprintf("press(%q)", answer), nil)
		answer = "Submit"
	}
	p.Eval(fmt.Sprintf("press(%q)", answer), nil)
	p.Wait("window.got")
	p.Eval("window.got", &out)
	return out
}

// exports are the answers in the forms in which Label Studio exports a project.
func exports(t *testing.T, tasks []map[string]any, results []edited) map[string]string {
	t.Helper()
	const at = "2026-01-02T03:04:05.678901Z"
	header := []string{"annotation_id", "annotator", "choice", "created_at", "id", "image", "lead_time", "rank", "sample", "updated_at"}
	rows := [][]string{header}
	var full, least []map[string]any
	for i, task := range tasks {
		fields := task["data"].(map[string]any)
		r := results[i]
		full = append(full, map[string]any{
			"id": task["id"], "data": fields, "predictions": task["predictions"],
			"annotations": []any{map[string]any{
				"id": i + 1, "completed_by": map[string]any{"id": 7, "email": "ann@example.org"}, "result": r.Result,
				"was_cancelled": r.Cancelled, "ground_truth": false, "created_at": at, "updated_at": at, "lead_time": 1.5,
			}},
		})
		if r.Cancelled {
			continue
		}
		one := map[string]any{"id": task["id"], "annotator": 7, "annotation_id": i + 1, "created_at": at, "updated_at": at, "lead_time": 1.5}
		for name, value := range fields {
			one[name] = value
		}
		one["choice"] = r.Result[0].Value.Choices[0]
		least = append(least, one)
		row := make([]string, len(header))
		for k, name := range header {
			row[k] = fmt.Sprint(one[name])
		}
		rows = append(rows, row)
	}
	out := map[string]string{"JSON": encoded(t, full), "JSON-MIN": encoded(t, least)}
	for form, comma := range map[string]rune{"CSV": ',', "TSV": '\t'} {
		var b strings.Builder
		w := csv.NewWriter(&b)
		w.Comma = comma
		if err := w.WriteAll(rows); err != nil {
			t.Fatal(err)
		}
		out[form] = b.String()
	}
	return out
}

func encoded(t *testing.T, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// serveEditor serves the page, the files of the editor and an image for every address of
// one.
func serveEditor(w http.ResponseWriter, r *http.Request, files map[string][]byte) {
	switch name := strings.TrimPrefix(r.URL.Path, "/"); {
	case name == "":
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = io.WriteString(w, editorPage)
	case strings.HasPrefix(name, "d/"):
		w.Header().Set("Content-Type", "image/png")
		_ = png.Encode(w, image.NewGray(image.Rect(0, 0, 4, 4)))
	default:
		http.ServeContent(w, r, name, time.Time{}, bytes.NewReader(files[name]))
	}
}

// unpack reads the scripts and styles of a package.
func unpack(path string) (map[string][]byte, error) {
	content, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	z, err := gzip.NewReader(bytes.NewReader(content))
	if err != nil {
		return nil, err
	}
	files := map[string][]byte{}
	for in := tar.NewReader(z); ; {
		h, err := in.Next()
		if errors.Is(err, io.EOF) {
			return files, nil
		}
		if err != nil {
			return nil, err
		}
		if strings.HasSuffix(h.Name, ".js") || strings.HasSuffix(h.Name, ".css") {
			if files[strings.TrimPrefix(h.Name, "package/")], err = io.ReadAll(in); err != nil {
				return nil, err
			}
		}
	}
}
