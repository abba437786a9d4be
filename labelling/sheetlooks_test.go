package labelling

import (
	"fmt"
	"image"
	"image/color"
	"image/png"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/prunefuse/prunefuse/internal/browser"
)

// Nothing on a sheet overlaps, is cut off or too faint, on a desk and on a phone, by day
// and by night. With SHEET_PICTURES set to a folder, pictures of what was looked at are
// written there.
func TestSheetLooks(t *testing.T) {
	t.Parallel()
	s := Sheet{Title: "round-002", Strategy: "k-center", Classes: twoClasses}
	for i := range 23 {
		s.Items = append(s.Items, Item{
			ID: fmt.Sprintf("%s/image-%d.jpg", strings.Repeat("folder_without_an_end", i%3), i), Rank: i + 1, Class: "dog", Confidence: 0.5, Wanted: i % 3,
			Best:  []Guess{{"dog", 0.5}, {"a class with a rather long name", 0.3}, {"cat", 0.1}},
			Score: "score 1.23e+04", Place: "cluster 12; nearest labelled: some/other/image-0001.jpg, at a distance of 0.0123",
			Image: "x.png",
		})
	}
	if err := s.Count([]int{0, 1, 1}); err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/" {
			img := image.NewGray(image.Rect(0, 0, 64, 40))
			img.Set(3, 3, color.White)
			_ = png.Encode(w, img)
			return
		}
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_ = s.Write(w)
	}))
	defer server.Close()
	p := browser.Start(t, 1280, 800)
	p.Open(server.URL)
	p.Wait(`document.readyState === "complete" && document.images.length === 23`)
	for _, width := range []int{1280, 390} {
		for _, dark := range []bool{false, true} {
			p.Size(width, 800)
			p.Dark(dark)
			for _, fault := range append(p.Faults(), p.Unreached()...) {
				t.Errorf("%d pixels, dark %t: %s", width, dark, fault)
			}
			if dir := os.Getenv("SHEET_PICTURES"); dir != "" {
				p.Picture(filepath.Join(dir, fmt.Sprintf("sheet-%d-%t.png", width, dark)))
			}
		}
	}
	for _, line := range p.Console() {
		if !strings.Contains(line, "favicon") {
			t.Errorf("the console says %s", line)
		}
	}
}
