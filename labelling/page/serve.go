package page

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"
)

// Loopback is the address that a page is served at unless another is wanted: this machine
// alone, any free port.
const Loopback = "127.0.0.1:0"

// Serve answers requests at an address until ctx ends, which is no error. Ready is told
// the address of the page, its token in it, once it can be opened.
func (s *Server) Serve(ctx context.Context, listen string, ready func(address string) error) error {
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", listen)
	if err != nil {
		return fmt.Errorf("listen at %s: %w", listen, err)
	}
	token := Token()
	server := &http.Server{
		Handler:           &Guard{Token: token, Addr: l.Addr(), Handler: s},
		ReadHeaderTimeout: 10 * time.Second,
		ReadTimeout:       30 * time.Second,
		MaxHeaderBytes:    1 << 16,
	}
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(l) }()
	if err := ready(fmt.Sprintf("http://%s/?token=%s", l.Addr(), token)); err != nil {
		return errors.Join(err, server.Close())
	}
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
	}
	grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
	defer cancel()
	if err := server.Shutdown(grace); err != nil && !errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	return nil
}
