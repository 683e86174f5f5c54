package main

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"syscall"
	"time"

	"github.com/deputy-sts/deputy/internal/awsdata"
	"github.com/deputy-sts/deputy/internal/cli"
	"github.com/deputy-sts/deputy/internal/query"
	"github.com/deputy-sts/deputy/sigv4"
)

// How long a call may take: to connect, and in all.
const (
	connectTimeout = 10 * time.Second
	callTimeout    = time.Minute
)

// connection is a way to a service, and where it comes from.
type connection struct {
	Client *query.Client
	from   string // of the endpoint: "AWS_ENDPOINT_URL", "region us-east-1 of AWS_REGION"
	by     string // "by AKIA…" or "unsigned"
}

// connect finds endpoint, region and credentials for an operation.
func (s *settings) connect(api *query.API, op *query.Op) (*connection, error) {
	if err := s.mustExist(); err != nil {
		return nil, err
	}
	unsigned := s.g.noSign || op.Unsigned
	var creds sigv4.Credentials
	keysFrom, by := "nowhere: the request is unsigned", "unsigned"
	var err error
	if !unsigned {
		if creds, keysFrom, err = s.keys(); err != nil {
			return nil, err
		}
		by = "by " + cli.Sanitize(creds.AccessKeyID)
	}
	region, regionFrom, err := s.region()
	if err != nil {
		return nil, err
	}
	endpoint, from, err := s.endpoint(api, region)
	if err != nil {
		return nil, err
	}
	client, err := s.httpClient()
	if err != nil {
		return nil, err
	}
	c := &query.Client{API: api, HTTP: client, Endpoint: endpoint}
	if !unsigned {
		c.Sign = func(r *http.Request, body []byte) error {
			return sigv4.Sign(r, body, creds, region, api.Name, time.Now())
		}
	}
	s.debugf("credentials from %s, signing %s; region %s from %s; endpoint %s from %s", keysFrom, by, region, regionFrom, endpoint, from)
	return &connection{Client: c, from: from, by: by}, nil
}

func (s *settings) debugf(format string, args ...any) {
	if s.g.debug {
		fmt.Fprintf(s.env.Stderr, "%s: debug: %s\n", s.env.Name, cli.Sanitize(fmt.Sprintf(format, args...)))
	}
}

// endpoint is the URL of the service: that of flag, environment (the service's
// own before the common one), profile (the same), or AWS's for the region.
func (s *settings) endpoint(api *query.API, region string) (endpoint, from string, err error) {
	service := strings.ToUpper(api.Name)
	type source struct{ value, from string }
	sources := []source{{s.g.endpoint, "--endpoint-url"}}
	if !s.ignoresEndpoints() {
		sources = append(sources,
			source{s.env.Getenv("AWS_ENDPOINT_URL_" + service), "AWS_ENDPOINT_URL_" + service},
			source{s.env.Getenv("AWS_ENDPOINT_URL"), "AWS_ENDPOINT_URL"},
			source{s.serviceEndpoint(api.Name), "services of profile " + s.profile},
			source{s.value("endpoint_url"), "endpoint_url of profile " + s.profile})
	}
	for _, c := range sources {
		if c.value != "" {
			return c.value, c.from, checkEndpoint(c.value, c.from)
		}
	}
	return "https://" + api.Name + "." + region + "." + dnsSuffix(region), "region " + region, nil
}

func (s *settings) ignoresEndpoints() bool {
	return strings.EqualFold(cmp.Or(s.env.Getenv("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"), s.value("ignore_configured_endpoint_urls")), "true")
}

// serviceEndpoint is the endpoint_url of the service in the [services] section that the profile names.
func (s *settings) serviceEndpoint(service string) string {
	name := s.value("services")
	if name == "" {
		return ""
	}
	v, _ := s.config.find(func(header string) bool { return isSection(header, "services", name) }).setting(service, "endpoint_url")
	return v
}

