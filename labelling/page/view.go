package page

import (
	"net/http"
	"slices"
)

// lastShown is how many answers the page shows to go back to.
const lastShown = 10

// view is what the page shows.
type view struct {
	Title    string   `json:"title"`
	Batch    string   `json:"batch"`
	Classes  []string `json:"classes"`
	Skip     bool     `json:"skip"` // the page offers it
	Unsure   bool     `json:"unsure"`
	People   []string `json:"people"` // who has answered so far
	Asked    int      `json:"asked"`
	Answered int      `json:"answered"` // samples with as many answers as are wanted
	Mine     int      `json:"mine"`     // answers of who asks to samples of the batch
	Item     *shown   `json:"item"`     // nil where there is nothing left to answer
	After    int      `json:"after"`    // the place of the next, whose image can be fetched; −1 for none
	Last     []shown  `json:"last"`     // the latest answers of who asks, the latest first
}

// shown is a sample on the page.
type shown struct {
	K     int    `json:"k"`
	ID    string `json:"id"`
	Rank  int    `json:"rank"`
	Image bool   `json:"image"`
	Guess string `json:"guess,omitempty"`
	Label string `json:"label,omitempty"` // the answer of who asks
}

// send sends what the page is to show to an annotator: the sample at a place, or with −1
// the next that wants an answer.
func (s *Server) send(w http.ResponseWriter, as string, at int) {
	if as != "" {
		if err := checkName(as); err != nil {
			fail(w, http.StatusBadRequest, err)
			return
		}
	}
	send(w, http.StatusOK, s.view(as, at))
}

func (s *Server) view(as string, at int) view {
	b := s.batch
	skip, unsure := b.words()
	v := view{Title: b.Title, Batch: b.Folder, Classes: b.Classes, Skip: skip != "", Unsure: unsure != "", Asked: len(b.Items), After: -1, People: []string{}, Last: []shown{}}
	places := s.places()
	count, mine := make([]int, len(b.Items)), make([]bool, len(b.Items))
	var last []int // places of the annotator's answers, in order
	for _, a := range s.answers.list {
		if !slices.Contains(v.People, a.Annotator) {
			v.People = append(v.People, a.Annotator)
		}
		k, there := places[a.ID]
		if !there {
			continue
		}
		count[k]++
		if a.Annotator == as {
			mine[k] = true
			v.Mine++
			last = append(last, k)
		}
	}
	slices.Reverse(last)
	for _, k := range last[:min(lastShown, len(last))] {
		v.Last = append(v.Last, s.shown(k, as))
	}
	for k, it := range b.Items {
		wants := count[k] < max(1, it.Wanted)
		if !wants {
			v.Answered++
		}
		if !wants || mine[k] || k == at {
			continue
		}
		switch {
		case at < 0:
			at = k
		case v.After < 0:
			v.After = k
		}
	}
	if at >= 0 {
		one := s.shown(at, as)
		v.Item = &one
	}
	return v
}

func (s *Server) shown(k int, as string) shown {
	it := s.batch.Items[k]
	a, _ := s.answers.of(it.ID, as)
	v := shown{K: k, ID: it.ID, Rank: it.Rank, Image: it.Image != "", Label: a.Label}
	if s.guesses {
		v.Guess = it.Guess
	}
	return v
}

// places are those of the samples in the batch, by their names.
func (s *Server) places() map[string]int {
	places := make(map[string]int, len(s.batch.Items))
	for k, it := range s.batch.Items {
		places[it.ID] = k
	}
	return places
}
