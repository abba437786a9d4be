package page

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// guarded is a server behind its guard, at an address that is not listened on.
func guarded(t testing.TB, run string) *Guard {
	t.Helper()
	s, err := NewServer(writeBatch(t, run, 3), Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return &Guard{Token: Token(), Addr: &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 4711}, Handler: s}
}

// The guard knows its own page, and nobody else.
func TestGuard(t *testing.T) {
	t.Parallel()
	g := guarded(t, t.TempDir())
	for about, c := range map[string]struct {
		host, token string
		header      [2]string
		want        int
	}{
		"the page":                      {"127.0.0.1:4711", g.Token, [2]string{}, 200},
		"the page by name":              {"localhost:4711", g.Token, [2]string{}, 200},
		"its own origin":                {"127.0.0.1:4711", g.Token, [2]string{"Origin", "http://127.0.0.1:4711"}, 200},
		"no token":                      {"127.0.0.1:4711", "", [2]string{}, 403},
		"half a token":                  {"127.0.0.1:4711", g.Token[:16], [2]string{}, 403},
		"another token":                 {"127.0.0.1:4711", Token(), [2]string{}, 403},
		"another host":                  {"evil.example:4711", g.Token, [2]string{}, 403},
		"a host that begins so":         {"127.0.0.1.evil.example:4711", g.Token, [2]string{}, 403},
		"another port":                  {"127.0.0.1:80", g.Token, [2]string{}, 403},
		"no port":                       {"127.0.0.1", g.Token, [2]string{}, 403},
		"another page":                  {"127.0.0.1:4711", g.Token, [2]string{"Origin", "http://evil.example"}, 403},
		"a page without an origin":      {"127.0.0.1:4711", g.Token, [2]string{"Origin", "null"}, 403},
		"another page, as browsers say": {"127.0.0.1:4711", g.Token, [2]string{"Sec-Fetch-Site", "cross-site"}, 403},
		"another port of this host":     {"127.0.0.1:4711", g.Token, [2]string{"Sec-Fetch-Site", "same-site"}, 403},
	} {
		t.Run(about, func(t *testing.T) {
			t.Parallel()
			r := httptest.NewRequest("GET", "/state?as=Ann&token="+c.token, nil)
			r.Host = c.host
			if c.header[0] != "" {
				r.Header.Set(c.header[0], c.header[1])
			}
			w := httptest.NewRecorder()
			g.ServeHTTP(w, r)
			if w.Code != c.want {
				t.Errorf("%d, want %d: %s", w.Code, c.want, w.Body)
			}
		})
	}
}

// A server for others than this machine knows addresses, and no names but its own: a
// stranger's name may resolve to one of them.
func TestGuardOfAllAddresses(t *testing.T) {
	t.Parallel()
	g := &Guard{Addr: &net.TCPAddr{IP: net.IPv6unspecified, Port: 80}}
	for host, want := range map[string]bool{"192.0.2.7:80": true, "[2001:db8::1]:80": true, "localhost:80": true, "evil.example:80": false, "192.0.2.7:81": false} {
		if got := g.host(host); got != want {
			t.Errorf("%s: %v", host, got)
		}
	}
}

// Whatever a stranger sends, there are 4xx for it, nothing of the files comes back, and no
// answer is written; also for one who has the token but no request of the page.
func TestStrangers(t *testing.T) {
	t.Parallel()
	run := t.TempDir()
	if err := os.WriteFile(filepath.Join(run, "secret"), []byte("secret content"), 0o666); err != nil {
		t.Fatal(err)
	}
	g := guarded(t, run)
	rng := rand.New(rand.NewPCG(13, 1))
	pick := func(of ...string) string { return of[rng.IntN(len(of))] }
	paths := []string{
		"/", "/state", "/image/0", "/image/-1", "/image/99999999999999999999", "/image/../../secret", "/image/..%2f..%2fsecret", "/..%2fsecret",
		"/%2e%2e/%2e%2e/secret", "/answers/page.jsonl", "/answer", "/undo", "//etc/passwd", "/image/%00", "/image/0/../1", "/batch.json", "/ws", "/favicon.ico", "/state/", "/image/",
	}
	for i := range 10_000 {
		target := pick(paths...)
		if rng.IntN(4) == 0 {
			target += url.PathEscape(string(rune(rng.IntN(0x2000))))
		}
		token := pick("", "", Token(), g.Token[1:], strings.ToLower(g.Token)+"x")
		hasToken := rng.IntN(4) == 0
		if hasToken { // but no request of the page
			token, target = g.Token, pick(paths[3:10]...)
		}
		r := httptest.NewRequest(pick("GET", "POST", "PUT", "DELETE", "HEAD", "OPTIONS", "TRACE"), target+"?token="+url.QueryEscape(token), strings.NewReader(`{"as":"Eve","k":0,"class":0}`))
		r.Host = pick("127.0.0.1:4711", "localhost:4711", "evil.example", "evil.example:4711", "[::1]:4711", "")
		for range rng.IntN(4) {
			r.Header.Set(pick("Origin", "Upgrade", "Connection", "X-Token", "X-Forwarded-Host", "Sec-Fetch-Site", "Content-Type", "Cookie"),
				pick("http://evil.example", "websocket", "Upgrade", "127.0.0.1:4711", "application/json", "none", "null"))
		}
		w := httptest.NewRecorder()
		g.ServeHTTP(w, r)
		// A path that is cleaned is sent elsewhere, which is refused in its turn.
		if redirected := hasToken && w.Code == http.StatusMovedPermanently || hasToken && w.Code == http.StatusTemporaryRedirect; !redirected && (w.Code < 400 || w.Code > 499) {
			t.Fatalf("request %d: %s %s: %d %s", i, r.Method, r.URL, w.Code, w.Body)
		}
		if strings.Contains(w.Body.String(), "secret content") || strings.Contains(w.Body.String(), "root:") {
			t.Fatalf("request %d: %s %s: %s", i, r.Method, r.URL, w.Body)
		}
	}
	if _, err := os.Stat(filepath.Join(run, "answers", AnswersFile)); err == nil {
		t.Error("a stranger's answer is on disk")
	}
}

// A request for a WebSocket gets no connection of any kind.
func TestNoWebSocket(t *testing.T) {
	t.Parallel()
	s, err := NewServer(writeBatch(t, t.TempDir(), 1), Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	ctx, stop := context.WithCancel(t.Context())
	address, ended := make(chan string, 1), make(chan error, 1)
	go func() {
		ended <- s.Serve(ctx, Loopback, func(a string) error { address <- a; return nil })
	}()
	page, err := url.Parse(<-address)
	if err != nil {
		t.Fatal(err)
	}
	for _, token := range []string{"", page.Query().Get("token")} {
		conn, err := net.Dial("tcp", page.Host)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = fmt.Fprintf(conn, "GET /ws?token=%s HTTP/1.1\r\nHost: %s\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n", token, page.Host)
		answer, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(answer.Body)
		if answer.StatusCode < 400 || answer.StatusCode > 499 {
			t.Errorf("%d %s", answer.StatusCode, body)
		}
		_ = conn.Close()
	}
	stop()
	if err := <-ended; err != nil {
		t.Errorf("at the end: %v", err)
	}
}
