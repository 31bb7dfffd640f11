package main

import (
	"bufio"
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"net/netip"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"
)

//go:embed web
var web embed.FS

// serve answers on o.addr until ctx ends or somebody presses ctrl-C.
func (o options) serve(ctx context.Context, a *authority, lib *library, out *bufio.Writer) error {
	if err := a.gate.CheckBearer(); err != nil {
		return fmt.Errorf("no page: %w", err)
	}
	listener, err := net.Listen("tcp", o.addr)
	if err != nil {
		return fmt.Errorf("-addr: %w; choose another one, such as 127.0.0.1:0", err)
	}
	defer listener.Close()
	local := loopback(listener.Addr())
	if o.operator && !local {
		return errors.New("-operator shows what is hidden from whom, so it goes with a loopback -addr only, such as 127.0.0.1:8080")
	}
	site, err := o.site(a, lib, local)
	if err != nil {
		return err
	}
	server := &http.Server{
		Handler: site, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 10 * time.Second,
		WriteTimeout: 30 * time.Second, IdleTimeout: time.Minute,
	}
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM) // before anybody knows the URL
	defer stop()
	fmt.Fprintf(out, "\nThe same as a page: http://%s (ctrl-C ends it)\n", listener.Addr())
	switch {
	case !local:
		fmt.Fprintln(out, "Others may reach this address, so the page gives out no tokens: paste one.")
	case o.trust.config != "":
		fmt.Fprintln(out, "The page signs no tokens of your issuer: paste one, such as -mint prints where it has the key.")
	}
	if err := out.Flush(); err != nil {
		return err
	}
	done := make(chan error, 1)
	go func() { done <- server.Serve(listener) }()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
	}
	grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), 3*time.Second)
	defer cancel()
	if err := server.Shutdown(grace); err != nil {
		return server.Close()
	}
	return nil
}

func loopback(a net.Addr) bool {
	tcp, ok := a.(*net.TCPAddr)
	return ok && tcp.IP.IsLoopback()
}

// policy allows what the page itself serves, and nothing else. There is neither
// inline script nor inline style.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; " +
	"base-uri 'none'; form-action 'self'; frame-ancestors 'none'"

// site is the page and what it asks for. local says that only this machine
// reaches it: tokens are given out to nobody else.
func (o options) site(a *authority, lib *library, local bool) (http.Handler, error) {
	files, err := fs.Sub(web, "web")
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	mux.Handle("GET /{$}", http.FileServerFS(files))
	for _, name := range []string{"app.js", "app.css", "icon.svg"} {
		mux.Handle("GET /"+name, http.FileServerFS(files))
	}
	o.api(mux, a, lib, local)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if local && !localHost(r.Host) {
			// A name that was made to point here: some other site asks.
			http.Error(w, "this page answers to 127.0.0.1, [::1] and localhost", http.StatusMisdirectedRequest)
			return
		}
		h := w.Header()
		h.Set("Content-Security-Policy", policy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		mux.ServeHTTP(w, r)
	}), nil
}

// localHost reports whether the Host header names this machine.
func localHost(host string) bool {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	host = strings.TrimSuffix(strings.TrimPrefix(host, "["), "]")
	addr, err := netip.ParseAddr(host)
	return strings.EqualFold(host, "localhost") || err == nil && addr.IsLoopback()
}
