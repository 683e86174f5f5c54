package saml

// Error is the refusal of a response. Its Text is AWS's where AWS has one for the
// reason, and holds nothing that the response says.
type Error struct {
	Expired bool // too old: AWS's ExpiredTokenException; otherwise InvalidIdentityToken
	Text    string
}

func (e *Error) Error() string { return e.Text }

func invalid(text string) error { return &Error{Text: text} }

// malformed is a refusal that AWS has no published text for.
func malformed(reason error) error { return invalid("Invalid SAML response: " + reason.Error() + ".") }

func expired(text string) error { return &Error{Expired: true, Text: text} }
