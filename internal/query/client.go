package query

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"time"
)

// Client calls operations of one service. It neither retries nor follows
// redirects. Its fields must not change once it is in use.
type Client struct {
	API      *API
	HTTP     *http.Client // nil: no redirects, a minute for the whole call
	Endpoint string       // URL of the service
	// Sign signs the request with its body; nil sends it unsigned.
	Sign func(*http.Request, []byte) error
}

// maxAnswer and maxErrorAnswer bound what is read of an answer, in bytes. The
// largest real answers are pages of GetAccountAuthorizationDetails.
const (
	maxAnswer      = 64 << 20
	maxErrorAnswer = 1 << 20
)

// Do calls an operation with the input that in points to and reads the answer into
// the output that out points to. A refusal is an *Error with status and request id;
// an answer that is not the protocol's is an *Error named after its status.
func (c *Client) Do(ctx context.Context, op string, in, out any) error {
	o := c.API.Op(op)
	if o == nil {
		return fmt.Errorf("query: %s has no operation %s", c.API.Name, op)
	}
	resp, err := c.send(ctx, EncodeForm(c.API, o, in))
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return refusal(resp)
	}
	answer, err := readAtMost(resp.Body, maxAnswer)
	if err != nil {
		return err
	}
	_, err = DecodeXML(bytes.NewReader(answer), o, out)
	return err
}

func (c *Client) send(ctx context.Context, body []byte) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.Endpoint, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded; charset=utf-8")
	if c.Sign != nil {
		if err := c.Sign(req, body); err != nil {
			return nil, err
		}
	}
	if c.HTTP != nil {
		return c.HTTP.Do(req)
	}
	plain := http.Client{
		Timeout:       time.Minute,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	return plain.Do(req)
}

// refusal makes an error of an answer that is not 200.
func refusal(resp *http.Response) error {
	answer, err := readAtMost(resp.Body, maxErrorAnswer)
	if err == nil {
		var e *Error
		if e, err = DecodeErrorXML(bytes.NewReader(answer), resp.StatusCode); err == nil {
			return e
		}
	}
	return &Error{
		Code:      Code{Name: http.StatusText(resp.StatusCode), Status: resp.StatusCode},
		Message:   "the answer is not of this protocol: " + err.Error(),
		RequestID: resp.Header.Get("X-Amzn-RequestId"),
	}
}

func readAtMost(r io.Reader, limit int64) ([]byte, error) {
	b, err := io.ReadAll(io.LimitReader(r, limit+1))
	if err == nil && int64(len(b)) > limit {
		err = fmt.Errorf("query: an answer larger than %d bytes", limit)
	}
	return b, err
}