// checkEndpoint refuses what is no URL of a service, and plain http beyond this
// machine unless a flag names it: requests and answers carry tokens and secrets.
func checkEndpoint(endpoint, from string) error {
	u, err := url.Parse(endpoint)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" {
		return usage(fmt.Errorf("Bad value for %s %q: must be of the form http://<hostname>/ or https://<hostname>/", from, withoutUser(u, endpoint)), "such as http://127.0.0.1:8080")
	}
	if u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return usage(fmt.Errorf("Bad value for %s: user, query or fragment in %s", from, u.Redacted()), "give scheme, host, port and path only")
	}
	if u.Scheme == "http" && from != "--endpoint-url" && !loopback(u.Hostname()) {
		return misconfigured(fmt.Errorf("plain http to %s: refused, since %s is no flag", u.Host, from), "use https, or say --endpoint-url "+endpoint)
	}
	return nil
}

// withoutUser is the text of an endpoint for a message: no password in it.
func withoutUser(u *url.URL, endpoint string) string {
	if u == nil || u.User != nil || strings.Contains(endpoint, "@") {
		return "…"
	}
	return endpoint
}

func loopback(host string) bool {
	if strings.EqualFold(host, "localhost") {
		return true
	}
	addr, err := netip.ParseAddr(host)
	return err == nil && addr.Unmap().IsLoopback()
}

// dnsSuffix ends the host names of a region's partition (AWS SDKs, partitions.json).
func dnsSuffix(region string) string {
	switch awsdata.PartitionOf(region) {
	case "aws-cn":
		return "amazonaws.com.cn"
	case "aws-iso":
		return "c2s.ic.gov"
	case "aws-iso-b":
		return "sc2s.sgov.gov"
	case "aws-iso-e":
		return "cloud.adc-e.uk"
	case "aws-iso-f":
		return "csp.hci.ic.gov"
	case "aws-eusc":
		return "amazonaws.eu"
	}
	return "amazonaws.com"
}

// httpClient follows no redirects: a signed request is meant for one host.
func (s *settings) httpClient() (*http.Client, error) {
	t := &http.Transport{
		Proxy:                  http.ProxyFromEnvironment,
		DialContext:            (&net.Dialer{Timeout: connectTimeout}).DialContext,
		TLSHandshakeTimeout:    connectTimeout,
		MaxResponseHeaderBytes: 64 << 10,
		ForceAttemptHTTP2:      true,
		TLSClientConfig:        &tls.Config{MinVersion: tls.VersionTLS12},
	}
	if file := cmp.Or(s.g.caBundle, s.env.Getenv("AWS_CA_BUNDLE"), s.value("ca_bundle")); file != "" {
		pem, err := readBounded(expandPath(s.env.Getenv, file))
		pool := x509.NewCertPool()
		if err == nil && !pool.AppendCertsFromPEM(pem) {
			err = fmt.Errorf("%s: no certificate in it", file)
		}
		if err != nil {
			return nil, misconfigured(err, "--ca-bundle, AWS_CA_BUNDLE and ca_bundle name a PEM file")
		}
		t.TLSClientConfig.RootCAs = pool
	}
	return &http.Client{
		Transport:     &observer{s: s, next: t},
		Timeout:       callTimeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}, nil
}

// observer tells on --debug what went over the wire, without bodies,
// signatures and tokens.
type observer struct {
	s    *settings
	next http.RoundTripper
}

func (o *observer) RoundTrip(r *http.Request) (*http.Response, error) {
	start := time.Now()
	resp, err := o.next.RoundTrip(r)
	took := time.Since(start).Round(time.Millisecond)
	if err != nil {
		o.s.debugf("%s %s: %v after %v", r.Method, r.URL, err, took)
		return nil, err
	}
	o.s.debugf("%s %s, %d bytes: %s in %v, request id %s", r.Method, r.URL, r.ContentLength, resp.Status, took, resp.Header.Get("X-Amzn-RequestId"))
	return resp, nil
}

// cause names what is behind a failed call, for a person.
func cause(err error) string {
	var dns *net.DNSError
	var unknown x509.UnknownAuthorityError
	switch {
	case errors.As(err, &dns):
		return "the host has no address"
	case errors.As(err, &unknown):
		return "its certificate is by an authority that is not trusted; --ca-bundle names one"
	case errors.Is(err, syscall.ECONNREFUSED):
		return "nothing listens there"
	case errors.Is(err, context.DeadlineExceeded):
		return "no answer in time"
	}
	return "no answer"
}
