package server

import (
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"strings"

	"github.com/deputy-sts/deputy/internal/federation/saml"
	"github.com/deputy-sts/deputy/internal/outbound"
)

// issuerPath is what the URLs of the accounts as OpenID issuers begin with.
const issuerPath = "/oidc/"

// checkExternalURL gives the URL without a slash at its end; what links are made
// of must be an absolute http or https URL of a host.
func checkExternalURL(text string) (string, error) {
	if text == "" {
		return "", nil
	}
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return "", fmt.Errorf("the external URL %q is not https://host or http://host, with a path at most", text)
	}
	return strings.TrimRight(text, "/"), nil
}

// served makes a loopback listener's address the service's own, when no external
// URL is set. Another address may have any number of names.
func (s *Server) served(l net.Addr, secured bool) {
	addr, err := netip.ParseAddrPort(l.String())
	if err != nil || !addr.Addr().Unmap().IsLoopback() {
		return
	}
	scheme := "http://"
	if secured {
		scheme = "https://"
	}
	s.loopback.Store(new(scheme + addr.String()))
}

// meantFor lists the audiences and the recipients that SAML responses may have.
func (s *Server) meantFor() (audiences, recipients []string) {
	usual := []string{saml.AWS}
	if s.cfg.ExternalURL != "" {
		usual = append(usual, s.cfg.ExternalURL+"/saml")
	}
	audiences, recipients = s.cfg.SAML.Audiences, s.cfg.SAML.Recipients
	if len(audiences) == 0 {
		audiences = usual
	}
	if len(recipients) == 0 {
		recipients = usual
	}
	return audiences, recipients
}

// issuerURL is the URL of the OpenID issuer of that id: from the settings or the
// listener, never from a request; "" while neither says.
func (s *Server) issuerURL(id string) string {
	base := s.cfg.ExternalURL
	if base == "" {
		own := s.loopback.Load()
		if own == nil {
			return ""
		}
		base = *own
	}
	return base + issuerPath + id
}

// serveIssuer answers the two public documents of an issuer to anybody: they hold
// public keys and nothing else, and may be kept for a while.
func (s *Server) serveIssuer(w http.ResponseWriter, r *http.Request, rest string) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header()["Allow"] = []string{"GET, HEAD"}
		document(w, r, http.StatusMethodNotAllowed, nil)
		return
	}
	if len(s.cfg.AllowedHosts) > 0 && !s.allowedHost(r.Host) {
		document(w, r, http.StatusMisdirectedRequest, nil)
		return
	}
	id, path, _ := strings.Cut(rest, "/")
	issuer := s.directory.View().TokenIssuer(id)
	url := s.issuerURL(id)
	if issuer == nil || url == "" {
		document(w, r, http.StatusNotFound, nil)
		return
	}
	var text []byte
	var err error
	switch "/" + path {
	case outbound.ConfigurationPath:
		text, err = outbound.Configuration(url)
	case outbound.KeySetPath:
		text, err = outbound.KeySet(issuer)
	default:
		document(w, r, http.StatusNotFound, nil)
		return
	}
	if err != nil {
		s.cfg.Logger.Error("an issuer's document can't be written", "issuer", id, "err", err)
		document(w, r, http.StatusInternalServerError, nil)
		return
	}
	document(w, r, http.StatusOK, text)
}

var cacheable = []string{"public, max-age=" + strconv.Itoa(int(outbound.CacheFor.Seconds()))}

// document writes a JSON document, or the status alone.
func document(w http.ResponseWriter, r *http.Request, status int, text []byte) {
	h := w.Header()
	if status == http.StatusOK {
		h["Content-Type"], h["Cache-Control"] = typeJSON, cacheable
	} else {
		h["Content-Type"], h["Cache-Control"] = []string{"text/plain; charset=utf-8"}, noStore
		text = []byte(http.StatusText(status) + "\n")
	}
	h["X-Content-Type-Options"] = []string{"nosniff"}
	h["Content-Length"] = []string{strconv.Itoa(len(text))}
	w.WriteHeader(status)
	if r.Method != http.MethodHead {
		w.Write(text)
	}
}
