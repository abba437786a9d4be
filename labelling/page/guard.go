package page

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"net"
	"net/http"
	"os"
	"strings"
)

// Token returns a secret for the address of a page, of 192 random bits.
func Token() string {
	b := make([]byte, 24)
	_, _ = rand.Read(b) // never fails
	return base64.RawURLEncoding.EncodeToString(b)
}

// Guard lets requests through to a handler that have the token, as the parameter token or
// the header X-Token, that name a host that is this machine's at the port of addr, and
// that no other page sent. Every other one gets 403.
type Guard struct {
	Token   string
	Addr    net.Addr // that is listened on
	Handler http.Handler
}

// ServeHTTP implements http.Handler.
func (g *Guard) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Cache-Control", "no-store")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("X-Frame-Options", "DENY")
	if !g.host(r.Host) || !g.sameOrigin(r) || !g.known(r) {
		http.Error(w, "forbidden: open the address that prunefuse label serve printed", http.StatusForbidden)
		return
	}
	g.Handler.ServeHTTP(w, r)
}

// known reports whether a request has the token.
func (g *Guard) known(r *http.Request) bool {
	token := r.Header.Get("X-Token")
	if token == "" {
		token = r.URL.Query().Get("token")
	}
	return subtle.ConstantTimeCompare([]byte(token), []byte(g.Token)) == 1
}

// host reports whether a request was sent to this machine by a name of its own. Any other
// name may be a stranger's that resolves to its address.
func (g *Guard) host(host string) bool {
	name, port, err := net.SplitHostPort(host)
	if err != nil {
		return false
	}
	own, ownPort, err := net.SplitHostPort(g.Addr.String())
	if err != nil || port != ownPort {
		return false
	}
	ip, listens := net.ParseIP(name), net.ParseIP(own)
	switch {
	case listens.IsUnspecified():
		machine, err := os.Hostname()
		return ip != nil || strings.EqualFold(name, "localhost") || err == nil && strings.EqualFold(name, machine)
	case listens.IsLoopback() && strings.EqualFold(name, "localhost"):
		return true
	}
	return ip != nil && ip.Equal(listens)
}

// sameOrigin reports whether no other page sent a request.
func (g *Guard) sameOrigin(r *http.Request) bool {
	if origin := r.Header.Get("Origin"); origin != "" && origin != "http://"+r.Host {
		return false
	}
	site := r.Header.Get("Sec-Fetch-Site")
	return site == "" || site == "none" || site == "same-origin"
}
