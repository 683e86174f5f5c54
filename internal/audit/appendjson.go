package audit

import "time"

// AppendJSON appends the entry as one JSON object on one line, without the
// newline and without the members of the chain: what Writer.Append takes.
// Whatever bytes the fields hold, the result is valid JSON in valid UTF-8
// without control characters, so that no caller can forge a line or reach the
// terminal of a reader.
func (e *Entry) AppendJSON(dst []byte) []byte {
	dst = appendMember(append(dst, '{'), "eventVersion", or(e.EventVersion, "1.11"))
	dst = append(dst, `,"userIdentity":`...)
	dst = e.UserIdentity.appendJSON(dst)
	dst = append(dst, `,"eventTime":"`...)
	dst = append(appendTime(dst, e.EventTime), '"')
	dst = appendMember(dst, "eventSource", e.EventSource)
	dst = appendMember(dst, "eventName", e.EventName)
	dst = appendMember(dst, "awsRegion", e.AWSRegion)
	dst = e.appendSource(dst)
	dst = appendMember(dst, "userAgent", e.UserAgent)
	dst = appendSet(dst, "errorCode", e.ErrorCode)
	dst = appendSet(dst, "errorMessage", e.ErrorMessage)
	dst = append(dst, `,"requestParameters":`...)
	dst = AppendValue(dst, e.RequestParameters)
	dst = append(dst, `,"responseElements":`...)
	dst = AppendValue(dst, e.ResponseElements)
	if e.AdditionalEventData != nil {
		dst = append(dst, `,"additionalEventData":`...)
		dst = AppendValue(dst, e.AdditionalEventData)
	}
	dst = appendMember(dst, "requestID", e.RequestID)
	dst = appendMember(dst, "eventID", e.EventID)
	dst = appendBool(dst, "readOnly", e.ReadOnly)
	dst = appendResources(dst, e.Resources)
	dst = appendMember(dst, "eventType", or(e.EventType, "AwsApiCall"))
	dst = appendBool(dst, "managementEvent", !e.NotManagement)
	dst = appendSet(dst, "recipientAccountId", e.RecipientAccountID)
	dst = appendSet(dst, "sharedEventID", e.SharedEventID)
	dst = appendMember(dst, "eventCategory", or(e.EventCategory, "Management"))
	dst = e.TLSDetails.appendJSON(dst)
	return append(dst, '}')
}

func (e *Entry) appendSource(dst []byte) []byte {
	if e.SourceIPAddress != "" || !e.SourceIP.IsValid() {
		return appendMember(dst, "sourceIPAddress", e.SourceIPAddress)
	}
	dst = append(appendName(dst, "sourceIPAddress"), `:"`...)
	return append(e.SourceIP.WithZone("").AppendTo(dst), '"') // a zone may be any text
}

func (u *Identity) appendJSON(dst []byte) []byte {
	dst = appendMember(append(dst, '{'), "type", or(u.Type, "Unknown"))
	dst = appendSet(dst, "principalId", u.PrincipalID)
	dst = appendSet(dst, "arn", u.ARN)
	dst = appendSet(dst, "accountId", u.AccountID)
	dst = appendSet(dst, "accessKeyId", u.AccessKeyID)
	dst = appendSet(dst, "userName", u.UserName)
	if u.SessionContext != nil {
		dst = append(dst, `,"sessionContext":`...)
		dst = u.SessionContext.appendJSON(dst)
	}
	dst = appendSet(dst, "invokedBy", u.InvokedBy)
	dst = appendSet(dst, "identityProvider", u.IdentityProvider)
	return append(dst, '}')
}

func (s *SessionContext) appendJSON(dst []byte) []byte {
	dst = append(dst, '{')
	if i := &s.Issuer; *i != (SessionIssuer{}) {
		dst = append(dst, `"sessionIssuer":{`...)
		dst = appendMember(dst, "type", i.Type)
		dst = appendMember(dst, "principalId", i.PrincipalID)
		dst = appendMember(dst, "arn", i.ARN)
		dst = appendMember(dst, "accountId", i.AccountID)
		dst = appendSet(dst, "userName", i.UserName)
		dst = append(dst, `},`...)
	}
	if s.FederatedBy != "" {
		dst = append(dst, `"webIdFederationData":{`...)
		dst = appendMember(dst, "federatedProvider", s.FederatedBy)
		dst = append(dst, `,"attributes":{}},`...)
	}
	dst = append(dst, `"attributes":{`...)
	if !s.CreationDate.IsZero() {
		dst = append(dst, `"creationDate":"`...)
		dst = append(appendTime(dst, s.CreationDate), `",`...)
	}
	if s.MFAAuthenticated {
		dst = append(dst, `"mfaAuthenticated":"true"}`...)
	} else {
		dst = append(dst, `"mfaAuthenticated":"false"}`...)
	}
	dst = appendSet(dst, "sourceIdentity", s.SourceIdentity)
	if s.AssumedRoot {
		dst = append(dst, `,"assumedRoot":"true"`...)
	}
	return append(dst, '}')
}

func (t *TLSDetails) appendJSON(dst []byte) []byte {
	if *t == (TLSDetails{}) {
		return dst
	}
	dst = append(dst, `,"tlsDetails":{`...)
	dst = appendSet(dst, "tlsVersion", t.Version)
	dst = appendSet(dst, "cipherSuite", t.CipherSuite)
	dst = appendSet(dst, "clientProvidedHostHeader", t.HostHeader)
	return append(dst, '}')
}

func appendResources(dst []byte, resources []Resource) []byte {
	for i := range resources {
		if i == 0 {
			dst = append(dst, `,"resources":[{`...)
		} else {
			dst = append(dst, `,{`...)
		}
		dst = appendMember(dst, "ARN", resources[i].ARN)
		dst = appendSet(dst, "accountId", resources[i].AccountID)
		dst = appendSet(dst, "type", resources[i].Type)
		dst = append(dst, '}')
	}
	if len(resources) > 0 {
		dst = append(dst, ']')
	}
	return dst
}

func or(s, fallback string) string {
	if s == "" {
		return fallback
	}
	return s
}

// appendMember appends a member, with a comma unless it opens the object. name is plain ASCII.
func appendMember(dst []byte, name, value string) []byte {
	return AppendString(append(appendName(dst, name), ':'), value)
}

// appendSet is appendMember, of what is not empty.
func appendSet(dst []byte, name, value string) []byte {
	if value == "" {
		return dst
	}
	return appendMember(dst, name, value)
}

func appendBool(dst []byte, name string, v bool) []byte {
	dst = append(appendName(dst, name), ':')
	if v {
		return append(dst, "true"...)
	}
	return append(dst, "false"...)
}

func appendName(dst []byte, name string) []byte {
	if n := len(dst); n > 0 && dst[n-1] != '{' {
		dst = append(dst, ',')
	}
	dst = append(dst, '"')
	dst = append(dst, name...)
	return append(dst, '"')
}

// appendTime writes 2026-11-22T01:02:03Z.
func appendTime(dst []byte, t time.Time) []byte {
	return t.UTC().AppendFormat(dst, time.RFC3339) // the layout that package time writes fastest
}
