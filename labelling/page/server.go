package page

import (
	"bytes"
	"crypto/rand"
	_ "embed"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"
)

//go:embed page.html
var document string

// Server answers the requests of the page. It is for one folder of answers.
type Server struct {
	mu      sync.Mutex
	open    func() (*Batch, error)
	batch   *Batch
	answers *answers
	mux     *http.ServeMux
	guesses bool
}

// Options say what the page shows.
type Options struct {
	// Guesses shows for what the network takes a sample, which people then see before
	// they answer.
	Guesses bool
}

// NewServer makes a server of the batch that open gives, which is asked for again when
// the page is loaded: a run may have chosen the next one meanwhile. Close it.
func NewServer(open func() (*Batch, error), o Options) (*Server, error) {
	b, err := open()
	if err != nil {
		return nil, err
	}
	s := &Server{open: open, batch: b, mux: http.NewServeMux(), guesses: o.Guesses}
	if s.answers, err = openAnswers(b.Answers); err != nil {
		return nil, err
	}
	s.mux.HandleFunc("GET /{$}", s.page)
	s.mux.HandleFunc("GET /state", s.state)
	s.mux.HandleFunc("GET /image/{k}", s.image)
	s.mux.HandleFunc("POST /answer", s.answer)
	s.mux.HandleFunc("POST /undo", s.undo)
	return s, nil
}

// Close lets another server have the folder.
func (s *Server) Close() error { return s.answers.Close() }

// ServeHTTP implements http.Handler. [Guard] stands before it.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.mux.ServeHTTP(w, r) }

// page sends the document, and takes up the batch that there is now.
func (s *Server) page(w http.ResponseWriter, _ *http.Request) {
	s.mu.Lock()
	b, err := s.open()
	if err == nil && b.Answers == s.batch.Answers {
		s.batch = b
	}
	s.mu.Unlock()
	secret := make([]byte, 18)
	_, _ = rand.Read(secret) // never fails
	nonce := base64.StdEncoding.EncodeToString(secret)
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", fmt.Sprintf("default-src 'none'; img-src 'self' data:; connect-src 'self'; script-src 'nonce-%[1]s'; style-src 'nonce-%[1]s'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'", nonce))
	_, _ = strings.NewReplacer("{{nonce}}", nonce).WriteString(w, document)
}

func (s *Server) state(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	at := -1
	if text := r.URL.Query().Get("k"); text != "" {
		k, err := strconv.Atoi(text)
		if err != nil || k < 0 || k >= len(s.batch.Items) {
			fail(w, http.StatusNotFound, errors.New("the batch has no such sample"))
			return
		}
		at = k
	}
	s.send(w, r.URL.Query().Get("as"), at)
}

func (s *Server) image(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	b := s.batch
	s.mu.Unlock()
	k, err := strconv.Atoi(r.PathValue("k"))
	if err != nil || k < 0 || k >= len(b.Items) || b.Items[k].Image == "" {
		fail(w, http.StatusNotFound, errors.New("the batch has no such image"))
		return
	}
	content, err := b.image(k)
	if err != nil {
		fail(w, http.StatusGone, fmt.Errorf("the image of %s cannot be read: run the command of the run again, which writes it anew", b.Items[k].ID))
		return
	}
	kind := http.DetectContentType(content)
	if !strings.HasPrefix(kind, "image/") {
		kind = "application/octet-stream"
	}
	w.Header().Set("Content-Type", kind)
	_, _ = w.Write(content)
}

// said is what the page says of a sample.
type said struct {
	As     string `json:"as"`
	Batch  string `json:"batch"` // the folder, by which one that is over is known
	K      int    `json:"k"`
	Class  int    `json:"class"` // −1 for none
	Skip   bool   `json:"skip"`
	Unsure bool   `json:"unsure"`
}

func (s *Server) answer(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	a, ok := s.read(w, r)
	if !ok {
		return
	}
	label, err := s.label(a)
	if err != nil {
		fail(w, http.StatusBadRequest, err)
		return
	}
	if err := s.answers.say(s.batch.Items[a.K].ID, label, a.As); err != nil {
		fail(w, http.StatusInternalServerError, fmt.Errorf("the answer is not on disk: %w", err))
		return
	}
	s.send(w, a.As, -1)
}

// label is the word for what the page says.
func (s *Server) label(a said) (string, error) {
	skip, unsure := s.batch.words()
	switch {
	case a.K < 0 || a.K >= len(s.batch.Items):
		return "", errors.New("the batch has no such sample")
	case a.Skip && a.Class < 0 && skip != "":
		return skip, nil
	case a.Unsure && a.Class < 0 && unsure != "":
		return unsure, nil
	case a.Skip || a.Unsure || a.Class < 0 || a.Class >= len(s.batch.Classes):
		return "", errors.New("there is no such class")
	}
	return s.batch.Classes[a.Class], nil
}

func (s *Server) undo(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	a, ok := s.read(w, r)
	if !ok {
		return
	}
	places := s.places()
	id, err := s.answers.takeBack(a.As, func(id string) bool { _, there := places[id]; return there })
	if err != nil {
		fail(w, http.StatusInternalServerError, fmt.Errorf("the answer is still on disk: %w", err))
		return
	}
	at := -1
	if id != "" {
		at = places[id]
	}
	s.send(w, a.As, at)
}

// maxRequest bounds the bytes of what the page sends.
const maxRequest = 4096

// read reads what the page sent, and refuses what it cannot have.
func (s *Server) read(w http.ResponseWriter, r *http.Request) (a said, ok bool) {
	if r.Header.Get("Content-Type") != "application/json" {
		fail(w, http.StatusUnsupportedMediaType, errors.New("want JSON"))
		return a, false
	}
	a.Class = -1
	d := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxRequest))
	d.DisallowUnknownFields()
	if err := d.Decode(&a); err != nil {
		fail(w, http.StatusBadRequest, errors.New("want an answer as JSON"))
		return a, false
	}
	if err := checkName(a.As); err != nil {
		fail(w, http.StatusBadRequest, err)
		return a, false
	}
	if a.Batch != s.batch.Folder {
		fail(w, http.StatusConflict, errors.New("that batch is over: load the page again for the next"))
		return a, false
	}
	return a, true
}

// fail sends an error as JSON.
func fail(w http.ResponseWriter, code int, err error) {
	send(w, code, struct {
		Error string `json:"error"`
	}{err.Error()})
}

func send(w http.ResponseWriter, code int, v any) {
	var b bytes.Buffer
	if err := json.NewEncoder(&b).Encode(v); err != nil {
		panic("BUG: " + err.Error())
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	_, _ = w.Write(b.Bytes())
}
